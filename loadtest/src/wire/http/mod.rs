//! HTTP/1.1, written by hand, so that the generator costs little beside the server.

mod request;
mod response;

pub(crate) use request::{Head, Method};
pub(crate) use response::ResponseReader;
