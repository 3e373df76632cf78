//! What operators do: generate, build, verify, inspect, check. One file a subcommand in [`command`].

pub mod command;
pub mod explain;
pub mod facts;
pub mod given;
pub mod keys;
