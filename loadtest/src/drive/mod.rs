//! Sends requests at their time over connections, and records what comes of them: one thread, one loop.
//!
//! Nothing in the loop waits for anything but sockets and the clock, and nothing is allocated per request, but for streams
//! of HTTP/2. What happened is handed over a stretch at a time.

mod answers;
mod failing;
mod link;
mod opening;
mod streams;
mod time;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

use crate::error::LoadError;
use crate::measure::{Failure, Interval};
use crate::pace::Pacer;
use crate::wire::{Event, Finished, Moved, Poll, Protocol, TlsSetup};
use crate::workload::Workload;
use link::{Link, State, Underway, of_token};

/// What is read at once; one more read follows where that was not all.
const READ_BYTES: usize = 64 << 10;

/// How a run is driven.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where to connect.
    pub(crate) address: SocketAddr,
    /// How the target is called in messages.
    pub(crate) authority: String,
    /// What kind of server it is, in a word.
    pub(crate) kind: &'static str,
    /// What it is spoken to in.
    pub(crate) protocol: Protocol,
    /// Under TLS.
    pub(crate) tls: Option<TlsSetup>,
    /// Connections.
    pub(crate) connections: usize,
    /// How many requests each carries at a time as streams of HTTP/2; 0: one, and no streams.
    pub(crate) streams: usize,
    /// A connection is closed and opened again after so many answers.
    pub(crate) requests_per_connection: Option<u32>,
    /// How long a request may take, and a connection to open.
    pub(crate) timeout_ns: u64,
    /// A start that waits longer than this for a connection is given up, and counts as dropped.
    pub(crate) patience_ns: Option<u64>,
    /// Starts before this count nowhere.
    pub(crate) warmup_ns: u64,
    /// Length of a stretch.
    pub(crate) interval_ns: u64,
    /// The processor to stay on.
    pub(crate) pin: Option<usize>,
}

/// How a run went, beside its stretches.
#[derive(Debug, Clone)]
pub(crate) struct Driven {
    /// From the start to the end of the schedule, or to the last answer if that came later, or to the interruption.
    pub(crate) elapsed_ns: u64,
    /// Starts that were never sent.
    pub(crate) dropped: u64,
    /// Ended early.
    pub(crate) interrupted: bool,
    /// Streams that every connection had; those asked for, or fewer where the server allows fewer.
    pub(crate) streams: usize,
    /// Processor time of the loop.
    pub(crate) cpu_ns: u64,
    /// Time in which the loop had nothing to do.
    pub(crate) idle_ns: u64,
    /// How often the loop stood still for more than a millisecond, and for how long at most.
    pub(crate) stalls: u64,
    /// See above.
    pub(crate) longest_stall_ns: u64,
}

/// Where stretches go, and where used ones come back.
pub(crate) struct Outlet {
    /// Filled.
    pub(crate) filled: Sender<Interval>,
    /// Cleared, for use again.
    pub(crate) cleared: Receiver<Interval>,
}

/// The loop.
pub(crate) struct Drive {
    settings: Settings,
    pacer: Pacer,
    workload: Box<dyn Workload>,
    stop: Arc<AtomicBool>,
    outlet: Outlet,
    poll: Poll,
    links: Vec<Link>,
    /// Places that wait for a request, longest first: connections by number, and with streams every stream of each.
    free: VecDeque<usize>,
    /// Connections to be opened again, with the time for that.
    closed: VecDeque<(u64, usize)>,
    busy: usize,
    interval: Interval,
    started: Instant,
    /// No request starts any more.
    over: bool,
    dropped: u64,
    idle_ns: u64,
    stalls: u64,
    longest_stall_ns: u64,
    /// The last stretch in which the loop stood still.
    stall: (u64, u64),
    /// When the loop last woke.
    woke_ns: u64,
    timeouts_looked_ns: u64,
    buffer: Vec<u8>,
    message: Vec<u8>,
    /// Connections that were handed requests and have not sent them.
    unsent: Vec<usize>,
    /// Used again and again.
    finished: Vec<Finished>,
    /// The fewest streams that the server allowed.
    streams_least: usize,
}

