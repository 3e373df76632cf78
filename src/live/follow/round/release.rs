//! Which release is brought in, and how it takes the place of the one that is served.

use super::{Arrival, Base, Round, told};
use crate::live::Serving;
use crate::live::follow::arrival::{self, ArrivalError};
use crate::live::follow::chain::Chain;
use crate::live::follow::status::{Concern, Following};
use crate::live::follow::{Event, Settings};
use crate::release::corrections::last_number;
use crate::release::pointer::{Pointer, Published};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

/// By how much bringing a release in is nicer than the workers: a tenth of a worker's share where both want a processor.
const ARRIVAL_NICENESS: i32 = 10;

impl Round {
    /// The release that `current` names, if it is not served yet.
    fn wanted(&self) -> Option<&Published> {
        let wanted = self.pointer.as_ref().and_then(Pointer::served)?;
        let served = self.base.as_ref().map(|base| &base.published.release);
        (served != Some(&wanted.release)).then_some(wanted)
    }

    /// The release that should be brought in now, and whether there is no need to wait for it.
    pub(super) fn target(&self) -> Option<(Published, bool)> {
        let wanted = self.wanted()?;
        let anew = self.tried.as_ref() != Some(&wanted.release);
        let out_of_reach = self.is_cut_off() && !self.cache.has(&wanted.release);
        let failed = !anew && self.arrival_waits.failures() > 0;
        let untried = anew || !self.fallback_tried;
        if self.base.is_none() && (out_of_reach || failed) && untried {
            // Rather the last one that was good than none.
            let last = self.cache.served().filter(|last| last.release != wanted.release);
            if let Some(last) = last.filter(|last| self.cache.has(&last.release)) {
                return Some((last, true));
            }
        }
        (!out_of_reach).then(|| (wanted.clone(), anew))
    }

    /// Begins to bring in what is wanted, on a thread of its own.
    pub(super) fn begin(&mut self) {
        let Some(wanted) = self.wanted().map(|wanted| wanted.release.clone()) else {
            return self.following.right(Concern::Release);
        };
        let Some((target, at_once)) = self.target() else { return };
        if self.arrival.is_some() || (!at_once && Instant::now() < self.next_arrival) {
            return;
        }
        if self.tried.as_ref() != Some(&wanted) {
            self.arrival_waits.reset();
            self.fallback_tried = false;
        }
        self.fallback_tried |= target.release != wanted;
        self.tried = Some(wanted);
        let (settings, releases) = (Arc::clone(&self.settings), self.cache.releases().to_path_buf());
        let (events, release) = (self.events.clone(), target.clone());
        let touch = self.base.is_some();
        let run = move || bring(&settings, releases, &release, touch, &events);
        match std::thread::Builder::new().name("arrival".to_owned()).spawn(run) {
            Ok(thread) => self.arrival = Some(Arrival { wanted: target, thread }),
            Err(error) => self.failed(&target, format!("no thread for it: {error}")),
        }
    }

    /// A release has arrived, or failed to.
    pub(super) fn take_in(&mut self) {
        let Some(Arrival { wanted, thread }) = self.arrival.take() else { return };
        let brought = thread.join().unwrap_or(Err(ArrivalError::Panic));
        let put = match brought {
            Ok(serving) => self.put_in_place(&wanted, serving),
            Err(error) => Err(told(&error)),
        };
        match put {
            Ok(()) => {
                self.arrival_waits.reset();
                tracing::info!(release = wanted.release, "swapped in");
            }
            Err(why) => self.failed(&wanted, why),
        }
    }

    fn failed(&mut self, wanted: &Published, why: String) {
        self.next_arrival = Instant::now() + self.arrival_waits.failed();
        self.following.wrong(Concern::Release, format!("{}: {why}", wanted.release));
    }

