//! What is counted. Each worker counts on its own; a scrape adds up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counters, one a word.
#[derive(Debug)]
pub struct Tally {
    words: &'static [&'static str],
    counts: Box<[AtomicU64]>,
}

impl Tally {
    /// Counters at zero.
    pub fn new(words: &'static [&'static str]) -> Tally {
        Tally { words, counts: words.iter().map(|_| AtomicU64::new(0)).collect() }
    }

    /// Counts one more of the word at this place.
    pub fn count(&self, place: usize) {
        if let Some(count) = self.counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The words with their counts.
    pub fn read(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.words.iter().copied().zip(self.counts.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}

/// What one worker counts.
#[derive(Debug)]
pub struct WorkerBoard {
    /// Connections open.
    pub connections: AtomicUsize,
    /// Checks answered, by verdict.
    pub verdicts: Tally,
    /// Problems answered, by code.
    pub problems: Tally,
    /// Connections cut because they were too slow.
    pub cut: AtomicU64,
    /// Rises while the worker's thread gets on.
    pub beats: AtomicU64,
}

/// What all workers count.
#[derive(Debug)]
pub struct Board {
    /// One a worker.
    pub workers: Vec<Arc<WorkerBoard>>,
    /// Connections refused because too many were open.
    pub refused: AtomicU64,
}

impl Board {
    /// A board for so many workers.
    pub fn new(
        workers: usize,
        verdicts: &'static [&'static str],
        problems: &'static [&'static str],
    ) -> Board {
        let board = || WorkerBoard {
            connections: AtomicUsize::new(0),
            verdicts: Tally::new(verdicts),
            problems: Tally::new(problems),
            cut: AtomicU64::new(0),
            beats: AtomicU64::new(0),
        };
        Board { workers: (0..workers).map(|_| Arc::new(board())).collect(), refused: AtomicU64::new(0) }
    }

    /// Connections open at all workers.
    pub fn connections(&self) -> usize {
        self.workers.iter().map(|worker| worker.connections.load(Ordering::Relaxed)).sum()
    }
}
