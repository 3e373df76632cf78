//! Numbers as callers and tables write them: read, or refused with a rule; what was read reads as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{Country, IdKind, Identifier};

fuzz_target!(|input: &[u8]| {
    let Some((day, text)) = input.split_first_chunk::<2>() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    // Days from 1970 to 2149.
    let today = Day::from_number(i32::from(u16::from_le_bytes(*day)));
    for kind in (0..=u8::MAX).filter_map(IdKind::from_code) {
        match Identifier::parse(kind, text, today) {
            Ok(identifier) => whole(&identifier, kind, today),
            Err(error) => drop(error.to_string()),
        }
    }
    match Identifier::read(text, today) {
        Ok(identifier) => whole(&identifier, identifier.kind(), today),
        Err(error) => drop(error.to_string()),
    }
    if let Some(country) = Country::parse(text) {
        assert_eq!(Country::parse(country.as_str()), Some(country));
    }
});

fn whole(identifier: &Identifier, kind: IdKind, today: Day) {
    assert_eq!(identifier.kind(), kind);
    assert_eq!(Identifier::parse(kind, identifier.as_str(), today), Ok(*identifier));
    assert!(!format!("{identifier:?}").contains(identifier.as_str()) || identifier.as_str().len() < 12);
    assert!(identifier.birth().is_none_or(|birth| birth <= today));
    let digits = |part: Option<&str>, length| {
        part.is_none_or(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    assert!(digits(identifier.division(), 6));
    assert!(digits(identifier.organisation_code(), 9));
}
