//! Opens connections: all of them before the clock starts, so that connecting is not measured, and again those that end.

use std::io::{self, ErrorKind};

use super::link::{Link, State, of_token};
use super::{Drive, Settings};
use crate::error::LoadError;
use crate::wire::{Http2Opening, Moved, Stream};

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
            let Settings { authority, kind, .. } = &self.settings;
            return Err(LoadError::Unreachable { authority: authority.clone(), kind, reason });
        }
        Ok(())
    }

    /// How many connections are open.
    pub(crate) fn opened(&self) -> usize {
        self.links.iter().filter(|link| matches!(link.state, State::Free(_) | State::Shared)).count()
    }

    /// Begins to open a connection.
    pub(super) fn connect(&mut self, place: usize, now: u64) {
        let Some(link) = self.links.get_mut(place) else { return };
        let begun = Stream::connect(self.settings.address, self.settings.tls.as_ref());
        let added = begun.and_then(|stream| {
            self.poll.add(stream.socket(), link.token(place))?;
            link.greeting = self.settings.protocol.greet(&mut link.unsent)?;
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

    /// Moves the opening on: the connection itself, then the handshake of TLS, then what the protocol wants.
    pub(super) fn greet(&mut self, place: usize, writable: bool) {
        let Some(link) = self.links.get_mut(place) else { return };
        if link.sharing.is_some() {
            return self.go_on_sharing(place);
        }
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
        let ready = match stream.greet() {
            Ok(true) if self.settings.streams > 0 => share(link, self.settings.streams).map(|()| false),
            Ok(true) => introduce(link, &mut self.buffer),
            handshake => handshake,
        };
        match ready {
            Ok(true) => {
                self.interval.counts.connects += 1;
                let now = self.now();
                if let Some(link) = self.links.get_mut(place) {
                    link.state = State::Free(now);
                    self.free.push_back(place);
                }
            }
            Ok(false) => self.go_on_sharing(place),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                self.opening_failed(place, &ErrorKind::ConnectionReset.into());
            }
            Err(error) => self.opening_failed(place, &error),
        }
    }

    /// Moves a connection on that is to carry several requests at a time.
    fn go_on_sharing(&mut self, place: usize) {
        let Some(sharing) = self.links.get_mut(place).and_then(|link| link.sharing.as_mut()) else { return };
        match sharing.go_on() {
            Ok(None) => {}
            Ok(Some(http2)) => {
                self.interval.counts.connects += 1;
                self.share(place, http2);
            }
            Err(error) => self.opening_failed(place, &error),
        }
    }
}

/// Begins to make a connection one for several requests.
fn share(link: &mut Link, streams: usize) -> io::Result<()> {
    if let Some(stream) = link.stream.take() {
        link.sharing = Some(Box::new(Http2Opening::begin(stream, streams)?));
    }
    Ok(())
}

/// Says and hears what the protocol wants before the first request; whether that is over.
fn introduce(link: &mut Link, buffer: &mut [u8]) -> io::Result<bool> {
    let Link { stream: Some(stream), greeting: Some(greeting), unsent, .. } = link else { return Ok(true) };
    loop {
        if let Moved::Some(count) | Moved::Last(count) = stream.write(unsent)? {
            unsent.drain(..count);
        }
        let (count, last) = match stream.read(buffer)? {
            Moved::Some(count) => (count, false),
            Moved::Last(count) => (count, true),
            Moved::End => return Err(ErrorKind::UnexpectedEof.into()),
        };
        if count > 0 && greeting.go_on(&buffer[..count], unsent)? {
            link.greeting = None;
            return Ok(true);
        }
        if last && (count == 0 || unsent.is_empty()) {
            return Ok(false);
        }
    }
}
