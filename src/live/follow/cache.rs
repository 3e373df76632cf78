//! The server's own folder: releases that it maps, and what it last saw in the store, so that it starts without one.
//!
//! ```text
//! .lock                     one server a folder
//! releases/NAME/            a release, and verified.json: files that were verified, by size, time and manifest
//! seen/store                address of the store
//! seen/current              the newest `current`, as it was signed
//! seen/served               the release that was served last
//! seen/corrections/N.json   corrections since the older of the releases here, as they were signed
//! ```

use super::FollowError;
use crate::release::corrections::{FOLDER, Sealed, path};
use crate::release::pointer::{CURRENT_FILE, Pointer, Published, find, sequence_of};
use crate::release::signature::PublicKeys;
use crate::release::store::{Store, StoreError, correction_number};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const STORE_FILE: &str = "store";
const SERVED_FILE: &str = "served";
/// Begins the names of folders that are being removed.
const GONE: &str = ".gone-";

/// The folder, locked.
#[derive(Debug)]
pub(super) struct Cache {
    releases: PathBuf,
    seen: Store,
    _lock: File,
}

impl Cache {
    /// Takes the folder for this process. What it knows of another store is forgotten.
    pub(super) fn open(dir: &Path, store_url: &str) -> Result<Cache, FollowError> {
        let at = |path: &Path| {
            let path = path.to_path_buf();
            move |source| FollowError::Cache { path, source }
        };
        let (releases, seen) = (dir.join("releases"), dir.join("seen"));
        for folder in [dir, &releases] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at(folder))?;
        }
        let dir = fs::canonicalize(dir).map_err(at(dir))?;
        let lock = dir.join(".lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock);
        let file = file.map_err(at(&lock))?;
        file.try_lock().map_err(|_| FollowError::Taken(dir.clone()))?;
        sweep(&releases).map_err(at(&releases))?;
        let url = format!("file://{}", dir.join("seen").display().to_string().replace('%', "%25"));
        let cache = Cache { releases, seen: Store::open(&url)?, _lock: file };
        cache.seen.prepare()?;
        let known = cache.seen.get(STORE_FILE)?;
        if known.as_deref() != Some(store_url.as_bytes()) {
            fs::remove_dir_all(&seen).map_err(at(&seen))?;
            cache.seen.prepare()?;
            cache.seen.create(STORE_FILE, store_url.as_bytes())?;
        }
        Ok(cache)
    }

    /// Folder of the releases.
    pub(super) fn releases(&self) -> &Path {
        &self.releases
    }

    /// What was last seen, as a store of its own.
    pub(super) fn seen(&self) -> &Store {
        &self.seen
    }

    /// The newest `current` that was seen. One that is damaged here is as good as none.
    pub(super) fn pointer(&self, keys: Option<&PublicKeys>) -> Option<Pointer> {
        match find(&self.seen, keys) {
            Ok(current) => current.map(|current| current.pointer),
            Err(error) => {
                tracing::warn!(%error, "what the cache remembers of the store cannot be read, and is not used");
                None
            }
        }
    }

    /// Keeps a `current` that was accepted.
    pub(super) fn keep_pointer(&self, bytes: &[u8]) -> Result<(), StoreError> {
        self.put(CURRENT_FILE, bytes)
    }

    /// The release that was served last.
    pub(super) fn served(&self) -> Option<Published> {
        let bytes = self.seen.get(SERVED_FILE).ok().flatten()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps which release is served.
    pub(super) fn keep_served(&self, release: &Published) -> Result<(), StoreError> {
        self.put(SERVED_FILE, &serde_json::to_vec(release).unwrap_or_default())
    }

    /// Keeps a correction. One of the same number that did not fit the chain gives way.
    pub(super) fn keep_correction(&self, sealed: &Sealed) -> Result<(), StoreError> {
        self.put(&path(sealed.correction.number), &sealed.bytes)
    }

    fn put(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        match self.seen.get_versioned(path)? {
            Some((known, _)) if known == bytes => Ok(()),
            Some((_, version)) => self.seen.replace(path, Some(&version), bytes).map(drop),
            None => self.seen.create(path, bytes),
        }
    }

    /// Whether a release is here, as far as its name tells.
    pub(super) fn has(&self, name: &str) -> bool {
        self.releases.join(name).is_dir()
    }

    /// The releases that are here.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.releases).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        // Only folders with the name of a release are releases.
        names.retain(|name| !name.starts_with('.') && sequence_of(name).is_some());
        names.sort_by_key(|name| (sequence_of(name), name.clone()));
        names
    }

    /// Removes all releases but these, and the corrections before number `since`. What is mapped stays until it is let go.
    pub(super) fn forget_but(&self, kept: &[&str], since: u64) -> io::Result<()> {
        for name in self.names().iter().filter(|name| !kept.contains(&name.as_str())) {
            remove(&self.releases.join(name))?;
            tracing::info!(release = name, "removed from the cache");
        }
        let failed = |error: StoreError| io::Error::other(error.to_string());
        for path in self.seen.list(FOLDER).map_err(failed)? {
            if correction_number(&path).is_some_and(|number| number < since) {
                self.seen.delete(&path).map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// Removes a release that is damaged or no longer wanted: out of sight first, so that half of one is never opened.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let gone = folder.with_file_name(format!("{GONE}{name}"));
    if gone.exists() {
        fs::remove_dir_all(&gone)?;
    }
    fs::rename(folder, &gone)?;
    fs::remove_dir_all(&gone)
}

/// What was not removed to its end.
fn sweep(releases: &Path) -> io::Result<()> {
    for entry in fs::read_dir(releases)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(GONE) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
