//! From text to rows of cells (RFC 4180). A row that is broken costs itself, never the rows after it.

use super::IngestError;
use super::decode::{DecodeError, Text};
use super::table::{Batch, Span, Table};
use memchr::{memchr, memchr2};

/// A longer record is broken: the tables' longest texts are a few thousand characters.
pub const RECORD_BYTES_MAX: usize = 4 << 20;
const TOO_LONG: &str = "the row is longer than 4 MiB";
const NUL: &str = "the row holds NUL bytes";

/// The rows of a text.
pub(super) struct Csv {
    text: Text,
    /// Path below the dataset folder.
    file: String,
    /// Text that was read and not yet split.
    rest: String,
    line: u32,
    ended: bool,
}

enum Split {
    /// A record up to this byte; whether a cell is quoted, and so may hold newlines.
    Whole {
        end: usize,
        quoted: bool,
    },
    Partial,
    Broken(&'static str),
}

impl Table for Csv {
    fn header(&mut self) -> Result<Option<(u32, Vec<String>)>, IngestError> {
        let mut batch = Batch::default();
        self.rows(&mut batch, |batch| !batch.rows.is_empty())?;
        let Some(record) = batch.rows().next() else { return Ok(None) };
        if let Some(why) = record.broken {
            return Err(IngestError::Header { file: self.file.clone(), line: record.line, why });
        }
        let cells = (0..record.len()).map(|place| record.get(place).to_owned());
        Ok(Some((record.line, cells.collect())))
    }

    fn fill(&mut self, batch: &mut Batch) -> Result<bool, IngestError> {
        self.rows(batch, Batch::has_many_rows)?;
        Ok(!batch.rows.is_empty())
    }

    fn done(&self) -> u64 {
        self.text.bytes()
    }
}

impl Csv {
    pub(super) fn new(text: Text, file: &str) -> Csv {
        Csv { text, file: file.to_owned(), rest: String::new(), line: 1, ended: false }
    }

    fn rows(&mut self, batch: &mut Batch, enough: fn(&Batch) -> bool) -> Result<(), IngestError> {
        self.split_rows(batch, enough).map_err(|error| IngestError::Text { file: self.file.clone(), error })
    }

    /// Splits what was read before, or else the next chunk, until there are rows enough; empty lines are none.
    fn split_rows(&mut self, batch: &mut Batch, enough: fn(&Batch) -> bool) -> Result<(), DecodeError> {
        batch.clear();
        std::mem::swap(&mut batch.text, &mut self.rest);
        let mut at = 0;
        let mut nul = memchr(0, batch.text.as_bytes()).is_some();
        while !enough(batch) {
            let rest = batch.text.len() - at;
            if rest == 0 && self.ended {
                break;
            }
            let line = self.line;
            match split(batch, at, self.ended) {
                Split::Partial if rest <= RECORD_BYTES_MAX => {
                    if !batch.rows.is_empty() {
                        break;
                    }
                    batch.text.drain(..at);
                    batch.aside.clear();
                    at = 0;
                    self.read(&mut batch.text, (2 * rest).min(RECORD_BYTES_MAX))?;
                    nul = memchr(0, batch.text.as_bytes()).is_some();
                }
                // Wherever chunks end, the same record is too long.
                Split::Whole { end, quoted } if end - at <= RECORD_BYTES_MAX => {
                    let record = &batch.text.as_bytes()[at..end];
                    let lines = if quoted { line_ends(record) } else { 1 };
                    self.line = line.saturating_add(lines);
                    if matches!(record[0], b'\n' | b'\r') {
                        batch.drop_row();
                    } else if nul && memchr(0, record).is_some() {
                        batch.broken_row(line, NUL);
                    } else {
                        batch.end_row(line);
                    }
                    at = end;
                }
                Split::Broken(why) => {
                    batch.broken_row(line, why);
                    self.skip_line(&mut batch.text, &mut at)?;
                    nul = true;
                }
                Split::Partial | Split::Whole { .. } => {
                    batch.broken_row(line, TOO_LONG);
                    self.skip_line(&mut batch.text, &mut at)?;
                    nul = true;
                }
            }
        }
        batch.drop_row();
        self.rest.clear();
        self.rest.push_str(&batch.text[at..]);
        Ok(())
    }

