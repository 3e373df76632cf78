//! One integration-test binary: one link instead of many.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]

mod allocation;
mod build;
mod carry;
mod corrections;
mod diff;
mod house;
mod live;
mod nights;
mod openapi;
mod operator;
mod oracle;
mod property;
mod receipts;
mod server;
mod snapshot;
mod sources;
mod store;
mod support;
mod worked_example;
