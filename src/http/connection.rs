//! One connection, and how slow it may be. Each connection notes what it waits for and since when; a sweep a
//! worker cuts those that wait too long. So no request pays for a timer of its own.

use super::auth::{Peer, Tls};
use super::routes;
use super::short::{self, Left};
use super::worker::Worker;
use crate::config::{Limits, Wait};
use hyper::body::Bytes;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::Watcher;
use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

/// How often connections are swept, and so the exactness of all waits.
pub(super) const SWEEP_EVERY: Duration = Duration::from_millis(50);

/// What a connection waits for.
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

/// What a connection waits for, and since which sweep.
#[derive(Debug)]
pub(super) struct Pace {
    waits: Cell<Waits>,
    since: Cell<u64>,
    /// Since when the caller takes nothing of its reply.
    stuck: Cell<Option<u64>>,
    /// It has sent plain checks only.
    plain: Cell<bool>,
    shared: Rc<Shared>,
}

/// What the connections of a worker share.
#[derive(Debug, Default)]
struct Shared {
    sweeps: Cell<u64>,
    draining: Cell<bool>,
}

impl Pace {
    /// From now on it waits for this.
    pub(super) fn set(&self, waits: Waits) {
        self.waits.set(waits);
        self.since.set(self.shared.sweeps.get());
    }

    /// How a try to write went: a reply that the caller does not read is waited for as well.
    pub(super) fn wrote<T>(&self, polled: &Poll<T>) {
        if polled.is_ready() {
            self.stuck.set(None);
        } else if self.stuck.get().is_none() {
            self.stuck.set(Some(self.shared.sweeps.get()));
        }
    }

    /// Whether the reply at hand is the last of its connection.
    pub(super) fn is_draining(&self) -> bool {
        self.shared.draining.get()
    }

    fn is_slow(&self, most: &Most) -> bool {
        let now = self.shared.sweeps.get();
        let waits = match self.waits.get() {
            Waits::Idle => most.idle,
            Waits::Headers => most.headers,
            Waits::Body => most.body,
            Waits::Nothing => u64::MAX,
        };
        now - self.since.get() > waits || self.stuck.get().is_some_and(|since| now - since > most.write)
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
}

/// The connections of a worker.
#[derive(Debug, Default)]
pub(super) struct Connections {
    shared: Rc<Shared>,
    open: RefCell<Vec<(Rc<Pace>, AbortHandle)>>,
}

impl Connections {
    /// Takes a connection up, to answer requests from until it ends or is cut.
    pub(super) fn take(&self, stream: TcpStream, worker: &Rc<Worker>, watcher: Watcher) {
        let pace = Rc::new(Pace {
            waits: Cell::new(Waits::Idle),
            since: Cell::new(self.shared.sweeps.get()),
            stuck: Cell::new(None),
            plain: Cell::new(true),
            shared: Rc::clone(&self.shared),
        });
        // Counted from here on, also if it is cut before it has said a word.
        let open = Open(Rc::clone(worker));
        let task = tokio::task::spawn_local(serve(stream, open, watcher, Rc::clone(&pace)));
        self.open.borrow_mut().push((pace, task.abort_handle()));
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
    pub(super) async fn sweep(&self, limits: &Limits, cut: impl Fn()) {
        let most = Most::of(limits);
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        loop {
            ticks.tick().await;
            self.shared.sweeps.set(self.shared.sweeps.get() + 1);
            self.open.borrow_mut().retain(|(pace, task)| {
                let slow = pace.is_slow(&most);
                if slow && !task.is_finished() {
                    task.abort();
                    cut();
                }
                !slow && !task.is_finished()
            });
        }
    }
}

async fn serve(stream: TcpStream, open: Open, watcher: Watcher, pace: Rc<Pace>) {
    let worker = Rc::clone(&open.0);
    let address = match stream.peer_addr() {
        Ok(address) => address.ip(),
        Err(error) => return tracing::debug!(%error, "a connection was gone before it was served"),
    };
    match &worker.tls {
        None => requests(stream, Peer::plain(address), &worker, watcher, pace).await,
        Some(tls) => match handshake(stream, tls, &pace).await {
            Ok(stream) => {
                let peer = Peer::after_handshake(address, tls, stream.get_ref().1.peer_certificates());
                requests(stream, peer, &worker, watcher, pace).await;
            }
            Err(error) => {
                worker.board.handshakes_failed.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(%error, "a handshake failed");
            }
        },
    }
}

async fn handshake(
    stream: TcpStream,
    tls: &Arc<Tls>,
    pace: &Pace,
) -> io::Result<tokio_rustls::server::TlsStream<TcpStream>> {
    pace.set(Waits::Headers);
    let stream = TlsAcceptor::from(tls.now().server).accept(stream).await?;
    pace.set(Waits::Idle);
    Ok(stream)
}

async fn requests<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    mut stream: S,
    peer: Peer,
    worker: &Rc<Worker>,
    watcher: Watcher,
    pace: Rc<Pace>,
) {
    let begun = match short::serve(&mut stream, &peer, worker, &pace).await {
        Ok(Left::Begun(bytes)) => bytes,
        Ok(Left::Over) => return,
        Err(error) => return tracing::debug!(%error, "a connection ended early"),
    };
    pace.plain.set(false);
    let header_bytes_max = worker.limits.header_bytes_max.bytes();
    let watched = Watched { begun, stream: TokioIo::new(stream), pace: Rc::clone(&pace) };
    let (answers, peer) = (Rc::clone(worker), Rc::new(peer));
    let service = service_fn(move |request| {
        pace.set(Waits::Body);
        let (worker, pace, peer) = (Rc::clone(&answers), Rc::clone(&pace), Rc::clone(&peer));
        async move {
            let response = routes::answer(&worker, &peer, &pace, request).await;
            pace.set(Waits::Idle);
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(header_bytes_max)
        .serve_connection(watched, service);
    // What ends a connection early is the caller's business; it may be anything that the network does.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// A connection that the acceptor counted; no more once it ends, however it does.
struct Open(Rc<Worker>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.board.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that notes when the first bytes of a request come in, and when nobody takes those of a reply.
struct Watched<S> {
    /// What was read of it before.
    begun: Bytes,
    stream: TokioIo<S>,
    pace: Rc<Pace>,
}

impl<S: AsyncRead + Unpin> Read for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = if self.begun.is_empty() {
            Pin::new(&mut self.stream).poll_read(cx, buffer)
        } else {
            let fitting = self.begun.len().min(buffer.remaining());
            buffer.put_slice(&self.begun.split_to(fitting));
            Poll::Ready(Ok(()))
        };
        if polled.is_ready() && self.pace.waits.get() == Waits::Idle {
            self.pace.set(Waits::Headers);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> Write for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.pace.wrote(&polled);
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.pace.wrote(&polled);
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.pace.wrote(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.pace.wrote(&polled);
        polled
    }
}
