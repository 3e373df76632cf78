//! Progress on stderr: a bar for each source that is being read.

use crate::ingest::Progress;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

const TEMPLATE: &str =
    "{prefix:>12} {bar:32} {bytes}/{total_bytes} {bytes_per_sec} {eta} left {msg:>12} rows";

const COMPARED: &str =
    "{prefix:>12} {bar:32} {pos}/{len} subjects compared with the release before, {eta} left";

/// Bars by source, gone when their source is read. Silent where stderr is no terminal.
pub(super) struct Bars {
    all: MultiProgress,
    bars: Mutex<BTreeMap<usize, ProgressBar>>,
}

impl Bars {
    pub(super) fn new() -> Bars {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(5));
        Bars { all, bars: Mutex::default() }
    }

    fn bar(&self, source: usize) -> ProgressBar {
        let bar = self.all.add(ProgressBar::no_length().with_prefix(format!("source {}", source + 1)));
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        bar
    }
}

impl Progress for Bars {
    fn advance(&self, source: usize, rows: u64, done: u64, total: u64) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bars.entry(source).or_insert_with(|| self.bar(source));
        bar.set_length(total);
        // Threads come out of order.
        if done >= bar.position() {
            bar.set_position(done);
            bar.set_message(rows.to_string());
        }
        if done >= total {
            bar.finish_and_clear();
        }
    }
}

impl crate::compile::Watch for Bars {
    fn compared(&self, done: u64, all: u64) {
        let mut bars = self.bars.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bars.entry(usize::MAX).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::no_length().with_prefix("verdicts"));
            if let Ok(style) = ProgressStyle::with_template(COMPARED) {
                bar.set_style(style);
            }
            bar
        });
        bar.set_length(all);
        bar.set_position(done);
        if done >= all {
            bar.finish_and_clear();
        }
    }

    fn remark(&self, words: &str) {
        self.all.suspend(|| eprintln!("{words}"));
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        if self.all.clear().is_err() {
            // The terminal is gone, and the bars with it.
        }
    }
}
