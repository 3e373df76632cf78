//! How following goes, for operators: told once a change in the log, at any moment in `/status` and `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// The store does not answer.
    Store,
    /// `current` is damaged, not signed by a known key, or went backwards.
    Pointer,
    /// The release that `current` names cannot be served.
    Release,
    /// A correction is missing, damaged, or not signed by a known key.
    Corrections,
    /// The server's own folder cannot be written.
    Cache,
}

impl Concern {
    /// All, in order.
    pub const ALL: [Concern; 5] =
        [Concern::Store, Concern::Pointer, Concern::Release, Concern::Corrections, Concern::Cache];

    /// The word in `/status` and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Concern::Store => "store",
            Concern::Pointer => "pointer",
            Concern::Release => "release",
            Concern::Corrections => "corrections",
            Concern::Cache => "cache",
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What was found and what to do.
    pub what: String,
    /// Since when.
    pub since: Instant,
    /// How often it was found.
    pub times: u64,
}

/// What the follower is at.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Sequence of the newest `current` that was seen.
    pub sequence: Option<u64>,
    /// Name of the folder of the release that is served.
    pub serving: Option<String>,
    /// Name of the folder of the release that should be served.
    pub wanted: Option<String>,
    /// It is pinned.
    pub pinned: bool,
    /// Name of the release that is being brought in.
    pub arriving: Option<String>,
    /// When the store was last asked.
    pub last_poll: Option<Instant>,
    /// When it last answered.
    pub last_answer: Option<Instant>,
    /// When it is asked next.
    pub next_poll: Option<Instant>,
    /// Failures of the store in a row.
    pub failures_in_a_row: u32,
    /// Releases in the cache.
    pub cached: Vec<String>,
    /// Corrections that do nothing in the release that is served.
    pub idle_corrections: usize,
    /// Since when corrections cannot be applied.
    pub gap_since: Option<Instant>,
    /// What is wrong, by [`Concern`].
    pub troubles: [Option<Trouble>; Concern::ALL.len()],
}

impl State {
    /// What is wrong with this.
    pub fn trouble(&self, concern: Concern) -> Option<&Trouble> {
        self.troubles[concern as usize].as_ref()
    }

    /// How long corrections could not be applied.
    pub fn gap(&self) -> Option<Duration> {
        self.gap_since.map(|since| since.elapsed())
    }
}

/// What is known of a follower. Shared with the ops listener.
#[derive(Debug)]
pub struct Following {
    /// Address of the store.
    pub store: String,
    state: Mutex<State>,
    /// Times that the store was asked.
    pub polls: AtomicU64,
    /// Times that it did not answer, or not well.
    pub poll_failures: AtomicU64,
    /// Releases that were swapped in.
    pub swaps: AtomicU64,
}

impl Following {
    pub(super) fn new(store: String) -> Following {
        let zero = || AtomicU64::new(0);
        Following { store, state: Mutex::default(), polls: zero(), poll_failures: zero(), swaps: zero() }
    }

    /// A copy of the state now.
    pub fn state(&self) -> State {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
    }

    pub(super) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that something is wrong. Logged if it was not known in these words.
    pub(super) fn wrong(&self, concern: Concern, what: String) {
        let place = &mut self.lock().troubles[concern as usize];
        let known = place.as_mut().filter(|known| gist(&known.what) == gist(&what));
        if let Some(known) = known {
            known.times += 1;
            known.what = what;
            return;
        }
        tracing::error!(concern = concern.word(), what, "following the store: something is wrong");
        *place = Some(Trouble { what, since: Instant::now(), times: 1 });
    }

    /// Notes that it is right. Logged if it was wrong.
    pub(super) fn right(&self, concern: Concern) {
        if let Some(trouble) = self.lock().troubles[concern as usize].take() {
            let lasted_s = trouble.since.elapsed().as_secs();
            tracing::info!(concern = concern.word(), lasted_s, "following the store: right again");
        }
    }

    pub(super) fn is_wrong(&self, concern: Concern) -> bool {
        self.lock().trouble(concern).is_some()
    }
}

/// What of a message stays the same from one poll to the next: all words but those that tell a time.
fn gist(what: &str) -> String {
    let is_time = |word: &&str| {
        let word = word.trim_end_matches([',', ';', ':', ')', '.']);
        let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        unit.len() < word.len() && matches!(unit, "ns" | "µs" | "ms" | "s")
    };
    what.split_whitespace().filter(|word| !is_time(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_the_same_whatever_time_it_took() {
        let following = Following::new("file:///x".to_owned());
        following.wrong(Concern::Store, "no answer after 2 tries, 1.204s, of 4s: refused".to_owned());
        let since = following.state().trouble(Concern::Store).unwrap().since;
        following.wrong(Concern::Store, "no answer after 2 tries, 983.1ms, of 4s: refused".to_owned());
        let known = following.state().trouble(Concern::Store).cloned().unwrap();
        assert_eq!((known.since, known.times), (since, 2));
        following.wrong(Concern::Store, "no such bucket 3s".to_owned());
        assert_eq!(following.state().trouble(Concern::Store).unwrap().times, 1);
        assert!(!following.is_wrong(Concern::Release));
        following.right(Concern::Store);
        assert!(!following.is_wrong(Concern::Store));
    }
}
