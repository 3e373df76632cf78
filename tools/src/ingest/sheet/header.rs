//! The header of a sheet: below titles and instructions, above the rows.

use super::super::heading::Headings;
use super::rows::Rows;
use calamine::XlsxError;
use std::io::{Read, Seek};

/// A header stands among the first rows with anything in them.
const LOOK_AT_ROWS: usize = 50;
/// A header has at most so many columns; the template has 33.
const COLUMNS_MAX: u32 = 1_024;

/// Where a table begins.
pub(super) struct Found {
    /// Row of the header, from 0.
    pub(super) row: u32,
    /// First row below it.
    pub(super) first: u32,
    /// Its cells, from the first column of the sheet to the last that is named.
    pub(super) columns: Vec<String>,
    /// Whether any of them is known.
    pub(super) known: bool,
}

struct Candidate {
    row: u32,
    columns: Vec<String>,
    known: usize,
    /// At least half of its cells are known.
    sure: bool,
}

/// Finds the first row of which at least half the cells are known columns, else the row with the most known ones,
/// else the first row. None: the sheet is empty.
pub(super) fn find<RS: Read + Seek>(
    rows: &mut Rows<'_, RS>,
    headings: Headings<'_>,
) -> Result<Option<Found>, XlsxError> {
    let mut best: Option<Candidate> = None;
    for _ in 0..LOOK_AT_ROWS {
        let Some(next) = candidate(rows, headings)? else { break };
        match &best {
            // Codes and Chinese names, one row each: both are header.
            Some(sure) if sure.sure => {
                let second = next.sure && next.known > 1 && next.row == sure.row + 1;
                return Ok(best.map(|best| best.found(second)));
            }
            Some(other) if !next.sure && next.known <= other.known => {}
            _ => best = Some(next),
        }
    }
    Ok(best.map(|best| best.found(false)))
}

fn candidate<RS: Read + Seek>(
    rows: &mut Rows<'_, RS>,
    headings: Headings<'_>,
) -> Result<Option<Candidate>, XlsxError> {
    let Some((row, cells)) = rows.next()? else { return Ok(None) };
    let mut columns = Vec::new();
    let mut known = 0;
    for (column, kept) in cells.iter().filter(|(column, _)| *column < COLUMNS_MAX) {
        let at = *column as usize;
        if columns.len() <= at {
            columns.resize(at + 1, String::new());
        }
        kept.push(&mut columns[at], false, false);
        known += usize::from(headings(&columns[at]).is_known());
    }
    let sure = known > 0 && 2 * known >= cells.len();
    Ok(Some(Candidate { row, columns, known, sure }))
}

impl Candidate {
    fn found(self, second: bool) -> Found {
        let first = self.row + 1 + u32::from(second);
        Found { row: self.row, first, columns: self.columns, known: self.known > 0 }
    }
}
