//! Who asks, and what it may: the clients of `clients.toml`, shared by the workers and read again without a restart.
//!
//! `gate` holds them for all workers, `door` for one; `peer` is what a connection tells, by `tls` and `name`;
//! `rights` are the rules; `meter` and `persons` count; `watch` looks at the files.

mod door;
mod gate;
mod meter;
mod name;
mod peer;
mod persons;
mod rights;
mod tls;
mod watch;

pub(super) use door::{Door, Known, TooMany};
pub(super) use gate::Gate;
pub(super) use peer::Peer;
pub use rights::Rights;
pub(super) use tls::{ALPN_HTTP2, Tls};
pub use tls::{TlsError, look_at_tls};
pub(super) use watch::{Watch, Watched};
