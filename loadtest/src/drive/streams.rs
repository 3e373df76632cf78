//! Connections that carry several requests at a time. A place is a stream of a connection; what is told of a request is the
//! same as where a connection carries one.

use super::Drive;
use super::answers::record;
use super::failing::PAUSE_NS;
use super::link::{State, Underway};
use crate::measure::Failure;
use crate::wire::{Finished, Http2, StreamError};

/// A stream's place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot {
    /// The server allows no more, or the connection takes no more.
    Idle,
    /// Free since then.
    Free(u64),
    /// A request is under way.
    Busy(Underway),
}

/// An open connection of several places.
#[derive(Debug)]
pub(super) struct Shared {
    http2: Http2,
    slots: Vec<Slot>,
    /// No request goes out on it any more; it is opened again when the last is answered.
    retired: bool,
    /// It was handed something that it has not sent yet.
    unsent: bool,
    answers: u32,
}

impl Shared {
    /// Since when a place is free.
    pub(super) fn free_since(&self, slot: usize) -> Option<u64> {
        match self.slots.get(slot) {
            Some(Slot::Free(since)) => Some(*since),
            _ => None,
        }
    }

    /// The clock has begun anew.
    pub(super) fn start_clock(&mut self) {
        for slot in &mut self.slots {
            if let Slot::Free(since) = slot {
                *since = 0;
            }
        }
    }

    /// Makes a place what it is now; what was under way there is given back.
    fn put(&mut self, slot: usize, now: Slot) -> Option<Underway> {
        match std::mem::replace(self.slots.get_mut(slot)?, now) {
            Slot::Busy(underway) => Some(underway),
            Slot::Idle | Slot::Free(_) => None,
        }
    }

    fn is_busy(&self) -> bool {
        self.slots.iter().any(|slot| matches!(slot, Slot::Busy(_)))
    }
}

impl Drive {
    /// The connection of a place, and which of its streams it is.
    pub(super) fn at(&self, place: usize) -> (usize, usize) {
        let connections = self.links.len().max(1);
        (place % connections, place / connections)
    }

    fn shared(&mut self, at: usize) -> Option<&mut Shared> {
        self.links.get_mut(at)?.shared.as_deref_mut()
    }

    /// The next place that takes a request.
    pub(super) fn next_free(&mut self) -> Option<usize> {
        while let Some(place) = self.free.pop_front() {
            let (at, slot) = self.at(place);
            let Some(shared) = self.shared(at) else { return Some(place) };
            match shared.http2.is_ready() {
                Some(true) => return Some(place),
                // The server allows fewer streams than it did.
                Some(false) => {
                    shared.put(slot, Slot::Idle);
                }
                None => self.retire(at),
            }
        }
        None
    }

    /// A connection is open: its places are free.
    pub(super) fn share(&mut self, at: usize, http2: Http2) {
        let (now, connections) = (self.now(), self.links.len());
        let allowed = http2.streams();
        self.streams_least = self.streams_least.min(allowed);
        let slots =
            (0..self.settings.streams).map(|slot| if slot < allowed { Slot::Free(now) } else { Slot::Idle });
        if let Some(link) = self.links.get_mut(at) {
            link.state = State::Shared;
            link.shared = Some(Box::new(Shared {
                http2,
                slots: slots.collect(),
                retired: false,
                unsent: false,
                answers: 0,
            }));
            self.free.extend((0..allowed).map(|slot| at + slot * connections));
        }
    }

    /// Hands a request that is written to a stream; it goes out with the next turn.
    pub(super) fn send_on_stream(&mut self, at: usize, slot: usize, underway: Underway) {
        let Some(shared) = self.links.get_mut(at).and_then(|link| link.shared.as_mut()) else { return };
        shared.put(slot, Slot::Busy(underway));
        self.busy += 1;
        match shared.http2.send(slot, &self.message, underway.op.keep) {
            Ok(()) => self.await_flush(at),
            Err(error) => self.stream_finished(at, Finished { slot, came: Err(error), body: Vec::new() }),
        }
    }

    fn await_flush(&mut self, at: usize) {
        if let Some(shared) = self.shared(at).filter(|shared| !shared.unsent) {
            shared.unsent = true;
            self.unsent.push(at);
        }
    }

