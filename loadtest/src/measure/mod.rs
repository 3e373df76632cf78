//! What came of the requests: counts, and latencies of two kinds.
//!
//! The response time runs from the intended start, so that a server that stalls cannot hide the requests that
//! had to wait (coordinated omission). The service time runs from the send: what a closed loop would have
//! claimed. Both end with the last byte of the answer, and only answered requests have one: read them beside
//! the counts of those that have none.

mod interval;
mod latency;
mod log;
mod point;
mod ratio;

pub(crate) use interval::{Counts, Failure, Interval, KindCounts, LATE_NS, MISSING, Times};
pub(crate) use latency::QuantilesUs;
pub(crate) use log::{IntervalLog, percentile_table};
pub(crate) use point::Point;
pub(crate) use ratio::Ratio;
