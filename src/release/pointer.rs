//! `current`: which release is served. A small signed file, replaced only by whoever has read it as it is.
//!
//! It names every release that is published, so that what may be pinned, and what may be removed, is signed too.

use super::store::{Store, StoreError, Version};
use crate::signature::{PublicKeys, Purpose, SignatureError, SigningKey};
use serde::{Deserialize, Serialize};

/// Path of the file in a store.
pub const CURRENT_FILE: &str = "current";
const KIND: &str = "current";
const FORMAT: u32 = 1;
/// What stands before the signature, on the last line but one. All bytes before it are signed.
const SIGNATURE_KEY: &str = "  \"signature\": \"";

/// A release in a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Name of its folder below `releases/`.
    pub release: String,
    /// SHA-256 of its `manifest.json`, in hex.
    pub manifest_sha256: String,
    /// Number of the last correction that it folds in.
    pub corrections: u64,
}

/// What `current` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pointer {
    /// What this file is, so that nothing else that the key has signed passes for it.
    kind: String,
    /// Version of its form.
    format: u32,
    /// Rises with every change, by publishing, pinning and unpinning.
    pub sequence: u64,
    /// Name of the release that is served.
    pub release: String,
    /// SHA-256 of its `manifest.json`, in hex.
    pub manifest_sha256: String,
    /// Does it stay whatever is published?
    pub pinned: bool,
    /// When it was written, `2026-11-20T03:12:45+08:00`.
    pub at: String,
    /// Every release that is published and not removed, newest first.
    pub releases: Vec<Published>,
}

/// What is served, as it was read.
#[derive(Debug, Clone)]
pub struct Current {
    /// What it says.
    pub pointer: Pointer,
    /// Name of the key that signed it; `None` if no keys were given to compare.
    pub signed_by: Option<String>,
    /// The bytes of the file, for whoever keeps a copy.
    pub bytes: Vec<u8>,
    version: Version,
}

/// Why `current` is refused, or not moved.
#[derive(Debug, thiserror::Error)]
pub enum PointerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is none.
    #[error("{0}: nothing is published there yet; `xinhe publish` does")]
    Nothing(String),
    /// Not of its form.
    #[error("{CURRENT_FILE} of {store} is damaged: {why}; put back a copy of it, and look who writes there")]
    Damaged {
        /// Address of the store.
        store: String,
        /// What is wrong.
        why: String,
    },
    /// Signed by nobody known, or changed.
    #[error("{CURRENT_FILE} of {store}: {source}")]
    Signature {
        /// Address of the store.
        store: String,
        /// Why.
        source: SignatureError,
    },
    /// Somebody put back an older one.
    #[error(
        "{CURRENT_FILE} went back from {known} to {found}: its sequence only ever rises; look who writes to the store"
    )]
    Older {
        /// The sequence found.
        found: u64,
        /// The sequence known.
        known: u64,
    },
    /// Somebody else was faster.
    #[error(
        "another command has moved {CURRENT_FILE} meanwhile, and won; look at what is served and run it again"
    )]
    Lost,
    /// No such release.
    #[error("no release `{wanted}` is published; there are: {}", list(.there))]
    Unknown {
        /// What was asked for.
        wanted: String,
        /// What is there, newest first.
        there: Vec<String>,
    },
    /// The last number.
    #[error("the sequence cannot rise any further; begin a new store")]
    Exhausted,
}

/// Reads what is served, and verifies its signature if keys are given.
pub fn current(store: &Store, keys: Option<&PublicKeys>) -> Result<Current, PointerError> {
    find(store, keys)?.ok_or_else(|| PointerError::Nothing(store.url().to_owned()))
}

/// As [`current`]; `None` if nothing is published yet.
pub fn find(store: &Store, keys: Option<&PublicKeys>) -> Result<Option<Current>, PointerError> {
    let Some((bytes, version)) = store.get_versioned(CURRENT_FILE)? else { return Ok(None) };
    let damaged = |why: String| PointerError::Damaged { store: store.url().to_owned(), why };
    let (pointer, body, signature) = parse(&bytes).map_err(damaged)?;
    let verify = |keys: &PublicKeys| keys.verify(Purpose::Store, body, signature);
    let signed_by = keys.map(verify).transpose();
    let signed_by =
        signed_by.map_err(|source| PointerError::Signature { store: store.url().to_owned(), source })?;
    Ok(Some(Current { pointer, signed_by, bytes, version }))
}

impl Current {
    /// Refuses it if it is older than one that was seen, or another of the same number.
    pub fn not_before(self, known: &Pointer) -> Result<Current, PointerError> {
        let found = &self.pointer;
        if found.sequence < known.sequence || (found.sequence == known.sequence && found != known) {
            return Err(PointerError::Older { found: found.sequence, known: known.sequence });
        }
        Ok(self)
    }
}

/// Puts a pointer in the place of the one that was read, unless somebody else has done so since.
pub fn replace(
    store: &Store,
    read: Option<&Current>,
    pointer: &Pointer,
    key: &SigningKey,
) -> Result<(), PointerError> {
    let bytes = pointer
        .to_bytes(key)
        .map_err(|error| PointerError::Damaged { store: store.url().to_owned(), why: error.to_string() })?;
    match store.replace(CURRENT_FILE, read.map(|read| &read.version), &bytes) {
        // An answer that was lost on its way is asked for again, and then finds its own work done.
        Err(StoreError::Changed(_)) if store.get(CURRENT_FILE)?.is_some_and(|found| found == bytes) => Ok(()),
        Err(StoreError::Changed(_)) => Err(PointerError::Lost),
        other => Ok(other.map(drop)?),
    }
}

