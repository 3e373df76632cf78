//! One integration-test binary: one link instead of many.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]

mod allocation;
mod carry;
mod diff;
mod house;
mod nights;
mod operator;
mod oracle;
mod property;
mod server;
mod snapshot;
mod store;
mod sources;
mod support;
mod worked_example;
