//! Codes of organisations.

use super::Broken;
use super::checks::{is_unified, organisation_code_check, registration_check, unified_code_check};
use super::form::{all, check, length};

const UNIFIED_ALPHABET: &str = "a digit or a capital letter other than I, O, S, V, Z";

pub(super) fn unified_code(bytes: &[u8]) -> Result<(), Broken> {
    length(bytes, 18, "18")?;
    all(bytes, is_unified, UNIFIED_ALPHABET)?;
    let (department, class) = (bytes[0], bytes[1]);
    if !classes_of(department).contains(&class) {
        return Err(Broken::Class { department: char::from(department), class: char::from(class) });
    }
    if let Some(at) = bytes[2..8].iter().position(|b| !b.is_ascii_digit()) {
        let found = char::from(bytes[2 + at]);
        return Err(Broken::Character { place: at + 3, found, expected: "a digit of the division" });
    }
    check(bytes[17], unified_code_check(&bytes[..17]).unwrap_or_default())
}

/// The classes that each registration department may give (GB 32100-2015 table 1, `domain.md` §3).
fn classes_of(department: u8) -> &'static [u8] {
    match department {
        b'1' => b"1239",
        b'2' | b'4' | b'8' | b'A' => b"19",
        b'3' => b"123459",
        b'5' | b'9' => b"1239",
        b'6' | b'7' => b"129",
        b'N' => b"1239",
        b'Y' => b"1",
        _ => b"",
    }
}

pub(super) fn organisation_code(bytes: &[u8]) -> Result<(), Broken> {
    length(bytes, 9, "9")?;
    all(&bytes[..8], |b| b.is_ascii_digit() || b.is_ascii_uppercase(), "a digit or a capital letter")?;
    check(bytes[8], organisation_code_check(&bytes[..8]).unwrap_or_default())
}

pub(super) fn registration(bytes: &[u8]) -> Result<(), Broken> {
    length(bytes, 15, "15")?;
    all(bytes, |b| b.is_ascii_digit(), "a digit")?;
    check(bytes[14], registration_check(&bytes[..14]).unwrap_or_default())
}

/// Tax numbers have no common check: 15 characters, a unified code, or a number of 17 to 20.
pub(super) fn tax(bytes: &[u8]) -> Result<(), Broken> {
    if !(15..=20).contains(&bytes.len()) {
        return Err(Broken::Length { found: bytes.len(), expected: "15 to 20" });
    }
    all(bytes, |b| b.is_ascii_alphanumeric(), "a letter or a digit")
}
