//! HTTP/1.1 over sockets that never block: written by hand, so that the generator costs little beside the server.

mod poll;
mod response;
mod stream;
mod target;
mod tls;

pub(crate) use poll::{Event, Poll};
pub(crate) use response::{Progress, ResponseReader};
pub(crate) use stream::{Moved, Stream};
pub(crate) use target::Target;
pub(crate) use tls::{TlsError, TlsFiles, TlsSetup};
