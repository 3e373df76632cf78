//! Nights on which one thing is wrong: publishing stops, by a name that says it, and goes on when that is accepted.

use super::{Place, entries, files, json_of, rows, words};
use crate::store::{folder_store, served, signing_key};
use crate::support::{copy, tool};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use xinhe::release::store::Store;

/// A city whose first night is published, and the nights after it.
struct City {
    place: Place,
    store: Store,
}

impl City {
    fn new() -> City {
        let place = Place::with_city(2_000, 5.0, 0.03);
        let store = folder_store(&place.path("store"));
        fs::write(place.path("release.key"), signing_key().line()).unwrap();
        let city = City { place, store };
        json_of(
            &city.place.build(&city.place.path("city"), &city.place.path("first"), &[]).output().unwrap(),
        );
        let published = city.publish(&city.place.path("first"), &[]);
        assert!(published.status.success(), "the first night: {}", words(&published));
        city
    }

    /// The tables of the second night: each a row shorter, of the next day.
    fn second(&self, name: &str) -> PathBuf {
        let dataset = self.place.path(name);
        copy(&self.place.path("city"), &dataset);
        let description = fs::read_to_string(dataset.join("dataset.toml")).unwrap();
        let description = description.replace("as_of    = \"2026-11-20\"", "as_of    = \"2026-11-21\"");
        fs::write(dataset.join("dataset.toml"), description).unwrap();
        for (_, files) in files(&dataset) {
            let text = fs::read_to_string(&files[0]).unwrap();
            let rows = rows(&text);
            fs::write(&files[0], rows[..(rows.len() - 1).max(1)].concat()).unwrap();
        }
        dataset
    }

    fn build(&self, dataset: &Path) -> (PathBuf, Output) {
        let out = dataset.with_extension("release");
        let first = self.place.path("first");
        let more = ["--previous", first.to_str().unwrap()];
        let output = self.place.build(dataset, &out, &more).output().unwrap();
        (out, output)
    }

    fn publish(&self, release: &Path, accept: &[String]) -> Output {
        let mut command = Command::new(tool());
        command.arg("publish").arg(release).args(["--json", "--store", self.store.url(), "--key"]);
        command.arg(self.place.path("release.key"));
        accept.iter().for_each(|name| _ = command.args(["--accept", name]));
        command.output().unwrap()
    }

    /// The night is refused by this guardrail, and let through when all that tripped are accepted by name.
    fn is_stopped(&self, dataset: &Path, guardrail: &str) {
        let (release, built) = self.build(dataset);
        json_of(&built);
        let before = served(&self.store, &self.place.path("cache")).pointer;
        let refused = self.publish(&release, &[]);
        let told: Value = serde_json::from_slice(&refused.stdout).unwrap();
        let tripped: Vec<String> = told["guardrails"]
            .as_array()
            .map(|all| all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect())
            .unwrap_or_default();
        assert_eq!(refused.status.code(), Some(1), "{guardrail}: {}", words(&refused));
        assert!(tripped.iter().any(|name| name == guardrail), "{guardrail}: {tripped:?}");
        assert!(words(&refused).contains(&format!("--accept {guardrail}")), "{}", words(&refused));
        assert_eq!(served(&self.store, &self.place.path("cache")).pointer, before);

        let others: Vec<String> = tripped.iter().filter(|name| *name != guardrail).cloned().collect();
        assert_eq!(self.publish(&release, &others).status.code(), Some(1), "{guardrail} alone stops it");
        let accepted = self.publish(&release, &tripped);
        assert!(accepted.status.success(), "{}", words(&accepted));
        assert!(served(&self.store, &self.place.path("cache")).pointer.sequence > before.sequence);
    }

    /// The build itself refuses the night and names the file.
    fn is_refused(&self, dataset: &Path, file: &str) {
        let (release, built) = self.build(dataset);
        assert_eq!(built.status.code(), Some(1), "{}", words(&built));
        assert!(words(&built).contains(file), "{}", words(&built));
        assert!(!release.exists());
    }
}

/// The name of a source in guardrails: its place from 1 and its kind.
fn source(dataset: &Path, path: &str) -> String {
    let dataset = xinhe_tools::dataset::Dataset::open(dataset).unwrap();
    let place = dataset.sources.iter().position(|source| source.path.starts_with(path)).unwrap();
    format!("{}-{}", place + 1, dataset.sources[place].kind.word())
}

/// Rewrites the header of every file of a folder.
fn swap(folder: &Path, one: &str, other: &str) {
    for name in entries(folder) {
        let text = fs::read_to_string(folder.join(&name)).unwrap();
        let (head, rest) = text.split_once('\n').unwrap();
        let swapped = |column: &str| match column {
            column if column == one => other.to_owned(),
            column if column == other => one.to_owned(),
            column => column.to_owned(),
        };
        let head: Vec<String> = head.split(',').map(swapped).collect();
        fs::write(folder.join(&name), format!("{}\n{rest}", head.join(","))).unwrap();
    }
}

