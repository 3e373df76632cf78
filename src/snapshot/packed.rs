//! Dossiers of format 2: the bytes that `mod.rs` tells, written and read side by side.
//!
//! Most subjects of a city have a few records, and most fields of a record stand in its entry or are empty. So a
//! dossier is no archive: what is absent takes no room, and numbers take as many bytes as they need.

use super::dossier::{Dossier, Filed, RowPlace};
use super::layout::NO_STRING;
use super::rows::{EntryCategory, EntryRow};
use crate::domain::date::Day;
use crate::domain::publication::Ending;
use crate::domain::record::{RecordId, RecordKind};
use crate::domain::verdict::Relation;

/// Days are told from 2020-01-01, which lets those of 1998 to 2042 take two bytes.
const DAY_ZERO: i64 = 18_262;

const HAS_REGISTER: u8 = 1;
const HAS_DIVISION: u8 = 1 << 1;
const HAS_OCCUPATION: u8 = 1 << 2;
const HAS_REPRESENTATIVE: u8 = 1 << 3;
const HAS_CODES: u8 = 1 << 4;
const HAS_RECORDS: u8 = 1 << 5;

/// The entry of the record files it: what stands there is not told again.
const IN_ENTRY: u8 = 1;
const KIND_AT: u8 = 1;
const OBJECTION: u8 = 1 << 4;
const REVOKED: u8 = 1 << 5;
const UNPUBLISHED: u8 = 1 << 6;

const ENDING: u8 = 7;
const HAS_RULE: u8 = 1 << 3;
const HAS_TITLE: u8 = 1 << 4;
const HAS_FROM: u8 = 1 << 5;
const HAS_UNTIL: u8 = 1 << 6;
const HAS_EVENTS: u8 = 1 << 7;

/// What stands before the records.
pub(super) struct Head<'a> {
    pub(super) register: Option<u16>,
    pub(super) division: u32,
    pub(super) occupation: u32,
    pub(super) representative: &'a str,
    pub(super) former_codes: &'a [std::borrow::Cow<'a, str>],
    pub(super) older_codes: &'a [(std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)],
    /// First of its rows in the origins file; told if there is a row of the register or of a record.
    pub(super) row: u64,
    pub(super) records: u64,
    /// Where the texts of its records begin in the raw stream.
    pub(super) text: u64,
}

/// Writes what stands before the records.
pub(super) fn push_head(out: &mut Vec<u8>, head: &Head<'_>) {
    let has_codes = !head.former_codes.is_empty() || !head.older_codes.is_empty();
    let flag = |has: bool, bit: u8| if has { bit } else { 0 };
    out.push(
        flag(head.register.is_some(), HAS_REGISTER)
            | flag(head.division != NO_STRING, HAS_DIVISION)
            | flag(head.occupation != NO_STRING, HAS_OCCUPATION)
            | flag(!head.representative.is_empty(), HAS_REPRESENTATIVE)
            | flag(has_codes, HAS_CODES)
            | flag(head.records > 0, HAS_RECORDS),
    );
    if let Some(source) = head.register {
        push_number(out, source.into());
    }
    for number in [head.division, head.occupation] {
        if number != NO_STRING {
            push_number(out, number.into());
        }
    }
    if !head.representative.is_empty() {
        push_text(out, head.representative);
    }
    if has_codes {
        push_number(out, head.former_codes.len() as u64);
        head.former_codes.iter().for_each(|code| push_text(out, code));
        push_number(out, head.older_codes.len() as u64);
        for (kind, code) in head.older_codes {
            push_text(out, kind);
            push_text(out, code);
        }
    }
    if head.register.is_some() || head.records > 0 {
        push_number(out, head.row);
    }
    if head.records > 0 {
        push_number(out, head.records);
        push_number(out, head.text);
    }
}

