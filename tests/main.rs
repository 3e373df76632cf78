//! One integration-test binary: one link instead of many.

mod house;
mod naive;
mod operator;
mod property;
mod server;
mod snapshot;
mod support;
mod worked_example;
