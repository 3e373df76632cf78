//! What makes two rows the same record, and the record's name that follows from it (`data.md` §2).

use crate::facts::{Detail, RecordFact};
use sha2::{Digest, Sha256};
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::record::{RecordId, RecordKind};
use xinhe::domain::text::alike;
use xinhe::snapshot::SubjectKey;

/// The kind of a record.
pub(crate) fn kind_of(detail: &Detail<'_>) -> RecordKind {
    match detail {
        Detail::Licence { .. } => RecordKind::Licence,
        Detail::Penalty { .. } => RecordKind::Penalty,
        Detail::Administrative { .. } => RecordKind::Administrative,
        Detail::List { .. } => RecordKind::List,
        Detail::Commitment { .. } => RecordKind::Commitment,
        Detail::Evaluation { .. } => RecordKind::Evaluation,
        Detail::Judgment => RecordKind::Judgment,
        Detail::Honour { .. } => RecordKind::Honour,
    }
}

/// What, beside the subject, makes two rows the same record: kind, the kind's own key, authority; normalised.
pub(crate) fn same_key(record: &RecordFact<'_>, catalogue: &Catalogue) -> String {
    let kind = kind_of(&record.detail);
    let date = record.date.to_string();
    let document = record.document.as_deref().unwrap_or_default();
    let list;
    let own: [&str; 3] = match &record.detail {
        Detail::Licence { number, .. } => {
            [record.document.as_deref().or(number.as_deref()).unwrap_or_default(), "", ""]
        }
        Detail::Penalty { .. } | Detail::Judgment => [document, "", ""],
        Detail::Administrative { act } => [act.as_deref().unwrap_or_default(), document, ""],
        Detail::List { list: index, .. } => {
            list = catalogue.list_at(*index).map(|list| list.code.clone()).unwrap_or_default();
            [&list, document, &date]
        }
        Detail::Commitment { kind, matter, .. } => [kind, matter.as_deref().unwrap_or_default(), &date],
        Detail::Evaluation { kind, year, .. } => {
            [kind.as_deref().unwrap_or_default(), year.as_deref().unwrap_or_default(), &date]
        }
        Detail::Honour { title, .. } => [title.as_deref().unwrap_or_default(), &date, ""],
    };
    let mut key = String::with_capacity(96);
    key.push_str(kind.word());
    for field in own.into_iter().chain([&*record.authority]) {
        key.push('\u{1F}');
        key.extend(alike(field));
    }
    key
}

/// The record's name under one code of its subject. Persons' codes are keyed digests, so that the name tells nothing.
pub(crate) fn record_id(subject: &SubjectKey, same_key: &str) -> RecordId {
    let mut digest = Sha256::new();
    digest.update(b"xinhe record\0");
    digest.update(subject.to_bytes());
    digest.update(same_key.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&digest.finalize()[..16]);
    RecordId(id)
}
