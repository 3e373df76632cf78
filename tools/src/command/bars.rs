//! Progress on stderr: a bar a source while it is read.

use crate::ingest::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;

/// One bar, for the source that is being read. Silent where stderr is no terminal.
pub(super) struct Bars {
    bar: ProgressBar,
    source: RefCell<Option<usize>>,
}

impl Bars {
    pub(super) fn new() -> Bars {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
        if let Ok(style) = ProgressStyle::with_template(
            "{prefix:>12} {bar:32} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
        ) {
            bar.set_style(style);
        }
        Bars { bar, source: RefCell::new(None) }
    }
}

impl Progress for Bars {
    fn advance(&self, source: usize, done: u64, total: u64) {
        if self.source.replace(Some(source)) != Some(source) {
            self.bar.reset();
            self.bar.set_prefix(format!("source {}", source + 1));
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
