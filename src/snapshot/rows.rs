//! The rows of a part. Fields are read when asked for; offsets stand in `mod.rs`.

use super::digest::SubjectKey;
use super::dossier::RowPlace;
use super::layout::*;
use crate::domain::catalogue::{Bars, Effect};
use crate::domain::date::Day;
use crate::domain::record::{CorrectionKind, Event, Fulfilment, RecordId};
use crate::domain::subject::{StateClass, SubjectKind};
use crate::domain::verdict::Relation;

/// Stands for the source of what no table gave: an urgent entry of the store.
pub const NO_SOURCE: u16 = u16::MAX;

/// A subject's row.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub(super) row: &'a [u8],
    /// Place in the part.
    pub place: u32,
}

impl<'a> Standing<'a> {
    /// The row of a subject that no part holds: in no register, without name, state, entries and dossier.
    pub(super) fn stranger(key: &SubjectKey, kind: SubjectKind) -> [u8; STANDING_SIZE] {
        let mut row = [0; STANDING_SIZE];
        row[0] = key.kind;
        row[1] = kind.code();
        put(&mut row, 8, &key.bytes);
        put(&mut row, 40, &NO_STRING.to_le_bytes());
        row
    }

    pub(super) fn of_stranger(row: &'a [u8; STANDING_SIZE]) -> Standing<'a> {
        Standing { row, place: u32::MAX }
    }

    pub(super) fn is(&self, key: &SubjectKey) -> bool {
        self.row[0] == key.kind && self.row[8..32] == key.bytes
    }

    /// The key.
    pub fn key(&self) -> SubjectKey {
        SubjectKey::from_parts(self.row[0], bytes_at(self.row, 8))
    }

    /// The current code, if it is kept in the clear.
    pub fn code(&self) -> Option<&'a str> {
        crate::domain::identifier::IdKind::from_code(self.row[0])?;
        let code = &self.row[8..32];
        let end = code.iter().position(|byte| *byte == 0).unwrap_or(code.len());
        std::str::from_utf8(&code[..end]).ok()
    }

    /// What the subject is.
    pub fn kind(&self) -> SubjectKind {
        SubjectKind::from_code(self.row[1] & 3).unwrap_or(SubjectKind::Organisation)
    }

    /// Whether a register knows it.
    pub fn is_registered(&self) -> bool {
        self.row[1] & 4 != 0
    }

    /// What its state means; none for a stub.
    pub fn state_class(&self) -> Option<StateClass> {
        (self.row[1] >> 3 & 7).checked_sub(1).and_then(StateClass::from_code)
    }

    /// The state, a string of the part.
    pub fn state(&self) -> u32 {
        u32_at(self.row, 40)
    }

    /// The source that gave the state.
    pub fn state_source(&self) -> u16 {
        u16_at(self.row, 2)
    }

    /// Number of its entries.
    pub fn entries(&self) -> u32 {
        u32_at(self.row, 44)
    }
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryCategory {
    /// Of a list.
    List,
    /// A penalty.
    Penalty,
    /// A commitment that is, or will be, broken.
    Commitment,
    /// An evaluation.
    Evaluation,
}

/// An entry's row. Fields are read when asked for.
#[derive(Debug, Clone, Copy)]
pub struct EntryRow<'a> {
    pub(super) row: &'a [u8],
    /// Place in the part.
    pub place: u32,
}

impl EntryRow<'_> {
    /// Name of the record.
    pub fn record(&self) -> RecordId {
        RecordId(bytes_at(self.row, 0))
    }

    /// What it is.
    pub fn category(&self) -> EntryCategory {
        match self.row[16] {
            0 => EntryCategory::List,
            1 => EntryCategory::Penalty,
            2 => EntryCategory::Commitment,
            _ => EntryCategory::Evaluation,
        }
    }

    /// What it means.
    pub fn effect(&self) -> Effect {
        Effect::from_code(self.row[17]).unwrap_or(Effect::Punish)
    }

    fn flags(&self) -> u16 {
        u16_at(self.row, 18)
    }

    /// Its table says that it is under objection.
    pub fn objection(&self) -> bool {
        self.flags() & 1 != 0
    }

    /// What it bars.
    pub fn bars(&self) -> Bars {
        Bars((self.flags() >> 1 & 3) as u8)
    }

    /// Whose it is.
    pub fn relation(&self) -> Relation {
        match self.flags() >> 3 & 3 {
            1 => Relation::LegalRepresentative,
            2 => Relation::Represents,
            _ => Relation::Own,
        }
    }

    /// How far a commitment was kept.
    pub fn fulfilment(&self) -> Fulfilment {
        Fulfilment::ALL[usize::from(self.flags() >> 5 & 3)]
    }

    /// Index of the list, or of the trigger of a grade.
    pub fn list(&self) -> Option<u16> {
        Some(u16_at(self.row, 20)).filter(|list| *list != u16::MAX)
    }

    /// The source.
    pub fn source(&self) -> u16 {
        u16_at(self.row, 22)
    }

    /// Its own date.
    pub fn since(&self) -> Day {
        Day::from_number(i32_at(self.row, 24))
    }

    /// First visible day.
    pub fn from(&self) -> Day {
        Day::from_number(i32_at(self.row, 28))
    }

    /// Last visible day.
    pub fn until(&self) -> Day {
        Day::from_number(i32_at(self.row, 32))
    }

    /// Bits of a penalty's kinds.
    pub fn penalty_bits(&self) -> u32 {
        u32_at(self.row, 36)
    }

    /// Grade of an evaluation, a string of the part.
    pub fn grade(&self) -> u32 {
        u32_at(self.row, 36)
    }

    /// The authority, a string of the part.
    pub fn authority(&self) -> u32 {
        u32_at(self.row, 40)
    }

    /// The title, a string of the part; none: the list's.
    pub fn title(&self) -> u32 {
        u32_at(self.row, 44)
    }

    /// Its corrections.
    pub fn events(&self) -> (u32, u16) {
        (u32_at(self.row, 56), u16_at(self.row, 60))
    }
}

/// A correction's row.
#[derive(Debug, Clone, Copy)]
pub struct EventRow<'a> {
    pub(super) row: &'a [u8],
    pub(super) format: u16,
}

impl EventRow<'_> {
    /// What it does, and when.
    pub fn event(&self) -> Event {
        let kind = CorrectionKind::from_code(self.row[4]).unwrap_or(CorrectionKind::Repaired);
        Event { day: Day::from_number(i32_at(self.row, 0)), kind }
    }

    /// Source and row, if it came from a table.
    pub fn origin(&self) -> Option<(u16, RowPlace)> {
        let place = match self.format {
            1 => RowPlace::Here { file: u32_at(self.row, 24), line: u32_at(self.row, 8) },
            _ => RowPlace::Origins(u64_at(self.row, 24)),
        };
        self.number().is_none().then_some((u16_at(self.row, 6), place))
    }

    /// Its number, if it came from the store.
    pub fn number(&self) -> Option<u32> {
        Some(u32_at(self.row, 12)).filter(|number| *number != 0)
    }

    /// Instrument and authority, strings of the part.
    pub fn strings(&self) -> (u32, u32) {
        (u32_at(self.row, 16), u32_at(self.row, 20))
    }
}
