//! A batch: the entries of one commit, behind a header, closed by a link of the chain.
//!
//! ```text
//! header 24   magic u32 · length of the body u32 · entries u32 · 0 u32 · sum u64 (xxh3 of the 16 bytes before)
//! body        each entry: length u32 (of what follows) · tag 10 (of its name) · the entry
//! link   32   SHA-256 of the link before, the header and the body
//! ```
//! The header has its own sum, so that a batch that a crash cut short is told from one that was changed.

use super::id::{Id, Place};
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

/// A link of the chain.
pub(super) type Link = [u8; 32];

pub(super) const HEADER_BYTES: usize = 24;
/// Bytes of the link behind the body.
pub(super) const LINK_BYTES: usize = 32;
/// Bytes of an entry before the entry itself.
const PREFIX_BYTES: usize = 14;
const MAGIC: u32 = u32::from_le_bytes(*b"XHB1");
/// More is no batch: the writer takes what was gathered in one go.
pub(super) const BODY_BYTES_MAX: usize = 64 << 20;

/// Appends an entry to the body of a batch.
pub(super) fn put_entry(batch: &mut Vec<u8>, id: &Id, entry: &[u8]) {
    let length = (PREFIX_BYTES - 4 + entry.len()) as u32;
    batch.extend_from_slice(&length.to_le_bytes());
    batch.extend_from_slice(&id.tag());
    batch.extend_from_slice(entry);
}

/// Closes a batch that begins with room for its header. Tells its link.
pub(super) fn close(batch: &mut Vec<u8>, entries: u32, before: &Link) -> Link {
    let length = (batch.len() - HEADER_BYTES) as u32;
    let mut header = [0; HEADER_BYTES];
    header[..4].copy_from_slice(&MAGIC.to_le_bytes());
    header[4..8].copy_from_slice(&length.to_le_bytes());
    header[8..12].copy_from_slice(&entries.to_le_bytes());
    let sum = xxh3_64(&header[..16]);
    header[16..].copy_from_slice(&sum.to_le_bytes());
    batch[..HEADER_BYTES].copy_from_slice(&header);
    let link = linked(before, batch);
    batch.extend_from_slice(&link);
    link
}

fn linked(before: &Link, framed: &[u8]) -> Link {
    let mut link = Sha256::new();
    link.update(before);
    link.update(framed);
    link.finalize().into()
}

/// What stands at a place where a batch should begin.
#[derive(Debug)]
pub(super) enum Framed<'a> {
    /// A whole batch.
    Batch(Batch<'a>),
    /// It is cut short: so many bytes are needed, if that is known.
    Short,
    /// It is not what was written, for this reason.
    Wrong(&'static str),
}

/// A whole batch, its link not compared yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch<'a> {
    framed: &'a [u8],
    link: Link,
    /// Entries in it.
    pub(super) entries: u32,
}

impl<'a> Batch<'a> {
    /// Reads the batch at the beginning of the bytes.
    pub(super) fn read(bytes: &'a [u8]) -> Framed<'a> {
        let Some(header) = bytes.get(..HEADER_BYTES) else { return Framed::Short };
        let word =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let sum = u64::from(word(16)) | u64::from(word(20)) << 32;
        if word(0) != MAGIC || word(12) != 0 || sum != xxh3_64(&header[..16]) {
            return Framed::Wrong("the header of a batch is changed");
        }
        let (length, entries) = (word(4) as usize, word(8));
        if length > BODY_BYTES_MAX {
            return Framed::Wrong("a batch says that it is larger than any");
        }
        let end = HEADER_BYTES + length;
        let Some(link) = bytes.get(end..end + LINK_BYTES).and_then(|link| link.try_into().ok()) else {
            return Framed::Short;
        };
        Framed::Batch(Batch { framed: &bytes[..end], link, entries })
    }

    /// Bytes of the whole.
    pub(super) fn len(&self) -> usize {
        self.framed.len() + LINK_BYTES
    }

    /// The link, if it continues the chain.
    pub(super) fn follows(&self, before: &Link) -> Option<Link> {
        (linked(before, self.framed) == self.link).then_some(self.link)
    }

    /// The entries with their names; `None` in place of one that is damaged ends it.
    pub(super) fn items(
        &self,
        node: u16,
        start: Place,
    ) -> impl Iterator<Item = Option<(Id, &'a [u8])>> + use<'a> {
        let framed = self.framed;
        let mut at = HEADER_BYTES;
        let mut left = self.entries;
        std::iter::from_fn(move || {
            if left == 0 {
                // Bytes behind the last entry belong to none.
                let trailing = at != framed.len();
                at = framed.len();
                return trailing.then_some(None);
            }
            let item = read_entry(framed, at, node, start.segment, start.offset);
            match &item {
                Some((_, entry)) => {
                    at += PREFIX_BYTES + entry.len();
                    left -= 1;
                }
                None => (at, left) = (framed.len(), 0),
            }
            Some(item)
        })
    }
}

/// Reads the entry at this offset of these bytes, which begin at `first` in their segment.
pub(super) fn read_entry(
    bytes: &[u8],
    at: usize,
    node: u16,
    segment: u32,
    first: u32,
) -> Option<(Id, &[u8])> {
    let rest = bytes.get(at..)?;
    let length = u32::from_le_bytes(*rest.first_chunk()?) as usize;
    let whole = rest.get(4..4 + length)?;
    let (tag, entry) = whole.split_at_checked(PREFIX_BYTES - 4)?;
    let offset = first.checked_add(u32::try_from(at).ok()?)?;
    Some((Id::of_parts(node, Place { segment, offset }, tag.try_into().ok()?), entry))
}

/// The entries of a batch that this process has framed itself.
pub(super) fn entries_of(batch: &[u8], node: u16, start: Place) -> impl Iterator<Item = (Id, &[u8])> {
    let whole = match Batch::read(batch) {
        Framed::Batch(batch) => Some(batch),
        Framed::Short | Framed::Wrong(_) => None,
    };
    whole.into_iter().flat_map(move |batch| batch.items(node, start)).flatten()
}
