//! Room ahead: a log goes on in files that were filled with zeros, and what a crash leaves in one is told from a change.

use super::{Office, closed, names, public, recount, with_check};
use crate::audit::entry::Entry;
use crate::audit::frame::{Batch, Framed};
use crate::audit::id::Place;
use crate::audit::segment::{self, CHECKPOINT, HEAD_BYTES, INDEX, LOG};
use crate::audit::{Id, Torn, verify};
use std::fs;
use std::path::{Path, PathBuf};

const ROOM: usize = 4096;

/// Where the batches of a segment begin, and where the last one ends.
fn batches(bytes: &[u8]) -> Vec<usize> {
    let mut found = vec![HEAD_BYTES];
    while let Some(Framed::Batch(batch)) = found.last().and_then(|at| bytes.get(*at..)).map(Batch::read) {
        found.push(found.last().unwrap() + batch.len());
    }
    found
}

/// A log of one segment that was left with room by a crash: the file, what stood in it, and its entries.
fn left(dir: &Path) -> (PathBuf, Vec<u8>, Vec<Id>) {
    let office = Office::system(dir, 1 << 20);
    let long = "z".repeat(3000);
    let mut made: Vec<Id> = (0..5).map(|number| office.check(number).unwrap()).collect();
    made.push(with_check(5, |entry| office.append(&Entry { case: &long, ..*entry })).unwrap());
    drop(office);
    for ending in [CHECKPOINT, INDEX] {
        fs::remove_file(segment::file(dir, 1, ending)).unwrap();
    }
    let file = segment::file(dir, 1, LOG);
    let bytes = fs::read(&file).unwrap();
    (file, bytes, made)
}

fn with_room(bytes: &[u8]) -> Vec<u8> {
    [bytes, &[0; ROOM]].concat()
}

#[test]
fn a_busy_log_goes_on_in_room_and_seals_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let segment_bytes = 16 << 10;
    let office = Office::system(dir.path(), segment_bytes);
    let (mut made, mut in_room) = (Vec::new(), 0);
    for number in 0..4000 {
        made.push(office.check(number).unwrap());
        let last = segment::numbers(dir.path(), LOG).unwrap().pop().unwrap();
        let bytes = fs::read(segment::file(dir.path(), last, LOG)).unwrap();
        in_room += u32::from(bytes.len() as u64 == segment_bytes && bytes.ends_with(&[0; 64]));
        if number.is_multiple_of(200) {
            let told = verify(dir.path(), Some(&public()), &[]).unwrap();
            assert_eq!((told.faults, told.torn, told.entries), (vec![], None, u64::from(number) + 1));
            assert_eq!(names(dir.path()), made);
        }
    }
    assert!(in_room > 1000, "only {in_room} entries were written into room");
    drop(office);
    assert!(!dir.path().join("ahead").exists(), "room that nobody needs was left");
    assert_eq!(names(dir.path()), made);
    assert_eq!(verify(dir.path(), Some(&public()), &[]).unwrap().faults, []);
    for number in segment::numbers(dir.path(), LOG).unwrap() {
        let bytes = fs::read(segment::file(dir.path(), number, LOG)).unwrap();
        assert_eq!(batches(&bytes).last(), Some(&bytes.len()), "segment {number} was sealed with room");
    }
}

#[test]
fn a_log_that_hardly_grows_makes_no_room() {
    let dir = tempfile::tempdir().unwrap();
    let office = Office::system(dir.path(), 64 << 20);
    office.check(1).unwrap();
    assert!(!dir.path().join("ahead").exists());
    let length = fs::metadata(segment::file(dir.path(), 1, LOG)).unwrap().len();
    assert!(length < 1000, "{length}");
}

#[test]
fn a_start_takes_room_away_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (file, bytes, mut made) = left(dir.path());
    fs::write(&file, with_room(&bytes)).unwrap();
    assert_eq!(names(dir.path()), made);
    let told = verify(dir.path(), Some(&public()), &[]).unwrap();
    assert_eq!((told.faults, told.torn, told.entries), (vec![], None, made.len() as u64));
    let office = Office::system(dir.path(), 1 << 20);
    assert!(office.log.notes().is_empty(), "{:?}", office.log.notes());
    made.push(office.check(6).unwrap());
    assert_eq!(office.usage(), recount(dir.path()));
    drop(office);
    assert_eq!(names(dir.path()), made);
}