    /// Reads until so many bytes wait, or the text ends.
    fn read(&mut self, text: &mut String, wanted: usize) -> Result<(), DecodeError> {
        loop {
            self.ended = !self.text.more(text)?;
            if self.ended || text.len() > wanted {
                return Ok(());
            }
        }
    }

    /// Goes on with the line after the one on which a broken row begins: its quotes say nothing about where it ends.
    /// No row holds text from `at` on.
    fn skip_line(&mut self, text: &mut String, at: &mut usize) -> Result<(), DecodeError> {
        self.line = self.line.saturating_add(1);
        loop {
            let rest = &text.as_bytes()[*at..];
            match memchr2(b'\n', b'\r', rest) {
                Some(end) if rest[end] == b'\r' && end + 1 == rest.len() && !self.ended => {
                    *at += end;
                    self.read(text, *at + 1)?;
                }
                Some(end) => {
                    *at += end + if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
                    return Ok(());
                }
                None => {
                    text.truncate(*at);
                    if self.ended {
                        return Ok(());
                    }
                    self.read(text, *at)?;
                }
            }
        }
    }
}

/// Splits the record off that begins at this byte; its cells become those of the row under way. `ended`: nothing
/// follows the text.
fn split(batch: &mut Batch, from: usize, ended: bool) -> Split {
    batch.drop_row();
    let Batch { text, aside, cells, .. } = batch;
    let bytes = text.as_bytes();
    let (mut at, mut any_quoted) = (from, false);
    loop {
        let end = if bytes.get(at) == Some(&b'"') {
            any_quoted = true;
            match quoted(text, at + 1, ended, aside) {
                Ok((cell, end)) => {
                    cells.push(cell);
                    end
                }
                Err(split) => return split,
            }
        } else {
            let end = cell_end(bytes, at);
            cells.push(Span::of_text(at, end));
            end
        };
        let whole = |end| Split::Whole { end, quoted: any_quoted };
        match bytes.get(end) {
            Some(b',') => at = end + 1,
            Some(b'\n') => return whole(end + 1),
            Some(b'\r') => match bytes.get(end + 1) {
                Some(b'\n') => return whole(end + 2),
                None if !ended => return Split::Partial,
                _ => return whole(end + 1),
            },
            None if ended => return whole(end),
            None => return Split::Partial,
            Some(_) => return Split::Broken("text follows a closing quote"),
        }
    }
}

/// The byte at which a cell without quotes ends.
#[inline]
fn cell_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    // Eight bytes at a time: those up to the comma are few in any text, and so rarely looked at one by one.
    while let Some(word) = bytes.get(at..at + 8).and_then(|bytes| <[u8; 8]>::try_from(bytes).ok()) {
        let word = u64::from_le_bytes(word);
        let above = (word & !HIGH) + ONES * (0x7F - u64::from(b','));
        let mut low = !(above | word) & HIGH;
        while low != 0 {
            let place = at + (low.trailing_zeros() / 8) as usize;
            if matches!(bytes[place], b',' | b'\n' | b'\r') {
                return place;
            }
            low &= low - 1;
        }
        at += 8;
    }
    let length = bytes[at..].iter().position(|b| matches!(b, b',' | b'\n' | b'\r'));
    length.map_or(bytes.len(), |length| at + length)
}

/// A cell whose opening quote stands before `from`, and the byte after its closing quote.
fn quoted(text: &str, mut from: usize, ended: bool, aside: &mut String) -> Result<(Span, usize), Split> {
    let bytes = text.as_bytes();
    let (mut scan, kept) = (from, aside.len());
    let mut doubled = false;
    loop {
        let Some(quote) = memchr(b'"', &bytes[scan..]).map(|length| scan + length) else {
            return Err(if ended { Split::Broken("a quote is never closed") } else { Split::Partial });
        };
        match bytes.get(quote + 1) {
            Some(b'"') => {
                aside.push_str(&text[from..=quote]);
                doubled = true;
                from = quote + 2;
                scan = from;
            }
            None if !ended => return Err(Split::Partial),
            _ if doubled => {
                aside.push_str(&text[from..quote]);
                return Ok((Span::of_aside(kept, aside.len()), quote + 1));
            }
            _ => return Ok((Span::of_text(from, quote), quote + 1)),
        }
    }
}

