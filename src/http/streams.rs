//! HTTP/2 (RFC 9113): a connection with several requests at once. Each is a stream with a task and a pace of its own, so
//! that one that is too slow is cut and the others are not.
//!
//! A connection is idle when no stream is open; a stream is open until the last byte of its reply has left. What is read
//! is bounded by windows, what is written by pieces: the next is made when the caller has room for it.

use super::auth::Peer;
use super::caller::Caller;
use super::connection::{Served, Watched};
use super::frames::Frames;
use super::pace::{Connections, Pace, Waits};
use super::routes::{self, Outgoing};
use super::short::OVERLOADED_REST;
use super::worker::Worker;
use http_body_util::{Either, Full};
use hyper::body::{Body, Buf, Bytes, Frame, Incoming, SizeHint};
use hyper::header::CONTENT_LENGTH;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;

/// Bytes of a body that may be on their way before the server has taken them up.
const STREAM_WINDOW_BYTES: u32 = 64 << 10;
/// The same of all bodies of a connection.
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;
/// Bytes of a reply that wait for the network.
const REPLY_BYTES_WAITING: usize = 64 << 10;
/// Bytes of a reply that are handed on at once: a frame, as most callers take them.
const PIECE_BYTES: usize = 16 << 10;
/// Requests that a caller may take back before they are looked at. One more ends the connection (CVE-2023-44487).
const TAKEN_BACK_MAX: usize = 20;
/// Requests that break the protocol. One more ends the connection (RUSTSEC-2024-0003).
const BROKEN_MAX: usize = 1024;

