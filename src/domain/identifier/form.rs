//! The forgiving half: width, case, blanks and hyphens.

use super::Broken;
use crate::domain::text::{half_width, is_blank};

/// Longest normalised identifier, in bytes.
pub(super) const LONGEST: usize = 32;

/// A text in half width and upper case, without blanks and hyphens.
pub(super) struct Raw {
    length: usize,
    bytes: [u8; LONGEST],
}

impl Raw {
    /// Refuses what is empty, masked, too long for any kind, or not ASCII after normalising.
    pub(super) fn normalise(text: &str) -> Result<Raw, Broken> {
        let mut raw = Raw { length: 0, bytes: [0; LONGEST] };
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
            // As nearly all are written.
            raw.length = text.len();
            raw.bytes[..text.len()].copy_from_slice(text.as_bytes());
            raw.bytes.make_ascii_uppercase();
            return Ok(raw);
        }
        let mut place = 0;
        let mut foreign = None;
        for c in text.chars().map(half_width).filter(|c| !is_blank(*c) && !is_hyphen(*c)) {
            place += 1;
            if is_mask(c) {
                return Err(Broken::Masked);
            }
            if !c.is_ascii_graphic() {
                foreign.get_or_insert(Broken::Character { place, found: c, expected: "letters and digits" });
            } else if raw.length < LONGEST {
                raw.bytes[raw.length] = c.to_ascii_uppercase() as u8;
                raw.length += 1;
            }
        }
        match foreign {
            Some(broken) => Err(broken),
            None if place == 0 => Err(Broken::Empty),
            None if place > LONGEST => Err(Broken::Length { found: place, expected: "at most 32" }),
            None => Ok(raw),
        }
    }

    /// Of a certificate only letters and digits count: the words around them (`事证第…号`) differ from table to table.
    pub(super) fn certificate(text: &str) -> Result<Raw, Broken> {
        let mut raw = Raw { length: 0, bytes: [0; LONGEST] };
        let mut found = 0;
        for c in text.chars().map(half_width) {
            if is_mask(c) {
                return Err(Broken::Masked);
            }
            if c.is_ascii_alphanumeric() {
                found += 1;
                if raw.length < LONGEST {
                    raw.bytes[raw.length] = c.to_ascii_uppercase() as u8;
                    raw.length += 1;
                }
            }
        }
        match found {
            0 => Err(Broken::Empty),
            _ if found > LONGEST => Err(Broken::Length { found, expected: "at most 32" }),
            _ => Ok(raw),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}')
}

fn is_mask(c: char) -> bool {
    matches!(c, '*' | '×' | '●' | '＊')
}

/// Bytes that are ASCII by construction.
pub(super) fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// Refuses the first byte that `allowed` does not hold.
pub(super) fn all(bytes: &[u8], allowed: fn(u8) -> bool, expected: &'static str) -> Result<(), Broken> {
    match bytes.iter().position(|b| !allowed(*b)) {
        None => Ok(()),
        Some(at) => Err(Broken::Character { place: at + 1, found: char::from(bytes[at]), expected }),
    }
}

/// Refuses another check character than the one expected.
pub(super) fn check(found: u8, expected: u8) -> Result<(), Broken> {
    if found == expected {
        Ok(())
    } else {
        Err(Broken::Check { found: char::from(found), expected: char::from(expected) })
    }
}

/// Refuses another length.
pub(super) fn length(bytes: &[u8], wanted: usize, expected: &'static str) -> Result<(), Broken> {
    if bytes.len() == wanted { Ok(()) } else { Err(Broken::Length { found: bytes.len(), expected }) }
}
