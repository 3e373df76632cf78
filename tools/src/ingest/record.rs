//! Judges a row of a record about a subject.

use super::cells::{self, CLASS_DIVIDERS, State};
use super::mask::{self, Persons};
use super::named::{self, named};
use super::row::{Fault, Row};
use super::tables::Slot;
use crate::facts::{Detail, Field, Named, Origin, RecordFact, Texts};
use arrayvec::ArrayVec;
use std::borrow::Cow;
use xinhe::domain::catalogue::Effect;
use xinhe::domain::date::{Day, Term};
use xinhe::domain::record::{Fine, Fulfilment, RecordKind};
use xinhe::domain::text::half_width;

/// From this age on adverse entries about a person may be kept.
const OF_AGE: Term = Term::Years(18);
/// Names in one cell of FRDB.
const NAME_DIVIDERS: &[char] = &[';', '；', '、', ',', '，', '/'];

/// The columns whose texts are kept, in the order of the fields.
const TEXTS: [(Field, Slot); 9] = [
    (Field::Title, Slot::Title),
    (Field::Title, Slot::Certificate),
    (Field::Content, Slot::Content),
    (Field::Offence, Slot::Offence),
    (Field::Facts, Slot::Facts),
    (Field::Basis, Slot::Basis),
    (Field::Confiscated, Slot::Confiscated),
    (Field::LicenceHit, Slot::LicenceHit),
    (Field::Remark, Slot::Remark),
];

/// A row of a record's table as a fact.
pub(super) fn judge<'a>(
    kind: RecordKind,
    row: &mut Row<'a>,
    origin: Origin,
) -> Result<RecordFact<'a>, Fault> {
    let subject = named(row)?;
    let date = row.date(Slot::Date)?;
    let persons = persons(row);
    let today = row.rules.today;
    let document = document(kind, row)?.map(|document| mask::numbers(document, &persons, today));
    let authority = Cow::Borrowed(row.required(Slot::Authority, "missing_authority")?);
    let state = state(row)?;
    let mut detail = detail(kind, row)?;
    if subject.codes.is_empty() && adverse(&detail, row) && is_minor(&subject, date) {
        return Err(row.wrong(Slot::PersonNumber, "minor"));
    }
    if let Detail::Licence { number: Some(written), .. }
    | Detail::Commitment { matter: Some(written), .. }
    | Detail::Honour { title: Some(written), .. } = &mut detail
        && let Cow::Owned(masked) = mask::numbers(written, &persons, today)
    {
        *written = masked.into();
    }
    named::representative(row);
    let says_person = row.get(Slot::Class).is_some_and(|class| cells::is_word(class, "自然人"));
    class_and_code(row, &subject, says_person);
    let is_person = subject.codes.is_empty() || says_person;
    let texts = if is_person { ArrayVec::new() } else { texts(kind, row, &persons) };
    let State { revoked, objection } = state;
    let version = row.version();
    Ok(RecordFact { origin, version, subject, date, authority, document, revoked, objection, detail, texts })
}

/// What the row says about persons.
fn persons<'a>(row: &Row<'a>) -> Persons<'a> {
    let numbers =
        [Slot::PersonNumber, Slot::RepresentativeNumber].into_iter().filter_map(|slot| row.get(slot));
    let names = row.get(Slot::Representative).into_iter().collect();
    Persons { numbers: numbers.map(mask::Own::from).collect(), names, dividers: NAME_DIVIDERS }
}

/// The document number; kinds without such a column have none.
fn document<'a>(kind: RecordKind, row: &Row<'a>) -> Result<Option<&'a str>, Fault> {
    let written = row.get(Slot::Document);
    match kind {
        RecordKind::Licence => match written.or_else(|| row.get(Slot::LicenceNumber)) {
            None => Err(row.missing(Slot::Document, "missing_document")),
            number => Ok(number),
        },
        RecordKind::Penalty | RecordKind::Administrative | RecordKind::Judgment => {
            row.required(Slot::Document, "missing_document").map(Some)
        }
        _ => Ok(written),
    }
}

fn state(row: &Row<'_>) -> Result<State, Fault> {
    match row.get(Slot::State) {
        None => Ok(State::default()),
        Some(written) => cells::state(written).ok_or_else(|| row.wrong(Slot::State, "invalid_state")),
    }
}

fn detail<'a>(kind: RecordKind, row: &mut Row<'a>) -> Result<Detail<'a>, Fault> {
    Ok(match kind {
        RecordKind::Licence => Detail::Licence {
            class: row.text(Slot::ActClass),
            number: row.text(Slot::LicenceNumber),
            valid_from: row.loose_end(Slot::ValidFrom),
            valid_to: row.loose_end(Slot::ValidTo),
        },
        RecordKind::Penalty => penalty(row)?,
        RecordKind::Administrative => Detail::Administrative { act: row.text(Slot::Kind) },
        RecordKind::List => {
            let code = row.required(Slot::List, "missing_list")?;
            let list = row.rules.catalogue.list(code);
            Detail::List {
                list: list.ok_or_else(|| row.wrong(Slot::List, "unknown_list"))?,
                until: row.end(Slot::Until)?,
                ground: row.text(Slot::Ground).map(half),
            }
        }
        RecordKind::Commitment => commitment(row)?,
        RecordKind::Evaluation => Detail::Evaluation {
            kind: row.text(Slot::Kind),
            grade: row.text(Slot::Grade),
            year: row.text(Slot::Year),
        },
        RecordKind::Judgment => Detail::Judgment,
        RecordKind::Honour => Detail::Honour { title: row.text(Slot::Title), until: row.end(Slot::Until)? },
    })
}

