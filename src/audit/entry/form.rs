//! The bytes of an entry.

use super::{
    About, Body, Cancel, Check, Counted, Detail, Entry, Feedback, HitNote, Kind, MeasureNote, Outcome,
    Search, VERDICTS,
};
use crate::audit::codec::{Item, Packed, Source, item, put_bytes};
use crate::audit::id::Id;
use crate::domain::catalogue::{Effect, Stage};
use crate::domain::date::Day;
use crate::domain::record::RecordId;

/// The form that is written.
const VERSION: u8 = 1;
/// Stands where an entry has no stage or no verdict.
const NONE: u8 = 0xFF;

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
pub(in crate::audit) struct Glance<'a> {
    pub(in crate::audit) kind: Kind,
    pub(in crate::audit) has_hits: bool,
    /// As [`Counted::packed`] gives it.
    pub(in crate::audit) row: &'a [u8],
    pub(in crate::audit) request_id: &'a [u8],
}

impl<'a> Glance<'a> {
    /// Reads that much and no more.
    pub(in crate::audit) fn of(entry: &'a [u8]) -> Option<Glance<'a>> {
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
