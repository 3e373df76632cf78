//! Ed25519 keys and signatures (RFC 8032): of manifests, corrections and checkpoints.
//!
//! Algorithm and key name stand beside every signature, so that SM2 and a second key during rotation need no new form.

use crate::domain::text::hex;
use ed25519_dalek::Signature;
use sha2::{Digest, Sha256};
use std::fmt;

/// The algorithm of keys and signatures.
pub const ALGORITHM: &str = "ed25519";

/// What a signature is for. A signature for one purpose never passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The manifest of a release.
    Manifest,
    /// An instruction in a store, such as which release is served.
    Store,
    /// A correction.
    Correction,
    /// A checkpoint of the audit log.
    Checkpoint,
}

impl Purpose {
    const fn context(self) -> &'static [u8] {
        match self {
            Purpose::Manifest => b"xinhe manifest\0",
            Purpose::Store => b"xinhe store\0",
            Purpose::Correction => b"xinhe correction\0",
            Purpose::Checkpoint => b"xinhe checkpoint\0",
        }
    }

    fn message(self, bytes: &[u8]) -> Vec<u8> {
        [self.context(), bytes].concat()
    }
}

/// Why a key or a signature is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// No line at all.
    #[error("nothing in it: expected a line `{0}`")]
    Empty(&'static str),
    /// A line of another form.
    #[error("line {line}: expected `{expected}`")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What it should look like.
        expected: &'static str,
    },
    /// More secrets than one.
    #[error("{0} keys in it: sign with one")]
    Several(usize),
    /// Signed by somebody else.
    #[error("signed by key {found}, but the key file has {given}: use the public key of the one who signed")]
    Stranger {
        /// Names of the keys that signed.
        found: String,
        /// Names of the keys given.
        given: String,
    },
    /// The right key, other bytes.
    #[error("the signature by key {0} does not fit: what it signs was changed; fetch it again")]
    Invalid(String),
}

const SECRET_LINE: &str = "ed25519 <64 hex digits>, as `xinhe keygen` writes release.key";
const PUBLIC_LINE: &str = "ed25519 <64 hex digits>, as `xinhe keygen` writes release.pub";
const SIGNATURE_LINE: &str = "ed25519 <16 hex digits of the key's name> <128 hex digits>";

/// A secret key.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

