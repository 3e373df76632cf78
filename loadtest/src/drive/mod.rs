//! Sends requests at their time over connections, and records what comes of them: one thread, one loop.
//!
//! Nothing in the loop waits for anything but sockets and the clock, and nothing is allocated per request. What
//! happened is handed over a stretch at a time.

mod failing;
mod link;
mod opening;
mod time;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

use crate::error::LoadError;
use crate::measure::{Failure, Interval, Times};
use crate::pace::Pacer;
use crate::wire::{Event, Moved, Poll, Progress, Protocol, TlsSetup};
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
    /// Connections, each with one request at a time.
    pub(crate) connections: usize,
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
    /// Connections that wait for a request, longest first.
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
            free: VecDeque::with_capacity(settings.connections),
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

    /// Sends what is due as long as a connection is free. Says what time it is then.
    fn send_due(&mut self, now: u64) -> u64 {
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
            let Some(place) = self.free.pop_front() else { break };
            self.pacer.take();
            self.send(place, due, now);
            now = self.now();
        }
        now
    }

    fn send(&mut self, place: usize, due_ns: u64, now: u64) {
        let Some(link) = self.links.get_mut(place) else { return };
        let (State::Free(free_ns), Some(stream)) = (link.state, link.stream.as_mut()) else { return };
        self.message.clear();
        let op = self.workload.next(due_ns, &mut self.message);
        let measured = due_ns >= self.settings.warmup_ns;
        if measured {
            self.interval.counts.sent += 1;
            self.interval.counts.bytes_out += self.message.len() as u64;
            if self.pacer.plan().is_open() {
                // What fell due while the loop stood still was late by its doing, also if it then had to queue.
                let (from_ns, to_ns) = self.stall;
                let stalled_ns = if (from_ns..to_ns).contains(&due_ns) { to_ns - due_ns } else { 0 };
                self.interval.record_start(due_ns, free_ns, now, stalled_ns);
            }
        }
        link.reader.begin(op.keep);
        link.state = State::Busy(Underway { op, due_ns, sent_ns: now, measured });
        self.busy += 1;
        match stream.write(&self.message) {
            Ok(Moved::Some(_)) => {}
            Ok(Moved::Last(count)) => link.unsent.extend_from_slice(&self.message[count..]),
            Ok(Moved::End) => {}
            Err(error) => self.fail(place, Failure::Broken(error.to_string())),
        }
    }

    fn happened(&mut self, event: Event) {
        let (place, opening) = of_token(event.token);
        let Some(link) = self.links.get_mut(place).filter(|link| link.opening == opening) else { return };
        match link.state {
            State::Closed => {}
            State::Opening(_) => self.greet(place, event.writable),
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

    /// Reads until nothing is left. Where the other side has ended, that means until its end.
    fn read(&mut self, place: usize, opening: u32, ended: bool) {
        let mut buffer = std::mem::take(&mut self.buffer);
        while let Some(link) = self.links.get_mut(place).filter(|link| link.opening == opening)
            && let Some(stream) = link.stream.as_mut()
        {
            let (count, last) = match stream.read(&mut buffer) {
                Ok(Moved::Some(count)) => (count, false),
                Ok(Moved::Last(count)) => (count, !ended || count == 0),
                Ok(Moved::End) => {
                    self.ended(place);
                    break;
                }
                Err(error) => {
                    self.broke(place, &error);
                    break;
                }
            };
            if count > 0 {
                self.take_in(place, buffer.get(..count).unwrap_or_default(), ended);
            }
            if last {
                break;
            }
        }
        self.buffer = buffer;
    }

    fn take_in(&mut self, place: usize, bytes: &[u8], ended: bool) {
        let Some(link) = self.links.get_mut(place) else { return };
        if !matches!(link.state, State::Busy(_)) {
            self.unasked(place);
            return;
        }
        match link.reader.feed(bytes) {
            Ok(Progress::More) => {}
            Ok(Progress::Whole(used)) if used == bytes.len() => self.answered(place, ended),
            Ok(Progress::Whole(_)) => {
                self.fail(place, Failure::Malformed("bytes follow the end of an answer".to_owned()));
            }
            Err(malformed) => self.fail(place, Failure::Malformed(malformed.to_string())),
        }
    }

    /// The answer is whole.
    fn answered(&mut self, place: usize, ended: bool) {
        let now = self.now();
        let Some(link) = self.links.get_mut(place) else { return };
        let State::Busy(underway) = link.state else { return };
        let Underway { op, due_ns, sent_ns, measured } = underway;
        let status = link.reader.status();
        if measured {
            self.interval.counts.bytes_in += link.reader.bytes();
            self.interval.record_answer(&op, Times { due_ns, sent_ns, done_ns: now }, status);
            if let Some(complaint) = link.reader.complaint() {
                self.interval.reason(complaint, 1);
            }
        } else {
            self.interval.counts.warm += 1;
        }
        if op.keep
            && let Some(body) = link.reader.body()
            && let Err(reason) = self.workload.answered(&op, status, body)
        {
            self.interval.record_wrong(reason);
        }
        link.answers += 1;
        self.busy -= 1;
        let worn = self.settings.requests_per_connection.is_some_and(|most| link.answers >= most);
        if ended || worn || link.reader.closes() || !link.unsent.is_empty() {
            self.reopen(place, now);
        } else {
            link.state = State::Free(now);
            self.free.push_back(place);
        }
        self.send_due(now);
    }
}

/// Processor time of this thread.
fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}
