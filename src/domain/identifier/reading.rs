//! A number whose kind is not told: which reading wins, and when to refuse to guess.

use super::form::Raw;
use super::{IdKind, Identifier, IdentifierError};
use crate::domain::date::Day;

/// The kinds that may be guessed. Of two kinds that break equally late, the earlier here is called the nearest.
const GUESSED: [IdKind; 5] =
    [IdKind::Citizen, IdKind::Uscc, IdKind::ForeignResident, IdKind::Registration, IdKind::OrganisationCode];

/// Two-digit codes of provinces, regions and municipalities (GB/T 2260).
const PROVINCES: [&[u8; 2]; 34] = [
    b"11", b"12", b"13", b"14", b"15", b"21", b"22", b"23", b"31", b"32", b"33", b"34", b"35", b"36", b"37",
    b"41", b"42", b"43", b"44", b"45", b"46", b"50", b"51", b"52", b"53", b"54", b"61", b"62", b"63", b"64",
    b"65", b"71", b"81", b"82",
];

/// Why no one reading can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// Several kinds fit.
    #[error("the number reads as {0}; say which by `id_type`")]
    Ambiguous(Candidates),
    /// No kind fits; the error is that of the nearest.
    #[error(transparent)]
    Invalid(#[from] IdentifierError),
}

/// The kinds as which one number reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidates {
    kinds: [Option<IdKind>; GUESSED.len()],
}

impl Candidates {
    /// In the order of [`IdKind`].
    pub fn iter(&self) -> impl Iterator<Item = IdKind> + '_ {
        self.kinds.iter().flatten().copied()
    }
}

impl std::fmt::Display for Candidates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, kind) in self.iter().enumerate() {
            let join = if place == 0 { "" } else { " and as " };
            write!(f, "{join}{}", kind.word())?;
        }
        Ok(())
    }
}

pub(super) fn read(text: &str, today: Day) -> Result<Identifier, Unread> {
    let raw = Raw::normalise(text).map_err(|rule| IdentifierError { kind: nearest_by_length(text), rule })?;
    let mut found = [None; GUESSED.len()];
    let mut nearest: Option<IdentifierError> = None;
    for (slot, kind) in found.iter_mut().zip(GUESSED) {
        match Identifier::from_raw(kind, &raw, today) {
            Ok(identifier) => *slot = Some(identifier),
            Err(rule) => {
                if nearest.is_none_or(|known| rule.depth() > known.rule.depth()) {
                    nearest = Some(IdentifierError { kind, rule });
                }
            }
        }
    }
    // A citizen's number that reads as a unified code of a division nobody has is the citizen.
    if let [Some(_), Some(unified), ..] = found
        && !is_province(unified.division())
    {
        found[1] = None;
    }
    let mut readings = found.iter().flatten();
    match (readings.next(), readings.next(), nearest) {
        (Some(one), None, _) => Ok(*one),
        (None, _, Some(error)) => Err(Unread::Invalid(error)),
        _ => Err(Unread::Ambiguous(Candidates { kinds: found.map(|reading| reading.map(|id| id.kind())) })),
    }
}

/// A province of GB/T 2260, or 10: registered with a national authority.
fn is_province(division: Option<&str>) -> bool {
    let first_two = division.and_then(|digits| digits.as_bytes().first_chunk::<2>());
    first_two.is_some_and(|code| code == b"10" || PROVINCES.contains(&code))
}

/// For texts that no rule of a kind has seen: the kind by their length.
fn nearest_by_length(text: &str) -> IdKind {
    match text.chars().count() {
        ..=12 => IdKind::OrganisationCode,
        13..=16 => IdKind::Registration,
        _ => IdKind::Uscc,
    }
}
