//! HTTP/2: several requests at a time on one connection. Frames, header compression and flow control are h2's; it is
//! driven from this program's own loop, without a runtime: whatever it waits for sets a flag, and what is flagged is polled.

mod exchange;
mod message;
mod opening;
mod transport;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use h2::client::{Connection, SendRequest};

use exchange::{Exchange, Progress};
pub(crate) use opening::Http2Opening;
pub(super) use opening::NO_H2;
use transport::{Moved, Transport};

/// Something that waits, and whether it may go on.
#[derive(Debug)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A flag with the waker that sets it.
#[derive(Debug)]
struct Woken {
    flag: Arc<Flag>,
    waker: Waker,
}

impl Woken {
    fn new() -> Self {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        Self { waker: Waker::from(Arc::clone(&flag)), flag }
    }

    /// Whether it was set; it is not any more.
    fn take(&self) -> bool {
        self.flag.0.swap(false, Ordering::Relaxed)
    }
}

/// Why a request on a stream has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StreamError {
    /// The server would not take it, and says that it did nothing.
    Refused(String),
    /// The stream or its connection broke.
    Broken(String),
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Its place on the connection.
    pub(crate) slot: usize,
    /// The status, or why there is none.
    pub(crate) came: Result<u16, StreamError>,
    /// The body, where it was to be kept.
    pub(crate) body: Vec<u8>,
}

/// An open connection.
pub(crate) struct Http2 {
    connection: Connection<Transport, Bytes>,
    send: SendRequest<Bytes>,
    woken: Woken,
    /// By place.
    exchanges: Vec<Option<Exchange>>,
    moved: Arc<Moved>,
    scheme: &'static str,
    /// Why it is over, if it is.
    ended: Option<String>,
}

impl Http2 {
    /// How many requests the server takes at a time, of those wanted.
    pub(crate) fn streams(&self) -> usize {
        self.exchanges.len().min(self.send.current_max_send_streams())
    }

    /// Whether another request may go out now: `None` after the server has said that it takes no more.
    pub(crate) fn is_ready(&mut self) -> Option<bool> {
        if self.ended.is_some() {
            return None;
        }
        match self.send.poll_ready(&mut Context::from_waker(&self.woken.waker)) {
            Poll::Ready(Ok(())) => Some(true),
            Poll::Ready(Err(_)) => None,
            Poll::Pending => Some(false),
        }
    }

    /// Hands over a request, written as HTTP/1.1; it goes out with the next turn.
    pub(crate) fn send(&mut self, slot: usize, message: &[u8], keep: bool) -> Result<(), StreamError> {
        let Some((request, body)) = message::translate(message, self.scheme) else {
            return Err(StreamError::Broken("the request has no form in HTTP/2".to_owned()));
        };
        let (response, mut stream) = self.send.send_request(request, body.is_empty()).map_err(broken)?;
        if !body.is_empty() {
            // What the windows do not take yet is kept and sent later.
            stream.send_data(body, true).map_err(broken)?;
        }
        if let Some(place) = self.exchanges.get_mut(slot) {
            *place = Some(Exchange::new(response, stream, keep));
        }
        Ok(())
    }

    /// Gives a request up: the server is told.
    pub(crate) fn cancel(&mut self, slot: usize) {
        if let Some(place) = self.exchanges.get_mut(slot) {
            *place = None;
        }
    }

    /// Reads and writes what can be, and tells what is finished. Says whether the connection is over, and why.
    pub(crate) fn turn(&mut self, finished: &mut Vec<Finished>) -> Option<&str> {
        loop {
            let mut moved = self.poll();
            for (slot, place) in self.exchanges.iter_mut().enumerate() {
                let Some(exchange) = place.as_mut().filter(|exchange| exchange.woken.take()) else {
                    continue;
                };
                let came = match exchange.go_on() {
                    Progress::More => continue,
                    Progress::Whole(status) => Ok(status),
                    Progress::Failed(error) => Err(error),
                };
                let body = std::mem::take(&mut exchange.body);
                *place = None;
                moved = true;
                finished.push(Finished { slot, came, body });
            }
            if !moved {
                return self.ended.as_deref();
            }
        }
    }

    /// Polls the connection as long as it wants to go on; whether it did.
    fn poll(&mut self) -> bool {
        let mut polled = false;
        while self.ended.is_none() && self.woken.take() {
            polled = true;
            let mut context = Context::from_waker(&self.woken.waker);
            match Pin::new(&mut self.connection).poll(&mut context) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => self.ended = Some("the server closed the connection".to_owned()),
                Poll::Ready(Err(error)) => self.ended = Some(words(&error)),
            }
        }
        polled
    }

    /// The socket has something to tell.
    pub(crate) fn wake(&self) {
        self.woken.waker.wake_by_ref();
    }

    /// Bytes that came, and bytes that went, since this was asked last.
    pub(crate) fn take_moved(&self) -> (u64, u64) {
        self.moved.take()
    }
}

impl std::fmt::Debug for Http2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http2").field("ended", &self.ended).finish_non_exhaustive()
    }
}

fn broken(error: h2::Error) -> StreamError {
    let told = words(&error);
    if error.is_reset() && error.is_remote() && error.reason() == Some(h2::Reason::REFUSED_STREAM) {
        StreamError::Refused(told)
    } else {
        StreamError::Broken(told)
    }
}

/// What happened, with the name that the standard gives it.
fn words(error: &h2::Error) -> String {
    if let Some(error) = error.get_io() {
        return format!("the connection broke: {error}");
    }
    let who = if error.is_remote() { "the server" } else { "this end" };
    let reason = error.reason().map_or_else(|| error.to_string(), |reason| format!("{reason:?}"));
    if error.is_go_away() {
        format!("{who} ended the connection (GOAWAY, {reason})")
    } else if error.is_reset() {
        format!("{who} reset the stream (RST_STREAM, {reason})")
    } else {
        format!("HTTP/2 failed: {error}")
    }
}
