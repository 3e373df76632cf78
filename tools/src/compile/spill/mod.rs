//! What does not fit into memory: items by partition, in compressed frames with sums, in a folder that vanishes.

pub(crate) mod codec;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use xxhash_rust::xxh3::xxh3_64;

/// Raw bytes of a frame at most, but for a single larger item.
const FRAME_MAX: usize = 256 << 10;
/// And at least, so that frames compress.
const FRAME_MIN: usize = 4 << 10;
/// Files of a spill at most. Partitions side by side share one, which is deleted when all of them are done.
const FILES_MAX: usize = 64;

/// Where a frame stands.
#[derive(Debug, Clone, Copy)]
struct Frame {
    offset: u64,
    packed: u32,
    raw: u32,
    sum: u64,
}

/// One file of frames.
struct Bucket {
    path: PathBuf,
    file: File,
    end: AtomicU64,
    done: AtomicU64,
}

/// Items by partition. Threads write at once, each through its own [`Buffers`].
pub(crate) struct Spill {
    a_file: usize,
    buckets: Vec<Bucket>,
    frames: Vec<Mutex<Vec<Frame>>>,
}

impl Spill {
    /// Makes the files in a private folder; `name` begins their names.
    pub(crate) fn new(folder: &Path, name: &str, partitions: usize) -> io::Result<Spill> {
        let bucket = |number: usize| {
            let path = folder.join(format!("{name}-{number:04}"));
            let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
            let file = file.map_err(|error| named(&path, &error))?;
            Ok(Bucket { path, file, end: AtomicU64::new(0), done: AtomicU64::new(0) })
        };
        let a_file = partitions.div_ceil(FILES_MAX).max(1);
        let buckets = (0..partitions.div_ceil(a_file)).map(bucket).collect::<io::Result<_>>()?;
        Ok(Spill { a_file, buckets, frames: (0..partitions).map(|_| Mutex::default()).collect() })
    }

    /// Number of partitions.
    pub(crate) fn partitions(&self) -> usize {
        self.frames.len()
    }

    fn frames(&self, partition: usize) -> std::sync::MutexGuard<'_, Vec<Frame>> {
        self.frames[partition].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of a partition, unpacked.
    pub(crate) fn raw_bytes(&self, partition: usize) -> u64 {
        self.frames(partition).iter().map(|frame| u64::from(frame.raw)).sum()
    }

    fn write(&self, partition: usize, raw: &[u8], scratch: &mut Vec<u8>) -> io::Result<()> {
        scratch.resize(lz4_flex::block::get_maximum_output_size(raw.len()), 0);
        let packed = lz4_flex::block::compress_into(raw, scratch).map_err(io::Error::other)?;
        let bytes = &scratch[..packed];
        let bucket = &self.buckets[partition / self.a_file];
        let offset = bucket.end.fetch_add(packed as u64, Ordering::Relaxed);
        bucket.file.write_all_at(bytes, offset).map_err(|error| named(&bucket.path, &error))?;
        let frame = Frame { offset, packed: packed as u32, raw: raw.len() as u32, sum: xxh3_64(bytes) };
        self.frames(partition).push(frame);
        Ok(())
    }

    /// Appends all items of a partition to `out`, frame by frame; `each` sees `out` after every frame and may empty it.
    pub(crate) fn read(
        &self,
        partition: usize,
        out: &mut Vec<u8>,
        mut each: impl FnMut(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        let frames = self.frames(partition).clone();
        let bucket = &self.buckets[partition / self.a_file];
        let mut packed = Vec::new();
        for frame in frames {
            packed.resize(frame.packed as usize, 0);
            bucket.file.read_exact_at(&mut packed, frame.offset)?;
            if xxh3_64(&packed) != frame.sum {
                return Err(damaged(&bucket.path, frame.offset));
            }
            let start = out.len();
            out.resize(start + frame.raw as usize, 0);
            let length = lz4_flex::block::decompress_into(&packed, &mut out[start..]);
            if length.map_err(io::Error::other)? != frame.raw as usize {
                return Err(damaged(&bucket.path, frame.offset));
            }
            each(out)?;
        }
        Ok(())
    }

    /// A partition is read for the last time: its file goes when the last of its partitions is done.
    pub(crate) fn done(&self, partition: usize) -> io::Result<()> {
        let number = partition / self.a_file;
        let bucket = &self.buckets[number];
        let of = (self.partitions() - number * self.a_file).min(self.a_file) as u64;
        if bucket.done.fetch_add(1, Ordering::Relaxed) + 1 == of {
            fs::remove_file(&bucket.path)
        } else {
            Ok(())
        }
    }
}

/// An error that says which file it met.
fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The system or the disk gave back other bytes than were written.
fn damaged(path: &Path, offset: u64) -> io::Error {
    let words = format!(
        "{}: at byte {offset} a spilled frame does not fit its sum: the disk or the memory is faulty",
        path.display()
    );
    io::Error::new(io::ErrorKind::InvalidData, words)
}

/// One thread's items that are not yet written.
pub(crate) struct Buffers<'s> {
    spill: &'s Spill,
    pending: Vec<Vec<u8>>,
    frame: usize,
    scratch: Vec<u8>,
}

