//! Judges a row of a record about a subject.

use super::cells::{self, CLASS_DIVIDERS, State};
use super::mask::{self, Persons};
use super::named::{self, named};
use super::row::{Fault, Row};
use super::tables::Slot;
use crate::facts::{Detail, Field, Named, Origin, RecordFact};
use xinhe::domain::catalogue::Effect;
use xinhe::domain::date::{Day, Term};
use xinhe::domain::record::{Fine, Fulfilment, RecordKind};
use xinhe::domain::text::alike;

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
pub(super) fn judge(kind: RecordKind, row: &mut Row<'_>, origin: Origin) -> Result<RecordFact, Fault> {
    let subject = named(row)?;
    let date = row.date(Slot::Date)?;
    let persons = persons(row);
    let today = row.rules.today;
    let document = document(kind, row)?.map(|document| mask::numbers(document, &persons, today));
    let authority = row.required(Slot::Authority, "missing_authority")?.to_owned();
    let state = state(row)?;
    let mut detail = detail(kind, row)?;
    if subject.codes.is_empty() && adverse(&detail, row) && is_minor(&subject, date) {
        return Err(row.wrong(Slot::PersonNumber, "minor"));
    }
    if let Detail::Licence { number: Some(written), .. }
    | Detail::Commitment { matter: Some(written), .. }
    | Detail::Honour { title: Some(written), .. } = &mut detail
    {
        *written = mask::numbers(written, &persons, today);
    }
    named::representative(row);
    let says_person = row.get(Slot::Class).is_some_and(|class| cells::is_word(class, "自然人"));
    class_and_code(row, &subject, says_person);
    let texts = if subject.codes.is_empty() || says_person { Vec::new() } else { texts(kind, row, &persons) };
    let State { revoked, objection } = state;
    let version = row.version();
    Ok(RecordFact { origin, version, subject, date, authority, document, revoked, objection, detail, texts })
}

/// What the row says about persons.
fn persons<'a>(row: &Row<'a>) -> Persons<'a> {
    let numbers =
        [Slot::PersonNumber, Slot::RepresentativeNumber].into_iter().filter_map(|slot| row.get(slot));
    let names = cells::parts(row.get(Slot::Representative).unwrap_or_default(), NAME_DIVIDERS);
    Persons { numbers: numbers.collect(), names: names.collect() }
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

fn detail(kind: RecordKind, row: &mut Row<'_>) -> Result<Detail, Fault> {
    Ok(match kind {
        RecordKind::Licence => Detail::Licence {
            class: row.owned(Slot::ActClass),
            number: row.owned(Slot::LicenceNumber),
            valid_from: row.loose_end(Slot::ValidFrom),
            valid_to: row.loose_end(Slot::ValidTo),
        },
        RecordKind::Penalty => penalty(row)?,
        RecordKind::Administrative => Detail::Administrative { act: row.owned(Slot::Kind) },
        RecordKind::List => {
            let code = row.required(Slot::List, "missing_list")?;
            let list = row.rules.catalogue.list(code);
            Detail::List {
                list: list.ok_or_else(|| row.wrong(Slot::List, "unknown_list"))?,
                until: row.end(Slot::Until)?,
                ground: row.owned(Slot::Ground),
            }
        }
        RecordKind::Commitment => commitment(row)?,
        RecordKind::Evaluation => Detail::Evaluation {
            kind: row.owned(Slot::Kind),
            grade: row.owned(Slot::Grade),
            year: row.owned(Slot::Year),
        },
        RecordKind::Judgment => Detail::Judgment,
        RecordKind::Honour => Detail::Honour { title: row.owned(Slot::Title), until: row.end(Slot::Until)? },
    })
}

fn penalty(row: &Row<'_>) -> Result<Detail, Fault> {
    let kinds = penalty_kinds(row);
    if kinds.is_empty() {
        return Err(row.missing(Slot::ActClass, "missing_class"));
    }
    let fine = match row.get(Slot::Fine) {
        None => None,
        Some(written) => Some(Fine::parse(written).ok_or_else(|| row.wrong(Slot::Fine, "invalid_fine"))?),
    };
    let published_until = row.end(Slot::Until)?;
    Ok(Detail::Penalty { kinds, procedure: row.owned(Slot::Procedure), fine, published_until })
}

/// CF_CFLB, or CF_CFLB1 and CF_CFLB2 together; each kind once, in the order of the row.
fn penalty_kinds(row: &Row<'_>) -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    let mut add = |slot| {
        for kind in cells::parts(row.get(slot).unwrap_or_default(), CLASS_DIVIDERS) {
            if kinds.iter().all(|known| known != kind) {
                kinds.push(kind.to_owned());
            }
        }
    };
    add(Slot::ActClass);
    if row.get(Slot::ActClass).is_none() {
        add(Slot::ActClass1);
        add(Slot::ActClass2);
    }
    kinds
}

fn commitment(row: &Row<'_>) -> Result<Detail, Fault> {
    let kind = row.required(Slot::Kind, "missing_commitment_type")?.to_owned();
    let written = row.required(Slot::Fulfilment, "missing_fulfilment")?;
    let fulfilment = Fulfilment::ALL
        .into_iter()
        .find(|value| cells::is_word(written, value.word()))
        .ok_or_else(|| row.wrong(Slot::Fulfilment, "invalid_fulfilment"))?;
    let due = row.end(Slot::Until)?;
    Ok(Detail::Commitment { kind, matter: row.owned(Slot::Matter), due, fulfilment })
}

/// Whether an entry speaks against its subject (`docs/decisions.md`, "Age").
fn adverse(detail: &Detail, row: &Row<'_>) -> bool {
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

fn is_minor(subject: &Named, date: Day) -> bool {
    let birth = subject.document.and_then(|document| document.birth());
    birth.is_some_and(|birth| birth.plus(OF_AGE) > date)
}

fn class_and_code(row: &mut Row<'_>, subject: &Named, says_person: bool) {
    let Some(class) = row.get(Slot::Class) else { return };
    let agree = if subject.codes.is_empty() { says_person || !is_organisation(class) } else { !says_person };
    if !agree {
        let header = row.columns.name(Slot::Class).to_owned();
        row.warn("class_code_disagree", format!("{header} and the subject's code tell different kinds"));
    }
}

fn is_organisation(class: &str) -> bool {
    ["法人及非法人组织", "个体工商户"].into_iter().any(|word| alike(class).eq(word.chars()))
}

/// The free texts, numbers and names of persons masked; the first of two for one field.
fn texts(kind: RecordKind, row: &Row<'_>, persons: &Persons<'_>) -> Vec<(Field, String)> {
    let mut texts: Vec<(Field, String)> = Vec::new();
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
