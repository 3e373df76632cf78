//! Keys of subjects, and the keyed digests that stand for persons.

use crate::domain::identifier::{IdKind, Identifier};
use crate::domain::text::{hex, name_alike};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// Kind of key of a person's digest.
const PERSON: u8 = 100;
/// Kind of key of the digest of a code that may contain a person's number.
const HIDDEN_CODE: u8 = 101;
/// Bytes of a key.
const KEY_SIZE: usize = 24;

/// The digest of a person's name.
pub type Digest = [u8; 16];

/// What subjects are found by: a code in the clear, or 192 bits of a keyed digest (RFC 2104 §5 allows half and more).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectKey {
    pub(super) kind: u8,
    pub(super) bytes: [u8; KEY_SIZE],
}

impl SubjectKey {
    /// A person that nobody is.
    pub const NOBODY: SubjectKey = SubjectKey { kind: PERSON, bytes: [0; KEY_SIZE] };

    /// The key of an identifier. Persons' documents and tax numbers, which may contain one, are digested.
    pub fn of(identifier: &Identifier, key: &PersonKey) -> SubjectKey {
        match identifier.kind() {
            kind if kind.is_person() => SubjectKey { kind: PERSON, bytes: key.identity(identifier) },
            IdKind::Tax | IdKind::InstitutionCertificate | IdKind::SocialCertificate => {
                SubjectKey { kind: HIDDEN_CODE, bytes: key.identity(identifier) }
            }
            kind => SubjectKey::clear(kind, identifier),
        }
    }

    fn clear(kind: IdKind, identifier: &Identifier) -> SubjectKey {
        let mut bytes = [0; KEY_SIZE];
        let code = identifier.as_bytes();
        bytes[..code.len()].copy_from_slice(code);
        SubjectKey { kind: kind.code(), bytes }
    }

    /// The key of a code that is kept in the clear; `None` for those that are digested.
    pub fn in_clear(identifier: &Identifier) -> Option<SubjectKey> {
        let kind = identifier.kind();
        let clear = matches!(kind, IdKind::Uscc | IdKind::OrganisationCode | IdKind::Registration);
        clear.then(|| SubjectKey::clear(kind, identifier))
    }

    pub(super) fn from_parts(kind: u8, bytes: [u8; KEY_SIZE]) -> SubjectKey {
        SubjectKey { kind, bytes }
    }

    /// The key of these bytes; the other way round than [`SubjectKey::to_bytes`].
    pub fn from_bytes(bytes: [u8; KEY_SIZE + 1]) -> Option<SubjectKey> {
        let [kind, rest @ ..] = bytes;
        let known = matches!(kind, PERSON | HIDDEN_CODE) || IdKind::from_code(kind).is_some();
        known.then_some(SubjectKey { kind, bytes: rest })
    }

    /// Whether it is a digest of a person's document.
    pub fn is_person(&self) -> bool {
        self.kind == PERSON
    }

    /// The code, if it is kept in the clear.
    pub fn code(&self) -> Option<&str> {
        IdKind::from_code(self.kind)?;
        let end = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(KEY_SIZE);
        std::str::from_utf8(&self.bytes[..end]).ok()
    }

    /// What the FST of aliases holds: the kind, then the code or digest.
    pub(super) fn alias(&self) -> ([u8; KEY_SIZE + 1], usize) {
        let mut alias = [0; KEY_SIZE + 1];
        alias[0] = self.kind;
        alias[1..].copy_from_slice(&self.bytes);
        let length = self.code().map_or(KEY_SIZE, str::len);
        (alias, length + 1)
    }

    pub(super) fn from_alias(alias: &[u8]) -> Option<SubjectKey> {
        let mut bytes = [0; KEY_SIZE + 1];
        bytes.get_mut(..alias.len())?.copy_from_slice(alias);
        SubjectKey::from_bytes(bytes)
    }

    /// The hash that orders rows and chooses parts.
    pub fn hash(&self) -> u64 {
        let mut bytes = [0; KEY_SIZE + 1];
        bytes[0] = self.kind;
        bytes[1..].copy_from_slice(&self.bytes);
        xxh3_64(&bytes)
    }

    /// The part of `parts` in which the subject lives. Taken from the low half of the hash, since rows are
    /// ordered by the high half.
    pub fn part(hash: u64, parts: u32) -> u32 {
        ((u64::from(hash as u32) * u64::from(parts)) >> 32) as u32
    }

    /// The kind and bytes, to derive names of records from.
    pub fn to_bytes(&self) -> [u8; KEY_SIZE + 1] {
        let mut bytes = [0; KEY_SIZE + 1];
        bytes[0] = self.kind;
        bytes[1..].copy_from_slice(&self.bytes);
        bytes
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectKey({})", self.code().unwrap_or("digest"))
    }
}

/// Names a secret without telling it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 8]);

