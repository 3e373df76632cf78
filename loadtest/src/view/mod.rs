//! What is told while a run goes on, on standard error.

mod live;
mod plain;

use std::io::{self, IsTerminal, Write};

use crate::measure::{Interval, Point};
use crate::session::Watch;

/// A view that is drawn again and again on a terminal, and lines elsewhere.
pub(crate) fn new(duration_ns: u64) -> Box<dyn Watch> {
    if io::stderr().is_terminal() {
        Box::new(live::Live::new(duration_ns as f64 / 1e9))
    } else {
        Box::new(plain::Plain::default())
    }
}

/// Says nothing: where many runs follow each other, each is told in a line at its end.
#[derive(Debug)]
pub(crate) struct Silent;

impl Watch for Silent {
    fn opened(&mut self, _: usize, _: usize) {}
    fn went(&mut self, _: &Point, _: &Interval) {}
    fn over(&mut self) {}
}

/// Writes a line to standard error. If nobody reads it, the run goes on.
pub(crate) fn say(line: &str) {
    writeln!(io::stderr().lock(), "{line}").ok();
}
