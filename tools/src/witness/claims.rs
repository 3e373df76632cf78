//! Whom a row speaks of: its identifiers, in the order in which they win.

use super::dates::Day;
use super::numbers::{Guess, Id, guess, read};
use super::rows::Row;
use super::text::parts;

/// The identifiers of a row's subject. One that holds anything names a subject.
#[derive(Clone, Default)]
pub(crate) struct Claim {
    pub(crate) uscc: Option<Id>,
    /// Organisation code, registration, tax, certificates: in this order.
    pub(crate) older: Vec<Id>,
    /// A person's document; it names the subject only where no code does.
    pub(crate) person: Option<Id>,
    /// Registers only: codes that the subject had before, oldest first.
    pub(crate) former: Vec<Id>,
}

impl Claim {
    /// Reads the identifiers of a row, or says why the row is refused.
    pub(crate) fn of(row: &Row, today: Day) -> Result<Claim, &'static str> {
        let mut claim = Claim::default();
        let one = |kind: &str, raw: &str| {
            if raw.contains(['*', '＊']) {
                return Err("masked_identifier");
            }
            read(kind, raw, row.get("country"), today).ok_or("invalid_identifier")
        };
        if let Some(raw) = row.get("uscc") {
            claim.uscc = Some(one("uscc", raw)?);
        }
        for kind in ["organisation-code", "registration", "tax", "institution", "society"] {
            if let Some(raw) = row.get(kind) {
                claim.older.push(one(kind, raw)?);
            }
        }
        for raw in parts(row.get("former-codes").unwrap_or(""), ";；") {
            claim.former.push(one("uscc", &raw)?);
        }
        if let Some(raw) = row.get("paper-number") {
            if raw.contains(['*', '＊']) {
                return Err("masked_identifier");
            }
            let id = paper(row.get("paper"), raw, row.get("country"), today).ok_or("invalid_identifier")?;
            match id.kind {
                "uscc" => claim.uscc = claim.uscc.or(Some(id)),
                "registration" | "organisation-code" => claim.older.push(id),
                _ => claim.person = Some(id),
            }
        }
        if claim.has_code() {
            claim.person = None;
        } else if claim.person.is_none() {
            return Err("no_identifier");
        }
        Ok(claim)
    }

    pub(crate) fn has_code(&self) -> bool {
        self.uscc.is_some() || !self.older.is_empty() || !self.former.is_empty()
    }

    /// The codes in the order in which they win, with the organisation code inside a unified code.
    pub(crate) fn codes(&self) -> Vec<String> {
        let mut tokens = vec![];
        for id in self.uscc.iter().chain(&self.former) {
            tokens.push(id.token());
            tokens.push(organisation_inside(id));
        }
        tokens.extend(self.older.iter().map(Id::token));
        tokens
    }
}

pub(crate) fn organisation_inside(uscc: &Id) -> String {
    format!("organisation-code::{}", &uscc.number[8..17])
}

/// A document by its type; without a type, what the number itself says.
pub(crate) fn paper(kind: Option<&str>, raw: &str, country: Option<&str>, today: Day) -> Option<Id> {
    let kind = match kind {
        None => {
            return match guess(raw, today) {
                Guess::One(id) => Some(id),
                _ => None,
            };
        }
        Some("身份证" | "居民身份证") => "citizen",
        Some("护照") => "passport",
        Some("港澳居民来往内地通行证" | "台湾居民来往大陆通行证") => "permit",
        Some("外国人永久居留身份证") => "foreign-resident",
        Some(_) => return None,
    };
    read(kind, raw, country, today)
}
