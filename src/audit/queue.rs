//! Where entries gather until the writer takes them: one buffer behind one short-held lock, one commit in flight.
//!
//! An entry gets its place, and so its name, when it joins the buffer. The writer takes the whole buffer, says where the
//! next one will stand, and answers for all of it at once. If it fails, all that gathered meanwhile fails too, since
//! their places are gone.
//!
//! `tests/loom` runs this file under every order of threads.

use super::board::LogBoard;
use super::entry::Kind;
use super::frame::{self, HEADER_BYTES};
use super::id::{Id, IdKeys, Place};
use super::sync::{AtomicU8, AtomicU64, Condvar, Mutex, MutexGuard, Ordering, PoisonError};
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Bytes that gather at most while a commit is in flight; then callers are refused until it is over.
const GATHERED_BYTES_MAX: usize = 16 << 20;

const PENDING: u8 = 0;
const WRITTEN: u8 = 1;
const LOST: u8 = 2;

/// The log does not take the entry: nobody may be answered without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the log of receipts cannot be written now; it tries again by itself")]
pub struct Unavailable;

/// A batch, and what became of it.
#[derive(Debug)]
pub(super) struct Batch {
    number: u64,
    outcome: AtomicU8,
}

/// Tells an appender, from the thread of the writer, that something was decided.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What gathers.
pub(super) struct Gather {
    /// Room for the header, then the entries.
    bytes: Vec<u8>,
    entries: u32,
    /// Where the batch will stand.
    start: Place,
    batch: Arc<Batch>,
    /// Which appenders have entries in it.
    present: Vec<bool>,
    wakes: Vec<Wake>,
    idle: bool,
    refusing: bool,
    stopping: bool,
}

/// The queue between those who append and the writer.
pub(super) struct Queue {
    gather: Mutex<Gather>,
    work: Condvar,
    /// Number of the last batch of which the outcome is known.
    resolved: AtomicU64,
    keys: IdKeys,
    node: u16,
    pub(super) board: LogBoard,
}

/// What the writer took.
pub(super) struct Taken {
    pub(super) bytes: Vec<u8>,
    pub(super) entries: u32,
    pub(super) start: Place,
    batch: Arc<Batch>,
    present: Vec<bool>,
}

/// What the writer finds.
pub(super) enum Next {
    /// Entries to write.
    Batch(Taken),
    /// Nothing for so long.
    Nothing,
    /// The end.
    Stop,
}

impl Queue {
    pub(super) fn new(keys: IdKeys, node: u16, start: Place) -> Queue {
        let gather = Gather {
            bytes: vec![0; HEADER_BYTES],
            entries: 0,
            start,
            batch: Arc::new(Batch { number: 1, outcome: AtomicU8::new(PENDING) }),
            present: Vec::new(),
            wakes: Vec::new(),
            idle: false,
            refusing: false,
            stopping: false,
        };
        let (gather, work, resolved) = (Mutex::new(gather), Condvar::new(), AtomicU64::new(0));
        Queue { gather, work, resolved, keys, node, board: LogBoard::default() }
    }

    pub(super) fn keys(&self) -> &IdKeys {
        &self.keys
    }

