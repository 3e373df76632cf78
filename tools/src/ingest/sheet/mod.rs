//! XLSX: the national template as departments fill it, with titles above the header, merged cells, dates as numbers.
//!
//! A workbook is one table: the headers of its sheets are laid over each other by their words. A thread of its own
//! streams one sheet after the other; what is whole in memory are the shared texts, bounded in [`size`].

mod header;
mod rows;
mod size;
mod value;

use self::header::Found;
use self::rows::{Merges, Rows};
use self::value::Kept;
use super::IngestError;
use super::csv::RECORD_BYTES_MAX;
use super::heading::{Heading, Headings};
use super::stream::{Outlet, Silence, Stream, Unread};
use super::table::{Batch, Table};
use calamine::{Reader, SheetType, Xlsx, XlsxError};
use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const MEND: &str = "the file is damaged, cut off, protected by a password or no .xlsx: save it again";
const TOO_LONG: &str = "the row is longer than 4 MiB";
const ERROR: &str = "a cell shows the error of a formula, such as #N/A";
const NO_VALUE: &str = "a formula has no value: open the file in a spreadsheet program and save it";
const LOST: &str =
    "a number of 16 or more digits: a spreadsheet keeps 15; format the column as text and type it again";
const NOTE: &str = "one merged cell spans the row: a note, not a row of the table";
/// A merged cell over fewer columns is a value of each of them.
const NOTE_COLUMNS: usize = 4;
/// A reader that is silent for so long hangs.
const WAIT: Duration = Duration::from_secs(600);

type Book = Xlsx<BufReader<File>>;

