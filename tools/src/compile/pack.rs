//! Facts and subjects as bytes. A record's row is kept once; fields that stand in it as written are spans of it.

use super::register::Group;
use super::spill::codec::{
    Unpacker, put_identifiers, put_length, put_option, put_optional_identifier, put_text,
};
use crate::facts::{
    CODES_MAX, Detail, Field, Named, Origin, RecordFact, Representative, SubjectFact, Version,
};
use arrayvec::ArrayVec;
use std::borrow::Cow;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::record::{Fine, Fulfilment};
use xinhe::domain::subject::SubjectKind;

/// Appends a record.
pub(crate) fn put_record(out: &mut Vec<u8>, fact: &RecordFact<'_>) {
    put_row(out, fact.origin, &fact.version);
    let row = fact.version.row;
    put_named(out, row, &fact.subject);
    put_day(out, Some(fact.date));
    out.push(u8::from(fact.revoked) | u8::from(fact.objection) << 1);
    put_span(out, row, Some(&fact.authority));
    put_span(out, row, fact.document.as_deref());
    put_detail(out, row, &fact.detail);
    put_length(out, fact.texts.len());
    for (field, text) in &fact.texts {
        out.push(*field as u8);
        put_span(out, row, Some(text));
    }
}

/// The record that [`put_record`] appended.
pub(crate) fn record<'a>(from: &mut Unpacker<'a>) -> Option<RecordFact<'a>> {
    let (origin, version, row) = row(from)?;
    let subject = named(from, row)?;
    let date = day(from)??;
    let flags = from.byte()?;
    let authority = span(from, row)??;
    let document = span(from, row)?;
    let detail = detail(from, row)?;
    let mut texts = ArrayVec::new();
    for _ in 0..from.length()? {
        let field = *Field::ALL.get(usize::from(from.byte()?))?;
        texts.try_push((field, span(from, row)??)).ok()?;
    }
    Some(RecordFact {
        origin,
        version,
        subject,
        date,
        authority,
        document,
        revoked: flags & 1 != 0,
        objection: flags & 2 != 0,
        detail,
        texts,
    })
}

/// Appends a row of the register.
pub(crate) fn put_subject(out: &mut Vec<u8>, fact: &SubjectFact<'_>) {
    put_row(out, fact.origin, &fact.version);
    let row = fact.version.row;
    put_named(out, row, &fact.named);
    out.push(fact.kind.map_or(u8::MAX, SubjectKind::code));
    put_length(out, fact.former_names.len());
    fact.former_names.iter().for_each(|name| put_span(out, row, Some(name)));
    put_identifiers(out, fact.former_codes.iter());
    put_optional_identifier(out, fact.successor.as_ref());
    for text in [&fact.state, &fact.division, &fact.occupation] {
        put_span(out, row, text.as_deref());
    }
    out.push(u8::from(fact.representative.is_some()));
    if let Some(one) = &fact.representative {
        put_span(out, row, one.name.as_deref());
        put_optional_identifier(out, one.document.as_ref());
    }
}

/// The row that [`put_subject`] appended.
pub(crate) fn subject<'a>(from: &mut Unpacker<'a>) -> Option<SubjectFact<'a>> {
    let (origin, version, row) = row(from)?;
    let named = named(from, row)?;
    let kind = SubjectKind::from_code(from.byte()?);
    let former_names = (0..from.length()?).map(|_| span(from, row)?).collect::<Option<_>>()?;
    Some(SubjectFact {
        origin,
        version,
        named,
        kind,
        former_names,
        former_codes: from.identifiers()?,
        successor: from.optional_identifier()?,
        state: span(from, row)?,
        division: span(from, row)?,
        occupation: span(from, row)?,
        representative: match from.byte()? {
            0 => None,
            _ => Some(Representative { name: span(from, row)?, document: from.optional_identifier()? }),
        },
    })
}