fn penalty<'a>(row: &Row<'a>) -> Result<Detail<'a>, Fault> {
    let kinds = penalty_kinds(row).ok_or_else(|| row.missing(Slot::ActClass, "missing_class"))?;
    let fine = match row.get(Slot::Fine) {
        None => None,
        Some(written) => Some(Fine::parse(written).ok_or_else(|| row.wrong(Slot::Fine, "invalid_fine"))?),
    };
    let published_until = row.end(Slot::Until)?;
    Ok(Detail::Penalty { kinds, procedure: row.text(Slot::Procedure), fine, published_until })
}

/// CF_CFLB, or CF_CFLB1 and CF_CFLB2 together; each kind once, in the order of the row, joined by `;`.
fn penalty_kinds<'a>(row: &Row<'a>) -> Option<Cow<'a, str>> {
    let cells = match row.get(Slot::ActClass) {
        Some(cell) if !cell.contains(CLASS_DIVIDERS) => return Some(cell.into()),
        Some(cell) => [cell, ""],
        None => [Slot::ActClass1, Slot::ActClass2].map(|slot| row.get(slot).unwrap_or_default()),
    };
    let mut joined = String::new();
    for kind in cells.into_iter().flat_map(|cell| cells::parts(cell, CLASS_DIVIDERS)) {
        if joined.is_empty() {
            joined.push_str(kind);
        } else if Detail::kinds(&joined).all(|known| known != kind) {
            joined.push(';');
            joined.push_str(kind);
        }
    }
    // As it stands in the row, if it can.
    match cells.into_iter().find(|cell| *cell == joined) {
        Some("") => None,
        Some(cell) => Some(cell.into()),
        None => Some(joined.into()),
    }
}

fn commitment<'a>(row: &Row<'a>) -> Result<Detail<'a>, Fault> {
    let kind = Cow::Borrowed(row.required(Slot::Kind, "missing_commitment_type")?);
    let written = row.required(Slot::Fulfilment, "missing_fulfilment")?;
    let fulfilment = Fulfilment::ALL
        .into_iter()
        .find(|value| cells::is_word(written, value.word()))
        .ok_or_else(|| row.wrong(Slot::Fulfilment, "invalid_fulfilment"))?;
    let due = row.end(Slot::Until)?;
    Ok(Detail::Commitment { kind, matter: row.text(Slot::Matter), due, fulfilment })
}

/// Whether an entry speaks against its subject (`docs/decisions.md`, "Age").
fn adverse(detail: &Detail<'_>, row: &Row<'_>) -> bool {
    match detail {
        Detail::Penalty { .. } => true,
        Detail::List { list, .. } => {
            let entry = row.rules.catalogue.list_at(*list);
            entry.is_some_and(|entry| matches!(entry.effect, Effect::Punish | Effect::Attention))
        }
        Detail::Commitment { fulfilment, .. } => *fulfilment != Fulfilment::Whole,
        _ => false,
    }
}

fn is_minor(subject: &Named<'_>, date: Day) -> bool {
    let birth = subject.document.and_then(|document| document.birth());
    birth.is_some_and(|birth| birth.plus(OF_AGE) > date)
}

fn class_and_code(row: &mut Row<'_>, subject: &Named<'_>, says_person: bool) {
    let Some(class) = row.get(Slot::Class) else { return };
    let agree = if subject.codes.is_empty() { says_person || !is_organisation(class) } else { !says_person };
    if !agree {
        let header = row.columns.name(Slot::Class).to_owned();
        row.warn("class_code_disagree", format!("{header} and the subject's code tell different kinds"));
    }
}

fn is_organisation(class: &str) -> bool {
    ["法人及非法人组织", "个体工商户"].into_iter().any(|word| cells::is_word(class, word))
}

/// The free texts, numbers and names of persons masked; the first of two for one field.
fn texts<'a>(kind: RecordKind, row: &Row<'a>, persons: &Persons<'_>) -> Texts<'a> {
    let mut texts = Texts::new();
    for (field, slot) in TEXTS {
        // An honour's title is its detail.
        let told = kind == RecordKind::Honour && slot == Slot::Title;
        if told || texts.last().is_some_and(|(last, _)| *last == field) {
            continue;
        }
        if let Some(written) = row.get(slot) {
            texts.push((field, mask::text(written, persons, row.rules.today)));
        }
    }
    texts
}

/// A code in half width.
fn half(code: Cow<'_, str>) -> Cow<'_, str> {
    if code.is_ascii() { code } else { Cow::Owned(code.chars().map(half_width).collect()) }
}
