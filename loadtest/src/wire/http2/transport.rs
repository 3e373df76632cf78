//! A connection as h2 wants to see it: what would wait is pending, and the loop polls again when the socket has told
//! something.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::{self, Stream};

/// Bytes that came and went.
#[derive(Debug, Default)]
pub(super) struct Moved {
    came: AtomicU64,
    went: AtomicU64,
}

impl Moved {
    /// Since this was asked last.
    pub(super) fn take(&self) -> (u64, u64) {
        (self.came.swap(0, Ordering::Relaxed), self.went.swap(0, Ordering::Relaxed))
    }
}

/// The bytes below the frames.
pub(super) struct Transport {
    stream: Stream,
    moved: Arc<Moved>,
}

impl Transport {
    pub(super) fn new(stream: Stream, moved: Arc<Moved>) -> Self {
        Self { stream, moved }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.stream.read(buffer.initialize_unfilled())? {
            wire::Moved::Last(0) => Poll::Pending,
            wire::Moved::Some(count) | wire::Moved::Last(count) => {
                self.moved.came.fetch_add(count as u64, Ordering::Relaxed);
                buffer.advance(count);
                Poll::Ready(Ok(()))
            }
            wire::Moved::End => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.stream.write(bytes)? {
            wire::Moved::Some(count) | wire::Moved::Last(count) if count > 0 => {
                self.moved.went.fetch_add(count as u64, Ordering::Relaxed);
                Poll::Ready(Ok(count))
            }
            _ => Poll::Pending,
        }
    }

    /// Under TLS something may wait for the socket.
    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.stream.write(&[])? {
            wire::Moved::Last(_) => Poll::Pending,
            wire::Moved::Some(_) | wire::Moved::End => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}
