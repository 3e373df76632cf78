//! What the writer is given: a subject with its names, entries and records, in words.

use super::{Digest, SubjectKey, Tag};
use crate::domain::catalogue::{Bars, Effect};
use crate::domain::date::Day;
use crate::domain::publication::Ending;
use crate::domain::record::{Event, RecordId, RecordKind};
use crate::domain::subject::{StateClass, SubjectKind};
use crate::domain::verdict::{Category, Relation};

/// Where something came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Place of the source.
    pub source: u16,
    /// File below the dataset folder.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

/// Names of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamesDraft {
    /// Of an organisation, in the clear.
    Organisation {
        /// Current name; empty if unknown.
        current: String,
        /// Former names.
        former: Vec<String>,
    },
    /// Of a person.
    Person {
        /// Digest of the current name, with its mask; none if unknown.
        current: Option<(Digest, String)>,
        /// Digests of former names.
        former: Vec<Digest>,
    },
}

/// A correction of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDraft {
    /// What it does, and when.
    pub event: Event,
    /// Where it came from.
    pub from: Provenance,
    /// Its number in the store; 0 if from a table.
    pub number: u32,
    /// Its instrument.
    pub document: String,
    /// Its authority.
    pub authority: String,
}

/// What checks read of a record: a list entry, a penalty, a commitment or an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryDraft {
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
    pub authority: String,
    /// Title; none: the list's. Of an evaluation its kind.
    pub title: Option<String>,
    /// Grade of an evaluation, and its place among the triggers.
    pub grade: Option<(String, Option<u16>)>,
    /// Document number.
    pub document: Option<String>,
    /// Corrections, by day and kind.
    pub events: Vec<EventDraft>,
}

/// A record as the dossier files it.
#[derive(Debug, Clone, PartialEq)]
pub struct FiledDraft {
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
    pub title: Option<String>,
    /// Authority.
    pub authority: String,
    /// Corrections, by day and kind.
    pub events: Vec<EventDraft>,
    /// Describing texts.
    pub texts: Vec<(Tag, String)>,
}

/// A subject as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Its key.
    pub key: SubjectKey,
    /// What it is.
    pub kind: SubjectKind,
    /// State, its class and its source; none: a subject that only records name.
    pub state: Option<(String, StateClass, u16)>,
    /// Names.
    pub names: NamesDraft,
    /// Keys of older and former codes.
    pub aliases: Vec<SubjectKey>,
    /// Former codes in the clear.
    pub former_codes: Vec<String>,
    /// Older codes in the clear: kind and code.
    pub older_codes: Vec<(String, String)>,
    /// Division.
    pub division: Option<String>,
    /// Occupation.
    pub occupation: Option<String>,
    /// Masked name of the legal representative.
    pub representative: String,
    /// Row of the register.
    pub from_row: Option<Provenance>,
    /// What checks read, in the order in which they read it.
    pub entries: Vec<EntryDraft>,
    /// What reports show.
    pub records: Vec<FiledDraft>,
}
