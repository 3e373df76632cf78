//! What is counted. Each worker counts on its own; a scrape adds up.

use crate::audit::Buckets;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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

/// Upper bounds of the buckets of [`Latency`], in microseconds.
pub const LATENCY_BOUNDS_US: [u64; 12] =
    [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 25_000, 100_000, 1_000_000];

/// How long something took, in fixed buckets.
#[derive(Debug, Default)]
pub struct Latency(Buckets<{ LATENCY_BOUNDS_US.len() }>);

impl Latency {
    /// Counts one more.
    pub fn count(&self, took: Duration) {
        self.0.count(&LATENCY_BOUNDS_US, u64::try_from(took.as_micros()).unwrap_or(u64::MAX / 2));
    }

    /// Counts up to each bound, then all; and the sum in microseconds.
    pub fn read(&self) -> (Vec<u64>, u64) {
        self.0.read()
    }
}

/// What one worker counts.
#[derive(Debug)]
pub struct WorkerBoard {
    /// Connections open.
    pub connections: AtomicUsize,
    /// Of these, connections that speak HTTP/2.
    pub http2_connections: AtomicUsize,
    /// Checks answered, by verdict.
    pub verdicts: Tally,
    /// Problems answered, by code.
    pub problems: Tally,
    /// Problems of a right that was missing, by right.
    pub rights: Tally,
    /// How long checks took that were asked one by one.
    pub latency: Latency,
    /// Connections cut because they were too slow.
    pub cut: AtomicU64,
    /// Requests of HTTP/2 cut because they were too slow, when their connections were not.
    pub streams_cut: AtomicU64,
    /// Rises while the worker's thread gets on.
    pub beats: AtomicU64,
    /// TLS handshakes that failed.
    pub handshakes_failed: AtomicU64,
    /// What it counts of each client.
    clients: Mutex<BTreeMap<String, Arc<ClientBoard>>>,
}

impl WorkerBoard {
    /// The counters of a client; asked for when clients change, not at requests.
    pub fn client(&self, id: &str) -> Arc<ClientBoard> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let board = || {
            Arc::new(ClientBoard {
                verdicts: Tally::new(self.verdicts.words),
                problems: Tally::new(self.problems.words),
                guessing: AtomicU64::new(0),
            })
        };
        Arc::clone(clients.entry(id.to_owned()).or_insert_with(board))
    }

    /// The counters of all clients by name.
    pub fn clients(&self) -> Vec<(String, Arc<ClientBoard>)> {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.iter().map(|(id, board)| (id.clone(), Arc::clone(board))).collect()
    }
}

/// What one worker counts of one client.
#[derive(Debug)]
pub struct ClientBoard {
    /// Checks answered, by verdict.
    pub verdicts: Tally,
    /// Problems answered, by code.
    pub problems: Tally,
    /// How often it was noticed that its checks of persons mostly miss.
    pub guessing: AtomicU64,
}

/// How the reading of a file that may change went.
#[derive(Debug, Default)]
pub struct Reload {
    done: AtomicU64,
    refused: AtomicU64,
    stands_refused: AtomicBool,
}

impl Reload {
    /// It was read and is in force.
    pub fn done(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.stands_refused.store(false, Ordering::Relaxed);
    }

    /// It is bad; what was read before stays in force.
    pub fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        self.stands_refused.store(true, Ordering::Relaxed);
    }

    /// How often it was read again, how often refused, and whether what is in the file now is in force.
    pub fn read(&self) -> (u64, u64, bool) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.done), load(&self.refused), !self.stands_refused.load(Ordering::Relaxed))
    }
}

/// What all workers count.
#[derive(Debug)]
pub struct Board {
    /// One a worker.
    pub workers: Vec<Arc<WorkerBoard>>,
    /// Connections refused because too many were open.
    pub refused: AtomicU64,
    /// The file of clients.
    pub clients: Reload,
    /// Certificates and their keys.
    pub certificates: Reload,
}

impl Board {
    /// A board for so many workers.
    pub fn new(
        workers: usize,
        verdicts: &'static [&'static str],
        problems: &'static [&'static str],
        rights: &'static [&'static str],
    ) -> Board {
        let board = || WorkerBoard {
            connections: AtomicUsize::new(0),
            http2_connections: AtomicUsize::new(0),
            verdicts: Tally::new(verdicts),
            problems: Tally::new(problems),
            rights: Tally::new(rights),
            latency: Latency::default(),
            cut: AtomicU64::new(0),
            streams_cut: AtomicU64::new(0),
            handshakes_failed: AtomicU64::new(0),
            clients: Mutex::default(),
            beats: AtomicU64::new(0),
        };
        Board {
            workers: (0..workers).map(|_| Arc::new(board())).collect(),
            refused: AtomicU64::new(0),
            clients: Reload::default(),
            certificates: Reload::default(),
        }
    }

    /// Connections open at all workers.
    pub fn connections(&self) -> usize {
        self.workers.iter().map(|worker| worker.connections.load(Ordering::Relaxed)).sum()
    }
}
