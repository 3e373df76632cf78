//! Numbers of persons' documents.

use super::checks::{citizen_check, citizen_from_15};
use super::form::{all, check, length};
use super::{Broken, Country};
use crate::domain::date::{Day, digits};

/// Checked and in its form of 18. A division that exists no longer, or never did, is no reason to refuse;
/// a first digit that no region has is. Residence permits (81, 82, 83) share the form.
pub(super) fn citizen(bytes: &[u8], today: Day) -> Result<[u8; 18], Broken> {
    let full = match <&[u8; 15]>::try_from(bytes) {
        Ok(old) => {
            all(bytes, |b| b.is_ascii_digit(), "a digit")?;
            region(bytes)?;
            citizen_from_15(old).unwrap_or_default()
        }
        Err(_) => {
            length(bytes, 18, "18, or 15 in the old form")?;
            all(&bytes[..17], |b| b.is_ascii_digit(), "a digit")?;
            all_at(bytes, 17)?;
            region(bytes)?;
            <[u8; 18]>::try_from(bytes).unwrap_or_default()
        }
    };
    born(&full[6..14], today)?;
    check(full[17], citizen_check(&full[..17]).unwrap_or_default())?;
    Ok(full)
}

fn region(bytes: &[u8]) -> Result<(), Broken> {
    if (b'1'..=b'8').contains(&bytes[0]) { Ok(()) } else { Err(Broken::Division(char::from(bytes[0]))) }
}

fn all_at(bytes: &[u8], last: usize) -> Result<(), Broken> {
    if bytes[last].is_ascii_digit() || bytes[last] == b'X' {
        return Ok(());
    }
    Err(Broken::Character { place: last + 1, found: char::from(bytes[last]), expected: "a digit or X" })
}

/// Form of 2023: 9, fourteen digits with the birth date where a citizen's number has it, MOD 11-2.
/// Form of 2017: three letters and twelve digits.
pub(super) fn foreign_resident(bytes: &[u8], today: Day) -> Result<(), Broken> {
    match bytes.len() {
        15 => {
            all(&bytes[..3], |b| b.is_ascii_uppercase(), "three letters of the country, then twelve digits")?;
            let digits = all(&bytes[3..], |b| b.is_ascii_digit(), "a digit");
            digits.map_err(|broken| match broken {
                Broken::Character { place, found, expected } => {
                    Broken::Character { place: place + 3, found, expected }
                }
                other => other,
            })
        }
        18 => {
            if bytes[0] != b'9' {
                return Err(Broken::Character { place: 1, found: char::from(bytes[0]), expected: "9" });
            }
            all(&bytes[..17], |b| b.is_ascii_digit(), "a digit")?;
            all_at(bytes, 17)?;
            born(&bytes[6..14], today)?;
            check(bytes[17], citizen_check(&bytes[..17]).unwrap_or_default())
        }
        found => Err(Broken::Length { found, expected: "18, or 15 in the form of 2017" }),
    }
}

/// Eight digits as a date from 1850 on.
pub(super) fn birth_date(yyyymmdd: &[u8]) -> Option<Day> {
    let year = digits(yyyymmdd.get(..4)?)? as i32;
    let day = Day::from_ymd(year, digits(yyyymmdd.get(4..6)?)?, digits(yyyymmdd.get(6..8)?)?)?;
    (year >= 1850).then_some(day)
}

fn born(yyyymmdd: &[u8], today: Day) -> Result<(), Broken> {
    let birth = birth_date(yyyymmdd).ok_or(Broken::BirthDate)?;
    if birth > today { Err(Broken::BornInFuture) } else { Ok(()) }
}

/// Length and alphabet only: passports have no common check digit.
pub(super) fn passport(bytes: &[u8]) -> Result<(), Broken> {
    if !(5..=20).contains(&bytes.len()) {
        return Err(Broken::Length { found: bytes.len(), expected: "5 to 20" });
    }
    all(bytes, |b| b.is_ascii_alphanumeric(), "a letter or a digit")
}

/// Length and alphabet only.
pub(super) fn permit(bytes: &[u8]) -> Result<(), Broken> {
    if !(8..=12).contains(&bytes.len()) {
        return Err(Broken::Length { found: bytes.len(), expected: "8 to 12" });
    }
    all(bytes, |b| b.is_ascii_alphanumeric(), "a letter or a digit")
}

/// Where a travel permit was issued, if its form tells: `H…` Hong Kong, `M…` Macao, eight digits Taiwan.
pub(super) fn place_of_issue(permit: &[u8]) -> Option<Country> {
    match permit {
        [b'H', ..] => Some(Country(*b"HKG")),
        [b'M', ..] => Some(Country(*b"MAC")),
        digits if digits.len() == 8 && digits.iter().all(u8::is_ascii_digit) => Some(Country(*b"TWN")),
        _ => None,
    }
}
