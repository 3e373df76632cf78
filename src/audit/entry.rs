//! An entry (留痕): one answered request, as the log keeps it.
//!
//! Layout, version 1, little-endian; a *text* is bytes behind their length, a *list* a count, then its bytes behind
//! their length:
//! ```text
//! version u8 · kind u8 · has hits u8 · time u64
//! counted: length u32, then  day i32 · stage u8 · verdict u8 · client · division · matter
//! request_id · purpose · case · operator · authorisation · traceparent · release   texts
//! corrections u64 · what the kind adds
//! ```
//! What usage counts by stands first and in one piece, so that counting compares bytes. A person stands as the keyed
//! digest that the caller gives; an entry knows no name.

mod form;

pub(in crate::audit) use form::Glance;

use super::codec::Packed;
use super::id::Id;
use crate::domain::catalogue::{Effect, Stage};
use crate::domain::date::Day;
use crate::domain::record::RecordId;
use crate::domain::verdict::Verdict;

/// The verdicts in the order of their stable numbers.
pub const VERDICTS: [Verdict; 6] = [
    Verdict::Unknown,
    Verdict::Restricted,
    Verdict::Attention,
    Verdict::Incomplete,
    Verdict::Favoured,
    Verdict::Clear,
];

/// What was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A check.
    Check,
    /// The report of a subject.
    Detail,
    /// A search by name.
    Search,
    /// What was done after a check.
    Feedback,
    /// A feedback taken back.
    Cancel,
}

impl Kind {
    /// All kinds, in the order of their stable numbers.
    pub const ALL: [Kind; 5] = [Kind::Check, Kind::Detail, Kind::Search, Kind::Feedback, Kind::Cancel];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Check => "check",
            Kind::Detail => "detail",
            Kind::Search => "search",
            Kind::Feedback => "feedback",
            Kind::Cancel => "cancel",
        }
    }

    /// A stable number for files.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The kind with this stable number.
    pub fn from_code(code: u8) -> Option<Kind> {
        Kind::ALL.get(usize::from(code)).copied()
    }
}

/// An entry. Everything is borrowed: from a request when it is written, from the log when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// When, in microseconds since 1970-01-01T00:00:00Z.
    pub time_us: u64,
    /// What usage counts by.
    pub counted: Counted<'a>,
    /// The caller's number of the request; may be empty, as all texts here.
    pub request_id: &'a str,
    /// What for.
    pub purpose: &'a str,
    /// Number of the case.
    pub case: &'a str,
    /// Who, at the caller's.
    pub operator: &'a str,
    /// Number of the person's authorisation.
    pub authorization: &'a str,
    /// The caller's trace (W3C Trace Context).
    pub traceparent: &'a str,
    /// The release that answered.
    pub release: &'a str,
    /// Number of the last correction that was in effect.
    pub corrections: u64,
    /// What the kind adds.
    pub body: Body<'a>,
}

/// What usage counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted<'a> {
    /// The day in UTC+8 for which it was answered.
    pub day: Day,
    /// The stage of a check.
    pub stage: Option<Stage>,
    /// The verdict of a check.
    pub verdict: Option<Verdict>,
    /// Who asked.
    pub client: &'a str,
    /// The client's division.
    pub division: &'a str,
    /// Code of the matter.
    pub matter: &'a str,
}

/// What the kind of an entry adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// A check.
    Check(Check<'a>),
    /// The report of a subject.
    Detail(Detail<'a>),
    /// A search by name.
    Search(Search<'a>),
    /// What was done after a check.
    Feedback(Feedback<'a>),
    /// A feedback taken back.
    Cancel(Cancel<'a>),
}

/// Whom an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    /// Key of the number that was asked: an organisation's normalised code in the clear, else a keyed digest.
    pub asked: &'a [u8],
    /// Key of the subject that was found, which may bear another code; empty: unknown.
    pub found: &'a [u8],
    /// The person key of the digests.
    pub key: [u8; 8],
}

/// A check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check<'a> {
    /// Whom it is about.
    pub about: About<'a>,
    /// Entries of linked persons were shown.
    pub linked: bool,
    /// The hits: [`HitNote`]s.
    pub hits: Packed<'a>,
    /// The measures: [`MeasureNote`]s.
    pub measures: Packed<'a>,
}

/// The report of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail<'a> {
    /// Whom it is about.
    pub about: About<'a>,
    /// The records shown: [`RecordId`]s.
    pub records: Packed<'a>,
}

/// A search by name. The name is not kept: somebody may have typed a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search<'a> {
    /// Codes of the organisations found: `&str`s.
    pub found: Packed<'a>,
}

/// What was done after a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feedback<'a> {
    /// The check.
    pub check: Id,
    /// What usage counts the check by, as [`Counted::packed`] gives it.
    pub row: &'a [u8],
    /// Keyed digest of the body, to tell a repetition from another feedback.
    pub digest: [u8; 16],
    /// What was done: [`Outcome`]s.
    pub items: Packed<'a>,
}

/// A feedback taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancel<'a> {
    /// The feedback.
    pub feedback: Id,
    /// The check that it was about.
    pub check: Id,
    /// What usage counts the check by.
    pub row: &'a [u8],
    /// Why.
    pub reason: &'a str,
}

/// A hit of a check: what is needed to name it, and to leave it out once it is no longer visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HitNote<'a> {
    /// The record; [`RecordId::STATE`] of a state.
    pub record: RecordId,
    /// The contract's word: `list`, `penalty`, `commitment`, `state`.
    pub category: &'a str,
    /// Code of the list; empty for all else.
    pub list: &'a str,
    /// What it means for the verdict.
    pub effect: Effect,
    /// It was under objection.
    pub objection: bool,
    /// The relation of another's entry; empty: the subject's own.
    pub relation: &'a str,
    /// Its last day; [`Day::OPEN`]: none.
    pub until: Day,
}

/// A measure of a check, with the records that triggered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasureNote<'a> {
    /// Its code.
    pub code: &'a str,
    /// The records: [`RecordId`]s.
    pub because: Packed<'a>,
}

/// What was done about one hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The record; none: the measure alone.
    pub record: Option<RecordId>,
    /// Code of the measure; may be empty.
    pub measure: &'a str,
    /// The contract's word: `enforced`, `not_enforced`, `granted`, `not_granted`.
    pub outcome: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Anything else.
    pub note: &'a str,
}

impl Body<'_> {
    /// The kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Body::Check(_) => Kind::Check,
            Body::Detail(_) => Kind::Detail,
            Body::Search(_) => Kind::Search,
            Body::Feedback(_) => Kind::Feedback,
            Body::Cancel(_) => Kind::Cancel,
        }
    }
}
