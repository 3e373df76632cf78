//! `--part I/N`: parts that are compiled each in its own process come together as the release that one process makes.

use super::{Dice, Place, entries, json_of, verifies, words};
use crate::support::copy;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

const SUBJECTS: u64 = 900;

/// A city, and what one process makes of it in so many parts.
struct City {
    place: Place,
    parts: u32,
}

impl City {
    fn new(parts: u32) -> City {
        let city = City { place: Place::with_city(SUBJECTS, 5.0, 0.1), parts };
        city.place_for("first");
        json_of(&city.place.build(&city.input(), &city.release("first"), &[]).output().unwrap());
        city
    }

    fn input(&self) -> PathBuf {
        self.place.path("city")
    }

    /// A folder of its own for a release.
    fn place_for(&self, name: &str) {
        fs::create_dir_all(self.place.path(name)).unwrap();
    }

    fn release(&self, name: &str) -> PathBuf {
        self.place.path(name).join("release")
    }

    fn command(&self, input: &Path, name: &str, more: &[&str]) -> std::process::Command {
        self.place_for(name);
        let first = self.release("first");
        let previous = ["--previous", first.to_str().unwrap()];
        self.place.build(input, &self.release(name), &[&previous[..], more].concat())
    }

    fn whole(&self) -> PathBuf {
        json_of(
            &self.command(&self.input(), "whole", &["--parts", &self.parts.to_string()]).output().unwrap(),
        );
        self.release("whole")
    }

    fn part(&self, name: &str, number: u32, more: &[&str]) -> std::process::Command {
        let part = format!("{number}/{}", self.parts);
        self.command(&self.input(), name, &[&["--part", &part][..], more].concat())
    }

    fn run(&self, name: &str, number: u32) -> Output {
        self.part(name, number, &[]).output().unwrap()
    }
}

/// Every file of a release.
fn files(release: &Path) -> BTreeMap<String, Vec<u8>> {
    entries(release).into_iter().map(|name| (name.clone(), fs::read(release.join(&name)).unwrap())).collect()
}

/// The same files with the same bytes, report and guardrails too.
fn assert_same(release: &Path, whole: &Path) {
    let (ours, theirs) = (files(release), files(whole));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (name, bytes) in &ours {
        assert!(*bytes == theirs[name], "{name} differs from that of one process");
    }
    let quality: Value = serde_json::from_slice(&ours["quality.json"]).unwrap();
    assert!(
        quality["sample"]["subjects"].as_u64() > Some(100),
        "the whole is measured: {}",
        quality["sample"]
    );
    assert_eq!(quality["sample"]["differing"], 0);
    assert!(
        quality["guardrails"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| { one["name"].as_str().unwrap().starts_with("verdicts") })
    );
    assert!(verifies(release));
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", words(output));
    words(output)
}

#[test]
fn parts_of_processes_at_one_time_make_the_release_of_one_process() {
    let city = City::new(3);
    let whole = city.whole();
    let start = |number: u32| -> Child {
        let threads = number.to_string();
        city.part("apart", number, &["--threads", &threads, "--memory", "64MiB"]).spawn().unwrap()
    };
    let running: Vec<Child> = (1..=3).map(start).collect();
    let outputs: Vec<Output> = running.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let told: Vec<Value> = outputs.iter().map(json_of).collect();
    let assembled = told.iter().filter(|one| one.get("missing").is_none()).count();
    assert_eq!(assembled, 1, "one of them puts the release together: {told:?}");
    assert_same(&city.release("apart"), &whole);
    assert_eq!(entries(&city.place.path("apart")), ["release"], "nothing is left beside it");
}

