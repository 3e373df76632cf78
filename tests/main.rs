//! One integration-test binary: one link instead of many.

mod house;
mod naive;
mod server;
mod snapshot;
mod support;
