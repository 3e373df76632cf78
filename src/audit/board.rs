//! What the log counts of its own work, in fixed buckets, read at a scrape.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Upper bounds of the buckets of batch sizes, in entries.
pub const BATCH_BOUNDS: [u64; 8] = [1, 2, 4, 8, 16, 32, 64, 256];
/// Upper bounds of the buckets of commits, in microseconds.
pub const COMMIT_BOUNDS_US: [u64; 10] = [50, 100, 200, 400, 800, 1_600, 5_000, 20_000, 100_000, 1_000_000];

/// A histogram of fixed buckets; the last counts what is above all bounds.
#[derive(Debug)]
pub struct Buckets<const N: usize> {
    counts: [AtomicU64; N],
    above: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Default for Buckets<N> {
    fn default() -> Buckets<N> {
        Buckets { counts: [const { AtomicU64::new(0) }; N], above: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }
}

impl<const N: usize> Buckets<N> {
    /// Counts a value under the first bound that it does not pass.
    pub fn count(&self, bounds: &[u64; N], value: u64) {
        let bucket = bounds.iter().position(|bound| value <= *bound).and_then(|place| self.counts.get(place));
        bucket.unwrap_or(&self.above).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// Counts up to each bound, then all; and the sum of all values.
    pub fn read(&self) -> (Vec<u64>, u64) {
        let mut total = 0;
        let each = self.counts.iter().chain([&self.above]);
        let up_to = each.map(|count| {
            total += count.load(Ordering::Relaxed);
            total
        });
        (up_to.collect(), self.sum.load(Ordering::Relaxed))
    }
}

/// What the log counts.
#[derive(Debug, Default)]
pub struct LogBoard {
    /// Entries that are in the log.
    pub entries: AtomicU64,
    /// Bytes written.
    pub bytes: AtomicU64,
    /// Batches that could not be written.
    pub failures: AtomicU64,
    /// Segments sealed.
    pub sealed: AtomicU64,
    /// Entries that were taken in.
    pub(super) taken: AtomicU64,
    /// Entries of lost batches.
    pub(super) lost: AtomicU64,
    /// Bytes of the reserve that are still kept.
    pub reserve: AtomicU64,
    /// No entry is taken: the disk refuses.
    pub refusing: AtomicBool,
    /// Entries a batch, by [`BATCH_BOUNDS`].
    pub batch_sizes: Buckets<8>,
    /// Microseconds a commit took, by [`COMMIT_BOUNDS_US`].
    pub commits_us: Buckets<10>,
}

impl LogBoard {
    /// Entries that wait for their commit.
    pub fn backlog(&self) -> u64 {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        load(&self.taken).saturating_sub(load(&self.entries) + load(&self.lost))
    }

    pub(super) fn committed(&self, entries: u64, bytes: u64, took_us: u64) {
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.batch_sizes.count(&BATCH_BOUNDS, entries);
        self.commits_us.count(&COMMIT_BOUNDS_US, took_us);
    }
}
