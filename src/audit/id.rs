//! Names of entries: 32 characters of Crockford's base 32, opaque to callers. Inside stand node, segment and offset, so
//! that an entry is found without an index, and a keyed tag, so that nobody can make one up.
//!
//! ```text
//! node u16 · segment u32 · offset u32   big-endian, so that names sort as entries do
//! tag  [u8; 10]                         the first 80 bits of an HMAC-SHA-256 over the kind and the above
//! ```

use super::entry::Kind;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BYTES: usize = 20;
const TAG_BYTES: usize = 10;

/// Characters of a name.
pub const ID_CHARS: usize = 32;

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Number of the segment, from 1.
    pub segment: u32,
    /// Bytes before it in the segment.
    pub offset: u32,
}

/// The name of an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; BYTES]);

impl Id {
    /// Reads the text form, upper or lower case. `I` and `L` pass for 1, `O` for 0, as Crockford has it.
    pub fn parse(text: &str) -> Option<Id> {
        let text = text.as_bytes();
        if text.len() != ID_CHARS {
            return None;
        }
        let mut bytes = [0; BYTES];
        for (eight, five) in text.chunks_exact(8).zip(bytes.chunks_exact_mut(5)) {
            let mut value = 0u64;
            for character in eight {
                value = value << 5 | digit(*character)?;
            }
            five.copy_from_slice(&value.to_be_bytes()[3..]);
        }
        Some(Id(bytes))
    }

    /// The text form.
    pub fn text(&self) -> [u8; ID_CHARS] {
        let mut text = [0; ID_CHARS];
        // Arrays of a known length, so that neither loop is one in the end: every reply has a name.
        for ([a, b, c, d, e], eight) in self.0.as_chunks().0.iter().zip(text.as_chunks_mut::<8>().0) {
            let value = u64::from_be_bytes([0, 0, 0, *a, *b, *c, *d, *e]);
            *eight = std::array::from_fn(|place| ALPHABET[((value >> (35 - 5 * place)) & 31) as usize]);
        }
        text
    }

    /// The bytes of an entry.
    pub(super) fn bytes(&self) -> [u8; BYTES] {
        self.0
    }

    /// From the bytes of an entry.
    pub(super) fn from_bytes(bytes: [u8; BYTES]) -> Id {
        Id(bytes)
    }

    /// From its parts, as the log keeps them.
    pub(super) fn of_parts(node: u16, place: Place, tag: [u8; TAG_BYTES]) -> Id {
        let mut bytes = [0; BYTES];
        bytes[..2].copy_from_slice(&node.to_be_bytes());
        bytes[2..6].copy_from_slice(&place.segment.to_be_bytes());
        bytes[6..10].copy_from_slice(&place.offset.to_be_bytes());
        bytes[10..].copy_from_slice(&tag);
        Id(bytes)
    }

    /// The node that made it.
    pub fn node(&self) -> u16 {
        u16::from_be_bytes([self.0[0], self.0[1]])
    }

    /// Where the entry stands, at its node.
    pub fn place(&self) -> Place {
        let [.., a, b, c, d, e, f, g, h] = *self.0.first_chunk::<10>().unwrap_or(&[0; 10]);
        Place { segment: u32::from_be_bytes([a, b, c, d]), offset: u32::from_be_bytes([e, f, g, h]) }
    }

    /// The tag alone.
    pub(super) fn tag(&self) -> [u8; TAG_BYTES] {
        *self.0.last_chunk().unwrap_or(&[0; TAG_BYTES])
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl std::fmt::Debug for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Id({self})")
    }
}

fn digit(character: u8) -> Option<u64> {
    let upper = match character.to_ascii_uppercase() {
        b'I' | b'L' => b'1',
        b'O' => b'0',
        other => other,
    };
    ALPHABET.iter().position(|known| *known == upper).map(|place| place as u64)
}

/// The secrets behind names: the first makes them, all know their own. Also digests bodies of feedback.
#[derive(Clone)]
pub struct IdKeys(Vec<Hmac<Sha256>>);

impl IdKeys {
    /// From 32 secret bytes each; at least one.
    pub fn new(first: &[u8; 32], others: &[[u8; 32]]) -> IdKeys {
        // HMAC takes keys of any length, so that this cannot fail.
        let mac = |secret: &[u8; 32]| {
            Hmac::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default()))
        };
        IdKeys(std::iter::once(first).chain(others).map(mac).collect())
    }

    /// Names an entry.
    pub fn make(&self, kind: Kind, node: u16, place: Place) -> Id {
        let mut id = Id::of_parts(node, place, [0; TAG_BYTES]);
        if let Some(mac) = self.0.first() {
            let tag = tagged(mac, kind, &id).finalize().into_bytes();
            id.0[BYTES - TAG_BYTES..].copy_from_slice(&tag[..TAG_BYTES]);
        }
        id
    }

    /// Whether this deployment made the name, for an entry of this kind. Takes the same time whatever is wrong.
    pub fn made(&self, kind: Kind, id: &Id) -> bool {
        let mut made = false;
        for mac in &self.0 {
            made |= tagged(mac, kind, id).verify_truncated_left(&id.tag()).is_ok();
        }
        made
    }

    /// A digest that tells nothing of what it was made from.
    pub fn digest(&self, bytes: &[u8]) -> [u8; 16] {
        let mut mac = self.0.first().cloned().unwrap_or_else(|| Hmac::new(&Default::default()));
        mac.update(b"body");
        mac.update(&Sha256::digest(bytes));
        let mut digest = [0; 16];
        digest.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        digest
    }
}

impl std::fmt::Debug for IdKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IdKeys({})", self.0.len())
    }
}

fn tagged(mac: &Hmac<Sha256>, kind: Kind, id: &Id) -> Hmac<Sha256> {
    let mut mac = mac.clone();
    let mut message = [kind.code(); BYTES - TAG_BYTES + 1];
    message[1..].copy_from_slice(&id.0[..BYTES - TAG_BYTES]);
    mac.update(&message);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_where_and_cannot_be_made_up() {
        let keys = IdKeys::new(&[7; 32], &[]);
        let place = Place { segment: 3, offset: 70_000 };
        let id = keys.make(Kind::Check, 9, place);
        let text = id.to_string();
        assert_eq!(text.len(), ID_CHARS);
        let read = Id::parse(&text).unwrap();
        assert_eq!((read, read.node(), read.place()), (id, 9, place));
        assert_eq!(Id::parse(&text.to_lowercase()), Some(id));
        assert!(keys.made(Kind::Check, &read));
        assert!(!keys.made(Kind::Feedback, &read), "a check's name is no feedback's");
        assert!(!IdKeys::new(&[8; 32], &[]).made(Kind::Check, &read), "another deployment's");
        assert!(IdKeys::new(&[8; 32], &[[7; 32]]).made(Kind::Check, &read), "an older key's");
        for place in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
            let forged = Id::parse(std::str::from_utf8(&forged).unwrap()).unwrap();
            assert!(!keys.made(Kind::Check, &forged), "changed at {place}");
        }
        for wrong in ["", "01J", &text[1..], &format!("{text}0"), &text.replace(&text[..1], "U")] {
            assert_eq!(Id::parse(wrong), None, "{wrong}");
        }
    }
}
