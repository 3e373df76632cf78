//! Identifiers of subjects: parse, normalise, verify. An [`Identifier`] that exists is valid.
//!
//! Input is forgiving in form (full width, lower case, blanks and hyphens anywhere) and strict in value.

mod checks;
mod form;
mod organisation;
mod person;
mod reading;

pub use checks::{
    citizen_check, citizen_from_15, organisation_code_check, registration_check, unified_code_check,
};
pub use reading::{Candidates, Unread};

use super::date::Day;
use form::Raw;
use std::fmt;

/// The kinds of identifier that tables and checks name a subject by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdKind {
    /// Unified social credit code (统一社会信用代码, GB 32100-2015), 18 characters.
    Uscc,
    /// Organisation code (组织机构代码, GB 11714), 9 characters.
    OrganisationCode,
    /// Business registration number (工商注册号), 15 digits.
    Registration,
    /// Tax registration number (税务登记号), 15 to 20 characters.
    Tax,
    /// Public institution's certificate (事业单位证书号).
    InstitutionCertificate,
    /// Social organisation's registration certificate (社会组织登记证号).
    SocialCertificate,
    /// Citizen identity number (公民身份号码, GB 11643), also of residence permits; 18 characters.
    Citizen,
    /// Foreign permanent resident card (外国人永久居留身份证), form of 2023 or of 2017.
    ForeignResident,
    /// Passport (护照) of a country.
    Passport,
    /// Travel permit (来往内地通行证, 来往大陆通行证) of a place of issue.
    Permit,
}

impl IdKind {
    /// The kinds that a check may name, with the contract's words.
    pub const ASKED: [IdKind; 8] = [
        IdKind::Uscc,
        IdKind::Registration,
        IdKind::OrganisationCode,
        IdKind::Tax,
        IdKind::Citizen,
        IdKind::ForeignResident,
        IdKind::Passport,
        IdKind::Permit,
    ];

    /// The contract's word for this kind (`id_type`).
    pub const fn word(self) -> &'static str {
        match self {
            IdKind::Uscc => "uscc",
            IdKind::OrganisationCode => "organisation-code",
            IdKind::Registration => "registration",
            IdKind::Tax => "tax",
            IdKind::InstitutionCertificate => "institution-certificate",
            IdKind::SocialCertificate => "social-certificate",
            IdKind::Citizen => "citizen",
            IdKind::ForeignResident => "foreign-resident",
            IdKind::Passport => "passport",
            IdKind::Permit => "permit",
        }
    }

    /// The kind that a check means by this word.
    pub fn asked(word: &str) -> Option<IdKind> {
        IdKind::ASKED.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether the number is a person's document.
    pub const fn is_person(self) -> bool {
        matches!(self, IdKind::Citizen | IdKind::ForeignResident | IdKind::Passport | IdKind::Permit)
    }

    /// Whether each country gives out numbers of its own: one names somebody only together with its country.
    pub const fn is_by_country(self) -> bool {
        matches!(self, IdKind::Passport | IdKind::Permit)
    }

    /// A stable number for files and digests.
    pub const fn code(self) -> u8 {
        match self {
            IdKind::Uscc => 1,
            IdKind::OrganisationCode => 2,
            IdKind::Registration => 3,
            IdKind::Tax => 4,
            IdKind::InstitutionCertificate => 5,
            IdKind::SocialCertificate => 6,
            IdKind::Citizen => 7,
            IdKind::ForeignResident => 8,
            IdKind::Passport => 9,
            IdKind::Permit => 10,
        }
    }

    /// The kind with this stable number.
    pub fn from_code(code: u8) -> Option<IdKind> {
        use IdKind::*;
        [
            Uscc,
            OrganisationCode,
            Registration,
            Tax,
            InstitutionCertificate,
            SocialCertificate,
            Citizen,
            ForeignResident,
            Passport,
            Permit,
        ]
        .into_iter()
        .find(|kind| kind.code() == code)
    }
}

