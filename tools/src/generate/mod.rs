//! Makes believable cities: a dataset folder (`data.md` §1, §2) with every kind of table, for trials and demos.
//!
//! Every subject and every row is a function of the seed and its place, so tables are written in any order, on any
//! number of threads, to the same bytes. Names, numbers and records are invented: names hold characters such as 试
//! and 例 (test, example), codes stand in blocks that were never issued.
//!
//! The files in reading order: `random` → `city` (who is where) → `subject`, `codes`, `authority`, `words` →
//! `deal` (which row is about whom) → `register`, `publicity`, `records`, `lists` (the rows) → `defects` → `files`.

mod authority;
mod city;
mod codes;
mod dataset;
mod deal;
mod defects;
mod files;
mod gb18030;
mod layout;
mod lists;
mod publicity;
mod random;
mod records;
mod register;
mod sheet;
mod subject;
mod table;
mod words;

#[cfg(test)]
mod tests;

pub(crate) use files::ParquetFile;

use crate::unfinished::Unfinished;
use city::City;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use xinhe::domain::date::Day;

/// Most subjects: beyond it invented citizens' numbers would run out.
pub const MAX_SUBJECTS: u64 = 50_000_000;
/// Most records per subject: beyond it a subject's evaluations would run out of days.
pub const MAX_RECORDS_PER_SUBJECT: f64 = 1000.0;
/// Most records.
pub const MAX_RECORDS: u64 = 1_000_000_000;

/// What city to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Subjects of the register: exactly so many rows.
    pub subjects: u64,
    /// Records over all other tables, on average; may be a fraction.
    pub records_per_subject: f64,
    /// The same seed makes the same bytes.
    pub seed: u64,
    /// The day of the data; records lie in the ten years before.
    pub as_of: Day,
    /// Share of rows with a defect, 0 to 1.
    pub defects: f64,
    /// Format of the tables.
    pub format: Format,
    /// Encoding of the tables; Parquet is UTF-8.
    pub encoding: Encoding,
    /// Threads that write; the result does not depend on it.
    pub threads: usize,
}

impl Default for Plan {
    /// A small clean city of today (UTC+8).
    fn default() -> Plan {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Plan {
            subjects: 1000,
            records_per_subject: 4.0,
            seed: 1,
            as_of: Day::in_china(since.as_secs() as i64),
            defects: 0.0,
            format: Format::Csv,
            encoding: Encoding::Utf8,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

impl Plan {
    /// Rows of all tables beside the register, N×R rounded.
    pub fn records(&self) -> u64 {
        (self.subjects as f64 * self.records_per_subject).round() as u64
    }

    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.subjects + self.records()
    }

    fn check(&self) -> Result<(), GenerateError> {
        let refuse =
            |what, found: String, expected: String| Err(GenerateError::Setting { what, found, expected });
        if !(1..=MAX_SUBJECTS).contains(&self.subjects) {
            return refuse("subjects", self.subjects.to_string(), format!("1 to {MAX_SUBJECTS}"));
        }
        let per = self.records_per_subject;
        if !(0.0..=MAX_RECORDS_PER_SUBJECT).contains(&per) {
            return refuse("records per subject", per.to_string(), format!("0 to {MAX_RECORDS_PER_SUBJECT}"));
        }
        if self.records() > MAX_RECORDS {
            return refuse("records in all", self.records().to_string(), format!("at most {MAX_RECORDS}"));
        }
        if !(0.0..=1.0).contains(&self.defects) {
            return refuse("share of defects", self.defects.to_string(), "0 to 1".to_owned());
        }
        if self.format == Format::Parquet && self.encoding != Encoding::Utf8 {
            let found = "gb18030".to_owned();
            return refuse("encoding of Parquet", found, "none: its text is always UTF-8".to_owned());
        }
        let year = self.as_of.ymd().0;
        if !(2000..=2098).contains(&year) {
            return refuse("as-of day", self.as_of.to_string(), "a day from 2000 to 2098".to_owned());
        }
        Ok(())
    }
}

/// Format of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain CSV.
    Csv,
    /// Parquet with columns of text, the blank ones null.
    Parquet,
}

impl Format {
    /// What files' names end in.
    const fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Parquet => "parquet",
        }
    }
}

/// Encoding of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 without byte-order mark.
    Utf8,
    /// GB18030.
    Gb18030,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Rows of the register.
    pub subjects: u64,
    /// Rows of all other tables.
    pub records: u64,
    /// Rows by kind of source.
    pub rows: BTreeMap<&'static str, u64>,
    /// Rows with a defect, by its name.
    pub defects: BTreeMap<&'static str, u64>,
    /// Files, `dataset.toml` aside.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
    /// Time taken.
    pub seconds: f64,
}

/// Why no dataset was made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A setting out of bounds.
    #[error("{what}: found {found}, expected {expected}")]
    Setting {
        /// Which.
        what: &'static str,
        /// Its value.
        found: String,
        /// Values that it may have.
        expected: String,
    },
    /// The folder to write already holds something.
    #[error("{0} already exists and is not an empty folder; choose another folder, or remove it first")]
    Occupied(PathBuf),
    /// A file or folder could not be written.
    #[error("cannot {doing} {path}: {source}; check the folder's rights and the space on the disk")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A thread that wrote files ended early.
    #[error("a thread that wrote files ended early; nothing was kept")]
    Thread,
}

impl GenerateError {
    fn io(doing: &'static str, path: &Path, source: std::io::Error) -> GenerateError {
        GenerateError::Io { doing, path: path.to_owned(), source }
    }
}

/// Writes the dataset folder `out`. It appears whole or not at all: files are written to a hidden folder beside it.
/// `progress` is told of rows as they are written.
pub fn write(plan: &Plan, out: &Path, progress: &(dyn Fn(u64) + Sync)) -> Result<Summary, GenerateError> {
    plan.check()?;
    let begun = Instant::now();
    let hidden = beside(out)?;
    let city = City::new(plan.seed, plan.as_of, plan.subjects);
    let tables = table::tables(&city, plan.records());
    let table = (plan.encoding == Encoding::Gb18030).then(gb18030::Table::new);
    let press = files::Press { plan, city: &city, folder: hidden.path(), table, progress };
    let written = press.write(&tables)?;
    let path = hidden.path().join("dataset.toml");
    std::fs::write(&path, dataset::describe(plan, &city, &tables))
        .map_err(|source| GenerateError::io("write", &path, source))?;
    hidden.rename(out).map_err(|source| GenerateError::io("rename to", out, source))?;
    let mut rows = BTreeMap::new();
    for table in &tables {
        *rows.entry(table.kind.word()).or_default() += table.deal.rows();
    }
    Ok(Summary {
        subjects: plan.subjects,
        records: plan.records(),
        rows,
        defects: written.defects,
        files: written.files,
        bytes: written.bytes,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

/// A hidden folder on the same disk, removed unless kept.
fn beside(out: &Path) -> Result<Unfinished, GenerateError> {
    match std::fs::read_dir(out).map(|mut entries| entries.next().is_none()) {
        Ok(true) => {}
        Ok(false) => return Err(GenerateError::Occupied(out.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            return Err(GenerateError::Occupied(out.to_owned()));
        }
        Err(source) => return Err(GenerateError::io("read", out, source)),
    }
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(parent).map_err(|source| GenerateError::io("create", parent, source))?;
    Unfinished::inside(parent, ".xinhe-generate-")
        .map_err(|source| GenerateError::io("create a folder in", parent, source))
}
