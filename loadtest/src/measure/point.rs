//! A stretch of a run as a point in plots.

use serde::Serialize;

use super::Interval;
use crate::pace::Plan;

/// Rates and latencies of a stretch.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Point {
    /// Seconds of the run where it ends.
    pub(crate) at_s: f64,
    /// How long it is.
    pub(crate) seconds: f64,
    /// Requests a second that fell due.
    pub(crate) offered_rate: f64,
    /// Answers a second.
    pub(crate) achieved_rate: f64,
    /// Failed requests.
    pub(crate) errors: u64,
    /// Requests that waited too long.
    pub(crate) timeouts: u64,
    /// Sent late.
    pub(crate) late: u64,
    /// Response time in microseconds.
    pub(crate) p50: f64,
    /// See above.
    pub(crate) p90: f64,
    /// See above.
    pub(crate) p99: f64,
    /// See above.
    pub(crate) p999: f64,
    /// See above.
    pub(crate) max: f64,
    /// Service time in microseconds.
    pub(crate) service_p99: f64,
    /// The generator's own lateness in microseconds.
    pub(crate) own_lateness_max: f64,
    /// It lies in the warm-up.
    pub(crate) warmup: bool,
}

impl Point {
    /// Of a stretch that is over.
    pub(crate) fn of(interval: &Interval, plan: &Plan) -> Self {
        let seconds = (interval.to_ns - interval.from_ns) as f64 / 1e9;
        let rate = |count: f64| if seconds > 0.0 { count / seconds } else { 0.0 };
        let counts = &interval.counts;
        Self {
            at_s: interval.to_ns as f64 / 1e9,
            seconds,
            offered_rate: rate(plan.reach(interval.to_ns) - plan.reach(interval.from_ns)),
            achieved_rate: rate((counts.answered + counts.warm) as f64),
            errors: counts.errors(),
            timeouts: counts.timeouts,
            late: counts.late,
            p50: interval.response.at_us(0.5),
            p90: interval.response.at_us(0.9),
            p99: interval.response.at_us(0.99),
            p999: interval.response.at_us(0.999),
            max: interval.response.max_us(),
            service_p99: interval.service.at_us(0.99),
            own_lateness_max: interval.own_lateness.max_us(),
            warmup: counts.warm > 0 && counts.answered == 0,
        }
    }
}
