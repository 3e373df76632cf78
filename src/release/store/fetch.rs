//! Bringing a release from a store into a folder of the machine's own, whole or not at all.

use super::{Store, StoreError};
use crate::release::verify::SIGNATURE_FILE;
use crate::release::{MANIFEST_FILE, PartEntry, ReleaseError, read_manifest, verify_digest};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const LOCK_FILE: &str = ".lock";
const UNFINISHED: &str = ".fetch-";

/// Why a release cannot be brought in.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What came is not what the manifest says.
    #[error("fetched, but damaged: {0}")]
    Release(#[from] ReleaseError),
    /// The cache folder.
    #[error("{}: {source}; the cache needs room for a whole release", path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A folder that vanishes unless it got its name.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // What stays behind, the next fetch removes.
        fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// How much of a release is brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All that operators ask of it.
    Whole,
    /// What a server answers from: no origins files.
    Serving,
}

/// Brings a whole release into `cache_dir/name`, unless it is there, and tells that path. Every digest was compared before it
/// got its name. Who signed it is for the caller to verify.
///
/// Fetches into one cache take turns.
pub fn fetch_release(store: &Store, name: &str, cache_dir: &Path) -> Result<PathBuf, FetchError> {
    fetch_extent(store, name, cache_dir, Extent::Whole)
}

/// As [`fetch_release`], but only so much of it.
pub fn fetch_extent(
    store: &Store,
    name: &str,
    cache_dir: &Path,
    extent: Extent,
) -> Result<PathBuf, FetchError> {
    super::check_path(name)?;
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |source| FetchError::Cache { path, source }
    };
    let private = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
    private(cache_dir).map_err(at(cache_dir))?;
    let lock = cache_dir.join(LOCK_FILE);
    let turn = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&lock);
    let turn = turn.and_then(|turn| turn.lock().map(|()| turn)).map_err(at(&lock))?;
    sweep(cache_dir).map_err(at(cache_dir))?;

    let home = cache_dir.join(name);
    if home.join(MANIFEST_FILE).exists() {
        return Ok(home);
    }
    let unfinished = Unfinished(cache_dir.join(format!("{UNFINISHED}{name}")));
    let staged = unfinished.0.as_path();
    private(staged).map_err(at(staged))?;
    bring(store, name, staged, extent)?;
    File::open(staged).and_then(|folder| folder.sync_all()).map_err(at(staged))?;
    fs::rename(staged, &home).map_err(at(&home))?;
    File::open(cache_dir).and_then(|folder| folder.sync_all()).map_err(at(cache_dir))?;
    drop(turn);
    Ok(home)
}

fn bring(store: &Store, name: &str, staged: &Path, extent: Extent) -> Result<(), FetchError> {
    let path = |file: &str| format!("releases/{name}/{file}");
    store.fetch(&path(MANIFEST_FILE), &staged.join(MANIFEST_FILE))?;
    let manifest = read_manifest(staged)?;
    let listed = store.list(&format!("releases/{name}"))?;
    let signature = listed.iter().filter_map(|found| found.rsplit('/').next());
    let signature = signature.filter(|file| *file == SIGNATURE_FILE);
    let origins = |part: &PartEntry| part.origins.clone().filter(|_| extent == Extent::Whole);
    let parts: Vec<String> = manifest
        .parts
        .iter()
        .flat_map(|part| std::iter::once(part.file.clone()).chain(origins(part).map(|origins| origins.file)))
        .collect();
    for file in signature.chain(parts.iter().map(String::as_str)) {
        // The name of a part comes from outside: it may not lead out of the folder.
        if file.contains('/') {
            return Err(StoreError::Path(file.to_owned()).into());
        }
        store.fetch(&path(file), &staged.join(file))?;
    }
    for part in &manifest.parts {
        verify_digest(staged, &part.file, &part.sha256)?;
        if let Some(origins) = origins(part) {
            verify_digest(staged, &origins.file, &origins.sha256)?;
        }
    }
    Ok(())
}

/// What a killed fetch left behind. The caller holds the lock, so nobody is writing it.
fn sweep(cache_dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(cache_dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
