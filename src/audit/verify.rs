//! Verification: is every entry there that was written, as it was written, in its order?

use super::checkpoint::{Checkpoint, Saying};
use super::folder::mark_of;
use super::frame::Link;
use super::id::Place;
use super::reader::{Fault, ReadError, Step, Torn, Walk, cut_short, is_room, retired_file, segments, stored};
use super::segment::{self, CHECKPOINT, HEAD_BYTES, INDEX, LOG};
use crate::domain::text::hex;
use crate::signature::PublicKeys;
use std::collections::BTreeMap;
use std::path::Path;

/// What a verification found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Segments read.
    pub segments: u32,
    /// Entries of these.
    pub entries: u64,
    /// Where the log ends.
    pub end: Option<Place>,
    /// The last link of the chain, in hex.
    pub link: String,
    /// What is not as it was written.
    pub faults: Vec<Fault>,
    /// A last batch that a crash cut short; no fault.
    pub torn: Option<Torn>,
    /// The last segment that was taken away on purpose.
    pub retired: Option<u32>,
    /// Checkpoints whose signature was compared and fits.
    pub signed: u32,
    /// Checkpoints whose signature was not compared, or that have none.
    pub unsigned: u32,
}

/// The checkpoints that must lie on the way, by segment.
type Waymarks = BTreeMap<u32, Vec<Checkpoint>>;

/// Verifies a folder, also one that a server is writing. `outside` are checkpoints that were kept elsewhere.
pub fn verify(dir: &Path, keys: Option<&PublicKeys>, outside: &[Checkpoint]) -> Result<Verified, ReadError> {
    let mut told = Verified::default();
    // Read before the segments, which a server only makes longer.
    let mut waymarks = waymarks(dir, keys, &mut told)?;
    let indexes = segment::numbers(dir, INDEX).map_err(ReadError::io(dir))?;
    let numbers = segments(dir)?;
    outside.iter().for_each(|one| waymarks.entry(one.end.segment).or_default().push(*one));
    let mut before = beginning(dir, keys, &mut told);
    let first = numbers.first().copied().unwrap_or(1);
    let last = numbers.last().copied().unwrap_or(1);
    let start = told.retired.unwrap_or(0) + 1;
    if first > start {
        told.fault(start, 0, format!("segments {start} to {} are missing", first - 1));
        before = None;
    } else if first < start {
        before = None;
    }
    for number in first..=last {
        if numbers.binary_search(&number).is_err() {
            told.fault(number, 0, "the segment is missing".to_owned());
            before = None;
            continue;
        }
        let marks = waymarks.remove(&number).unwrap_or_default();
        before = one_segment((dir, keys), number, number == last, before, &marks, &mut told)?;
    }
    for (number, marks) in waymarks.range(last + 1..) {
        let offset = marks.iter().map(|mark| mark.end.offset).max().unwrap_or_default();
        told.fault(
            *number,
            u64::from(offset),
            "a checkpoint tells of this segment, but it is missing".to_owned(),
        );
    }
    let unwritten = |number: &&u32| **number > last && !waymarks.contains_key(number);
    for number in indexes.iter().filter(unwritten) {
        told.fault(*number, 0, "an index tells of this segment, but it is missing".to_owned());
    }
    Ok(told)
}

impl Verified {
    fn fault(&mut self, segment: u32, offset: u64, what: String) {
        self.faults.push(Fault { segment, offset, what });
    }
}

/// Where the chain stands before a segment: its link, and the entries so far.
#[derive(Clone, Copy)]
struct Before {
    link: Link,
    entries: u64,
}

fn waymarks(dir: &Path, keys: Option<&PublicKeys>, told: &mut Verified) -> Result<Waymarks, ReadError> {
    let mut waymarks = Waymarks::new();
    for number in segment::numbers(dir, CHECKPOINT).map_err(ReadError::io(dir))? {
        let path = segment::file(dir, number, CHECKPOINT);
        let text = std::fs::read_to_string(&path).map_err(ReadError::io(&path))?;
        match Checkpoint::parse(Saying::Reached, &text, keys) {
            Ok((mark, signed_by)) if mark.end.segment == number => {
                *(if signed_by.is_some() { &mut told.signed } else { &mut told.unsigned }) += 1;
                waymarks.entry(number).or_default().push(mark);
            }
            Ok(_) => told.fault(number, 0, "the checkpoint is of another segment".to_owned()),
            Err(error) => told.fault(number, 0, format!("its checkpoint: {error}")),
        }
    }
    Ok(waymarks)
}

