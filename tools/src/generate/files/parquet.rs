//! One Parquet file, written row by row: all columns text, blank cells null.

use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Rows gathered before they are encoded.
const BATCH_ROWS: usize = 8_192;
/// Rows of a group: what of a file is in memory until it is written.
const GROUP_ROWS: usize = 128 * 1024;

/// A file under way.
pub(crate) struct ParquetFile {
    schema: SchemaRef,
    columns: Vec<StringBuilder>,
    rows: usize,
    writer: ArrowWriter<File>,
}

impl ParquetFile {
    /// Creates a file that must not exist.
    pub(crate) fn create<'h>(path: &Path, headers: impl Iterator<Item = &'h str>) -> io::Result<ParquetFile> {
        let file = File::create_new(path)?;
        let fields: Vec<Field> = headers.map(|header| Field::new(header, DataType::Utf8, true)).collect();
        let columns = fields.iter().map(|_| StringBuilder::new()).collect();
        let schema = Arc::new(Schema::new(fields));
        // Nobody looks for single rows: statistics and page indexes would only take room.
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true)
            .set_created_by("xinhe".to_owned())
            .build();
        let writer =
            ArrowWriter::try_new(file, schema.clone(), Some(properties)).map_err(io::Error::other)?;
        Ok(ParquetFile { schema, columns, rows: 0, writer })
    }

    /// Appends a row with a cell for each column.
    pub(crate) fn row<'c>(&mut self, cells: impl Iterator<Item = &'c str>) {
        let mut cells = cells.fuse();
        for column in &mut self.columns {
            match cells.next() {
                Some(cell) if !cell.is_empty() => column.append_value(cell),
                _ => column.append_null(),
            }
        }
        self.rows += 1;
    }

    /// Encodes what was gathered if that is enough; tells whether it was.
    pub(crate) fn flush_full(&mut self) -> io::Result<bool> {
        if self.rows < BATCH_ROWS {
            return Ok(false);
        }
        self.flush()?;
        Ok(true)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        let columns = self.columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(io::Error::other)
    }

    /// Ends the file and tells its bytes.
    pub(crate) fn close(mut self) -> io::Result<u64> {
        self.flush()?;
        self.writer.finish().map_err(io::Error::other)?;
        Ok(self.writer.bytes_written() as u64)
    }
}
