//! Power fails at every write and sync: who was answered finds the entry, the chain is whole, the sums are right.

use super::faulty::FaultyDisk;
use super::{Office, names, public, recount, settings};
use crate::audit::disk::SystemDisk;
use crate::audit::{Id, Log, verify};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Checks, feedback and segments until the disk dies. Tells what was answered.
fn work(dir: &Path, disk: &FaultyDisk) -> Vec<Id> {
    let mut answered = Vec::new();
    let Ok(log) = Log::open(dir, settings(900), Arc::new(disk.clone())) else { return answered };
    let office = Office::of(log);
    for number in 0..8 {
        let Ok(check) = office.check(number) else { return answered };
        answered.push(check);
        if number % 3 == 0 {
            let Ok(feedback) = office.feedback(&check, number, "f") else { return answered };
            answered.push(feedback);
        }
    }
    answered
}

#[test]
fn with_durable_every_answered_entry_is_there_wherever_the_power_fails() {
    let all = {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::default();
        assert_eq!(work(dir.path(), &disk).len(), 11);
        disk.operations()
    };
    assert!(all > 40, "{all}");
    for dies_at in 0..=all {
        for seed in 0..4 {
            let dir = tempfile::tempdir().unwrap();
            let disk = FaultyDisk::dying_at(dies_at);
            let answered = work(dir.path(), &disk);
            disk.lose_power(dies_at * 31 + seed);
            let case = format!("operation {dies_at}, seed {seed}");
            let office = Office::of(
                Log::open(dir.path(), settings(900), Arc::new(SystemDisk))
                    .unwrap_or_else(|e| panic!("{case}: {e}")),
            );
            let there: HashSet<Id> = names(dir.path()).into_iter().collect();
            assert!(answered.iter().all(|id| there.contains(id)), "{case}: an answered entry is lost");
            assert_eq!(office.usage(), recount(dir.path()), "{case}");
            let check = office.check(99).unwrap();
            drop(office);
            let told = verify(dir.path(), Some(&public()), &[]).unwrap();
            assert_eq!((told.faults, told.torn), (vec![], None), "{case}");
            assert_eq!(names(dir.path()).last(), Some(&check));
            let again = Office::system(dir.path(), 900);
            assert_eq!(again.usage(), recount(dir.path()), "{case}, by the indexes");
        }
    }
}

#[test]
fn one_failure_anywhere_refuses_and_comes_back_by_itself() {
    for after in 1..40 {
        let dir = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::default();
        let office = Office::open(dir.path(), settings(900), Arc::new(disk.clone()));
        disk.fail_once(after);
        let mut answered = Vec::new();
        let mut number = 0;
        while answered.len() < 12 {
            match office.check(number) {
                Ok(id) => answered.push(id),
                Err(_) => std::thread::yield_now(),
            }
            number += 1;
        }
        assert_eq!(office.usage(), recount(dir.path()), "failure at {after}");
        drop(office);
        assert_eq!(
            names(dir.path()),
            answered,
            "failure at {after}: an entry nobody was answered for, or one lost"
        );
        assert_eq!(verify(dir.path(), Some(&public()), &[]).unwrap().faults, [], "failure at {after}");
    }
}

#[test]
fn a_full_disk_refuses_and_takes_entries_again_once_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::with_free(1 << 20);
    let office = Office::open(dir.path(), settings(1 << 20), Arc::new(disk.clone()));
    let mut answered = vec![office.check(1).unwrap()];
    disk.fill();
    for number in 2..6 {
        assert!(office.check(number).is_err(), "an answer without a receipt");
    }
    disk.make_room(1 << 20);
    answered.push(until_taken(&office, 6));
    drop(office);
    assert_eq!(names(dir.path()), answered);
    assert_eq!(verify(dir.path(), Some(&public()), &[]).unwrap().faults, []);
}

#[test]
fn the_reserve_carries_the_log_over_a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::with_free(1 << 20);
    let with_reserve = crate::audit::Settings { reserve_bytes: 64 << 10, ..settings(1 << 20) };
    let office = Office::open(dir.path(), with_reserve, Arc::new(disk.clone()));
    disk.fill();
    let mut answered = Vec::new();
    while let Ok(id) = office.check(answered.len() as u32) {
        answered.push(id);
    }
    let bytes = answered.len() as u64 * 200;
    assert!(bytes > 32 << 10, "the reserve gave only {bytes}");
    disk.make_room(1 << 20);
    answered.push(until_taken(&office, 7));
    drop(office);
    assert_eq!(names(dir.path()), answered);
}

#[test]
fn a_disk_that_refuses_is_tried_until_it_works() {
    let dir = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::default();
    let office = Office::open(dir.path(), settings(1 << 20), Arc::new(disk.clone()));
    office.check(1).unwrap();
    disk.refuse(true);
    assert!(office.check(2).is_err());
    assert!(office.check(3).is_err());
    disk.refuse(false);
    until_taken(&office, 4);
    assert_eq!(names(dir.path()).len(), 2);
}

/// The log says nothing of when it is back: who waits asks again.
fn until_taken(office: &Office, number: u32) -> Id {
    for _ in 0..3000 {
        if let Ok(id) = office.check(number) {
            return id;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the log never came back");
}
