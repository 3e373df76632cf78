//! Whether callers should be sent here.

use std::sync::atomic::{AtomicU8, Ordering};

/// 0, which a new one has, is neither: it starts.
const SET: u8 = 1;
const OVER: u8 = 2;

/// Set once everything is open and bound, taken back when the drain begins.
#[derive(Debug, Default)]
pub struct Readiness(AtomicU8);

impl Readiness {
    /// From now on `/ready` says yes, unless nothing may be answered.
    pub fn set(&self) {
        self.0.store(SET, Ordering::Release);
    }

    /// From now on `/ready` says no.
    pub fn clear(&self) {
        self.0.store(OVER, Ordering::Release);
    }

    /// Whether it is ready.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire) == SET
    }

    /// Whether it was ready, and drains.
    pub fn is_over(&self) -> bool {
        self.0.load(Ordering::Acquire) == OVER
    }
}
