//! A few lines that are drawn again and again, where standard error is a terminal.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use super::say;
use crate::measure::{Interval, Point};
use crate::session::Watch;

const REDRAW: Duration = Duration::from_millis(200);
/// Columns of the chart.
const COLUMNS: usize = 60;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const LINES: usize = 6;

/// The view.
#[derive(Debug)]
pub(super) struct Live {
    duration_s: f64,
    drawn: Option<Instant>,
    p99_us: VecDeque<f64>,
}

impl Live {
    /// Of a run that takes so long.
    pub(super) fn new(duration_s: f64) -> Self {
        Self { duration_s, drawn: None, p99_us: VecDeque::new() }
    }

    /// Over what was drawn before.
    fn clear(&self) -> String {
        if self.drawn.is_some() { format!("\x1b[{LINES}A\x1b[J") } else { String::new() }
    }
}

/// One column a value, taller by factors: latencies lie far apart.
fn chart(values_us: &VecDeque<f64>) -> String {
    let (low, high) = values_us
        .iter()
        .filter(|us| **us > 0.0)
        .fold((f64::MAX, 0.0_f64), |(low, high), us| (low.min(*us), high.max(*us)));
    let span = (high / low).ln().max(1.0);
    let bar = |us: &f64| {
        if *us <= 0.0 {
            return ' ';
        }
        let tall = (us / low).ln() / span * (BARS.len() - 1) as f64;
        BARS.get(tall.round() as usize).copied().unwrap_or('█')
    };
    values_us.iter().map(bar).collect()
}

impl Watch for Live {
    fn opened(&mut self, opened: usize, of: usize) {
        say(&format!("{opened} of {of} connections are open"));
    }

    fn went(&mut self, point: &Point, total: &Interval) {
        self.p99_us.push_back(point.p99);
        if self.p99_us.len() > COLUMNS {
            self.p99_us.pop_front();
        }
        if self.drawn.is_some_and(|at| at.elapsed() < REDRAW) {
            return;
        }
        let ms = |us: f64| format!("{:.2}", us / 1000.0);
        let (counts, response) = (&total.counts, &total.response);
        let text = format!(
            "{}{:>6.0} s of {:.0} s{}\n  rate     {:>10.0}/s   offered {:>10.0}/s   answered {}\n  now      p50 {} ms   p99 {} ms   \
             slowest {} ms\n  in all   p50 {} ms   p99 {} ms   p99.9 {} ms   slowest {} ms\n  errors {}   refused {}   timeouts {}   late {} \
             (own {})\n  p99 {}\n",
            self.clear(),
            point.at_s,
            self.duration_s,
            if point.warmup { "   warm-up" } else { "" },
            point.achieved_rate,
            point.offered_rate,
            counts.answered,
            ms(point.p50),
            ms(point.p99),
            ms(point.max),
            ms(response.at_us(0.5)),
            ms(response.at_us(0.99)),
            ms(response.at_us(0.999)),
            ms(response.max_us()),
            counts.errors(),
            counts.refused,
            counts.timeouts,
            counts.late,
            counts.own_late,
            chart(&self.p99_us)
        );
        // If nobody sees it, the run goes on.
        io::stderr().lock().write_all(text.as_bytes()).unwrap_or_default();
        self.drawn = Some(Instant::now());
    }

    fn over(&mut self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_rises_with_latency() {
        let values = VecDeque::from([100.0, 1000.0, 10_000.0, 0.0]);
        assert_eq!(chart(&values), "▁▅█ ");
        assert_eq!(chart(&VecDeque::from([5.0])), "▁");
    }
}
