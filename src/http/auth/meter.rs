//! How often a client asks. All workers count on one meter, without a lock.

use super::persons::Persons;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// So much may be asked at once after a rest.
const BURST: Duration = Duration::from_secs(1);
/// Hits weigh against misses no further than this many checks back.
const MISSES_REMEMBERED: i32 = 1000;

/// A rate: each request moves a line ahead by its share of a second; who would move it too far ahead of now waits.
#[derive(Debug)]
pub(super) struct Rate {
    began: Instant,
    /// Nanoseconds since the beginning.
    line: AtomicU64,
}

impl Default for Rate {
    fn default() -> Rate {
        Rate { began: Instant::now(), line: AtomicU64::new(0) }
    }
}

impl Rate {
    /// Counts one more, or tells how long to wait for it.
    pub(super) fn admit(&self, now: Instant, per_second: u32) -> Result<(), Duration> {
        let now = nanoseconds(now.saturating_duration_since(self.began));
        let share = 1_000_000_000 / u64::from(per_second.max(1));
        let ahead_max = nanoseconds(BURST);
        let mut line = self.line.load(Ordering::Relaxed);
        loop {
            let next = line.max(now) + share;
            let ahead = next - now;
            // One is always let in after a rest, however small the rate.
            if ahead > ahead_max.max(share) {
                return Err(Duration::from_nanos(ahead - ahead_max.max(share)));
            }
            match self.line.compare_exchange_weak(line, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(moved) => line = moved,
            }
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2)
}

/// What is counted of one client.
#[derive(Debug, Default)]
pub(super) struct Meter {
    /// Its requests.
    pub(super) requests: Rate,
    /// Its checks of persons while it is slowed.
    pub(super) slowed: Rate,
    /// The persons it asked for today.
    pub(super) persons: Persons,
    guesses: Guesses,
}

/// Whether a client guesses: checks of persons that miss count up, those that hit count down.
#[derive(Debug, Default)]
struct Guesses {
    score: AtomicI32,
    noticed: AtomicBool,
}

impl Meter {
    /// Counts a check of a person. Told whether this one made it a guesser.
    pub(super) fn person_checked(&self, missed: bool, misses_max: u32) -> bool {
        let most = i32::try_from(misses_max).unwrap_or(i32::MAX - MISSES_REMEMBERED);
        let step = |score: i32| {
            let next = if missed { score + 1 } else { score - 1 };
            Some(next.clamp(0, most.saturating_add(MISSES_REMEMBERED.min(most))))
        };
        let before = self.guesses.score.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
        let (Ok(score) | Err(score)) = before;
        if missed && score >= most {
            return !self.guesses.noticed.swap(true, Ordering::Relaxed);
        }
        if !missed && score <= most / 2 && self.is_guessing() {
            self.guesses.noticed.store(false, Ordering::Relaxed);
        }
        false
    }

    /// Whether its checks of persons mostly miss.
    pub(super) fn is_guessing(&self) -> bool {
        self.guesses.noticed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_requests_may_come_at_once_and_then_the_rate() {
        let rate = Rate::default();
        let start = rate.began;
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!((0..20).filter(|_| rate.admit(at(0), 10).is_ok()).count(), 10);
        let wait = rate.admit(at(0), 10).unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        assert!(rate.admit(at(99), 10).is_err());
        assert!(rate.admit(at(100), 10).is_ok());
        assert_eq!((0..20).filter(|_| rate.admit(at(600), 10).is_ok()).count(), 5);
        assert_eq!(
            (0..20).filter(|_| rate.admit(at(60_000), 10).is_ok()).count(),
            10,
            "a rest saves up one second"
        );
    }

    #[test]
    fn a_rate_may_be_raised_and_lowered_at_any_time() {
        let rate = Rate::default();
        let start = rate.began;
        assert_eq!((0..20).filter(|_| rate.admit(start, 1).is_ok()).count(), 1);
        assert!(rate.admit(start + Duration::from_secs(1), 1).is_ok());
        assert_eq!((0..100).filter(|_| rate.admit(start + Duration::from_secs(5), 50).is_ok()).count(), 50);
    }

    #[test]
    fn guessing_is_noticed_once_and_forgiven_after_hits() {
        let meter = Meter::default();
        for _ in 0..10 {
            for missed in [true, false, false] {
                assert!(!meter.person_checked(missed, 8));
            }
        }
        let noticed: Vec<bool> = (0..12).map(|_| meter.person_checked(true, 8)).collect();
        assert_eq!(noticed.iter().filter(|once| **once).count(), 1);
        assert!(meter.is_guessing());
        for _ in 0..40 {
            meter.person_checked(false, 8);
        }
        assert!(!meter.is_guessing());
    }
}
