//! What came of a run, for programs and for people.

mod files;
mod machine;
mod page;
mod words;

pub(crate) use files::write;
pub(crate) use machine::{Machine, ServerProcess};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::background::{Mark, SlowCounts};
use crate::measure::{Counts, KindCounts, Point, QuantilesUs};
use crate::session::Outcome;
use crate::verify::Verified;
use crate::workload::Kind;

/// Above this part of late starts that are the generator's own doing, its figures say more about itself.
const OWN_LATE_MAX: f64 = 0.001;
/// Its own lateness is more than this part of what callers waited.
const OWN_PART_MAX: f64 = 0.1;
/// Above this part of its time at work, the loop has nothing left.
const BUSY_MAX: f64 = 0.95;

/// What the run was meant to be.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Meant {
    /// Scheme, host and path.
    pub(crate) target: String,
    /// HTTP, Redis or PostgreSQL.
    pub(crate) target_kind: &'static str,
    /// Name of the scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scenario: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    /// The kind of schedule.
    pub(crate) schedule: &'static str,
    /// Requests a second asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rate: Option<f64>,
    /// How long requests are sent.
    pub(crate) duration_s: f64,
    /// Of this, not counted.
    pub(crate) warmup_s: f64,
    /// What is sent.
    pub(crate) workload: String,
    /// Where chance is used.
    pub(crate) seed: u64,
    /// Connections asked for.
    pub(crate) connections: usize,
    /// Over HTTP/2: requests at a time on each connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) streams: Option<usize>,
    /// A connection is opened again after so many answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) requests_per_connection: Option<u32>,
    /// How long one request may take.
    pub(crate) timeout_s: f64,
    /// The processor of the thread that sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pinned_to: Option<usize>,
}

/// The generator beside its server.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Generator {
    /// From the intended start, or from when a connection was free if that came later, to the send.
    pub(crate) own_lateness_us: QuantilesUs,
    /// Starts later than 1 ms although a connection was free.
    pub(crate) own_late: u64,
    /// How often the loop stood still for more than 1 ms.
    pub(crate) stalls: u64,
    /// For how long at most.
    pub(crate) longest_stall_us: f64,
    /// The part of the time in which the loop was at work.
    pub(crate) busy: f64,
    /// Processor time of the loop for a request.
    pub(crate) cpu_us_per_request: f64,
    /// The figures are bounded by the generator.
    pub(crate) at_its_limit: bool,
}

/// The result of a run; the JSON keeps the order and the names of the fields.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// Requests a second asked for; without a rate, the achieved ones.
    pub(crate) offered_rate: f64,
    /// Answers a second behind the warm-up, also those to requests that were due in it.
    pub(crate) achieved_rate: f64,
    /// Sends later than 1 ms after their intended start.
    pub(crate) late: u64,
    /// Intended starts that were never sent, as every connection was busy to the end.
    pub(crate) dropped: u64,
    /// Requests without an answer within the timeout.
    pub(crate) timeouts: u64,
    /// Requests whose connection failed, and answers that are not what the request should have: `counts` tells apart.
    pub(crate) errors: u64,
    /// From the intended start.
    pub(crate) response_time_us: QuantilesUs,
    /// From the send.
    pub(crate) service_time_us: QuantilesUs,
    /// Whole answers of any status: the count of both latencies.
    pub(crate) answered: u64,
    /// Answers 429 and 503.
    pub(crate) refused: u64,
    /// Answers that say something wrong.
    pub(crate) wrong: u64,
    /// Answers by status.
    pub(crate) by_status: BTreeMap<u16, u64>,
    /// Connections asked for.
    pub(crate) connections: usize,
    /// Over HTTP/2: streams that each connection had. A server may allow fewer than were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) streams: Option<usize>,
    /// What was counted takes so long.
    pub(crate) elapsed_s: f64,
    /// Ended early by a signal; the figures are those so far.
    pub(crate) interrupted: bool,
    /// What the run was meant to be.
    pub(crate) meant: Meant,
    /// The generator itself.
    pub(crate) generator: Generator,
    /// All counts.
    pub(crate) counts: Counts,
    /// Answers by kind of request.
    pub(crate) by_kind: BTreeMap<&'static str, KindCounts>,
    /// Failures by reason.
    pub(crate) reasons: BTreeMap<String, u64>,
    /// What came of the comparison with offline decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verified: Option<Verified>,
    /// The version of this program.
    pub(crate) version: &'static str,
    /// When the clock began, in seconds since 1970.
    pub(crate) began_unix_s: f64,
    /// Connections that were open then.
    pub(crate) connections_opened: usize,
    /// Where the generator ran.
    pub(crate) machine: Machine,
    /// The server's process, if it runs on the same machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<ServerProcess>,
    /// What happened beside the load.
    pub(crate) marks: Vec<Mark>,
    /// What became of slow clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) slow_clients: Option<SlowCounts>,
    /// What a reader has to know before believing the figures.
    pub(crate) notes: Vec<String>,
    /// The course of the run.
    pub(crate) points: Vec<Point>,
}

