//! What happened in a stretch of a run.

use std::collections::BTreeMap;

use hdrhistogram::CreationError;
use serde::Serialize;

use super::latency::Latency;
use crate::workload::{Expect, Kind, Op};

/// A send later than this after its intended start is late.
pub(crate) const LATE_NS: u64 = 1_000_000;
/// Different reasons of failures that are kept.
const REASONS_MAX: usize = 16;
/// The first status that says the request was not served.
const STATUS_ERROR: u16 = 400;
/// Nothing stands under the key.
const STATUS_MISSING: u16 = 404;
/// Why such an answer is wrong.
pub(crate) const MISSING: &str =
    "no value stands under a key that was asked for; put values there, in a store with `xinhe-load fill`";

/// Plain counts. What is counted in `refused`, `streams_refused`, `statuses`, `malformed` and `broken` is apart from each other.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Counts {
    /// Requests handed to a connection.
    pub(crate) sent: u64,
    /// Whole answers of any status.
    pub(crate) answered: u64,
    /// Sent more than 1 ms after the intended start, whatever the cause.
    pub(crate) late: u64,
    /// Of these, late although a connection was free: the generator's own doing.
    pub(crate) own_late: u64,
    /// Without an answer within the timeout.
    pub(crate) timeouts: u64,
    /// Answers 429 and 503: the server says that it will not.
    pub(crate) refused: u64,
    /// Streams of HTTP/2 that the server refused: no answer, and nothing done.
    pub(crate) streams_refused: u64,
    /// Answers with another status than the request should have.
    pub(crate) statuses: u64,
    /// Answers that are no HTTP/1.1.
    pub(crate) malformed: u64,
    /// Connections that broke under a request.
    pub(crate) broken: u64,
    /// Answers that say something wrong.
    pub(crate) wrong: u64,
    /// Connections opened, and those that could not be.
    pub(crate) connects: u64,
    /// See above.
    pub(crate) connects_failed: u64,
    /// Bytes of answers.
    pub(crate) bytes_in: u64,
    /// Bytes of requests.
    pub(crate) bytes_out: u64,
    /// Answers to requests of the warm-up, which count nowhere else.
    pub(crate) warm: u64,
    /// Of these, after its end: they were due before, and are work that was done in the time that is measured.
    pub(crate) warm_behind: u64,
}

impl Counts {
    /// Requests that failed, for whatever reason but time.
    pub(crate) fn errors(&self) -> u64 {
        self.refused + self.streams_refused + self.statuses + self.malformed + self.broken
    }

    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.answered += other.answered;
        self.late += other.late;
        self.own_late += other.own_late;
        self.timeouts += other.timeouts;
        self.refused += other.refused;
        self.streams_refused += other.streams_refused;
        self.statuses += other.statuses;
        self.malformed += other.malformed;
        self.broken += other.broken;
        self.wrong += other.wrong;
        self.connects += other.connects;
        self.connects_failed += other.connects_failed;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.warm += other.warm;
        self.warm_behind += other.warm_behind;
    }
}

/// Counts of one kind of request.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct KindCounts {
    /// Whole answers.
    pub(crate) answered: u64,
    /// Of these, not what the request should have.
    pub(crate) unexpected: u64,
    /// Of all answers, from the intended start, in microseconds.
    pub(crate) mean_us: f64,
    /// The slowest.
    pub(crate) max_us: f64,
    #[serde(skip)]
    sum_ns: u64,
}

/// When the steps of a request were, in nanoseconds of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// The intended start.
    pub(crate) due_ns: u64,
    /// Handed to the connection.
    pub(crate) sent_ns: u64,
    /// The last byte of the answer.
    pub(crate) done_ns: u64,
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It waited for longer than the timeout.
    TimedOut,
    /// The server refused the stream of HTTP/2, and says that it did nothing.
    Refused(String),
    /// The connection broke.
    Broken(String),
    /// What came is no answer.
    Malformed(String),
}

