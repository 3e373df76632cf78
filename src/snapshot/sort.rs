//! More keys than memory holds, in order: sorted runs in a file, merged by a heap.

use super::SnapshotError;
use super::spool::{named, unnamed};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Fewer bytes than this would make more runs than a merge can hold open.
const MEMORY_MIN: usize = 256 * 1024;
/// Bytes of a block of a run, about.
const BLOCK: usize = 32 * 1024;
/// Length and sum before each block.
const BLOCK_HEAD: usize = 12;
/// Length and value before each key.
const KEY_HEAD: usize = 10;

/// Keys with values, pushed in any order.
pub(super) struct Sorter {
    folder: Arc<Path>,
    memory: usize,
    keys: Vec<u8>,
    items: Vec<Item>,
    file: Option<File>,
    runs: Vec<Run>,
    written: u64,
}

#[derive(Clone, Copy)]
struct Item {
    at: u32,
    length: u16,
    value: u64,
}

/// Where a run lies in the file.
#[derive(Clone, Copy)]
struct Run {
    start: u64,
    end: u64,
}

impl Sorter {
    /// Keeps within about so many bytes, and writes runs into the folder.
    pub(super) fn new(folder: &Arc<Path>, memory: usize) -> Sorter {
        Sorter::of_size(folder, memory.clamp(MEMORY_MIN, u32::MAX as usize / 2))
    }

    fn of_size(folder: &Arc<Path>, memory: usize) -> Sorter {
        Sorter {
            folder: Arc::clone(folder),
            memory,
            keys: Vec::new(),
            items: Vec::new(),
            file: None,
            runs: Vec::new(),
            written: 0,
        }
    }

    /// Adds a key of at most 65,535 bytes.
    pub(super) fn push(&mut self, parts: &[&[u8]], value: u64) -> Result<(), SnapshotError> {
        let at = self.keys.len() as u32;
        parts.iter().for_each(|part| self.keys.extend_from_slice(part));
        let found = u64::from(self.keys.len() as u32 - at);
        let too_large =
            |_| SnapshotError::TooLarge { what: "length of a key of an index", found, most: u16::MAX.into() };
        let length = u16::try_from(found).map_err(too_large)?;
        self.items.push(Item { at, length, value });
        // Buffers double as they grow, so that a half of the memory is the most that they are filled to.
        if self.keys.len() + self.items.len() * size_of::<Item>() > self.memory / 2 {
            self.write_run()?;
        }
        Ok(())
    }

    fn sort(&mut self) {
        let keys = &self.keys;
        self.items.sort_unstable_by(|a, b| (key_of(keys, a), a.value).cmp(&(key_of(keys, b), b.value)));
    }

    fn write_run(&mut self) -> Result<(), SnapshotError> {
        self.sort();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(unnamed(&self.folder)?),
        };
        let start = self.written;
        let mut block = vec![0; BLOCK_HEAD];
        for (place, item) in self.items.iter().enumerate() {
            block.extend_from_slice(&item.length.to_le_bytes());
            block.extend_from_slice(&item.value.to_le_bytes());
            block.extend_from_slice(key_of(&self.keys, item));
            if block.len() >= BLOCK || place + 1 == self.items.len() {
                let (length, sum) = ((block.len() - BLOCK_HEAD) as u32, xxh3_64(&block[BLOCK_HEAD..]));
                block[..4].copy_from_slice(&length.to_le_bytes());
                block[4..BLOCK_HEAD].copy_from_slice(&sum.to_le_bytes());
                file.write_all(&block).map_err(|error| named(&self.folder, &error))?;
                self.written += block.len() as u64;
                block.truncate(BLOCK_HEAD);
            }
        }
        self.runs.push(Run { start, end: self.written });
        self.keys.clear();
        self.items.clear();
        Ok(())
    }

    /// Hands over every key once, in order, with the least of its values.
    pub(super) fn finish(
        mut self,
        mut each: impl FnMut(&[u8], u64) -> Result<(), SnapshotError>,
    ) -> Result<(), SnapshotError> {
        let mut last: Option<Vec<u8>> = None;
        let mut once = |key: &[u8], value: u64| match &mut last {
            Some(last) if last.as_slice() == key => Ok(()),
            Some(last) => {
                last.clear();
                last.extend_from_slice(key);
                each(key, value)
            }
            none => {
                *none = Some(key.to_vec());
                each(key, value)
            }
        };
        if self.runs.is_empty() {
            self.sort();
            return self.items.iter().try_for_each(|item| once(key_of(&self.keys, item), item.value));
        }
        if !self.items.is_empty() {
            self.write_run()?;
        }
        let Sorter { file: Some(file), runs, .. } = self else { return Ok(()) };
        let mut readers: Vec<RunReader> = runs.into_iter().map(RunReader::new).collect();
        let mut heap = BinaryHeap::with_capacity(readers.len());
        for (place, reader) in readers.iter_mut().enumerate() {
            let mut key = Vec::new();
            if let Some(value) = reader.next(&file, &mut key)? {
                heap.push(Reverse((key, value, place)));
            }
        }
        while let Some(Reverse((mut key, value, place))) = heap.pop() {
            once(&key, value)?;
            if let Some(value) = readers[place].next(&file, &mut key)? {
                heap.push(Reverse((key, value, place)));
            }
        }
        Ok(())
    }
}

