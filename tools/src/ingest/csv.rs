//! From text to rows of cells (RFC 4180). A row that is broken costs itself, never the rows after it.

use super::decode::{DecodeError, Text};

/// A longer record is broken: the tables' longest texts are a few thousand characters.
pub const RECORD_BYTES_MAX: usize = 4 << 20;
const TOO_LONG: &str = "the row is longer than 4 MiB";

/// Bytes of one cell, without its quotes.
#[derive(Debug, Clone, Copy)]
struct Cell {
    start: usize,
    end: usize,
    /// In `aside`, where doubled quotes are one.
    aside: bool,
}

/// The rows of a text.
pub(super) struct Rows {
    text: Text,
    buffer: String,
    /// Bytes of the buffer that are done.
    at: usize,
    line: u32,
    ended: bool,
    cells: Vec<Cell>,
    aside: String,
}

/// A row of cells.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    /// Line on which it begins, from 1.
    pub(super) line: u32,
    /// Its bytes as written, cells and all.
    pub(super) bytes: usize,
    text: &'a str,
    aside: &'a str,
    cells: &'a [Cell],
}

impl<'a> Record<'a> {
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    pub(super) fn get(&self, place: usize) -> &'a str {
        let Some(cell) = self.cells.get(place) else { return "" };
        let text = if cell.aside { self.aside } else { self.text };
        text.get(cell.start..cell.end).unwrap_or_default()
    }
}

/// What stands next.
pub(super) enum Next<'a> {
    Record(Record<'a>),
    /// A row that cannot be read, and why.
    Broken {
        line: u32,
        why: &'static str,
    },
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

impl Rows {
    pub(super) fn new(text: Text) -> Rows {
        let (cells, aside) = (Vec::new(), String::new());
        Rows { text, buffer: String::new(), at: 0, line: 1, ended: false, cells, aside }
    }

    /// The next row; empty lines are none.
    pub(super) fn next(&mut self) -> Result<Option<Next<'_>>, DecodeError> {
        loop {
            let rest = &self.buffer[self.at..];
            if rest.is_empty() && self.ended {
                return Ok(None);
            }
            let line = self.line;
            match split(rest, self.ended, &mut self.cells, &mut self.aside) {
                Split::Partial if rest.len() > RECORD_BYTES_MAX => {
                    self.skip_line()?;
                    return Ok(Some(Next::Broken { line, why: TOO_LONG }));
                }
                Split::Partial => self.read((2 * rest.len()).min(RECORD_BYTES_MAX))?,
                // Wherever chunks end, the same record is too long.
                Split::Whole { end, .. } if end > RECORD_BYTES_MAX => {
                    self.skip_line()?;
                    return Ok(Some(Next::Broken { line, why: TOO_LONG }));
                }
                Split::Broken(why) => {
                    self.skip_line()?;
                    return Ok(Some(Next::Broken { line, why }));
                }
                Split::Whole { end, quoted } => {
                    let from = self.at;
                    self.at += end;
                    let lines = if quoted { line_ends(&rest.as_bytes()[..end]) } else { 1 };
                    self.line = line.saturating_add(lines);
                    if matches!(rest.as_bytes()[0], b'\n' | b'\r') {
                        continue;
                    }
                    let text = &self.buffer[from..from + end];
                    if text.as_bytes().contains(&0) {
                        return Ok(Some(Next::Broken { line, why: "the row holds NUL bytes" }));
                    }
                    let (aside, cells) = (self.aside.as_str(), self.cells.as_slice());
                    return Ok(Some(Next::Record(Record { line, bytes: end, text, aside, cells })));
                }
            }
        }
    }

    /// Reads until so many bytes wait, or the text ends.
    fn read(&mut self, wanted: usize) -> Result<(), DecodeError> {
        self.buffer.drain(..self.at);
        self.at = 0;
        loop {
            self.ended = !self.text.more(&mut self.buffer)?;
            if self.ended || self.buffer.len() > wanted {
                return Ok(());
            }
        }
    }

    /// Goes on with the line after the one on which a broken row begins: its quotes say nothing about where it ends.
    fn skip_line(&mut self) -> Result<(), DecodeError> {
        self.line = self.line.saturating_add(1);
        loop {
            let rest = &self.buffer.as_bytes()[self.at..];
            match rest.iter().position(|b| matches!(b, b'\n' | b'\r')) {
                Some(end) if rest[end] == b'\r' && end + 1 == rest.len() && !self.ended => {
                    self.at += end;
                    self.read(1)?;
                }
                Some(end) => {
                    self.at += end + if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
                    return Ok(());
                }
                None => {
                    self.at = self.buffer.len();
                    if self.ended {
                        return Ok(());
                    }
                    self.read(0)?;
                }
            }
        }
    }
}

/// Splits the first record off. `ended`: nothing follows the text.
fn split(text: &str, ended: bool, cells: &mut Vec<Cell>, aside: &mut String) -> Split {
    cells.clear();
    aside.clear();
    let bytes = text.as_bytes();
    let (mut at, mut any_quoted) = (0, false);
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
            let length = bytes[at..].iter().position(|b| matches!(b, b',' | b'\n' | b'\r'));
            let end = length.map_or(bytes.len(), |length| at + length);
            cells.push(Cell { start: at, end, aside: false });
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

/// A cell whose opening quote stands before `from`, and the byte after its closing quote.
fn quoted(text: &str, mut from: usize, ended: bool, aside: &mut String) -> Result<(Cell, usize), Split> {
    let bytes = text.as_bytes();
    let (mut scan, kept) = (from, aside.len());
    let mut doubled = false;
    loop {
        let Some(quote) = bytes[scan..].iter().position(|b| *b == b'"').map(|length| scan + length) else {
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
                return Ok((Cell { start: kept, end: aside.len(), aside: true }, quote + 1));
            }
            _ => return Ok((Cell { start: from, end: quote, aside: false }, quote + 1)),
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
        let mut rows = Rows::new(Text::new(Box::new(Cursor::new(text)), Encoding::Utf8));
        let mut found = Vec::new();
        while let Some(next) = rows.next().unwrap() {
            found.push(match next {
                Next::Record(record) => {
                    (record.line, (0..record.len()).map(|at| record.get(at).to_owned()).collect())
                }
                Next::Broken { line, why } => (line, vec![format!("! {why}")]),
            });
        }
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
