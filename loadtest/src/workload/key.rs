//! Under which key a store keeps what a check of a subject would tell.

use sha2::{Digest, Sha256};

/// A unified code has so many characters, and so has a citizen's number.
const CODE_BYTES: usize = 18;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// Letters and digits.
pub(crate) struct Key([u8; 64], usize);

impl Key {
    /// Of a subject: the unified code of an organisation. Anything else may be a person's, and is not told to a store: the
    /// key is the SHA-256 of number and name. It can be guessed, as all digests without a key.
    pub(crate) fn of(id: &str, name: &str) -> Self {
        let mut key = [0; 64];
        if is_unified_code(id.as_bytes()) && !is_citizens(id.as_bytes()) {
            key[..CODE_BYTES].copy_from_slice(id.as_bytes());
            return Self(key, CODE_BYTES);
        }
        let digest = Sha256::new().chain_update(id).chain_update([0]).chain_update(name).finalize();
        for (pair, byte) in key.chunks_exact_mut(2).zip(digest) {
            pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        Self(key, 64)
    }

    /// As it is asked for.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0[..self.1]
    }

    /// As it is asked for.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// The last character of a unified code (GB 32100), from those before: weights are powers of 3.
pub(super) fn check_character(code: &[u8]) -> Option<u8> {
    const DIGITS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let mut weight = 1;
    let mut sum = 0;
    for byte in code {
        sum += DIGITS.iter().position(|digit| digit == byte)? * weight;
        weight = weight * 3 % 31;
    }
    DIGITS.get((31 - sum % 31) % 31).copied()
}

fn is_unified_code(id: &[u8]) -> bool {
    id.len() == CODE_BYTES && id.split_last().is_some_and(|(last, code)| check_character(code) == Some(*last))
}

/// By the check character of a citizen's number (GB 11643).
fn is_citizens(id: &[u8]) -> bool {
    let mut sum = 0;
    for (place, byte) in id.iter().enumerate() {
        let digit = match byte {
            b'0'..=b'9' => u32::from(byte - b'0'),
            b'X' if place + 1 == CODE_BYTES => 10,
            _ => return false,
        };
        sum += digit * (1 << (CODE_BYTES - 1 - place)) % 11;
    }
    sum % 11 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_is_its_code_and_a_person_is_a_digest() {
        assert_eq!(Key::of("91110000600037341L", "某公司").as_str(), "91110000600037341L");
        let person = Key::of("370491199608074890", "杨幻仿");
        assert_eq!(person.as_str().len(), 64);
        assert!(person.as_str().bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(person.as_str(), Key::of("370491199608074890", "").as_str());
    }

    /// Whatever is not surely an organisation's may be a person's.
    #[test]
    fn no_number_that_could_be_a_persons_is_a_key() {
        for id in [
            "370491199608074890",
            "11010119900101007X",
            "E12345678",
            "110101900101001",
            "91110000600037341M",
            "",
        ] {
            let key = Key::of(id, "");
            assert!(key.as_str().len() == 64 && (id.is_empty() || !key.as_str().contains(id)), "{id}");
        }
        // A number can be both: then it is taken for a citizen's.
        let both = (0..1_000_000_u32).map(|n| format!("11010119900{n:06}")).find_map(|start| {
            let last = check_character(start.as_bytes())?;
            let id = format!("{start}{}", char::from(last));
            is_citizens(id.as_bytes()).then_some(id)
        });
        assert_eq!(Key::of(&both.unwrap(), "").as_str().len(), 64);
    }
}
