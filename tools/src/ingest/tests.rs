//! Whole small datasets, read from disk.

mod files;
mod records;
mod registers;
mod threads;
mod wild;

use super::*;
use crate::dataset::SourceKind;
use crate::facts::{CorrectionFact, Detail, Field, RecordFact, Reject, SubjectFact, Warning};
use xinhe::domain::catalogue::{Effect, Entries, ListEntry, ListTerm, ObjectionMode, default_states};
use xinhe::domain::identifier::{citizen_check, unified_code_check};

/// A row that was kept.
#[derive(Debug, Clone, PartialEq)]
enum Fact {
    Subject(Box<SubjectFact<'static>>),
    Record(Box<RecordFact<'static>>),
    Correction(CorrectionFact),
}

/// What a sink was given.
#[derive(Default)]
struct Taken {
    facts: Vec<Fact>,
    /// Rows of subjects and records.
    rows: Vec<Vec<u8>>,
    rejects: Vec<Reject>,
    warnings: Vec<Warning>,
}

impl Sink for Taken {
    fn subject(&mut self, fact: &SubjectFact<'_>) -> io::Result<()> {
        self.rows.push(fact.version.row.to_vec());
        self.facts.push(Fact::Subject(Box::new(fact.clone().into_owned())));
        Ok(())
    }

    fn record(&mut self, fact: &RecordFact<'_>) -> io::Result<()> {
        self.rows.push(fact.version.row.to_vec());
        self.facts.push(Fact::Record(Box::new(fact.clone().into_owned())));
        Ok(())
    }

    fn correction(&mut self, fact: CorrectionFact) -> io::Result<()> {
        self.facts.push(Fact::Correction(fact));
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> io::Result<()> {
        self.rejects.push(reject);
        Ok(())
    }

    fn warn(&mut self, warning: Warning) -> io::Result<()> {
        self.warnings.push(warning);
        Ok(())
    }
}

impl Taken {
    /// The one record, where nothing was refused.
    fn record(self) -> RecordFact<'static> {
        assert_eq!(self.rejects, []);
        match self.facts.into_iter().next() {
            Some(Fact::Record(record)) => *record,
            other => panic!("{other:?}"),
        }
    }

    fn subject(self) -> SubjectFact<'static> {
        assert_eq!(self.rejects, []);
        match self.facts.into_iter().next() {
            Some(Fact::Subject(subject)) => *subject,
            other => panic!("{other:?}"),
        }
    }

    fn correction(self) -> CorrectionFact {
        assert_eq!(self.rejects, []);
        match self.facts.into_iter().next() {
            Some(Fact::Correction(correction)) => correction,
            other => panic!("{other:?}"),
        }
    }

    /// Reason, column and value of the one reject.
    fn reject(self) -> (&'static str, String, String) {
        assert_eq!((self.facts.len(), self.rejects.len()), (0, 1), "{:?}{:?}", self.facts, self.rejects);
        let reject = self.rejects.into_iter().next().unwrap();
        (reject.reason, reject.column, reject.value)
    }

    fn reasons(&self) -> Vec<&'static str> {
        self.warnings.iter().map(|warning| warning.reason).collect()
    }
}

fn today() -> Day {
    day("2026-11-21")
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// An invented code: the first 17 characters, and the check.
fn unified(first_17: &str) -> String {
    format!("{first_17}{}", char::from(unified_code_check(first_17.as_bytes()).unwrap()))
}

fn company() -> String {
    unified("91370402MA3EXAMP1")
}

/// An invented number: the first 17 digits, and the check.
fn citizen(first_17: &str) -> String {
    format!("{first_17}{}", char::from(citizen_check(first_17.as_bytes()).unwrap()))
}

fn person() -> String {
    citizen("37040219900101101")
}

fn child() -> String {
    citizen("37040220100615101")
}

/// Lists `black`, `grey` and `red`.
fn catalogue() -> Catalogue {
    let list = |code: &str, effect| ListEntry {
        code: code.to_owned(),
        title: code.to_owned(),
        effect,
        severity: None,
        term: ListTerm::UntilRemoved,
        ground_terms: Vec::new(),
        extends_to: Vec::new(),
        bars: Vec::new(),
        authority: "机关".to_owned(),
        basis: vec!["法".to_owned()],
        verified: true,
    };
    Catalogue::new(Entries {
        layers: vec!["base".to_owned()],
        objection: ObjectionMode::Counts,
        lists: vec![
            list("black", Effect::Punish),
            list("grey", Effect::Attention),
            list("red", Effect::Favour),
        ],
        measures: Vec::new(),
        matters: Vec::new(),
        classes: Vec::new(),
        rules: Vec::new(),
        cap: None,
        states: default_states(),
    })
}

/// A dataset folder with one source.
struct Trial {
    folder: tempfile::TempDir,
    description: String,
}

impl Trial {
    fn new(kind: &str, path: &str) -> Trial {
        let description = format!(
            "name = \"t\"\nas_of = \"2026-11-20\"\n[[source]]\nkind = \"{kind}\"\npath = \"{path}\"\n"
        );
        Trial { folder: tempfile::tempdir().unwrap(), description }
    }

    fn with(mut self, line: &str) -> Trial {
        self.description.push_str(line);
        self.description.push('\n');
        self
    }

    fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Trial {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        self
    }

    fn read(&self) -> Result<(Taken, SourceCount), IngestError> {
        std::fs::write(self.folder.path().join("dataset.toml"), &self.description).unwrap();
        let dataset = Dataset::open(self.folder.path())?;
        let files = Files::find(&dataset)?;
        let mut taken = Taken::default();
        let mut sum = SourceCount::default();
        for which in [Which::Register, Which::Others] {
            let sinks = std::slice::from_mut(&mut taken);
            read(&dataset, &files, which, &catalogue(), today(), sinks, &())?
                .into_iter()
                .for_each(|count| sum.add(count));
        }
        Ok((taken, sum))
    }

    fn error(&self) -> String {
        self.read().err().expect("an error").to_string()
    }
}

/// Reads one CSV of a kind.
fn table(kind: &str, text: &str) -> Taken {
    let (taken, count) =
        Trial::new(kind, "t.csv").file("t.csv", text).read().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(count.rows as usize, taken.facts.len() + taken.rejects.len());
    taken
}

/// Reads one row: pairs of header and cell.
fn row(kind: &str, cells: &[(&str, &str)]) -> Taken {
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let line = |cells: Vec<String>| cells.join(",") + "\n";
    let headers = line(cells.iter().map(|(header, _)| quoted(header)).collect());
    table(kind, &(headers + &line(cells.iter().map(|(_, cell)| quoted(cell)).collect())))
}

/// The pairs with some of them changed, and others added.
fn changed<'a>(cells: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut cells = cells.to_vec();
    for change in changes {
        match cells.iter_mut().find(|(header, _)| *header == change.0) {
            Some(cell) => *cell = *change,
            None => cells.push(*change),
        }
    }
    cells
}
