//! Receipts (留痕): every answered request leaves an entry in a log, before its answer leaves.
//!
//! In reading order: what an entry says ([`entry`]); how entries are named (`id`), framed and chained; how they gather
//! and are written; what they come to; how a log is read and verified.
//!
//! A log is a folder: `0000000001.log` and so on, each sealed with a `.checkpoint` when the next begins, each with an
//! `.index` that can be told from it at any time. `lock` keeps a second server out, `reserve` keeps room on the disk,
//! `ahead` becomes the next segment. The file of the segment that is being written may end with room, which is zeros.

mod ahead;
mod board;
mod book;
mod checkpoint;
mod codec;
pub mod disk;
pub mod entry;
mod folder;
mod frame;
mod id;
mod index;
mod queue;
mod reader;
mod reserve;
mod retention;
mod segment;
#[cfg(test)]
mod tests;
mod usage;
mod verify;
mod writer;

/// What [`queue`] is made of; `tests/loom` has its own.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
    pub(super) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
}

pub use board::{BATCH_BOUNDS, Buckets, COMMIT_BOUNDS_US, LogBoard};
pub use book::{Given, Repeated};
pub use checkpoint::{Checkpoint, CheckpointError, Saying};
pub use codec::{Item, Packed};
pub use id::{ID_CHARS, Id, IdKeys, Place};
pub use queue::{Appender, Commit, Unavailable, Wake};
pub use reader::{Fault, ReadError, Stored, Torn, read_all};
pub use retention::{moved_away, sealed};
pub use usage::Tally;
pub use verify::{Verified, verify};

use crate::domain::date::Day;
use crate::signature::SigningKey;
use ahead::Ahead;
use book::Book;
use disk::Disk;
use entry::{Entry, Kind};
use queue::Queue;
use reserve::Reserve;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use writer::Writer;

/// When an entry counts as being in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledge {
    /// It survives a loss of power.
    Durable,
    /// It survives the process.
    Written,
}

/// How a log is kept.
#[derive(Clone)]
pub struct Settings {
    /// This node, among those that share a key.
    pub node: u16,
    /// When an entry counts as being in the log.
    pub acknowledge: Acknowledge,
    /// Room on the disk that is kept for the log alone.
    pub reserve_bytes: u64,
    /// From this size on a segment is sealed.
    pub segment_bytes: u64,
    /// Days after which sealed segments are removed.
    pub retention_days: u32,
    /// Signs checkpoints; none: they are not signed.
    pub key: Option<SigningKey>,
    /// Names entries.
    pub ids: IdKeys,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub now_us: fn() -> u64,
    /// Takes words for the operator.
    pub tell: Arc<dyn Fn(&str) + Send + Sync>,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Settings(node {}, {:?}, {:?})", self.node, self.acknowledge, self.key)
    }
}

/// Microseconds since 1970-01-01T00:00:00Z by the system's clock.
pub fn system_now_us() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder, or a file in it, cannot be made or opened.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has it.
    #[error("{}: another server writes these receipts; one server a folder", .0.display())]
    Locked(PathBuf),
    /// What is there cannot be gone on with.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The system gives no thread.
    #[error("the receipts have no thread: {0}")]
    Thread(std::io::Error),
}

/// Why an entry is not told.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// This deployment did not make the name, or not for this.
    #[error("this deployment made no such name")]
    Forged,
    /// Another node made it, or its segment was taken away.
    #[error("the entry is not kept here")]
    Elsewhere,
    /// It cannot be read.
    #[error("{0}")]
    Read(#[from] ReadError),
}

/// An entry that was looked up.
#[derive(Debug)]
pub struct Found {
    bytes: Vec<u8>,
}

impl Found {
    /// What it says; `None` if it is of a form that this program does not know.
    pub fn entry(&self) -> Option<Entry<'_>> {
        Entry::decode(&self.bytes)
    }
}

/// A log, open for writing. Dropping it closes it.
#[derive(Debug)]
pub struct Log {
    queue: Arc<Queue>,
    book: Arc<Mutex<Book>>,
    dir: PathBuf,
    notes: Vec<String>,
    thread: Option<JoinHandle<()>>,
    _lock: File,
}

impl Log {
    /// Opens the log of a folder, which is made if it is not there, and begins to write.
    pub fn open(dir: &Path, settings: Settings, disk: Arc<dyn Disk>) -> Result<Log, OpenError> {
        let lock = folder::lock(dir)?;
        let mut opened = folder::open(&*disk, dir, &settings)?;
        let reserve = Reserve::open(&*disk, dir, settings.reserve_bytes);
        if !reserve.is_whole() {
            let (kept, wanted) = (reserve.kept(), settings.reserve_bytes);
            opened
                .notes
                .push(format!("the disk has no room for the reserve: {kept} of {wanted} bytes are kept"));
        }
        let start = Place { segment: opened.head.number, offset: opened.end };
        let queue = Arc::new(Queue::new(settings.ids.clone(), settings.node, start));
        queue.board.reserve.store(reserve.kept(), std::sync::atomic::Ordering::Relaxed);
        let book = Arc::new(Mutex::new(opened.book));
        let ahead = Ahead::new(&disk, dir, &settings);
        let writer = Writer {
            queue: Arc::clone(&queue),
            book: Arc::clone(&book),
            disk,
            settings,
            dir: dir.to_owned(),
            head: opened.head,
            file: opened.file,
            end: opened.end,
            link: opened.link,
            entries: opened.entries,
            reserve,
            ahead,
            grown_from: opened.end,
            has_room: false,
            indexing: None,
        };
        let thread = std::thread::Builder::new().name("audit".to_owned()).spawn(move || writer.run());
        let thread = Some(thread.map_err(OpenError::Thread)?);
        Ok(Log { queue, book, dir: dir.to_owned(), notes: opened.notes, thread, _lock: lock })
    }

    /// What the operator should know of the start.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// A way into the log for one thread. `wake` is called from the writer's thread when batches were decided; the
    /// appender's thread then calls [`Appender::wake_decided`].
    pub fn appender(&self, wake: Wake) -> Appender {
        Appender::new(&self.queue, wake)
    }

    /// Looks an entry of a kind up. A name that this deployment did not make is refused without a look.
    pub fn find(&self, kind: Kind, id: &Id) -> Result<Found, FindError> {
        if !self.queue.keys().made(kind, id) {
            return Err(FindError::Forged);
        }
        let bytes = reader::find(&self.dir, id)?.ok_or(FindError::Elsewhere)?;
        Ok(Found { bytes })
    }

    /// The feedback of a check, as it came.
    pub fn feedback(&self, check: &Id) -> Vec<Given> {
        self.book().of(check.place()).to_vec()
    }

    /// Whether a feedback of a check was given before.
    pub fn repeated(&self, check: &Id, client: &str, request_id: &str, digest: &[u8; 16]) -> Repeated {
        self.book().repeated(check.place(), client, request_id, digest)
    }

    /// Usage of these days by what [`entry::Counted::packed`] gives, of one client or of all.
    pub fn usage(&self, from: Day, to: Day, client: Option<&str>) -> Vec<(Vec<u8>, Tally)> {
        self.book().usage.rows(from, to, client)
    }

    /// A digest that tells nothing of what it was made from.
    pub fn digest(&self, bytes: &[u8]) -> [u8; 16] {
        self.queue.keys().digest(bytes)
    }

    /// What it counts of its own work.
    pub fn board(&self) -> &LogBoard {
        &self.queue.board
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.queue.stop();
        // A writer that panicked has said so itself.
        self.thread.take().map(JoinHandle::join);
    }
}
