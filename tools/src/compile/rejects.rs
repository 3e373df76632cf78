//! What is refused: counted, and spilled by file and line.

use super::spill::codec::{Unpacker, put_text};
use super::spill::{Buffers, Spill};
use super::tally::Tally;
use super::work::Work;
use crate::facts::Reject;
use std::io;

/// Lines of a file whose rejects are sorted together.
const REJECT_LINES: u32 = 1 << 18;
/// Partitions of a file's rejects at most.
pub(crate) const REJECT_ROOMS: usize = 64;

/// Takes what is refused, and counts.
pub(super) struct Desk<'a> {
    pub(super) rejects: Buffers<'a>,
    pub(super) tally: Tally,
}

impl<'a> Desk<'a> {
    pub(super) fn new(rejects: &'a Spill, work: &Work<'_>) -> Desk<'a> {
        Desk { rejects: Buffers::new(rejects, work.buffer_bytes() / 8), tally: Tally::default() }
    }

    pub(super) fn reject(&mut self, reject: &Reject) -> io::Result<()> {
        let origin = reject.origin;
        self.tally.reject(origin.source, reject.reason);
        let room = (origin.line / REJECT_LINES) as usize;
        self.rejects.push(origin.file as usize * REJECT_ROOMS + room.min(REJECT_ROOMS - 1), |out| {
            out.extend_from_slice(&origin.source.to_le_bytes());
            out.extend_from_slice(&origin.file.to_le_bytes());
            out.extend_from_slice(&origin.line.to_le_bytes());
            [&*reject.column, reject.reason, &*reject.value].into_iter().for_each(|text| put_text(out, text));
        })
    }
}

/// A reject as it is spilled, in the order of the list of rejects.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rejected<'a> {
    pub source: u16,
    pub file: u32,
    pub line: u32,
    pub column: &'a str,
    pub reason: &'a str,
    pub value: &'a str,
}

impl<'a> Rejected<'a> {
    pub(crate) fn unpack(item: &'a [u8]) -> Option<Rejected<'a>> {
        let mut from = Unpacker(item);
        Some(Rejected {
            source: from.u16()?,
            file: from.u32()?,
            line: from.u32()?,
            column: from.text()?,
            reason: from.text()?,
            value: from.text()?,
        })
    }
}
