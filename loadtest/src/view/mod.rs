//! What is told while a run goes on, on standard error.

mod plain;

use std::io::{self, Write};

use crate::session::Watch;

/// A line every few seconds.
pub(crate) fn new(_duration_ns: u64) -> Box<dyn Watch> {
    Box::new(plain::Plain::default())
}

/// Writes a line to standard error. If nobody reads it, the run goes on.
pub(crate) fn say(line: &str) {
    writeln!(io::stderr().lock(), "{line}").ok();
}
