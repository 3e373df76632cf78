//! A release: a folder with a manifest and parts.

pub mod corrections;
mod manifest;
pub mod pointer;
pub mod signature;
pub mod store;
pub mod verify;

pub use manifest::{
    CorrectionsFolded, MANIFEST_FILE, Manifest, ManifestError, PartEntry, PersonDigests, SourceEntry,
};

pub use store::{Store, StoreError};

use crate::snapshot::mapping::Mapped;
use crate::snapshot::{Part, PersonKeys, Snapshot, SnapshotError, Trust};
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
    let bytes = Mapped::open(&path).map_err(|source| ReleaseError::Io { path: path.clone(), source })?;
    let found = bytes.as_ref().len().to_string();
    if found != entry.bytes.to_string() {
        return Err(ReleaseError::Mismatch {
            path,
            what: "its length",
            found,
            expected: entry.bytes.to_string(),
        });
    }
    let part =
        Part::open(bytes, trust).map_err(|source| ReleaseError::Part { path: path.clone(), source })?;
    let found = format!("{:016x}", part.header_sum());
    if found != entry.header {
        return Err(ReleaseError::Mismatch {
            path,
            what: "its header",
            found,
            expected: entry.header.clone(),
        });
    }
    Ok(part)
}

/// Compares the SHA-256 of a part with the manifest's.
pub fn verify_digest(dir: &Path, entry: &PartEntry) -> Result<(), ReleaseError> {
    let path = dir.join(&entry.file);
    let found = sha256_file(&path).map_err(|source| ReleaseError::Io { path: path.clone(), source })?;
    if found != entry.sha256 {
        return Err(ReleaseError::Mismatch {
            path,
            what: "its SHA-256",
            found,
            expected: entry.sha256.clone(),
        });
    }
    Ok(())
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

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
