//! One integration-test binary: one link instead of many.

mod snapshot;
