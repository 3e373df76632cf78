//! How slow a caller may be. Each connection notes what it waits for and since when, and so does each request of HTTP/2; a
//! sweep a worker cuts those that wait too long. So no request pays for a timer of its own.

use crate::config::{Limits, Wait};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::task::Poll;
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;

/// How often connections are swept, and so the exactness of all waits.
const SWEEP_EVERY: Duration = Duration::from_millis(50);

/// What a connection waits for, or a request of HTTP/2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// The first byte of a request.
    Idle,
    /// The rest of its line and headers, or of a handshake.
    Headers,
    /// Its body, or some more of it.
    Body,
    /// The caller is not waited for.
    Nothing,
}

/// What is waited for, and since which sweep.
#[derive(Debug)]
pub(super) struct Pace {
    waits: Cell<Waits>,
    since: Cell<u64>,
    /// Since when the caller takes nothing of its reply.
    stuck: Cell<Option<u64>>,
    /// What has come in part only, and since when: a frame of HTTP/2, whatever else the connection waits for.
    partly: Cell<Option<(Waits, u64)>>,
    /// It has sent plain checks only.
    plain: Cell<bool>,
    /// What is waited for behind a reply.
    then: Waits,
    shared: Rc<Shared>,
}

/// What the connections of a worker share.
#[derive(Debug, Default)]
struct Shared {
    sweeps: Cell<u64>,
    draining: Cell<bool>,
}

impl Pace {
    fn new(waits: Waits, then: Waits, shared: &Rc<Shared>) -> Rc<Pace> {
        Rc::new(Pace {
            waits: Cell::new(waits),
            since: Cell::new(shared.sweeps.get()),
            stuck: Cell::default(),
            partly: Cell::default(),
            plain: Cell::new(then == Waits::Idle),
            then,
            shared: Rc::clone(shared),
        })
    }

    /// From now on it waits for this.
    pub(super) fn set(&self, waits: Waits) {
        self.waits.set(waits);
        self.since.set(self.shared.sweeps.get());
    }

    /// Its request is answered: a connection waits for the next.
    pub(super) fn answered(&self) {
        self.set(self.then);
    }

    /// Bytes of a request have come in.
    pub(super) fn begun(&self) {
        if self.waits.get() == Waits::Idle {
            self.set(Waits::Headers);
        }
    }

    /// Bytes of a frame have come in: what its rest is, if any is missing, and whether the frame is a new one.
    pub(super) fn partly(&self, rest: Option<Waits>, is_new: bool) {
        let before = self.partly.get().filter(|_| !is_new);
        let since = before.map_or_else(|| self.shared.sweeps.get(), |(_, since)| since);
        self.partly.set(rest.map(|waits| (waits, since)));
    }

    /// How a try to write went: a reply that the caller does not read is waited for as well.
    pub(super) fn wrote<T>(&self, polled: &Poll<T>) {
        if polled.is_ready() {
            self.stuck.set(None);
        } else if self.stuck.get().is_none() {
            self.stuck.set(Some(self.shared.sweeps.get()));
        }
    }

    /// The caller is owed some of its reply, from now on, since it has taken some, or since there was nothing.
    pub(super) fn owes(&self) {
        self.stuck.set(Some(self.shared.sweeps.get()));
    }

    /// The caller has taken all that there is.
    pub(super) fn owes_nothing(&self) {
        self.stuck.set(None);
    }

    /// It has sent something else than plain checks.
    pub(super) fn leaves_short_way(&self) {
        self.plain.set(false);
    }

    /// Whether the reply at hand is the last of its connection.
    pub(super) fn is_draining(&self) -> bool {
        self.shared.draining.get()
    }

    fn is_slow(&self, most: &Most) -> bool {
        let now = self.shared.sweeps.get();
        let late = |(waits, since)| now - since > most.of_waits(waits);
        let stuck = self.stuck.get();
        // While nothing can be written, nothing may be read either.
        late((self.waits.get(), self.since.get()))
            || stuck.is_some_and(|since| now - since > most.write)
            || (stuck.is_none() && self.partly.get().is_some_and(late))
    }
}