/// Counts and latencies of a stretch, or of a whole run.
#[derive(Debug, Clone)]
pub(crate) struct Interval {
    /// In nanoseconds of the run.
    pub(crate) from_ns: u64,
    /// In nanoseconds of the run.
    pub(crate) to_ns: u64,
    /// Plain counts.
    pub(crate) counts: Counts,
    /// From the intended start.
    pub(crate) response: Latency,
    /// From the send.
    pub(crate) service: Latency,
    /// From the intended start, or from when a connection was free if that came later, to the send.
    pub(crate) own_lateness: Latency,
    /// Answers by status.
    pub(crate) by_status: BTreeMap<u16, u64>,
    /// Answers by kind of request.
    pub(crate) by_kind: [KindCounts; Kind::ALL.len()],
    /// Failures by reason.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// The last answer.
    pub(crate) last_ns: u64,
}

impl Interval {
    /// Nothing yet.
    pub(crate) fn new() -> Result<Self, CreationError> {
        Ok(Self {
            from_ns: 0,
            to_ns: 0,
            counts: Counts::default(),
            response: Latency::new()?,
            service: Latency::new()?,
            own_lateness: Latency::new()?,
            by_status: BTreeMap::new(),
            by_kind: Default::default(),
            reasons: BTreeMap::new(),
            last_ns: 0,
        })
    }

    /// For use again.
    pub(crate) fn clear(&mut self) {
        (self.from_ns, self.to_ns, self.last_ns) = (0, 0, 0);
        self.counts = Counts::default();
        for latency in [&mut self.response, &mut self.service, &mut self.own_lateness] {
            latency.clear();
        }
        self.by_status.clear();
        self.by_kind = Default::default();
        self.reasons.clear();
    }

    /// Adds what happened in another stretch.
    pub(crate) fn add(&mut self, other: &Self) {
        self.to_ns = self.to_ns.max(other.to_ns);
        self.last_ns = self.last_ns.max(other.last_ns);
        self.counts.add(&other.counts);
        self.response.add(&other.response);
        self.service.add(&other.service);
        self.own_lateness.add(&other.own_lateness);
        for (status, count) in &other.by_status {
            *self.by_status.entry(*status).or_default() += count;
        }
        for (own, added) in self.by_kind.iter_mut().zip(&other.by_kind) {
            own.answered += added.answered;
            own.unexpected += added.unexpected;
            own.sum_ns += added.sum_ns;
            own.max_us = own.max_us.max(added.max_us);
            own.mean_us =
                if own.answered > 0 { own.sum_ns as f64 / own.answered as f64 / 1000.0 } else { 0.0 };
        }
        for (reason, count) in &other.reasons {
            self.reason(reason, *count);
        }
    }

    /// A request goes out that has a schedule; `free_ns` says since when its connection was free, `stalled_ns` for how long
    /// after its intended start the generator stood still.
    pub(crate) fn record_start(&mut self, due_ns: u64, free_ns: u64, sent_ns: u64, stalled_ns: u64) {
        let own_ns = sent_ns.saturating_sub(due_ns.max(free_ns)).max(stalled_ns);
        self.own_lateness.record(own_ns);
        if sent_ns.saturating_sub(due_ns) > LATE_NS {
            self.counts.late += 1;
            self.counts.own_late += u64::from(own_ns > LATE_NS);
        }
    }

    /// A whole answer.
    pub(crate) fn record_answer(&mut self, op: &Op, times: Times, status: u16) {
        let response_ns = times.done_ns.saturating_sub(times.due_ns);
        self.counts.answered += 1;
        self.response.record(response_ns);
        self.service.record(times.done_ns.saturating_sub(times.sent_ns));
        self.last_ns = self.last_ns.max(times.done_ns);
        *self.by_status.entry(status).or_default() += 1;
        let fits = match op.expect {
            Expect::Success => status < STATUS_ERROR,
            Expect::Status(wanted) => status == wanted,
            Expect::ClientError => (STATUS_ERROR..500).contains(&status),
            Expect::Found if status == STATUS_MISSING => {
                self.record_wrong(MISSING);
                true
            }
            Expect::Found => status < STATUS_ERROR,
        };
        if !fits {
            match status {
                429 | 503 => self.counts.refused += 1,
                _ => self.counts.statuses += 1,
            }
        }
        let kind = &mut self.by_kind[op.kind as usize];
        kind.answered += 1;
        kind.unexpected += u64::from(!fits);
        kind.sum_ns += response_ns;
        kind.max_us = kind.max_us.max(response_ns as f64 / 1000.0);
    }

