//! What is served now: a release, and what every reply about it shares, prepared once and swapped as one.

mod catalog;

use crate::domain::date::Day;
use crate::release::{Release, ReleaseError};
use crate::snapshot::mapping::Mapped;
use crate::snapshot::{PersonKeys, Snapshot, Trust};
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// A release with what is prepared of it.
#[derive(Debug)]
pub struct Serving {
    /// The release.
    pub release: Release,
    /// Body of `GET /v1/catalog/lists`.
    pub lists: Vec<u8>,
    /// Body of `GET /v1/catalog/measures`.
    pub measures: Vec<u8>,
    /// Body of `GET /v1/catalog/matters`.
    pub matters: Vec<u8>,
}

/// The `data` of every reply.
#[derive(Serialize)]
struct Data<'a> {
    release: &'a str,
    as_of: &'a str,
    corrections: u64,
    stale: Vec<&'a str>,
}

impl Serving {
    /// Opens a release folder and prepares what replies share.
    pub fn open(dir: &Path, keys: &PersonKeys) -> Result<Serving, ReleaseError> {
        Ok(Serving::new(Release::open(dir, keys, Trust::Nothing)?))
    }

    /// Prepares what replies share.
    pub fn new(release: Release) -> Serving {
        let entries = release.snapshot.catalogue().entries();
        let (lists, measures, matters) =
            (catalog::lists(entries), catalog::measures(entries), catalog::matters(entries));
        Serving { release, lists, measures, matters }
    }

    /// The number of the last correction that it honours: folded in by the build, or laid over the release.
    pub fn corrections(&self) -> u64 {
        self.release.manifest.corrections.last.max(u64::from(self.snapshot().overlay().last()))
    }

    /// The rows of the release.
    pub fn snapshot(&self) -> &Snapshot<Mapped> {
        &self.release.snapshot
    }

    /// Name of the release.
    pub fn name(&self) -> &str {
        &self.release.manifest.release
    }

    /// The `data` object of replies given on a day: release, its day, its corrections, the lists that are stale then.
    pub fn data(&self, day: Day) -> Vec<u8> {
        let manifest = &self.release.manifest;
        json(&Data {
            release: &manifest.release,
            as_of: &manifest.as_of,
            corrections: self.corrections(),
            stale: self.snapshot().stale_lists(day),
        })
    }
}

/// JSON of a value that always has one: structs of strings, numbers and lists.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// What is served now. Swapping publishes a new one to all [`Reader`]s without a lock on their side.
#[derive(Debug)]
pub struct Live {
    serving: RwLock<Arc<Serving>>,
    generation: AtomicU64,
}

impl Live {
    /// Serves this.
    pub fn new(serving: Serving) -> Arc<Live> {
        Arc::new(Live { serving: RwLock::new(Arc::new(serving)), generation: AtomicU64::new(0) })
    }

    /// What is served now.
    pub fn current(&self) -> Arc<Serving> {
        Arc::clone(&self.serving.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves something else from now on.
    pub fn swap(&self, serving: Serving) {
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(serving);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// A reader of one thread.
    pub fn reader(self: &Arc<Live>) -> Reader {
        let seen = self.generation.load(Ordering::Acquire);
        Reader { live: Arc::clone(self), serving: self.current(), seen, dated: None }
    }
}

/// One thread's view of what is served: it looks at a number, and only when that has changed at the rest.
#[derive(Debug)]
pub struct Reader {
    live: Arc<Live>,
    serving: Arc<Serving>,
    seen: u64,
    dated: Option<(Day, Vec<u8>)>,
}

impl Reader {
    /// What is served now, with the `data` object of that day.
    pub fn current(&mut self, day: Day) -> (&Serving, &[u8]) {
        let generation = self.live.generation.load(Ordering::Acquire);
        if generation != self.seen {
            self.serving = self.live.current();
            self.seen = generation;
            self.dated = None;
        }
        let serving = &*self.serving;
        if self.dated.as_ref().is_none_or(|(known, _)| *known != day) {
            self.dated = None;
        }
        let (_, data) = self.dated.get_or_insert_with(|| (day, serving.data(day)));
        (serving, data)
    }
}
