//! One turn of the follower after the other: ask, take in what has arrived, begin what is wanted.

mod release;

use super::arrival::ArrivalError;
use super::backoff::Backoff;
use super::cache::Cache;
use super::chain::Chain;
use super::status::{Concern, Following};
use super::{Event, Settings};
use crate::live::{Live, Serving};
use crate::release::corrections::{CorrectionsError, Sealed};
use crate::release::pointer::{Pointer, PointerError, Published, current};
use crate::release::store::Store;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A store that does not answer is asked again after at most this.
const STORE_WAIT_MOST: Duration = Duration::from_secs(10);
/// A release that could not be served is tried again after at least and at most this.
const RELEASE_WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// How often it is looked whether a release that is no longer served may be dropped.
const RETIRE_EVERY: Duration = Duration::from_millis(500);

/// All that the follower knows.
pub(super) struct Round {
    settings: Arc<Settings>,
    asks: Store,
    cache: Cache,
    live: Arc<Live>,
    following: Arc<Following>,
    events: Sender<Event>,
    /// The newest `current` that was accepted.
    pointer: Option<Pointer>,
    /// What is served, without its corrections.
    base: Option<Base>,
    chain: Option<Chain>,
    arrival: Option<Arrival>,
    next_poll: Instant,
    store_waits: Backoff,
    next_arrival: Instant,
    arrival_waits: Backoff,
    /// The release for which arrivals were tried: for another one the waits begin anew.
    tried: Option<String>,
    /// In its stead the release that was served last was tried.
    fallback_tried: bool,
    /// No longer served, perhaps still read.
    retired: Vec<Arc<Serving>>,
    /// The last correction of which it was told that it does nothing.
    idle_told: u32,
}

/// A release that is served.
struct Base {
    published: Published,
    serving: Arc<Serving>,
    /// The one before it, which stays in the cache.
    previous: Option<Published>,
}

impl Base {
    /// Number of the last correction that the release has folded in.
    fn folded(&self) -> u64 {
        self.serving.release.manifest.corrections.last
    }
}

/// A release on its way.
struct Arrival {
    wanted: Published,
    thread: JoinHandle<Result<Serving, ArrivalError>>,
}

impl Round {
    pub(super) fn new(
        settings: Arc<Settings>,
        asks: Store,
        cache: Cache,
        live: Arc<Live>,
        following: Arc<Following>,
        events: Sender<Event>,
    ) -> Round {
        let now = Instant::now();
        let pointer = cache.pointer(settings.public_keys.as_ref());
        Round {
            store_waits: Backoff::new(settings.poll, STORE_WAIT_MOST),
            arrival_waits: Backoff::new(RELEASE_WAITS.0, RELEASE_WAITS.1),
            settings,
            asks,
            cache,
            live,
            following,
            events,
            pointer,
            base: None,
            chain: None,
            arrival: None,
            next_poll: now,
            next_arrival: now,
            tried: None,
            fallback_tried: false,
            retired: Vec::new(),
            idle_told: 0,
        }
    }

    /// `arrived`: a release said that it has.
    pub(super) fn turn(&mut self, arrived: bool) {
        if Instant::now() >= self.next_poll {
            self.poll();
        }
        if arrived || self.arrival.as_ref().is_some_and(|arrival| arrival.thread.is_finished()) {
            self.take_in();
        }
        self.begin();
        self.judge_gap();
        self.retired.retain(|old| Arc::strong_count(old) > 1);
        self.tell();
    }

    /// Until there is something to do again.
    pub(super) fn rest(&self) -> Duration {
        let mut rest = self.next_poll.saturating_duration_since(Instant::now());
        if !self.retired.is_empty() {
            rest = rest.min(RETIRE_EVERY);
        }
        if self.arrival.is_none() && self.target().is_some() {
            rest = rest.min(self.next_arrival.saturating_duration_since(Instant::now()));
        }
        rest
    }

    pub(super) fn look_now(&mut self) {
        self.next_poll = Instant::now();
        self.next_arrival = self.next_poll;
    }

    fn poll(&mut self) {
        Following::count(&self.following.polls);
        let begun = Instant::now();
        let answered = self.ask_pointer() && self.ask_corrections();
        let wait = if answered {
            self.following.right(Concern::Store);
            self.store_waits.reset();
            self.settings.poll
        } else {
            self.store_waits.failed()
        };
        if !answered || [Concern::Pointer, Concern::Corrections].iter().any(|of| self.following.is_wrong(*of))
        {
            Following::count(&self.following.poll_failures);
        }
        // A store that is slow to answer is not asked without pause.
        self.next_poll = (begun + wait).max(Instant::now() + wait / 4);
        let failures = self.store_waits.failures();
        self.following.set(|state| {
            state.last_poll = Some(begun);
            state.last_answer = if answered { Some(begun) } else { state.last_answer };
            state.failures_in_a_row = failures;
        });
    }

    /// The store did not answer when it was last asked.
    fn is_cut_off(&self) -> bool {
        self.following.is_wrong(Concern::Store)
    }

    /// Tells whether the store answered.
    fn ask_pointer(&mut self) -> bool {
        let read = current(&self.asks, self.settings.public_keys.as_ref());
        let read = read.and_then(|read| match &self.pointer {
            Some(known) => read.not_before(known),
            None => Ok(read),
        });
        match read {
            Ok(read) => {
                self.following.right(Concern::Pointer);
                if self.pointer.as_ref() != Some(&read.pointer) {
                    let kept = self.cache.keep_pointer(&read.bytes);
                    self.cached(kept.map_err(|error| error.to_string()));
                    self.pointer = Some(read.pointer);
                }
            }
            Err(PointerError::Store(error)) => {
                self.following.wrong(Concern::Store, told(&error));
                return false;
            }
            Err(error) => self.following.wrong(Concern::Pointer, told(&error)),
        }
        true
    }

