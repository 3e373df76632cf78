//! Rows of cells, whatever the format of the file.

use super::IngestError;

/// A batch with more text than this is full.
const BATCH_BYTES: usize = 1 << 20;
/// A batch with so many rows is full.
const BATCH_ROWS: usize = 8_192;

/// Rows as text: one arena, spans of cells, so that a batch is cheap to fill, to move to another thread and to use
/// again.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) text: String,
    /// Cells that do not stand in the file as they are read: in CSV those with doubled quotes.
    pub(super) aside: String,
    pub(super) cells: Vec<Span>,
    pub(super) rows: Vec<RowAt>,
}

/// Where a cell's bytes are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Marks a span of `aside`. No batch's text is so long.
    const ASIDE: u32 = 1 << 31;

    /// In a batch's text.
    pub(super) fn of_text(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// In what stands aside.
    pub(super) fn of_aside(start: usize, end: usize) -> Span {
        Span { start: start as u32 | Span::ASIDE, end: end as u32 }
    }
}

/// A row: its line, and its cells among all cells, or why it has none.
pub(super) struct RowAt {
    line: u32,
    first: u32,
    cells: u32,
    broken: Option<&'static str>,
}

impl Batch {
    /// Takes everything out.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.aside.clear();
        self.cells.clear();
        self.rows.clear();
    }

    /// Appends one cell to the row under way.
    #[allow(dead_code, reason = "for formats whose cells do not stand in one text")]
    pub(super) fn push_cell(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.cells.push(Span::of_text(start, self.text.len()));
    }

    /// Ends the row under way; it began on this line (row number + 1 where a format has no lines).
    pub(super) fn end_row(&mut self, line: u32) {
        let first = self.ended_cells();
        let cells = self.cells.len() as u32 - first;
        self.rows.push(RowAt { line, first, cells, broken: None });
    }

    /// A row that cannot be read, and why. Cells of a row under way are dropped.
    pub(super) fn broken_row(&mut self, line: u32, why: &'static str) {
        self.drop_row();
        let first = self.ended_cells();
        self.rows.push(RowAt { line, first, cells: 0, broken: Some(why) });
    }

    /// Forgets the row under way.
    pub(super) fn drop_row(&mut self) {
        self.cells.truncate(self.ended_cells() as usize);
    }

    /// Cells of rows that have ended.
    fn ended_cells(&self) -> u32 {
        self.rows.last().map_or(0, |row| row.first + row.cells)
    }

    /// Enough to be judged at once.
    #[allow(dead_code, reason = "for formats whose cells do not stand in one text")]
    pub(super) fn is_full(&self) -> bool {
        self.text.len() >= BATCH_BYTES || self.has_many_rows()
    }

    /// As many rows as are judged at once, however short.
    pub(super) fn has_many_rows(&self) -> bool {
        self.rows.len() >= BATCH_ROWS
    }

    /// The rows in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Record<'_>> {
        self.rows.iter().map(|row| Record {
            line: row.line,
            broken: row.broken,
            text: &self.text,
            aside: &self.aside,
            cells: &self.cells[row.first as usize..(row.first + row.cells) as usize],
        })
    }
}

/// A row of cells.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    /// Line on which it begins, from 1.
    pub(super) line: u32,
    /// Why it cannot be read.
    pub(super) broken: Option<&'static str>,
    text: &'a str,
    aside: &'a str,
    cells: &'a [Span],
}

impl<'a> Record<'a> {
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> &'a str {
        let Some(Span { start, end }) = self.cells.get(place) else { return "" };
        let (text, start) = match start & Span::ASIDE {
            0 => (self.text, *start),
            _ => (self.aside, *start & !Span::ASIDE),
        };
        text.get(start as usize..*end as usize).unwrap_or_default()
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
