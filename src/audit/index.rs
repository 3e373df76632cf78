//! The index beside a segment: what the segment adds to usage and feedback, so that a start need not read it. It can be
//! told from the segment at any time; one that is damaged, or of another segment, is passed over.

use super::book::Event;
use super::codec::{Source, put_bytes, put_count};
use super::frame::Link;
use super::id::{Id, Place};
use super::usage::{Rows, Tally};
use crate::domain::date::Day;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8; 8] = b"XHINDEX1";

/// What a segment, or its beginning, adds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    pub(super) entries: u64,
    pub(super) rows: Rows,
    pub(super) requests: Vec<(Day, u128)>,
    pub(super) events: Vec<(Place, Id, Event)>,
}

impl Index {
    /// The file, for a segment up to this offset, at which the chain has this link. Requests stand last, in a piece of
    /// their own: they are many, and only those of the last days are ever read again.
    pub(super) fn encode(&self, end: u32, link: &Link) -> Vec<u8> {
        let mut sums = Vec::new();
        sums.extend_from_slice(&end.to_le_bytes());
        sums.extend_from_slice(link);
        sums.extend_from_slice(&self.entries.to_le_bytes());
        put_count(&mut sums, self.rows.values().map(HashMap::len).sum());
        for (row, tally) in self.rows.values().flatten() {
            put_bytes(&mut sums, row);
            for count in [tally.checks, tally.feedback, tally.with_hits, tally.answered] {
                sums.extend_from_slice(&count.to_le_bytes());
            }
        }
        put_count(&mut sums, self.events.len());
        self.events.iter().for_each(|event| put_event(&mut sums, event));
        let mut requests = Vec::new();
        for (day, request) in &self.requests {
            requests.extend_from_slice(&day.number().to_le_bytes());
            requests.extend_from_slice(&request.to_le_bytes());
        }
        let mut out = MAGIC.to_vec();
        for piece in [sums, requests] {
            out.extend_from_slice(&(piece.len() as u64).to_le_bytes());
            out.extend_from_slice(&xxh3_64(&piece).to_le_bytes());
            out.extend_from_slice(&piece);
        }
        out
    }

    /// Reads a file: up to where, the link there, what it adds. `None` if it is no whole index.
    pub(super) fn read(path: &Path, with_requests: bool) -> Option<(u32, Link, Index)> {
        let mut file = File::open(path).ok()?;
        let mut magic = [0; 8];
        file.read_exact(&mut magic).ok()?;
        let sums = (magic == *MAGIC).then(|| piece(&mut file))??;
        let requests = if with_requests { piece(&mut file)? } else { Vec::new() };
        let (end, link, mut index) = Index::sums(&sums)?;
        let mut source = Source::new(&requests);
        while !source.is_empty() {
            let day = Day::from_number(i32::from_le_bytes(source.array()?));
            index.requests.push((day, u128::from_le_bytes(source.array()?)));
        }
        Some((end, link, index))
    }

    fn sums(bytes: &[u8]) -> Option<(u32, Link, Index)> {
        let mut source = Source::new(bytes);
        let (end, link) = (source.u32()?, source.array()?);
        let mut index = Index { entries: source.u64()?, ..Index::default() };
        for _ in 0..source.count()? {
            let row = source.bytes()?;
            let mut next = || source.u64().map(u64::cast_signed);
            let tally = Tally { checks: next()?, feedback: next()?, with_hits: next()?, answered: next()? };
            let day = Day::from_number(i32::from_le_bytes(*row.first_chunk()?));
            index.rows.entry(day).or_default().insert(row.into(), tally);
        }
        for _ in 0..source.count()? {
            index.events.push(take_event(&mut source)?);
        }
        source.is_empty().then_some((end, link, index))
    }
}

/// A piece behind its length and sum.
fn piece(file: &mut File) -> Option<Vec<u8>> {
    let mut head = [0; 16];
    file.read_exact(&mut head).ok()?;
    let (length, sum) = head.split_at(8);
    let length = u64::from_le_bytes(length.try_into().ok()?);
    if length > file.metadata().ok()?.len() {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.read_exact(&mut bytes).ok()?;
    (xxh3_64(&bytes).to_le_bytes() == *sum).then_some(bytes)
}

fn put_event(out: &mut Vec<u8>, (check, id, event): &(Place, Id, Event)) {
    out.extend_from_slice(&check.segment.to_le_bytes());
    out.extend_from_slice(&check.offset.to_le_bytes());
    out.extend_from_slice(&id.bytes());
    match event {
        Event::Given { request, digest } => {
            out.push(u8::from(request.is_some()));
            out.extend_from_slice(&request.unwrap_or_default().to_le_bytes());
            out.extend_from_slice(digest);
        }
        Event::Cancelled { by } => {
            out.push(2);
            out.extend_from_slice(&by.bytes());
        }
    }
}

fn take_event(source: &mut Source<'_>) -> Option<(Place, Id, Event)> {
    let check = Place { segment: source.u32()?, offset: source.u32()? };
    let id = Id::from_bytes(source.array()?);
    let event = match source.byte()? {
        known @ (0 | 1) => {
            let request = u128::from_le_bytes(source.array()?);
            Event::Given { request: (known == 1).then_some(request), digest: source.array()? }
        }
        2 => Event::Cancelled { by: Id::from_bytes(source.array()?) },
        _ => return None,
    };
    Some((check, id, event))
}
