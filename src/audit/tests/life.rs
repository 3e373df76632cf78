//! The life of a log: segments, days, starts, threads, and what goes.

use super::{Office, append, appender, closed, key, kinds, names, public, recount, settings, with_check};
use crate::audit::disk::SystemDisk;
use crate::audit::entry::Kind;
use crate::audit::segment::{self, INDEX, LOG};
use crate::audit::{FindError, Id, Log, OpenError, Repeated, Settings, moved_away, sealed, verify};
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

#[test]
fn entries_are_found_by_name_and_names_cannot_be_made_up() {
    let dir = tempfile::tempdir().unwrap();
    let office = Office::system(dir.path(), 1000);
    let ids: Vec<Id> = (0..20).map(|number| office.check(number).unwrap()).collect();
    for (number, id) in ids.iter().enumerate() {
        let found = office.log.find(Kind::Check, id).unwrap();
        with_check(number as u32, |entry| assert_eq!(found.entry(), Some(*entry)));
        assert!(matches!(office.log.find(Kind::Feedback, id), Err(FindError::Forged)));
    }
    let other = Settings { node: 2, ..settings(1000) };
    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = Office::open(elsewhere.path(), other, Arc::new(SystemDisk)).check(1).unwrap();
    assert!(matches!(office.log.find(Kind::Check, &foreign), Err(FindError::Elsewhere)), "another node's");
}

#[test]
fn threads_share_the_log_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(dir.path(), settings(20_000), Arc::new(SystemDisk)).unwrap();
    let mut answered: Vec<Id> = std::thread::scope(|threads| {
        let work = |thread: u32| {
            let log = &log;
            threads.spawn(move || {
                let decided = Arc::new((Mutex::new(false), Condvar::new()));
                let appender = appender(log, &decided);
                let one = |n| with_check(thread * 1000 + n, |e| append(&appender, &decided, e).unwrap());
                (0..200).map(one).collect::<Vec<Id>>()
            })
        };
        let all: Vec<_> = (0..4).map(work).collect();
        all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let office = Office::of(log);
    assert_eq!(office.usage(), recount(dir.path()));
    drop(office);
    answered.sort();
    assert_eq!(names(dir.path()), answered);
    assert_eq!(verify(dir.path(), Some(&public()), &[]).unwrap().faults, []);
}

#[test]
fn a_start_knows_usage_and_feedback_with_and_without_indexes() {
    let dir = tempfile::tempdir().unwrap();
    closed(dir.path(), 40, 1500);
    let counted = recount(dir.path());
    assert_eq!(kinds(dir.path()), [("cancel", 4), ("check", 40), ("feedback", 7)].into());
    assert_eq!(Office::system(dir.path(), 1500).usage(), counted);
    for number in segment::numbers(dir.path(), INDEX).unwrap() {
        std::fs::remove_file(segment::file(dir.path(), number, INDEX)).unwrap();
    }
    let office = Office::system(dir.path(), 1500);
    assert_eq!(office.usage(), counted);
    // A request that was counted before the start is not counted again.
    office.check(39).unwrap();
    assert_eq!(office.usage(), counted);
}

#[test]
fn a_feedback_is_known_again_by_its_request() {
    let dir = tempfile::tempdir().unwrap();
    let office = Office::system(dir.path(), 1 << 20);
    let check = office.check(3).unwrap();
    let (same, other) = (office.log.digest(b"x"), office.log.digest(b"y"));
    assert_eq!(office.log.repeated(&check, "hall-a", "f-1", &same), Repeated::New);
    let given = office.feedback(&check, 3, "f-1").unwrap();
    let asked = |client: &str, request: &str, digest| office.log.repeated(&check, client, request, digest);
    assert_eq!(asked("hall-a", "f-1", &same), Repeated::Same(given));
    assert_eq!(asked("hall-a", "f-1", &other), Repeated::Other);
    assert_eq!(asked("hall-b", "f-1", &same), Repeated::New);
    assert_eq!(asked("hall-a", "f-2", &same), Repeated::New);
    assert_eq!(office.log.feedback(&check).len(), 1);
    let taken_back = office.cancel(&check, 3, &given).unwrap();
    assert_eq!(office.log.feedback(&check)[0].cancelled, Some(taken_back));
}

#[test]
fn one_server_a_folder_and_nobody_else_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("audit");
    let first = Log::open(&place, settings(1000), Arc::new(SystemDisk)).unwrap();
    let refused = Log::open(&place, settings(1000), Arc::new(SystemDisk)).unwrap_err();
    assert!(matches!(refused, OpenError::Locked(_)), "{refused}");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    drop(first);
    for entry in std::fs::read_dir(&place).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    Log::open(&place, settings(1000), Arc::new(SystemDisk)).unwrap();
}

const DAY_US: u64 = 86_400_000_000;
static CLOCK: AtomicU64 = AtomicU64::new(1_795_000_000_000_000);

#[test]
fn a_day_ends_a_segment_and_old_ones_go() {
    let dir = tempfile::tempdir().unwrap();
    let now_us = || CLOCK.load(Ordering::Relaxed);
    let short = Settings { now_us, retention_days: 3, ..settings(1 << 20) };
    let office = Office::open(dir.path(), short, Arc::new(SystemDisk));
    for day in 0..6 {
        office.check(day).unwrap();
        CLOCK.fetch_add(DAY_US, Ordering::Relaxed);
        // The segment ends with the batch after midnight.
        office.check(100 + day).unwrap();
    }
    drop(office);
    let left = segment::numbers(dir.path(), LOG).unwrap();
    assert!(left.len() >= 3 && left[0] > 1, "{left:?}");
    let told = verify(dir.path(), Some(&public()), &[]).unwrap();
    assert_eq!((told.faults, told.retired), (vec![], Some(left[0] - 1)));
    std::fs::remove_file(segment::file(dir.path(), left[0], LOG)).unwrap();
    assert!(!verify(dir.path(), Some(&public()), &[]).unwrap().faults.is_empty(), "that one was not due");
}

#[test]
fn what_is_moved_away_is_no_loss_and_still_counts() {
    let dir = tempfile::tempdir().unwrap();
    closed(dir.path(), 40, 1500);
    let counted = recount(dir.path());
    let last = sealed(dir.path()).unwrap()[2].0;
    moved_away(&SystemDisk, dir.path(), last, Some(&key())).unwrap();
    let told = verify(dir.path(), Some(&public()), &[]).unwrap();
    assert_eq!((told.faults, told.retired), (vec![], Some(last)));
    let office = Office::system(dir.path(), 1500);
    assert_eq!(office.usage(), counted);
    office.check(77).unwrap();
}
