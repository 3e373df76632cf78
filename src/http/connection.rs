//! One connection, and how slow it may be. Each connection notes what it waits for and since when; a sweep a
//! worker cuts those that wait too long. So no request pays for a timer of its own.

use super::routes;
use super::worker::Worker;
use crate::config::Limits;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::Watcher;
use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;

/// How often connections are swept, and so the exactness of all waits.
pub(super) const SWEEP_EVERY: Duration = Duration::from_millis(50);

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// The first byte of a request.
    Idle,
    /// The rest of its line and headers.
    Headers,
    /// Its body.
    Body,
}

/// What a connection waits for, and since which sweep.
#[derive(Debug)]
pub(super) struct Pace {
    waits: Cell<Waits>,
    since: Cell<u64>,
    sweeps: Rc<Cell<u64>>,
}

impl Pace {
    /// From now on it waits for this.
    pub(super) fn set(&self, waits: Waits) {
        self.waits.set(waits);
        self.since.set(self.sweeps.get());
    }
}

/// The connections of a worker.
#[derive(Debug, Default)]
pub(super) struct Connections {
    sweeps: Rc<Cell<u64>>,
    open: RefCell<Vec<(Rc<Pace>, AbortHandle)>>,
}

impl Connections {
    /// Takes a connection up, to answer requests from until it ends or is cut.
    pub(super) fn take(&self, stream: TcpStream, worker: &Rc<Worker>, watcher: Watcher) {
        let pace = Rc::new(Pace {
            waits: Cell::new(Waits::Idle),
            since: Cell::new(self.sweeps.get()),
            sweeps: Rc::clone(&self.sweeps),
        });
        // Counted from here on, also if it is cut before it has said a word.
        let open = Open(Rc::clone(worker));
        let task = tokio::task::spawn_local(serve(stream, open, watcher, Rc::clone(&pace)));
        self.open.borrow_mut().push((pace, task.abort_handle()));
    }

    /// Cuts those that are too slow, for ever. Told how many it cut.
    pub(super) async fn sweep(&self, limits: &Limits, cut: impl Fn()) {
        let sweeps_in = |wait: Duration| (wait.as_millis() / SWEEP_EVERY.as_millis()) as u64 + 1;
        let (idle, headers, body) = (
            sweeps_in(limits.idle_timeout.0),
            sweeps_in(limits.header_timeout.0),
            sweeps_in(limits.body_timeout.0),
        );
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        loop {
            ticks.tick().await;
            self.sweeps.set(self.sweeps.get() + 1);
            self.open.borrow_mut().retain(|(pace, task)| {
                let most = match pace.waits.get() {
                    Waits::Idle => idle,
                    Waits::Headers => headers,
                    Waits::Body => body,
                };
                let slow = self.sweeps.get() - pace.since.get() > most;
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
    let worker = &open.0;
    let header_bytes_max = worker.limits.header_bytes_max.bytes();
    let watched = Watched { stream: TokioIo::new(stream), pace: Rc::clone(&pace) };
    let answers = Rc::clone(worker);
    let service = service_fn(move |request| {
        pace.set(Waits::Body);
        let (worker, pace) = (Rc::clone(&answers), Rc::clone(&pace));
        async move {
            let response = routes::answer(&worker, request).await;
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

/// A stream that notes when the first bytes of a request come in.
struct Watched {
    stream: TokioIo<TcpStream>,
    pace: Rc<Pace>,
}

impl Read for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if polled.is_ready() && self.pace.waits.get() == Waits::Idle {
            self.pace.set(Waits::Headers);
        }
        polled
    }
}

impl Write for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}
