//! The swap of what is served (`src/live/swap.rs`), and in `receipts` the queue of the log, with the types of loom in place of
//! those of std.

#![cfg(test)]

mod receipts;

/// What the file is made of.
mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(super) use loom::sync::{Arc, RwLock};
    pub(super) use std::sync::PoisonError;
}

#[path = "../../../src/live/swap.rs"]
mod swap;

use loom::sync::Arc;
use loom::thread;
use swap::{Slot, View};

#[test]
fn a_reader_never_goes_back_and_ends_with_the_newest() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        assert!(slot.put(0).is_none());
        let mut view = View::new(&slot);
        let writer = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                slot.put(1);
                slot.put(2);
            })
        };
        let mut last = 0;
        for _ in 0..2 {
            view.refresh(&slot);
            let now = *view.value().unwrap();
            assert!(now >= last, "{now} after {last}");
            last = now;
        }
        writer.join().unwrap();
        view.refresh(&slot);
        assert_eq!(view.value(), Some(&2));
        assert!(!view.refresh(&slot), "nothing new");
    });
}

#[test]
fn a_view_that_is_made_while_a_value_is_put_sees_it_at_its_next_look() {
    loom::model(|| {
        let slot = Arc::new(Slot::new());
        let writer = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || slot.put(1).is_none())
        };
        let mut view = View::new(&slot);
        assert!(writer.join().unwrap());
        view.refresh(&slot);
        assert_eq!(view.value(), Some(&1));
    });
}

/// A release that may be unmapped by one thread only.
struct Mapped(thread::ThreadId);

impl Drop for Mapped {
    fn drop(&mut self) {
        assert_eq!(self.0, thread::current().id(), "unmapped by a reader");
    }
}

#[test]
fn whoever_keeps_what_was_served_until_nobody_else_has_it_unmaps_it() {
    loom::model(|| {
        let follower = thread::current().id();
        let slot = Arc::new(Slot::new());
        slot.put(Mapped(follower));
        let reader = {
            let (slot, mut view) = (Arc::clone(&slot), View::new(&slot));
            thread::spawn(move || {
                view.refresh(&slot);
                // A worker looks again before it ends.
                view
            })
        };
        let old = slot.put(Mapped(follower)).unwrap();
        let mut retired = vec![old];
        retired.retain(|old| Arc::strong_count(old) > 1);
        let mut view = reader.join().unwrap();
        view.refresh(&slot);
        retired.retain(|old| Arc::strong_count(old) > 1);
        assert!(retired.is_empty());
        drop(view);
    });
}
