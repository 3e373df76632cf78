//! Opens connections: all of them before the clock starts, so that connecting is not measured, and again those that end.

use std::io::ErrorKind;

use super::Drive;
use super::link::{State, of_token};
use crate::error::LoadError;
use crate::wire::Stream;

/// More at once overrun the queue of a listener, and those left over try again only after a second.
const OPENING_MAX: usize = 100;

impl Drive {
    /// Opens all connections. One is enough to begin with; the others are tried again on the way.
    pub(super) fn open_all(&mut self) -> Result<(), LoadError> {
        let mut events = Vec::new();
        let timeout_ns = self.settings.timeout_ns;
        let mut left: Vec<usize> = self.closed.drain(..).map(|(_, place)| place).rev().collect();
        loop {
            let now = self.now();
            let opening = self.links.iter().filter(|link| matches!(link.state, State::Opening(_))).count();
            if opening == 0 && left.is_empty() {
                break;
            }
            let room = OPENING_MAX - opening.min(OPENING_MAX);
            for place in left.split_off(left.len().saturating_sub(room)).into_iter().rev() {
                self.connect(place, now);
            }
            self.wait(&mut events).map_err(LoadError::Start)?;
            for event in events.drain(..) {
                let (place, opening) = of_token(event.token);
                if self.links.get(place).is_some_and(|link| link.opening == opening) {
                    self.happened(event);
                }
            }
            if self.now() > timeout_ns && self.free.is_empty() {
                break;
            }
            self.look_for_timeouts(now);
        }
        if self.free.is_empty() {
            let reason = self.interval.reasons.keys().next().cloned();
            let reason = reason.unwrap_or_else(|| "no answer to the connection".to_owned());
            return Err(LoadError::Unreachable { authority: self.settings.authority.clone(), reason });
        }
        Ok(())
    }

    /// How many connections are open.
    pub(crate) fn opened(&self) -> usize {
        self.free.len()
    }

    /// Begins to open a connection.
    pub(super) fn connect(&mut self, place: usize, now: u64) {
        let Some(link) = self.links.get_mut(place) else { return };
        let begun = Stream::connect(self.settings.address, self.settings.tls.as_ref());
        let added = begun.and_then(|stream| {
            self.poll.add(stream.socket(), link.token(place))?;
            Ok(stream)
        });
        match added {
            Ok(stream) => {
                link.stream = Some(stream);
                link.state = State::Opening(now);
            }
            Err(error) => self.opening_failed(place, &error),
        }
    }

    /// Moves the opening on: the connection itself, then the handshake of TLS.
    pub(super) fn greet(&mut self, place: usize, writable: bool) {
        let Some(link) = self.links.get_mut(place) else { return };
        let Some(stream) = link.stream.as_mut() else { return };
        if !link.connected {
            if !writable {
                return;
            }
            if let Err(error) = stream.connected() {
                self.opening_failed(place, &error);
                return;
            }
            link.connected = true;
        }
        match stream.greet() {
            Ok(true) => {
                self.interval.counts.connects += 1;
                let now = self.now();
                if let Some(link) = self.links.get_mut(place) {
                    link.state = State::Free(now);
                    self.free.push_back(place);
                }
            }
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                self.opening_failed(place, &ErrorKind::ConnectionReset.into());
            }
            Err(error) => self.opening_failed(place, &error),
        }
    }
}