impl KeyId {
    /// Reads the text form.
    pub fn parse(text: &str) -> Option<KeyId> {
        let bytes = text.as_bytes();
        let mut id = [0; 8];
        if bytes.len() != 16 || !bytes.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        for (byte, pair) in id.iter_mut().zip(bytes.chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(KeyId(id))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// A secret of the deployment under which persons are kept (HMAC-SHA-256).
#[derive(Clone)]
pub struct PersonKey {
    id: KeyId,
    mac: Hmac<Sha256>,
}

impl PersonKey {
    /// The algorithm beside every digest.
    pub const ALGORITHM: &'static str = "hmac-sha256";

    /// From 32 secret bytes.
    pub fn new(secret: &[u8; 32]) -> PersonKey {
        let mut named = Sha256::new();
        named.update(b"xinhe person key id\0");
        named.update(secret);
        let mut id = [0; 8];
        id.copy_from_slice(&named.finalize()[..8]);
        // HMAC takes keys of any length, so this cannot fail; an all-zero key would be refused by its id.
        let mac = Hmac::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&Default::default()));
        PersonKey { id: KeyId(id), mac }
    }

    /// A secret of its own for another use, from which nobody learns this key.
    pub fn derive(&self, what_for: &str) -> [u8; 32] {
        let mut mac = self.mac.clone();
        mac.update(&[3]);
        mac.update(what_for.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The name of the secret.
    pub fn id(&self) -> KeyId {
        self.id
    }

    fn identity(&self, identifier: &Identifier) -> [u8; KEY_SIZE] {
        let number = identifier.as_bytes();
        let mut message = [0; 40];
        message[0] = 1;
        message[1] = identifier.kind().code();
        if let Some(country) = identifier.country() {
            message[2..5].copy_from_slice(country.as_str().as_bytes());
        }
        message[5..5 + number.len()].copy_from_slice(number);
        let mut mac = self.mac.clone();
        mac.update(&message[..5 + number.len()]);
        let mut bytes = [0; KEY_SIZE];
        bytes.copy_from_slice(&mac.finalize().into_bytes()[..KEY_SIZE]);
        bytes
    }

    /// The digest of a person's name, bound to the person: two persons of one name have two digests.
    pub fn name(&self, person: &SubjectKey, name: &str) -> Digest {
        let mut mac = self.mac.clone();
        let mut block = [0; 128];
        block[0] = 2;
        block[1..=KEY_SIZE].copy_from_slice(&person.bytes);
        let mut filled = KEY_SIZE + 1;
        for c in name_alike(name) {
            if filled + 4 > block.len() {
                mac.update(&block[..filled]);
                filled = 0;
            }
            filled += c.encode_utf8(&mut block[filled..]).len();
        }
        mac.update(&block[..filled]);
        let mut digest = [0; 16];
        digest.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        digest
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonKey({})", self.id)
    }
}

/// The secrets of a deployment: one, or several while keys are rotated. The first is the one to build with.
#[derive(Debug, Clone)]
pub struct PersonKeys(Vec<PersonKey>);

/// A file that holds no person key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No line at all.
    #[error("no key in it: expected a line `hmac-sha256 <64 hex digits>`, as `xinhe keygen` writes it")]
    Empty,
    /// A line of another form.
    #[error("line {0}: expected `hmac-sha256 <64 hex digits>`, as `xinhe keygen` writes it")]
    Line(usize),
}

impl From<PersonKey> for PersonKeys {
    fn from(key: PersonKey) -> PersonKeys {
        PersonKeys(vec![key])
    }
}

impl PersonKeys {
    /// Reads a key file: a line `hmac-sha256 <64 hex digits>` for each key; blank lines and `#` are skipped.
    pub fn parse(text: &str) -> Result<PersonKeys, KeyError> {
        let mut keys = Vec::new();
        for (place, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let secret = line.strip_prefix(PersonKey::ALGORITHM).map(str::trim).and_then(hex_32);
            keys.push(PersonKey::new(&secret.ok_or(KeyError::Line(place + 1))?));
        }
        if keys.is_empty() { Err(KeyError::Empty) } else { Ok(PersonKeys(keys)) }
    }

    /// The line of a key file for a secret.
    pub fn line(secret: &[u8; 32]) -> String {
        format!("{} {}\n", PersonKey::ALGORITHM, hex(secret))
    }

    /// The key to build with.
    pub fn first(&self) -> &PersonKey {
        &self.0[0]
    }

    /// All keys, the one to build with first.
    pub fn all(&self) -> &[PersonKey] {
        &self.0
    }

    /// The key with this name.
    pub fn find(&self, id: KeyId) -> Option<&PersonKey> {
        self.0.iter().find(|key| key.id == id)
    }

    /// The names of all keys, for messages.
    pub fn ids(&self) -> String {
        self.0.iter().map(|key| key.id.to_string()).collect::<Vec<_>>().join(", ")
    }
}

fn hex_32(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut secret = [0; 32];
    for (byte, pair) in secret.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(secret)
}