impl Pointer {
    /// After publishing a release; `keep` of the newest stay. Second, those that go.
    ///
    /// A pin stands, and keeps what it serves.
    pub fn publishing(
        before: Option<&Pointer>,
        new: Published,
        keep: Option<usize>,
        at: String,
    ) -> Result<(Pointer, Vec<Published>), PointerError> {
        let sequence = Pointer::next_sequence(before)?;
        let pin = before.filter(|before| before.pinned);
        let served = pin.and_then(Pointer::served).unwrap_or(&new).clone();
        let earlier = before.map_or(&[][..], |before| &before.releases);
        let all = std::iter::once(new).chain(earlier.iter().cloned()).enumerate();
        let (kept, gone): (Vec<_>, Vec<_>) = all.partition(|(place, release)| {
            keep.is_none_or(|keep| *place < keep.max(1)) || release.release == served.release
        });
        let plain = |of: Vec<(usize, Published)>| of.into_iter().map(|(_, release)| release).collect();
        Ok((Pointer::new(sequence, &served, pin.is_some(), at, plain(kept)), plain(gone)))
    }

    /// Serving this release until [`Pointer::unpinning`].
    pub fn pinning(&self, release: &Published, at: String) -> Result<Pointer, PointerError> {
        let sequence = Pointer::next_sequence(Some(self))?;
        Ok(Pointer::new(sequence, release, true, at, self.releases.clone()))
    }

    /// Serving the newest again.
    pub fn unpinning(&self, at: String) -> Result<Pointer, PointerError> {
        let newest = self.newest().ok_or_else(|| self.unknown(&self.release))?;
        let sequence = Pointer::next_sequence(Some(self))?;
        Ok(Pointer::new(sequence, newest, false, at, self.releases.clone()))
    }

    fn new(sequence: u64, served: &Published, pinned: bool, at: String, releases: Vec<Published>) -> Pointer {
        let Published { release, manifest_sha256, .. } = served.clone();
        Pointer {
            kind: KIND.to_owned(),
            format: FORMAT,
            sequence,
            release,
            manifest_sha256,
            pinned,
            at,
            releases,
        }
    }

    /// The number of the next one.
    pub fn next_sequence(before: Option<&Pointer>) -> Result<u64, PointerError> {
        before.map_or(0, |before| before.sequence).checked_add(1).ok_or(PointerError::Exhausted)
    }

    /// What is served.
    pub fn served(&self) -> Option<&Published> {
        self.releases.iter().find(|release| release.release == self.release)
    }

    /// What was published last, and would be served without a pin.
    pub fn newest(&self) -> Option<&Published> {
        self.releases.first()
    }

    /// A release by the name of its folder, or by its own name if only one bears it.
    pub fn find(&self, wanted: &str) -> Result<&Published, PointerError> {
        let whole = self.releases.iter().find(|release| release.release == wanted);
        let mut own = self.releases.iter().filter(|release| own_name(&release.release) == wanted);
        match (whole, own.next(), own.next()) {
            (Some(found), ..) | (None, Some(found), None) => Ok(found),
            _ => Err(self.unknown(wanted)),
        }
    }

    fn unknown(&self, wanted: &str) -> PointerError {
        let there = self.releases.iter().map(|release| release.release.clone()).collect();
        PointerError::Unknown { wanted: wanted.to_owned(), there }
    }

    /// The bytes of the file.
    fn to_bytes(&self, key: &SigningKey) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        // The closing brace moves behind the signature.
        text.truncate(text.trim_end_matches(['}', '\n']).len());
        text.push_str(",\n");
        let signature = key.sign(Purpose::Store, text.as_bytes());
        text.push_str(SIGNATURE_KEY);
        text.push_str(signature.trim_end());
        text.push_str("\"\n}\n");
        Ok(text.into_bytes())
    }
}

/// What it says, what is signed, and the signature.
fn parse(bytes: &[u8]) -> Result<(Pointer, &[u8], &str), String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let (body, tail) = text.rsplit_once(SIGNATURE_KEY).ok_or("it has no signature")?;
    let signature = tail.strip_suffix("\"\n}\n").ok_or("it does not end behind its signature")?;
    let whole = format!("{}\n}}", body.trim_end_matches([',', '\n']));
    let pointer: Pointer = serde_json::from_str(&whole).map_err(|error| error.to_string())?;
    if pointer.kind != KIND || pointer.format != FORMAT {
        return Err(format!("it is `{}` {}, expected `{KIND}` {FORMAT}", pointer.kind, pointer.format));
    }
    if pointer.served().is_none_or(|served| served.manifest_sha256 != pointer.manifest_sha256) {
        return Err(format!("it serves {}, which is not among its releases", pointer.release));
    }
    Ok((pointer, body.as_bytes(), signature))
}

/// Name of the folder of a release: its own name, the sequence that it is to be published with, and its digest.
///
/// A sequence is won once, so no name is used twice. `turn` tells apart what failed at the same sequence.
pub fn folder_name(own: &str, sequence: u64, manifest_sha256: &str, turn: u32) -> String {
    let digest: String = manifest_sha256.chars().take(8).collect();
    let turn = if turn == 0 { String::new() } else { format!(".{turn}") };
    format!("{own}-{sequence}-{digest}{turn}")
}

/// The sequence in the name of a folder.
pub fn sequence_of(folder: &str) -> Option<u64> {
    folder.rsplit('-').nth(1)?.parse().ok()
}

fn own_name(folder: &str) -> &str {
    folder.rsplitn(3, '-').nth(2).unwrap_or(folder)
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
