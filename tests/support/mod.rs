//! What integration tests share.

pub(crate) mod client;
pub(crate) mod example;
pub(crate) mod server;
