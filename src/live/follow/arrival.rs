//! Bringing one release in: from the store to the cache, verified, mapped, its pages in memory. On a thread of its own, so
//! that corrections go on meanwhile.

use super::cache::remove;
use super::{Settings, verified};
use crate::live::Serving;
use crate::release::pointer::Published;
use crate::release::signature::{Purpose, SignatureError};
use crate::release::store::{Extent, FetchError, Store, StoreError, fetch_extent};
use crate::release::verify::{SIGNATURE_FILE, SealError, verify_signature};
use crate::release::{
    MANIFEST_FILE, Manifest, ManifestError, Release, ReleaseError, read_manifest, sha256, sha256_file,
    verify_digest,
};
use crate::snapshot::{SnapshotError, Trust};
use std::io;
use std::path::{Path, PathBuf};

/// Why a release cannot be served.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArrivalError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It did not come over whole.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The manifest of the store.
    #[error("{MANIFEST_FILE} of {release} in the store: {source}")]
    Manifest {
        /// The release.
        release: String,
        /// Why.
        source: ManifestError,
    },
    /// Another manifest than `current` names.
    #[error(
        "{MANIFEST_FILE} of {release} has SHA-256 {found}, but `current` names {expected}: publish it again"
    )]
    Other {
        /// The release.
        release: String,
        /// In the file.
        found: String,
        /// In `current`.
        expected: String,
    },
    /// Its signature in the store.
    #[error("{SIGNATURE_FILE} of {release}: {source}")]
    Signature {
        /// The release.
        release: String,
        /// Why.
        source: SignatureError,
    },
    /// Its signature in the cache.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It does not open.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The cache.
    #[error("{}: {source}", path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The thread is gone.
    #[error("opening it ended in a panic: tell the makers, with the log")]
    Panic,
}

/// Opens a release from the cache, or brings it there first. A damaged copy in the cache gives way to a new one.
pub(super) fn bring(
    settings: &Settings,
    releases: &Path,
    wanted: &Published,
) -> Result<Serving, ArrivalError> {
    let home = releases.join(&wanted.release);
    if home.is_dir() {
        match open(settings, &home, wanted, false) {
            Err(error) if damaged(&error) => {
                tracing::warn!(%error, release = wanted.release, "damaged in the cache; it is fetched again");
                remove(&home).map_err(|source| ArrivalError::Cache { path: home.clone(), source })?;
            }
            other => return other,
        }
    }
    let store = Store::open(&settings.store)?;
    announced(settings, &store, wanted)?;
    let home = fetch_extent(&store, &wanted.release, releases, Extent::Serving)?;
    open(settings, &home, wanted, true)
}

/// What the manifest alone tells, before the rest is fetched: whether it is the one named, signed, and of our persons.
fn announced(settings: &Settings, store: &Store, wanted: &Published) -> Result<(), ArrivalError> {
    let release = || wanted.release.clone();
    let path = |file: &str| format!("releases/{}/{file}", wanted.release);
    let get = |path: String| store.get(&path)?.ok_or(StoreError::Missing(path));
    let bytes = get(path(MANIFEST_FILE))?;
    same(wanted, sha256(&bytes))?;
    if let Some(keys) = &settings.public_keys {
        let signature = store.get(&path(SIGNATURE_FILE))?.ok_or(SealError::Unsigned)?;
        let signature = String::from_utf8_lossy(&signature);
        let verified = keys.verify(Purpose::Manifest, &bytes, &signature);
        verified.map_err(|source| ArrivalError::Signature { release: release(), source })?;
    }
    let manifest = Manifest::parse(&bytes);
    let manifest = manifest.map_err(|source| ArrivalError::Manifest { release: release(), source })?;
    let (wanted, given) = (&manifest.persons.key, &settings.person_keys);
    if !given.all().iter().any(|key| key.id().to_string() == *wanted) {
        let error = SnapshotError::PersonKey { wanted: wanted.clone(), given: given.ids() };
        return Err(ReleaseError::Snapshot(error).into());
    }
    Ok(())
}

/// Opens what is in the cache. `fresh`: its digests were compared just now.
fn open(settings: &Settings, home: &Path, wanted: &Published, fresh: bool) -> Result<Serving, ArrivalError> {
    let path = home.join(MANIFEST_FILE);
    let found = sha256_file(&path).map_err(|source| ArrivalError::Cache { path, source })?;
    same(wanted, found)?;
    if let Some(keys) = &settings.public_keys {
        verify_signature(home, keys)?;
    }
    let manifest = read_manifest(home)?;
    let known = verified::is_known(home, &manifest, &wanted.manifest_sha256);
    if !known && !fresh {
        for part in &manifest.parts {
            verify_digest(home, &part.file, &part.sha256)?;
        }
    }
    let trust = if known { Trust::Sums } else { Trust::Nothing };
    let release = Release::open(home, &settings.person_keys, trust)?;
    if !known && let Err(error) = verified::remember(home, &manifest, &wanted.manifest_sha256) {
        // The next start reads all of it again.
        tracing::warn!(%error, "that the release was verified cannot be written down");
    }
    Ok(Serving::new(release))
}

fn same(wanted: &Published, found: String) -> Result<(), ArrivalError> {
    if found == wanted.manifest_sha256 {
        return Ok(());
    }
    let (release, expected) = (wanted.release.clone(), wanted.manifest_sha256.clone());
    Err(ArrivalError::Other { release, found, expected })
}

/// Whether a new copy may help: a key that does not fit stays the same.
fn damaged(error: &ArrivalError) -> bool {
    match error {
        ArrivalError::Release(ReleaseError::Snapshot(SnapshotError::PersonKey { .. })) => false,
        ArrivalError::Release(_) | ArrivalError::Other { .. } | ArrivalError::Cache { .. } => true,
        ArrivalError::Seal(SealError::Signature(SignatureError::Stranger { .. })) => false,
        ArrivalError::Seal(_) => true,
        _ => false,
    }
}
