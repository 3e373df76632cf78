//! What a dataset says, whatever the format of its tables: every row that was read, judged, as one line each.

use std::path::Path;
use xinhe::domain::date::Day;
use xinhe_tools::dataset::Dataset;
use xinhe_tools::facts::{CorrectionFact, RecordFact, Reject, Sink, SubjectFact, Version, Warning};
use xinhe_tools::ingest::{Files, IngestError, Which, read};

/// A sink that keeps rows by their cells, without file and line.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) rows: Vec<String>,
    pub(crate) rejects: Vec<String>,
    pub(crate) warnings: Vec<&'static str>,
}

impl Gathered {
    fn keep(&mut self, kind: &str, version: Version<'_>) -> std::io::Result<()> {
        self.rows.push(format!("{kind} {:?} {}", version.changed, String::from_utf8_lossy(version.row)));
        Ok(())
    }

    fn sort(mut self) -> Gathered {
        self.rows.sort();
        self.rejects.sort();
        self.warnings.sort();
        self
    }
}

impl Sink for Gathered {
    fn subject(&mut self, fact: &SubjectFact<'_>) -> std::io::Result<()> {
        self.keep("subject", fact.version)
    }

    fn record(&mut self, fact: &RecordFact<'_>) -> std::io::Result<()> {
        self.keep("record", fact.version)
    }

    fn correction(&mut self, _: CorrectionFact) -> std::io::Result<()> {
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> std::io::Result<()> {
        self.rejects.push(format!("{} {} {}", reject.reason, reject.column, reject.value));
        Ok(())
    }

    fn warn(&mut self, warning: Warning) -> std::io::Result<()> {
        self.warnings.push(warning.reason);
        Ok(())
    }
}

/// Reads a dataset; the lines are sorted.
pub(crate) fn gather(folder: &Path) -> Result<Gathered, IngestError> {
    let dataset = Dataset::open(folder)?;
    let files = Files::find(&dataset)?;
    let mut all = [Gathered::default()];
    for which in [Which::Register, Which::Records] {
        part(&dataset, &files, which, &mut all)?;
    }
    let [all] = all;
    Ok(all.sort())
}

/// Reads a part of a dataset that is open.
pub(crate) fn part(
    dataset: &Dataset,
    files: &Files,
    which: Which,
    sinks: &mut [Gathered],
) -> Result<(), IngestError> {
    let catalog = crate::support::root().join("tools/catalog");
    let (catalogue, _) = xinhe_tools::catalog::read(&catalog).unwrap();
    let today: Day = "2026-11-21".parse().unwrap();
    read(dataset, files, which, &catalogue, today, sinks, &()).map(drop)
}
