//! A store in a folder. Files appear by rename, complete and on disk; writers take turns by the lock on `.lock`.
//!
//! Unfinished files have names that begin with a dot, which no path of a store does. Their writer holds a lock on
//! them, so that what a killed one left behind is told from what is being written.

use super::{GET_BYTES_MAX, StoreError, Target, Version, copy, new_file};
use crate::domain::text::hex;
use sha2::{Digest, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

const LOCK_FILE: &str = ".lock";
const UNFINISHED: &str = ".tmp-";
/// Makes names of unfinished files differ within the process.
static SERIAL: AtomicU64 = AtomicU64::new(0);

/// A store in a folder.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

/// A file that is being written. Removed unless it got its name.
struct Unfinished {
    path: PathBuf,
    /// Keeps the lock.
    file: File,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the rename there is nothing to remove; else the next `prepare` tries again.
        fs::remove_file(&self.path).unwrap_or_default();
    }
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Folder {
        Folder { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn prepare(&self) -> Result<(), StoreError> {
        make_folders(&self.root).map_err(|e| at(&self.root, e))?;
        let lock = self.lock()?;
        self.sweep(&self.root)?;
        drop(lock);
        Ok(())
    }

    pub(super) fn get(&self, path: &str) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        let place = self.root.join(path);
        let Some((file, length)) = self.open(&place)? else { return Ok(None) };
        let mut bytes = Vec::new();
        if length <= GET_BYTES_MAX {
            file.take(GET_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|e| at(&place, e))?;
        }
        let length = length.max(bytes.len() as u64);
        if length > GET_BYTES_MAX {
            return Err(StoreError::TooLong { path: path.to_owned(), bytes: length });
        }
        let version = version(&bytes);
        Ok(Some((bytes, version)))
    }

    pub(super) fn replace(
        &self,
        path: &str,
        expected: Option<&Version>,
        bytes: &[u8],
    ) -> Result<Version, StoreError> {
        let mut unfinished = self.begin(path)?;
        unfinished.file.write_all(bytes).map_err(|e| at(&unfinished.path, e))?;
        self.finish(unfinished, path, expected)?;
        Ok(version(bytes))
    }

    pub(super) fn upload(&self, path: &str, from: &Path) -> Result<(), StoreError> {
        let mut source = File::open(from).map_err(|e| at(from, e))?;
        if self.root.join(path).exists() {
            return Err(StoreError::Exists(path.to_owned()));
        }
        let mut unfinished = self.begin(path)?;
        copy(&mut source, &mut unfinished.file).map_err(|e| at(&unfinished.path, e))?;
        match self.finish(unfinished, path, None) {
            Err(StoreError::Changed(path)) => Err(StoreError::Exists(path)),
            other => other,
        }
    }

    pub(super) fn fetch(&self, path: &str, to: &Path) -> Result<u64, StoreError> {
        let opened = self.open(&self.root.join(path))?;
        let (mut source, _) = opened.ok_or_else(|| StoreError::Missing(path.to_owned()))?;
        let mut target = Target::new(to)?;
        let length = copy(&mut source, &mut target.file).map_err(|e| at(to, e))?;
        target.finish()?;
        Ok(length)
    }

    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        self.there()?;
        self.gather(&self.root.join(prefix), &mut found)?;
        Ok(found)
    }

    pub(super) fn delete(&self, path: &str) -> Result<(), StoreError> {
        let lock = self.lock()?;
        let place = self.root.join(path);
        match fs::remove_file(&place) {
            Err(error) if absent(&error) => return Ok(()),
            other => other.map_err(|e| at(&place, e))?,
        }
        let mut folder = place.parent();
        while let Some(open) = folder {
            sync(open)?;
            // A folder that holds more stays, and so do those above it.
            let emptied = open != self.root && fs::remove_dir(open).is_ok();
            folder = if emptied { open.parent() } else { None };
        }
        drop(lock);
        Ok(())
    }

    /// A file and its length; a folder is no file.
    fn open(&self, place: &Path) -> Result<Option<(File, u64)>, StoreError> {
        let file = match File::open(place) {
            Err(error) if absent(&error) => return self.there().map(|()| None),
            other => other.map_err(|e| at(place, e))?,
        };
        let found = file.metadata().map_err(|e| at(place, e))?;
        Ok(found.is_file().then_some((file, found.len())))
    }

    /// Nothing at all is there: perhaps a disk is not mounted, which must not look like an empty store.
    fn there(&self) -> Result<(), StoreError> {
        match fs::metadata(&self.root) {
            Ok(found) if found.is_dir() => Ok(()),
            Err(error) if !absent(&error) => Err(at(&self.root, error)),
            _ => Err(StoreError::NoFolder(self.root.clone())),
        }
    }

    /// Writers hold it while names come and go; the system lets go of it when one is killed.
    fn lock(&self) -> Result<File, StoreError> {
        self.there()?;
        let path = self.root.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(|e| at(&path, e))?;
        file.lock().map_err(|e| at(&path, e))?;
        Ok(file)
    }

    fn begin(&self, path: &str) -> Result<Unfinished, StoreError> {
        let place = self.root.join(path);
        let folder = place.parent().unwrap_or(&self.root);
        let lock = self.lock()?;
        make_folders(folder).map_err(|e| at(folder, e))?;
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{UNFINISHED}{}-{serial}", std::process::id()));
        // Another machine may have a process of this number; one that was killed here may have left its file.
        let path = (0..).map(|turn| path.with_extension(turn.to_string())).find(|path| !path.exists());
        let path = path.unwrap_or_else(|| folder.join(UNFINISHED));
        let file = new_file(&path).map_err(|e| at(&path, e))?;
        file.lock().map_err(|e| at(&path, e))?;
        drop(lock);
        Ok(Unfinished { path, file })
    }

    fn finish(
        &self,
        unfinished: Unfinished,
        path: &str,
        expected: Option<&Version>,
    ) -> Result<(), StoreError> {
        unfinished.file.sync_all().map_err(|e| at(&unfinished.path, e))?;
        let place = self.root.join(path);
        let lock = self.lock()?;
        let fits = match expected {
            None => !place.exists(),
            Some(version) => self.get(path)?.is_some_and(|(_, found)| found == *version),
        };
        if !fits {
            return Err(StoreError::Changed(path.to_owned()));
        }
        fs::rename(&unfinished.path, &place).map_err(|e| at(&place, e))?;
        sync(place.parent().unwrap_or(&self.root))?;
        drop(lock);
        Ok(())
    }

    fn gather(&self, folder: &Path, found: &mut Vec<String>) -> Result<(), StoreError> {
        let entries = match fs::read_dir(folder) {
            Err(error) if absent(&error) => return Ok(()),
            other => other.map_err(|e| at(folder, e))?,
        };
        for entry in entries {
            let entry = entry.map_err(|e| at(folder, e))?;
            let kind = entry.file_type().map_err(|e| at(&entry.path(), e))?;
            if kind.is_dir() {
                self.gather(&entry.path(), found)?;
            } else if let Ok(path) = entry.path().strip_prefix(&self.root)
                && let Some(path) = path.to_str()
                && kind.is_file()
            {
                found.push(path.to_owned());
            }
        }
        Ok(())
    }

    /// Removes unfinished files whose writers are gone. The caller holds the lock, so none is just coming into being.
    fn sweep(&self, folder: &Path) -> Result<(), StoreError> {
        for entry in fs::read_dir(folder).map_err(|e| at(folder, e))? {
            let path = entry.map_err(|e| at(folder, e))?.path();
            if path.is_dir() {
                self.sweep(&path)?;
            } else if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(UNFINISHED))
                && File::open(&path).is_ok_and(|file| file.try_lock().is_ok())
            {
                fs::remove_file(&path).map_err(|e| at(&path, e))?;
            }
        }
        Ok(())
    }
}

/// Makes a folder, and all above it, that only the owner may enter; each is on disk before something is put in it.
fn make_folders(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        make_folders(above)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    folder.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| at(folder, e))
}

fn version(bytes: &[u8]) -> Version {
    Version(hex(&Sha256::digest(bytes)))
}

/// A file where a folder should be is as good as no file.
fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn at(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { path: path.to_path_buf(), source }
}
