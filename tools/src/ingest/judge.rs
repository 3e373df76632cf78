//! One thread's judgment of rows: fact, reject, or fact with a warning, and what is counted on the way.

use super::columns::Columns;
use super::mask;
use super::row::{Fault, Laid, Odd, Row, Rules};
use super::table::{Batch, Record};
use super::tables::{Slot, table};
use super::tap::{self, Tap};
use super::{IngestError, SourceCount, WARNINGS_TOLD_MAX, correction, record, subject};
use crate::dataset::SourceKind;
use crate::facts::{Origin, Reject, Sink, Warning};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file whose header is known.
pub(super) struct Sheet {
    /// Place of its source.
    pub(super) source: u16,
    pub(super) kind: SourceKind,
    /// Its number.
    pub(super) file: u32,
    pub(super) columns: Columns,
}

impl Sheet {
    fn origin(&self, line: u32) -> Origin {
        Origin { source: self.source, file: self.file, line }
    }
}

/// Judges rows into one sink.
pub(super) struct Judge<'a, S> {
    rules: Rules<'a>,
    sink: &'a mut S,
    /// Warnings handed over, by source, of all threads.
    told: &'a [AtomicU64],
    /// By source.
    counts: Vec<SourceCount>,
    laid: Laid,
    odd: Vec<Odd>,
    tap: Option<&'a dyn Tap>,
}

impl<'a, S: Sink> Judge<'a, S> {
    pub(super) fn new(rules: Rules<'a>, sink: &'a mut S, told: &'a [AtomicU64]) -> Judge<'a, S> {
        let counts = vec![SourceCount::default(); told.len()];
        Judge { rules, sink, told, counts, laid: Laid::default(), odd: Vec::new(), tap: None }
    }

    /// Shows rows to a tap.
    pub(super) fn tapped(self, tap: Option<&'a dyn Tap>) -> Judge<'a, S> {
        Judge { tap, ..self }
    }

    /// What was counted, by source.
    pub(super) fn into_counts(self) -> Vec<SourceCount> {
        self.counts
    }

    /// A file has been read to its end.
    pub(super) fn ended(&mut self, sheet: &Sheet, bytes: u64) {
        self.counts[usize::from(sheet.source)].bytes += bytes;
    }

    /// The columns of a file by its header; none of an empty file.
    pub(super) fn header(
        &mut self,
        (place, kind): (u16, SourceKind),
        (file, name): (u32, &str),
        header: Option<(u32, Vec<String>)>,
    ) -> Result<Option<Sheet>, IngestError> {
        self.counts[usize::from(place)].files += 1;
        let origin = |line| Origin { source: place, file, line };
        let Some((line, headers)) = header else {
            self.warn(origin(1), "empty_file", "the file has no header".to_owned())?;
            return Ok(None);
        };
        let (columns, odd) = Columns::resolve(kind, name, headers.iter().map(String::as_str))?;
        for odd in odd {
            let detail = mask::numbers(&odd.detail, &mask::Persons::default(), self.rules.today);
            self.warn(origin(line), odd.reason, detail.into_owned())?;
        }
        Ok(Some(Sheet { source: place, kind, file, columns }))
    }

    /// Warns of what is odd about a file beside its rows: line, stable code, words.
    pub(super) fn odd(
        &mut self,
        source: u16,
        file: u32,
        odd: Vec<(u32, &'static str, String)>,
    ) -> Result<(), IngestError> {
        for (line, reason, detail) in odd {
            self.warn(Origin { source, file, line }, reason, detail)?;
        }
        Ok(())
    }

    /// Judges the rows of a batch of a file.
    pub(super) fn rows(&mut self, sheet: &Sheet, batch: &Batch) -> Result<u64, IngestError> {
        let (mut rows, mut missing) = (0, [0; Slot::COUNT]);
        self.laid.forget();
        for record in batch.rows() {
            rows += 1;
            let wanted = sheet.columns.len();
            match record.broken {
                Some(why) => self.malformed(sheet.origin(record.line), why.to_owned())?,
                None if record.len() != wanted => {
                    let value = format!("{} cells, expected {wanted} as in the header", record.len());
                    self.malformed(sheet.origin(record.line), value)?;
                }
                None => {
                    self.laid.lay(record, &sheet.columns, &mut missing);
                    if let Some(tap) = self.tap {
                        let origin = sheet.origin(record.line);
                        tap::show(tap, sheet.kind, origin, (&self.laid, record, &sheet.columns));
                    }
                    self.row(sheet, record)?;
                }
            }
        }
        let count = &mut self.counts[usize::from(sheet.source)];
        count.rows += rows;
        for column in table(sheet.kind) {
            let blank = missing[column.slot as usize];
            // The older columns of one class count as that class.
            if blank > 0 && !matches!(column.slot, Slot::ActClass1 | Slot::ActClass2) {
                *count.missing_fields.entry(column.code).or_default() += blank;
            }
        }
        Ok(rows)
    }

    fn row(&mut self, sheet: &Sheet, record: Record<'_>) -> Result<(), IngestError> {
        let origin = sheet.origin(record.line);
        self.odd.clear();
        let (laid, columns, rules, odd) = (&self.laid, &sheet.columns, self.rules, &mut self.odd);
        let mut row = Row { laid, record, columns, rules, odd };
        if let Err(fault) = judge(sheet.kind, &mut row, origin, self.sink)? {
            return Ok(self.sink.reject(fault.at(origin))?);
        }
        for (reason, detail) in std::mem::take(&mut self.odd) {
            self.warn(origin, reason, detail)?;
        }
        Ok(())
    }

    fn malformed(&mut self, origin: Origin, value: String) -> io::Result<()> {
        self.sink.reject(Reject { origin, column: String::new(), reason: "malformed_row", value })
    }

    fn warn(&mut self, origin: Origin, reason: &'static str, detail: String) -> io::Result<()> {
        let source = usize::from(origin.source);
        *self.counts[source].warnings.entry(reason).or_default() += 1;
        let told = self.told[source].fetch_add(1, Ordering::Relaxed);
        if told < WARNINGS_TOLD_MAX { self.sink.warn(Warning { origin, reason, detail }) } else { Ok(()) }
    }
}

/// Hands a fact over, or tells why there is none.
fn judge(
    kind: SourceKind,
    row: &mut Row<'_>,
    origin: Origin,
    sink: &mut impl Sink,
) -> io::Result<Result<(), Fault>> {
    let judged = match kind {
        SourceKind::Subject => subject::judge(row, origin).map(|fact| sink.subject(&fact)),
        SourceKind::Record(kind) => record::judge(kind, row, origin).map(|fact| sink.record(&fact)),
        SourceKind::Correction => correction::judge(row, origin).map(|fact| sink.correction(fact)),
    };
    match judged {
        Ok(handed) => handed.map(Ok),
        Err(fault) => Ok(Err(fault)),
    }
}
