//! One connection's way through a run.

use super::streams::Shared;
use crate::wire::{Greeting, Http2Opening, Reader, Stream};
use crate::workload::Op;

/// The request that a connection is busy with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Underway {
    /// What was asked.
    pub(crate) op: Op,
    /// Its intended start.
    pub(crate) due_ns: u64,
    /// When it went out.
    pub(crate) sent_ns: u64,
    /// It counts: its start lies behind the warm-up.
    pub(crate) measured: bool,
}

/// What a connection does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum State {
    /// Not open; it waits to be opened again.
    Closed,
    /// Being opened since then.
    Opening(u64),
    /// Free since then.
    Free(u64),
    /// A request is under way.
    Busy(Underway),
    /// Open for several requests at a time.
    Shared,
}

/// A connection that is opened again when it ends.
#[derive(Debug)]
pub(crate) struct Link {
    /// Open or being opened.
    pub(crate) stream: Option<Stream>,
    /// What it does.
    pub(crate) state: State,
    /// The socket is connected; under TLS the handshake may go on.
    pub(crate) connected: bool,
    /// What the protocol has to say before a request, until it is said.
    pub(crate) greeting: Option<Greeting>,
    /// The connection is being made one for several requests; that has the stream then.
    pub(crate) sharing: Option<Box<Http2Opening>>,
    /// It is one.
    pub(super) shared: Option<Box<Shared>>,
    /// Reads the answer.
    pub(crate) reader: Reader,
    /// What the socket has not yet taken of a greeting or a request.
    pub(crate) unsent: Vec<u8>,
    /// Requests answered since it was opened.
    pub(crate) answers: u32,
    /// Counts openings, so that an event of a socket that is gone is known as such.
    pub(crate) opening: u32,
}

impl Link {
    /// Not open.
    pub(crate) fn new(reader: Reader) -> Self {
        Self {
            stream: None,
            state: State::Closed,
            connected: false,
            greeting: None,
            sharing: None,
            shared: None,
            reader,
            unsent: Vec::new(),
            answers: 0,
            opening: 0,
        }
    }

    /// Closes the socket.
    pub(crate) fn close(&mut self) {
        self.stream = None;
        self.state = State::Closed;
        self.connected = false;
        self.greeting = None;
        (self.sharing, self.shared) = (None, None);
        self.unsent.clear();
        self.answers = 0;
        self.opening = self.opening.wrapping_add(1);
    }

    /// Since when a place is free.
    pub(super) fn free_since(&self, slot: usize) -> Option<u64> {
        match (self.state, &self.shared) {
            (State::Free(since), _) => Some(since),
            (State::Shared, Some(shared)) => shared.free_since(slot),
            _ => None,
        }
    }

    /// Names the socket in events.
    pub(crate) fn token(&self, place: usize) -> u64 {
        u64::from(self.opening) << 32 | place as u64
    }
}

/// Which connection, and which of its sockets, an event speaks of.
pub(crate) fn of_token(token: u64) -> (usize, u32) {
    ((token & u64::from(u32::MAX)) as usize, (token >> 32) as u32)
}