#[test]
fn a_batch_that_did_not_come_whole_into_the_room_is_torn() {
    let dir = tempfile::tempdir().unwrap();
    let (file, bytes, made) = left(dir.path());
    let at = batches(&bytes)[5];
    let torn = |changed: &[u8]| {
        fs::write(&file, with_room(changed)).unwrap();
        let told = verify(dir.path(), Some(&public()), &[]).unwrap();
        (told.faults, told.torn.map(|torn: Torn| torn.place), told.entries)
    };
    let expected = (vec![], Some(Place { segment: 1, offset: at as u32 }), 5);
    for cut in at + 1..bytes.len() - 8 {
        let mut changed = bytes.clone();
        changed[cut..].fill(0);
        assert_eq!(torn(&changed), expected, "cut at {cut}");
    }
    // Sectors reach the disk in any order.
    for sector in at / 512..=bytes.len() / 512 {
        let (from, to) = ((sector * 512).max(at), (sector * 512 + 512).min(bytes.len()));
        let mut changed = bytes.clone();
        changed[from..to].fill(0);
        assert_eq!(torn(&changed), expected, "without sector {sector}");
    }
    let office = Office::system(dir.path(), 1 << 20);
    assert_eq!(office.log.notes().len(), 1, "what was cut short is told");
    let after = office.check(9).unwrap();
    drop(office);
    assert_eq!(names(dir.path()), [&made[..5], &[after]].concat());
    assert_eq!(verify(dir.path(), Some(&public()), &[]).unwrap().faults, []);
}

#[test]
fn a_change_before_room_is_no_tear() {
    let dir = tempfile::tempdir().unwrap();
    let (file, bytes, _) = left(dir.path());
    for place in (HEAD_BYTES..bytes.len()).step_by(3) {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        fs::write(&file, with_room(&changed)).unwrap();
        let told = verify(dir.path(), Some(&public()), &[]).unwrap();
        assert_eq!((told.faults.len(), told.torn), (1, None), "changed at {place}");
    }
    let gone = batches(&bytes)[2]..batches(&bytes)[3];
    let mut changed = bytes.clone();
    changed[gone].fill(0);
    fs::write(&file, with_room(&changed)).unwrap();
    assert_eq!(verify(dir.path(), Some(&public()), &[]).unwrap().faults.len(), 1, "a batch was blotted out");
}

#[test]
fn room_behind_a_sealed_segment_is_told() {
    let dir = tempfile::tempdir().unwrap();
    closed(dir.path(), 30, 2000);
    let file = segment::file(dir.path(), 2, LOG);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, with_room(&bytes)).unwrap();
    let told = verify(dir.path(), Some(&public()), &[]).unwrap();
    assert_eq!(told.faults.len(), 1);
    assert_eq!((told.faults[0].segment, told.faults[0].offset), (2, bytes.len() as u64));
}

#[test]
fn a_segment_of_nothing_but_room_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let made = closed(dir.path(), 30, 2000);
    let last = segment::numbers(dir.path(), LOG).unwrap().pop().unwrap();
    let bytes = fs::read(segment::file(dir.path(), last, LOG)).unwrap();
    let next = segment::file(dir.path(), last + 1, LOG);
    // A crash right after it was begun, and the file that was to come after.
    let head = [&bytes[..8], &bytes[8..16], &(last + 1).to_le_bytes(), &bytes[20..HEAD_BYTES]].concat();
    fs::write(&next, with_room(&head)).unwrap();
    fs::write(dir.path().join("ahead"), [0; ROOM]).unwrap();
    let office = Office::system(dir.path(), 2000);
    let after = office.check(50).unwrap();
    drop(office);
    assert_eq!(names(dir.path()), [&made[..], &[after]].concat());
    assert_eq!(verify(dir.path(), Some(&public()), &[]).unwrap().faults, []);
}
