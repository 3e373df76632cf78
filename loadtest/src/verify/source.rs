//! The states that may answer: one release, or what a store has served, under any number of corrections.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use xinhe::live::Serving;
use xinhe::release::corrections::{Correction, CorrectionsError, read_after};
use xinhe::release::pointer::{PointerError, find};
use xinhe::release::store::{FetchError, fetch_release};
use xinhe::release::{ReleaseError, Store, StoreError};
use xinhe::snapshot::{KeyError, PersonKeys, SnapshotError};

/// States that are kept open.
const KEPT_MAX: usize = 8;

/// Why replies cannot be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VerifyError {
    /// The key's file.
    #[error("--person-key {0}: {1}; give the person.key of the deployment")]
    Key(String, std::io::Error),
    /// What is in it.
    #[error("--person-key {0}: {1}")]
    KeyText(String, KeyError),
    /// The store.
    #[error("--verify: {0}")]
    Store(#[from] StoreError),
    /// What it serves.
    #[error("--verify: {0}")]
    Pointer(#[from] PointerError),
    /// It serves nothing.
    #[error("--verify: {0}: nothing is published there")]
    Nothing(String),
    /// A release that answered is not there.
    #[error(
        "--verify: release `{0}` answered, and the store does not have it; is it the store that the server follows?"
    )]
    Gone(String),
    /// A release of it.
    #[error("--verify: {0}")]
    Fetch(#[from] FetchError),
    /// A release.
    #[error("--verify: {0}")]
    Release(#[from] ReleaseError),
    /// Its corrections.
    #[error("--verify: {0}")]
    Corrections(#[from] CorrectionsError),
    /// The rows.
    #[error("--verify: the release cannot be read: {0}")]
    Snapshot(#[from] SnapshotError),
    /// The server serves something else.
    #[error(
        "--verify: the server answers from release `{found}`, and `{expected}` was given; give the store's URL if it changes"
    )]
    OtherRelease {
        /// What answered.
        found: String,
        /// What was given.
        expected: String,
    },
    /// A folder for releases.
    #[error("--verify: no folder for releases of the store: {0}")]
    Cache(std::io::Error),
}

/// Where states come from.
pub(super) struct Source {
    place: Place,
    keys: PersonKeys,
    /// Releases without corrections of the store.
    bases: Vec<Arc<Serving>>,
    /// Releases under corrections, the last used last.
    kept: Vec<Arc<Serving>>,
    opened: u64,
}

enum Place {
    Folder(PathBuf),
    /// Releases come into the cache, which vanishes with this.
    Store {
        store: Box<Store>,
        cache: TempDir,
    },
}

impl Source {
    /// A folder, or a store if it looks like a URL.
    pub(super) fn open(at: &str, key: &Path) -> Result<Self, VerifyError> {
        let file = key.display().to_string();
        let text = std::fs::read_to_string(key).map_err(|error| VerifyError::Key(file.clone(), error))?;
        let keys = PersonKeys::parse(&text).map_err(|error| VerifyError::KeyText(file, error))?;
        let place = if at.contains("://") {
            let cache = tempfile::Builder::new().prefix("xinhe-load-releases-").tempdir();
            let cache = cache.map_err(VerifyError::Cache)?;
            Place::Store { store: Box::new(Store::open(at)?), cache }
        } else {
            Place::Folder(PathBuf::from(at))
        };
        let mut source = Self { place, keys, bases: Vec::new(), kept: Vec::new(), opened: 0 };
        if let Place::Folder(folder) = &source.place {
            // A mistake is told before anything is sent.
            source.bases.push(Arc::new(Serving::open(folder, &source.keys)?));
        }
        Ok(source)
    }

    /// The release under its first so many corrections.
    pub(super) fn state(&mut self, release: &str, corrections: u64) -> Result<Arc<Serving>, VerifyError> {
        let fits = |one: &Arc<Serving>| one.name() == release && one.corrections() == corrections;
        if let Some(place) = self.kept.iter().rposition(fits) {
            if place + 1 < self.kept.len() {
                let used = self.kept.remove(place);
                self.kept.push(used);
            }
        } else {
            let opened = self.open_state(release, corrections)?;
            self.opened += 1;
            if self.kept.len() == KEPT_MAX {
                self.kept.remove(0);
            }
            self.kept.push(opened);
        }
        self.kept.last().cloned().ok_or_else(|| self.other(release))
    }

    /// How many different states there were.
    pub(super) fn opened(&self) -> u64 {
        self.opened
    }

    /// Any state, for questions that are refused before a release is looked at.
    pub(super) fn any(&self) -> Option<Arc<Serving>> {
        self.kept.last().or(self.bases.last()).cloned()
    }

    fn other(&self, found: &str) -> VerifyError {
        let expected = self.bases.first().map(|base| base.name().to_owned()).unwrap_or_default();
        VerifyError::OtherRelease { found: found.to_owned(), expected }
    }

    fn open_state(&mut self, release: &str, corrections: u64) -> Result<Arc<Serving>, VerifyError> {
        let base = match self.bases.iter().find(|base| base.name() == release) {
            Some(base) => Arc::clone(base),
            None => {
                let Place::Store { store, cache } = &self.place else { return Err(self.other(release)) };
                let current =
                    find(store, None)?.ok_or_else(|| VerifyError::Nothing(store.url().to_owned()))?;
                // Replies call a release by its own name, which begins that of its folder; the newest comes first.
                let begins = format!("{release}-");
                let mut published = current.pointer.releases.iter().map(|one| one.release.as_str());
                let name = published.find(|name| *name == release || name.starts_with(&begins));
                let folder = fetch_release(
                    store,
                    name.ok_or_else(|| VerifyError::Gone(release.to_owned()))?,
                    cache.path(),
                )?;
                let opened = Arc::new(Serving::open(&folder, &self.keys)?);
                self.bases.push(Arc::clone(&opened));
                opened
            }
        };
        let folded = base.release.manifest.corrections.last;
        let Place::Store { store, .. } = &self.place else { return Ok(base) };
        let mut since: Vec<Correction> = read_after(store, None, folded)?;
        let wanted = usize::try_from(corrections.saturating_sub(folded)).unwrap_or(usize::MAX);
        since.truncate(wanted);
        Ok(Arc::new(base.under(&since)?))
    }
}
