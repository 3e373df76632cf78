//! Whether callers should be sent here.

use std::sync::atomic::{AtomicBool, Ordering};

/// Set once everything is open and bound, taken back when the drain begins.
#[derive(Debug, Default)]
pub struct Readiness(AtomicBool);

impl Readiness {
    /// From now on `/ready` says yes.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// From now on `/ready` says no.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Release);
    }

    /// Whether it is ready.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
