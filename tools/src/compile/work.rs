//! How a build is cut up: threads, memory, parts and partitions.

use std::io;
use std::path::Path;
use xinhe::domain::catalogue::{Catalogue, Effect};
use xinhe::snapshot::{PersonKey, SubjectKey};

/// Of the memory, the share that one partition may take when it is unpacked.
const PARTITION_SHARE: u64 = 16;
/// A partition is not larger than this either: what a processor keeps near by is walked at random without waiting.
const PARTITION_BYTES_MAX: u64 = 8 << 20;
/// And the share of what threads gather before they write it.
const BUFFER_SHARE: u64 = 8;
/// Partitions at most: their buffers and tables cost memory too.
const PARTITIONS_MAX: u64 = 4096;

/// What all stages of a build share.
#[derive(Clone, Copy)]
pub(crate) struct Work<'a> {
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// Priorities of the sources.
    pub priorities: &'a [i64],
    /// The secret under which persons are kept.
    pub key: &'a PersonKey,
    /// Private folder for what is spilled.
    pub folder: &'a Path,
    /// Threads to use.
    pub threads: usize,
    /// Bytes of memory to keep within.
    pub memory: u64,
    /// Parts of the release.
    pub parts: u32,
    /// The only part to compile, if not all.
    pub only: Option<u32>,
    /// Stretches of hashes into which a part is cut.
    pub ranges: u32,
    /// Some list is shown on checks of legal representatives, or of what they represent.
    pub has_links: bool,
    /// Some source is carried forward from the release before.
    pub is_carrying: bool,
}

impl<'a> Work<'a> {
    /// Ranges such that a partition of `bytes` of rows in all fits its share of the memory.
    pub(crate) fn ranges(bytes: u64, memory: u64, parts: u32) -> u32 {
        let wanted = bytes / Work::share(memory) + 1;
        (wanted.min(PARTITIONS_MAX).div_ceil(u64::from(parts))) as u32
    }

    /// Whether any list is carried over to linked subjects.
    pub(crate) fn links(catalogue: &Catalogue) -> bool {
        let mut lists = catalogue.entries().lists.iter();
        lists.any(|list| list.effect != Effect::Favour && !list.extends_to.is_empty())
    }

    /// Number of partitions: the ranges of each part.
    pub(crate) fn partitions(&self) -> usize {
        self.parts as usize * self.ranges as usize
    }

    /// The partition of a subject by the hash of its key: first by part, then by rising hash.
    pub(crate) fn partition(&self, hash: u64) -> usize {
        let range = (u128::from(hash) * u128::from(self.ranges)) >> 64;
        SubjectKey::part(hash, self.parts) as usize * self.ranges as usize + range as usize
    }

    /// Whether this build compiles the subject with this hash.
    pub(crate) fn is_ours(&self, hash: u64) -> bool {
        self.only.is_none_or(|part| SubjectKey::part(hash, self.parts) == part)
    }

    /// Bytes that a partition may take.
    pub(crate) fn partition_bytes(&self) -> u64 {
        Work::share(self.memory)
    }

    fn share(memory: u64) -> u64 {
        (memory / PARTITION_SHARE).clamp(1, PARTITION_BYTES_MAX)
    }

    /// Bytes that a thread may gather before it writes them.
    pub(crate) fn buffer_bytes(&self) -> usize {
        (self.memory / BUFFER_SHARE) as usize / self.threads.max(1)
    }

    /// Does the work on every thread; the first error counts.
    pub(crate) fn on_threads(&self, work: impl Fn() -> io::Result<()> + Sync) -> io::Result<()> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (1..self.threads.max(1)).map(|_| scope.spawn(&work)).collect();
            let own = work();
            let others = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err(panicked())));
            others.fold(own, |first, other| first.and(other))
        })
    }
}

/// A thread ended early; its panic message is on stderr.
pub(crate) fn panicked() -> io::Error {
    io::Error::other("a thread of the build ended early, which is a fault of this program")
}

/// A spilled item does not read back, though its frame fits its sum.
pub(crate) fn damaged() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "a spilled row does not read back, which is a fault of this program",
    )
}

/// Two different codes have one hash of 64 bits. Nothing wrong is written: the build stops.
pub(crate) fn collision() -> io::Error {
    io::Error::other(
        "two codes have the same 64-bit hash, by a chance of less than one in ten thousand builds; nothing was written",
    )
}
