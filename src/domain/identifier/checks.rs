//! Check characters. Each function takes the characters before the check character and returns it;
//! `None` if their number or alphabet is wrong.

/// Alphabet of GB 32100: no I, O, S, V, Z. The value of a character is its place.
const UNIFIED: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const UNIFIED_WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
const CITIZEN_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

const NO_VALUE: u8 = 255;
const UNIFIED_VALUES: [u8; 256] = {
    let mut values = [NO_VALUE; 256];
    let mut value = 0;
    while value < UNIFIED.len() {
        values[UNIFIED[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// Whether GB 32100 has this character.
pub(super) fn is_unified(byte: u8) -> bool {
    UNIFIED_VALUES[usize::from(byte)] != NO_VALUE
}

/// Check character of a unified social credit code from its first 17 characters (GB 32100-2015).
pub fn unified_code_check(first_17: &[u8]) -> Option<u8> {
    let first: &[u8; 17] = first_17.try_into().ok()?;
    let mut sum = 0;
    for (byte, weight) in first.iter().zip(UNIFIED_WEIGHTS) {
        let value = UNIFIED_VALUES[usize::from(*byte)];
        if value == NO_VALUE {
            return None;
        }
        sum += u32::from(value) * weight;
    }
    Some(UNIFIED[((31 - sum % 31) % 31) as usize])
}

/// Check character of an organisation code from its first 8 characters (GB 11714).
pub fn organisation_code_check(first_8: &[u8]) -> Option<u8> {
    let first: &[u8; 8] = first_8.try_into().ok()?;
    let mut sum = 0;
    for (byte, weight) in first.iter().zip(ORGANISATION_WEIGHTS) {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            _ => return None,
        };
        sum += u32::from(value) * weight;
    }
    Some(match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        value => b'0' + value as u8,
    })
}

/// Check digit of a business registration number from its first 14 digits (ISO 7064 MOD 11,10).
pub fn registration_check(first_14: &[u8]) -> Option<u8> {
    let first: &[u8; 14] = first_14.try_into().ok()?;
    let mut r = 10;
    for byte in first {
        if !byte.is_ascii_digit() {
            return None;
        }
        r = (r + u32::from(byte - b'0')) % 10;
        r = if r == 0 { 10 } else { r } * 2 % 11;
    }
    Some(b'0' + ((11 - r) % 10) as u8)
}

/// Check character of a citizen identity number from its first 17 digits (GB 11643, ISO 7064 MOD 11-2).
pub fn citizen_check(first_17: &[u8]) -> Option<u8> {
    let first: &[u8; 17] = first_17.try_into().ok()?;
    let mut sum = 0;
    for (byte, weight) in first.iter().zip(CITIZEN_WEIGHTS) {
        if !byte.is_ascii_digit() {
            return None;
        }
        sum += u32::from(byte - b'0') * weight;
    }
    Some(b"10X98765432"[(sum % 11) as usize])
}

/// An old 15-digit citizen number in its form of 18: `19` after the sixth digit, and the check character.
pub fn citizen_from_15(digits: &[u8; 15]) -> Option<[u8; 18]> {
    let mut full = [0; 18];
    full[..6].copy_from_slice(&digits[..6]);
    full[6..8].copy_from_slice(b"19");
    full[8..17].copy_from_slice(&digits[6..]);
    full[17] = citizen_check(&full[..17])?;
    Some(full)
}
