//! Parquet: columns as the text that the CSV of the same rows would hold.
//!
//! Pages are decoded into arrow arrays of about a megabyte of rows, and cells are written from there straight into
//! the batch. Columns that the kind of table lacks are seen by their header and never decoded.

mod cell;

use self::cell::{Cells, Lost};
use super::IngestError;
use super::csv::RECORD_BYTES_MAX;
use super::heading::Headings;
use super::table::{Batch, Table};
use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use ::parquet::basic::Type as Physical;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::ParquetMetaData;
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// Rows are decoded by about so many bytes at a time.
const DECODE_BYTES: u64 = 1 << 20;
/// And by at most so many rows.
const DECODE_ROWS: u64 = 4_096;
const TOO_LONG: &str = "the row is longer than 4 MiB";
const MEND: &str = "the file is damaged, cut off or no Parquet: export it again";

/// A Parquet file under reading.
pub(super) struct Parquet {
    name: String,
    headers: Vec<String>,
    /// By column of the file: its place among the decoded ones.
    decoded: Vec<Option<usize>>,
    reader: ParquetRecordBatchReader,
    /// Decoded columns under way, and the next of their rows.
    columns: Vec<Cells>,
    rows: usize,
    next: usize,
    /// Whether INT96 moments are in UTC, as all writers but Impala have them.
    zoned: Vec<bool>,
    /// Rows handed over.
    read: u64,
    total: u64,
    bytes: u64,
    scratch: String,
}

/// Opens a file; `name` is told in errors.
pub(super) fn open(path: &Path, name: &str, headings: Headings<'_>) -> Result<Parquet, IngestError> {
    let file = File::open(path).map_err(|error| unreadable(name, error.to_string()))?;
    let bytes = file.metadata().map_or(0, |meta| meta.len());
    let built = guarded(name, || build(file, headings))?;
    let Built { headers, decoded, reader, zoned, total } =
        built.map_err(|what| IngestError::Unreadable { file: name.to_owned(), what })?;
    Ok(Parquet {
        name: name.to_owned(),
        headers,
        decoded,
        reader,
        columns: Vec::new(),
        rows: 0,
        next: 0,
        zoned,
        read: 0,
        total,
        bytes,
        scratch: String::new(),
    })
}

struct Built {
    headers: Vec<String>,
    decoded: Vec<Option<usize>>,
    reader: ParquetRecordBatchReader,
    zoned: Vec<bool>,
    total: u64,
}

fn build(file: File, headings: Headings<'_>) -> Result<Built, String> {
    let found = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(damaged)?;
    let headers: Vec<String> = found.schema().fields().iter().map(|field| field.name().clone()).collect();
    for field in found.schema().fields() {
        refuse_nested(field)?;
    }
    let file_metadata = found.metadata().clone();
    // Columns are not nested: one leaf each, in the same order.
    let leaves = file_metadata.file_metadata().schema_descr_ptr();
    let physical = |at: usize| leaves.column(at).physical_type();
    let fields = found.schema().fields().iter().enumerate();
    let fields: Vec<Field> = fields.map(|(at, field)| as_read(field, physical(at))).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    let metadata = ArrowReaderMetadata::try_new(found.metadata().clone(), options).map_err(damaged)?;

    let known: Vec<usize> = headers
        .iter()
        .enumerate()
        .filter(|(_, header)| headings(header).is_known())
        .map(|(at, _)| at)
        .collect();
    let mut decoded = vec![None; headers.len()];
    for (place, at) in known.iter().enumerate() {
        decoded[*at] = Some(place);
    }
    let utc = utc_int96(&file_metadata);
    let zoned = known.iter().map(|at| utc && physical(*at) == Physical::INT96).collect();
    let total = u64::try_from(file_metadata.file_metadata().num_rows()).unwrap_or(0);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .with_projection(ProjectionMask::roots(&leaves, known))
        .with_batch_size(rows_at_a_time(&file_metadata))
        .build()
        .map_err(damaged)?;
    Ok(Built { headers, decoded, reader, zoned, total })
}

/// Text is read as views of its pages, which copies no bytes.
fn as_read(field: &Field, physical: Physical) -> Field {
    Field::new(field.name(), type_read(field.data_type(), physical), field.is_nullable())
}

fn type_read(found: &DataType, physical: Physical) -> DataType {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        // Nanoseconds end in 2262, and "for ever" is often 9999.
        DataType::Timestamp(..) if physical == Physical::INT96 => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        // Older writers leave text unmarked.
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        // How the program that wrote the file held it says nothing about the values.
        DataType::Dictionary(_, values) => type_read(values, physical),
        other => other.clone(),
    }
}

