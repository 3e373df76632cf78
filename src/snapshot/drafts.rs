//! What the writer is given: a subject with its names, entries and records, in words that it borrows where it can.

use super::{Digest, SubjectKey, Tag};
use crate::domain::catalogue::{Bars, Effect};
use crate::domain::date::Day;
use crate::domain::publication::Ending;
use crate::domain::record::{Event, RecordId, RecordKind};
use crate::domain::subject::{StateClass, SubjectKind};
use crate::domain::verdict::{Category, Relation};
use std::borrow::Cow;

/// Where something came from. Source stands in the part, file and line in the origins file beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance {
    /// Place of the source.
    pub source: u16,
    /// Place of the file among those that [`super::PartWriter::finish`] is given.
    pub file: u32,
    /// Line, from 1.
    pub line: u32,
}

/// Names of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamesDraft<'a> {
    /// Of an organisation, in the clear.
    Organisation {
        /// Current name; empty if unknown.
        current: Cow<'a, str>,
        /// Former names.
        former: Vec<Cow<'a, str>>,
    },
    /// Of a person.
    Person {
        /// Digest of the current name, with its mask; none if unknown.
        current: Option<(Digest, Cow<'a, str>)>,
        /// Digests of former names.
        former: Vec<Digest>,
    },
}

/// A correction of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDraft<'a> {
    /// What it does, and when.
    pub event: Event,
    /// Where it came from; of a correction from the store only the source is read.
    pub from: Provenance,
    /// Its number in the store; 0 if from a table.
    pub number: u32,
    /// Its instrument.
    pub document: Cow<'a, str>,
    /// Its authority.
    pub authority: Cow<'a, str>,
}

/// What checks read of a record: a list entry, a penalty, a commitment or an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryDraft<'a> {
    /// Name of the record.
    pub record: RecordId,
    /// What it is; none: an evaluation.
    pub category: Option<Category>,
    /// What it means.
    pub effect: Effect,
    /// Whose it is.
    pub relation: Relation,
    /// Its table says that it is under objection.
    pub objection: bool,
    /// What it bars.
    pub bars: Bars,
    /// Its own date.
    pub since: Day,
    /// First visible day.
    pub from: Day,
    /// Last visible day.
    pub until: Option<Day>,
    /// Source.
    pub source: u16,
    /// Authority.
    pub authority: Cow<'a, str>,
    /// Title; none: the list's. Of an evaluation its kind.
    pub title: Option<Cow<'a, str>>,
    /// Grade of an evaluation, and its place among the triggers.
    pub grade: Option<(Cow<'a, str>, Option<u16>)>,
    /// Document number.
    pub document: Option<Cow<'a, str>>,
    /// Corrections, by day and kind.
    pub events: Vec<EventDraft<'a>>,
}

/// A record as the dossier files it.
#[derive(Debug, Clone, PartialEq)]
pub struct FiledDraft<'a> {
    /// Name of the record.
    pub record: RecordId,
    /// Its kind.
    pub kind: RecordKind,
    /// Its table says that it is under objection.
    pub objection: bool,
    /// Its table says that it is revoked.
    pub revoked: bool,
    /// Its class is never published.
    pub unpublished: bool,
    /// What ends it.
    pub ending: Ending,
    /// Place of the rule that gave its class.
    pub rule: Option<usize>,
    /// Where it came from.
    pub from_row: Provenance,
    /// Its date.
    pub date: Day,
    /// First visible day.
    pub from: Day,
    /// Last visible day.
    pub until: Option<Day>,
    /// Title.
    pub title: Option<Cow<'a, str>>,
    /// Authority.
    pub authority: Cow<'a, str>,
    /// Corrections, by day and kind.
    pub events: Vec<EventDraft<'a>>,
    /// Describing texts.
    pub texts: Vec<(Tag, Cow<'a, str>)>,
}

/// What ends a subject: everything that is neither an entry nor a record.
#[derive(Debug, Clone, PartialEq)]
pub struct SubjectDraft<'a> {
    /// What it is.
    pub kind: SubjectKind,
    /// State, its class and its source; none: a subject that only records name.
    pub state: Option<(Cow<'a, str>, StateClass, u16)>,
    /// Names.
    pub names: NamesDraft<'a>,
    /// Keys of older and former codes.
    pub aliases: Vec<SubjectKey>,
    /// Former codes in the clear.
    pub former_codes: Vec<Cow<'a, str>>,
    /// Older codes in the clear: kind and code.
    pub older_codes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Division.
    pub division: Option<Cow<'a, str>>,
    /// Occupation.
    pub occupation: Option<Cow<'a, str>>,
    /// Masked name of the legal representative.
    pub representative: Cow<'a, str>,
    /// Row of the register.
    pub from_row: Option<Provenance>,
}

/// A whole subject in one value, for small parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft<'a> {
    /// Its key.
    pub key: SubjectKey,
    /// Everything that is neither an entry nor a record.
    pub subject: SubjectDraft<'a>,
    /// What checks read, in the order in which they read it.
    pub entries: Vec<EntryDraft<'a>>,
    /// What reports show, by kind, date and id.
    pub records: Vec<FiledDraft<'a>>,
}
