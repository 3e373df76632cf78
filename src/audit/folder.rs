//! Opening a log to write it: the folder, its lock, what a crash left, and the sums of what is there.

use super::book::Book;
use super::disk::{Disk, DiskFile, remove_if_there};
use super::frame::Link;
use super::index::Index;
use super::reader::{Fault, ReadError, Step, Walk, is_room, retired, stored, written};
use super::segment::{self, CHECKPOINT, HEAD_BYTES, Head, INDEX, LOG};
use super::writer::begin;
use super::{OpenError, Settings};
use crate::audit::checkpoint::{Checkpoint, Saying};
use crate::domain::date::Day;
use crate::signature::PublicKeys;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

/// Segments whose requests a start must know: those of the last days.
const REQUEST_DAYS: i64 = 2;

/// A log that is ready to be gone on with.
pub(super) struct Opened {
    pub(super) head: Head,
    pub(super) file: Box<dyn DiskFile>,
    pub(super) end: u32,
    pub(super) link: Link,
    pub(super) entries: u64,
    pub(super) book: Book,
    /// What the operator should know.
    pub(super) notes: Vec<String>,
}

/// Makes the folder if it is not there, and locks it for this process.
pub(super) fn lock(dir: &Path) -> Result<File, OpenError> {
    let at = |source| OpenError::Io { path: dir.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(at)?;
    let path = dir.join("lock");
    let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let lock = open.map_err(at)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(fs::TryLockError::WouldBlock) => Err(OpenError::Locked(dir.to_owned())),
        Err(fs::TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

/// Reads what is there and finds the end.
pub(super) fn open(disk: &dyn Disk, dir: &Path, settings: &Settings) -> Result<Opened, OpenError> {
    let mut notes = Vec::new();
    let mut numbers = segment::numbers(dir, LOG).map_err(ReadError::io(dir))?;
    if let Some(last) = numbers.last().copied() {
        let path = segment::file(dir, last, LOG);
        let is_unused = is_unused(&path).map_err(ReadError::io(&path))?;
        let follows = last > 1 && numbers.binary_search(&(last - 1)).is_ok();
        let is_known = mark_of(dir, last, None).is_some_and(|mark| mark.end.offset as usize > HEAD_BYTES);
        // Begun when the process ended, or when a disk failed and the one before was gone on with: nothing is in it, and
        // nothing says that there was. Its own file goes last.
        if is_unused && !is_known && (follows || head_of(dir, last).is_err()) {
            for ending in [INDEX, CHECKPOINT, LOG] {
                let path = segment::file(dir, last, ending);
                remove_if_there(disk, &path).map_err(ReadError::io(&path))?;
            }
            numbers.pop();
        }
    }
    let mut book = Book::default();
    let Some(last) = numbers.last().copied() else {
        return first_segment(disk, dir, settings, book, notes);
    };
    sealed_segments(dir, &numbers, &mut book, &mut notes, |_, _| Ok(()))?;
    last_segment(disk, dir, last, book, notes)
}

/// Enters all sealed segments, those that were moved away first; `each` sees what those that are here add.
fn sealed_segments(
    dir: &Path,
    numbers: &[u32],
    book: &mut Book,
    notes: &mut Vec<String>,
    mut each: impl FnMut(u32, Index) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    let Some(last) = numbers.last().copied() else { return Ok(()) };
    let newest = head_of(dir, last)?.day;
    let gone = retired(dir).map_or(0, |mark| mark.end.segment);
    for number in segment::numbers(dir, INDEX).map_err(ReadError::io(dir))? {
        if number <= gone && numbers.binary_search(&number).is_err() {
            moved_away(dir, number, book, notes);
        }
    }
    for pair in numbers.windows(2) {
        let [number, next] = *pair else { break };
        if next != number + 1 {
            let what = format!("the next segment is {next}: those between are missing");
            return Err(ReadError::Fault(Fault { segment: number, offset: 0, what }).into());
        }
        sealed_segment(dir, number, newest, book)?;
        each(number, book.seal())?;
    }
    Ok(())
}

/// Writes the indexes of sealed segments that lack one: a server that was killed may not have come to it, and without
/// the segment nothing else tells what it adds.
pub(super) fn complete(disk: &dyn Disk, dir: &Path) -> Result<(), OpenError> {
    let numbers = segment::numbers(dir, LOG).map_err(ReadError::io(dir))?;
    let path = |number: &u32| segment::file(dir, *number, INDEX);
    let (_, sealed) = numbers.split_last().unwrap_or((&0, &[]));
    if sealed.iter().all(|number| Index::read(&path(number), false).is_some()) {
        return Ok(());
    }
    sealed_segments(dir, &numbers, &mut Book::default(), &mut Vec::new(), |number, index| {
        let log = segment::file(dir, number, LOG);
        let end = fs::metadata(&log).map_err(ReadError::io(&log))?.len() as u32;
        let bytes = index.encode(end, &head_of(dir, number + 1)?.link_before);
        Ok(disk.replace(&path(&number), &bytes).map_err(ReadError::io(&path(&number)))?)
    })
}

fn first_segment(
    disk: &dyn Disk,
    dir: &Path,
    settings: &Settings,
    book: Book,
    notes: Vec<String>,
) -> Result<Opened, OpenError> {
    if let Some(gone) = retired(dir).or_else(|| newest_checkpoint(dir)) {
        let what = "the log goes on behind this place, but its last segment is missing".to_owned();
        let offset = u64::from(gone.end.offset);
        return Err(ReadError::Fault(Fault { segment: gone.end.segment, offset, what }).into());
    }
    let now_us = (settings.now_us)();
    let day = Day::in_china((now_us / 1_000_000).cast_signed());
    let head = Head {
        node: settings.node,
        number: 1,
        day,
        made_us: now_us,
        entries_before: 0,
        link_before: [0; 32],
    };
    let at = |source| OpenError::Io { path: dir.to_owned(), source };
    let (file, link) = begin(disk, dir, &head, None).map_err(at)?;
    Ok(Opened { head, file, end: HEAD_BYTES as u32, link, entries: 0, book, notes })
}

fn newest_checkpoint(dir: &Path) -> Option<Checkpoint> {
    let last = segment::numbers(dir, CHECKPOINT).ok()?.pop()?;
    mark_of(dir, last, None)
}

fn moved_away(dir: &Path, number: u32, book: &mut Book, notes: &mut Vec<String>) {
    match Index::read(&segment::file(dir, number, INDEX), false) {
        Some((_, _, index)) => {
            book.load(index);
            book.seal();
        }
        None => {
            notes.push(format!("segment {number} was moved away, and its index is damaged: usage lacks it"))
        }
    }
}

/// Whether a segment has no entry: nothing, or nothing but room, stands behind its header.
fn is_unused(path: &Path) -> std::io::Result<bool> {
    let mut behind = [0; 64];
    let read = FileExt::read_at(&File::open(path)?, &mut behind, HEAD_BYTES as u64)?;
    Ok(is_room(&behind[..read]) && is_room(fs::read(path)?.get(HEAD_BYTES..).unwrap_or_default()))
}

fn head_of(dir: &Path, number: u32) -> Result<Head, OpenError> {
    let path = segment::file(dir, number, LOG);
    let mut bytes = [0; HEAD_BYTES];
    let file = File::open(&path).map_err(ReadError::io(&path))?;
    FileExt::read_exact_at(&file, &mut bytes, 0).map_err(ReadError::io(&path))?;
    let fault = |what: &str| Fault { segment: number, offset: 0, what: what.to_owned() };
    Ok(Head::decode(&bytes).map_err(fault).map_err(ReadError::from)?.0)
}

/// Enters a sealed segment: by its index if that is whole, else by reading it.
fn sealed_segment(dir: &Path, number: u32, newest: Day, book: &mut Book) -> Result<(), OpenError> {
    let next = head_of(dir, number + 1)?;
    let path = segment::file(dir, number, INDEX);
    let recent = newest.days_since(next.day) <= REQUEST_DAYS;
    if let Some((_, link, index)) = Index::read(&path, recent)
        && link == next.link_before
    {
        book.load(index);
        return Ok(());
    }
    let path = segment::file(dir, number, LOG);
    let bytes = fs::read(&path).map_err(ReadError::io(&path))?;
    let mut walk = Walk::new(number, &bytes).map_err(ReadError::from)?;
    let fault = |fault: Fault| OpenError::from(ReadError::from(fault));
    loop {
        match walk.step() {
            Step::Batch { start, batch } => {
                for item in batch.items(walk.head.node, start) {
                    let stored = stored(item, start).map_err(fault)?;
                    book.enter(&stored.id, stored.bytes);
                }
            }
            Step::End if walk.link == next.link_before => return Ok(()),
            Step::Wrong(found) => return Err(fault(found)),
            Step::End | Step::Torn(_) => {
                let what = "its end is missing: the next segment continues another".to_owned();
                return Err(fault(Fault { segment: number, offset: walk.at as u64, what }));
            }
        }
    }
}

/// Enters the segment that is gone on with, and takes away what a crash left behind its last whole batch.
fn last_segment(
    disk: &dyn Disk,
    dir: &Path,
    number: u32,
    mut book: Book,
    mut notes: Vec<String>,
) -> Result<Opened, OpenError> {
    let path = segment::file(dir, number, LOG);
    let bytes = fs::read(&path).map_err(ReadError::io(&path))?;
    let mut walk = Walk::new(number, &bytes).map_err(ReadError::from)?;
    let mut entries = 0;
    let index = Index::read(&segment::file(dir, number, INDEX), true);
    if let Some((end, link, index)) = index.filter(|(end, ..)| *end as usize <= bytes.len()) {
        // The chain goes on from there: if it is of another log, the next link does not fit.
        (walk.at, walk.link) = (end as usize, link);
        entries = index.entries;
        book.load(index);
    }
    let torn = loop {
        match walk.step() {
            Step::Batch { start, batch } => {
                for item in batch.items(walk.head.node, start) {
                    let stored = stored(item, start).map_err(ReadError::from)?;
                    book.enter(&stored.id, stored.bytes);
                    entries += 1;
                }
            }
            Step::End => break false,
            Step::Torn(_) => break true,
            Step::Wrong(fault) if walk.goes_on_after(walk.at) => return Err(ReadError::from(fault).into()),
            Step::Wrong(_) => break true,
        }
    };
    let known = mark_of(dir, number, None).map_or(0, |mark| mark.end.offset as usize);
    if walk.at < known {
        let what =
            format!("a checkpoint tells of entries up to offset {known}, but they are missing or changed");
        return Err(ReadError::from(Fault { segment: number, offset: walk.at as u64, what }).into());
    }
    let (head, at, link) = (walk.head, walk.at, walk.link);
    let mut file = disk.open(&path).map_err(ReadError::io(&path))?;
    let rest = &bytes[at..];
    if torn {
        let rest = &rest[..written(rest)];
        // Nobody was answered on its account; but whoever doubts that can look at it.
        let aside = dir.join(format!("{number:010}.torn-{at}"));
        disk.replace(&aside, rest).map_err(ReadError::io(&aside))?;
        let bytes = rest.len();
        notes.push(format!(
            "segment {number}, offset {at}: a batch of {bytes} bytes was cut short by a crash; nobody was answered on \
             its account; it is kept in {}",
            aside.display()
        ));
    }
    if !rest.is_empty() {
        // If it is room, this start has no use for it: the segment is soon left for one with room of its own.
        let cut = file.truncate(at as u64).and_then(|()| file.sync());
        cut.map_err(ReadError::io(&path))?;
    }
    Ok(Opened { head, file, end: at as u32, link, entries, book, notes })
}

/// The checkpoint of a segment, if there is a whole one that these keys signed.
pub(super) fn mark_of(dir: &Path, number: u32, keys: Option<&PublicKeys>) -> Option<Checkpoint> {
    let text = fs::read_to_string(segment::file(dir, number, CHECKPOINT)).ok()?;
    Checkpoint::parse(Saying::Reached, &text, keys).ok().map(|(checkpoint, _)| checkpoint)
}