impl fmt::Display for IdKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IdKind::Uscc => "unified social credit code (GB 32100)",
            IdKind::OrganisationCode => "organisation code (GB 11714)",
            IdKind::Registration => "business registration number",
            IdKind::Tax => "tax registration number",
            IdKind::InstitutionCertificate => "public institution's certificate number",
            IdKind::SocialCertificate => "social organisation's certificate number",
            IdKind::Citizen => "citizen identity number (GB 11643)",
            IdKind::ForeignResident => "foreign permanent resident card",
            IdKind::Passport => "passport number",
            IdKind::Permit => "travel permit number",
        })
    }
}

/// A country or place of issue by ISO 3166-1 alpha-3, such as `USA` or `HKG`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 3]);

impl Country {
    /// Three letters, of either width and case.
    pub fn parse(text: &str) -> Option<Country> {
        let raw = Raw::normalise(text).ok()?;
        let letters: [u8; 3] = raw.bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Country(letters))
    }

    /// The three letters.
    pub fn as_str(&self) -> &str {
        form::ascii(&self.0)
    }
}

/// A valid, normalised identifier. Does not print its number: `Debug` shows the kind alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    kind: IdKind,
    country: Option<Country>,
    length: u8,
    bytes: [u8; form::LONGEST],
}

impl Identifier {
    /// Reads a number as one kind. `today` bounds birth dates. Passports have no country yet: see [`Self::of_country`].
    pub fn parse(kind: IdKind, text: &str, today: Day) -> Result<Identifier, IdentifierError> {
        let raw = match kind {
            IdKind::InstitutionCertificate | IdKind::SocialCertificate => Raw::certificate(text),
            _ => Raw::normalise(text),
        };
        raw.and_then(|raw| Identifier::from_raw(kind, &raw, today))
            .map_err(|rule| IdentifierError { kind, rule })
    }

    /// Reads a number whose kind is not told, among the kinds that may be guessed (`api.md`, "Which reading").
    pub fn read(text: &str, today: Day) -> Result<Identifier, Unread> {
        reading::read(text, today)
    }

    fn from_raw(kind: IdKind, raw: &Raw, today: Day) -> Result<Identifier, Broken> {
        let bytes = raw.bytes();
        match kind {
            IdKind::Uscc => organisation::unified_code(bytes)?,
            IdKind::OrganisationCode => organisation::organisation_code(bytes)?,
            IdKind::Registration => organisation::registration(bytes)?,
            IdKind::Tax => organisation::tax(bytes)?,
            IdKind::InstitutionCertificate | IdKind::SocialCertificate => {}
            IdKind::Citizen => {
                return person::citizen(bytes, today).map(|full| Identifier::valid(kind, &full));
            }
            IdKind::ForeignResident => person::foreign_resident(bytes, today)?,
            IdKind::Passport => person::passport(bytes)?,
            IdKind::Permit => person::permit(bytes)?,
        }
        let mut valid = Identifier::valid(kind, bytes);
        if kind == IdKind::Permit {
            valid.country = person::place_of_issue(bytes);
        }
        Ok(valid)
    }

    fn valid(kind: IdKind, normalised: &[u8]) -> Identifier {
        let mut bytes = [0; form::LONGEST];
        bytes[..normalised.len()].copy_from_slice(normalised);
        Identifier { kind, country: None, length: normalised.len() as u8, bytes }
    }

    /// Puts an identifier together again from what [`Self::kind`], [`Self::country`] and [`Self::as_bytes`] told of it.
    /// Looks at its form only: for bytes that come from an identifier.
    pub fn restore(kind: IdKind, country: Option<Country>, normalised: &[u8]) -> Option<Identifier> {
        let formed = normalised.len() <= form::LONGEST && normalised.iter().all(u8::is_ascii_graphic);
        formed.then(|| Identifier { country, ..Identifier::valid(kind, normalised) })
    }

