//! Files: which rows go where, and the threads that write them.

mod parquet;

pub(crate) use self::parquet::ParquetFile;
use super::city::{City, DIVISIONS, stream};
use super::defects::{Draft, Variant, spoil};
use super::random::Rng;
use super::sheet::Sheet;
use super::table::Table;
use super::{Format, GenerateError, Plan, gb18030};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Rows of the longest file.
const FILE_ROWS: u64 = 500_000;
/// Bytes gathered before they are written.
const FLUSH_BYTES: usize = 1 << 18;
/// Of the defects, one in so many rows stands in a file whose form is the defect.
const FORM_SHARE: f64 = 0.25;

/// One file to write.
struct Job<'a> {
    table: &'a Table,
    rows: Range<u64>,
    path: String,
    variant: Variant,
    /// Share of its rows that get a defect.
    chance: f64,
}

/// What was written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) defects: BTreeMap<&'static str, u64>,
}

/// What all threads share.
pub(super) struct Press<'a> {
    pub(super) plan: &'a Plan,
    pub(super) city: &'a City,
    pub(super) folder: &'a Path,
    /// For tables in GB18030; else UTF-8.
    pub(super) table: Option<gb18030::Table>,
    /// Told of rows as they are written.
    pub(super) progress: &'a (dyn Fn(u64) + Sync),
}

impl Press<'_> {
    /// Writes all tables, on the plan's threads. What is written does not depend on how many they are.
    pub(super) fn write(&self, tables: &[Table]) -> Result<Written, GenerateError> {
        let mut jobs: Vec<Job> = tables.iter().flat_map(|table| jobs(self.plan, table)).collect();
        for job in &jobs {
            let path = self.folder.join(&job.path);
            let parent = path.parent().unwrap_or(self.folder);
            // Never the folder itself: one that an interrupt has removed must not come back.
            let made = if parent == self.folder { Ok(()) } else { std::fs::create_dir(parent) };
            made.or_else(|error| if error.kind() == ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })
                .map_err(|source| GenerateError::io("create", parent, source))?;
        }
        // The longest first, so that no thread is left alone with one at the end.
        jobs.sort_by_key(|job| std::cmp::Reverse(job.rows.end - job.rows.start));
        let next = AtomicUsize::new(0);
        let work = || {
            let mut written = Written::default();
            let mut sheet = Sheet::default();
            while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let made = match self.plan.format {
                    Format::Csv => self.write_file(job, &mut sheet, &mut written),
                    Format::Parquet => self.write_parquet(job, &mut sheet, &mut written),
                };
                if let Err(error) = made {
                    next.store(jobs.len(), Ordering::Relaxed);
                    return Err(error);
                }
            }
            Ok(written)
        };
        thread::scope(|scope| {
            let others: Vec<_> = (1..self.plan.threads.max(1)).map(|_| scope.spawn(work)).collect();
            let mut all = work();
            for other in others {
                let written = other.join().unwrap_or(Err(GenerateError::Thread));
                all = all.and_then(|all| written.map(|written| all.and(written)));
            }
            all
        })
    }

    fn write_file(&self, job: &Job, sheet: &mut Sheet, written: &mut Written) -> Result<(), GenerateError> {
        let path = self.folder.join(&job.path);
        let mut file =
            File::create_new(&path).map_err(|source| GenerateError::io("create", &path, source))?;
        let mut told = job.rows.start;
        sheet.clear();
        header(job, sheet);
        for row in job.rows.clone() {
            if let Some(cells) = self.row(job, row, sheet, written) {
                sheet.take_back();
                sheet.rewrite(&cells);
            }
            if sheet.len() >= FLUSH_BYTES {
                written.bytes += self.flush(sheet, &mut file, &path)?;
                (self.progress)(row + 1 - told);
                told = row + 1;
            }
        }
        written.bytes += self.flush(sheet, &mut file, &path)?;
        written.count(job, job.variant != Variant::Plain);
        (self.progress)(job.rows.end - told);
        Ok(())
    }

    /// Writes one row into the sheet. Returned are its cells where they differ from those in the sheet.
    fn row(&self, job: &Job, row: u64, sheet: &mut Sheet, written: &mut Written) -> Option<Vec<String>> {
        job.table.write(self.city, row, sheet);
        if let Some(rng) = defective(self.city, job, row) {
            let (name, cells) = spoil_row(self.city, job, row, rng, sheet);
            *written.defects.entry(name).or_default() += 1;
            return Some(cells);
        }
        (job.variant == Variant::ExtraColumn).then(|| {
            let mut cells = sheet.cells();
            cells.push(row.to_string());
            cells
        })
    }

    fn write_parquet(
        &self,
        job: &Job,
        sheet: &mut Sheet,
        written: &mut Written,
    ) -> Result<(), GenerateError> {
        let path = self.folder.join(&job.path);
        let failed = |source| GenerateError::io("write", &path, source);
        let mut file = ParquetFile::create(&path, headers(job)).map_err(failed)?;
        let mut told = job.rows.start;
        sheet.clear();
        for row in job.rows.clone() {
            match self.row(job, row, sheet, written) {
                Some(cells) => file.row(cells.iter().map(String::as_str)),
                None => file.row(sheet.spans()),
            }
            sheet.clear();
            if file.flush_full().map_err(failed)? {
                (self.progress)(row + 1 - told);
                told = row + 1;
            }
        }
        written.bytes += file.close().map_err(failed)?;
        // A Parquet file has no byte-order mark.
        written.count(job, !matches!(job.variant, Variant::Plain | Variant::ByteOrderMark));
        (self.progress)(job.rows.end - told);
        Ok(())
    }

    fn flush(&self, sheet: &mut Sheet, file: &mut File, path: &Path) -> Result<u64, GenerateError> {
        let encoded = self.table.as_ref().map(|table| {
            let mut bytes = Vec::with_capacity(sheet.len());
            table.encode(&String::from_utf8_lossy(sheet.bytes()), &mut bytes);
            bytes
        });
        let bytes = encoded.as_deref().unwrap_or(sheet.bytes());
        file.write_all(bytes).map_err(|source| GenerateError::io("write", path, source))?;
        let length = bytes.len() as u64;
        sheet.clear();
        Ok(length)
    }
}