    /// Serves a release with all corrections that it has not folded in: everything that is published so far, and never
    /// less than what is in effect.
    fn put_in_place(&mut self, wanted: &Published, serving: Serving) -> Result<(), String> {
        let folded = serving.release.manifest.corrections.last;
        let served_chain = self.chain.clone();
        let (chain, fault) = self.chain_for(folded);
        if let Some(fault) = &fault {
            self.told_of_chain(fault);
        }
        let under = self.under(&serving, chain.as_ref());
        let (under, chain) = match under {
            Ok(under) => (under, chain),
            Err(why) => {
                // What does not do for the new release still does for the one that is served.
                self.chain = served_chain;
                return Err(fault.map_or(why.clone(), |fault| format!("{why}: {fault}")));
            }
        };
        self.idle_told = 0;
        self.tell_idle(&under);
        // Told before: whoever is answered by it finds it in the status.
        Following::count(&self.following.swaps);
        self.following.set(|state| state.serving = Some(wanted.release.clone()));
        if self.wanted().is_some_and(|named| named.release == wanted.release) {
            self.following.right(Concern::Release);
        }
        self.swap(under);
        self.chain = chain.map(|mut chain| {
            chain.cut(folded);
            chain
        });
        if fault.is_none() {
            self.following.right(Concern::Corrections);
        }
        let serving = Arc::new(serving);
        let previous = match self.base.take() {
            Some(base) => {
                self.retired.push(base.serving);
                Some(base.published)
            }
            None => {
                touch_aside(Arc::clone(&serving));
                self.cache.served().filter(|last| last.release != wanted.release)
            }
        };
        self.base = Some(Base { published: wanted.clone(), serving, previous });
        self.tidy();
        Ok(())
    }

    fn under(&self, serving: &Serving, chain: Option<&Chain>) -> Result<Serving, String> {
        let folded = serving.release.manifest.corrections.last;
        let reaches = chain.map_or(folded, Chain::last);
        let in_effect = match self.live.current() {
            Some(serving) => serving.corrections(),
            // Before a restart.
            None => last_number(self.cache.seen()).map_or(0, u64::from),
        };
        if reaches < in_effect {
            return Err(format!(
                "corrections up to {in_effect} are in effect, but only those up to {reaches} can be read for it"
            ));
        }
        serving.under(chain.map_or(&[], |chain| chain.after(folded))).map_err(|error| error.to_string())
    }

    /// Remembers what is served, and keeps this and the previous release only.
    fn tidy(&mut self) {
        let Some(base) = &self.base else { return };
        let mut kept = vec![base.published.release.as_str()];
        kept.extend(base.previous.as_ref().map(|previous| previous.release.as_str()));
        kept.extend(self.arrival.as_ref().map(|arrival| arrival.wanted.release.as_str()));
        let folded = base.previous.iter().map(|previous| previous.corrections);
        let since = folded.fold(base.published.corrections, u64::min);
        let served = self.cache.keep_served(&base.published).map_err(|error| error.to_string());
        let tidied = self.cache.forget_but(&kept, since).map_err(|error| error.to_string());
        self.cached(served.and(tidied));
    }
}

/// What the thread of an arrival does.
fn bring(
    settings: &Settings,
    releases: PathBuf,
    release: &Published,
    touch: bool,
    events: &Sender<Event>,
) -> Result<Serving, ArrivalError> {
    // Nobody is answered before the first.
    if touch {
        give_way();
    }
    let brought = arrival::bring(settings, &releases, release);
    if let (true, Ok(serving)) = (touch, &brought) {
        serving.touch();
    }
    // A follower that is gone needs no word.
    events.send(Event::Arrived).unwrap_or_default();
    brought
}

/// From here on this thread takes what the workers leave of the processors: gigabytes are digested while they answer.
fn give_way() {
    // On Linux each thread has a priority of its own, and this sets the caller's.
    if let Err(error) = rustix::process::nice(ARRIVAL_NICENESS) {
        tracing::warn!(%error, "a release comes in at the priority of the workers");
    }
}

/// The first release answers at once, and its pages come in meanwhile.
fn touch_aside(serving: Arc<Serving>) {
    let run = move || {
        give_way();
        serving.touch();
    };
    if let Err(error) = std::thread::Builder::new().name("touch".to_owned()).spawn(run) {
        tracing::warn!(%error, "no thread to bring the release into memory; checks will");
    }
}
