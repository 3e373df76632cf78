//! The rows of a partition as bytes: where each stands, and what can be read of it without unpacking the rest.

use super::pack;
use super::route::{CARRIED, ITEM_HEAD, STRANGER, kind};
use super::spill::codec::{Unpacker, put_option};
use super::work::damaged;
use crate::facts::{Named, RecordFact};
use std::io;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::record::RecordId;
use xinhe::domain::subject::SubjectKind;
use xinhe::snapshot::{Digest, SubjectKey};

/// Where an item stands, in the order in which subjects are encoded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub hash: u64,
    pub kind: u8,
    pub id: RecordId,
    pub at: usize,
}

/// The item that begins at a place.
pub(crate) fn item_at(bytes: &[u8], at: usize) -> &[u8] {
    let length = bytes.get(at.wrapping_sub(4)..at).and_then(|length| length.first_chunk::<4>());
    let length = length.map_or(0, |length| u32::from_le_bytes(*length) as usize);
    bytes.get(at..at + length).unwrap_or_default()
}

/// A subject that is known by its key alone: its record is carried forward, and a release keeps no person's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ByKey {
    /// The key.
    pub key: SubjectKey,
    /// What it is.
    pub kind: SubjectKind,
    /// Of a person: the digest of the name, and its mask.
    pub name: Option<(Digest, String)>,
}

impl ByKey {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key.to_bytes());
        out.push(self.kind.code());
        put_option(out, self.name.as_ref().map(|(_, mask)| mask.as_str()));
        if let Some((digest, _)) = &self.name {
            out.extend_from_slice(digest);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<ByKey> {
        let key = SubjectKey::from_bytes(from.array()?)?;
        let kind = SubjectKind::from_code(from.byte()?)?;
        let name = match from.option()?.map(str::to_owned) {
            Some(mask) => Some((from.array()?, mask)),
            None => None,
        };
        Some(ByKey { key, kind, name })
    }
}

/// A row is found again by its place among those of the subject.
pub(crate) fn record<'p>(rows: &'p [u8], place: &Place) -> io::Result<RecordFact<'p>> {
    let mut whose = Whose::read(rows, place).ok_or_else(damaged)?;
    pack::record(&mut whose.rest).ok_or_else(damaged)
}

/// What stands before a packed record.
struct Whose<'p> {
    /// The group that the row names.
    group: u32,
    /// Of a stranger's row: its main code, and which of its codes the register gives to somebody.
    stranger: Option<(Identifier, u16)>,
    /// Of a row that is carried forward for a subject of whom only the key is known.
    by_key: Option<ByKey>,
    rest: Unpacker<'p>,
}

impl<'p> Whose<'p> {
    fn read(rows: &'p [u8], place: &Place) -> Option<Whose<'p>> {
        let mut from = Unpacker(item_at(rows, place.at));
        from.bytes(ITEM_HEAD)?;
        if place.kind == kind::LINKED {
            // The source, and what it is to the subject.
            from.bytes(9)?;
        }
        let group = from.u32()?;
        let stranger = match (group, place.kind) {
            (STRANGER, kind::RECORD) => Some((from.optional_identifier()??, from.u16()?)),
            _ => None,
        };
        let by_key = match (group, place.kind) {
            (CARRIED, kind::RECORD) => Some(ByKey::unpack(&mut from)?),
            _ => None,
        };
        Some(Whose { group, stranger, by_key, rest: from })
    }
}

/// What the rows of a subject are joined by, without the rest of them.
pub(crate) struct Peek {
    pub group: u32,
    pub stranger: Option<(Identifier, u16)>,
    pub by_key: Option<ByKey>,
    pub source: u16,
    pub named: Named<'static>,
}

pub(crate) fn peek(rows: &[u8], place: &Place) -> io::Result<Peek> {
    let Whose { group, stranger, by_key, mut rest } = Whose::read(rows, place).ok_or_else(damaged)?;
    let (source, named) = pack::peek(&mut rest).ok_or_else(damaged)?;
    Ok(Peek { group, stranger, by_key, source, named })
}