    /// Reads on behind the last correction, and puts what is new in effect. Tells whether the store answered.
    fn ask_corrections(&mut self) -> bool {
        let Some(base) = &self.base else { return true };
        let (chain, fault) = self.chain_for(base.folded());
        self.chain = chain.or(self.chain.take());
        let laid = self.lay_over();
        match &fault {
            Some(fault) => self.told_of_chain(fault),
            // Only a release that takes all of them is right.
            None if laid => self.following.right(Concern::Corrections),
            None => {}
        }
        !matches!(fault, Some(CorrectionsError::Store(_)))
    }

    fn told_of_chain(&self, fault: &CorrectionsError) {
        match fault {
            CorrectionsError::Store(error) => self.following.wrong(Concern::Store, told(error)),
            error => self.following.wrong(Concern::Corrections, told(error)),
        }
    }

    /// The corrections for a release that has folded in so many, as far as they can be read, and what stopped the reading.
    /// None if not even their beginning can.
    fn chain_for(&mut self, folded: u64) -> (Option<Chain>, Option<CorrectionsError>) {
        let (keys, seen) = (self.settings.public_keys.as_ref(), self.cache.seen());
        let mut kept = None;
        let mut keep = |sealed: &Sealed| {
            let now = self.cache.keep_correction(sealed).map_err(|error| error.to_string());
            kept = Some(kept.take().unwrap_or(Ok(())).and(now));
        };
        let begun = match self.chain.take_if(|chain| chain.covers(folded)) {
            Some(chain) => Ok(chain),
            // What the cache has seen was in effect before a restart, and counts also where the store has lost it.
            None => Chain::behind(folded, seen, keys, &mut |_| {})
                .or_else(|_| Chain::behind(folded, &self.asks, keys, &mut keep))
                .map(|mut chain| {
                    // Where it stops, the store goes on, or tells what is wrong.
                    chain.read_on(seen, keys, &mut |_| {}).unwrap_or_default();
                    chain
                }),
        };
        let read = match begun {
            Ok(mut chain) => {
                let read = chain.read_on(&self.asks, keys, &mut keep);
                (Some(chain), read.err())
            }
            Err(fault) => (None, Some(fault)),
        };
        if let Some(kept) = kept {
            self.cached(kept);
        }
        read
    }

    /// Puts the corrections that are known in effect, if they are not. Tells whether they are.
    fn lay_over(&mut self) -> bool {
        let (Some(base), Some(chain)) = (&self.base, &self.chain) else { return true };
        let folded = base.folded();
        let in_effect = self.live.current().map_or(0, |serving| serving.corrections());
        if chain.last().max(folded) == in_effect {
            return true;
        }
        match base.serving.under(chain.after(folded)) {
            Ok(serving) => {
                self.tell_idle(&serving);
                self.swap(serving);
                true
            }
            Err(error) => {
                let what = format!("corrections up to {} cannot be laid over: {error}", chain.last());
                self.following.wrong(Concern::Corrections, what);
                false
            }
        }
    }

    fn swap(&mut self, serving: Serving) {
        self.retired.extend(self.live.swap(serving));
    }

    fn tell_idle(&mut self, serving: &Serving) {
        let idle = serving.snapshot().overlay().idle();
        for one in idle.iter().filter(|one| one.number > self.idle_told) {
            tracing::warn!(number = one.number, why = one.why, "a correction does nothing in this release");
        }
        self.idle_told = idle.iter().map(|one| one.number).max().unwrap_or(0).max(self.idle_told);
        let count = idle.len();
        self.following.set(|state| state.idle_corrections = count);
    }

    fn cached(&self, result: Result<(), String>) {
        match result {
            Ok(()) => self.following.right(Concern::Cache),
            Err(error) => self.following.wrong(Concern::Cache, error),
        }
    }

    /// A gap that lasts closes the server.
    fn judge_gap(&self) {
        let since = self.following.state().trouble(Concern::Corrections).map(|trouble| trouble.since);
        let mut begun = None;
        self.following.set(|state| {
            state.gap_since = since.and(state.gap_since.or(since));
            begun = state.gap_since;
        });
        let too_long = begun.is_some_and(|since| since.elapsed() >= self.settings.gap_tolerated);
        self.live.set_gap(too_long);
    }

    fn tell(&self) {
        let wanted = self.pointer.as_ref().map(|pointer| pointer.release.clone());
        let (sequence, pinned) =
            self.pointer.as_ref().map_or((None, false), |pointer| (Some(pointer.sequence), pointer.pinned));
        let serving = self.base.as_ref().map(|base| base.published.release.clone());
        let arriving = self.arrival.as_ref().map(|arrival| arrival.wanted.release.clone());
        let cached = self.cache.names();
        let next_poll = Some(self.next_poll);
        self.following.set(|state| {
            (state.wanted, state.sequence, state.pinned) = (wanted, sequence, pinned);
            (state.serving, state.arriving, state.cached) = (serving, arriving, cached);
            state.next_poll = next_poll;
        });
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let more = deeper.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = deeper.source();
    }
    text
}
