//! A segment: one file of batches. Its name is its number; its header holds the link at which the chain continues.
//!
//! ```text
//! magic 8 · version u32 · node u16 · 0 u16 · number u32 · day i32 · made u64 (µs) · entries before u64 · link before 32
//! link 32     SHA-256 of the 72 bytes above: the first link of this segment
//! ```

use super::frame::Link;
use crate::domain::date::Day;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Bytes before the first batch.
pub(super) const HEAD_BYTES: usize = 104;
const SIGNED_BYTES: usize = 72;
const MAGIC: &[u8; 8] = b"XHAUDIT\0";
const VERSION: u32 = 1;

/// Ending of a segment's file.
pub(super) const LOG: &str = "log";
/// Ending of its checkpoint.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// Ending of what can be told of it without reading it.
pub(super) const INDEX: &str = "index";

/// The header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) node: u16,
    pub(super) number: u32,
    /// The day in UTC+8 on which it was begun.
    pub(super) day: Day,
    /// When it was begun.
    pub(super) made_us: u64,
    /// Entries of all segments before.
    pub(super) entries_before: u64,
    /// The last link of the segment before; of the first segment zeros.
    pub(super) link_before: Link,
}

impl Head {
    /// The bytes and the first link of the segment.
    pub(super) fn encode(&self) -> (Vec<u8>, Link) {
        let mut out = Vec::with_capacity(HEAD_BYTES);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.node.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&self.day.number().to_le_bytes());
        out.extend_from_slice(&self.made_us.to_le_bytes());
        out.extend_from_slice(&self.entries_before.to_le_bytes());
        out.extend_from_slice(&self.link_before);
        let link: Link = Sha256::digest(&out).into();
        out.extend_from_slice(&link);
        (out, link)
    }

    /// Reads a header; what is wrong with it otherwise.
    pub(super) fn decode(bytes: &[u8]) -> Result<(Head, Link), &'static str> {
        let bytes: &[u8; HEAD_BYTES] = bytes.first_chunk().ok_or("the header of the segment is cut short")?;
        if !bytes.starts_with(MAGIC) {
            return Err("this is no segment of receipts");
        }
        let mut source = super::codec::Source::new(&bytes[MAGIC.len()..]);
        let damaged = "the header of the segment is changed";
        let mut read = || {
            let version = source.u32()?;
            let node = u16::from_le_bytes(source.array()?);
            source.take(2)?;
            let number = source.u32()?;
            let day = Day::from_number(i32::from_le_bytes(source.array()?));
            let (made_us, entries_before) = (source.u64()?, source.u64()?);
            let link_before = source.array()?;
            Some((version, Head { node, number, day, made_us, entries_before, link_before }, source.array()?))
        };
        let (version, head, link): (u32, Head, Link) = read().ok_or(damaged)?;
        let real: Link = Sha256::digest(&bytes[..SIGNED_BYTES]).into();
        if real != link {
            return Err(damaged);
        }
        if version != VERSION {
            return Err("the segment is of a version that this program does not know; use a later one");
        }
        Ok((head, link))
    }
}

/// The file of a segment.
pub(super) fn file(dir: &Path, number: u32, ending: &str) -> PathBuf {
    dir.join(format!("{number:010}.{ending}"))
}

/// The numbers of the files with this ending in a folder, in order.
pub(super) fn numbers(dir: &Path, ending: &str) -> std::io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if path.extension().is_some_and(|found| found == ending)
            && stem.len() == 10
            && let Ok(number) = stem.parse()
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}
