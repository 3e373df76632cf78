//! Whole builds of small cities: the same parts whatever the way, bounded memory, and nothing half done whatever happens.

mod bad_nights;
mod determinism;
mod disk_full;
mod interrupts;
mod memory;
mod parts;
mod repaired;
mod size;

use crate::support::{person_key, root, tool};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use xinhe_tools::dataset::Dataset;
use xinhe_tools::generate::{self, Encoding, Format};

/// A folder with a key of persons, a city, and a place for releases.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        person_key(folder.path());
        Place { folder }
    }

    /// A place with a city of so many subjects in `city`.
    fn with_city(subjects: u64, records_per_subject: f64, defects: f64) -> Place {
        let place = Place::new();
        place.city("city", &plan(subjects, records_per_subject, defects));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn city(&self, name: &str, plan: &generate::Plan) -> PathBuf {
        let path = self.path(name);
        generate::write(plan, &path, &|_| ()).unwrap();
        path
    }

    /// The command that builds this dataset.
    fn build(&self, input: &Path, out: &Path, more: &[&str]) -> Command {
        let mut command = Command::new(tool());
        command.arg("build").arg("--json").arg("--input").arg(input).arg("--out").arg(out);
        command.arg("--catalog").arg(root().join("tools/catalog"));
        command.arg("--person-key").arg(self.path("person.key")).args(more);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

fn plan(subjects: u64, records_per_subject: f64, defects: f64) -> generate::Plan {
    generate::Plan {
        subjects,
        records_per_subject,
        defects,
        as_of: "2026-11-20".parse().unwrap(),
        seed: 5,
        format: Format::Csv,
        encoding: Encoding::Utf8,
        threads: 2,
    }
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What a command that must succeed printed.
fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{}", words(output));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", words(output)))
}

/// Whether a folder is a whole release: every digest, sum, order and reference.
fn verifies(release: &Path) -> bool {
    Command::new(tool()).arg("verify").arg(release).output().unwrap().status.success()
}

/// Names of what is in a folder, sorted.
fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Bytes of all files below a folder, as far as they stay there to be counted.
fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes_below(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}

/// The files of every source.
fn files(city: &Path) -> Vec<(String, Vec<PathBuf>)> {
    let dataset = Dataset::open(city).unwrap();
    let of = |source| (source, dataset.files(source).unwrap());
    dataset.sources.iter().map(of).map(|(source, files)| (source.path.clone(), files)).collect()
}

/// The rows of a table in CSV, its header first; line breaks in quotes are of their row.
fn rows(text: &str) -> Vec<&str> {
    let (mut rows, mut start, mut quoted) = (Vec::new(), 0, false);
    for (at, byte) in text.bytes().enumerate() {
        quoted ^= byte == b'"';
        if byte == b'\n' && !quoted {
            rows.push(&text[start..=at]);
            start = at + 1;
        }
    }
    if start < text.len() {
        rows.push(&text[start..]);
    }
    rows
}

/// Numbers without order, the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}