impl Drive {
    /// Connects to the target; the clock does not run yet.
    pub(crate) fn open(
        settings: Settings,
        pacer: Pacer,
        workload: Box<dyn Workload>,
        stop: Arc<AtomicBool>,
        outlet: Outlet,
    ) -> Result<Self, LoadError> {
        if let Some(cpu) = settings.pin {
            let mut set = rustix::thread::CpuSet::new();
            set.set(cpu);
            rustix::thread::sched_setaffinity(None, &set)
                .map_err(|error| LoadError::Pin(cpu, error.into()))?;
        }
        // Without this the kernel wakes sleepers up to 50 µs late, to wake several at once.
        rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1)).unwrap_or_default();
        let links = (0..settings.connections).map(|_| Link::new(settings.protocol.reader())).collect();
        let mut drive = Self {
            pacer,
            workload,
            stop,
            outlet,
            poll: Poll::new().map_err(LoadError::Start)?,
            links,
            free: VecDeque::with_capacity(settings.connections * settings.streams.max(1)),
            closed: (0..settings.connections).map(|place| (0, place)).collect(),
            busy: 0,
            interval: Interval::new()?,
            started: Instant::now(),
            over: false,
            dropped: 0,
            idle_ns: 0,
            stalls: 0,
            longest_stall_ns: 0,
            stall: (0, 0),
            woke_ns: 0,
            timeouts_looked_ns: 0,
            buffer: vec![0; READ_BYTES],
            message: Vec::new(),
            unsent: Vec::new(),
            finished: Vec::new(),
            streams_least: settings.streams,
            settings,
        };
        drive.open_all()?;
        Ok(drive)
    }

    /// Sends until the schedule is over, and waits for the last answers.
    pub(crate) fn run(mut self) -> Result<Driven, LoadError> {
        let cpu_before = thread_cpu_ns();
        self.start_clock();
        let mut events = Vec::new();
        let interrupted = loop {
            let now = self.send_due(self.now());
            if self.stop.load(Ordering::Relaxed) {
                break true;
            }
            if self.over && self.busy == 0 {
                break false;
            }
            self.housekeeping(now);
            self.wait(&mut events).map_err(LoadError::Start)?;
            for event in events.drain(..) {
                self.happened(event);
            }
        };
        let now = self.now();
        let ends_ns = self.pacer.ends_ns();
        if interrupted {
            self.dropped += self.pacer.drop_before(now.min(ends_ns), self.settings.warmup_ns);
        }
        // What is under way when interrupted is given up and counted nowhere.
        let elapsed_ns = if interrupted { now } else { ends_ns.max(self.interval.last_ns) };
        self.hand_over(now);
        Ok(Driven {
            elapsed_ns,
            dropped: self.dropped,
            interrupted,
            streams: self.streams_least,
            cpu_ns: thread_cpu_ns() - cpu_before,
            idle_ns: self.idle_ns,
            stalls: self.stalls,
            longest_stall_ns: self.longest_stall_ns,
        })
    }

    fn start_clock(&mut self) {
        // Connections were opened on another zero.
        self.started = Instant::now();
        self.interval.clear();
        for link in &mut self.links {
            if let State::Free(since) | State::Opening(since) = &mut link.state {
                *since = 0;
            }
            if let Some(shared) = &mut link.shared {
                shared.start_clock();
            }
        }
        for (at, _) in &mut self.closed {
            *at = 0;
        }
        (self.timeouts_looked_ns, self.woke_ns, self.stall) = (0, 0, (0, 0));
        (self.idle_ns, self.stalls, self.longest_stall_ns) = (0, 0, 0);
    }

    /// Nanoseconds since the start.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Sends what is due as long as a place is free. Says what time it is then.
    fn send_due(&mut self, now: u64) -> u64 {
        let now = self.hand_out(now);
        // Once: what has come meanwhile makes room that the next round of the loop uses.
        self.flush();
        now
    }

    fn hand_out(&mut self, now: u64) -> u64 {
        let mut now = now;
        while !self.over {
            if now >= self.pacer.ends_ns() {
                self.dropped += self.pacer.drop_before(u64::MAX, self.settings.warmup_ns);
                self.over = true;
                break;
            }
            let is_open = self.pacer.plan().is_open();
            let Some(due) = self.pacer.next_ns().map(|due| if is_open { due } else { now }) else {
                // All are taken; what is under way is waited for.
                self.over = true;
                break;
            };
            if due > now {
                break;
            }
            if let Some(patience) = self.settings.patience_ns.filter(|patience| now - due > *patience) {
                self.dropped += self.pacer.drop_before(now - patience, self.settings.warmup_ns);
                continue;
            }
            let Some(place) = self.next_free() else { break };
            self.pacer.take();
            self.send(place, due, now);
            now = self.now();
        }
        now
    }

    fn send(&mut self, place: usize, due_ns: u64, now: u64) {
        let (at, slot) = self.at(place);
        let Some(free_ns) = self.links.get(at).and_then(|link| link.free_since(slot)) else { return };
        let underway = self.next_request(due_ns, free_ns, now);
        let Some(link) = self.links.get_mut(at) else { return };
        let Some(stream) = link.stream.as_mut() else { return self.send_on_stream(at, slot, underway) };
        if underway.measured {
            self.interval.counts.bytes_out += self.message.len() as u64;
        }
        link.reader.begin(underway.op.keep);
        link.state = State::Busy(underway);
        self.busy += 1;
        match stream.write(&self.message) {
            Ok(Moved::Some(_)) => {}
            Ok(Moved::Last(count)) => link.unsent.extend_from_slice(&self.message[count..]),
            Ok(Moved::End) => {}
            Err(error) => self.fail(place, Failure::Broken(error.to_string())),
        }
    }

    /// Writes the next request, which goes out now.
    fn next_request(&mut self, due_ns: u64, free_ns: u64, now: u64) -> Underway {
        self.message.clear();
        let op = self.workload.next(due_ns, &mut self.message);
        let measured = due_ns >= self.settings.warmup_ns;
        if measured {
            self.interval.counts.sent += 1;
            if self.pacer.plan().is_open() {
                // What fell due while the loop stood still was late by its doing, also if it then had to queue.
                let (from_ns, to_ns) = self.stall;
                let stalled_ns = if (from_ns..to_ns).contains(&due_ns) { to_ns - due_ns } else { 0 };
                self.interval.record_start(due_ns, free_ns, now, stalled_ns);
            }
        }
        Underway { op, due_ns, sent_ns: now, measured }
    }

    fn happened(&mut self, event: Event) {
        let (place, opening) = of_token(event.token);
        let Some(link) = self.links.get_mut(place).filter(|link| link.opening == opening) else { return };
        match link.state {
            State::Closed => {}
            State::Opening(_) => self.greet(place, event.writable),
            State::Shared => self.turn(place),
            State::Free(_) | State::Busy(_) => {
                if event.writable && !link.unsent.is_empty() {
                    self.write_more(place);
                }
                if event.readable {
                    self.read(place, opening, event.ended);
                }
            }
        }
    }

    fn write_more(&mut self, place: usize) {
        let Some(link) = self.links.get_mut(place) else { return };
        let Some(stream) = link.stream.as_mut() else { return };
        match stream.write(&link.unsent) {
            Ok(Moved::Some(count) | Moved::Last(count)) => {
                link.unsent.drain(..count);
            }
            Ok(Moved::End) => {}
            Err(error) => self.fail(place, Failure::Broken(error.to_string())),
        }
    }
}

/// Processor time of this thread.
fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}
