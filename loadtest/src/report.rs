//! What came of a run: counts and latencies, in words or as JSON.
//!
//! Latencies are recorded in nanoseconds with three significant digits and reported in microseconds with
//! a fraction: on loopback an answer takes some tens of microseconds, and whole ones would be too coarse.
//! The response time runs from the intended start, so that a server that stalls cannot hide the requests
//! that had to wait (coordinated omission); the service time runs from the send. Both end with the last
//! byte of the answer. Only answered requests have one: read them beside `timeouts`, `errors`, `dropped`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use hdrhistogram::{CreationError, Histogram};
use serde::Serialize;

use crate::cli::RunArgs;
use crate::error::LoadError;
use crate::sender::{Answer, Failure, Outcome};

/// A send later than this after its intended start is late.
const LATE: Duration = Duration::from_millis(1);
/// No latency is longer: a run lasts a day and a request a day at most.
const LATENCY_MAX_NS: u64 = 48 * 3600 * 1_000_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;
/// The first status that says the request was not served.
const STATUS_ERROR: u16 = 400;

/// Writes a line to standard error. If nobody reads it, the run goes on.
pub(crate) fn say(line: &str) {
    writeln!(io::stderr().lock(), "{line}").ok();
}

/// Latencies of one kind.
struct Latency {
    histogram_ns: Histogram<u64>,
    /// Exact, where the histogram rounds up.
    max_ns: u64,
}

impl Latency {
    fn new() -> Result<Self, CreationError> {
        let histogram_ns = Histogram::new_with_bounds(1, LATENCY_MAX_NS, SIGNIFICANT_DIGITS)?;
        Ok(Self { histogram_ns, max_ns: 0 })
    }

    fn record(&mut self, latency: Duration) {
        let ns = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.histogram_ns.saturating_record(ns);
        self.max_ns = self.max_ns.max(ns);
    }

    fn quantiles(&self) -> QuantilesUs {
        let us = |ns: u64| ns as f64 / 1000.0;
        let at = |quantile| us(self.histogram_ns.value_at_quantile(quantile).min(self.max_ns));
        QuantilesUs {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            p9999: at(0.9999),
            max: us(self.max_ns),
            count: self.histogram_ns.len(),
        }
    }
}

/// The counts of a run, while it goes on.
pub(crate) struct Tally {
    response: Latency,
    service: Latency,
    by_status: BTreeMap<u16, u64>,
    late: u64,
    timeouts: u64,
    /// Requests that could not be sent or whose answer broke off.
    broken: u64,
    pub(crate) last_answer: Option<Instant>,
    first_failure: Option<String>,
}

impl Tally {
    pub(crate) fn new() -> Result<Self, CreationError> {
        Ok(Self {
            response: Latency::new()?,
            service: Latency::new()?,
            by_status: BTreeMap::new(),
            late: 0,
            timeouts: 0,
            broken: 0,
            last_answer: None,
            first_failure: None,
        })
    }

    /// `sent` is given where a schedule says when it should have been.
    pub(crate) fn record(
        &mut self,
        intended: Instant,
        sent: Option<Instant>,
        result: Result<Answer, Failure>,
    ) {
        self.late += u64::from(sent.is_some_and(|sent| sent.saturating_duration_since(intended) > LATE));
        match result {
            Ok(answer) => {
                *self.by_status.entry(answer.status).or_default() += 1;
                self.response.record(answer.done.saturating_duration_since(intended));
                self.service.record(answer.done.saturating_duration_since(answer.sent));
                self.last_answer = self.last_answer.max(Some(answer.done));
            }
            Err(Failure::TimedOut) => self.timeouts += 1,
            Err(Failure::Broken(reason)) => {
                self.broken += 1;
                self.first_failure.get_or_insert(reason);
            }
        }
    }

    fn answered(&self) -> u64 {
        self.service.histogram_ns.len()
    }

    fn errors(&self) -> u64 {
        self.broken + self.by_status.range(STATUS_ERROR..).map(|(_, count)| count).sum::<u64>()
    }

    /// The counts so far, in words.
    pub(crate) fn progress(&self) -> String {
        format!("{} answered, {} timeouts, {} errors", self.answered(), self.timeouts, self.errors())
    }
}

/// Latencies in microseconds; all 0 when nothing was answered.
#[derive(Debug, Serialize)]
pub(crate) struct QuantilesUs {
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    p9999: f64,
    max: f64,
    count: u64,
}

/// The result of a run; the JSON keeps the order and the names of the fields.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Requests a second asked for; without a rate, the achieved ones.
    offered_rate: f64,
    /// Answers a second.
    achieved_rate: f64,
    /// Sends later than 1 ms after their intended start.
    late: u64,
    /// Intended starts that were never sent, as every connection was busy to the end.
    dropped: u64,
    /// Requests without an answer within the timeout.
    timeouts: u64,
    /// Requests whose connection failed, and answers with a status of 400 or above.
    errors: u64,
    /// From the intended start.
    response_time_us: QuantilesUs,
    /// From the send.
    service_time_us: QuantilesUs,
    /// Whole answers of any status: the count of both latencies.
    answered: u64,
    by_status: BTreeMap<u16, u64>,
    connections: u32,
    elapsed_s: f64,
    /// Ended early by a signal; the figures are those so far.
    interrupted: bool,
}