/// A public key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl SigningKey {
    /// From 32 secret bytes.
    pub fn new(secret: &[u8; 32]) -> SigningKey {
        SigningKey(ed25519_dalek::SigningKey::from_bytes(secret))
    }

    /// Reads a key file with one line `ed25519 <64 hex digits>`; blank lines and `#` are skipped.
    pub fn parse(text: &str) -> Result<SigningKey, SignatureError> {
        let secrets = lines(text, SECRET_LINE, |line| hex_bytes::<32>(line.strip_prefix(ALGORITHM)?.trim()))?;
        match secrets.as_slice() {
            [one] => Ok(SigningKey::new(one)),
            several => Err(SignatureError::Several(several.len())),
        }
    }

    /// The line of a key file.
    pub fn line(&self) -> String {
        format!("{ALGORITHM} {}\n", hex(self.0.as_bytes()))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// A secret of its own for another use, from which nobody learns this key.
    pub fn derive(&self, what_for: &str) -> [u8; 32] {
        let mut derived = Sha256::new();
        derived.update(b"xinhe derived secret\0");
        derived.update(what_for.as_bytes());
        derived.update([0]);
        derived.update(self.0.as_bytes());
        derived.finalize().into()
    }

    /// Signs bytes: the line `ed25519 <key's name> <signature>`.
    pub fn sign(&self, purpose: Purpose, bytes: &[u8]) -> String {
        use ed25519_dalek::Signer;
        let signature = self.0.sign(&purpose.message(bytes));
        format!("{ALGORITHM} {} {}\n", self.public().id(), hex(&signature.to_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

impl PublicKey {
    /// The name of the key: the first 64 bits of a digest of it, in hex.
    pub fn id(&self) -> String {
        let mut named = Sha256::new();
        named.update(b"xinhe ed25519 key id\0");
        named.update(self.0.as_bytes());
        hex(&named.finalize()[..8])
    }

    /// The line of a key file.
    pub fn line(&self) -> String {
        format!("{ALGORITHM} {}\n", hex(self.0.as_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// The public keys that count: one, or several while keys are rotated.
#[derive(Debug, Clone)]
pub struct PublicKeys(Vec<PublicKey>);

impl PublicKeys {
    /// Reads a key file: a line `ed25519 <64 hex digits>` for each key; blank lines and `#` are skipped.
    pub fn parse(text: &str) -> Result<PublicKeys, SignatureError> {
        let read = |line: &str| {
            let bytes = hex_bytes::<32>(line.strip_prefix(ALGORITHM)?.trim())?;
            ed25519_dalek::VerifyingKey::from_bytes(&bytes).ok().map(PublicKey)
        };
        lines(text, PUBLIC_LINE, read).map(PublicKeys)
    }

    /// The names of all keys, for messages.
    pub fn ids(&self) -> String {
        self.0.iter().map(PublicKey::id).collect::<Vec<_>>().join(", ")
    }

    /// Verifies a file of signatures, a line each: one by a known key must fit. Tells that key's name.
    pub fn verify(&self, purpose: Purpose, bytes: &[u8], signatures: &str) -> Result<String, SignatureError> {
        let signed = lines(signatures, SIGNATURE_LINE, |line| {
            let (id, signature) = line.strip_prefix(ALGORITHM)?.trim().split_once(' ')?;
            Some((id.to_owned(), Signature::from_bytes(&hex_bytes::<64>(signature.trim())?)))
        })?;
        let known = signed
            .iter()
            .find_map(|(id, signature)| Some((self.0.iter().find(|key| key.id() == *id)?, signature)));
        let Some((key, signature)) = known else {
            let found = signed.into_iter().map(|(id, _)| id).collect::<Vec<_>>().join(", ");
            return Err(SignatureError::Stranger { found, given: self.ids() });
        };
        match key.0.verify_strict(&purpose.message(bytes), signature) {
            Ok(()) => Ok(key.id()),
            Err(_) => Err(SignatureError::Invalid(key.id())),
        }
    }
}

fn lines<T>(
    text: &str,
    expected: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, SignatureError> {
    let mut found = Vec::new();
    for (place, line) in text.lines().enumerate() {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with('#') {
            found.push(read(line).ok_or(SignatureError::Line { line: place + 1, expected })?);
        }
    }
    if found.is_empty() { Err(SignatureError::Empty(expected)) } else { Ok(found) }
}

/// The bytes of exactly so many pairs of hex digits.
pub fn hex_bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_fits_its_key_its_bytes_and_its_purpose() {
        let key = SigningKey::parse(&SigningKey::new(&[7; 32]).line()).unwrap();
        let other = SigningKey::new(&[8; 32]).public();
        let keys =
            PublicKeys::parse(&format!("# rotation\n{}{}", other.line(), key.public().line())).unwrap();
        let signature = key.sign(Purpose::Manifest, b"manifest");
        assert_eq!(keys.verify(Purpose::Manifest, b"manifest", &signature), Ok(key.public().id()));
        let invalid = Err(SignatureError::Invalid(key.public().id()));
        assert_eq!(keys.verify(Purpose::Manifest, b"manifesT", &signature), invalid);
        assert_eq!(keys.verify(Purpose::Store, b"manifest", &signature), invalid);
        let strangers = PublicKeys::parse(&other.line()).unwrap();
        assert!(matches!(
            strangers.verify(Purpose::Manifest, b"manifest", &signature),
            Err(SignatureError::Stranger { .. })
        ));
    }

    #[test]
    fn other_lines_are_refused_by_number() {
        assert!(matches!(SigningKey::parse("# none\n"), Err(SignatureError::Empty(_))));
        assert!(matches!(PublicKeys::parse("\ned25519 00"), Err(SignatureError::Line { line: 2, .. })));
        assert!(matches!(SigningKey::parse("ed25519 +f"), Err(SignatureError::Line { line: 1, .. })));
        let twice = SigningKey::new(&[7; 32]).line().repeat(2);
        assert_eq!(SigningKey::parse(&twice).unwrap_err(), SignatureError::Several(2));
    }
}
