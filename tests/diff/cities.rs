//! Diffs of generated cities: nothing of a release and itself, and changes that lead from the old to the new one.

use super::{NEW_DAY, OLD_DAY, build, lines};
use crate::support::{person_key, xinhe_ok};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use xinhe::check::{Question, Subject, check, visible};
use xinhe::domain::catalogue::{Footing, Stage};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::verdict::{MatterAsked, Relation, Workspace};
use xinhe::release::Release;
use xinhe::snapshot::{EntryCategory, PersonKeys, Trust};
use xinhe_tools::diff::{Side, Summary, releases};

/// A generated city, and a night later: rows are gone, rows are new, codes are as they were.
struct City {
    folder: tempfile::TempDir,
}

impl City {
    fn new(subjects: u32) -> City {
        let folder = tempfile::tempdir().unwrap();
        let (key, at) = (person_key(folder.path()), |name: &str| folder.path().join(name));
        let count = subjects.to_string();
        for (name, as_of) in [("old", OLD_DAY), ("new", NEW_DAY)] {
            let dataset = at(&format!("{name}-dataset"));
            let out = dataset.to_str().unwrap();
            xinhe_ok([
                "generate",
                "--out",
                out,
                "--subjects",
                &count,
                "--as-of",
                NEW_DAY,
                "--defects",
                "0.02",
            ]);
            thin(&dataset, if name == "old" { 3 } else { 7 });
            let toml = dataset.join("dataset.toml");
            let text = fs::read_to_string(&toml).unwrap().replacen(NEW_DAY, as_of, 1);
            fs::write(&toml, text).unwrap();
            build(&dataset, &at(name), if name == "old" { 2 } else { 3 }, &key);
        }
        City { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sides(&self) -> (Side, Side) {
        let open = |name: &str| Side::open(&self.path(name), None, Trust::Nothing).unwrap();
        (open("old"), open("new"))
    }
}

/// Leaves one row of some out, of every table.
fn thin(dataset: &Path, every: usize) {
    for file in glob::glob(&format!("{}/*/*.csv", dataset.display())).unwrap() {
        let file = file.unwrap();
        let text = fs::read_to_string(&file).unwrap();
        if text.contains('"') {
            continue;
        }
        let keep = |(place, _): &(usize, &str)| *place == 0 || place % (5 * every) != every;
        let kept: Vec<&str> = text.lines().enumerate().filter(keep).map(|(_, line)| line).collect();
        fs::write(&file, kept.join("\n") + "\n").unwrap();
    }
}

fn keys() -> PersonKeys {
    PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap()
}

/// List and record of every entry that a check on the release's day would show as its subject's own.
fn entries(release: &Path) -> BTreeSet<(String, String)> {
    let release = Release::open(release, &keys(), Trust::Nothing).unwrap();
    let (snapshot, mut all) = (&release.snapshot, BTreeSet::new());
    for part in snapshot.parts() {
        for place in 0..part.subjects() {
            for entry in part.entries_of(&part.standing(place).unwrap()).unwrap() {
                let own = entry.relation() == Relation::Own && entry.category() == EntryCategory::List;
                if own && visible(snapshot.overlay(), part, &entry, snapshot.as_of()).is_some() {
                    let list = snapshot.catalogue().list_at(entry.list().unwrap()).unwrap();
                    all.insert((list.code.clone(), entry.record().to_string()));
                }
            }
        }
    }
    all
}

/// Every organisation's code of a release.
fn codes(release: &Release) -> BTreeSet<String> {
    let parts = release.snapshot.parts().iter();
    parts
        .flat_map(|part| {
            (0..part.subjects()).filter_map(|place| part.standing(place)?.code().map(str::to_owned))
        })
        .collect()
}

/// What a check answers for each matter, from the checks themselves; and the current code of whom it found.
fn verdicts(release: &Release, code: &str) -> (Option<String>, Vec<(String, &'static str)>) {
    let (snapshot, mut work) = (&release.snapshot, Workspace::default());
    let identifier = Identifier::read(code, Day::OPEN).unwrap();
    let (catalogue, mut current) = (snapshot.catalogue(), None);
    let mut all = Vec::new();
    for matter in &catalogue.entries().matters {
        let question = Question {
            identifier: &identifier,
            name: None,
            matter: MatterAsked::Known(catalogue.matter(&matter.code).unwrap()),
            stage: Stage::Acceptance,
            day: snapshot.as_of(),
            linked: matter.persons != Footing::None,
        };
        let answer = check(snapshot, &question, &mut work).unwrap();
        if let Subject::Found(found) = &answer.subject {
            current = found.at.standing.code().map(str::to_owned);
        }
        all.push((matter.code.clone(), answer.decision.verdict.word()));
    }
    (current, all)
}

/// Verdicts that changed, one question at a time: `code matter old new`.
fn verdicts_that_changed(old: &Path, new: &Path) -> BTreeSet<String> {
    let [old, new] = [old, new].map(|path| Release::open(path, &keys(), Trust::Nothing).unwrap());
    let (mut changed, mut reached) = (BTreeSet::new(), BTreeSet::new());
    let readable = |code: &String| Identifier::read(code, Day::OPEN).is_ok();
    let mut note = |code: &str, was: &[(String, &str)], is: &[(String, &str)]| {
        for ((matter, was), (_, is)) in was.iter().zip(is).filter(|((_, was), (_, is))| was != is) {
            changed.insert(format!("{code} {matter} {was} {is}"));
        }
    };
    for code in codes(&old).iter().filter(|code| readable(code)) {
        let ((_, was), (current, is)) = (verdicts(&old, code), verdicts(&new, code));
        note(current.as_deref().unwrap_or(code), &was, &is);
        reached.extend(current);
    }
    for code in codes(&new).iter().filter(|code| readable(code) && !reached.contains(*code)) {
        let (_, is) = verdicts(&new, code);
        let was: Vec<_> = is.iter().map(|(matter, _)| (matter.clone(), "unknown")).collect();
        note(code, &was, &is);
    }
    changed
}

fn diff(old: &Side, new: &Side, with_verdicts: bool) -> (Summary, Vec<Value>) {
    let mut lines = Vec::new();
    let mut tell = |change: &xinhe_tools::diff::Change<'_>| {
        lines.push(serde_json::to_value(change)?);
        Ok(())
    };
    let summary = releases(old, new, with_verdicts, &mut tell, &|_, _| ()).unwrap();
    (summary, lines)
}

#[test]
fn the_changes_lead_from_the_old_release_to_the_new_one() {
    let city = City::new(2_000);
    let (old, new) = city.sides();
    let (_, lines) = diff(&old, &new, true);
    let mut listed = entries(&city.path("old"));
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let (mut entered, mut left) = (0, 0);
    for line in &lines {
        let entry = (text(line, "list"), text(line, "record"));
        match line["event"].as_str().unwrap() {
            "list_entered" => {
                entered += 1;
                assert!(listed.insert(entry), "entered twice: {line}");
            }
            "list_left" => {
                left += 1;
                assert!(listed.remove(&entry), "left without having been there: {line}");
            }
            "entry_changed" if line["what"] == "record" && line.get("list").is_some() => {
                assert!(listed.remove(&(text(line, "list"), text(line, "old"))), "{line}");
                assert!(listed.insert((text(line, "list"), text(line, "new"))), "{line}");
            }
            _ => {}
        }
    }
    assert!(entered > 5 && left > 5, "{entered} entered, {left} left");
    assert_eq!(listed, entries(&city.path("new")));

    let expected = verdicts_that_changed(&city.path("old"), &city.path("new"));
    let told: BTreeSet<String> = lines
        .iter()
        .filter(|line| line["event"] == "verdict_changed" && line["subject"]["kind"] != "person")
        .map(|line| {
            let [matter, old, new] = ["matter", "old", "new"].map(|field| text(line, field));
            format!("{} {matter} {old} {new}", text(&line["subject"], "id"))
        })
        .collect();
    assert!(expected.len() > 20, "{}", expected.len());
    let (missing, more): (Vec<_>, Vec<_>) =
        (expected.difference(&told).take(5).collect(), told.difference(&expected).take(5).collect());
    assert!(missing.is_empty() && more.is_empty(), "missing {missing:#?}, too many {more:#?}");
}

#[test]
fn a_release_does_not_differ_from_itself_however_it_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (key, dataset) = (person_key(folder.path()), folder.path().join("dataset"));
    let out = dataset.to_str().unwrap();
    xinhe_ok(["generate", "--out", out, "--subjects", "1500", "--as-of", NEW_DAY, "--defects", "0.05"]);
    let cut = |parts: u32| {
        let out = folder.path().join(format!("in-{parts}"));
        build(&dataset, &out, parts, &key);
        out
    };
    let (one, five) = (cut(1), cut(5));
    assert_eq!(lines(&one, &one, &["--verdicts"]), Vec::<Value>::new());
    assert_eq!(lines(&one, &five, &["--verdicts"]), Vec::<Value>::new());
}

#[test]
fn persons_under_another_key_are_left_out_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (key, dataset) = (person_key(folder.path()), folder.path().join("dataset"));
    let other = folder.path().join("other.key");
    fs::write(&other, PersonKeys::line(&[8; 32])).unwrap();
    xinhe_ok(["generate", "--out", dataset.to_str().unwrap(), "--subjects", "500", "--as-of", NEW_DAY]);
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    build(&dataset, &old, 1, &key);
    build(&dataset, &new, 2, &other);
    let output = xinhe_ok(["diff", old.to_str().unwrap(), new.to_str().unwrap(), "--verdicts", "--json"]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout, format!("{{\"day\":\"{NEW_DAY}\",\"event\":\"persons_left_out\"}}\n"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("organisations only"));
}

#[test]
fn memory_does_not_grow_with_the_city() {
    let most = |subjects: u32| {
        let city = City::new(subjects);
        let (old, new) = city.sides();
        let mut lines = 0_u64;
        let mut tell = |_: &xinhe_tools::diff::Change<'_>| {
            lines += 1;
            Ok(())
        };
        let used = allocation_counter::measure(|| {
            releases(&old, &new, true, &mut tell, &|_, _| ()).unwrap();
        });
        (used.bytes_max, lines)
    };
    let ((small, few), (large, many)) = (most(4_000), most(20_000));
    assert!(many > 3 * few, "{few} lines, then {many}");
    assert!(large < 2 * small.max(64 << 10), "{small} bytes for 4,000 subjects, {large} for 20,000");
}
