//! Waits for sockets, to the microsecond: epoll, edge-triggered, with a timeout finer than milliseconds.

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};

/// At most so many are told at once; the rest with the next wait.
const EVENTS_MAX: usize = 512;

/// A socket that has something to tell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event {
    /// As registered.
    pub(crate) token: u64,
    /// Bytes or an end can be read.
    pub(crate) readable: bool,
    /// It takes bytes again, or is connected.
    pub(crate) writable: bool,
    /// The other side has closed; no other event will say so.
    pub(crate) ended: bool,
}

/// The sockets of one thread.
pub(crate) struct Poll {
    epoll: OwnedFd,
    raw: Vec<epoll::Event>,
}

impl Poll {
    /// Without sockets.
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, raw: Vec::with_capacity(EVENTS_MAX) })
    }

    /// Watches a socket until it is closed.
    pub(crate) fn add(&self, socket: &TcpStream, token: u64) -> io::Result<()> {
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        Ok(epoll::add(&self.epoll, socket, EventData::new_u64(token), flags)?)
    }

    /// Waits for at most this long, and hands out what happened.
    pub(crate) fn wait(&mut self, timeout: Duration, events: &mut Vec<Event>) -> io::Result<()> {
        let timeout = Timespec {
            tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(timeout.subsec_nanos()),
        };
        self.raw.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.raw), Some(&timeout)) {
            Ok(_) => {}
            // A signal; the loop looks what it was.
            Err(rustix::io::Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        let read = EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
        let write = EventFlags::OUT | EventFlags::HUP | EventFlags::ERR;
        events.extend(self.raw.iter().map(|event| {
            let flags = event.flags;
            Event {
                token: event.data.u64(),
                readable: flags.intersects(read),
                writable: flags.intersects(write),
                ended: flags.intersects(EventFlags::RDHUP | EventFlags::HUP),
            }
        }));
        Ok(())
    }
}
