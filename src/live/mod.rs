//! What is served now: a release under its corrections, with what every reply about it shares, swapped as one.

mod catalog;
mod clock;
pub mod follow;
mod swap;

/// What [`swap`] is made of; `tests/loom` has its own.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
    pub(super) use std::sync::{Arc, PoisonError, RwLock};
}

pub use clock::{Clock, Now, age_s};

use crate::domain::date::Day;
use crate::release::corrections::{Correction, lay_over};
use crate::release::{Release, ReleaseError};
use crate::snapshot::mapping::Mapped;
use crate::snapshot::{PersonKeys, Snapshot, SnapshotError, Trust};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use swap::{Slot, View};

/// A release under corrections, with what is prepared of it.
#[derive(Debug)]
pub struct Serving {
    /// The release.
    pub release: Release,
    /// Body of `GET /v1/catalog/lists`.
    pub lists: Arc<[u8]>,
    /// Body of `GET /v1/catalog/measures`.
    pub measures: Arc<[u8]>,
    /// Body of `GET /v1/catalog/matters`.
    pub matters: Arc<[u8]>,
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
        Serving { release, lists: lists.into(), measures: measures.into(), matters: matters.into() }
    }

    /// The same release under these corrections, of which those that it has folded in do nothing. Cheap: all but the
    /// corrections is shared.
    pub fn under(&self, corrections: &[Correction]) -> Result<Serving, SnapshotError> {
        let manifest = self.release.manifest.clone();
        let snapshot = lay_over(&self.release.snapshot, manifest.corrections.last, corrections)?;
        Ok(Serving {
            release: Release { manifest, snapshot },
            lists: Arc::clone(&self.lists),
            measures: Arc::clone(&self.measures),
            matters: Arc::clone(&self.matters),
        })
    }

    /// The number of the last correction that it honours: folded in by the build, or laid over the release.
    pub fn corrections(&self) -> u64 {
        self.release.manifest.corrections.last.max(u64::from(self.snapshot().overlay().last()))
    }

    /// The rows of the release.
    pub fn snapshot(&self) -> &Snapshot<Mapped> {
        &self.release.snapshot
    }

    /// Reads a byte of every page that a check may need.
    pub fn touch(&self) {
        for part in self.snapshot().parts() {
            part.touch();
        }
    }

    /// Name of the release.
    pub fn name(&self) -> &str {
        &self.release.manifest.release
    }

    /// Seconds since the day of its data was over.
    pub fn age_s(&self, now: Now) -> i64 {
        age_s(self.snapshot().as_of(), now)
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

/// When a release is old, and what it does then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aging {
    /// Older than this is old.
    pub max_age: Duration,
    /// An old release answers no checks.
    pub refuse: bool,
}

impl Aging {
    /// Nothing is ever old.
    pub const NEVER: Aging = Aging { max_age: Duration::MAX, refuse: false };
}

/// Why subjects are not answered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Nothing is served yet.
    Nothing,
    /// Corrections cannot be applied for longer than is tolerated: repaired records might be told.
    Gap,
    /// The release is older than it may be.
    Old,
}

impl Closed {
    /// Why, in words for operators and callers.
    pub const fn why(self) -> &'static str {
        match self {
            Closed::Nothing => "no release is served yet",
            Closed::Gap => {
                "corrections are published that cannot be applied, for longer than corrections.gap_tolerated"
            }
            Closed::Old => "the release is older than release.max_age",
        }
    }
}

/// What is served now. Swapping publishes a new one to all [`Reader`]s without a lock on their side.
#[derive(Debug)]
pub struct Live {
    slot: Slot<Serving>,
    gap: AtomicBool,
    aging: Aging,
}

impl Live {
    /// Serves this, however old it gets.
    pub fn new(serving: Serving) -> Arc<Live> {
        let live = Live::waiting(Aging::NEVER);
        drop(live.swap(serving));
        live
    }

    /// Serves nothing until something is swapped in.
    pub fn waiting(aging: Aging) -> Arc<Live> {
        Arc::new(Live { slot: Slot::new(), gap: AtomicBool::new(false), aging })
    }

    /// What is served now.
    pub fn current(&self) -> Option<Arc<Serving>> {
        self.slot.get()
    }

    /// Serves something else from now on, and hands back what was served. Who keeps that until nobody else has it spares
    /// the readers the cost of unmapping it.
    #[must_use = "the last holder of a release unmaps it"]
    pub fn swap(&self, serving: Serving) -> Option<Arc<Serving>> {
        self.slot.put(serving)
    }

    /// Whether the corrections have had a gap for too long.
    pub fn set_gap(&self, gap: bool) {
        self.gap.store(gap, Ordering::Release);
    }

    /// Why subjects are not answered for now; `None` if they are.
    pub fn closed(&self, now: Now) -> Option<Closed> {
        self.current().map_or(Some(Closed::Nothing), |serving| self.closed_with(&serving, now))
    }

    fn closed_with(&self, serving: &Serving, now: Now) -> Option<Closed> {
        if self.gap.load(Ordering::Acquire) {
            Some(Closed::Gap)
        } else if self.aging.refuse && self.is_old(serving, now) {
            Some(Closed::Old)
        } else {
            None
        }
    }

    /// Whether this is older than a release may be.
    pub fn is_old(&self, serving: &Serving, now: Now) -> bool {
        u64::try_from(serving.age_s(now)).is_ok_and(|age| age > self.aging.max_age.as_secs())
    }

    /// A reader of one thread.
    pub fn reader(self: &Arc<Live>) -> Reader {
        Reader { live: Arc::clone(self), view: View::new(&self.slot), dated: None }
    }
}

/// One thread's view of what is served: it looks at a number, and only when that has changed at the rest.
#[derive(Debug)]
pub struct Reader {
    live: Arc<Live>,
    view: View<Serving>,
    dated: Option<(Day, Vec<u8>)>,
}

impl Reader {
    /// Looks whether something else is served, and lets go of what is not any more.
    pub fn refresh(&mut self) {
        if self.view.refresh(&self.live.slot) {
            self.dated = None;
        }
    }

    /// What answers for subjects now, with the `data` object of the day.
    pub fn current(&mut self, now: Now) -> Result<(&Serving, &[u8]), Closed> {
        self.refresh();
        let serving = self.view.value().ok_or(Closed::Nothing)?;
        if let Some(closed) = self.live.closed_with(serving, now) {
            return Err(closed);
        }
        if self.dated.as_ref().is_none_or(|(known, _)| *known != now.day) {
            self.dated = None;
        }
        let (_, data) = self.dated.get_or_insert_with(|| (now.day, serving.data(now.day)));
        Ok((serving, data))
    }

    /// What is served now, also if it may not answer for subjects; and whether it is old.
    pub fn about(&mut self, now: Now) -> Result<(&Serving, bool), Closed> {
        self.refresh();
        let serving = self.view.value().ok_or(Closed::Nothing)?;
        Ok((serving, self.live.is_old(serving, now)))
    }
}
