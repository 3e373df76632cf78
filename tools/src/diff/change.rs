//! One line of the feed.

use serde::Serialize;
use std::fmt;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The catalogue is another; `old` and `new` are its SHA-256.
    CatalogueChanged,
    /// Only the new catalogue has this matter. Its verdicts are not compared.
    MatterAdded,
    /// Only the old catalogue has this matter.
    MatterRemoved,
    /// The sources of this list have grown too old: checks that need it are `incomplete`.
    ListStale,
    /// They are young enough again.
    ListFresh,
    /// An organisation that the old release lacks.
    SubjectNew,
    /// An organisation that the new release lacks.
    SubjectGone,
    /// An organisation goes by another code; `why` is `code`, or `folded` if it joined another that was there.
    CodeChanged,
    /// The state of registration or what it means.
    StateChanged,
    /// It stands on a list.
    ListEntered,
    /// It no longer does.
    ListLeft,
    /// A penalty counts.
    PenaltyBegan,
    /// It no longer does.
    PenaltyEnded,
    /// A broken commitment counts.
    CommitmentBegan,
    /// It no longer does.
    CommitmentEnded,
    /// An entry that counts before and after changed in `what`: record (its name), until, objection, effect,
    /// title or fulfilment.
    EntryChanged,
    /// The latest evaluation of a kind (`title`) has another grade; without `old` or `new` there was, or is, none.
    GradeChanged,
    /// A check for this matter is answered otherwise.
    VerdictChanged,
    /// How many persons are new and gone; they are not listed.
    PersonsCounted,
    /// Persons were not compared: the releases keep them under different secrets.
    PersonsLeftOut,
}

/// A subject as the feed tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Told<'a> {
    /// What it is.
    pub kind: &'static str,
    /// Its current code; never of a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    /// Its name; a person's is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
}

/// A change. What does not belong to its event is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change<'a> {
    /// What happened.
    pub event: Event,
    /// The day on which the new release is judged.
    pub day: String,
    /// To whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Told<'a>>,
    /// For which matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matter: Option<&'a str>,
    /// On which list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<&'a str>,
    /// Title of the list, kinds of the penalty, type of the commitment, kind of the evaluation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    /// What the entry means: punish, attention, favour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<&'static str>,
    /// Name of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Of a verdict: the records that count in one release only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<String>,
    /// Document number; never of a person's record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<&'a str>,
    /// Authority; never of a person's record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<&'a str>,
    /// The record's own date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Why it counts, or no longer counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
    /// What of the entry changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<&'static str>,
    /// How it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// How it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
}

/// Why an entry counts, no longer counts, or a subject has another code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Only the new release holds the record.
    New,
    /// Its first day has come.
    Began,
    /// Hidden or over before, it counts again.
    Restored,
    /// The new release does not hold the record.
    Removed,
    /// Its last day has passed.
    Expired,
    /// A correction hides it.
    Corrected,
    /// Its first day lies ahead.
    NotYet,
    /// The subject's code changed.
    Code,
    /// The subject was folded into another.
    Folded,
}

impl<'a> Change<'a> {
    /// With nothing but event and day.
    pub(super) fn of(event: Event, day: impl fmt::Display) -> Change<'a> {
        Change {
            event,
            day: day.to_string(),
            subject: None,
            matter: None,
            list: None,
            title: None,
            effect: None,
            record: None,
            records: Vec::new(),
            document: None,
            authority: None,
            since: None,
            until: None,
            why: None,
            what: None,
            old: None,
            new: None,
        }
    }
}
