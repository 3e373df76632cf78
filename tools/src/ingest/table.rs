//! Rows of cells, whatever the format of the file.

use super::IngestError;

/// A batch is full at about so much text.
const TEXT_BYTES: usize = 1 << 20;
/// A batch is full at so many rows.
const ROWS: usize = 8_192;

/// Rows as text: one arena, spans of cells, so that a batch is cheap to fill, to move to another thread and to use again.
#[derive(Default)]
pub(super) struct Batch {
    text: String,
    cells: Vec<(u32, u32)>,
    rows: Vec<RowAt>,
    /// Cells of the row under way begin here.
    open: u32,
}

struct RowAt {
    line: u32,
    first: u32,
    cells: u32,
    broken: Option<&'static str>,
}

/// One row of a batch.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    /// Line on which it begins, from 1.
    pub(super) line: u32,
    /// Why it cannot be read.
    pub(super) broken: Option<&'static str>,
    text: &'a str,
    cells: &'a [(u32, u32)],
}

impl<'a> Record<'a> {
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn get(&self, place: usize) -> &'a str {
        let (start, end) = self.cells.get(place).copied().unwrap_or_default();
        self.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

impl Batch {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
        self.rows.clear();
        self.open = 0;
    }

    /// Appends one cell to the row under way.
    pub(super) fn push_cell(&mut self, text: &str) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        self.cells.push((start, self.text.len() as u32));
    }

    /// Ends the row under way; it began on this line (row number + 1 where a format has no lines).
    pub(super) fn end_row(&mut self, line: u32) {
        let end = self.cells.len() as u32;
        self.rows.push(RowAt { line, first: self.open, cells: end - self.open, broken: None });
        self.open = end;
    }

    /// A row that cannot be read, and why. Cells of the row under way are forgotten.
    pub(super) fn broken_row(&mut self, line: u32, why: &'static str) {
        self.cells.truncate(self.open as usize);
        self.rows.push(RowAt { line, first: self.open, cells: 0, broken: Some(why) });
    }

    /// About 1 MiB of text, or 8,192 rows.
    pub(super) fn is_full(&self) -> bool {
        self.text.len() >= TEXT_BYTES || self.rows.len() >= ROWS
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Record<'_>> {
        self.rows.iter().map(|row| Record {
            line: row.line,
            broken: row.broken,
            text: &self.text,
            cells: self.cells.get(row.first as usize..(row.first + row.cells) as usize).unwrap_or_default(),
        })
    }
}

/// A table that is open. Under a lock of its own: `fill` is called by whichever thread is free.
pub(super) trait Table: Send {
    /// The header's cells with the line on which it stands; `None`: the table is empty.
    fn header(&mut self) -> Result<Option<(u32, Vec<String>)>, IngestError>;
    /// Fills an empty batch with the next rows; `false` when there is none left.
    fn fill(&mut self, batch: &mut Batch) -> Result<bool, IngestError>;
    /// Bytes of the file read so far, for progress (compressed bytes as on disk; rows for PostgreSQL).
    fn done(&self) -> u64;
    /// What is odd about the table beside its rows: line, stable code, words. Asked once, after the header.
    fn odd(&mut self) -> Vec<(u32, &'static str, String)> {
        Vec::new()
    }
}
