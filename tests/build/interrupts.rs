//! Builds that are interrupted or killed at many moments: a whole release or none, and the next build works.

use super::{Dice, Place, entries, verifies};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Moments for each signal.
const MOMENTS: u32 = 20;
/// After so many, a build runs to its end.
const BETWEEN: u32 = 5;

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status();
    // A child that is not yet waited for can be sent a signal, even if it is at its end.
    assert!(sent.unwrap().success());
}

/// What is interrupted: builds of one city to one place.
struct Trial {
    place: Place,
    whole: Duration,
    dice: Dice,
}

impl Trial {
    fn new(seed: u64) -> Trial {
        let place = Place::with_city(2_500, 5.0, 0.05);
        let mut trial = Trial { place, whole: Duration::ZERO, dice: Dice(seed) };
        std::fs::create_dir(trial.place.path("releases")).unwrap();
        // The fastest of three: on a busy machine a moment may then come early, but seldom too late.
        let timed = |_| {
            let begun = Instant::now();
            trial.to_the_end();
            begun.elapsed()
        };
        trial.whole = (0..3).map(timed).min().unwrap();
        trial
    }

    fn start(&self) -> Child {
        let (city, out) = (self.place.path("city"), self.place.path("releases/new"));
        let mut command = self.place.build(&city, &out, &["--parts", "2"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// A build that is left in peace works, and leaves nothing beside its release.
    fn to_the_end(&self) {
        assert!(self.start().wait().unwrap().success());
        assert_eq!(self.beside(), Vec::<String>::new());
        self.clear();
    }

    /// What is beside the release.
    fn beside(&self) -> Vec<String> {
        let mut names = entries(&self.place.path("releases"));
        names.retain(|name| name != "new");
        names
    }

    /// Sees that the release is whole or absent, and removes it.
    fn clear(&self) -> bool {
        let out = self.place.path("releases/new");
        let is_there = out.exists();
        if is_there {
            assert!(verifies(&out), "a release that is there is whole");
            std::fs::remove_dir_all(&out).unwrap();
        }
        is_there
    }

    /// One build ends by this signal at a moment; the moments spread over the whole run and a little beyond.
    fn turn(&mut self, signal: &str, turn: u32) -> ExitStatus {
        let mut child = self.start();
        let jitter = self.dice.below(1000) as f64 / 1000.0;
        let share = (f64::from(turn) + jitter) / f64::from(MOMENTS) * 1.05;
        std::thread::sleep(self.whole.mul_f64(share));
        send(signal, &child);
        child.wait().unwrap()
    }
}

/// Interrupts that the program can hear leave nothing behind.
fn heard(signal: &str, number: i32) {
    let mut trial = Trial::new(7 + number as u64);
    let mut stopped = 0;
    for turn in 0..MOMENTS {
        let status = trial.turn(signal, turn);
        let is_stopped = status.code() == Some(128 + number) || status.signal() == Some(number);
        assert!(is_stopped || status.success(), "turn {turn}: {status}");
        assert_eq!(trial.beside(), Vec::<String>::new(), "turn {turn}: {status}");
        // The last moment is between the release's getting its name and the program's end.
        assert!(trial.clear() || is_stopped, "turn {turn}: {status}, and no release");
        stopped += u32::from(is_stopped);
        if turn % BETWEEN == 0 {
            trial.to_the_end();
        }
    }
    assert!(stopped >= MOMENTS / 2, "only {stopped} were stopped in time");
}

#[test]
fn an_interrupt_at_any_moment_leaves_nothing_behind() {
    heard("-INT", 2);
}

#[test]
fn a_request_to_end_at_any_moment_leaves_nothing_behind() {
    heard("-TERM", 15);
}

#[test]
fn a_build_that_is_killed_leaves_no_release_and_the_next_one_clears_up() {
    let mut trial = Trial::new(99);
    let (mut killed, mut left_most) = (0, 0);
    for turn in 0..MOMENTS {
        let status = trial.turn("-KILL", turn);
        killed += u32::from(status.signal() == Some(9));
        let left = trial.beside();
        left_most = left_most.max(left.len());
        // At most a release under work and what was spilled: those of the turn before are gone.
        assert!(left.len() <= 2, "turn {turn}: {left:?}");
        for name in &left {
            assert!(name.starts_with(".xinhe-"), "{name}");
            passes_for_nothing(&trial.place.path("releases").join(name));
        }
        trial.clear();
        if turn % BETWEEN == 0 {
            trial.to_the_end();
        }
    }
    trial.to_the_end();
    assert!(
        killed >= MOMENTS / 2 && left_most == 2,
        "{killed} were killed in time, {left_most} folders at most"
    );
}

/// Without its manifest, which is written last, nobody takes a folder for a release; with it, all is there.
fn passes_for_nothing(left: &Path) {
    assert!(!left.join("manifest.json").exists() || verifies(left), "{}", left.display());
}
