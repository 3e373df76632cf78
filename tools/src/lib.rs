//! What operators do: generate, build, verify, inspect, check. One file a subcommand in [`command`].

pub mod command;
pub mod facts;
pub mod keys;
