//! Invented numbers with valid check characters, unique by construction.
//!
//! Organisation codes stand in blocks (`XN…`) and citizens' numbers in divisions (`37049x`) that were never
//! issued, so that no number is a real company's or person's.

use xinhe::domain::date::Day;
use xinhe::domain::identifier::{
    citizen_check, organisation_code_check, registration_check, unified_code_check,
};

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// 31⁶: how many organisation codes a block has.
pub(super) const BLOCK_SIZE: u64 = 887_503_681;
/// Sequence numbers 1 to 999 of one day in one division.
pub(super) const SEQUENCES: u64 = 999;

/// The unified code with this department and class, division, block and number (below [`BLOCK_SIZE`]).
pub(super) fn unified_code(head: &[u8; 2], division: &[u8], block: &[u8; 2], number: u64) -> [u8; 18] {
    let mut code = [b'0'; 18];
    code[..2].copy_from_slice(head);
    code[2..8].copy_from_slice(&division[..6]);
    code[8..10].copy_from_slice(block);
    // Spread, so that neighbours in the register do not have neighbouring codes.
    let mut left = (number % BLOCK_SIZE * 548_507_311 + 40_081) % BLOCK_SIZE;
    for place in (10..16).rev() {
        code[place] = ALPHABET[(left % 31) as usize];
        left /= 31;
    }
    code[16] = organisation_code_check(&code[8..16]).unwrap_or(b'0');
    code[17] = unified_code_check(&code[..17]).unwrap_or(b'0');
    code
}

/// The business registration number with this division and number (eight digits).
pub(super) fn registration_number(division: &[u8], number: u64) -> [u8; 15] {
    let mut code = [b'0'; 15];
    code[..6].copy_from_slice(&division[..6]);
    digits(number, &mut code[6..14]);
    code[14] = registration_check(&code[..14]).unwrap_or(b'0');
    code
}

/// A number in the form of a citizen's: six digits, birth date, sequence, check.
pub(super) fn citizen_number(prefix: &[u8; 6], birth: Day, sequence: u64) -> [u8; 18] {
    let mut number = [b'0'; 18];
    number[..6].copy_from_slice(prefix);
    let (year, month, day) = birth.ymd();
    digits(u64::from(year.unsigned_abs()), &mut number[6..10]);
    digits(u64::from(month), &mut number[10..12]);
    digits(u64::from(day), &mut number[12..14]);
    digits(sequence, &mut number[14..17]);
    number[17] = citizen_check(&number[..17]).unwrap_or(b'0');
    number
}

/// The last digits of a number, filled with zeros.
pub(super) fn digits(mut number: u64, out: &mut [u8]) {
    for byte in out.iter_mut().rev() {
        *byte = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xinhe::domain::identifier::{IdKind, Identifier};

    #[test]
    fn codes_are_valid_and_distinct() {
        let today: Day = "2026-11-20".parse().unwrap();
        let mut seen = std::collections::HashSet::new();
        for number in 0..5000 {
            let code = unified_code(b"91", b"370402", b"XN", number);
            assert!(seen.insert(code));
            let text = std::str::from_utf8(&code).unwrap();
            let id = Identifier::parse(IdKind::Uscc, text, today).unwrap();
            let organisation = id.organisation_code().unwrap();
            Identifier::parse(IdKind::OrganisationCode, organisation, today).unwrap();
        }
        let old = registration_number(b"370481", 20_000_123);
        Identifier::parse(IdKind::Registration, std::str::from_utf8(&old).unwrap(), today).unwrap();
        let born = "1990-02-28".parse().unwrap();
        let citizen = citizen_number(b"370491", born, 7);
        let id = Identifier::parse(IdKind::Citizen, std::str::from_utf8(&citizen).unwrap(), today).unwrap();
        assert_eq!(id.birth(), Some(born));
    }
}