fn key_of<'k>(keys: &'k [u8], item: &Item) -> &'k [u8] {
    keys.get(item.at as usize..item.at as usize + usize::from(item.length)).unwrap_or_default()
}

/// Reads a run block by block.
struct RunReader {
    next: u64,
    end: u64,
    block: Vec<u8>,
    at: usize,
}

impl RunReader {
    fn new(run: Run) -> RunReader {
        RunReader { next: run.start, end: run.end, block: Vec::new(), at: 0 }
    }

    /// Fills in the next key and returns its value.
    fn next(&mut self, file: &File, key: &mut Vec<u8>) -> Result<Option<u64>, SnapshotError> {
        if self.at == self.block.len() {
            if self.next == self.end {
                return Ok(None);
            }
            self.read_block(file)?;
        }
        let rest = self.block.get(self.at..).unwrap_or_default();
        let head = rest.first_chunk::<KEY_HEAD>().ok_or_else(damaged)?;
        let [a, b, value @ ..] = *head;
        let length = usize::from(u16::from_le_bytes([a, b]));
        key.clear();
        key.extend_from_slice(rest.get(KEY_HEAD..KEY_HEAD + length).ok_or_else(damaged)?);
        self.at += KEY_HEAD + length;
        Ok(Some(u64::from_le_bytes(value)))
    }

    fn read_block(&mut self, file: &File) -> Result<(), SnapshotError> {
        let mut head = [0; BLOCK_HEAD];
        file.read_exact_at(&mut head, self.next)?;
        let [a, b, c, d, sum @ ..] = head;
        let length = u32::from_le_bytes([a, b, c, d]);
        let end = self.next + BLOCK_HEAD as u64 + u64::from(length);
        if end > self.end {
            return Err(damaged());
        }
        self.block.resize(length as usize, 0);
        file.read_exact_at(&mut self.block, self.next + BLOCK_HEAD as u64)?;
        if xxh3_64(&self.block) != u64::from_le_bytes(sum) {
            return Err(damaged());
        }
        (self.next, self.at) = (end, 0);
        Ok(())
    }
}

fn damaged() -> SnapshotError {
    SnapshotError::Spilled("a sorted run does not read back as it was written")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(pairs: &[(Vec<u8>, u64)], memory: usize) -> Vec<(Vec<u8>, u64)> {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::of_size(&Arc::from(folder.path()), memory);
        pairs.iter().for_each(|(key, value)| sorter.push(&[key], *value).unwrap());
        let mut found = Vec::new();
        sorter
            .finish(|key, value| {
                found.push((key.to_vec(), value));
                Ok(())
            })
            .unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no file has a name");
        found
    }

    proptest! {
        #[test]
        fn keys_come_once_in_order_with_their_least_value_whatever_the_memory(
            pairs in proptest::collection::vec((proptest::collection::vec(0..4u8, 0..5), 0..9u64), 0..200),
            memory in 1..4000usize,
        ) {
            let mut expected = pairs.clone();
            expected.sort();
            expected.dedup_by(|later, earlier| later.0 == earlier.0);
            prop_assert_eq!(sorted(&pairs, memory), expected);
        }
    }

    #[test]
    fn a_run_of_many_blocks_reads_back() {
        let pairs: Vec<_> = (0..20_000u64).rev().map(|n| (n.to_be_bytes().to_vec(), n)).collect();
        let found = sorted(&pairs, 512 * 1024);
        assert!(found.iter().map(|(_, value)| *value).eq(0..20_000));
    }
}
