//! Reads the tables of a dataset and judges every row: fact, reject, or fact with a warning (`data.md` §2).
//!
//! bytes → `decode` → text → `csv` → cells → `columns` → a row by meaning → `subject`, `record` or
//! `correction` → facts. No file is ever whole in memory; what is kept beside the sink is one row and two chunks.

mod cells;
mod columns;
mod correction;
mod csv;
mod decode;
mod mask;
mod named;
mod record;
mod row;
mod subject;
mod tables;

pub use self::csv::RECORD_BYTES_MAX;
pub use self::decode::DecodeError;

use self::columns::Columns;
use self::csv::{Next, Record, Rows};
use self::decode::Text;
use self::row::{Fault, Odd, Row, Rules};
use crate::dataset::{Dataset, DatasetError, Format, Source, SourceKind};
use crate::facts::{Fact, Origin, Reject, Sink, Warning};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;

/// More warnings than this of one source are counted, but not handed over one by one.
pub const WARNINGS_TOLD_MAX: u64 = 1_000;
/// Rows between two words of progress.
const PROGRESS_ROWS: u64 = 4_096;

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
}

/// Is told how far the reading is.
pub trait Progress {
    /// Of this source so many bytes of all its files are read. Called every few thousand rows.
    fn advance(&self, source: usize, done: u64, total: u64);
}

/// Nobody watches.
impl Progress for () {
    fn advance(&self, _source: usize, _done: u64, _total: u64) {}
}

/// A text that an operator wrote, without the numbers of persons' documents and without these names of persons.
pub(crate) fn mask_persons(text: &str, names: &[&str], today: Day) -> String {
    mask::text(text, &mask::Persons { numbers: Vec::new(), names: names.to_vec() }, today)
}

/// Reads every source in order. `today` bounds birth dates. One count a source, in the order of the dataset.
pub fn read(
    dataset: &Dataset,
    catalogue: &Catalogue,
    today: Day,
    sink: &mut dyn Sink,
    progress: &dyn Progress,
) -> Result<Vec<SourceCount>, IngestError> {
    let mut counts = Vec::with_capacity(dataset.sources.len());
    for (place, source) in dataset.sources.iter().enumerate() {
        let files = dataset.files(source)?;
        let size = |file: &std::path::PathBuf| std::fs::metadata(file).map_or(0, |meta| meta.len());
        let mut reader = Reader {
            place: u16::try_from(place).unwrap_or(u16::MAX),
            total: files.iter().map(size).sum(),
            ..Reader::new(source, Rules { catalogue, today }, &mut *sink, progress)
        };
        for file in &files {
            let name = file.strip_prefix(&dataset.folder).unwrap_or(file).to_string_lossy().into_owned();
            reader.file(file, &name)?;
        }
        reader.count.bytes = reader.bytes.get();
        progress.advance(place, reader.count.bytes, reader.count.bytes);
        counts.push(reader.count);
    }
    Ok(counts)
}

/// Reads one table of a source from bytes that need not be a file. In errors and origins it is called `table`.
pub fn read_table(
    source: &Source,
    table: Box<dyn Read>,
    catalogue: &Catalogue,
    today: Day,
    sink: &mut dyn Sink,
) -> Result<SourceCount, IngestError> {
    let mut reader = Reader::new(source, Rules { catalogue, today }, sink, &());
    reader.table(Text::new(table, source.encoding), "table")?;
    Ok(reader.count)
}

/// Reads one source.
struct Reader<'a> {
    source: &'a Source,
    place: u16,
    rules: Rules<'a>,
    sink: &'a mut dyn Sink,
    progress: &'a dyn Progress,
    total: u64,
    /// Bytes of all files read so far.
    bytes: Rc<Cell<u64>>,
    /// Warnings handed over.
    told: u64,
    count: SourceCount,
}