/// Appends a group.
pub(crate) fn put_group(out: &mut Vec<u8>, group: &Group) {
    out.push(group.kind.code() | u8::from(group.registered) << 7);
    put_identifiers(out, group.codes.iter());
    put_optional_identifier(out, group.document.as_ref());
    put_identifiers(out, group.former_codes.iter());
    put_option(out, group.name.as_deref());
    put_length(out, group.former_names.len());
    group.former_names.iter().for_each(|name| put_text(out, name));
    let (state, source) = group.state.as_ref().map_or((None, 0), |(state, source)| (Some(state), *source));
    put_option(out, state.map(String::as_str));
    out.extend_from_slice(&source.to_le_bytes());
    put_option(out, group.division.as_deref());
    put_option(out, group.occupation.as_deref());
    out.push(u8::from(group.representative.is_some()));
    if let Some(one) = &group.representative {
        put_option(out, one.name.as_deref());
        put_optional_identifier(out, one.document.as_ref());
    }
    out.push(u8::from(group.origin.is_some()));
    if let Some(origin) = group.origin {
        put_origin(out, origin);
    }
}

/// The group that [`put_group`] appended. Its successor is left out: it was followed.
pub(crate) fn group(from: &mut Unpacker<'_>) -> Option<Group> {
    let head = from.byte()?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let codes = from.identifiers()?;
    let document = from.optional_identifier()?;
    let former_codes = from.identifiers()?;
    let name = owned(from.option()?);
    let former_names = (0..from.length()?).map(|_| from.text().map(str::to_owned)).collect::<Option<_>>()?;
    let state = owned(from.option()?);
    let source = from.u16()?;
    Some(Group {
        registered: head & 0x80 != 0,
        kind: SubjectKind::from_code(head & 0x7F)?,
        codes,
        document,
        former_codes,
        strange_codes: Vec::new(),
        name,
        former_names,
        state: state.map(|state| (state, source)),
        successor: None,
        division: owned(from.option()?),
        occupation: owned(from.option()?),
        representative: match from.byte()? {
            0 => None,
            _ => Some(Representative {
                name: owned(from.option()?).map(Cow::Owned),
                document: from.optional_identifier()?,
            }),
        },
        origin: match from.byte()? {
            0 => None,
            _ => Some(origin(from)?),
        },
    })
}

fn put_origin(out: &mut Vec<u8>, origin: Origin) {
    out.extend_from_slice(&origin.source.to_le_bytes());
    out.extend_from_slice(&origin.file.to_le_bytes());
    out.extend_from_slice(&origin.line.to_le_bytes());
}

fn origin(from: &mut Unpacker<'_>) -> Option<Origin> {
    Some(Origin { source: from.u16()?, file: from.u32()?, line: from.u32()? })
}

fn put_row(out: &mut Vec<u8>, origin: Origin, version: &Version<'_>) {
    put_origin(out, origin);
    out.extend_from_slice(&version.changed.map_or(0, |changed| changed + 1).to_le_bytes());
    put_length(out, version.row.len());
    out.extend_from_slice(version.row);
}

fn row<'a>(from: &mut Unpacker<'a>) -> Option<(Origin, Version<'a>, &'a str)> {
    let origin = origin(from)?;
    let changed = from.u64()?.checked_sub(1);
    let length = from.length()?;
    let row = from.bytes(length)?;
    // Once for all of its fields.
    let text = simdutf8::basic::from_utf8(row).ok()?;
    Some((origin, Version { changed, row }, text))
}

/// Who is named by a record or a row of the register, and by which source; the rest stays packed.
pub(crate) fn peek(from: &mut Unpacker<'_>) -> Option<(u16, Named<'static>)> {
    let source = origin(from)?.source;
    from.u64()?;
    let length = from.length()?;
    from.bytes(length)?;
    Some((source, Named { codes: codes(from)?, document: from.optional_identifier()?, name: None }))
}

fn put_named(out: &mut Vec<u8>, row: &[u8], named: &Named<'_>) {
    put_identifiers(out, named.codes.iter());
    put_optional_identifier(out, named.document.as_ref());
    put_span(out, row, named.name.as_deref());
}

fn codes(from: &mut Unpacker<'_>) -> Option<ArrayVec<Identifier, CODES_MAX>> {
    let mut codes = ArrayVec::new();
    for _ in 0..from.length()? {
        codes.try_push(from.identifier()?).ok()?;
    }
    Some(codes)
}

fn named<'a>(from: &mut Unpacker<'a>, row: &'a str) -> Option<Named<'a>> {
    Some(Named { codes: codes(from)?, document: from.optional_identifier()?, name: span(from, row)? })
}

