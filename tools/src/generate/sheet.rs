//! Rows of CSV written cell by cell into one buffer, without an allocation a row.

use super::codes::digits;
use xinhe::domain::date::Day;

/// A table under way. Clean rows hold no comma, quote or line break by construction (a test reads them back), so
/// cells are copied as they are; [`Sheet::rewrite`] quotes.
#[derive(Default)]
pub(super) struct Sheet {
    out: Vec<u8>,
    start: usize,
    ends: Vec<usize>,
}

impl Sheet {
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// Forgets the rows written so far; the buffer stays.
    pub(super) fn clear(&mut self) {
        self.out.clear();
        self.open();
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.out
    }

    /// Begins a row.
    pub(super) fn open(&mut self) {
        self.start = self.out.len();
        self.ends.clear();
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Sheet {
        self.out.extend_from_slice(text.as_bytes());
        self
    }

    pub(super) fn ascii(&mut self, bytes: &[u8]) -> &mut Sheet {
        self.out.extend_from_slice(bytes);
        self
    }

    /// A number, filled with zeros to a width.
    pub(super) fn number(&mut self, number: u64, width: usize) -> &mut Sheet {
        let length = (number.checked_ilog10().unwrap_or(0) as usize + 1).max(width).min(20);
        let mut buffer = [0; 20];
        digits(number, &mut buffer[..length]);
        self.ascii(&buffer[..length])
    }

    /// `2026-11-20`, as the project's own tables write days.
    pub(super) fn iso(&mut self, day: Day) -> &mut Sheet {
        self.ascii(&day.iso())
    }

    /// `2026/11/20`, as the national tables write days.
    pub(super) fn slashed(&mut self, day: Day) -> &mut Sheet {
        let mut text = day.iso();
        text[4] = b'/';
        text[7] = b'/';
        self.ascii(&text)
    }

    /// Ends a cell.
    pub(super) fn end(&mut self) {
        self.ends.push(self.out.len());
        self.out.push(b',');
    }

    pub(super) fn cell(&mut self, text: &str) {
        self.text(text).end();
    }

    pub(super) fn code(&mut self, bytes: &[u8]) {
        self.ascii(bytes).end();
    }

    pub(super) fn blanks(&mut self, count: usize) {
        for _ in 0..count {
            self.end();
        }
    }

    /// Ends the row.
    pub(super) fn close(&mut self) {
        if let Some(last) = self.out.last_mut() {
            *last = b'\n';
        }
    }

    /// The cells of the row just closed.
    pub(super) fn cells(&self) -> Vec<String> {
        self.spans().map(str::to_owned).collect()
    }

    /// The same, borrowed.
    pub(super) fn spans(&self) -> impl Iterator<Item = &str> {
        let mut from = self.start;
        self.ends.iter().map(move |end| {
            let cell = &self.out[from..*end];
            from = end + 1;
            // Rows are written from texts: they are UTF-8.
            std::str::from_utf8(cell).unwrap_or_default()
        })
    }

    /// Takes back the row just closed.
    pub(super) fn take_back(&mut self) {
        self.out.truncate(self.start);
        self.open();
    }

    /// Writes these cells as a row, quoted where needed.
    pub(super) fn rewrite(&mut self, cells: &[String]) {
        self.open();
        for cell in cells {
            if cell.contains([',', '"', '\n', '\r']) {
                self.text("\"").text(&cell.replace('"', "\"\"")).text("\"").end();
            } else {
                self.cell(cell);
            }
        }
        self.close();
    }
}
