//! What comes with time: waits, stalls of the loop itself, timeouts, stretches that end.

use std::io;
use std::time::Duration;

use super::Drive;
use crate::measure::{Interval, LATE_NS};
use crate::wire::Event;

/// So often it is looked whether somebody wants an end.
const LOOK_NS: u64 = 20_000_000;
/// Timeouts are noticed this much late at most, as a part of themselves.
const TIMEOUT_LOOKS: u64 = 50;

impl Drive {
    /// Waits for sockets, until something else has to be done.
    pub(super) fn wait(&mut self, events: &mut Vec<Event>) -> io::Result<()> {
        let before = self.now();
        if self.woke_ns > 0 {
            self.note_stall(self.woke_ns, before);
        }
        let mut until = before + LOOK_NS;
        if !self.free.is_empty()
            && let Some(due) = self.pacer.next_ns().filter(|_| !self.over)
        {
            until = until.min(due);
        }
        if let Some((at, _)) = self.closed.front() {
            until = until.min(*at);
        }
        let timeout = until.saturating_sub(before);
        self.poll.wait(Duration::from_nanos(timeout), events)?;
        let after = self.now();
        self.idle_ns += (after - before).min(timeout);
        self.note_stall(before + timeout, after);
        self.woke_ns = after;
        Ok(())
    }

    /// The loop did not come round in this stretch. Up to a millisecond is no stall.
    fn note_stall(&mut self, from_ns: u64, to_ns: u64) {
        let length_ns = to_ns.saturating_sub(from_ns);
        if length_ns > LATE_NS {
            self.stalls += 1;
            self.longest_stall_ns = self.longest_stall_ns.max(length_ns);
            self.stall = (from_ns, to_ns);
        }
    }

    /// Looks at what comes with time: stretches, timeouts, connections to open.
    pub(super) fn housekeeping(&mut self, now: u64) {
        if now >= self.interval.from_ns + self.settings.interval_ns {
            self.hand_over(now - now % self.settings.interval_ns);
        }
        if now >= self.timeouts_looked_ns + self.settings.timeout_ns / TIMEOUT_LOOKS {
            self.timeouts_looked_ns = now;
            self.look_for_timeouts(now);
        }
        while let Some((_, place)) = self.closed.front().copied().filter(|(at, _)| *at <= now) {
            self.closed.pop_front();
            if !self.over {
                self.connect(place, now);
            }
        }
    }

    /// Ends the stretch and begins the next.
    pub(super) fn hand_over(&mut self, to_ns: u64) {
        let next = self.outlet.cleared.try_recv().map_or_else(|_| Interval::new(), Ok);
        let Ok(mut next) = next else { return };
        next.from_ns = to_ns;
        next.last_ns = self.interval.last_ns;
        let mut filled = std::mem::replace(&mut self.interval, next);
        filled.to_ns = to_ns;
        // If nobody takes it, the run is being given up.
        self.outlet.filled.send(filled).unwrap_or_default();
    }
}
