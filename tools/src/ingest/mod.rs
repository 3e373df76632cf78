//! Reads the tables of a dataset and judges every row: fact, reject, or fact with a warning (`data.md` §2).
//!
//! bytes → `decode` → text → `csv` → a batch of cells → `columns` → a row by meaning → `subject`, `record` or
//! `correction` → facts. No file is ever whole in memory; what a thread keeps is a batch and a row.

mod cells;
mod columns;
mod correction;
mod crew;
mod csv;
mod decode;
mod files;
mod heading;
mod judge;
mod mask;
mod named;
mod parquet;
mod postgres;
mod record;
mod row;
mod sheet;
mod stream;
mod subject;
mod table;
mod tables;
mod tap;

pub use self::csv::RECORD_BYTES_MAX;
pub use self::decode::DecodeError;
pub use self::files::Files;
pub use self::tap::{Numbers, Tap, columns_of};

use self::crew::Crew;
use self::csv::Csv;
use self::decode::Text;
use self::judge::Judge;
use self::row::Rules;
use self::table::{Batch, Table};
use crate::dataset::{Dataset, DatasetError, Source};
use crate::facts::Sink;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::atomic::AtomicU64;
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;

/// More warnings than this of one source are counted, but not handed over one by one.
pub const WARNINGS_TOLD_MAX: u64 = 1_000;

/// Why a dataset cannot be read. Names file and column, never a cell.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The dataset's description or folder.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The text of a file.
    #[error("{file}: {error}")]
    Text {
        /// Path below the dataset folder.
        file: String,
        /// What is wrong with it.
        error: DecodeError,
    },
    /// A column that may not be collected.
    #[error(
        "{file}: column `{column}` holds {what}, which may not be collected; remove the column from the export"
    )]
    Forbidden {
        /// Path below the dataset folder.
        file: String,
        /// The header as written.
        column: String,
        /// What it holds, in words.
        what: &'static str,
    },
    /// A workbook, a Parquet file or a database that cannot be read to its end.
    #[error("{file}: {what}")]
    Unreadable {
        /// Path below the dataset folder, or the name of the database's source.
        file: String,
        /// What was found, and what to do. Never a password, never a cell.
        what: String,
    },
    /// A first row that is none.
    #[error("{file}, line {line}: the header cannot be read: {why}; export the file again")]
    Header {
        /// Path below the dataset folder.
        file: String,
        /// Line, from 1.
        line: u32,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What was read cannot be kept.
    #[error("what was read cannot be kept: {0}")]
    Sink(#[from] io::Error),
}

/// What was read of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceCount {
    /// Files that the path met.
    pub files: u64,
    /// Rows below the headers, those that cannot be read included: facts and rejects together.
    pub rows: u64,
    /// Bytes of the files as they are on disk.
    pub bytes: u64,
    /// Warnings by their code, those beyond [`WARNINGS_TOLD_MAX`] included.
    pub warnings: BTreeMap<&'static str, u64>,
    /// By the contract's column the rows, kept or not, that leave it blank or whose file lacks it; rows that cannot
    /// be read are not among them. Columns that every row gives are left out.
    pub missing_fields: BTreeMap<&'static str, u64>,
}

impl SourceCount {
    /// Adds what else was read of the same source.
    pub fn add(&mut self, other: SourceCount) {
        self.files += other.files;
        self.rows += other.rows;
        self.bytes += other.bytes;
        for (code, count) in other.warnings {
            *self.warnings.entry(code).or_default() += count;
        }
        for (column, count) in other.missing_fields {
            *self.missing_fields.entry(column).or_default() += count;
        }
    }
}

/// Is told how far the reading is, by whichever thread reads.
pub trait Progress: Sync {
    /// Of this source so many rows, and so many bytes of all its files, are read. Called every few thousand rows; of
    /// two threads the one that read less may come last.
    fn advance(&self, source: usize, rows: u64, done: u64, total: u64);
}

/// Nobody watches.
impl Progress for () {
    fn advance(&self, _source: usize, _rows: u64, _done: u64, _total: u64) {}
}

/// A text that an operator wrote, without the numbers of persons' documents and without these names of persons.
pub(crate) fn mask_persons(text: &str, names: &[&str], today: Day) -> String {
    let names = names.iter().copied().take(2).collect();
    mask::text(text, &mask::Persons { names, ..mask::Persons::default() }, today).into_owned()
}

/// Which sources to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The register, and corrections: what must be known before the first record.
    Register,
    /// Records of all kinds.
    Records,
}

/// Reads sources with one thread a sink. `today` bounds birth dates. One count a source, in the order of the dataset;
/// those that were not asked for are zero. Facts, rejects, counts and errors do not depend on the number of sinks,
/// but which of more than [`WARNINGS_TOLD_MAX`] warnings are told may. Of several files that cannot be read, the
/// error is that of the first by source and path.
#[expect(clippy::too_many_arguments, reason = "what to read, by what rules, and who takes it")]
pub fn read<S: Sink>(
    dataset: &Dataset,
    files: &Files,
    which: Which,
    catalogue: &Catalogue,
    today: Day,
    sinks: &mut [S],
    progress: &dyn Progress,
) -> Result<Vec<SourceCount>, IngestError> {
    Crew::new((dataset, files), which, Rules { catalogue, today }, progress).read(sinks)
}

/// As [`read`], and shows rows to a tap.
#[allow(clippy::too_many_arguments, reason = "as `read`, and one more")]
pub fn read_tapped<S: Sink>(
    dataset: &Dataset,
    files: &Files,
    which: Which,
    catalogue: &Catalogue,
    today: Day,
    sinks: &mut [S],
    progress: &dyn Progress,
    tap: Option<&dyn Tap>,
) -> Result<Vec<SourceCount>, IngestError> {
    Crew::new((dataset, files), which, Rules { catalogue, today }, progress).tapped(tap).read(sinks)
}

/// Reads one table of a source from bytes that need not be a file. In errors it is called `table`, in origins 0.
pub fn read_table<S: Sink>(
    source: &Source,
    table: Box<dyn Read + Send>,
    catalogue: &Catalogue,
    today: Day,
    sink: &mut S,
) -> Result<SourceCount, IngestError> {
    let told = [AtomicU64::new(0)];
    let mut judge = Judge::new(Rules { catalogue, today }, sink, &told);
    let mut table = Csv::new(Text::new(table, source.encoding), "table");
    let header = table.header()?;
    if let Some(sheet) = judge.header((0, source.kind), (0, "table"), header)? {
        let mut batch = Batch::default();
        while table.fill(&mut batch)? {
            judge.rows(&sheet, &batch)?;
        }
    }
    Ok(judge.into_counts().pop().unwrap_or_default())
}

#[cfg(test)]
mod tests;
