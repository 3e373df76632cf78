//! Requests and answers as bytes, over sockets that never block. `protocol` is the one place that tells servers apart:
//! HTTP/1.1 and 2, Redis, PostgreSQL.

mod http;
mod http2;
#[cfg(test)]
mod pieces;
mod poll;
mod postgres;
mod protocol;
mod redis;
mod secret;
mod stream;
mod target;
mod tls;

pub(crate) use http::{Head, Method};
pub(crate) use http2::{Finished, Http2, Http2Opening, StreamError};
pub(crate) use poll::{Event, Poll};
pub(crate) use protocol::{Ask, Greeting, Malformed, Progress, Protocol, Reader};
pub(crate) use redis::write_command;
pub(crate) use secret::Token;
pub(crate) use stream::{Moved, Stream};
pub(crate) use target::{Store, Target};
pub(crate) use tls::{TlsError, TlsFiles, TlsSetup};