/// A workbook under reading.
pub(super) struct Sheets {
    name: String,
    header: Option<(u32, Vec<String>)>,
    odd: Vec<(u32, &'static str, String)>,
    state: State,
    done: Arc<AtomicU64>,
}

enum State {
    Found(Box<(Book, Plan)>),
    Streaming(Stream),
    Ended,
}

/// What of a workbook is read, and how.
struct Plan {
    sheets: Vec<SheetPlan>,
    /// By column of the table.
    headings: Vec<Heading>,
    epoch_1904: bool,
    bytes: u64,
}

struct SheetPlan {
    name: String,
    /// First row below the header, from 0.
    first: u32,
    /// By column of the sheet: its place in the table.
    places: Vec<Option<usize>>,
}

/// Opens a workbook; `name` is told in errors.
pub(super) fn open(path: &Path, name: &str, headings: Headings<'_>) -> Result<Sheets, IngestError> {
    let opened = catch_unwind(AssertUnwindSafe(|| begin(path, headings)));
    let (book, plan, header, odd) = opened
        .unwrap_or_else(|_| Err(MEND.to_owned()))
        .map_err(|what| IngestError::Unreadable { file: name.to_owned(), what })?;
    let state = if header.is_some() { State::Found(Box::new((book, plan))) } else { State::Ended };
    Ok(Sheets { name: name.to_owned(), header, odd, state, done: Arc::default() })
}

type Begun = (Book, Plan, Option<(u32, Vec<String>)>, Vec<(u32, &'static str, String)>);

fn begin(path: &Path, headings: Headings<'_>) -> Result<Begun, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let bytes = file.metadata().map_or(0, |meta| meta.len());
    size::check(&file)?;
    let mut book = Xlsx::new(BufReader::new(file)).map_err(damaged)?;
    let epoch_1904 = book.has_1904_epoch();
    let sheets: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();

    let mut found = Vec::new();
    for (place, sheet) in sheets.into_iter().enumerate() {
        let mut rows = Rows::new(book.worksheet_cells_reader(&sheet).map_err(damaged)?);
        if let Some(header) = header::find(&mut rows, headings).map_err(damaged)? {
            found.push((place, sheet, header));
        }
    }
    // Without a known header anywhere the first sheet is read as it is, so that its rows are refused and counted.
    let any = found.iter().any(|(_, _, header)| header.known);
    let mut odd = Vec::new();
    let mut read: Vec<(String, Found)> = Vec::new();
    for (place, sheet, header) in found {
        if header.known == any && (any || read.is_empty()) {
            read.push((sheet, header));
        } else {
            // Its name may be a person's.
            let detail = format!("sheet {} has no known header: not read", place + 1);
            odd.push((1, "unknown_sheet", detail));
        }
    }
    let line = read.first().map(|(_, header)| header.row + 1);
    let (names, sheets) = lay_over(read);
    let headings = names.iter().map(|name| headings(name)).collect();
    let plan = Plan { sheets, headings, epoch_1904, bytes };
    Ok((book, plan, line.map(|line| (line, names)), odd))
}

/// One header for all sheets: the columns of the first, then what later ones have beside.
fn lay_over(read: Vec<(String, Found)>) -> (Vec<String>, Vec<SheetPlan>) {
    let mut names: Vec<String> = Vec::new();
    let mut sheets = Vec::new();
    for (name, header) in read {
        let mut taken = vec![false; names.len()];
        let mut places = Vec::new();
        for column in header.columns {
            let same = names.iter().enumerate().find(|(at, name)| !taken[*at] && **name == column);
            let place = match same.map(|(at, _)| at) {
                Some(at) => at,
                None => {
                    names.push(column);
                    taken.push(false);
                    names.len() - 1
                }
            };
            taken[place] = true;
            places.push(Some(place));
        }
        sheets.push(SheetPlan { name, first: header.first, places });
    }
    (names, sheets)
}

fn damaged(error: XlsxError) -> String {
    format!("{error}; {MEND}")
}

impl Table for Sheets {
    fn header(&mut self) -> Result<Option<(u32, Vec<String>)>, IngestError> {
        Ok(self.header.clone())
    }

    fn fill(&mut self, batch: &mut Batch) -> Result<bool, IngestError> {
        if let State::Found(_) = self.state
            && let State::Found(found) = std::mem::replace(&mut self.state, State::Ended)
        {
            let (name, done) = (self.name.clone(), self.done.clone());
            let stream = Stream::start(move |outlet| {
                let (mut book, plan) = *found;
                let what = match stream(&mut book, &plan, outlet, &done) {
                    Ok(()) | Err(Stopped::Unread) => return Ok(()),
                    Err(Stopped::Damaged(error)) => damaged(error),
                };
                Err(IngestError::Unreadable { file: name, what })
            });
            self.state = State::Streaming(stream.map_err(|error| self.unreadable(error.to_string()))?);
        }
        let State::Streaming(stream) = &mut self.state else { return Ok(false) };
        stream.fill(batch, WAIT).map_err(|silence| match silence {
            Silence::Failed(error) => error,
            Silence::Late | Silence::Gone => self.unreadable(MEND.to_owned()),
        })
    }

    fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    fn odd(&mut self) -> Vec<(u32, &'static str, String)> {
        std::mem::take(&mut self.odd)
    }
}

impl Sheets {
    fn unreadable(&self, what: String) -> IngestError {
        IngestError::Unreadable { file: self.name.clone(), what }
    }
}

enum Stopped {
    Unread,
    Damaged(XlsxError),
}

impl From<XlsxError> for Stopped {
    fn from(error: XlsxError) -> Stopped {
        Stopped::Damaged(error)
    }
}

impl From<Unread> for Stopped {
    fn from(_: Unread) -> Stopped {
        Stopped::Unread
    }
}

/// All rows of all sheets, in order.
fn stream(book: &mut Book, plan: &Plan, outlet: &mut Outlet, done: &AtomicU64) -> Result<(), Stopped> {
    for (place, sheet) in plan.sheets.iter().enumerate() {
        let mut merges = Merges::new(book.merge_cells_by_sheet_name(&sheet.name)?);
        let mut rows = Rows::new(book.worksheet_cells_reader(&sheet.name)?);
        let all = rows.expected().max(1);
        let mut writer = RowWriter::new(plan);
        while let Some((row, cells)) = rows.next()? {
            if row < sheet.first {
                merges.pass(row, cells);
                continue;
            }
            let note = merges.spread(row, cells, sheet.places.len(), NOTE_COLUMNS);
            writer.write(sheet, row, cells, note, outlet.batch());
            outlet.pass_full()?;
            let share = (place as f64 + f64::from(row) / f64::from(all).max(f64::from(row)))
                / plan.sheets.len() as f64;
            done.store((plan.bytes as f64 * share) as u64, Ordering::Relaxed);
        }
    }
    done.store(plan.bytes, Ordering::Relaxed);
    Ok(())
}

/// Writes rows of a sheet in the order of the table's columns.
struct RowWriter<'a> {
    plan: &'a Plan,
    /// By column of the table: which cell of the row.
    order: Vec<Option<usize>>,
    scratch: String,
}

impl<'a> RowWriter<'a> {
    fn new(plan: &'a Plan) -> RowWriter<'a> {
        RowWriter { plan, order: Vec::new(), scratch: String::new() }
    }

    fn write(&mut self, sheet: &SheetPlan, row: u32, cells: &[(u32, Kept)], note: bool, batch: &mut Batch) {
        let line = row.saturating_add(1);
        if note {
            return batch.broken_row(line, NOTE);
        }
        self.order.clear();
        self.order.resize(self.plan.headings.len(), None);
        for (at, (column, _)) in cells.iter().enumerate() {
            if let Some(place) = sheet.places.get(*column as usize).copied().flatten() {
                self.order[place] = Some(at);
            }
        }
        let mut bytes = 0;
        for (at, heading) in self.order.iter().zip(&self.plan.headings) {
            self.scratch.clear();
            let kept = at.and_then(|at| cells.get(at)).map_or(&Kept::Blank, |(_, kept)| kept);
            let fault = match kept {
                _ if !heading.is_known() => None,
                Kept::Error => Some(ERROR),
                Kept::NoValue => Some(NO_VALUE),
                Kept::Number(number) if *heading == Heading::Free && value::has_lost_digits(*number) => {
                    Some(LOST)
                }
                Kept::Text(text) if text.contains('\0') => Some("the row holds NUL bytes"),
                kept => {
                    kept.push(&mut self.scratch, *heading == Heading::Date, self.plan.epoch_1904);
                    bytes += self.scratch.len();
                    (bytes > RECORD_BYTES_MAX).then_some(TOO_LONG)
                }
            };
            match fault {
                Some(why) => return batch.broken_row(line, why),
                None => batch.push_cell(&self.scratch),
            }
        }
        batch.end_row(line);
    }
}

#[cfg(test)]
mod tests;
