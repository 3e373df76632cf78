//! Lines, where standard error is no terminal.

use super::say;
use crate::measure::{Interval, Point};
use crate::session::Watch;

const EVERY_S: f64 = 5.0;

/// A line every five seconds.
#[derive(Debug, Default)]
pub(super) struct Plain {
    told_s: f64,
}

impl Watch for Plain {
    fn opened(&mut self, opened: usize, of: usize) {
        let words = if opened < of { format!(", {} not yet open", of - opened) } else { String::new() };
        say(&format!("{opened} connections{words}"));
    }

    fn went(&mut self, point: &Point, total: &Interval) {
        if point.at_s - self.told_s < EVERY_S {
            return;
        }
        self.told_s = point.at_s;
        let counts = &total.counts;
        say(&format!(
            "{:>5.0} s: {} answered, {:.0}/s, p99 {:.2} ms, {} timeouts, {} errors",
            point.at_s,
            counts.answered,
            point.achieved_rate,
            point.p99 / 1000.0,
            counts.timeouts,
            counts.errors()
        ));
    }

    fn over(&mut self) {}
}
