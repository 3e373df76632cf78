//! Whether the disk has room for a build, told before it starts.

use crate::dataset::Format;
use crate::ingest::Files;
use std::io;
use std::path::Path;

/// Of the raw bytes of the rows, what their spilled form takes, in hundredths.
const SPILLED: u64 = 55;
/// And what the release takes, its sections while they grow counted too, in hundredths.
const RELEASE: u64 = 65;

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
    /// Estimates what a build of these files needs in a folder. Tables of a database have no size beforehand.
    pub(crate) fn of(files: &Files, folder: &Path) -> io::Result<Room> {
        let sizes = files.names.iter().zip(&files.bytes);
        let rows = sizes.map(|(name, bytes)| bytes * growth(Format::of(Path::new(name)))).sum();
        let disk = rustix::fs::statvfs(folder)?;
        Ok(Room { rows, needed: rows / 100 * (SPILLED + RELEASE), free: disk.f_bavail * disk.f_frsize })
    }

    /// Whether it fits.
    pub(crate) fn is_enough(&self) -> bool {
        self.needed <= self.free
    }
}