impl<'a> Reader<'a> {
    fn new(
        source: &'a Source,
        rules: Rules<'a>,
        sink: &'a mut dyn Sink,
        progress: &'a dyn Progress,
    ) -> Reader<'a> {
        let (bytes, count) = (Rc::new(Cell::new(0)), SourceCount::default());
        Reader { source, place: 0, rules, sink, progress, total: 0, bytes, told: 0, count }
    }

    fn file(&mut self, path: &Path, name: &str) -> Result<(), IngestError> {
        let format = Format::of(path).unwrap_or(Format::Plain);
        let text = Text::open(path, format, self.source.encoding, self.bytes.clone());
        self.table(text.map_err(|error| IngestError::Text { file: name.to_owned(), error })?, name)
    }

    fn table(&mut self, text: Text, name: &str) -> Result<(), IngestError> {
        self.count.files += 1;
        let wrong = |error| IngestError::Text { file: name.to_owned(), error };
        let mut rows = Rows::new(text);
        let name: Arc<str> = name.into();
        let Some(columns) = self.header(&mut rows, &name)? else { return Ok(()) };
        let mut odd = Vec::new();
        while let Some(next) = rows.next().map_err(wrong)? {
            self.count.rows += 1;
            if self.count.rows.is_multiple_of(PROGRESS_ROWS) {
                self.progress.advance(
                    usize::from(self.place),
                    self.bytes.get(),
                    self.total.max(self.bytes.get()),
                );
            }
            match next {
                Next::Broken { line, why } => self.malformed(self.origin(&name, line), why.to_owned()),
                Next::Record(record) if record.len() != columns.len() => {
                    let value =
                        format!("{} cells, expected {} as in the header", record.len(), columns.len());
                    self.malformed(self.origin(&name, record.line), value);
                }
                Next::Record(record) => self.row(record, &columns, &name, &mut odd),
            }
        }
        Ok(())
    }

    /// The columns by the first row; none of an empty file.
    fn header(&mut self, rows: &mut Rows, name: &Arc<str>) -> Result<Option<Columns>, IngestError> {
        let wrong = |error| IngestError::Text { file: name.to_string(), error };
        match rows.next().map_err(wrong)? {
            None => {
                self.warn(self.origin(name, 1), "empty_file", "the file has no header".to_owned());
                Ok(None)
            }
            Some(Next::Broken { line, why }) => {
                Err(IngestError::Header { file: name.to_string(), line, why })
            }
            Some(Next::Record(record)) => {
                let cells = (0..record.len()).map(|place| record.get(place));
                let (columns, odd) = Columns::resolve(self.source.kind, name, cells)?;
                for odd in odd {
                    let detail = mask::numbers(&odd.detail, &mask::Persons::default(), self.rules.today);
                    self.warn(self.origin(name, record.line), odd.reason, detail);
                }
                Ok(Some(columns))
            }
        }
    }

    fn row(&mut self, record: Record<'_>, columns: &Columns, name: &Arc<str>, odd: &mut Vec<Odd>) {
        let origin = self.origin(name, record.line);
        odd.clear();
        let mut row = Row { record, columns, rules: self.rules, odd };
        match judge(self.source.kind, &mut row, origin.clone()) {
            Ok(fact) => {
                self.sink.fact(fact);
                for (reason, detail) in odd.drain(..) {
                    self.warn(origin.clone(), reason, detail);
                }
            }
            Err(fault) => self.sink.reject(fault.at(origin)),
        }
    }

    fn malformed(&mut self, origin: Origin, value: String) {
        self.sink.reject(Reject { origin, column: String::new(), reason: "malformed_row", value });
    }

    fn origin(&self, file: &Arc<str>, line: u32) -> Origin {
        Origin { source: self.place, file: file.clone(), line }
    }

    fn warn(&mut self, origin: Origin, reason: &'static str, detail: String) {
        *self.count.warnings.entry(reason).or_default() += 1;
        if self.told < WARNINGS_TOLD_MAX {
            self.told += 1;
            self.sink.warn(Warning { origin, reason, detail });
        }
    }
}

fn judge(kind: SourceKind, row: &mut Row<'_>, origin: Origin) -> Result<Fact, Fault> {
    Ok(match kind {
        SourceKind::Subject => Fact::Subject(Box::new(subject::judge(row, origin)?)),
        SourceKind::Record(kind) => Fact::Record(Box::new(record::judge(kind, row, origin)?)),
        SourceKind::Correction => Fact::Correction(correction::judge(row, origin)?),
    })
}

#[cfg(test)]
mod tests;