/// How many sweeps a connection may wait.
struct Most {
    idle: u64,
    headers: u64,
    body: u64,
    write: u64,
}

impl Most {
    fn of(limits: &Limits) -> Most {
        let sweeps_in = |wait: Wait| (wait.0.as_millis() / SWEEP_EVERY.as_millis()) as u64 + 1;
        Most {
            idle: sweeps_in(limits.idle_timeout),
            headers: sweeps_in(limits.header_timeout),
            body: sweeps_in(limits.body_timeout),
            write: sweeps_in(limits.write_timeout),
        }
    }

    fn of_waits(&self, waits: Waits) -> u64 {
        match waits {
            Waits::Idle => self.idle,
            Waits::Headers => self.headers,
            Waits::Body => self.body,
            Waits::Nothing => u64::MAX,
        }
    }
}

/// The connections of a worker, and their requests of HTTP/2.
#[derive(Debug, Default)]
pub(super) struct Connections {
    shared: Rc<Shared>,
    open: RefCell<Vec<(Rc<Pace>, AbortHandle)>>,
    streams: RefCell<Vec<Stream>>,
}

/// A request of HTTP/2.
#[derive(Debug)]
struct Stream {
    /// Gone with the last byte of its reply.
    pace: Weak<Pace>,
    /// Ends when the reply is handed on, which may be before the caller takes it.
    task: AbortHandle,
    connection: Rc<Pace>,
}

/// How many were cut in a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) connections: u64,
    pub(super) streams: u64,
}

impl Connections {
    /// Takes a connection up, and cuts it when it is too slow.
    pub(super) fn take<F: Future<Output = ()> + 'static>(&self, serve: impl FnOnce(Rc<Pace>) -> F) {
        let pace = Pace::new(Waits::Idle, Waits::Idle, &self.shared);
        let task = tokio::task::spawn_local(serve(Rc::clone(&pace)));
        self.open.borrow_mut().push((pace, task.abort_handle()));
    }

    /// The pace of a request of HTTP/2: its headers are there.
    pub(super) fn stream(&self) -> Rc<Pace> {
        Pace::new(Waits::Body, Waits::Nothing, &self.shared)
    }

    /// Cuts a request when it is too slow, and leaves the others of its connection alone. Where only the last of its reply
    /// is not taken there is no task left to end: then the connection is cut.
    pub(super) fn watch(&self, pace: Weak<Pace>, task: AbortHandle, connection: &Rc<Pace>) {
        self.streams.borrow_mut().push(Stream { pace, task, connection: Rc::clone(connection) });
    }

    /// From now on each reply is the last of its connection; those that wait for a request end at once. Those that are with
    /// hyper are told by their watchers.
    pub(super) fn drain(&self) {
        self.shared.draining.set(true);
        for (pace, task) in self.open.borrow().iter() {
            if pace.plain.get() && pace.waits.get() == Waits::Idle {
                task.abort();
            }
        }
    }

    /// Cuts those that are too slow, for ever. Told how many it cut.
    pub(super) async fn sweep(&self, limits: &Limits, told: impl Fn(Cut)) {
        let most = Most::of(limits);
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        // While the worker itself stood still, nobody was slow.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.shared.sweeps.set(self.shared.sweeps.get() + 1);
            let mut cut = Cut::default();
            // First, since they may give up their connections.
            self.streams.borrow_mut().retain(|stream| {
                let Some(pace) = stream.pace.upgrade() else { return false };
                let slow = pace.is_slow(&most);
                if slow {
                    cut.streams += 1;
                    match stream.task.is_finished() {
                        true => stream.connection.stuck.set(Some(0)),
                        false => stream.task.abort(),
                    }
                }
                !slow
            });
            self.open.borrow_mut().retain(|(pace, task)| {
                let slow = pace.is_slow(&most);
                if slow && !task.is_finished() {
                    task.abort();
                    cut.connections += 1;
                }
                !slow && !task.is_finished()
            });
            told(cut);
        }
    }
}