impl Report {
    /// The figures of a run that is over.
    pub(crate) fn of(meant: Meant, outcome: &Outcome, verified: Option<Verified>) -> Self {
        let total = &outcome.total;
        let counts = total.counts.clone();
        let elapsed_s = (outcome.driven.elapsed_ns as f64 / 1e9 - meant.warmup_s).max(0.0);
        let rate = |count: f64| if elapsed_s > 0.0 { count / elapsed_s } else { 0.0 };
        let achieved_rate = rate((counts.answered + counts.warm_behind) as f64);
        let kinds = Kind::ALL.iter().zip(&total.by_kind).filter(|(_, counts)| counts.answered > 0);
        Self {
            offered_rate: meant.rate.unwrap_or(achieved_rate),
            achieved_rate,
            late: counts.late,
            dropped: outcome.driven.dropped,
            timeouts: counts.timeouts,
            errors: counts.errors(),
            response_time_us: total.response.quantiles(),
            service_time_us: total.service.quantiles(),
            answered: counts.answered,
            refused: counts.refused,
            wrong: counts.wrong + verified.as_ref().map_or(0, |verified| verified.wrong),
            verified,
            by_status: total.by_status.clone(),
            connections: meant.connections,
            streams: meant.streams.map(|_| outcome.driven.streams),
            elapsed_s,
            interrupted: outcome.driven.interrupted,
            generator: Generator::of(outcome, meant.rate.is_none_or(|rate| achieved_rate < 0.99 * rate)),
            by_kind: kinds.map(|(kind, counts)| (kind.word(), *counts)).collect(),
            reasons: total.reasons.clone(),
            version: env!("CARGO_PKG_VERSION"),
            began_unix_s: outcome.began.as_secs_f64(),
            connections_opened: outcome.opened,
            machine: Machine::this(meant.pinned_to),
            server: None,
            marks: Vec::new(),
            slow_clients: None,
            notes: Vec::new(),
            points: outcome.points.clone(),
            counts,
            meant,
        }
    }

    /// With what went on beside the load.
    pub(crate) fn with(
        mut self,
        marks: Vec<Mark>,
        slow_clients: Option<SlowCounts>,
        server: Option<ServerProcess>,
    ) -> Self {
        (self.marks, self.slow_clients) = (marks, slow_clients);
        self.server = server.map(ServerProcess::after);
        self.notes = self.notes_now();
        self
    }
}

impl Generator {
    /// `behind` says that fewer were answered than asked for; without a rate as many are asked for as there can be.
    fn of(outcome: &Outcome, behind: bool) -> Self {
        let (driven, counts) = (&outcome.driven, &outcome.total.counts);
        let busy = 1.0 - driven.idle_ns as f64 / driven.elapsed_ns.max(1) as f64;
        let requests = (counts.answered + counts.warm).max(1) as f64;
        let (own, response) = (&outcome.total.own_lateness, &outcome.total.response);
        let often = counts.own_late as f64 > OWN_LATE_MAX * counts.sent as f64;
        let much = [0.99, 0.999, 1.0].iter().any(|q| own.at_us(*q) > OWN_PART_MAX * response.at_us(*q));
        let own_late = often && much;
        Self {
            own_lateness_us: outcome.total.own_lateness.quantiles(),
            own_late: counts.own_late,
            stalls: driven.stalls,
            longest_stall_us: driven.longest_stall_ns as f64 / 1000.0,
            busy: busy.clamp(0.0, 1.0),
            cpu_us_per_request: driven.cpu_ns as f64 / 1000.0 / requests,
            at_its_limit: own_late || (behind && busy > BUSY_MAX),
        }
    }
}
