//! When a request is meant to start.
//!
//! With a rate there is one schedule for all connections: slot `k` is due `k / rate` after the start,
//! whatever became of the slots before it. A connection that is free takes the next slot. The loop is
//! closed: while every connection waits for an answer, slots fall due and are sent late; those that are
//! still unsent when the run ends are dropped, and counted.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// The runtime's timer is coarse (1 ms, rounded up), so the rest of a wait is spent polling. While it
/// polls, other tasks run and sockets are read.
const POLL_FROM: Duration = Duration::from_millis(2);

/// Intended starts at an even rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    rate_per_second: f64,
    slots: u64,
}

impl Schedule {
    /// Every slot due before `duration` is over; the first is due at once.
    pub(crate) fn new(rate_per_second: f64, duration: Duration) -> Self {
        Self { rate_per_second, slots: slots_before(rate_per_second, duration) }
    }

    /// After the start; `None` past the last slot.
    fn due(&self, slot: u64) -> Option<Duration> {
        (slot < self.slots).then(|| Duration::from_secs_f64(slot as f64 / self.rate_per_second))
    }

    /// How many slots fell due in the first `elapsed` of the run.
    fn due_before(&self, elapsed: Duration) -> u64 {
        slots_before(self.rate_per_second, elapsed).min(self.slots)
    }
}

fn slots_before(rate_per_second: f64, span: Duration) -> u64 {
    (rate_per_second * span.as_secs_f64()).ceil() as u64
}

/// Hands out intended starts to the connections of a run.
pub(crate) struct Pacer {
    started: Instant,
    ends: Instant,
    schedule: Option<Schedule>,
    /// Slots handed out. Whoever holds the lock waits for the next slot; the others queue behind, in order.
    taken: Mutex<u64>,
}

impl Pacer {
    /// Without a rate, a request is meant to start as soon as a connection is free.
    pub(crate) fn start(rate_per_second: Option<f64>, duration: Duration) -> Self {
        let started = Instant::now();
        Self {
            started,
            ends: started + duration,
            schedule: rate_per_second.map(|rate| Schedule::new(rate, duration)),
            taken: Mutex::new(0),
        }
    }

    /// The clock's zero.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Without a schedule nothing can be late.
    pub(crate) fn is_scheduled(&self) -> bool {
        self.schedule.is_some()
    }

    /// Waits for the next intended start; `None` when the run is over.
    pub(crate) async fn next(&self) -> Option<Instant> {
        let Some(schedule) = &self.schedule else {
            let now = Instant::now();
            return (now < self.ends).then_some(now);
        };
        let mut taken = self.taken.lock().await;
        let due = self.started + schedule.due(*taken)?;
        if Instant::now() >= self.ends {
            return None;
        }
        wait_until(due).await;
        *taken += 1;
        Some(due)
    }

    /// Slots that fell due in the first `elapsed` of the run and were never sent.
    pub(crate) async fn dropped(&self, elapsed: Duration) -> u64 {
        let taken = *self.taken.lock().await;
        self.schedule.map_or(0, |schedule| schedule.due_before(elapsed).saturating_sub(taken))
    }
}

async fn wait_until(due: Instant) {
    if let Some(early) = due.checked_sub(POLL_FROM)
        && Instant::now() < early
    {
        tokio::time::sleep_until(early.into()).await;
    }
    while Instant::now() < due {
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn slots_are_even_and_end_before_the_duration() {
        let schedule = Schedule::new(4.0, Duration::from_secs(1));
        let due: Vec<_> = (0..5).map(|slot| schedule.due(slot).map(|due| due.as_millis())).collect();
        assert_eq!(due, [Some(0), Some(250), Some(500), Some(750), None]);
    }

    #[test]
    fn a_rate_below_one_a_run_still_sends_once() {
        let schedule = Schedule::new(0.1, Duration::from_millis(500));
        assert_eq!((schedule.due(0), schedule.due(1)), (Some(Duration::ZERO), None));
    }

    #[test]
    fn slots_due_count_no_further_than_the_end() {
        let schedule = Schedule::new(1000.0, Duration::from_secs(2));
        assert_eq!(schedule.due_before(Duration::ZERO), 0);
        assert_eq!(schedule.due_before(Duration::from_millis(500)), 500);
        assert_eq!(schedule.due_before(Duration::from_secs(9)), 2000);
    }

    #[test]
    fn starts_are_never_early_and_keep_their_slot_after_a_stall() {
        block_on(async {
            let pacer = Pacer::start(Some(100.0), Duration::from_secs(5));
            let first = pacer.next().await.unwrap();
            std::thread::sleep(Duration::from_millis(40));
            let second = pacer.next().await.unwrap();
            assert_eq!(second - first, Duration::from_millis(10), "the intended start, not the actual one");
            for _ in 0..5 {
                let due = pacer.next().await.unwrap();
                assert!(Instant::now() >= due);
            }
        });
    }

    #[test]
    fn slots_that_nobody_took_are_dropped() {
        block_on(async {
            let pacer = Pacer::start(Some(100.0), Duration::from_millis(100));
            assert!(pacer.next().await.is_some());
            std::thread::sleep(Duration::from_millis(120));
            assert!(pacer.next().await.is_none());
            assert_eq!(pacer.dropped(Duration::from_millis(100)).await, 9);
        });
    }

    #[test]
    fn without_a_rate_a_start_is_now_until_the_end() {
        block_on(async {
            let pacer = Pacer::start(None, Duration::from_millis(20));
            assert!(pacer.next().await.is_some());
            std::thread::sleep(Duration::from_millis(25));
            assert!(pacer.next().await.is_none());
            assert_eq!(pacer.dropped(Duration::from_secs(1)).await, 0);
        });
    }
}
