//! Who asks, and what it may: the clients of `clients.toml`, shared by the workers and read again without a restart.
//!
//! [`gate`] holds them for all workers, [`door`] for one; [`rights`] are the rules; [`meter`] and [`persons`] count.

mod door;
mod gate;
mod meter;
mod persons;
mod rights;
mod watch;

pub(super) use door::{Door, Known};
pub(super) use gate::Gate;
pub use rights::Rights;
pub(super) use watch::{Watch, Watched};
