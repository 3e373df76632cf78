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

use super::codec::{Item, Packed, Source, item, put_bytes};
use super::id::Id;
use crate::domain::catalogue::{Effect, Stage};
use crate::domain::date::Day;
use crate::domain::record::RecordId;
use crate::domain::verdict::Verdict;

/// The form that is written.
const VERSION: u8 = 1;
/// Stands where an entry has no stage or no verdict.
const NONE: u8 = 0xFF;

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

impl<'a> Counted<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.day.number().to_le_bytes());
        out.push(self.stage.map_or(NONE, Stage::code));
        out.push(self.verdict.map_or(NONE, |verdict| verdict as u8));
        for text in [self.client, self.division, self.matter] {
            put_bytes(out, text.as_bytes());
        }
    }

    /// As one piece of bytes: equal where all of it is equal.
    pub fn packed(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    /// Reads what [`Counted::packed`] gave.
    pub fn unpack(bytes: &'a [u8]) -> Option<Counted<'a>> {
        let mut source = Source::new(bytes);
        let day = Day::from_number(i32::from_le_bytes(source.array()?));
        let stage = match source.byte()? {
            NONE => None,
            code => Some(Stage::from_code(code)?),
        };
        let verdict = match source.byte()? {
            NONE => None,
            code => Some(*VERDICTS.get(usize::from(code))?),
        };
        let (client, division, matter) = (source.text()?, source.text()?, source.text()?);
        source.is_empty().then_some(Counted { day, stage, verdict, client, division, matter })
    }
}

impl<'a> Entry<'a> {
    /// Appends the entry. Allocates nothing but the buffer.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[VERSION, self.body.kind().code(), u8::from(self.has_hits())]);
        out.extend_from_slice(&self.time_us.to_le_bytes());
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        self.counted.put(out);
        let length = ((out.len() - start - 4) as u32).to_le_bytes();
        out[start..start + 4].copy_from_slice(&length);
        let texts = [self.request_id, self.purpose, self.case, self.operator, self.authorization];
        for text in texts.into_iter().chain([self.traceparent, self.release]) {
            put_bytes(out, text.as_bytes());
        }
        out.extend_from_slice(&self.corrections.to_le_bytes());
        self.put_body(out);
    }

    fn put_body(&self, out: &mut Vec<u8>) {
        match &self.body {
            Body::Check(check) => {
                check.about.put(out);
                out.push(u8::from(check.linked));
                check.hits.put(out);
                check.measures.put(out);
            }
            Body::Detail(detail) => {
                detail.about.put(out);
                detail.records.put(out);
            }
            Body::Search(search) => search.found.put(out),
            Body::Feedback(feedback) => {
                out.extend_from_slice(&feedback.check.bytes());
                put_bytes(out, feedback.row);
                out.extend_from_slice(&feedback.digest);
                feedback.items.put(out);
            }
            Body::Cancel(cancel) => {
                out.extend_from_slice(&cancel.feedback.bytes());
                out.extend_from_slice(&cancel.check.bytes());
                put_bytes(out, cancel.row);
                put_bytes(out, cancel.reason.as_bytes());
            }
        }
    }

    /// Reads an entry; `None` if it is damaged, or of a version that this program does not know.
    pub fn decode(bytes: &'a [u8]) -> Option<Entry<'a>> {
        let mut source = Source::new(bytes);
        if source.byte()? != VERSION {
            return None;
        }
        let kind = Kind::from_code(source.byte()?)?;
        let hits = source.byte()?;
        let time_us = source.u64()?;
        let length = source.u32()? as usize;
        let counted = Counted::unpack(source.take(length)?)?;
        let entry = Entry {
            time_us,
            counted,
            request_id: source.text()?,
            purpose: source.text()?,
            case: source.text()?,
            operator: source.text()?,
            authorization: source.text()?,
            traceparent: source.text()?,
            release: source.text()?,
            corrections: source.u64()?,
            body: Body::take(kind, &mut source)?,
        };
        (source.is_empty() && hits == u8::from(entry.has_hits())).then_some(entry)
    }

    fn has_hits(&self) -> bool {
        matches!(&self.body, Body::Check(check) if !check.hits.is_empty())
    }
}

/// What counting needs of an entry.
pub(super) struct Glance<'a> {
    pub(super) kind: Kind,
    pub(super) has_hits: bool,
    /// As [`Counted::packed`] gives it.
    pub(super) row: &'a [u8],
    pub(super) request_id: &'a [u8],
}