/// Ends of lines: `\n`, `\r\n`, or `\r` alone.
fn line_ends(bytes: &[u8]) -> u32 {
    let ends = bytes.iter().enumerate().filter(|(at, b)| match b {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    u32::try_from(ends.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Encoding;
    use std::io::Cursor;

    fn rows(text: impl Into<String>) -> Vec<(u32, Vec<String>)> {
        let text = text.into().into_bytes();
        let mut table = Csv::new(Text::new(Box::new(Cursor::new(text)), Encoding::Utf8), "t.csv");
        let mut found = Vec::new();
        let mut batch = Batch::default();
        while table.fill(&mut batch).unwrap() {
            found.extend(batch.rows().map(|record| match record.broken {
                None => (record.line, (0..record.len()).map(|at| record.get(at).to_owned()).collect()),
                Some(why) => (record.line, vec![format!("! {why}")]),
            }));
        }
        assert!(!table.fill(&mut batch).unwrap(), "the end is the end");
        found
    }

    fn row(line: u32, cells: &[&str]) -> (u32, Vec<String>) {
        (line, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn cells_are_parted_by_commas_and_rows_by_line_ends() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "1,", ",\"2\"", "x\"y,z"].join(end);
            let expected =
                [row(1, &["a", "b"]), row(3, &["1", ""]), row(4, &["", "2"]), row(5, &["x\"y", "z"])];
            assert_eq!(rows(text.clone()), expected, "{end:?}");
            assert_eq!(rows(text + end), expected, "{end:?}");
        }
        assert!(rows("").is_empty());
        assert!(rows("\n\r\n").is_empty());
        assert_eq!(rows("\"\"\n"), [row(1, &[""])]);
    }

    #[test]
    fn newlines_and_quotes_inside_cells_count_as_written() {
        let found = rows("a,b\r\n\"一\r\n二\n三\",\"说\"\"好\"\"\"\r\nc,d\r\n");
        assert_eq!(found, [row(1, &["a", "b"]), row(2, &["一\r\n二\n三", "说\"好\""]), row(5, &["c", "d"])]);
    }

    #[test]
    fn a_broken_row_costs_itself_alone() {
        assert_eq!(
            rows("a,b\n\"甲\"乙,1\nc,d\n\"e,f\ng,h\n"),
            [
                row(1, &["a", "b"]),
                row(2, &["! text follows a closing quote"]),
                row(3, &["c", "d"]),
                row(4, &["! a quote is never closed"]),
                row(5, &["g", "h"]),
            ]
        );
        assert_eq!(rows("a\0b\nc\n"), [row(1, &["! the row holds NUL bytes"]), row(2, &["c"])]);
    }

    #[test]
    fn an_open_quote_never_swallows_the_file() {
        let plain = "c,d\r\n".repeat(RECORD_BYTES_MAX / 4);
        let found = rows(format!("a,b\r\n\"e,f\r\n{plain}"));
        assert_eq!(found[1], row(2, &["! the row is longer than 4 MiB"]));
        assert_eq!(found[2], row(3, &["c", "d"]));
        assert_eq!(found.len(), 2 + RECORD_BYTES_MAX / 4);
    }

    #[test]
    fn long_cells_are_read_and_endless_ones_refused() {
        let long = "长".repeat(RECORD_BYTES_MAX / 3 - 10);
        assert_eq!(rows(format!("{long},b\nc,d\n")), [row(1, &[&long, "b"]), row(2, &["c", "d"])]);
        let endless = "长".repeat(3 * RECORD_BYTES_MAX);
        assert_eq!(
            rows(format!("{endless},b\nc,d\n")),
            [row(1, &["! the row is longer than 4 MiB"]), row(2, &["c", "d"])]
        );
    }
}