impl Written {
    /// Counts a file; `odd`: its form is a defect of all its rows.
    fn count(&mut self, job: &Job, odd: bool) {
        self.files += 1;
        if odd {
            *self.defects.entry(job.variant.word()).or_default() += job.rows.end - job.rows.start;
        }
    }

    fn and(mut self, other: Written) -> Written {
        self.files += other.files;
        self.bytes += other.bytes;
        for (name, count) in other.defects {
            *self.defects.entry(name).or_default() += count;
        }
        self
    }
}

/// The files of a table. A table without rows still has one, so that its source is there.
fn jobs<'a>(plan: &Plan, table: &'a Table) -> Vec<Job<'a>> {
    let rows = table.deal.rows();
    let variants = Variant::of(table.layout);
    let spoiled = rows as f64 * plan.defects;
    let each = (spoiled * FORM_SHARE / variants.len() as f64) as u64;
    let mut end = rows - each * variants.len() as u64;
    let chance = if end == 0 { 0.0 } else { (spoiled - (rows - end) as f64) / end as f64 };
    let mut jobs = Vec::new();
    let mut cut = |part: &str, first: u64, last: u64| {
        for (number, from) in (first..last).step_by(FILE_ROWS as usize).enumerate() {
            let part = match (number, part) {
                (0, part) => part.to_owned(),
                (_, "") => format!("{:03}", number + 1),
                (_, part) => format!("{part}-{:03}", number + 1),
            };
            let rows = from..last.min(from + FILE_ROWS);
            jobs.push(Job {
                table,
                rows,
                path: table.path(&part, plan.format),
                variant: Variant::Plain,
                chance,
            });
        }
    };
    if table.by_division() {
        for ((first, rows), division) in table.deal.divisions().zip(&DIVISIONS) {
            cut(division.code, first, end.min(first + rows));
        }
    } else {
        cut("", 0, end);
    }
    if rows == 0 {
        let path = table.path(if table.by_division() { DIVISIONS[0].code } else { "" }, plan.format);
        jobs.push(Job { table, rows: 0..0, path, variant: Variant::Plain, chance });
    }
    for &variant in variants.iter().filter(|_| each > 0) {
        let path = table.path(variant.word(), plan.format);
        jobs.push(Job { table, rows: end..end + each, path, variant, chance: 0.0 });
        end += each;
    }
    jobs
}

fn header(job: &Job, sheet: &mut Sheet) {
    if job.variant == Variant::ByteOrderMark {
        sheet.text("\u{FEFF}");
    }
    for header in headers(job) {
        sheet.cell(header);
    }
    sheet.close();
}

/// The header's cells.
fn headers<'a>(job: &Job<'a>) -> impl Iterator<Item = &'a str> {
    let variant = job.variant;
    let known = job.table.layout.iter().map(move |column| match variant {
        Variant::OldColumns if !column.old.is_empty() => column.old,
        Variant::ChineseHeaders => column.chinese,
        _ => column.code,
    });
    known.chain((variant == Variant::ExtraColumn).then_some("LSH"))
}

/// Chance of its own for the rows that get a defect.
fn defective(city: &City, job: &Job, row: u64) -> Option<Rng> {
    if job.chance <= 0.0 {
        return None;
    }
    let mut rng = Rng::of(city.seed, stream::DEFECTS ^ (job.table.stream << 8), row);
    (rng.unit() < job.chance).then_some(rng)
}

/// How far back a duplicate looks for a clean row.
const LOOK_BACK: u64 = 1000;

/// The name of the defect, and the cells of the row with it.
fn spoil_row(city: &City, job: &Job, row: u64, rng: Rng, sheet: &Sheet) -> (&'static str, Vec<String>) {
    let (layout, supply) = (job.table.layout, job.table.supply);
    let mut draft = Draft { cells: sheet.cells(), layout, supply, city, rng };
    let earlier = || {
        let from = job.rows.start.max(row.saturating_sub(LOOK_BACK));
        let clean = (from..row).rev().find(|earlier| defective(city, job, *earlier).is_none())?;
        let mut other = Sheet::default();
        job.table.write(city, clean, &mut other);
        Some(other.cells())
    };
    let name = spoil(&mut draft, earlier);
    (name, draft.cells)
}
