//! Whatever is changed, removed, reordered or cut is found, with its place.

use super::{closed, names, public, settings};
use crate::audit::checkpoint::{Checkpoint, Saying};
use crate::audit::disk::SystemDisk;
use crate::audit::frame::{Batch, Framed};
use crate::audit::segment::{self, CHECKPOINT, HEAD_BYTES, INDEX, LOG};
use crate::audit::{Fault, Log, verify};
use std::fs;
use std::path::Path;
use std::sync::Arc;

fn faults(dir: &Path) -> Vec<Fault> {
    verify(dir, Some(&public()), &[]).unwrap().faults
}

/// A copy of a folder, to be damaged.
fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
    }
    to
}

/// Three small segments, the last of which has entries.
fn sample() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    closed(dir.path(), 9, 1000);
    let last = *segment::numbers(dir.path(), LOG).unwrap().last().unwrap();
    if batches(&fs::read(segment::file(dir.path(), last, LOG)).unwrap()).is_empty() {
        // It was just begun: when that happens depends on when its room is ready. A large one is not left so soon.
        closed(dir.path(), 1, 1 << 20);
    }
    assert!(segment::numbers(dir.path(), LOG).unwrap().len() >= 3);
    let whole = verify(dir.path(), Some(&public()), &[]).unwrap();
    assert_eq!(whole.faults, []);
    assert_eq!((whole.entries, whole.unsigned), (names(dir.path()).len() as u64, 0));
    dir
}

/// Where the batches of a segment begin and end.
fn batches(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = HEAD_BYTES;
    while let Framed::Batch(batch) = Batch::read(&bytes[at..]) {
        found.push((at, at + batch.len()));
        at += batch.len();
    }
    assert_eq!(at, bytes.len());
    found
}

#[test]
fn a_change_of_any_bit_is_found_at_its_place() {
    let sample = sample();
    for number in segment::numbers(sample.path(), LOG).unwrap() {
        for ending in [LOG, CHECKPOINT] {
            let path = segment::file(sample.path(), number, ending);
            let whole = fs::read(&path).unwrap();
            // The blank at the end of a signature says nothing.
            let length = if ending == LOG { whole.len() } else { whole.len() - 1 };
            for place in 0..length {
                let mut changed = whole.clone();
                // The case of a signature's digits says nothing.
                changed[place] ^= if ending == LOG { 1 << (place % 8) } else { 1 };
                fs::write(&path, &changed).unwrap();
                let found = verify(sample.path(), Some(&public()), &[]).map(|told| told.faults);
                let found = found.unwrap_or_else(|error| {
                    vec![Fault { segment: number, offset: 0, what: error.to_string() }]
                });
                assert!(!found.is_empty(), "{number}.{ending}, byte {place}");
                assert!(
                    found.iter().any(|fault| fault.segment == number),
                    "{number}.{ending}, {place}: {found:?}"
                );
                if ending == LOG && place >= HEAD_BYTES {
                    let (start, _) = *batches(&whole).iter().find(|(_, end)| place < *end).unwrap();
                    assert_eq!(found[0].offset, start as u64, "{found:?}");
                }
            }
            fs::write(&path, &whole).unwrap();
        }
    }
    assert_eq!(faults(sample.path()), []);
}