/// Keeps this much of a file.
fn cut(file: &Path, at: impl Fn(&[u8]) -> usize) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..at(&bytes)]).unwrap();
}

fn line_end(bytes: &[u8]) -> usize {
    let half = bytes.len() / 2;
    half + bytes[half..].iter().position(|byte| *byte == b'\n').unwrap() + 1
}

/// Behind a comma, so that no character is cut.
fn mid_line(bytes: &[u8]) -> usize {
    let half = bytes.len() / 2;
    half + bytes[half..].iter().position(|byte| *byte == b',').unwrap() + 1
}

#[test]
fn a_good_night_is_published() {
    let city = City::new();
    let (release, built) = city.build(&city.second("good"));
    json_of(&built);
    let published = city.publish(&release, &[]);
    assert!(published.status.success(), "{}", words(&published));
}

#[test]
fn a_file_that_is_missing_or_cut_stops_the_night() {
    let city = City::new();
    let night = city.second("missing");
    fs::remove_dir_all(night.join("honours")).unwrap();
    city.is_stopped(&night, &format!("source_missing:{}", source(&night, "honours/")));

    for (name, at) in [("line-end", line_end as fn(&[u8]) -> usize), ("mid-line", mid_line)] {
        let night = city.second(name);
        cut(&night.join("judgments/judgments.csv"), at);
        city.is_stopped(&night, &format!("rows:{}", source(&night, "judgments/")));
    }
    let night = city.second("mid-character");
    let inside = |bytes: &[u8]| 1 + bytes.iter().rposition(|byte| *byte >= 0xE0).unwrap();
    cut(&night.join("judgments/judgments.csv"), inside);
    city.is_refused(&night, "judgments/judgments.csv");
}

#[test]
fn one_departments_file_of_several_that_is_missing_stops_the_night() {
    let city = City::new();
    let night = city.second("one-missing");
    let penalties = night.join("penalties");
    let size = |name: &String| fs::metadata(penalties.join(name)).unwrap().len();
    let plain = entries(&penalties).into_iter().filter(|name| name.starts_with("37"));
    fs::remove_file(penalties.join(plain.min_by_key(size).unwrap())).unwrap();
    city.is_stopped(&night, &format!("source_missing:{}", source(&night, "penalties/")));
}

#[test]
fn the_wrong_encoding_stops_the_build_by_name() {
    let city = City::new();
    let night = city.second("gb18030");
    let plan = super::plan(2_000, 5.0, 0.03);
    let plan = xinhe_tools::generate::Plan { encoding: xinhe_tools::generate::Encoding::Gb18030, ..plan };
    let other = city.place.city("other", &plan);
    fs::copy(other.join("honours/honours.csv"), night.join("honours/honours.csv")).unwrap();
    city.is_refused(&night, "honours/honours.csv");

    let night = city.second("utf-8");
    let description = fs::read_to_string(night.join("dataset.toml")).unwrap();
    let (before, honours) = description.split_once("\"honours/").unwrap();
    let honours = honours.replacen("\"utf-8\"", "\"gb18030\"", 1);
    fs::write(night.join("dataset.toml"), format!("{before}\"honours/{honours}")).unwrap();
    city.is_refused(&night, "honours/honours");
}

#[test]
fn columns_that_are_swapped_stop_the_night() {
    let city = City::new();
    for (one, other) in [
        // Two codes of the subject: neither is the other.
        ("CF_XDR_SHXYM", "CF_XDR_ZZJG"),
        // Two codes of one form: every record would be the authority's own.
        ("CF_XDR_SHXYM", "CF_CFJGDM"),
        ("CF_XDR_MC", "CF_CFJG"),
    ] {
        let night = city.second(&format!("{one}-{other}"));
        swap(&night.join("penalties"), one, other);
        city.is_stopped(&night, &format!("columns:{}", source(&night, "penalties/")));
    }
}

#[test]
fn a_list_that_is_emptied_stops_the_night() {
    let city = City::new();
    let night = city.second("emptied");
    let court = entries(&night.join("lists")).into_iter().filter(|name| name.starts_with("court"));
    for file in court.map(|name| night.join("lists").join(name)) {
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, rows(&text)[0]).unwrap();
    }
    city.is_stopped(&night, &format!("source_empty:{}", source(&night, "lists/court")));
    fs::remove_dir_all(night.with_extension("release")).unwrap();
    city.is_stopped(&night, "list_emptied:dishonest-judgment-debtor");
}

#[test]
fn yesterdays_file_under_todays_date_stops_the_night() {
    let city = City::new();
    let night = city.second("yesterday");
    fs::remove_dir_all(night.join("penalties")).unwrap();
    copy(&city.place.path("city/penalties"), &night.join("penalties"));
    city.is_stopped(&night, &format!("source_older:{}", source(&night, "penalties/")));
}
