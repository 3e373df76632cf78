//! Latencies of one kind.

use hdrhistogram::{CreationError, Histogram};
use serde::Serialize;

/// No latency is longer: a run lasts a day and a request a day at most.
const LATENCY_MAX_NS: u64 = 48 * 3600 * 1_000_000_000;
const SIGNIFICANT_DIGITS: u8 = 3;

/// Nanoseconds with three significant digits, and the exact largest: where the histogram rounds up, this does not.
#[derive(Debug, Clone)]
pub(crate) struct Latency {
    histogram_ns: Histogram<u64>,
    max_ns: u64,
}

impl Latency {
    /// Nothing yet.
    pub(crate) fn new() -> Result<Self, CreationError> {
        let histogram_ns = Histogram::new_with_bounds(1, LATENCY_MAX_NS, SIGNIFICANT_DIGITS)?;
        Ok(Self { histogram_ns, max_ns: 0 })
    }

    /// Counts one.
    pub(crate) fn record(&mut self, ns: u64) {
        self.histogram_ns.saturating_record(ns);
        self.max_ns = self.max_ns.max(ns);
    }

    /// Counts all of another.
    pub(crate) fn add(&mut self, other: &Self) {
        // The bounds are the same, so nothing is refused.
        self.histogram_ns.add(&other.histogram_ns).unwrap_or_default();
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        if !self.histogram_ns.is_empty() {
            self.histogram_ns.reset();
        }
        self.max_ns = 0;
    }

    /// How many were counted.
    pub(crate) fn count(&self) -> u64 {
        self.histogram_ns.len()
    }

    /// Below or at which this part of all lies, in microseconds.
    pub(crate) fn at_us(&self, quantile: f64) -> f64 {
        self.histogram_ns.value_at_quantile(quantile).min(self.max_ns) as f64 / 1000.0
    }

    /// The largest, in microseconds.
    pub(crate) fn max_us(&self) -> f64 {
        self.max_ns as f64 / 1000.0
    }

    /// The average, in microseconds.
    pub(crate) fn mean_us(&self) -> f64 {
        if self.histogram_ns.is_empty() { 0.0 } else { self.histogram_ns.mean() / 1000.0 }
    }

    /// The counts themselves.
    pub(crate) fn histogram_ns(&self) -> &Histogram<u64> {
        &self.histogram_ns
    }

    /// The usual quantiles.
    pub(crate) fn quantiles(&self) -> QuantilesUs {
        QuantilesUs {
            p50: self.at_us(0.5),
            p90: self.at_us(0.9),
            p99: self.at_us(0.99),
            p999: self.at_us(0.999),
            p9999: self.at_us(0.9999),
            max: self.max_us(),
            count: self.count(),
            mean: self.mean_us(),
            above: Above::of(self.count()),
        }
    }
}

/// Latencies in microseconds; all 0 when nothing was answered.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct QuantilesUs {
    /// Half are not slower.
    pub(crate) p50: f64,
    /// 90 % are not slower.
    pub(crate) p90: f64,
    /// 99 %.
    pub(crate) p99: f64,
    /// 99.9 %.
    pub(crate) p999: f64,
    /// 99.99 %.
    pub(crate) p9999: f64,
    /// The slowest.
    pub(crate) max: f64,
    /// Of how many.
    pub(crate) count: u64,
    /// The average.
    pub(crate) mean: f64,
    /// How many answers stand behind each quantile.
    pub(crate) above: Above,
}

/// How many answers lie above a quantile: one that rests on a handful says little.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Above {
    p50: u64,
    p90: u64,
    pub(crate) p99: u64,
    pub(crate) p999: u64,
    pub(crate) p9999: u64,
}

impl Above {
    fn of(count: u64) -> Self {
        let above = |parts: u64| count / parts;
        Self { p50: above(2), p90: above(10), p99: above(100), p999: above(1000), p9999: above(10_000) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_keep_three_digits() {
        let mut latency = Latency::new().unwrap();
        for us in 1..=10_000 {
            latency.record(us * 1000);
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
        assert_eq!((quantiles.max, quantiles.count, quantiles.above.p999), (10_000.0, 10_000, 10));
    }

    #[test]
    fn without_an_answer_every_latency_is_nought() {
        let quantiles = Latency::new().unwrap().quantiles();
        assert_eq!((quantiles.p50, quantiles.max, quantiles.count, quantiles.mean), (0.0, 0.0, 0, 0.0));
    }

    #[test]
    fn two_are_added_and_cleared() {
        let (mut one, mut other) = (Latency::new().unwrap(), Latency::new().unwrap());
        one.record(5_000);
        other.record(7_001);
        one.add(&other);
        assert_eq!((one.count(), one.max_us()), (2, 7.001));
        one.clear();
        assert_eq!((one.count(), one.max_us()), (0, 0.0));
    }
}
