//! A release: a folder with a manifest and parts.

pub mod corrections;
mod manifest;
pub mod pointer;
pub mod store;
pub mod verify;

pub use manifest::{
    CorrectionsFolded, MANIFEST_FILE, Manifest, ManifestError, OriginsEntry, PartEntry, PersonDigests,
    SourceEntry,
};

pub use crate::signature;
pub use store::{Store, StoreError};

use crate::domain::text::hex;
use crate::snapshot::mapping::Mapped;
use crate::snapshot::{Origins, Part, PersonKeys, Snapshot, SnapshotError, Trust};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A release, opened for checks.
#[derive(Debug)]
pub struct Release {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its parts.
    pub snapshot: Snapshot<Mapped>,
}

/// Why a release cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The manifest is damaged.
    #[error("{}: {source}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ManifestError,
    },
    /// A part is damaged.
    #[error("{}: {source}", path.display())]
    Part {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SnapshotError,
    },
    /// A part that is not the one of the manifest.
    #[error("{}: {what} is {found}, the manifest says {expected}; fetch or build the release again", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
        /// In the file.
        found: String,
        /// In the manifest.
        expected: String,
    },
    /// Parts that do not make a release, or another deployment's.
    #[error(transparent)]
    Snapshot(SnapshotError),
}

impl Release {
    /// Opens a release folder: manifest, headers, and as trust asks the sums of all sections.
    pub fn open(dir: &Path, keys: &PersonKeys, trust: Trust) -> Result<Release, ReleaseError> {
        let manifest = read_manifest(dir)?;
        let parts = manifest.parts.iter().map(|entry| open_part(dir, entry, trust));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let snapshot = Snapshot::new(parts, keys).map_err(ReleaseError::Snapshot)?;
        Ok(Release { manifest, snapshot })
    }
}

/// Reads the manifest of a release folder.
pub fn read_manifest(dir: &Path) -> Result<Manifest, ReleaseError> {
    let path = dir.join(MANIFEST_FILE);
    let bytes = std::fs::read(&path).map_err(|source| ReleaseError::Io { path: path.clone(), source })?;
    Manifest::parse(&bytes).map_err(|source| ReleaseError::Manifest { path, source })
}

/// Opens a part and compares it with what the manifest says of it.
pub fn open_part(dir: &Path, entry: &PartEntry, trust: Trust) -> Result<Part<Mapped>, ReleaseError> {
    let path = dir.join(&entry.file);
    let bytes = map(&path, entry.bytes)?;
    let part =
        Part::open(bytes, trust).map_err(|source| ReleaseError::Part { path: path.clone(), source })?;
    same(&path, "its header", format!("{:016x}", part.header_sum()), &entry.header)?;
    Ok(part)
}

/// Opens the origins file of a part and sees that it is this part's; none of a part of format 1.
pub fn open_origins(dir: &Path, entry: &PartEntry) -> Result<Option<Origins<Mapped>>, ReleaseError> {
    let Some(OriginsEntry { file, bytes, .. }) = &entry.origins else { return Ok(None) };
    let path = dir.join(file);
    let bytes = map(&path, *bytes)?;
    let origins = Origins::open(bytes).map_err(|source| ReleaseError::Part { path: path.clone(), source })?;
    same(&path, "the header of its part", format!("{:016x}", origins.part_header()), &entry.header)?;
    Ok(Some(origins))
}

/// Opens the origins file of the part in this place of a release folder. What a server answers needs none.
pub fn origins_of(dir: &Path, place: u32) -> Result<Option<Origins<Mapped>>, ReleaseError> {
    let manifest = read_manifest(dir)?;
    manifest.parts.get(place as usize).map_or(Ok(None), |entry| open_origins(dir, entry))
}

fn map(path: &Path, length: u64) -> Result<Mapped, ReleaseError> {
    let bytes = Mapped::open(path).map_err(|source| ReleaseError::Io { path: path.to_path_buf(), source })?;
    same(path, "its length", bytes.as_ref().len().to_string(), &length.to_string())?;
    Ok(bytes)
}

fn same(path: &Path, what: &'static str, found: String, expected: &str) -> Result<(), ReleaseError> {
    if found == expected {
        return Ok(());
    }
    Err(ReleaseError::Mismatch { path: path.to_path_buf(), what, found, expected: expected.to_owned() })
}

/// Compares the SHA-256 of a file of the release with the manifest's.
pub fn verify_digest(dir: &Path, file: &str, sha256: &str) -> Result<(), ReleaseError> {
    let path = dir.join(file);
    let found = sha256_file(&path).map_err(|source| ReleaseError::Io { path: path.clone(), source })?;
    same(&path, "its SHA-256", found, sha256)
}

/// SHA-256 of a file, in hex.
pub fn sha256_file(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            length => digest.update(&buffer[..length]),
        }
    }
}

/// SHA-256 of bytes, in hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
