//! One connection: its handshake, which protocol it speaks, and what is read and written of it.

use super::auth::{ALPN_HTTP2, Peer, Tls};
use super::frames::PREFACE;
use super::pace::{Connections, Pace, Waits};
use super::routes;
use super::short::{self, Left};
use super::streams::{self, Reading};
use super::worker::Worker;
use hyper::body::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::Watcher;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// A connection that is served.
pub(super) struct Served {
    pub(super) worker: Rc<Worker>,
    pub(super) connections: Rc<Connections>,
    pub(super) pace: Rc<Pace>,
    pub(super) watcher: Watcher,
}

/// Takes a connection up, to answer requests from until it ends or is cut.
pub(super) fn take(stream: TcpStream, worker: &Rc<Worker>, connections: &Rc<Connections>, watcher: Watcher) {
    // Counted from here on, also if it is cut before it has said a word.
    let open = Open(Rc::clone(worker));
    let (worker, all) = (Rc::clone(worker), Rc::clone(connections));
    connections.take(|pace| async move {
        serve(stream, Served { worker, connections: all, pace, watcher }).await;
        drop(open);
    });
}

async fn serve(stream: TcpStream, served: Served) {
    let address = match stream.peer_addr() {
        Ok(address) => address.ip(),
        Err(error) => return tracing::debug!(%error, "a connection was gone before it was served"),
    };
    let Some(tls) = &served.worker.tls else {
        return requests(stream, Peer::plain(address), served).await;
    };
    match handshake(stream, tls, &served.pace).await {
        Ok(stream) => {
            let session = stream.get_ref().1;
            let peer = Peer::after_handshake(address, tls, session.peer_certificates());
            match session.alpn_protocol() == Some(ALPN_HTTP2) {
                true => http2(stream, Bytes::new(), peer, served).await,
                false => requests(stream, peer, served).await,
            }
        }
        Err(error) => {
            served.worker.board.handshakes_failed.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(%error, "a handshake failed");
        }
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

/// Answers requests of HTTP/1.1, or of HTTP/2 where a connection in the clear begins with its preface.
async fn requests<S>(mut stream: S, peer: Peer, served: Served)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let begun = match short::serve(&mut stream, &peer, &served.worker, &served.pace).await {
        Ok(Left::Begun { bytes, is_first: true }) if served.worker.tls.is_none() => {
            served.pace.leaves_short_way();
            match protocol(&mut stream, bytes, &served.pace).await {
                Ok(Begun::Http1(bytes)) => bytes,
                Ok(Begun::Http2(bytes)) => return http2(stream, bytes, peer, served).await,
                Err(error) => return tracing::debug!(%error, "a connection ended early"),
            }
        }
        Ok(Left::Begun { bytes, .. }) => bytes,
        Ok(Left::Over) => return,
        Err(error) => return tracing::debug!(%error, "a connection ended early"),
    };
    let Served { worker, pace, watcher, .. } = served;
    pace.leaves_short_way();
    let header_bytes_max = worker.limits.header_bytes_max.bytes();
    let watched = Watched { begun, stream, pace: Rc::clone(&pace), reading: None };
    let peer = Rc::new(peer);
    let service = service_fn(move |request| {
        pace.set(Waits::Body);
        let (worker, pace, peer) = (Rc::clone(&worker), Rc::clone(&pace), Rc::clone(&peer));
        async move {
            let (response, _) = routes::answer(&worker, &peer, &pace, request).await;
            pace.answered();
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_buf_size(header_bytes_max)
        .serve_connection(TokioIo::new(watched), service);
    // What ends a connection early is the caller's business; it may be anything that the network does.
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Answers requests of HTTP/2, in a place of its own: a connection of HTTP/1.1 keeps no room for it.
fn http2<S>(stream: S, begun: Bytes, peer: Peer, served: Served) -> Pin<Box<dyn Future<Output = ()>>>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    Box::pin(streams::serve(stream, begun, peer, served))
}

/// The first bytes of a connection, and what they are of.
enum Begun {
    Http1(Bytes),
    Http2(Bytes),
}

/// Decides which protocol a connection speaks. While its bytes could be the beginning of either, more are read.
async fn protocol<S: AsyncRead + Unpin>(stream: &mut S, bytes: Bytes, pace: &Pace) -> io::Result<Begun> {
    if !PREFACE.starts_with(&bytes[..bytes.len().min(PREFACE.len())]) {
        return Ok(Begun::Http1(bytes));
    }
    pace.begun();
    let mut bytes = Vec::from(bytes);
    while bytes.len() < PREFACE.len() && PREFACE.starts_with(&bytes) {
        if stream.read_buf(&mut bytes).await? == 0 {
            break;
        }
    }
    let is_http2 = bytes.starts_with(PREFACE);
    Ok(if is_http2 { Begun::Http2(bytes.into()) } else { Begun::Http1(bytes.into()) })
}

/// A connection that the acceptor counted; no more once it ends, however it does.
struct Open(Rc<Worker>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.board.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that notes when bytes of a request come in, and when nobody takes those of a reply.
pub(super) struct Watched<S> {
    /// What was read of it before.
    pub(super) begun: Bytes,
    pub(super) stream: S,
    pub(super) pace: Rc<Pace>,
    /// How HTTP/2 is read.
    pub(super) reading: Option<Reading>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Watched { begun, stream, pace, reading } = &mut *self;
        if let Some(reading) = reading {
            ready!(reading.poll_rest(cx));
        }
        let before = buffer.filled().len();
        if begun.is_empty() {
            ready!(Pin::new(stream).poll_read(cx, buffer))?;
        } else {
            let fitting = begun.len().min(buffer.remaining());
            buffer.put_slice(&begun.split_to(fitting));
        }
        match reading {
            None => pace.begun(),
            Some(reading) => reading.follow(&buffer.filled()[before..], pace),
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
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
