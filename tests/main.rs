//! One integration-test binary: one link instead of many.

#![allow(clippy::unwrap_used, reason = "tests say what they expect by unwrapping")]

mod allocation;
mod corrections;
mod house;
mod naive;
mod nights;
mod operator;
mod property;
mod server;
mod snapshot;
mod support;
mod worked_example;
