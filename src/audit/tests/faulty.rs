//! A disk that dies at a chosen operation, forgets what was not synced, refuses, or runs full.

use crate::audit::disk::{Disk, DiskFile, SystemDisk};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What was done to a file and may be forgotten.
#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Cut(u64),
}

/// What of a file survives for certain, and what may.
#[derive(Debug, Default)]
struct Known {
    /// Its folder was synced since it was made.
    named: bool,
    synced: Vec<u8>,
    since: Vec<Change>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<PathBuf, Known>,
    operations: u64,
    /// From this operation on nothing works any more.
    dies_at: Option<u64>,
    /// Operations that fail once, with this code of the system.
    fails: HashMap<u64, i32>,
    /// Every write and sync fails with this code of the system.
    refuses: Option<i32>,
    /// Bytes that the disk has left.
    free: Option<u64>,
    rooms: HashMap<PathBuf, u64>,
}

/// The disk. Reading goes to the files themselves, as from a page cache.
#[derive(Debug, Clone, Default)]
pub(super) struct FaultyDisk(Arc<Mutex<State>>);

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

impl FaultyDisk {
    pub(super) fn dying_at(operation: u64) -> FaultyDisk {
        let disk = FaultyDisk::default();
        disk.0.lock().unwrap().dies_at = Some(operation);
        disk
    }

    pub(super) fn with_free(bytes: u64) -> FaultyDisk {
        let disk = FaultyDisk::default();
        disk.0.lock().unwrap().free = Some(bytes);
        disk
    }

    pub(super) fn make_room(&self, bytes: u64) {
        let mut state = self.0.lock().unwrap();
        state.free = state.free.map(|free| free + bytes);
    }

    pub(super) fn fill(&self) {
        self.0.lock().unwrap().free = Some(0);
    }

    pub(super) fn refuse(&self, yes: bool) {
        self.0.lock().unwrap().refuses = yes.then_some(EIO);
    }

    pub(super) fn fail_once(&self, after: u64) {
        let mut state = self.0.lock().unwrap();
        let at = state.operations + after;
        state.fails.insert(at, EIO);
    }

    pub(super) fn operations(&self) -> u64 {
        self.0.lock().unwrap().operations
    }

    /// The power fails: what was synced stays, of the rest a part that the seed chooses.
    pub(super) fn lose_power(&self, seed: u64) {
        let mut state = self.0.lock().unwrap();
        state.dies_at = Some(0);
        let mut dice = seed;
        let mut roll = |sides: usize| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) as usize % sides.max(1)
        };
        for (path, known) in &state.files {
            if !known.named && roll(2) == 0 {
                fs::remove_file(path).unwrap();
                continue;
            }
            let mut bytes = known.synced.clone();
            let kept = roll(known.since.len() + 1);
            for (place, change) in known.since.iter().take(kept).enumerate() {
                let torn = place + 1 == kept;
                match change {
                    Change::Cut(length) => bytes.truncate(*length as usize),
                    Change::Write(offset, new) => {
                        let new = if torn { &new[..roll(new.len() + 1)] } else { &new[..] };
                        let end = *offset as usize + new.len();
                        if bytes.len() < end {
                            bytes.resize(end, 0);
                        }
                        bytes[*offset as usize..end].copy_from_slice(new);
                    }
                }
            }
            fs::write(path, bytes).unwrap();
        }
    }
}

impl State {
    /// One operation more, unless this is where the disk dies or fails.
    fn operation(&mut self, writes: bool) -> io::Result<()> {
        self.operations += 1;
        if self.dies_at.is_some_and(|dies_at| self.operations > dies_at) {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        let refuses = self.fails.remove(&self.operations).or(self.refuses.filter(|_| writes));
        refuses.map_or(Ok(()), |code| Err(io::Error::from_raw_os_error(code)))
    }

    fn take(&mut self, bytes: u64) -> io::Result<()> {
        match &mut self.free {
            Some(free) if *free < bytes => Err(io::Error::from_raw_os_error(ENOSPC)),
            Some(free) => {
                *free -= bytes;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn give(&mut self, bytes: u64) {
        self.free = self.free.map(|free| free + bytes);
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.0.lock().unwrap();
        state.operation(true)?;
        let file = SystemDisk.create(path)?;
        state.files.insert(path.to_owned(), Known::default());
        Ok(Box::new(FaultyFile { disk: self.clone(), path: path.to_owned(), file }))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.0.lock().unwrap();
        state.operation(false)?;
        let file = SystemDisk.open(path)?;
        let named = state.files.get(path).is_none_or(|known| known.named);
        let known = Known { named, synced: fs::read(path)?, since: Vec::new() };
        state.files.insert(path.to_owned(), known);
        Ok(Box::new(FaultyFile { disk: self.clone(), path: path.to_owned(), file }))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        // It writes, syncs, renames and syncs the folder: until the end the old file stands.
        for _ in 0..4 {
            state.operation(true)?;
        }
        state.take(bytes.len() as u64)?;
        SystemDisk.replace(path, bytes)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.operation(false)?;
        state.files.remove(path);
        SystemDisk.remove(path)
    }

    fn fill(&self, path: &Path, bytes: u64, wanted: &dyn Fn() -> bool) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.operation(true)?;
        state.take(bytes)?;
        if let Err(error) = SystemDisk.fill(path, bytes, wanted) {
            state.give(bytes);
            return Err(error);
        }
        let synced = vec![0; bytes as usize];
        state.files.insert(path.to_owned(), Known { named: false, synced, since: Vec::new() });
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.operation(true)?;
        SystemDisk.rename(from, to)?;
        if let Some(known) = state.files.remove(from) {
            state.files.insert(to.to_owned(), Known { named: false, ..known });
        }
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.operation(true)?;
        state.files.values_mut().for_each(|known| known.named = true);
        SystemDisk.sync_folder(path)
    }

    fn keep_room(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let mut state = self.0.lock().unwrap();
        state.operation(true)?;
        let before = state.rooms.get(path).copied().unwrap_or_default();
        if bytes > before {
            state.take(bytes - before)?;
        } else {
            state.give(before - bytes);
        }
        state.rooms.insert(path.to_owned(), bytes);
        Ok(())
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    path: PathBuf,
    file: Box<dyn DiskFile>,
}

impl DiskFile for FaultyFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        let length = fs::metadata(&self.path)?.len();
        let more = (offset + bytes.len() as u64).saturating_sub(length);
        let allowed = state.operation(true).and_then(|()| state.take(more));
        // A write that fails has written something all the same.
        let written = if allowed.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
        self.file.write_at(written, offset)?;
        if let Some(known) = state.files.get_mut(&self.path) {
            known.since.push(Change::Write(offset, written.to_vec()));
        }
        allowed
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        state.operation(true)?;
        let bytes = fs::read(&self.path)?;
        if let Some(known) = state.files.get_mut(&self.path) {
            known.synced = bytes;
            known.since.clear();
        }
        Ok(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        state.operation(false)?;
        let before = fs::metadata(&self.path)?.len();
        state.give(before.saturating_sub(length));
        if let Some(known) = state.files.get_mut(&self.path) {
            known.since.push(Change::Cut(length));
        }
        self.file.truncate(length)
    }
}
