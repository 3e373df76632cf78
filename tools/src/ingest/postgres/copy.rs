//! One row of COPY's text format: cells parted by tabs, `\N` for null, backslashes before what would be mistaken.

use super::super::csv::RECORD_BYTES_MAX;
use super::super::heading::plain_number;
use super::super::table::Batch;
use super::Column;
use memchr::{memchr, memchr_iter};

/// Floats from here on have lost digits.
const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;
/// `YYYY-MM-DD HH:MM:SS`.
const MOMENT_BYTES: usize = 19;
const LOST: &str = "a column of floats holds a number with more digits than it can keep: cast it from text";
const NO_TEXT: &str = "the server sent bytes that are no UTF-8";
const TOO_LONG: &str = "the row is longer than 4 MiB";
const CELLS: &str = "the row has another number of cells than the query";

/// Writes rows.
pub(super) struct Line<'a> {
    /// By column of the query: how it is read, if it is.
    columns: &'a [Option<Column>],
    unescaped: Vec<u8>,
    number: String,
}

impl<'a> Line<'a> {
    pub(super) fn new(columns: &'a [Option<Column>]) -> Line<'a> {
        Line { columns, unescaped: Vec::new(), number: String::new() }
    }

    /// Writes one row without its newline.
    pub(super) fn write(&mut self, row: &[u8], line: u32, batch: &mut Batch) {
        match self.cells(row, batch) {
            Ok(()) => batch.end_row(line),
            Err(why) => batch.broken_row(line, why),
        }
    }

    fn cells(&mut self, row: &[u8], batch: &mut Batch) -> Result<(), &'static str> {
        if row.len() > RECORD_BYTES_MAX {
            return Err(TOO_LONG);
        }
        let (mut from, mut place) = (0, 0);
        for end in memchr_iter(b'\t', row).chain([row.len()]) {
            let column = *self.columns.get(place).ok_or(CELLS)?;
            self.cell(column, &row[from..end], batch)?;
            (from, place) = (end + 1, place + 1);
        }
        if place == self.columns.len() { Ok(()) } else { Err(CELLS) }
    }

    fn cell(&mut self, column: Option<Column>, raw: &[u8], batch: &mut Batch) -> Result<(), &'static str> {
        let Some(column) = column.filter(|_| raw != b"\\N") else {
            batch.push_cell("");
            return Ok(());
        };
        let bytes = match memchr(b'\\', raw) {
            None => raw,
            Some(_) => {
                self.unescaped.clear();
                unescape(raw, &mut self.unescaped);
                &self.unescaped
            }
        };
        let text = std::str::from_utf8(bytes).map_err(|_| NO_TEXT)?;
        match column {
            Column::Boolean => batch.push_cell(if text == "t" { "1" } else { "0" }),
            Column::Moment => batch.push_cell(moment(text)),
            Column::Float => {
                self.number.clear();
                float(text, &mut self.number)?;
                batch.push_cell(&self.number);
            }
            Column::Text | Column::Nested => batch.push_cell(text),
        }
        Ok(())
    }
}

/// Without fraction and zone. Years before Christ and `infinity` stay, and are no date to whoever reads them.
fn moment(text: &str) -> &str {
    match text.get(..MOMENT_BYTES) {
        Some(plain) if text.as_bytes()[10] == b' ' && !text.ends_with("BC") => plain,
        _ => text,
    }
}

fn float(text: &str, out: &mut String) -> Result<(), &'static str> {
    match text.parse::<f64>() {
        Ok(number) if number.is_nan() => Ok(()),
        Ok(number) if number.abs() >= EXACT_BELOW => Err(LOST),
        Ok(number) => {
            plain_number(out, number);
            Ok(())
        }
        Err(_) => {
            out.push_str(text);
            Ok(())
        }
    }
}

fn unescape(raw: &[u8], out: &mut Vec<u8>) {
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'v') => out.push(11),
            Some(other) => out.push(other),
            None => out.push(b'\\'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(columns: &[Option<Column>], row: &str) -> Result<Vec<String>, &'static str> {
        let mut batch = Batch::default();
        Line::new(columns).write(row.as_bytes(), 2, &mut batch);
        let record = batch.rows().next().unwrap();
        match record.broken {
            Some(why) => Err(why),
            None => Ok((0..record.len()).map(|place| record.get(place).to_owned()).collect()),
        }
    }

    #[test]
    fn escapes_and_nulls_are_read_back() {
        let text = Some(Column::Text);
        assert_eq!(
            read(&[text, text, text, text], "枣庄\\t\\\\N\t\\N\t\t第一行\\n第二行\\r\\b\\f\\v").unwrap(),
            ["枣庄\t\\N", "", "", "第一行\n第二行\r\u{8}\u{c}\u{b}"]
        );
        assert_eq!(read(&[text, None], "a\tb").unwrap(), ["a", ""]);
        assert_eq!(read(&[text], "a\tb"), Err(CELLS));
        assert_eq!(read(&[text, text], "a"), Err(CELLS));
    }

    #[test]
    fn types_are_told_as_a_csv_would() {
        let one = |column, cell| read(&[Some(column)], cell).map(|cells| cells[0].clone());
        assert_eq!(one(Column::Boolean, "t").unwrap(), "1");
        assert_eq!(one(Column::Boolean, "f").unwrap(), "0");
        assert_eq!(one(Column::Float, "1e-05").unwrap(), "0.00001");
        assert_eq!(one(Column::Float, "370402").unwrap(), "370402");
        assert_eq!(one(Column::Float, "NaN").unwrap(), "");
        assert_eq!(one(Column::Float, "3.7040219900101e+17"), Err(LOST));
        assert_eq!(one(Column::Moment, "2026-01-05 08:30:01.25+08").unwrap(), "2026-01-05 08:30:01");
        assert_eq!(one(Column::Moment, "infinity").unwrap(), "infinity");
    }
}