#[test]
fn a_part_of_another_machine_is_copied_in_and_a_part_may_come_again() {
    let city = City::new(2);
    let whole = city.whole();
    let waiting = json_of(&city.run("there", 2));
    assert_eq!((&waiting["part"], &waiting["missing"]), (&json!(2), &json!([1])));
    assert!(!city.release("there").exists(), "a part alone is no release");
    for _ in 0..2 {
        assert_eq!(
            json_of(&city.run("here", 1))["missing"],
            json!([2]),
            "the same part again changes nothing"
        );
    }
    let (here, there) = (city.place.path("here/release.parts"), city.place.path("there/release.parts"));
    assert!(verifies(&here).eq(&false) && !city.release("here").exists());
    copy(&there, &here);
    // Files that came from elsewhere may be readable for others.
    for name in entries(&there) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(here.join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    assert_eq!(
        json_of(&city.run("here", 1)).get("missing"),
        None,
        "it finds the other and makes the release"
    );
    assert_same(&city.release("here"), &whole);
    for name in entries(&city.release("here")) {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(city.release("here").join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    // And once more, when the release is there.
    assert_eq!(json_of(&city.run("here", 2))["missing"], json!([]));
    assert_same(&city.release("here"), &whole);
    assert_eq!(entries(&city.place.path("here")), ["release"]);
}

#[test]
fn parts_of_other_inputs_are_told_by_what_differs_and_never_put_together() {
    let city = City::new(2);
    json_of(&city.run("mixed", 1));
    let three = city.command(&city.input(), "mixed", &["--part", "2/3"]).output().unwrap();
    let words = refused(&three);
    assert!(
        words.contains("number of parts (there 2, here 3)") && words.contains("release.parts"),
        "{words}"
    );

    // Rows that changed are seen when all rows are read.
    let other = city.place.path("other");
    copy(&city.input(), &other);
    let (_, penalties) =
        super::files(&other).into_iter().find(|(path, _)| path.starts_with("penalties")).unwrap();
    let largest = penalties.into_iter().max_by_key(|file| fs::metadata(file).unwrap().len()).unwrap();
    let text = fs::read_to_string(&largest).unwrap();
    let rows = super::rows(&text);
    fs::write(&largest, rows[..rows.len() / 2].concat()).unwrap();
    let words = refused(&city.command(&other, "mixed", &["--part", "2/2"]).output().unwrap());
    assert!(words.contains("-penalty (there") && words.contains("run every part again"), "{words}");
    assert_eq!(entries(&city.place.path("mixed")), ["release.parts"], "no release, and nothing half done");
    assert_eq!(json_of(&city.run("mixed", 2)).get("missing"), None, "the right rows still make it");
    // A release of other rows is not taken for this part's.
    let words = refused(&city.command(&other, "mixed", &["--part", "2/2"]).output().unwrap());
    assert!(words.contains("never overwritten"), "{words}");
}

#[test]
fn a_damaged_part_stops_the_release_and_comes_again() {
    let city = City::new(2);
    let whole = city.whole();
    for file in ["part-00000.xinhe", "origins-00000.xinhe", "fragment-00001.json"] {
        json_of(&city.run("damaged", 1));
        let path = city.place.path("damaged/release.parts").join(file);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).unwrap();
        let words = refused(&city.run("damaged", 2));
        assert!(words.contains("release.parts") && words.contains("--part"), "{file}: {words}");
        assert!(!city.release("damaged").exists());
        fs::remove_file(path.with_file_name("fragment-00001.json")).unwrap();
        // Another process may have put its own there before it met the damaged one.
        let other = path.with_file_name("fragment-00002.json");
        assert_eq!(other.exists(), !file.starts_with("fragment"), "{file}");
        if other.exists() {
            fs::remove_file(other).unwrap();
        }
    }
    let missing = json_of(&city.run("damaged", 2));
    assert_eq!(missing["missing"], json!([1]));
    assert_eq!(json_of(&city.run("damaged", 1)).get("missing"), None);
    assert_same(&city.release("damaged"), &whole);
}

#[test]
fn a_killed_process_leaves_no_release_and_the_next_run_makes_it() {
    let city = City::new(2);
    let whole = city.whole();
    json_of(&city.run("killed", 1));
    let begun = Instant::now();
    json_of(&city.run("timed", 2));
    let takes: Duration = begun.elapsed();
    let mut dice = Dice(11);
    for turn in 0..8u32 {
        let mut command = city.part("killed", 2, &[]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let share = (f64::from(turn) + dice.below(100) as f64 / 100.0) / 8.0;
        std::thread::sleep(takes.mul_f64(share * 1.2));
        child.kill().unwrap();
        child.wait().unwrap();
        let out = city.release("killed");
        if out.exists() {
            assert_same(&out, &whole);
            fs::remove_dir_all(&out).unwrap();
            json_of(&city.run("killed", 1));
        }
    }
    // Whatever the last one left: a part each, and the release is there.
    for number in [1, 2] {
        json_of(&city.run("killed", number));
    }
    assert_same(&city.release("killed"), &whole);
    assert_eq!(entries(&city.place.path("killed")), ["release"], "what was left behind is gone");
}

#[test]
fn parts_are_counted_from_one() {
    let place = Place::new();
    for more in [
        &["--part", "0/2"][..],
        &["--part", "3/2"],
        &["--part", "2"],
        &["--part", "1/0"],
        &["--part", "1/2", "--parts", "2"],
    ] {
        let output = place.build(&place.path("city"), &place.path("release"), more).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{more:?}: {}", words(&output));
    }
}