impl Report {
    /// The figures of a run that is over.
    pub(crate) fn of(args: &RunArgs, outcome: &Outcome) -> Self {
        let tally = &outcome.tally;
        let elapsed_s = outcome.elapsed.as_secs_f64();
        let achieved_rate = if elapsed_s > 0.0 { tally.answered() as f64 / elapsed_s } else { 0.0 };
        Self {
            offered_rate: args.rate.unwrap_or(achieved_rate),
            achieved_rate,
            late: tally.late,
            dropped: outcome.dropped,
            timeouts: tally.timeouts,
            errors: tally.errors(),
            response_time_us: tally.response.quantiles(),
            service_time_us: tally.service.quantiles(),
            answered: tally.answered(),
            by_status: tally.by_status.clone(),
            connections: args.connections,
            elapsed_s,
            interrupted: outcome.interrupted,
        }
    }

    /// The result on standard output.
    pub(crate) fn print(&self, json: bool) -> Result<(), LoadError> {
        let text = if json {
            serde_json::to_string(self).map_err(|error| LoadError::Output(error.into()))?
        } else {
            self.words()
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).map_err(LoadError::Output)
    }

    fn words(&self) -> String {
        let mut words = format!(
            "{} answered in {:.2} s over {} connections: {:.1}/s of {:.1}/s offered{}\n",
            self.answered,
            self.elapsed_s,
            self.connections,
            self.achieved_rate,
            self.offered_rate,
            if self.interrupted { " (interrupted)" } else { "" },
        );
        words += &format!(
            "late {}, dropped {}, timeouts {}, errors {}\n",
            self.late, self.dropped, self.timeouts, self.errors
        );
        let statuses: Vec<_> =
            self.by_status.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        words +=
            &format!("status {}\n", if statuses.is_empty() { "–".to_owned() } else { statuses.join(", ") });
        let heads = ["p50", "p90", "p99", "p99.9", "p99.99", "max"].map(|head| format!("{head:>10}"));
        words += &format!("{:<14}{}", "microseconds", heads.concat());
        for (name, latency) in
            [("response time", &self.response_time_us), ("service time", &self.service_time_us)]
        {
            let values = [latency.p50, latency.p90, latency.p99, latency.p999, latency.p9999, latency.max]
                .map(|us| format!("{us:>10.1}"));
            words += &format!("\n{name:<14}{}", values.concat());
        }
        words
    }

    /// A run that nothing answered has failed, unless someone cut it short.
    pub(crate) fn verdict(&self, args: &RunArgs, outcome: &Outcome) -> Result<(), LoadError> {
        if self.answered > 0 || self.interrupted {
            return Ok(());
        }
        let first = outcome.tally.first_failure.as_ref();
        Err(LoadError::NothingAnswered {
            authority: args.target.authority.clone(),
            timeouts: self.timeouts,
            errors: self.errors,
            first: first.map(|reason| format!(", the first: {reason}")).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, sent: Instant, service: Duration) -> Result<Answer, Failure> {
        Ok(Answer { status, sent, done: sent + service })
    }

    #[test]
    fn response_time_counts_the_wait_that_service_time_leaves_out() {
        let mut tally = Tally::new().unwrap();
        let intended = Instant::now();
        let sent = intended + Duration::from_millis(30);
        tally.record(intended, Some(sent), answer(200, sent, Duration::from_micros(250)));
        let (response, service) = (tally.response.quantiles(), tally.service.quantiles());
        assert_eq!((response.max, service.max), (30_250.0, 250.0));
        assert_eq!((response.p50, service.p9999, service.count), (30_250.0, 250.0, 1));
        assert_eq!(tally.late, 1);
    }

    #[test]
    fn quantiles_keep_three_digits() {
        let mut latency = Latency::new().unwrap();
        for us in 1..=10_000 {
            latency.record(Duration::from_micros(us));
        }
        let quantiles = latency.quantiles();
        for (found, expected) in [
            (quantiles.p50, 5000.0),
            (quantiles.p90, 9000.0),
            (quantiles.p99, 9900.0),
            (quantiles.p999, 9990.0),
        ] {
            assert!((found - expected).abs() <= expected / 1000.0, "{found}, expected {expected}");
        }
        assert_eq!((quantiles.max, quantiles.count), (10_000.0, 10_000));
    }

    #[test]
    fn an_answer_with_an_error_status_is_answered_and_an_error() {
        let mut tally = Tally::new().unwrap();
        let at = Instant::now();
        for status in [200, 304, 404, 503] {
            tally.record(at, None, answer(status, at, Duration::from_micros(1)));
        }
        tally.record(at, None, Err(Failure::TimedOut));
        tally.record(at, None, Err(Failure::Broken("reset".to_owned())));
        assert_eq!((tally.answered(), tally.errors(), tally.timeouts, tally.late), (4, 3, 1, 0));
    }

    #[test]
    fn without_an_answer_every_latency_is_nought() {
        let quantiles = Tally::new().unwrap().response.quantiles();
        assert_eq!((quantiles.p50, quantiles.max, quantiles.count), (0.0, 0.0, 0));
    }
}