#[test]
fn what_is_cut_off_is_found_wherever_it_is_cut() {
    let sample = sample();
    for number in segment::numbers(sample.path(), LOG).unwrap() {
        let path = segment::file(sample.path(), number, LOG);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(
                faults(sample.path()).iter().any(|fault| fault.segment == number),
                "{number} at {length}"
            );
        }
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn batches_that_are_missing_or_in_another_order_are_found() {
    let sample = sample();
    for number in segment::numbers(sample.path(), LOG).unwrap() {
        let path = segment::file(sample.path(), number, LOG);
        let whole = fs::read(&path).unwrap();
        let places = batches(&whole);
        for (start, end) in &places {
            fs::write(&path, [&whole[..*start], &whole[*end..]].concat()).unwrap();
            assert!(!faults(sample.path()).is_empty(), "{number} without {start}");
            fs::write(&path, [&whole[..*end], &whole[*start..]].concat()).unwrap();
            assert!(!faults(sample.path()).is_empty(), "{number} twice {start}");
        }
        for pair in places.windows(2) {
            let [(a, b), (_, c)] = [pair[0], pair[1]];
            fs::write(&path, [&whole[..a], &whole[b..c], &whole[a..b], &whole[c..]].concat()).unwrap();
            assert_eq!(faults(sample.path())[0].offset, a as u64);
        }
        fs::write(&path, &whole).unwrap();
    }
}

#[test]
fn segments_that_are_missing_or_swapped_are_found() {
    let sample = sample();
    let numbers = segment::numbers(sample.path(), LOG).unwrap();
    for number in &numbers {
        for others in [&[LOG][..], &[CHECKPOINT], &[LOG, CHECKPOINT], &[LOG, CHECKPOINT, INDEX]] {
            // Nothing in the folder tells of a last segment that vanished with all that told of it.
            if others.len() == 3 && Some(number) == numbers.last() {
                continue;
            }
            // The last is not sealed: it needs no checkpoint.
            if others == [CHECKPOINT] && Some(number) == numbers.last() {
                continue;
            }
            let damaged = copy(sample.path());
            for ending in others {
                fs::remove_file(segment::file(damaged.path(), *number, ending)).unwrap();
            }
            assert!(!faults(damaged.path()).is_empty(), "{number} without {others:?}");
        }
    }
    let damaged = copy(sample.path());
    let path = |number| segment::file(damaged.path(), number, LOG);
    fs::copy(path(1), path(2)).unwrap();
    assert!(faults(damaged.path()).iter().any(|fault| fault.segment == 2));
}

#[test]
fn a_checkpoint_that_was_kept_elsewhere_finds_what_vanished_with_all_that_told_of_it() {
    let sample = sample();
    let last = *segment::numbers(sample.path(), LOG).unwrap().last().unwrap();
    let text = fs::read_to_string(segment::file(sample.path(), last, CHECKPOINT)).unwrap();
    let (kept, _) = Checkpoint::parse(Saying::Reached, &text, Some(&public())).unwrap();
    let path = segment::file(sample.path(), last, LOG);
    let whole = fs::read(&path).unwrap();
    for ending in [CHECKPOINT, INDEX] {
        fs::remove_file(segment::file(sample.path(), last, ending)).unwrap();
    }
    let (start, _) = *batches(&whole).last().unwrap();
    fs::write(&path, &whole[..start]).unwrap();
    assert_eq!(faults(sample.path()), [], "nothing here tells of it");
    let told = verify(sample.path(), Some(&public()), &[kept]).unwrap();
    assert_eq!((told.faults.len(), told.faults[0].segment), (1, last));
    fs::remove_file(&path).unwrap();
    let told = verify(sample.path(), Some(&public()), &[kept]).unwrap();
    assert!(told.faults.iter().any(|fault| fault.segment == last), "{:?}", told.faults);
}

#[test]
fn a_batch_that_a_crash_cut_short_is_told_and_no_fault() {
    let sample = sample();
    let last = *segment::numbers(sample.path(), LOG).unwrap().last().unwrap();
    for ending in [CHECKPOINT, INDEX] {
        fs::remove_file(segment::file(sample.path(), last, ending)).unwrap();
    }
    let path = segment::file(sample.path(), last, LOG);
    let whole = fs::read(&path).unwrap();
    let (start, end) = *batches(&whole).last().unwrap();
    let entries = names(sample.path()).len() as u64;
    for cut in start + 1..end {
        fs::write(&path, &whole[..cut]).unwrap();
        let told = verify(sample.path(), Some(&public()), &[]).unwrap();
        assert_eq!(told.faults, []);
        let torn = told.torn.unwrap();
        assert_eq!((torn.place.offset as usize, torn.bytes as usize), (start, cut - start));
        assert_eq!(told.entries, entries - 1);
    }
    // Who writes on cuts it off, and says so.
    let log = Log::open(sample.path(), settings(1 << 20), Arc::new(SystemDisk)).unwrap();
    assert!(log.notes()[0].contains("cut short"), "{:?}", log.notes());
    drop(log);
    assert_eq!(verify(sample.path(), Some(&public()), &[]).unwrap().torn, None);
}

#[test]
fn nothing_is_written_behind_damage() {
    let sample = sample();
    let last = *segment::numbers(sample.path(), LOG).unwrap().last().unwrap();
    fs::remove_file(segment::file(sample.path(), last, INDEX)).unwrap();
    let path = segment::file(sample.path(), last, LOG);
    let mut bytes = fs::read(&path).unwrap();
    bytes[HEAD_BYTES + 40] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let refused = Log::open(sample.path(), settings(1 << 20), Arc::new(SystemDisk)).unwrap_err();
    assert!(refused.to_string().contains(&format!("segment {last}, offset")), "{refused}");
}

/// A segment that was just begun is begun anew by the next start: no checkpoint may tell of it.
#[test]
fn checkpoints_stay_true_when_a_log_ends_with_an_empty_segment() {
    let dir = tempfile::tempdir().unwrap();
    // Every batch fills a segment.
    closed(dir.path(), 3, 200);
    let numbers = segment::numbers(dir.path(), LOG).unwrap();
    let last = *numbers.last().unwrap();
    assert!(batches(&fs::read(segment::file(dir.path(), last, LOG)).unwrap()).is_empty());
    let kept: Vec<Checkpoint> = segment::numbers(dir.path(), CHECKPOINT)
        .unwrap()
        .into_iter()
        .map(|number| fs::read_to_string(segment::file(dir.path(), number, CHECKPOINT)).unwrap())
        .map(|text| Checkpoint::parse(Saying::Reached, &text, Some(&public())).unwrap().0)
        .collect();
    assert_eq!(kept.len() + 1, numbers.len());
    for more in 0..3 {
        let told = verify(dir.path(), Some(&public()), &kept).unwrap();
        assert_eq!(told.faults, [], "after {more} starts");
        closed(dir.path(), 1, 1 << 20);
    }
}

#[test]
fn unsigned_checkpoints_are_told_and_refused_where_a_key_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let unsigned = crate::audit::Settings { key: None, ..settings(1000) };
    let office = super::Office::open(dir.path(), unsigned, Arc::new(SystemDisk));
    (0..9).for_each(|number| _ = office.check(number).unwrap());
    drop(office);
    let told = verify(dir.path(), None, &[]).unwrap();
    assert_eq!((told.faults.len(), told.signed), (0, 0));
    assert!(told.unsigned > 1);
    assert!(faults(dir.path()).iter().any(|fault| fault.what.contains("not signed")));
}