    /// The same document with its country; only passports and permits have one.
    pub fn of_country(mut self, country: Country) -> Identifier {
        if self.kind.is_by_country() {
            self.country = Some(country);
        }
        self
    }

    /// The kind.
    pub const fn kind(&self) -> IdKind {
        self.kind
    }

    /// The country of a passport or permit, if known.
    pub const fn country(&self) -> Option<Country> {
        self.country
    }

    /// The normalised number.
    pub fn as_str(&self) -> &str {
        form::ascii(self.as_bytes())
    }

    /// The normalised number in ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The six digits of the division (GB/T 2260) that the number carries, if its kind carries one.
    pub fn division(&self) -> Option<&str> {
        let text = self.as_str();
        match self.kind {
            IdKind::Uscc => text.get(2..8),
            IdKind::Registration | IdKind::Citizen => text.get(..6),
            _ => None,
        }
    }

    /// The organisation code inside a unified code; it need not pass its own check digit.
    pub fn organisation_code(&self) -> Option<&str> {
        if self.kind == IdKind::Uscc { self.as_str().get(8..17) } else { None }
    }

    /// The organisation code inside a unified code as an identifier, if it passes its own check and so can be asked for.
    pub fn inside(&self) -> Option<Identifier> {
        Identifier::parse(IdKind::OrganisationCode, self.organisation_code()?, Day::OPEN).ok()
    }

    /// The date of birth that a person's number carries.
    pub fn birth(&self) -> Option<Day> {
        let dated = matches!(self.kind, IdKind::Citizen | IdKind::ForeignResident) && self.length == 18;
        if dated { person::birth_date(&self.bytes[6..14]) } else { None }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identifier({})", self.kind.word())
    }
}

/// Why a text is not an identifier of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind}: {rule}")]
pub struct IdentifierError {
    /// The kind as which the text was read.
    pub kind: IdKind,
    /// The first rule that the text breaks.
    pub rule: Broken,
}

/// The rule that a text breaks. Never holds more of the text than one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Nothing but blanks and hyphens.
    #[error("it is empty")]
    Empty,
    /// Digits are hidden by stars.
    #[error("it is masked; a masked number names nobody, send the whole number")]
    Masked,
    /// A wrong number of characters.
    #[error("it has {found} characters, expected {expected}")]
    Length {
        /// Characters found.
        found: usize,
        /// Lengths that the kind allows, in words.
        expected: &'static str,
    },
    /// A character outside the alphabet.
    #[error("character {place} is `{found}`, expected {expected}")]
    Character {
        /// Place of the character, from 1.
        place: usize,
        /// The character.
        found: char,
        /// The alphabet, in words.
        expected: &'static str,
    },
    /// Department and class that do not go together.
    #[error("department `{department}` has no class `{class}`")]
    Class {
        /// First character.
        department: char,
        /// Second character.
        class: char,
    },
    /// A first digit that no division begins with.
    #[error("no division of GB/T 2260 begins with `{0}`")]
    Division(char),
    /// A date that the calendar lacks, or before 1850.
    #[error("its date of birth is not a real date from 1850 on")]
    BirthDate,
    /// A birth after the day of the check.
    #[error("its date of birth lies in the future")]
    BornInFuture,
    /// A wrong check character.
    #[error("its check character is `{found}`, expected `{expected}`; compare the number with the document")]
    Check {
        /// The check character found.
        found: char,
        /// The check character that the other characters ask for.
        expected: char,
    },
}

impl Broken {
    /// How far the reading came before it broke: the kind that came furthest is the nearest.
    fn depth(self) -> u8 {
        match self {
            Broken::Empty => 0,
            Broken::Length { .. } => 1,
            Broken::Masked => 2,
            Broken::Character { .. } => 3,
            Broken::Class { .. } | Broken::Division(_) => 4,
            Broken::BirthDate | Broken::BornInFuture => 5,
            Broken::Check { .. } => 6,
        }
    }
}

#[cfg(test)]
mod tests;
