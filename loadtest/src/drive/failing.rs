//! What goes wrong with connections and requests, and how a connection comes back.

use std::io::{self, ErrorKind};

use super::Drive;
use super::link::{State, Underway};
use crate::measure::Failure;
use crate::workload::Expect;

/// After a failure, so that a dead server does not make this a busy loop.
pub(super) const PAUSE_NS: u64 = 10_000_000;

impl Drive {
    /// The request under way has no answer; its connection is opened again, so that an answer that comes after all is
    /// not taken for the next one.
    pub(super) fn fail(&mut self, place: usize, failure: Failure) {
        let now = self.now();
        let Some(link) = self.links.get_mut(place) else { return };
        if let State::Busy(underway) = link.state {
            self.busy -= 1;
            self.record_failure(&underway, &failure);
        }
        self.reopen(place, now + PAUSE_NS);
    }

    /// Counts a request without an answer.
    pub(super) fn record_failure(&mut self, underway: &Underway, failure: &Failure) {
        // A request that no server should understand may well be answered by hanging up.
        let meant = underway.op.expect == Expect::ClientError && matches!(failure, Failure::Broken(_));
        if underway.measured && !meant {
            self.interval.record_failure(failure);
        }
    }

    /// Closes a connection and opens it again at a time.
    pub(super) fn reopen(&mut self, place: usize, at: u64) {
        let connections = self.links.len();
        let Some(link) = self.links.get_mut(place) else { return };
        if matches!(link.state, State::Free(_) | State::Shared) {
            self.free.retain(|free| free % connections != place);
        }
        link.close();
        // Nearly in the order of time: what may be opened at once does not wait behind what failed.
        if self.closed.front().is_some_and(|(front, _)| *front > at) {
            self.closed.push_front((at, place));
        } else {
            self.closed.push_back((at, place));
        }
    }

    /// The other side has closed.
    pub(super) fn ended(&mut self, place: usize) {
        let Some(link) = self.links.get_mut(place) else { return };
        match link.state {
            State::Busy(_) if link.reader.end() => self.answered(place, true),
            State::Busy(_) => {
                let when = if link.reader.has_begun() { "within" } else { "before" };
                let said = link.reader.complaint().map(|said| format!("; {said}")).unwrap_or_default();
                self.fail(
                    place,
                    Failure::Broken(format!("the server closed the connection {when} the answer{said}")),
                );
            }
            // A server may close what idles.
            _ => {
                let now = self.now();
                self.reopen(place, now);
            }
        }
    }

    /// The socket reports an error.
    pub(super) fn broke(&mut self, place: usize, error: &io::Error) {
        let is_free = self.links.get(place).is_some_and(|link| matches!(link.state, State::Free(_)));
        if is_free && error.kind() == ErrorKind::ConnectionReset {
            self.ended(place);
        } else {
            self.fail(place, Failure::Broken(error.to_string()));
        }
    }

    /// Bytes came that nobody asked for.
    pub(super) fn unasked(&mut self, place: usize) {
        self.interval.record_failure(&Failure::Malformed("bytes came without a request".to_owned()));
        let now = self.now();
        self.reopen(place, now);
    }

    /// Gives up what has waited too long.
    pub(super) fn look_for_timeouts(&mut self, now: u64) {
        let timeout_ns = self.settings.timeout_ns;
        for place in 0..self.links.len() {
            match self.links.get(place).map(|link| link.state) {
                Some(State::Busy(underway)) if now - underway.sent_ns >= timeout_ns => {
                    self.fail(place, Failure::TimedOut);
                }
                Some(State::Opening(since)) if now.saturating_sub(since) >= timeout_ns => {
                    self.opening_failed(place, &ErrorKind::TimedOut.into());
                }
                Some(State::Shared) => self.cancel_late(place, now),
                _ => {}
            }
        }
    }

    /// A connection could not be opened.
    pub(super) fn opening_failed(&mut self, place: usize, error: &io::Error) {
        self.interval.counts.connects_failed += 1;
        self.interval.reason(&format!("connecting: {error}"), 1);
        let now = self.now();
        self.reopen(place, now + PAUSE_NS);
    }
}
