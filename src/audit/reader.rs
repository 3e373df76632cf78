//! Reading segments: batch by batch along the chain.

use super::checkpoint::{Checkpoint, Saying};
use super::entry::Entry;
use super::frame::{Batch, Framed, HEADER_BYTES, Link, read_entry};
use super::id::{Id, Place};
use super::segment::{self, HEAD_BYTES, Head, LOG};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Longest entry that is looked up; requests are far shorter.
const ENTRY_BYTES_MAX: usize = 16 << 20;
/// A disk writes so many bytes at least as one.
const SECTOR_BYTES: usize = 512;
/// So many zeros are no chance.
const GAP_BYTES: usize = 8;
/// Name of the file that says how much of the log was taken away on purpose.
const RETIRED: &str = "retired";

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("segment {segment}, offset {offset}: {what}")]
pub struct Fault {
    /// The segment.
    pub segment: u32,
    /// The byte of it.
    pub offset: u64,
    /// What is wrong.
    pub what: String,
}

/// A last batch that a crash cut short. Nobody was answered on its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn {
    /// Where it begins.
    pub place: Place,
    /// Bytes of it that are there.
    pub bytes: u64,
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not as it was written.
    #[error("{0}; `xinhe audit verify` looks at all of it")]
    Fault(#[from] Fault),
    /// No log at all.
    #[error("{}: no receipts there: expected files such as 0000000001.log, as `xinhe-server` writes them", .0.display())]
    Empty(PathBuf),
}

impl ReadError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> ReadError + use<> {
        let path = path.to_owned();
        move |source| ReadError::Io { path, source }
    }
}

/// An entry, as it stands in the log.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// Its name.
    pub id: Id,
    /// What it says.
    pub entry: Entry<'a>,
    /// Its bytes.
    pub(super) bytes: &'a [u8],
}

/// One step along a segment.
pub(super) enum Step<'a> {
    /// A batch that continues the chain.
    Batch { start: Place, batch: Batch<'a> },
    /// Nothing more.
    End,
    /// The rest is cut short.
    Torn(Torn),
    /// What stands there was not written so.
    Wrong(Fault),
}

/// A walk along the batches of a segment.
pub(super) struct Walk<'a> {
    bytes: &'a [u8],
    pub(super) head: Head,
    pub(super) at: usize,
    pub(super) link: Link,
}

impl<'a> Walk<'a> {
    /// From the beginning.
    pub(super) fn new(number: u32, bytes: &'a [u8]) -> Result<Walk<'a>, Fault> {
        let fault = |what: &str| Fault { segment: number, offset: 0, what: what.to_owned() };
        let (head, link) = Head::decode(bytes).map_err(fault)?;
        if head.number != number {
            return Err(fault("the file bears the name of another segment"));
        }
        Ok(Walk { bytes, head, at: HEAD_BYTES, link })
    }

    /// The next batch.
    pub(super) fn step(&mut self) -> Step<'a> {
        let Some(rest) = self.bytes.get(self.at..).filter(|rest| !rest.is_empty()) else { return Step::End };
        let start = Place { segment: self.head.number, offset: self.at as u32 };
        let wrong = |what: &str| {
            Step::Wrong(Fault { segment: start.segment, offset: self.at as u64, what: what.to_owned() })
        };
        let torn = |bytes: usize| Step::Torn(Torn { place: start, bytes: bytes as u64 });
        match Batch::read(rest) {
            Framed::Short | Framed::Wrong(_) if is_room(rest) => Step::End,
            Framed::Short => torn(rest.len()),
            Framed::Wrong(_) if self.is_torn(None) => torn(written(rest)),
            Framed::Wrong(what) => wrong(what),
            Framed::Batch(batch) => match batch.follows(&self.link) {
                None if self.is_torn(Some(batch.len())) => torn(written(rest)),
                None => wrong("an entry of this batch, or what stood before it, was changed or is missing"),
                Some(link) => {
                    self.at += batch.len();
                    self.link = link;
                    Step::Batch { start, batch }
                }
            },
        }
    }

    /// Whether what stands here is a batch of so many bytes, if that is known, that was not written to its end over the
    /// room of the file: a gap was left, and nothing stands behind it. Whoever changes an entry leaves no gap.
    fn is_torn(&self, batch: Option<usize>) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let there = written(rest);
        match batch {
            Some(bytes) => there <= bytes && (bytes - there >= GAP_BYTES || self.has_gap(bytes)),
            None => there < HEADER_BYTES || (is_room(&rest[..HEADER_BYTES]) && !self.goes_on_after(self.at)),
        }
    }

    /// Whether of so many bytes from here on all that lie in one sector of the disk are zeros: it was not written.
    fn has_gap(&self, bytes: usize) -> bool {
        let end = (self.at + bytes).min(self.bytes.len());
        let mut from = self.at;
        std::iter::from_fn(|| {
            let to = end.min((from / SECTOR_BYTES + 1) * SECTOR_BYTES);
            let part = self.bytes.get(from..to).filter(|part| !part.is_empty());
            from = to;
            part
        })
        .any(|part| part.len() >= GAP_BYTES && is_room(part))
    }

    /// Whether anything behind this place still looks like a batch: then the place is damaged, and no end.
    pub(super) fn goes_on_after(&self, at: usize) -> bool {
        let rest = self.bytes.get(at + 1..).unwrap_or_default();
        (0..rest.len()).any(|place| match rest.get(place..) {
            Some(bytes) if bytes.starts_with(b"XHB1") => !matches!(Batch::read(bytes), Framed::Wrong(_)),
            _ => false,
        })
    }
}