/// Writes a record. `entry`: its place among the entries of the subject, and its row, where that tells of the record
/// what [`filed_alike`] compares.
pub(super) fn push_record(out: &mut Vec<u8>, filed: &Filed, entry: Option<(u32, &EntryRow<'_>)>) {
    let flag = |has: bool, bit: u8| if has { bit } else { 0 };
    let kind = if entry.is_some() { IN_ENTRY } else { filed.kind.code() << KIND_AT };
    let title_known = entry.map_or(NO_STRING, |(_, row)| row.title());
    let alone = entry.is_none();
    let more = filed.ending as u8
        | flag(filed.rule.is_some(), HAS_RULE)
        | flag(filed.title != title_known, HAS_TITLE)
        | flag(alone && filed.from != filed.date, HAS_FROM)
        | flag(alone && filed.until != Day::OPEN, HAS_UNTIL)
        | flag(alone && filed.events_count > 0, HAS_EVENTS);
    out.push(
        kind | flag(filed.objection, OBJECTION)
            | flag(filed.revoked, REVOKED)
            | flag(filed.unpublished, UNPUBLISHED),
    );
    out.push(more);
    if let Some((place, _)) = entry {
        push_number(out, place.into());
    } else {
        out.extend_from_slice(&filed.record.0);
        push_number(out, filed.source.into());
        push_day(out, filed.date, DAY_ZERO);
        push_number(out, filed.authority.into());
    }
    if let Some(rule) = filed.rule {
        push_number(out, rule.into());
    }
    if more & HAS_TITLE != 0 {
        push_number(out, if filed.title == NO_STRING { 0 } else { u64::from(filed.title) + 1 });
    }
    for (day, bit) in [(filed.from, HAS_FROM), (filed.until, HAS_UNTIL)] {
        if more & bit != 0 {
            push_day(out, day, filed.date.number().into());
        }
    }
    if more & HAS_EVENTS != 0 {
        push_number(out, filed.events.into());
        push_number(out, filed.events_count.into());
    }
    push_number(out, filed.text_length.into());
}

/// Whether an entry says of a record all that the record then leaves out. Of corrections the caller knows.
pub(super) fn filed_alike(row: &EntryRow<'_>, filed: &Filed) -> bool {
    row.relation() == Relation::Own
        && row.record() == filed.record
        && kind_of(row.category()) == filed.kind
        && row.source() == filed.source
        && (row.since(), row.from(), row.until()) == (filed.date, filed.from, filed.until)
        && row.authority() == filed.authority
}

/// The kind of the record of an entry.
pub(super) const fn kind_of(category: EntryCategory) -> RecordKind {
    match category {
        EntryCategory::List => RecordKind::List,
        EntryCategory::Penalty => RecordKind::Penalty,
        EntryCategory::Commitment => RecordKind::Commitment,
        EntryCategory::Evaluation => RecordKind::Evaluation,
    }
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn push_day(out: &mut Vec<u8>, day: Day, zero: i64) {
    let days = i64::from(day.number()) - zero;
    push_number(out, ((days << 1) ^ (days >> 63)).cast_unsigned());
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    push_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Reads a dossier; the entries are those of its subject.
pub(super) fn unpack(bytes: &[u8], entries: &[EntryRow<'_>]) -> Result<Dossier, &'static str> {
    let mut rest = Rest(bytes);
    let flags = rest.byte()?;
    if flags >> 6 != 0 {
        return Err("it has flags that mean nothing");
    }
    let has = |bit: u8| flags & bit != 0;
    let mut dossier = Dossier { division: NO_STRING, occupation: NO_STRING, ..Dossier::default() };
    let register: Option<u16> = if has(HAS_REGISTER) { Some(rest.small()?) } else { None };
    if has(HAS_DIVISION) {
        dossier.division = rest.small()?;
    }
    if has(HAS_OCCUPATION) {
        dossier.occupation = rest.small()?;
    }
    if has(HAS_REPRESENTATIVE) {
        dossier.representative = rest.text()?;
    }
    if has(HAS_CODES) {
        for _ in 0..rest.number()? {
            dossier.former_codes.push(rest.text()?);
        }
        for _ in 0..rest.number()? {
            dossier.older_codes.push((rest.text()?, rest.text()?));
        }
    }
    let mut row = if has(HAS_REGISTER | HAS_RECORDS) { rest.number()? } else { 0 };
    let mut next_row = || {
        let this = row;
        row = row.saturating_add(1);
        RowPlace::Origins(this)
    };
    dossier.register = register.map(|source| (source, next_row()));
    if has(HAS_RECORDS) {
        let count = rest.number()?;
        let mut text = rest.number()?;
        // A record has at least four bytes, so that a count out of reason reserves nothing.
        dossier.records.reserve((count as usize).min(rest.0.len() / 4));
        for _ in 0..count {
            let filed = record(&mut rest, entries, next_row(), text)?;
            text = text.saturating_add(filed.text_length.into());
            dossier.records.push(filed);
        }
    }
    if rest.0.is_empty() { Ok(dossier) } else { Err("it has bytes behind its end") }
}

fn record(
    rest: &mut Rest<'_>,
    entries: &[EntryRow<'_>],
    row: RowPlace,
    text: u64,
) -> Result<Filed, &'static str> {
    let (form, more) = (rest.byte()?, rest.byte()?);
    let ending = Ending::ALL.get(usize::from(more & ENDING)).copied();
    let ending = ending.ok_or("what ends a record is nothing known")?;
    if form >> 7 != 0 || (form & IN_ENTRY != 0 && (form >> KIND_AT & 7 != 0 || more >> 5 != 0)) {
        return Err("a record has flags that mean nothing");
    }
    let mut filed = if form & IN_ENTRY != 0 {
        of_entry(entries.get(rest.small::<u32>()? as usize), row)?
    } else {
        let kind = RecordKind::from_code(form >> KIND_AT & 7).ok_or("a record is of no known kind")?;
        alone(rest, kind, row)?
    };
    filed.objection = form & OBJECTION != 0;
    filed.revoked = form & REVOKED != 0;
    filed.unpublished = form & UNPUBLISHED != 0;
    filed.ending = ending;
    if more & HAS_RULE != 0 {
        filed.rule = Some(rest.small()?);
    }
    if more & HAS_TITLE != 0 {
        let number = rest.number()?.checked_sub(1);
        let number = number.map_or(Ok(NO_STRING), u32::try_from);
        filed.title = number.map_err(|_| "the title of a record is no string")?;
    }
    if more & HAS_FROM != 0 {
        filed.from = rest.day(filed.date.number().into())?;
    }
    if more & HAS_UNTIL != 0 {
        filed.until = rest.day(filed.date.number().into())?;
    }
    if more & HAS_EVENTS != 0 {
        (filed.events, filed.events_count) = (rest.small()?, rest.small()?);
    }
    filed.text = text;
    filed.text_length = rest.small()?;
    Ok(filed)
}

fn of_entry(entry: Option<&EntryRow<'_>>, row: RowPlace) -> Result<Filed, &'static str> {
    let entry = entry.ok_or("a record leads to an entry that the subject lacks")?;
    if entry.relation() != Relation::Own {
        return Err("a record leads to an entry of another subject");
    }
    let (events, events_count) = entry.events();
    Ok(Filed {
        record: entry.record(),
        kind: kind_of(entry.category()),
        source: entry.source(),
        date: entry.since(),
        from: entry.from(),
        until: entry.until(),
        title: entry.title(),
        authority: entry.authority(),
        events,
        events_count,
        ..empty(row)
    })
}

fn alone(rest: &mut Rest<'_>, kind: RecordKind, row: RowPlace) -> Result<Filed, &'static str> {
    let (record, source) = (RecordId(*rest.chunk()?), rest.small()?);
    let (date, authority) = (rest.day(DAY_ZERO)?, rest.small()?);
    Ok(Filed { record, kind, source, date, from: date, authority, ..empty(row) })
}

fn empty(row: RowPlace) -> Filed {
    Filed {
        record: RecordId([0; 16]),
        kind: RecordKind::Licence,
        objection: false,
        revoked: false,
        unpublished: false,
        ending: Ending::Open,
        rule: None,
        source: 0,
        row,
        date: Day::OPEN,
        from: Day::OPEN,
        until: Day::OPEN,
        title: NO_STRING,
        authority: NO_STRING,
        events: 0,
        events_count: 0,
        text: 0,
        text_length: 0,
    }
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn byte(&mut self) -> Result<u8, &'static str> {
        let (byte, rest) = self.0.split_first().ok_or("it is cut")?;
        self.0 = rest;
        Ok(*byte)
    }

    fn chunk<const N: usize>(&mut self) -> Result<&'a [u8; N], &'static str> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or("it is cut")?;
        self.0 = rest;
        Ok(chunk)
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        let mut number = 0u64;
        for place in 0..10 {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if bits << (7 * place) >> (7 * place) != bits {
                return Err("a number has more than 64 bits");
            }
            number |= bits << (7 * place);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("a number has more than 64 bits")
    }

    fn small<T: TryFrom<u64>>(&mut self) -> Result<T, &'static str> {
        T::try_from(self.number()?).map_err(|_| "a number is too large")
    }

    fn day(&mut self, zero: i64) -> Result<Day, &'static str> {
        let coded = self.number()?;
        let days = (coded >> 1).cast_signed() ^ -(coded & 1).cast_signed();
        let number = days.checked_add(zero).and_then(|number| i32::try_from(number).ok());
        number.map(Day::from_number).ok_or("a day lies outside the calendar")
    }

    fn text(&mut self) -> Result<String, &'static str> {
        let length = usize::try_from(self.number()?).map_err(|_| "it is cut")?;
        let (text, rest) = self.0.split_at_checked(length).ok_or("it is cut")?;
        self.0 = rest;
        std::str::from_utf8(text).map(str::to_owned).map_err(|_| "a code or name is not UTF-8")
    }
}
