//! The disk under the log, as a trait, so that tests can let it lose, refuse and run full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes of a file of zeros that are written and synced at once.
const FILLED_AT_ONCE: usize = 1 << 20;
/// For so many times as long as a piece takes, the next one waits.
const OTHERS_SHARE: u32 = 2;
/// But not longer than this.
const REST_MAX: Duration = Duration::from_millis(100);

/// A disk.
pub trait Disk: Send + Sync + std::fmt::Debug {
    /// Makes a new file for the owner alone.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file to go on writing.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Puts a whole file in its place: afterwards it is there whole, or as before.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes a file of so many zeros that are on the disk themselves, at a pace that leaves the disk to others, as long as
    /// it is wanted. One of this name goes first.
    fn fill(&self, path: &Path, bytes: u64, wanted: &dyn Fn() -> bool) -> io::Result<()>;
    /// Gives a file another name; the folder is still to be synced.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes sure that files made or removed in a folder stay so.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// Gives a file of no content this size, for which the disk keeps room.
    fn keep_room(&self, path: &Path, bytes: u64) -> io::Result<()>;
}

/// A file of a disk.
pub trait DiskFile: Send + std::fmt::Debug {
    /// Writes all bytes at an offset.
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Makes sure that what was written stays (fdatasync).
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

/// The disk of the system.
#[derive(Debug, Clone, Copy)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Box::new(SystemFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(SystemFile(OpenOptions::new().write(true).open(path)?)))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let beside = path.with_extension("unfinished");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if let Err(error) = written.and_then(|()| fs::rename(&beside, path)) {
            // What is left of it must not take the room that the log needs.
            fs::remove_file(&beside).unwrap_or_default();
            return Err(error);
        }
        self.sync_folder(path.parent().unwrap_or(Path::new(".")))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn fill(&self, path: &Path, bytes: u64, wanted: &dyn Fn() -> bool) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let filled = fill(file, bytes, wanted);
        if filled.is_err() {
            fs::remove_file(path).unwrap_or_default();
        }
        filled
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn keep_room(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let before = file.metadata()?.len();
        if bytes <= before {
            return file.set_len(bytes);
        }
        let kept = rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes);
        if kept.is_err() {
            // Some file systems keep what they could give before they had to refuse.
            file.set_len(before)?;
        }
        kept.map_err(io::Error::from)
    }
}

/// Zeros, piece by piece: each is on the disk before the next, and the disk is others' for most of the time.
fn fill(mut file: File, bytes: u64, wanted: &dyn Fn() -> bool) -> io::Result<()> {
    let zeros = vec![0; FILLED_AT_ONCE];
    let mut left = bytes;
    while left > 0 {
        if !wanted() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let began = Instant::now();
        let piece = FILLED_AT_ONCE.min(usize::try_from(left).unwrap_or(usize::MAX));
        file.write_all(&zeros[..piece])?;
        file.sync_data()?;
        left -= piece as u64;
        if left > 0 {
            std::thread::sleep((began.elapsed() * OTHERS_SHARE).min(REST_MAX));
        }
    }
    Ok(())
}

/// Removes a file that may be gone already.
pub(super) fn remove_if_there(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    match disk.remove(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[derive(Debug)]
struct SystemFile(File);

impl DiskFile for SystemFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}
