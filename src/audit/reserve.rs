//! The reserve: room on the disk that is the log's alone, kept by a file without content. When others have filled the
//! disk, the log gives it up piece by piece and goes on, and operators have that long to make room.

use super::disk::Disk;
use std::io;
use std::path::PathBuf;

/// Name of the file.
const FILE: &str = "reserve";
/// Into how many pieces it is divided.
const PIECES: u64 = 16;
/// Room that there must be before the log takes entries again.
const PROBE_BYTES: u64 = 64 << 10;

/// The reserve of a log.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    wanted: u64,
    kept: u64,
}

impl Reserve {
    /// Keeps as much as the disk gives, at most what is wanted.
    pub(super) fn open(disk: &dyn Disk, dir: &std::path::Path, wanted: u64) -> Reserve {
        let mut reserve = Reserve { path: dir.join(FILE), wanted, kept: 0 };
        let mut size = wanted;
        while size > 0 && !reserve.keep(disk, size) {
            size /= 2;
        }
        reserve
    }

    /// Bytes that are kept now.
    pub(super) fn kept(&self) -> u64 {
        self.kept
    }

    /// Whether it is all there.
    pub(super) fn is_whole(&self) -> bool {
        self.kept >= self.wanted
    }

    fn keep(&mut self, disk: &dyn Disk, bytes: u64) -> bool {
        let kept = disk.keep_room(&self.path, bytes).is_ok();
        if kept {
            self.kept = bytes;
        }
        kept
    }

    /// Gives up a piece of at least so many bytes. Tells whether there was anything to give.
    pub(super) fn release(&mut self, disk: &dyn Disk, least: u64) -> bool {
        let piece = (self.wanted / PIECES).max(2 * least);
        self.kept > 0 && self.keep(disk, self.kept.saturating_sub(piece))
    }

    /// Asks for room, and keeps it if the reserve lacks it.
    pub(super) fn probe(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let before = self.kept;
        disk.keep_room(&self.path, before + PROBE_BYTES)?;
        self.kept = before + PROBE_BYTES;
        if self.kept > self.wanted {
            disk.keep_room(&self.path, before)?;
            self.kept = before;
        }
        Ok(())
    }

    /// Takes back what it gave up, as far as the disk has room. Tells whether it grew.
    pub(super) fn refill(&mut self, disk: &dyn Disk) -> bool {
        let piece = (self.wanted / PIECES).max(1);
        let more = (self.kept + piece).min(self.wanted);
        more > self.kept && self.keep(disk, more)
    }
}
