//! The rows of a sheet, and what merged cells mean in them.

use super::value::Kept;
use calamine::{Dimensions, XlsxCellReader, XlsxError};
use std::io::{Read, Seek};

/// Rows with at least one value, in the order of the file. Hidden rows are rows like others.
pub(super) struct Rows<'a, RS: Read + Seek> {
    reader: XlsxCellReader<'a, RS>,
    /// The first cell of the next row.
    ahead: Option<(u32, u32, Kept)>,
    cells: Vec<(u32, Kept)>,
    started: bool,
}

impl<'a, RS: Read + Seek> Rows<'a, RS> {
    pub(super) fn new(reader: XlsxCellReader<'a, RS>) -> Rows<'a, RS> {
        Rows { reader, ahead: None, cells: Vec::new(), started: false }
    }

    /// The last row by the sheet's own account.
    pub(super) fn expected(&self) -> u32 {
        self.reader.dimensions().end.0
    }

    /// The next row, from 0, and its cells by column, blank ones left out.
    #[expect(clippy::type_complexity, reason = "a row of its number and its cells by column")]
    pub(super) fn next(&mut self) -> Result<Option<(u32, &mut Vec<(u32, Kept)>)>, XlsxError> {
        self.cells.clear();
        if !self.started {
            self.started = true;
            self.ahead = self.cell()?;
        }
        let Some((row, column, kept)) = self.ahead.take() else { return Ok(None) };
        self.cells.push((column, kept));
        loop {
            match self.cell()? {
                Some((same, column, kept)) if same == row => self.cells.push((column, kept)),
                ahead => {
                    self.ahead = ahead;
                    return Ok(Some((row, &mut self.cells)));
                }
            }
        }
    }

    /// The next cell that is not blank.
    fn cell(&mut self) -> Result<Option<(u32, u32, Kept)>, XlsxError> {
        while let Some(cell) = self.reader.next_cell_with_formula_metadata()? {
            let kept = Kept::of(cell.value, cell.formula.is_some());
            if !kept.is_blank() {
                return Ok(Some((cell.pos.0, cell.pos.1, kept)));
            }
        }
        Ok(None)
    }
}

/// Merged cells of a sheet, in the order of their first rows.
pub(super) struct Merges {
    /// Those whose first row is still to come, the next one last.
    later: Vec<Dimensions>,
    /// Those that reach the row under way, with the value that they show.
    open: Vec<(Dimensions, Kept)>,
}

impl Merges {
    pub(super) fn new(mut merges: Vec<Dimensions>) -> Merges {
        merges.sort_by_key(|merge| std::cmp::Reverse(merge.start));
        Merges { later: merges, open: Vec::new() }
    }

    /// Takes note of a row that is not read.
    pub(super) fn pass(&mut self, row: u32, cells: &[(u32, Kept)]) {
        self.open.retain(|(merge, _)| merge.end.0 >= row);
        while let Some(merge) = self.later.pop_if(|merge| merge.start.0 <= row) {
            let own = cells.iter().find(|(column, _)| (row, *column) == merge.start);
            if let Some((_, kept)) = own
                && merge.end.0 >= row
            {
                self.open.push((merge, kept.clone()));
            }
        }
    }

    /// Repeats merged values in every blank cell that they cover. Tells whether the row is one merged note over all
    /// its columns, at least `note` of them.
    pub(super) fn spread(
        &mut self,
        row: u32,
        cells: &mut Vec<(u32, Kept)>,
        columns: usize,
        note: usize,
    ) -> bool {
        self.pass(row, cells);
        let last = u32::try_from(columns).unwrap_or(u32::MAX).saturating_sub(1);
        let spans = |merge: &Dimensions| merge.start.1 == 0 && merge.end.1 >= last && columns >= note;
        if let [(0, _)] = cells[..]
            && self.open.iter().any(|(merge, _)| merge.start == (row, 0) && spans(merge))
        {
            return true;
        }
        for (merge, kept) in &self.open {
            for column in merge.start.1..=merge.end.1.min(last) {
                if !cells.iter().any(|(own, _)| *own == column) {
                    cells.push((column, kept.clone()));
                }
            }
        }
        false
    }
}