fn refuse_nested(field: &Field) -> Result<(), String> {
    if cell::is_plain(field.data_type()) {
        return Ok(());
    }
    Err(format!(
        "column `{}` is nested or of a type that no table has ({}), expected text, numbers, dates or booleans: \
         export it as text, or leave it out",
        field.name(),
        field.data_type()
    ))
}

/// Spark and Hive write instants in UTC as INT96, Impala the hour on the wall.
fn utc_int96(metadata: &ParquetMetaData) -> bool {
    let writer = metadata.file_metadata().created_by().unwrap_or_default();
    !writer.to_ascii_lowercase().starts_with("impala")
}

/// So many rows hold about [`DECODE_BYTES`].
fn rows_at_a_time(metadata: &ParquetMetaData) -> usize {
    let groups = metadata.row_groups();
    let widest = groups.iter().filter(|group| group.num_rows() > 0).map(|group| {
        u64::try_from(group.total_byte_size()).unwrap_or(0)
            / u64::try_from(group.num_rows()).unwrap_or(1).max(1)
    });
    (DECODE_BYTES / widest.max().unwrap_or(1).max(1)).clamp(16, DECODE_ROWS) as usize
}

fn damaged(error: ParquetError) -> String {
    format!("{error}; {MEND}")
}

fn unreadable(name: &str, what: String) -> IngestError {
    IngestError::Unreadable { file: name.to_owned(), what }
}

/// The decoder may panic on pages that are not what the footer says: that ends the file, not the program.
fn guarded<T>(name: &str, work: impl FnOnce() -> T) -> Result<T, IngestError> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| unreadable(name, format!("its pages contradict its footer; {MEND}")))
}

impl Table for Parquet {
    fn header(&mut self) -> Result<Option<(u32, Vec<String>)>, IngestError> {
        Ok((!self.headers.is_empty()).then(|| (1, self.headers.clone())))
    }

    fn fill(&mut self, batch: &mut Batch) -> Result<bool, IngestError> {
        let before = self.read;
        while !batch.is_full() {
            if self.next == self.rows && !self.decode()? {
                break;
            }
            while self.next < self.rows && !batch.is_full() {
                self.row(batch);
            }
        }
        Ok(self.read > before)
    }

    fn done(&self) -> u64 {
        let share = self.read as f64 / self.total.max(1) as f64;
        (self.bytes as f64 * share.min(1.0)) as u64
    }
}

impl Parquet {
    /// Decodes the next rows; `false` at the end.
    fn decode(&mut self) -> Result<bool, IngestError> {
        self.columns.clear();
        (self.rows, self.next) = (0, 0);
        let reader = &mut self.reader;
        let next = guarded(&self.name, || reader.next())?;
        let Some(next) = next else {
            if self.read < self.total {
                let what = format!("ends after {} of {} rows; {MEND}", self.read, self.total);
                return Err(unreadable(&self.name, what));
            }
            return Ok(false);
        };
        let rows = next.map_err(|error| unreadable(&self.name, format!("{error}; {MEND}")))?;
        self.rows = rows.num_rows();
        self.columns = self.cells(&rows)?;
        Ok(true)
    }

    fn cells(&self, rows: &RecordBatch) -> Result<Vec<Cells>, IngestError> {
        let made = rows.columns().iter().zip(&self.zoned).map(|(column, zoned)| {
            Cells::of(column, *zoned).ok_or_else(|| {
                unreadable(&self.name, format!("a column of type {} cannot be read", column.data_type()))
            })
        });
        made.collect()
    }

    fn row(&mut self, batch: &mut Batch) {
        let (row, mut bytes, mut fault) = (self.next, 0, None);
        self.next += 1;
        self.read += 1;
        let line = u32::try_from(self.read + 1).unwrap_or(u32::MAX);
        for place in &self.decoded {
            let Some(cells) = place.and_then(|place| self.columns.get(place)) else {
                batch.push_cell("");
                continue;
            };
            match cells.text(row, &mut self.scratch) {
                Ok(text) => {
                    bytes += text.len();
                    if bytes > RECORD_BYTES_MAX {
                        fault = Some(TOO_LONG);
                        break;
                    }
                    if text.as_bytes().contains(&0) {
                        fault = Some("the row holds NUL bytes");
                        break;
                    }
                    batch.push_cell(text);
                }
                Err(Lost(why)) => {
                    fault = Some(why);
                    break;
                }
            }
        }
        match fault {
            None => batch.end_row(line),
            Some(why) => batch.broken_row(line, why),
        }
    }
}

#[cfg(test)]
mod tests;