/// Where the chain begins: at nothing, or behind what was taken away on purpose.
fn beginning(dir: &Path, keys: Option<&PublicKeys>, told: &mut Verified) -> Option<Before> {
    let nothing = Some(Before { link: [0; 32], entries: 0 });
    let Ok(text) = std::fs::read_to_string(retired_file(dir)) else { return nothing };
    match Checkpoint::parse(Saying::Retired, &text, keys) {
        Ok((mark, _)) => {
            told.retired = Some(mark.end.segment);
            Some(Before { link: mark.link, entries: mark.entries })
        }
        Err(error) => {
            told.fault(1, 0, format!("what says that segments were taken away: {error}"));
            nothing
        }
    }
}

fn one_segment(
    (dir, keys): (&Path, Option<&PublicKeys>),
    number: u32,
    is_last: bool,
    before: Option<Before>,
    marks: &[Checkpoint],
    told: &mut Verified,
) -> Result<Option<Before>, ReadError> {
    let path = segment::file(dir, number, LOG);
    let bytes = std::fs::read(&path).map_err(ReadError::io(&path))?;
    if is_last && bytes.len() < HEAD_BYTES && marks.is_empty() {
        // A crash, or a server that has just begun it.
        told.torn = Some(Torn { place: Place { segment: number, offset: 0 }, bytes: bytes.len() as u64 });
        return Ok(None);
    }
    let mut walk = match Walk::new(number, &bytes) {
        Ok(walk) => walk,
        Err(fault) => {
            told.faults.push(fault);
            return Ok(None);
        }
    };
    let continues = before.is_none_or(|before| {
        (walk.head.link_before, walk.head.entries_before) == (before.link, before.entries)
    });
    if is_last && is_room(&bytes[HEAD_BYTES..]) && marks.is_empty() && !continues {
        // Begun when a disk failed; the one before was gone on with, and nothing is in this one.
        told.torn = Some(Torn { place: Place { segment: number, offset: 0 }, bytes: HEAD_BYTES as u64 });
        return Ok(None);
    }
    if !continues {
        let what =
            "the segment does not continue the one before: entries at its end were changed or are missing";
        told.fault(number, 0, what.to_owned());
    }
    told.segments += 1;
    let mut entries = walk.head.entries_before;
    let whole = walk_along(&mut walk, is_last, marks, &mut entries, told);
    let is_marked = |mark: &Checkpoint| mark.end.offset as usize == walk.at;
    // A server may have sealed it since the checkpoints were read.
    let since = || {
        mark_of(dir, number, keys).is_some_and(|mark| {
            is_marked(&mark) && (mark.link, mark.entries, mark.node) == (walk.link, entries, walk.head.node)
        })
    };
    if !is_last && whole && !marks.iter().any(is_marked) && !since() {
        let what = "the segment is sealed, but the checkpoint of its end is missing or of another place";
        told.fault(number, walk.at as u64, what.to_owned());
    }
    if !is_last && whole && walk.at < bytes.len() {
        told.fault(number, walk.at as u64, "bytes stand behind the end of a sealed segment".to_owned());
    }
    told.entries += entries - walk.head.entries_before;
    told.end = Some(Place { segment: number, offset: walk.at as u32 });
    told.link = hex(&walk.link);
    Ok(whole.then_some(Before { link: walk.link, entries }))
}

/// Follows the chain to its end or to the first fault; whether it came to the end. Every mark must be met.
fn walk_along(
    walk: &mut Walk<'_>,
    is_last: bool,
    marks: &[Checkpoint],
    entries: &mut u64,
    told: &mut Verified,
) -> bool {
    let number = walk.head.number;
    let mut met = vec![false; marks.len()];
    let whole = loop {
        for (mark, met) in marks.iter().zip(&mut met) {
            if mark.end.offset as usize == walk.at {
                *met = true;
                if (mark.link, mark.entries, mark.node) != (walk.link, *entries, walk.head.node) {
                    let what = "a checkpoint tells of other entries before this place: they were changed";
                    told.fault(number, walk.at as u64, what.to_owned());
                }
            }
        }
        match walk.step() {
            Step::End => break true,
            Step::Torn(torn) if is_last => {
                told.torn = Some(torn);
                break true;
            }
            Step::Torn(torn) => {
                told.faults.push(cut_short(torn));
                break false;
            }
            Step::Wrong(fault) => {
                told.faults.push(fault);
                break false;
            }
            Step::Batch { start, batch } => {
                for item in batch.items(walk.head.node, start) {
                    match stored(item, start) {
                        Ok(_) => *entries += 1,
                        Err(fault) => told.faults.push(fault),
                    }
                }
            }
        }
    };
    for (mark, _) in marks.iter().zip(met).filter(|(_, met)| !met) {
        let offset = u64::from(mark.end.offset);
        let what = if offset > walk.at as u64 {
            format!("a checkpoint tells of entries up to here, but the log ends at offset {}", walk.at)
        } else {
            "a checkpoint tells of a batch that ends here, but none does".to_owned()
        };
        told.fault(number, offset, what);
    }
    whole
}
