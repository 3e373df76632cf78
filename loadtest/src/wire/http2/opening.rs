//! Opens a connection of HTTP/2. A PING that is answered shows that the server speaks it, and that its settings have come.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use h2::{Ping, PingPong};

use super::transport::{Moved, Transport};
use super::{Http2, Woken, words};
use crate::wire::Stream;

/// What to say of a server that chose something else under TLS.
pub(in crate::wire) const NO_H2: &str =
    "the server does not offer HTTP/2 under TLS (h2 by ALPN); leave out --http2, or switch it on there";
/// What the server may send unasked: enough that no answer waits for room.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;

type Shake = Pin<
    Box<dyn Future<Output = Result<(SendRequest<Bytes>, Connection<Transport, Bytes>), h2::Error>> + Send>,
>;

enum Stage {
    Shakes(Shake),
    Pings(Box<Http2>, PingPong),
    Over,
}

/// A connection that is not open yet.
pub(crate) struct Http2Opening {
    stage: Stage,
    streams: usize,
    scheme: &'static str,
    moved: Arc<Moved>,
    woken: Woken,
}

impl std::fmt::Debug for Http2Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http2Opening").field("streams", &self.streams).finish_non_exhaustive()
    }
}

impl Http2Opening {
    /// Over a connection whose TLS, if any, is ready.
    pub(crate) fn begin(stream: Stream, streams: usize) -> io::Result<Self> {
        if stream.is_secure() && stream.alpn() != Some(b"h2") {
            return Err(io::Error::other(NO_H2));
        }
        let scheme = if stream.is_secure() { "https" } else { "http" };
        let moved = Arc::new(Moved::default());
        let transport = Transport::new(stream, Arc::clone(&moved));
        let mut builder = Builder::new();
        builder
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES);
        let shake: Shake = Box::pin(async move { builder.handshake::<_, Bytes>(transport).await });
        Ok(Self { stage: Stage::Shakes(shake), streams, scheme, moved, woken: Woken::new() })
    }

    /// The connection, once it is open.
    pub(crate) fn go_on(&mut self) -> io::Result<Option<Http2>> {
        if let Stage::Shakes(shake) = &mut self.stage {
            match shake.as_mut().poll(&mut Context::from_waker(&self.woken.waker)) {
                Poll::Pending => return Ok(None),
                Poll::Ready(Err(error)) => return Err(stranger(&words(&error))),
                Poll::Ready(Ok((send, mut connection))) => {
                    let mut pings = connection.ping_pong().ok_or_else(|| stranger("it takes no PING"))?;
                    pings.send_ping(Ping::opaque()).map_err(|error| stranger(&words(&error)))?;
                    let exchanges = (0..self.streams).map(|_| None).collect();
                    let (woken, moved) = (Woken::new(), Arc::clone(&self.moved));
                    let scheme = self.scheme;
                    let http2 = Http2 { connection, send, woken, exchanges, moved, scheme, ended: None };
                    self.stage = Stage::Pings(Box::new(http2), pings);
                }
            }
        }
        let Stage::Pings(http2, pings) = &mut self.stage else { return Ok(None) };
        http2.wake();
        if let Some(why) = http2.turn(&mut Vec::new()) {
            return Err(stranger(why));
        }
        match pings.poll_pong(&mut Context::from_waker(&self.woken.waker)) {
            Poll::Pending => Ok(None),
            Poll::Ready(Err(error)) => Err(stranger(&words(&error))),
            Poll::Ready(Ok(_)) => match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Pings(http2, _) => Ok(Some(*http2)),
                _ => Ok(None),
            },
        }
    }
}

fn stranger(why: &str) -> io::Error {
    io::Error::other(format!(
        "the server does not speak HTTP/2 ({why}); leave out --http2, or switch it on there (without TLS: prior knowledge)"
    ))
}