impl<'a> Glance<'a> {
    /// Reads that much and no more.
    pub(super) fn of(entry: &'a [u8]) -> Option<Glance<'a>> {
        let mut source = Source::new(entry);
        let (_, kind) = (source.byte()?, Kind::from_code(source.byte()?)?);
        let has_hits = source.byte()? != 0;
        source.u64()?;
        let length = source.u32()? as usize;
        Some(Glance { kind, has_hits, row: source.take(length)?, request_id: source.bytes()? })
    }
}

impl<'a> Body<'a> {
    fn take(kind: Kind, source: &mut Source<'a>) -> Option<Body<'a>> {
        Some(match kind {
            Kind::Check => Body::Check(Check {
                about: About::take(source)?,
                linked: match source.byte()? {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
                hits: Packed::take::<HitNote<'_>>(source)?,
                measures: Packed::take::<MeasureNote<'_>>(source)?,
            }),
            Kind::Detail => Body::Detail(Detail {
                about: About::take(source)?,
                records: Packed::take::<RecordId>(source)?,
            }),
            Kind::Search => Body::Search(Search { found: Packed::take::<&str>(source)? }),
            Kind::Feedback => Body::Feedback(Feedback {
                check: Id::from_bytes(source.array()?),
                row: source.bytes()?,
                digest: source.array()?,
                items: Packed::take::<Outcome<'_>>(source)?,
            }),
            Kind::Cancel => Body::Cancel(Cancel {
                feedback: Id::from_bytes(source.array()?),
                check: Id::from_bytes(source.array()?),
                row: source.bytes()?,
                reason: source.text()?,
            }),
        })
    }
}

impl<'a> About<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.asked);
        put_bytes(out, self.found);
        out.extend_from_slice(&self.key);
    }

    fn take(source: &mut Source<'a>) -> Option<About<'a>> {
        Some(About { asked: source.bytes()?, found: source.bytes()?, key: source.array()? })
    }
}

impl<'a> Item<'a> for RecordId {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn take(bytes: &mut &'a [u8]) -> Option<RecordId> {
        item(bytes, |source| source.array().map(RecordId))
    }
}

impl<'a> Item<'a> for &'a str {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.as_bytes());
    }

    fn take(bytes: &mut &'a [u8]) -> Option<&'a str> {
        item(bytes, Source::text)
    }
}

impl<'a> Item<'a> for HitNote<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        self.record.put(out);
        put_bytes(out, self.category.as_bytes());
        put_bytes(out, self.list.as_bytes());
        out.extend_from_slice(&[self.effect.code(), u8::from(self.objection)]);
        put_bytes(out, self.relation.as_bytes());
        out.extend_from_slice(&self.until.number().to_le_bytes());
    }

    fn take(bytes: &mut &'a [u8]) -> Option<HitNote<'a>> {
        item(bytes, |source| {
            Some(HitNote {
                record: RecordId(source.array()?),
                category: source.text()?,
                list: source.text()?,
                effect: Effect::from_code(source.byte()?)?,
                objection: match source.byte()? {
                    0 => false,
                    1 => true,
                    _ => return None,
                },
                relation: source.text()?,
                until: Day::from_number(i32::from_le_bytes(source.array()?)),
            })
        })
    }
}

impl<'a> Item<'a> for MeasureNote<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.code.as_bytes());
        self.because.put(out);
    }

    fn take(bytes: &mut &'a [u8]) -> Option<MeasureNote<'a>> {
        item(bytes, |source| {
            Some(MeasureNote { code: source.text()?, because: Packed::take::<RecordId>(source)? })
        })
    }
}

impl<'a> Item<'a> for Outcome<'a> {
    fn put(&self, out: &mut Vec<u8>) {
        match self.record {
            Some(record) => {
                out.push(1);
                record.put(out);
            }
            None => out.push(0),
        }
        for text in [self.measure, self.outcome, self.reason, self.note] {
            put_bytes(out, text.as_bytes());
        }
    }

    fn take(bytes: &mut &'a [u8]) -> Option<Outcome<'a>> {
        item(bytes, |source| {
            let record = match source.byte()? {
                0 => None,
                1 => Some(RecordId(source.array()?)),
                _ => return None,
            };
            let (measure, outcome, reason, note) =
                (source.text()?, source.text()?, source.text()?, source.text()?);
            Some(Outcome { record, measure, outcome, reason, note })
        })
    }
}
