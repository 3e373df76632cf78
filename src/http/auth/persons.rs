//! How many persons a client asked for on a day: a set of keyed digests that takes no more memory than its bound needs.
//! The key is made at the start and never leaves it, so that the digests tell nobody anything.

use crate::domain::date::Day;
use crate::domain::identifier::Identifier;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The persons of the day.
#[derive(Debug, Default)]
pub(super) struct Persons {
    keyed: RandomState,
    today: Mutex<Option<Arc<PersonsOfDay>>>,
}

impl Persons {
    /// The set of a day with room for so many. One a worker and day takes the lock, not one a check.
    pub(super) fn of(&self, day: Day, most: u32) -> Arc<PersonsOfDay> {
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        match today.as_ref() {
            Some(set) if set.day == day && set.most == most => Arc::clone(set),
            before => {
                let set = PersonsOfDay::new(day, most);
                // The bound was changed on the day: who was asked for stays asked for.
                if let Some(before) = before.filter(|before| before.day == day) {
                    let digests = before.slots.iter().map(|slot| slot.load(Ordering::Relaxed));
                    digests.filter(|digest| *digest != 0).for_each(|digest| _ = set.admit(digest));
                }
                Arc::clone(today.insert(Arc::new(set)))
            }
        }
    }

    /// What stands for a person in the sets.
    pub(super) fn digest(&self, identifier: &Identifier) -> u64 {
        let mut hasher = self.keyed.build_hasher();
        hasher.write_u8(identifier.kind().code());
        if let Some(country) = identifier.country() {
            hasher.write(country.as_str().as_bytes());
        }
        hasher.write(identifier.as_bytes());
        // Zero marks an empty slot.
        hasher.finish().max(1)
    }
}

/// The persons of one day, at most `most`.
#[derive(Debug)]
pub(super) struct PersonsOfDay {
    pub(super) day: Day,
    pub(super) most: u32,
    /// Open addressing, never more than half full.
    slots: Box<[AtomicU64]>,
    count: AtomicU32,
}

impl PersonsOfDay {
    fn new(day: Day, most: u32) -> PersonsOfDay {
        let size = (most as usize * 2).next_power_of_two().max(16);
        PersonsOfDay {
            day,
            most,
            slots: (0..size).map(|_| AtomicU64::new(0)).collect(),
            count: AtomicU32::new(0),
        }
    }

    /// Whether the person was asked for today already, or is one more that fits in.
    pub(super) fn admit(&self, digest: u64) -> bool {
        let mut place = digest as usize & (self.slots.len() - 1);
        let mut counted = false;
        for _ in 0..self.slots.len() {
            let slot = &self.slots[place];
            let found = match slot.load(Ordering::Relaxed) {
                0 => {
                    if !counted && self.count.fetch_add(1, Ordering::Relaxed) >= self.most {
                        self.count.fetch_sub(1, Ordering::Relaxed);
                        return false;
                    }
                    counted = true;
                    match slot.compare_exchange(0, digest, Ordering::Relaxed, Ordering::Relaxed) {
                        Ok(_) => return true,
                        Err(taken) => taken,
                    }
                }
                taken => taken,
            };
            if found == digest {
                if counted {
                    self.count.fetch_sub(1, Ordering::Relaxed);
                }
                return true;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i32) -> Day {
        Day::from_number(number)
    }

    #[test]
    fn a_person_counts_once_a_day() {
        let persons = Persons::default();
        let today = persons.of(day(1), 3);
        for digest in [7, 8, 7, 9, 8] {
            assert!(today.admit(digest));
        }
        assert!(!today.admit(10));
        assert!(today.admit(9), "who was asked for already may be asked for again");
        assert!(!persons.of(day(1), 3).admit(10));
        assert!(persons.of(day(2), 3).admit(10), "a new day");
    }

    #[test]
    fn a_bound_that_changes_keeps_who_was_asked_for() {
        let persons = Persons::default();
        assert!([1, 2].into_iter().all(|digest| persons.of(day(1), 2).admit(digest)));
        let more = persons.of(day(1), 3);
        assert!(more.admit(1) && more.admit(3) && !more.admit(4));
        let fewer = persons.of(day(1), 1);
        assert!(!fewer.admit(5));
        assert!(!persons.of(day(1), 0).admit(1));
    }

    #[test]
    fn threads_that_ask_at_once_are_not_counted_twice() {
        let today = PersonsOfDay::new(day(1), 1000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (1..=500).for_each(|digest| assert!(today.admit(digest * 64))));
            }
        });
        assert_eq!(today.count.load(Ordering::Relaxed), 500);
    }

    #[test]
    fn numbers_and_countries_make_the_person() {
        let persons = Persons::default();
        let citizen = Identifier::read("360426199101010071", day(20_000)).unwrap();
        assert_eq!(persons.digest(&citizen), persons.digest(&citizen));
        assert_ne!(persons.digest(&citizen), Persons::default().digest(&citizen), "each process has its key");
    }
}
