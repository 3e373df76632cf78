//! What the first thread does while the others serve: it waits for signals, and tells the service manager that the
//! workers get on.

use super::metrics::Board;
use super::{Notify, Shutdown, Signal};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A worker that has not got on for this long hangs.
const HANGS_AFTER: Duration = Duration::from_secs(5);

/// Waits for the signal to stop, and tells its name. `reload` is called when somebody asks for it.
pub fn watch(
    shutdown: &mut Shutdown,
    notify: &Notify,
    board: &Board,
    mut reload: impl FnMut(),
) -> &'static str {
    // Three times within what is allowed, so that one that comes late kills nobody.
    let tick = notify.watchdog().map(|most| most / 3);
    let mut pulse = Pulse::new(board, Instant::now());
    loop {
        match shutdown.wait_for(tick) {
            Some(Signal::Stop(name)) => return name,
            Some(Signal::Reload) => reload(),
            None => match pulse.hanging(board, Instant::now()) {
                None => notify.alive(),
                Some(worker) => {
                    tracing::error!(worker, "a worker hangs; the watchdog is not told that all is well")
                }
            },
        }
    }
}

/// When each worker was last seen to get on.
struct Pulse(Vec<(u64, Instant)>);

impl Pulse {
    fn new(board: &Board, now: Instant) -> Pulse {
        Pulse(board.workers.iter().map(|worker| (worker.beats.load(Ordering::Relaxed), now)).collect())
    }

    /// The first worker that hangs.
    fn hanging(&mut self, board: &Board, now: Instant) -> Option<usize> {
        for (seen, worker) in self.0.iter_mut().zip(&board.workers) {
            let beats = worker.beats.load(Ordering::Relaxed);
            if beats != seen.0 {
                *seen = (beats, now);
            }
        }
        self.0.iter().position(|(_, since)| now.saturating_duration_since(*since) > HANGS_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_hangs_if_its_heart_does_not_beat() {
        let (board, begun) = (Board::new(2, &[], &[], &[]), Instant::now());
        let mut pulse = Pulse::new(&board, begun);
        assert_eq!(pulse.hanging(&board, begun + HANGS_AFTER), None);
        board.workers[0].beats.fetch_add(1, Ordering::Relaxed);
        let later = begun + HANGS_AFTER + Duration::from_secs(1);
        assert_eq!(pulse.hanging(&board, later), Some(1));
        board.workers[1].beats.fetch_add(1, Ordering::Relaxed);
        assert_eq!(pulse.hanging(&board, later), None);
    }
}