/// Answers requests until the caller goes, or the server ends.
pub(super) async fn serve<S>(stream: S, begun: Bytes, peer: Peer, served: Served)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let Served { worker, connections, pace, watcher } = served;
    pace.leaves_short_way();
    pace.set(Waits::Idle);
    let _counted = Counted::new(&worker);
    let limits = &worker.limits;
    let streams = Rc::new(Streams { pace, connections, open: Cell::new(0), born: RefCell::default() });
    let mut builder = http2::Builder::new(Tasks(Rc::clone(&streams)));
    builder
        .max_concurrent_streams(limits.connection_streams_max)
        .max_header_list_size(u32::try_from(limits.header_bytes_max.bytes()).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(REPLY_BYTES_WAITING)
        .max_pending_accept_reset_streams(TAKEN_BACK_MAX)
        .max_local_error_reset_streams(BROKEN_MAX);
    let reading = Reading::default();
    let rest = Rc::clone(&reading.rest);
    let watched = Watched { begun, stream, pace: Rc::clone(&streams.pace), reading: Some(reading) };
    let peer = Rc::new(peer);
    let service = service_fn(move |request| {
        let stream = streams.open();
        let (worker, peer, rest) = (Rc::clone(&worker), Rc::clone(&peer), Rc::clone(&rest));
        async move { Ok::<_, Infallible>(answer(&worker, &peer, stream, &rest, request).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(watched), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    worker: &Rc<Worker>,
    peer: &Peer,
    stream: Rc<Stream>,
    rest: &Rest,
    request: Request<Incoming>,
) -> Response<Told> {
    let is_head = *request.method() == Method::HEAD;
    let (mut response, caller) = routes::answer(worker, peer, &stream.pace, request).await;
    stream.pace.answered();
    // Behind a proxy others wait on the same connection.
    let is_overload = caller.is_none() && response.status() == StatusCode::SERVICE_UNAVAILABLE;
    if is_overload && !peer.is_proxy(&worker.trusted_proxies) {
        *rest.borrow_mut() = Some(Box::pin(tokio::time::sleep(OVERLOADED_REST)));
    }
    stream.caller.replace(caller);
    if is_head {
        // hyper leaves bodies out of such replies in HTTP/1.1 only.
        if let Some(length) = response.body().size_hint().exact() {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        *response.body_mut() = Either::Left(Full::default());
    }
    response.map(|body| Told { body, next: Bytes::new(), stream })
}

/// The streams of a connection.
struct Streams {
    /// Of the connection.
    pace: Rc<Pace>,
    connections: Rc<Connections>,
    open: Cell<usize>,
    /// The stream that hyper is about to spawn a task for.
    born: RefCell<Option<Weak<Pace>>>,
}

impl Streams {
    fn open(self: &Rc<Self>) -> Rc<Stream> {
        self.open.set(self.open.get() + 1);
        self.pace.set(Waits::Nothing);
        let pace = self.connections.stream();
        self.born.replace(Some(Rc::downgrade(&pace)));
        Rc::new(Stream { pace, untaken: Cell::new(0), caller: RefCell::default(), among: Rc::clone(self) })
    }
}

/// A request, until the last byte of its reply has left.
struct Stream {
    pace: Rc<Pace>,
    /// Pieces of the reply that have not left.
    untaken: Cell<usize>,
    /// Keeps the request among those that are at hand.
    caller: RefCell<Option<Caller>>,
    among: Rc<Streams>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        let left = self.among.open.get() - 1;
        self.among.open.set(left);
        if left == 0 {
            self.among.pace.set(Waits::Idle);
        }
    }
}

/// Spawns the tasks of streams, and has them watched.
#[derive(Clone)]
struct Tasks(Rc<Streams>);

impl<F: Future<Output = ()> + 'static> Executor<F> for Tasks {
    fn execute(&self, future: F) {
        let task = tokio::task::spawn_local(future);
        if let Some(pace) = self.0.born.take() {
            self.0.connections.watch(pace, task.abort_handle(), &self.0.pace);
        }
    }
}

/// A reply, in pieces that know whether they have left.
struct Told {
    body: Outgoing,
    /// What was made of it and not handed on.
    next: Bytes,
    stream: Rc<Stream>,
}

impl Body for Told {
    type Data = Piece;
    type Error = <Outgoing as Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, Self::Error>>> {
        while self.next.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(frame) => self.next = frame?.into_data().unwrap_or_default(),
            }
        }
        let fitting = self.next.len().min(PIECE_BYTES);
        let bytes = self.next.split_to(fitting);
        Poll::Ready(Some(Ok(Frame::data(Piece::new(bytes, &self.stream)))))
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // Asked before the first piece.
        self.body.size_hint()
    }
}

/// A piece of a reply. While it is there, the caller has not taken it.
struct Piece {
    bytes: Bytes,
    stream: Rc<Stream>,
}

impl Piece {
    fn new(bytes: Bytes, stream: &Rc<Stream>) -> Piece {
        if stream.untaken.replace(stream.untaken.get() + 1) == 0 {
            stream.pace.owes();
        }
        Piece { bytes, stream: Rc::clone(stream) }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.stream.pace.owes();
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let untaken = self.stream.untaken.get() - 1;
        self.stream.untaken.set(untaken);
        if untaken == 0 {
            self.stream.pace.owes_nothing();
        }
    }
}

/// Until when a connection is not read from.
type Rest = Rc<RefCell<Option<Pin<Box<Sleep>>>>>;

/// How a connection is read.
#[derive(Default)]
pub(super) struct Reading {
    frames: Frames,
    rest: Rest,
}

impl Reading {
    /// Waits while a caller that was told to come back is not read from, like one of HTTP/1.1.
    pub(super) fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut rest = self.rest.borrow_mut();
        if let Some(sleep) = &mut *rest {
            ready!(sleep.as_mut().poll(cx));
            *rest = None;
        }
        Poll::Ready(())
    }

    /// These bytes came.
    pub(super) fn follow(&mut self, bytes: &[u8], pace: &Pace) {
        let is_new = self.frames.take(bytes);
        pace.partly(self.frames.rest(), is_new);
    }
}

/// A connection that is counted as one of HTTP/2.
struct Counted(Rc<Worker>);

impl Counted {
    fn new(worker: &Rc<Worker>) -> Counted {
        worker.board.http2_connections.fetch_add(1, Ordering::Relaxed);
        Counted(Rc::clone(worker))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.board.http2_connections.fetch_sub(1, Ordering::Relaxed);
    }
}
