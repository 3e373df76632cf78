//! Which plots a run has.

use hdrhistogram::Histogram;

use super::plot::{Axis, Form, Series, Stretch, plot};
use super::{latency, rounded};
use crate::measure::Point;
use crate::report::Report;
use crate::session::Outcome;

/// Bars of the histogram.
const BARS: usize = 70;
/// Points of the spectrum in each half of what is left.
const TICKS: u32 = 8;

/// All of them.
pub(super) fn all(report: &Report, outcome: &Outcome, out: &mut String) {
    if report.answered == 0 {
        return;
    }
    spectrum(outcome, out);
    course(report, out);
    rates(report, out);
    histogram(outcome, out);
}

/// Latency by percentile, where each step to the right is a step to rarer answers.
fn spectrum(outcome: &Outcome, out: &mut String) {
    let total = &outcome.total;
    let points = |histogram: &Histogram<u64>| -> Vec<(f64, f64)> {
        let count = histogram.len() as f64;
        let steps = histogram.iter_quantiles(TICKS);
        let rare = |quantile: f64| (1.0 / (1.0 - quantile).max(1.0 / count)).min(count);
        steps.map(|step| (rare(step.quantile()), step.value_iterated_to() as f64 / 1000.0)).collect()
    };
    let mut series = vec![
        Series {
            name: "response time (from the intended start)".to_owned(),
            colour: 1,
            form: Form::Line,
            points: points(total.response.histogram_ns()),
        },
        Series {
            name: "service time (from the send)".to_owned(),
            colour: 2,
            form: Form::Line,
            points: points(total.service.histogram_ns()),
        },
    ];
    if total.own_lateness.count() > 0 {
        series.push(Series {
            name: "generator's own lateness".to_owned(),
            colour: 5,
            form: Form::Line,
            points: points(total.own_lateness.histogram_ns()),
        });
    }
    let percentile = |rare: f64| match rare as u64 {
        1 => "0 %".to_owned(),
        10 => "90 %".to_owned(),
        100 => "99 %".to_owned(),
        rare => {
            let nines = rare.ilog10() as usize;
            format!("99.{} %", "9".repeat(nines - 2))
        }
    };
    let mut x = Axis::log(1.0, total.response.count().max(10) as f64, "percentile", percentile);
    x.high = total.response.count().max(10) as f64;
    x.ticks.retain(|(at, _)| *at <= x.high);
    let low = series.iter().take(2).filter_map(|one| Some(one.points.first()?.1)).fold(f64::MAX, f64::min);
    let high = total.response.max_us();
    plot(out, "Latency by percentile", (&x, &Axis::log(low, high, "latency", latency)), &series, &[]);
}

fn line(name: &str, colour: usize, points: &[Point], value: impl Fn(&Point) -> f64) -> Series {
    let points = points.iter().map(|point| (point.at_s, value(point))).collect();
    Series { name: name.to_owned(), colour, form: Form::Line, points }
}

fn time_axis(report: &Report) -> Axis {
    let end = report.points.last().map_or(1.0, |point| point.at_s);
    let mut axis = Axis::linear(end, "seconds of the run", rounded);
    axis.high = end;
    axis.ticks.retain(|(at, _)| *at <= end);
    axis
}

/// Swaps, corrections, and the warm-up.
fn stretches(report: &Report) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    if report.meant.warmup_s > 0.0 {
        all.push(Stretch { from: 0.0, to: report.meant.warmup_s, name: "warm-up".to_owned(), bad: false });
    }
    all.extend(report.marks.iter().map(|mark| Stretch {
        from: mark.from_s,
        to: mark.to_s,
        name: mark.name.clone(),
        bad: mark.failure.is_some(),
    }));
    all
}

/// Latency over time.
fn course(report: &Report, out: &mut String) {
    // Stretches without answers have no latency.
    let answered: Vec<Point> = report.points.iter().filter(|point| point.p50 > 0.0).cloned().collect();
    let series = [
        line("p50", 3, &answered, |point| point.p50),
        line("p90", 4, &answered, |point| point.p90),
        line("p99", 1, &answered, |point| point.p99),
        line("slowest", 2, &answered, |point| point.max),
        line("generator's own lateness, worst", 5, &answered, |point| point.own_lateness_max),
    ];
    let shown = if report.meant.schedule == "closed loop" { &series[..4] } else { &series[..] };
    let low = answered.iter().map(|point| point.p50).fold(f64::MAX, f64::min);
    let y = Axis::log(low, report.response_time_us.max, "response time", latency);
    plot(out, "Response time over the run", (&time_axis(report), &y), shown, &stretches(report));
}

/// Offered against achieved.
fn rates(report: &Report, out: &mut String) {
    let mut series = vec![line("achieved", 1, &report.points, |point| point.achieved_rate)];
    if report.meant.schedule != "closed loop" {
        series.insert(0, line("offered", 4, &report.points, |point| point.offered_rate));
    }
    let failed = |point: &Point| (point.errors + point.timeouts) as f64 / point.seconds.max(1e-9);
    series.push(line("failed", 2, &report.points, failed));
    for one in &mut series {
        one.form = Form::Steps;
        if let Some((_, first)) = one.points.first().copied() {
            one.points.insert(0, (0.0, first));
        }
    }
    let high = series.iter().flat_map(|one| one.points.iter().map(|point| point.1)).fold(1.0, f64::max);
    let y = Axis::linear(high, "requests a second", rounded);
    plot(out, "Offered and achieved rate", (&time_axis(report), &y), &series, &stretches(report));
}

/// How many answers took how long.
fn histogram(outcome: &Outcome, out: &mut String) {
    let total = &outcome.total;
    let low = total.service.histogram_ns().min().max(1000) as f64 / 1000.0;
    let high = total.response.max_us().max(low * 1.01);
    let x = Axis::log(low, high, "latency", latency);
    let (first, ratio) = (x.low, (x.high / x.low).powf(1.0 / BARS as f64));
    let counts = |histogram: &Histogram<u64>| -> Vec<(f64, f64)> {
        let mut counts = vec![0_u64; BARS];
        for step in histogram.iter_recorded() {
            let place =
                ((step.value_iterated_to() as f64 / 1000.0 / first).ln() / ratio.ln()).max(0.0) as usize;
            counts[place.min(BARS - 1)] += step.count_since_last_iteration();
        }
        counts.push(0);
        let at = |place: usize| first * ratio.powi(i32::try_from(place).unwrap_or(i32::MAX));
        counts.iter().enumerate().map(|(place, count)| (at(place), *count as f64)).collect()
    };
    let (response, service) = (counts(total.response.histogram_ns()), counts(total.service.histogram_ns()));
    let highest = response.iter().chain(&service).map(|point| point.1).fold(1.0, f64::max);
    let series = [
        Series { name: "response time".to_owned(), colour: 1, form: Form::Bars, points: response },
        Series { name: "service time".to_owned(), colour: 2, form: Form::Steps, points: service },
    ];
    let y = Axis::linear(highest, "answers", rounded);
    plot(out, "How many answers took how long", (&x, &y), &series, &[]);
}
