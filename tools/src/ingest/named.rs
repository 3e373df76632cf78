//! Whom a row names: codes of organisations, documents of persons.

use super::row::{Fault, Row};
use super::tables::Slot;
use crate::facts::Named;
use arrayvec::ArrayVec;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{Broken, Country, IdKind, Identifier, IdentifierError, Unread};
use xinhe::domain::text::{alike, half_width};

/// Codes of organisations in the order in which they win.
const CODES: [(Slot, IdKind); 6] = [
    (Slot::Uscc, IdKind::Uscc),
    (Slot::OrganisationCode, IdKind::OrganisationCode),
    (Slot::Registration, IdKind::Registration),
    (Slot::Tax, IdKind::Tax),
    (Slot::InstitutionCertificate, IdKind::InstitutionCertificate),
    (Slot::SocialCertificate, IdKind::SocialCertificate),
];

/// The kinds of document (ZJLX); residence permits of Hong Kong, Macao and Taiwan are citizens' numbers.
const DOCUMENTS: [(&str, IdKind); 12] = [
    ("身份证", IdKind::Citizen),
    ("居民身份证", IdKind::Citizen),
    ("港澳台居民居住证", IdKind::Citizen),
    ("港澳居民居住证", IdKind::Citizen),
    ("台湾居民居住证", IdKind::Citizen),
    ("中华人民共和国港澳居民居住证", IdKind::Citizen),
    ("中华人民共和国台湾居民居住证", IdKind::Citizen),
    ("护照", IdKind::Passport),
    ("港澳居民来往内地通行证", IdKind::Permit),
    ("台湾居民来往大陆通行证", IdKind::Permit),
    ("外国人永久居留身份证", IdKind::ForeignResident),
    ("中华人民共和国外国人永久居留身份证", IdKind::ForeignResident),
];

/// So many X in a row hide digits.
const MASKED_RUN: usize = 4;

/// Why a document's number cannot be taken.
pub(super) enum Refused {
    /// ZJLX names no kind that is known.
    UnknownType,
    /// The number breaks a rule of its kind; its reading names the rule without the number.
    Number { masked: bool, words: String },
}

impl Refused {
    fn of(number: &str, error: Unread) -> Refused {
        let masked = match &error {
            Unread::Invalid(error) => is_masked(number, error),
            Unread::Ambiguous(_) => false,
        };
        Refused::Number { masked, words: error.to_string() }
    }
}

/// Reads a person's document by its type, or like a number whose kind is not told.
pub(super) fn document(kind: Option<&str>, number: &str, today: Day) -> Result<Identifier, Refused> {
    let Some(kind) = kind else {
        let read = Identifier::read(number, today).map_err(|error| Refused::of(number, error))?;
        if read.kind().is_person() {
            return Ok(read);
        }
        let words = format!("reads as {}, not as a person's document", read.kind().word());
        return Err(Refused::Number { masked: false, words });
    };
    let kind = document_kind(kind).ok_or(Refused::UnknownType)?;
    Identifier::parse(kind, number, today).map_err(|error| Refused::of(number, Unread::Invalid(error)))
}

fn document_kind(written: &str) -> Option<IdKind> {
    let known = |(word, _): &&(&str, IdKind)| written == *word || alike(written).eq(word.chars());
    DOCUMENTS.iter().find(known).map(|(_, kind)| *kind)
}

/// Hidden by stars, or by a run of X in a number that does not read.
fn is_masked(number: &str, error: &IdentifierError) -> bool {
    let mut run = 0;
    let hidden = number.chars().map(half_width).any(|c| {
        run = if matches!(c, 'X' | 'x') { run + 1 } else { 0 };
        run >= MASKED_RUN
    });
    hidden || error.rule == Broken::Masked
}

fn invalid(row: &Row<'_>, slot: Slot, masked: bool) -> Fault {
    row.wrong(slot, if masked { "masked_identifier" } else { "invalid_identifier" })
}

/// Reads the identifiers of a row's subject; each that is given must be right, and one must be given.
pub(super) fn named<'a>(row: &Row<'a>) -> Result<Named<'a>, Fault> {
    let today = row.rules.today;
    let mut codes = ArrayVec::new();
    for (slot, kind) in CODES {
        let Some(value) = row.get(slot) else { continue };
        match Identifier::parse(kind, value, today) {
            Ok(code) => codes.push(code),
            Err(error) => return Err(invalid(row, slot, is_masked(value, &error))),
        }
    }
    let document = match row.get(Slot::PersonNumber) {
        None => None,
        Some(number) => match document(row.get(Slot::PersonType), number, today) {
            Ok(document) => Some(document),
            Err(Refused::UnknownType) => return Err(row.wrong(Slot::PersonType, "unknown_document_type")),
            Err(Refused::Number { masked, .. }) => return Err(invalid(row, Slot::PersonNumber, masked)),
        },
    };
    if codes.is_empty() && document.is_none() {
        let slot = if row.get(Slot::Class) == Some("自然人") { Slot::PersonNumber } else { Slot::Uscc };
        return Err(row.missing(slot, "missing_identifier"));
    }
    Ok(Named { codes, document, name: row.text(Slot::Name) })
}

/// The document of a row of the register with its country: without one it names nobody (GJ).
pub(super) fn with_country(row: &Row<'_>, document: Identifier) -> Result<Identifier, Fault> {
    if !document.kind().is_by_country() {
        return Ok(document);
    }
    let document = match row.get(Slot::Country) {
        None => document,
        Some(written) => match Country::parse(written) {
            Some(country) => document.of_country(country),
            None => return Err(row.wrong(Slot::Country, "invalid_country")),
        },
    };
    match document.country() {
        Some(_) => Ok(document),
        None => Err(row.missing(Slot::Country, "ambiguous_country")),
    }
}

/// Another code of the same subject (YSHXYM, HJ), or of its successor: of an organisation if the row is about one.
pub(super) fn other_code(row: &Row<'_>, slot: Slot, value: &str, person: bool) -> Result<Identifier, Fault> {
    let today = row.rules.today;
    let unified = Identifier::parse(IdKind::Uscc, value, today);
    if !person && let Ok(code) = unified {
        return Ok(code);
    }
    match Identifier::read(value, today) {
        Ok(code) if code.kind().is_person() == person => Ok(code),
        Ok(_) => Err(invalid(row, slot, false)),
        Err(Unread::Invalid(error)) => Err(invalid(row, slot, is_masked(value, &error))),
        Err(Unread::Ambiguous(_)) => Err(invalid(row, slot, false)),
    }
}

/// The representative's document, dropped with a word where it is not whole and right.
pub(super) fn representative(row: &mut Row<'_>) -> Option<Identifier> {
    let number = row.get(Slot::RepresentativeNumber)?;
    let words = match document(row.get(Slot::RepresentativeType), number, row.rules.today) {
        Ok(document) => return Some(document),
        Err(Refused::UnknownType) => "its type is not known".to_owned(),
        Err(Refused::Number { words, .. }) => words,
    };
    let detail = format!("{}: {words}", row.columns.name(Slot::RepresentativeNumber));
    row.warn("dropped_representative_number", detail);
    None
}
