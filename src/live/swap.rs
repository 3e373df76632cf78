//! One value that many threads read and one replaces. A reader looks at a number; only when that has changed does it
//! take the lock, which nobody holds for longer than a pointer is copied.
//!
//! `tests/loom` runs this file under every order of threads.

use super::sync::{Arc, AtomicU64, Ordering, PoisonError, RwLock};

/// The value, or nothing yet.
#[derive(Debug)]
pub(super) struct Slot<T> {
    value: RwLock<Option<Arc<T>>>,
    generation: AtomicU64,
}

impl<T> Slot<T> {
    pub(super) fn new() -> Slot<T> {
        Slot { value: RwLock::new(None), generation: AtomicU64::new(0) }
    }

    /// The value now.
    pub(super) fn get(&self) -> Option<Arc<T>> {
        self.value.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another value in its place, and hands back the one that was there.
    pub(super) fn put(&self, value: T) -> Option<Arc<T>> {
        let before = self.value.write().unwrap_or_else(PoisonError::into_inner).replace(Arc::new(value));
        self.generation.fetch_add(1, Ordering::Release);
        before
    }
}

/// One thread's view of a slot.
#[derive(Debug)]
pub(super) struct View<T> {
    value: Option<Arc<T>>,
    seen: u64,
}

impl<T> View<T> {
    pub(super) fn new(slot: &Slot<T>) -> View<T> {
        // The number before the value: what is put between them is seen at the next look.
        let seen = slot.generation.load(Ordering::Acquire);
        View { value: slot.get(), seen }
    }

    /// Looks whether the value was replaced.
    pub(super) fn refresh(&mut self, slot: &Slot<T>) -> bool {
        let generation = slot.generation.load(Ordering::Acquire);
        if generation == self.seen {
            return false;
        }
        self.value = slot.get();
        self.seen = generation;
        true
    }

    /// The value as it was at the last look.
    pub(super) fn value(&self) -> Option<&T> {
        self.value.as_deref()
    }
}