/// Whether nothing was written here since the file was filled with zeros.
pub(super) fn is_room(bytes: &[u8]) -> bool {
    written(bytes) == 0
}

/// How many bytes there are up to the last that is not zero.
pub(super) fn written(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// Reads the whole log, entry by entry as they were written. A last batch that was cut short is told, and no error.
pub fn read_all(dir: &Path, mut each: impl FnMut(&Stored<'_>)) -> Result<Option<Torn>, ReadError> {
    let numbers = segments(dir)?;
    for number in &numbers {
        let path = segment::file(dir, *number, LOG);
        let bytes = std::fs::read(&path).map_err(ReadError::io(&path))?;
        let is_last = Some(number) == numbers.last();
        if is_last && bytes.len() < HEAD_BYTES {
            break;
        }
        let mut walk = Walk::new(*number, &bytes)?;
        loop {
            match walk.step() {
                Step::End => break,
                Step::Torn(torn) if is_last => return Ok(Some(torn)),
                Step::Torn(torn) => return Err(cut_short(torn).into()),
                Step::Wrong(fault) => return Err(fault.into()),
                Step::Batch { start, batch } => {
                    for item in batch.items(walk.head.node, start) {
                        each(&stored(item, start)?);
                    }
                }
            }
        }
    }
    Ok(None)
}

/// The numbers of the segments of a log.
pub(super) fn segments(dir: &Path) -> Result<Vec<u32>, ReadError> {
    let numbers = segment::numbers(dir, LOG).map_err(ReadError::io(dir))?;
    if numbers.is_empty() { Err(ReadError::Empty(dir.to_owned())) } else { Ok(numbers) }
}

pub(super) fn cut_short(torn: Torn) -> Fault {
    let what = "the segment is cut short, but another follows it".to_owned();
    Fault { segment: torn.place.segment, offset: u64::from(torn.place.offset), what }
}

/// An entry of a batch, decoded.
pub(super) fn stored<'a>(item: Option<(Id, &'a [u8])>, start: Place) -> Result<Stored<'a>, Fault> {
    let unread = |place: Place| Fault {
        segment: place.segment,
        offset: u64::from(place.offset),
        what: "an entry of a form that this program does not know; use a later one".to_owned(),
    };
    let (id, bytes) = item.ok_or_else(|| unread(start))?;
    let entry = Entry::decode(bytes).ok_or_else(|| unread(id.place()))?;
    Ok(Stored { id, entry, bytes })
}

/// Looks one entry up. Its name must have been compared before: it says where to look.
pub(super) fn find(dir: &Path, id: &Id) -> Result<Option<Vec<u8>>, ReadError> {
    let Place { segment, offset } = id.place();
    let path = segment::file(dir, segment, LOG);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(ReadError::io(&path))?,
    };
    let fault = |what: &str| Fault { segment, offset: u64::from(offset), what: what.to_owned() };
    let mut head = vec![0; HEAD_BYTES];
    file.read_exact_at(&mut head, 0).map_err(ReadError::io(&path))?;
    let (head, _) = Head::decode(&head).map_err(fault)?;
    if head.node != id.node() {
        return Ok(None);
    }
    let mut length = [0; 4];
    file.read_exact_at(&mut length, u64::from(offset)).map_err(ReadError::io(&path))?;
    let length = u32::from_le_bytes(length) as usize + 4;
    if length > ENTRY_BYTES_MAX {
        return Err(fault("no entry begins here").into());
    }
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, u64::from(offset)).map_err(ReadError::io(&path))?;
    match read_entry(&bytes, 0, head.node, segment, offset) {
        Some((found, entry)) if found == *id => Ok(Some(entry.to_vec())),
        _ => Err(fault("another entry stands here").into()),
    }
}

/// The file that says how much of the log was taken away on purpose.
pub(super) fn retired_file(dir: &Path) -> PathBuf {
    dir.join(RETIRED)
}

/// How much of the log was taken away on purpose, as far as the file says; its signature is not compared.
pub(super) fn retired(dir: &Path) -> Option<Checkpoint> {
    let text = std::fs::read_to_string(retired_file(dir)).ok()?;
    Checkpoint::parse(Saying::Retired, &text, None).ok().map(|(checkpoint, _)| checkpoint)
}
