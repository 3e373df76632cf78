//! Corrections (更正) in a store: `corrections/0000000001.json` and so on, numbered without gaps.
//!
//! Each is signed, and holds the SHA-256 of the one before, so that none can be changed, moved or taken out; a missing last
//! one shows against the number that a release has folded in. None is ever removed: every build folds all of them in.
//! Persons stand as keyed digests, with the algorithm and the name of the secret beside each.

mod chain;
mod changes;
mod file;

pub use chain::{Sealed, append, last_number, read_after, read_all, read_on, read_one, read_sealed};
pub use changes::{changes, lay_over};
pub use file::path;

use super::store::StoreError;
use crate::domain::date::Day;
use crate::domain::record::{CorrectionKind, RecordId};
use crate::domain::subject::SubjectKind;
use crate::signature::SignatureError;
use crate::snapshot::{Digest, KeyId, PersonKey, SubjectKey};

/// Folder of the corrections in a store.
pub const FOLDER: &str = "corrections";
/// Codes of a subject, and names of a record, that one correction may hold.
pub const NAMES_MAX: usize = 1024;

/// What a correction says; its number comes with its place in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What it does.
    pub what: What,
    /// The first day on which it acts.
    pub effective: Day,
    /// Its instrument.
    pub document: String,
    /// The authority that made it.
    pub authority: String,
    /// Why, in words.
    pub reason: String,
    /// When it was written, `2026-11-20T03:12:45+08:00`.
    pub time: String,
}

/// A correction in a store.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// Its number, from 1.
    pub number: u32,
    /// What it says.
    pub draft: Draft,
    /// SHA-256 of the file before it, in hex; empty in the first.
    pub previous: String,
    /// SHA-256 of its own file, in hex.
    pub digest: String,
    /// Name of the key that signed it; `None` if no keys were given to compare.
    pub signed_by: Option<String>,
}

/// What a correction does.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// It acts on a record.
    Record(CorrectionKind, Named),
    /// It enters a subject in a list, at once.
    Listed(Box<Listed>),
    /// It undoes another one, for every day.
    Withdrawn {
        /// The number of that one.
        number: u32,
        /// The kind of that one.
        kind: String,
        /// The record on which it acted, or which it made.
        record: Named,
    },
}

impl What {
    /// The contract's word.
    pub const fn word(&self) -> &'static str {
        match self {
            What::Record(kind, _) => kind.word(),
            What::Listed(_) => LISTED,
            What::Withdrawn { .. } => WITHDRAWN,
        }
    }
}

/// The contract's word for an urgent entry.
pub const LISTED: &str = "listed";
/// The contract's word for what undoes another correction.
pub const WITHDRAWN: &str = "withdrawn";

/// A record as a correction names it. The name of a record hangs on the oldest code that is known of its subject, so that
/// a correction holds what a release with other codes needs to find it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Named {
    /// Its names under the codes that its subject had then, the one that was given first.
    pub ids: Vec<RecordId>,
    /// The codes of its subject.
    pub subject: Vec<Key>,
    /// What, beside the subject, makes two rows this record; none if the release of the day did not hold it.
    pub same: Option<String>,
}

/// A code of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// In the clear.
    Clear(SubjectKey),
    /// As a digest (HMAC-SHA-256) under the secret of this name.
    Digest(KeyId, SubjectKey),
}

impl Key {
    /// The key under a secret of this name; `None` if it is a digest under another.
    pub fn under(&self, secret: KeyId) -> Option<SubjectKey> {
        match self {
            Key::Clear(key) => Some(*key),
            Key::Digest(known, key) => (*known == secret).then_some(*key),
        }
    }

    /// A key of a release that is kept under this secret.
    pub fn new(key: SubjectKey, secret: KeyId) -> Key {
        if key.code().is_some() { Key::Clear(key) } else { Key::Digest(secret, key) }
    }
}

/// An urgent entry in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its subject: one code in the clear, or digests under each secret of the deployment.
    pub subject: Vec<Key>,
    /// What the code or document alone tells of the subject.
    pub kind: SubjectKind,
    /// The name, a person's masked.
    pub name: String,
    /// Digests of a person's name, under the secrets of `subject`.
    pub name_digests: Vec<(KeyId, Digest)>,
    /// Code of the list.
    pub list: String,
    /// Day of the listing.
    pub since: Day,
    /// Last day, if the authority gave one.
    pub until: Option<Day>,
}

/// The algorithm beside digests of persons.
const ALGORITHM: &str = PersonKey::ALGORITHM;

/// Why corrections cannot be read or written. Messages tell the number, and nothing of a person.
#[derive(Debug, thiserror::Error)]
pub enum CorrectionsError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// One is not there.
    #[error(
        "correction {missing} is missing, but {next} is there: put it back from a copy of the store, and look who writes there"
    )]
    Gap {
        /// The missing number.
        missing: u32,
        /// The next one that is there.
        next: u32,
    },
    /// The store ends too early.
    #[error(
        "the store ends with correction {last}, but a release holds {wanted}: the corrections between were taken out; put them back from a copy"
    )]
    Ends {
        /// The last number found.
        last: u32,
        /// The number that should be there.
        wanted: u64,
    },
    /// Not of its form.
    #[error("correction {number}: {why}; put it back from a copy of the store, and look who writes there")]
    Damaged {
        /// Its number.
        number: u32,
        /// What is wrong.
        why: String,
    },
    /// Signed by nobody known, or changed.
    #[error("correction {number}: {source}")]
    Signature {
        /// Its number.
        number: u32,
        /// Why.
        source: SignatureError,
    },
    /// Not the successor of the one before.
    #[error(
        "correction {0} does not follow the one before it: that one was changed or exchanged; put the corrections back from a copy of the store"
    )]
    Chain(u32),
    /// Others were always faster.
    #[error("{0} others were faster to write a correction: run the command again")]
    Crowded(u32),
    /// No number is left.
    #[error("no number is left: begin a new store")]
    Full,
}
