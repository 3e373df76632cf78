//! What a caller writes in free text may hold a person's number or name; the log takes neither.

use crate::domain::date::Day;
use crate::domain::identifier::{IdKind, Identifier};
use crate::domain::text::mask_number;
use std::borrow::Cow;

/// The shortest number of a person that is told from any other run of digits.
const NUMBER_CHARS_MIN: usize = 15;
const NUMBER_CHARS_MAX: usize = 18;

/// What must not be repeated beside persons' numbers: the number and the name that were asked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Person<'a> {
    pub(super) number: &'a str,
    pub(super) name: &'a str,
}

/// A text without persons' numbers, and without what was asked. Most texts hold none and are not copied.
pub(super) fn discreet<'t>(text: &'t str, person: Person<'_>) -> Cow<'t, str> {
    let mut clean = Cow::Borrowed(text);
    for secret in [person.number, person.name] {
        if !secret.is_empty() && clean.contains(secret) {
            clean = Cow::Owned(clean.replace(secret, "***"));
        }
    }
    if clean.len() >= NUMBER_CHARS_MIN && has_number(&clean) { Cow::Owned(masked(&clean)) } else { clean }
}

fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

fn has_number(text: &str) -> bool {
    runs(text).any(is_number)
}

fn is_number(run: &str) -> bool {
    (NUMBER_CHARS_MIN..=NUMBER_CHARS_MAX).contains(&run.len())
        && run.bytes().filter(u8::is_ascii_digit).count() >= NUMBER_CHARS_MIN - 1
        && [IdKind::Citizen, IdKind::ForeignResident]
            .into_iter()
            .any(|kind| Identifier::parse(kind, run, Day::OPEN).is_ok())
}

fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    for run in runs(text) {
        // Runs follow one another in the text, with what divides them between.
        let at = rest.find(run).unwrap_or_default();
        out.push_str(&rest[..at]);
        if is_number(run) {
            mask_number(run, &mut out)
        } else {
            out.push_str(run)
        }
        rest = &rest[at + run.len()..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_persons_and_what_was_asked_are_masked_and_nothing_else() {
        let nobody = Person::default();
        for same in ["", "2026-8841", "20261120000123456", "91110000600037341L", "证据：第3页", "a-b--c"]
        {
            assert!(matches!(discreet(same, nobody), Cow::Borrowed(text) if text == same), "{same}");
        }
        assert_eq!(discreet("号360426199101010071；x", nobody), "号3604**********0071；x");
        let asked = Person { number: "E00000001", name: "张试三" };
        assert_eq!(discreet("张试三, E00000001.", asked), "***, ***.");
    }
}
