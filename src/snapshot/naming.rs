//! Names of records: derived from what makes two rows the same record, under a code of the subject (`data.md` §2).

use super::SubjectKey;
use crate::domain::record::{RecordId, RecordKind};
use crate::domain::text::push_alike;
use sha2::{Digest, Sha256};

/// Divides the fields of what makes two rows the same record.
const FIELD: char = '\u{1F}';

/// What, beside the subject, makes two rows the same record: kind, the kind's own key, authority; normalised.
pub fn same_record(kind: RecordKind, own: [&str; 3], authority: &str) -> String {
    let mut same = String::with_capacity(96);
    put_same_record(kind, own, authority, &mut same);
    same
}

/// As [`same_record`], into a text that is emptied before: a build names many records.
pub fn put_same_record(kind: RecordKind, own: [&str; 3], authority: &str, same: &mut String) {
    same.clear();
    same.push_str(kind.word());
    for field in own.into_iter().chain([authority]) {
        same.push(FIELD);
        push_alike(field, same);
    }
}

/// What, beside subject and authority, makes two rows the same record: of [`same_record`] what stands before the authority.
pub fn apart_from_authority(same: &str) -> &str {
    same.rsplit_once(FIELD).map_or(same, |(own, _)| own)
}

/// The record's name under one code of its subject. Persons' codes are keyed digests, so that the name tells nothing.
pub fn record_id(subject: &SubjectKey, same: &str) -> RecordId {
    let mut digest = Sha256::new();
    digest.update(b"xinhe record\0");
    digest.update(subject.to_bytes());
    digest.update(same.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&digest.finalize()[..16]);
    RecordId(id)
}
