//! Whether the disk has room for a build, told before it starts.

use crate::dataset::{Dataset, Format, SourceKind};
use crate::ingest::Files;
use std::io;
use std::path::Path;

/// Of the raw bytes of the rows, what their spilled form takes, in hundredths.
const SPILLED: u64 = 55;
/// And what the release takes, its sections while they grow counted too, in hundredths.
const RELEASE: u64 = 65;

/// Bytes of rows for a hundred bytes of the release that was made of them, its origins too: 410 of a generated city.
const ROWS_OF_RELEASE: u64 = 450;

/// What a build needs on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes of the tables, unpacked, as far as they can be told beforehand.
    pub rows: u64,
    /// Bytes that the build takes at most.
    pub needed: u64,
    /// Bytes that are free where it writes.
    pub free: u64,
}

/// How many times larger a table is unpacked.
fn growth(format: Option<Format>) -> u64 {
    match format {
        Some(Format::Plain) | None => 1,
        Some(Format::Gzip) => 6,
        Some(Format::Zstd | Format::Parquet | Format::Xlsx) => 8,
    }
}

impl Room {
    /// Estimates what a build of these files needs in a folder, with so many bytes of rows that are carried forward. Tables
    /// of a database have no size beforehand. `alone`: one part of so many is compiled; it needs the register, and its share
    /// of the rest.
    pub(crate) fn of(
        (dataset, files, carried): (&Dataset, &Files, u64),
        alone: Option<u32>,
        folder: &Path,
    ) -> io::Result<Room> {
        let unpacked = |file: usize| match (files.names.get(file), files.bytes.get(file)) {
            (Some(name), Some(bytes)) => bytes * growth(Format::of(Path::new(name))),
            _ => 0,
        };
        let (mut register, mut rows) = (0, carried);
        for (source, files) in dataset.sources.iter().zip(&files.of_source) {
            let bytes: u64 = (files.start as usize..files.end as usize).map(unpacked).sum();
            rows += bytes;
            register += if source.kind == SourceKind::Subject { bytes } else { 0 };
        }
        let whole = rows / 100 * (SPILLED + RELEASE);
        let needed = alone.map_or(whole, |parts| whole / u64::from(parts) + register / 100 * SPILLED);
        let disk = rustix::fs::statvfs(folder)?;
        Ok(Room { rows, needed, free: disk.f_bavail * disk.f_frsize })
    }

    /// Bytes of the rows of which a release of so many bytes was made.
    pub(crate) fn rows_of(release: u64) -> u64 {
        release.saturating_mul(ROWS_OF_RELEASE) / 100
    }

    /// Whether it fits.
    pub(crate) fn is_enough(&self) -> bool {
        self.needed <= self.free
    }
}