    fn lock(&self) -> MutexGuard<'_, Gather> {
        self.gather.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, wake: Wake) -> usize {
        let mut gather = self.lock();
        gather.wakes.push(wake);
        gather.present.push(false);
        gather.wakes.len() - 1
    }

    fn append(&self, appender: usize, kind: Kind, entry: &[u8]) -> Result<(Id, Arc<Batch>), Unavailable> {
        let mut gather = self.lock();
        let gather = &mut *gather;
        if gather.refusing || gather.stopping || gather.bytes.len() + entry.len() > GATHERED_BYTES_MAX {
            return Err(Unavailable);
        }
        let offset = gather.start.offset.saturating_add(gather.bytes.len() as u32);
        let id = self.keys.make(kind, self.node, Place { segment: gather.start.segment, offset });
        frame::put_entry(&mut gather.bytes, &id, entry);
        gather.entries += 1;
        self.board.taken.fetch_add(1, Ordering::Relaxed);
        if let Some(present) = gather.present.get_mut(appender) {
            *present = true;
        }
        Ok((id, Arc::clone(&gather.batch)))
    }

    /// Lets the writer know that entries have gathered; one that is at work looks by itself.
    fn push(&self) {
        let mut gather = self.lock();
        let wake = gather.entries > 0 && std::mem::replace(&mut gather.idle, false);
        drop(gather);
        if wake {
            self.work.notify_one();
        }
    }

    /// Takes what has gathered and leaves the spare buffer in its place, or waits. `next` says where the batch after one of so many bytes begins.
    pub(super) fn take(&self, spare: &mut Vec<u8>, most: Duration, next: impl Fn(usize) -> Place) -> Next {
        let until = Instant::now() + most;
        let mut gather = self.lock();
        loop {
            if gather.entries > 0 {
                break;
            }
            let left = until.saturating_duration_since(Instant::now());
            if gather.stopping {
                return Next::Stop;
            }
            if left.is_zero() {
                gather.idle = false;
                return Next::Nothing;
            }
            gather.idle = true;
            gather = self.work.wait_timeout(gather, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        gather.idle = false;
        spare.clear();
        spare.resize(HEADER_BYTES, 0);
        let bytes = std::mem::replace(&mut gather.bytes, std::mem::take(spare));
        let following = Batch { number: gather.batch.number + 1, outcome: AtomicU8::new(PENDING) };
        let after = next(bytes.len());
        let taken = Taken {
            entries: std::mem::take(&mut gather.entries),
            start: std::mem::replace(&mut gather.start, after),
            batch: std::mem::replace(&mut gather.batch, Arc::new(following)),
            present: gather.clear_present(),
            bytes,
        };
        Next::Batch(taken)
    }

    /// Where the next batch will stand.
    pub(super) fn start(&self) -> Place {
        self.lock().start
    }

    /// Moves the place of the next batch, if nothing has gathered for the old one.
    pub(super) fn move_to(&self, start: Place) -> bool {
        let mut gather = self.lock();
        let moves = gather.entries == 0;
        if moves {
            gather.start = start;
        }
        moves
    }

    /// The batch is in the log.
    pub(super) fn written(&self, taken: &Taken) {
        self.resolve(&taken.batch, WRITTEN, &taken.present);
    }

    /// The batch is not in the log, and neither will be what has gathered since. None is taken from now on; once the
    /// log takes entries again, they begin here.
    pub(super) fn lost(&self, taken: Option<&Taken>, start: Place) {
        let mut gather = self.lock();
        gather.refusing = true;
        gather.start = start;
        let lost = std::mem::take(&mut gather.entries) + taken.map_or(0, |taken| taken.entries);
        self.board.lost.fetch_add(u64::from(lost), Ordering::Relaxed);
        gather.bytes.truncate(HEADER_BYTES);
        let following = Arc::new(Batch { number: gather.batch.number + 1, outcome: AtomicU8::new(PENDING) });
        let gathered = std::mem::replace(&mut gather.batch, following);
        let present = gather.clear_present();
        drop(gather);
        if let Some(taken) = taken {
            self.resolve(&taken.batch, LOST, &taken.present);
        }
        self.resolve(&gathered, LOST, &present);
        self.board.refusing.store(true, Ordering::Relaxed);
    }

    /// The log takes entries again.
    pub(super) fn recovered(&self) {
        self.lock().refusing = false;
        self.board.refusing.store(false, Ordering::Relaxed);
    }

    /// Waits, but not beyond the end. Tells whether that has come.
    pub(super) fn rest(&self, wait: Duration) -> bool {
        let gather = self.lock();
        if gather.stopping {
            return true;
        }
        self.work.wait_timeout(gather, wait).unwrap_or_else(PoisonError::into_inner).0.stopping
    }

    /// Takes nothing more; what has gathered is still written.
    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.work.notify_all();
    }

    fn resolve(&self, batch: &Batch, outcome: u8, present: &[bool]) {
        batch.outcome.store(outcome, Ordering::Release);
        self.resolved.fetch_max(batch.number, Ordering::Release);
        let wakes: Vec<Wake> = {
            let gather = self.lock();
            let of = |(place, _): (usize, &bool)| gather.wakes.get(place).map(Arc::clone);
            present.iter().enumerate().filter(|(_, present)| **present).filter_map(of).collect()
        };
        wakes.iter().for_each(|wake| wake());
    }
}

impl Gather {
    fn clear_present(&mut self) -> Vec<bool> {
        let cleared = vec![false; self.present.len()];
        std::mem::replace(&mut self.present, cleared)
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Queue({:?})", self.board)
    }
}

/// One thread's way into the log. Appending never waits; the [`Commit`] does.
#[derive(Debug)]
pub struct Appender {
    queue: Arc<Queue>,
    place: usize,
    /// Who waits for which batch.
    waiters: RefCell<Vec<(u64, Waker)>>,
}

impl Appender {
    pub(super) fn new(queue: &Arc<Queue>, wake: Wake) -> Appender {
        Appender { queue: Arc::clone(queue), place: queue.join(wake), waiters: RefCell::default() }
    }

    /// Appends an entry. It is in the log once the commit says so, and not before [`Appender::push`].
    pub fn append(&self, kind: Kind, entry: &[u8]) -> Result<(Id, Commit<'_>), Unavailable> {
        let (id, batch) = self.queue.append(self.place, kind, entry)?;
        Ok((id, Commit { appender: self, batch }))
    }

    /// Lets the writer know. Once for all that was appended since the last time, so that no entry pays for it alone.
    pub fn push(&self) {
        self.queue.push();
    }

    /// Wakes those of this thread whose batch is decided: for the thread that was told so.
    pub fn wake_decided(&self) {
        let resolved = self.queue.resolved.load(Ordering::Acquire);
        let mut waiters = self.waiters.borrow_mut();
        let decided: Vec<Waker> =
            waiters.extract_if(.., |(batch, _)| *batch <= resolved).map(|(_, waker)| waker).collect();
        drop(waiters);
        decided.into_iter().for_each(Waker::wake);
    }
}

/// Ready once the entry is in the log, or will never be.
#[derive(Debug)]
pub struct Commit<'a> {
    appender: &'a Appender,
    batch: Arc<Batch>,
}

impl Commit<'_> {
    /// Whether the two are decided as one.
    pub fn is_with(&self, other: &Commit<'_>) -> bool {
        Arc::ptr_eq(&self.batch, &other.batch)
    }
}

impl Future for Commit<'_> {
    type Output = Result<(), Unavailable>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let decided = || match self.batch.outcome.load(Ordering::Acquire) {
            PENDING => Poll::Pending,
            WRITTEN => Poll::Ready(Ok(())),
            _ => Poll::Ready(Err(Unavailable)),
        };
        if decided().is_ready() {
            return decided();
        }
        self.appender.waiters.borrow_mut().push((self.batch.number, context.waker().clone()));
        // It may have been decided between the look and the entry in the list.
        decided()
    }
}