    /// Lets connections send what was handed to them.
    pub(super) fn flush(&mut self) {
        while let Some(at) = self.unsent.pop() {
            self.turn(at);
        }
    }

    /// Reads and writes what can be.
    pub(super) fn turn(&mut self, at: usize) {
        let mut finished = std::mem::take(&mut self.finished);
        let Some(shared) = self.shared(at) else { return };
        shared.unsent = false;
        shared.http2.wake();
        let ended = shared.http2.turn(&mut finished).map(str::to_owned);
        let takes_more = shared.http2.is_ready().is_some();
        let (came, went) = shared.http2.take_moved();
        if self.now() >= self.settings.warmup_ns {
            self.interval.counts.bytes_in += came;
            self.interval.counts.bytes_out += went;
        }
        for one in finished.drain(..) {
            self.stream_finished(at, one);
        }
        self.finished = finished;
        if let Some(why) = ended {
            self.shared_ended(at, &why);
        } else if !takes_more {
            self.retire(at);
        }
    }

    /// A request is answered, or will not be.
    fn stream_finished(&mut self, at: usize, finished: Finished) {
        let now = self.now();
        let worn_after = self.settings.requests_per_connection.unwrap_or(u32::MAX);
        let Finished { slot, came, mut body } = finished;
        let Some(underway) = self.vacate(at, slot, now) else { return };
        let Some(shared) = self.shared(at) else { return };
        shared.answers += u32::from(came.is_ok());
        let over = shared.retired || shared.answers >= worn_after;
        match came {
            Ok(status) => {
                let times = (now, self.settings.warmup_ns);
                let workload = self.workload.as_mut();
                record(&mut self.interval, workload, &underway, times, status, Some(&mut body));
            }
            Err(StreamError::Refused(why)) => self.record_failure(&underway, &Failure::Refused(why)),
            Err(StreamError::Broken(why)) => self.record_failure(&underway, &Failure::Broken(why)),
        }
        if over {
            self.retire(at);
        }
    }

    /// Takes what is under way out of its place, which the next request may have if the connection takes more.
    fn vacate(&mut self, at: usize, slot: usize, now: u64) -> Option<Underway> {
        let connections = self.links.len();
        let shared = self.shared(at)?;
        let retired = shared.retired;
        let underway = shared.put(slot, if retired { Slot::Idle } else { Slot::Free(now) })?;
        self.busy -= 1;
        if !retired {
            self.free.push_back(at + slot * connections);
        }
        Some(underway)
    }

    /// Gives no more requests to a connection, and opens it again when those under way are answered.
    fn retire(&mut self, at: usize) {
        let (now, connections) = (self.now(), self.links.len());
        self.free.retain(|place| place % connections != at);
        let Some(shared) = self.shared(at) else { return };
        shared.retired = true;
        for slot in shared.slots.iter_mut().filter(|slot| matches!(slot, Slot::Free(_))) {
            *slot = Slot::Idle;
        }
        if !shared.is_busy() {
            self.reopen(at, now);
        }
    }

    /// The connection is over: what is under way there has no answer.
    fn shared_ended(&mut self, at: usize, why: &str) {
        let Some(shared) = self.shared(at) else { return };
        let slots = std::mem::take(&mut shared.slots);
        let mut pause_ns = 0;
        for slot in slots {
            if let Slot::Busy(underway) = slot {
                self.busy -= 1;
                self.record_failure(&underway, &Failure::Broken(why.to_owned()));
                pause_ns = PAUSE_NS;
            }
        }
        // A server may close what idles.
        let now = self.now();
        self.reopen(at, now + pause_ns);
    }

    /// Cancels what has waited too long; the others of the connection go on.
    pub(super) fn cancel_late(&mut self, at: usize, now: u64) {
        let timeout_ns = self.settings.timeout_ns;
        for slot in 0..self.settings.streams {
            let Some(shared) = self.shared(at) else { return };
            match shared.slots.get(slot) {
                Some(Slot::Busy(underway)) if now.saturating_sub(underway.sent_ns) >= timeout_ns => {}
                _ => continue,
            }
            shared.http2.cancel(slot);
            let retired = shared.retired;
            let Some(underway) = self.vacate(at, slot, now) else { continue };
            self.record_failure(&underway, &Failure::TimedOut);
            if retired {
                self.retire(at);
            }
            self.await_flush(at);
        }
    }
}