/// 0: none; an odd number: length of a span and its start; else a length and the text itself.
fn put_span(out: &mut Vec<u8>, row: &[u8], text: Option<&str>) {
    let Some(text) = text else { return out.push(0) };
    // Addresses are compared, never followed: a text that borrows from the row lies within it.
    let (start, row_start) = (text.as_ptr().addr(), row.as_ptr().addr());
    match start.checked_sub(row_start).filter(|at| at + text.len() <= row.len() && !text.is_empty()) {
        Some(at) => {
            put_length(out, text.len() << 1 | 1);
            put_length(out, at);
        }
        None => {
            put_length(out, (text.len() + 1) << 1);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn span<'a>(from: &mut Unpacker<'a>, row: &'a str) -> Option<Option<Cow<'a, str>>> {
    let head = from.length()?;
    let text = match (head, head & 1) {
        (0, _) => return Some(None),
        (_, 0) => std::str::from_utf8(from.bytes((head >> 1) - 1)?).ok()?,
        _ => {
            let start = from.length()?;
            row.get(start..start.checked_add(head >> 1)?)?
        }
    };
    Some(Some(Cow::Borrowed(text)))
}

fn put_day(out: &mut Vec<u8>, day: Option<Day>) {
    out.extend_from_slice(&day.map_or(i32::MIN, Day::number).to_le_bytes());
}

fn day(from: &mut Unpacker<'_>) -> Option<Option<Day>> {
    from.day().map(|day| Some(day).filter(|day| day.number() != i32::MIN))
}

fn put_detail(out: &mut Vec<u8>, row: &[u8], detail: &Detail<'_>) {
    match detail {
        Detail::Licence { class, number, valid_from, valid_to } => {
            out.push(0);
            put_span(out, row, class.as_deref());
            put_span(out, row, number.as_deref());
            put_day(out, *valid_from);
            put_day(out, *valid_to);
        }
        Detail::Penalty { kinds, procedure, fine, published_until } => {
            out.push(1);
            put_span(out, row, Some(kinds));
            put_span(out, row, procedure.as_deref());
            out.extend_from_slice(&fine.map_or(i64::MIN, |fine| fine.0).to_le_bytes());
            put_day(out, *published_until);
        }
        Detail::Administrative { act } => {
            out.push(2);
            put_span(out, row, act.as_deref());
        }
        Detail::List { list, until, ground } => {
            out.push(3);
            out.extend_from_slice(&list.to_le_bytes());
            put_day(out, *until);
            put_span(out, row, ground.as_deref());
        }
        Detail::Commitment { kind, matter, due, fulfilment } => {
            out.push(4);
            put_span(out, row, Some(kind));
            put_span(out, row, matter.as_deref());
            put_day(out, *due);
            out.push(fulfilment.code());
        }
        Detail::Evaluation { kind, grade, year } => {
            out.push(5);
            [kind, grade, year].into_iter().for_each(|text| put_span(out, row, text.as_deref()));
        }
        Detail::Judgment => out.push(6),
        Detail::Honour { title, until } => {
            out.push(7);
            put_span(out, row, title.as_deref());
            put_day(out, *until);
        }
    }
}

fn detail<'a>(from: &mut Unpacker<'a>, row: &'a str) -> Option<Detail<'a>> {
    Some(match from.byte()? {
        0 => Detail::Licence {
            class: span(from, row)?,
            number: span(from, row)?,
            valid_from: day(from)?,
            valid_to: day(from)?,
        },
        1 => Detail::Penalty {
            kinds: span(from, row)??,
            procedure: span(from, row)?,
            fine: Some(from.array().map(i64::from_le_bytes)?).filter(|fine| *fine != i64::MIN).map(Fine),
            published_until: day(from)?,
        },
        2 => Detail::Administrative { act: span(from, row)? },
        3 => Detail::List { list: from.u16()?, until: day(from)?, ground: span(from, row)? },
        4 => Detail::Commitment {
            kind: span(from, row)??,
            matter: span(from, row)?,
            due: day(from)?,
            fulfilment: *Fulfilment::ALL.get(usize::from(from.byte()?))?,
        },
        5 => Detail::Evaluation { kind: span(from, row)?, grade: span(from, row)?, year: span(from, row)? },
        6 => Detail::Judgment,
        7 => Detail::Honour { title: span(from, row)?, until: day(from)? },
        _ => return None,
    })
}
