//! The queue of receipts (`src/audit/queue.rs`) between those who append and the writer, under every order of threads.

#![allow(dead_code, reason = "the models need less of the queue than the log does")]

/// What the file is made of.
mod sync {
    pub(super) use loom::sync::atomic::{AtomicU8, AtomicU64, Ordering};
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(super) use std::sync::PoisonError;
}

/// What it counts: no part of the protocol.
mod board {
    use std::sync::atomic::{AtomicBool, AtomicU64};

    #[derive(Debug, Default)]
    pub(super) struct LogBoard {
        pub(super) taken: AtomicU64,
        pub(super) lost: AtomicU64,
        pub(super) refusing: AtomicBool,
    }
}

/// An entry is one byte here.
mod entry {
    #[derive(Debug, Clone, Copy)]
    pub struct Kind;
}

mod frame {
    pub(super) const HEADER_BYTES: usize = 0;

    pub(super) fn put_entry(batch: &mut Vec<u8>, _: &super::id::Id, entry: &[u8]) {
        batch.extend_from_slice(entry);
    }
}

mod id {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Place {
        pub(super) segment: u32,
        pub(super) offset: u32,
    }

    #[derive(Debug, Clone, Copy)]
    pub struct Id(pub(super) Place);

    #[derive(Debug)]
    pub struct IdKeys;

    impl IdKeys {
        pub(super) fn make(&self, _: super::entry::Kind, _: u16, place: Place) -> Id {
            Id(place)
        }
    }
}

#[path = "../../../src/audit/queue.rs"]
mod queue;

use id::{IdKeys, Place};
use loom::sync::Notify;
use loom::thread;
use queue::{Appender, Next, Queue, Unavailable};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

const START: Place = Place { segment: 1, offset: 0 };
/// Never over in a model: loom has no time.
const LONG: Duration = Duration::from_secs(3600);

/// Every order in which threads are interrupted so often: more would take hours.
fn model(run: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(run);
}

fn queue() -> Arc<Queue> {
    Arc::new(Queue::new(IdKeys, 1, START))
}

/// A way in, and what its thread waits on until the writer tells it something.
fn appender(queue: &Arc<Queue>) -> (Appender, Arc<Notify>) {
    let told = Arc::new(Notify::new());
    let tell = Arc::clone(&told);
    (Appender::new(queue, Arc::new(move || tell.notify())), told)
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits as a request does: it is polled again only if somebody woke it. A wake-up that is lost is a deadlock of the model.
fn answer(appender: &Appender, told: &Notify, entry: u8) -> Result<Place, Unavailable> {
    let (id, commit) = appender.append(entry::Kind, &[entry])?;
    appender.push();
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut commit = pin!(commit);
    loop {
        if let Poll::Ready(outcome) = commit.as_mut().poll(&mut Context::from_waker(&waker)) {
            return outcome.map(|()| id.0);
        }
        while !woken.0.swap(false, Ordering::Relaxed) {
            told.wait();
            appender.wake_decided();
        }
    }
}

/// The writer, until the queue is stopped. Each batch may go well or be lost. Tells what it wrote, in order.
fn write(queue: &Queue, mut goes_well: impl FnMut() -> bool) -> Vec<u8> {
    let (mut log, mut spare) = (Vec::new(), Vec::new());
    loop {
        let end = log.len();
        let next = |bytes: usize| Place { segment: 1, offset: (end + bytes) as u32 };
        match queue.take(&mut spare, LONG, next) {
            Next::Stop => return log,
            Next::Nothing => {}
            Next::Batch(taken) if goes_well() => {
                assert_eq!(taken.start.offset as usize, log.len(), "a batch stands where it was told to");
                log.extend_from_slice(&taken.bytes);
                queue.written(&taken);
            }
            Next::Batch(taken) => {
                queue.lost(Some(&taken), Place { segment: 1, offset: log.len() as u32 });
                queue.recovered();
            }
        }
    }
}

#[test]
fn whoever_appends_is_answered_and_stands_where_its_name_says() {
    model(|| {
        let queue = queue();
        let writer = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || write(&queue, || true))
        };
        let (appender, told) = appender(&queue);
        let places = [7, 8].map(|entry| (entry, answer(&appender, &told, entry).unwrap()));
        queue.stop();
        let log = writer.join().unwrap();
        assert_eq!(log, [7, 8]);
        for (entry, place) in places {
            assert_eq!(log[place.offset as usize], entry);
        }
    });
}

#[test]
fn two_that_append_at_once_are_both_answered() {
    model(|| {
        let queue = queue();
        let other = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let (appender, told) = appender(&queue);
                answer(&appender, &told, 9).unwrap()
            })
        };
        let writer = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || write(&queue, || true))
        };
        let (appender, told) = appender(&queue);
        let mine = answer(&appender, &told, 7).unwrap();
        let its = other.join().unwrap();
        queue.stop();
        let log = writer.join().unwrap();
        assert_eq!((log[mine.offset as usize], log[its.offset as usize], log.len()), (7, 9, 2));
    });
}

#[test]
fn what_is_lost_is_refused_and_what_comes_after_is_answered() {
    model(|| {
        let queue = queue();
        let writer = {
            let queue = Arc::clone(&queue);
            let mut first = true;
            thread::spawn(move || write(&queue, move || !std::mem::replace(&mut first, false)))
        };
        let (appender, told) = appender(&queue);
        assert!(answer(&appender, &told, 7).is_err(), "nobody is answered for what is not in the log");
        // It may still be refused: until the log has recovered nothing is taken.
        let second = answer(&appender, &told, 8);
        queue.stop();
        let log = writer.join().unwrap();
        match second {
            Ok(place) => assert_eq!(log[place.offset as usize], 8),
            Err(Unavailable) => assert!(log.is_empty()),
        }
    });
}