impl<'s> Buffers<'s> {
    /// Keeps about so many bytes in memory.
    pub(crate) fn new(spill: &'s Spill, memory: usize) -> Buffers<'s> {
        let frame = (memory / spill.partitions().max(1)).clamp(FRAME_MIN, FRAME_MAX);
        let pending = (0..spill.partitions()).map(|_| Vec::new()).collect();
        Buffers { spill, pending, frame, scratch: Vec::new() }
    }

    /// Adds an item: its length in four bytes, then what `fill` appends.
    pub(crate) fn push(&mut self, partition: usize, fill: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        let pending = &mut self.pending[partition];
        let start = pending.len();
        pending.extend_from_slice(&[0; 4]);
        fill(pending);
        let length = (pending.len() - start - 4) as u32;
        pending[start..start + 4].copy_from_slice(&length.to_le_bytes());
        if pending.len() >= self.frame { self.flush(partition) } else { Ok(()) }
    }

    fn flush(&mut self, partition: usize) -> io::Result<()> {
        let pending = &mut self.pending[partition];
        if !pending.is_empty() {
            self.spill.write(partition, pending, &mut self.scratch)?;
            pending.clear();
        }
        Ok(())
    }

    /// Writes what is pending. What is not flushed is lost, so this is the last call of every thread.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        (0..self.pending.len()).try_for_each(|partition| self.flush(partition))
    }
}

/// The items of a stretch of bytes, each with its place.
pub(crate) fn items(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let length = u32::from_le_bytes(*bytes.get(at..)?.first_chunk::<4>()?) as usize;
        let item = bytes.get(at + 4..at + 4 + length)?;
        let place = at + 4;
        at += 4 + length;
        Some((place, item))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(spill: &Spill, partition: usize) -> Vec<Vec<u8>> {
        let mut bytes = Vec::new();
        spill.read(partition, &mut bytes, |_| Ok(())).unwrap();
        items(&bytes).map(|(_, item)| item.to_vec()).collect()
    }

    #[test]
    fn items_come_back_by_partition() {
        let folder = tempfile::tempdir().unwrap();
        let spill = Spill::new(folder.path(), "rows", 40).unwrap();
        let mut buffers = Buffers::new(&spill, 1);
        for n in 0..20_000u32 {
            buffers.push(n as usize % 40, |out| out.extend(n.to_le_bytes().repeat(n as usize % 9))).unwrap();
        }
        buffers.finish().unwrap();
        for partition in 0..40 {
            let wanted: Vec<Vec<u8>> = (0..20_000u32)
                .filter(|n| *n as usize % 40 == partition)
                .map(|n| n.to_le_bytes().repeat(n as usize % 9))
                .collect();
            assert_eq!(all(&spill, partition), wanted);
            spill.done(partition).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_changed_byte_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let spill = Spill::new(folder.path(), "rows", 1).unwrap();
        let mut buffers = Buffers::new(&spill, 1);
        buffers.push(0, |out| out.extend([7; 100])).unwrap();
        buffers.finish().unwrap();
        let file = folder.path().join("rows-0000");
        let mut bytes = fs::read(&file).unwrap();
        bytes[3] ^= 1;
        fs::write(&file, bytes).unwrap();
        let error = spill.read(0, &mut Vec::new(), |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains("rows-0000"), "{error}");
    }
}