    /// An answer that says something wrong.
    pub(crate) fn record_wrong(&mut self, reason: &str) {
        self.counts.wrong += 1;
        self.reason(reason, 1);
    }

    /// A request without an answer.
    pub(crate) fn record_failure(&mut self, failure: &Failure) {
        match failure {
            Failure::TimedOut => self.counts.timeouts += 1,
            Failure::Refused(reason) => {
                self.counts.streams_refused += 1;
                self.reason(reason, 1);
            }
            Failure::Broken(reason) => {
                self.counts.broken += 1;
                self.reason(reason, 1);
            }
            Failure::Malformed(reason) => {
                self.counts.malformed += 1;
                self.reason(reason, 1);
            }
        }
    }

    /// Something went wrong, so many times.
    pub(crate) fn reason(&mut self, reason: &str, count: u64) {
        if let Some(known) = self.reasons.get_mut(reason) {
            *known += count;
        } else if self.reasons.len() < REASONS_MAX {
            self.reasons.insert(reason.to_owned(), count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: Op = Op { kind: Kind::Get, item: 0, expect: Expect::Success, keep: false };

    fn times(due_ns: u64, sent_ns: u64, done_ns: u64) -> Times {
        Times { due_ns, sent_ns, done_ns }
    }

    #[test]
    fn response_time_counts_the_wait_that_service_time_leaves_out() {
        let mut interval = Interval::new().unwrap();
        interval.record_start(0, 30_000_000, 30_000_000, 0);
        interval.record_answer(&GET, times(0, 30_000_000, 30_250_000), 200);
        let (response, service) = (interval.response.quantiles(), interval.service.quantiles());
        assert_eq!((response.max, service.max), (30_250.0, 250.0));
        assert_eq!((response.p50, service.p9999, service.count), (30_250.0, 250.0, 1));
        assert_eq!((interval.counts.late, interval.counts.own_late), (1, 0));
    }

    #[test]
    fn late_with_a_free_connection_is_the_generators_own() {
        let mut interval = Interval::new().unwrap();
        interval.record_start(10_000_000, 0, 12_000_000, 0);
        assert_eq!((interval.counts.late, interval.counts.own_late), (1, 1));
        assert_eq!(interval.own_lateness.max_us(), 2000.0);
    }

    #[test]
    fn what_went_wrong_is_told_apart() {
        let mut interval = Interval::new().unwrap();
        for status in [200, 304, 404, 429, 503, 422] {
            interval.record_answer(&GET, times(0, 0, 1), status);
        }
        let refused = Op { expect: Expect::ClientError, ..GET };
        interval.record_answer(&refused, times(0, 0, 1), 400);
        let invalid = Op { expect: Expect::Status(422), ..GET };
        interval.record_answer(&invalid, times(0, 0, 1), 422);
        interval.record_answer(&invalid, times(0, 0, 1), 200);
        interval.record_failure(&Failure::TimedOut);
        interval.record_failure(&Failure::Broken("reset".to_owned()));
        interval.record_failure(&Failure::Malformed("no status line".to_owned()));
        let counts = &interval.counts;
        assert_eq!((counts.answered, counts.refused, counts.statuses), (9, 2, 3));
        assert_eq!((counts.timeouts, counts.broken, counts.malformed, counts.errors()), (1, 1, 1, 7));
        assert_eq!(interval.by_kind[Kind::Get as usize].unexpected, 5);
    }

    #[test]
    fn a_missing_value_is_wrong_and_counted_once() {
        let mut interval = Interval::new().unwrap();
        for status in [200, 404, 500] {
            interval.record_answer(&Op { expect: Expect::Found, ..GET }, times(0, 0, 1), status);
        }
        assert_eq!((interval.counts.wrong, interval.counts.errors(), interval.reasons[MISSING]), (1, 1, 1));
    }
}
