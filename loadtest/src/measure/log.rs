//! Histograms in the forms that public tools read: the log of HdrHistogram, version 2, and its percentile table.

use std::fmt::Write as _;
use std::time::Duration;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::Interval;
use crate::error::LoadError;

/// The tag of response times. Lines without a tag are the same, for tools that know no tags.
const SERVICE: &str = "service";
/// Values are nanoseconds; tools show milliseconds.
const NS_PER_MS: f64 = 1e6;
/// Steps of the percentile table in each half of what is left.
const TICKS: u32 = 5;

/// The latencies of every stretch, as lines of an interval log.
#[derive(Debug, Clone)]
pub(crate) struct IntervalLog {
    began: Duration,
    lines: String,
}

impl IntervalLog {
    /// Of a run that begins now.
    pub(crate) fn new(began: Duration) -> Self {
        Self { began, lines: String::new() }
    }

    /// Adds a stretch: its response times without a tag, its service times with one.
    pub(crate) fn add(&mut self, interval: &Interval) -> Result<(), LoadError> {
        let start = Duration::from_nanos(interval.from_ns);
        let length = Duration::from_nanos(interval.to_ns - interval.from_ns);
        let mut bytes = Vec::new();
        let mut serializer = V2DeflateSerializer::new();
        let refused = |error: &dyn std::fmt::Debug| LoadError::Log(format!("{error:?}"));
        let mut writer = IntervalLogWriterBuilder::new()
            .with_max_value_divisor(NS_PER_MS)
            .begin_log_with(&mut bytes, &mut serializer)
            .map_err(|error| refused(&error))?;
        let (response, service) = (interval.response.histogram_ns(), interval.service.histogram_ns());
        writer.write_histogram(response, start, length, None).map_err(|error| refused(&error))?;
        let tag = Tag::new(SERVICE);
        writer.write_histogram(service, start, length, tag).map_err(|error| refused(&error))?;
        // The header is written once, with the whole log.
        for line in String::from_utf8_lossy(&bytes).lines().filter(|line| !line.starts_with(['#', '"'])) {
            self.lines.push_str(line);
            self.lines.push('\n');
        }
        Ok(())
    }

    /// The whole log.
    pub(crate) fn text(&self) -> String {
        let began = self.began.as_secs_f64();
        format!(
            "#[Logged with xinhe-load {}; nanoseconds; without a tag from the intended start, with Tag={SERVICE} from the send]\n\
             #[Histogram log format version 1.3]\n#[StartTime: {began:.3} (seconds since epoch)]\n\
             #[BaseTime: {began:.3} (seconds since epoch)]\n\
             \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n{}",
            env!("CARGO_PKG_VERSION"),
            self.lines
        )
    }
}

/// The percentile table (`.hgrm`), in milliseconds.
pub(crate) fn percentile_table(histogram_ns: &Histogram<u64>) -> String {
    let mut text =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut total = 0;
    for step in histogram_ns.iter_quantiles(TICKS) {
        let value = step.value_iterated_to() as f64 / NS_PER_MS;
        let quantile = step.quantile_iterated_to();
        total += step.count_since_last_iteration();
        let line = if quantile < 1.0 {
            writeln!(text, "{value:12.6} {quantile:2.12} {total:10} {:14.2}", 1.0 / (1.0 - quantile))
        } else {
            writeln!(text, "{value:12.6} {quantile:2.12} {total:10}")
        };
        // Writing to a string cannot fail.
        line.unwrap_or_default();
    }
    let (mean, deviation) = (histogram_ns.mean() / NS_PER_MS, histogram_ns.stdev() / NS_PER_MS);
    let (max, total) = (histogram_ns.max() as f64 / NS_PER_MS, histogram_ns.len());
    text + &format!(
        "#[Mean    = {mean:12.6}, StdDeviation   = {deviation:12.6}]\n#[Max     = {max:12.6}, Total count    = {total:12}]\n\
         #[Buckets = {:12}, SubBuckets     = {:12}]\n",
        histogram_ns.buckets(),
        2048
    )
}
