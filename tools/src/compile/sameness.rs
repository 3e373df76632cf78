//! What makes two rows the same record, and the record's name that follows from it (`data.md` §2).

use crate::facts::{Detail, RecordFact};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::record::{RecordId, RecordKind};
use xinhe::domain::text::push_alike;
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
pub(crate) fn same_key(record: &RecordFact<'_>, catalogue: &Catalogue, key: &mut String) {
    key.clear();
    key.push_str(kind_of(&record.detail).word());
    let document = record.document.as_deref();
    let mut field = |text: Option<&str>| {
        key.push('\u{1F}');
        push_alike(text.unwrap_or_default(), key);
    };
    let dated = match &record.detail {
        Detail::Licence { number, .. } => {
            [document.or(number.as_deref()), None, None].into_iter().for_each(&mut field);
            false
        }
        Detail::Penalty { .. } | Detail::Judgment => {
            [document, None, None].into_iter().for_each(&mut field);
            false
        }
        Detail::Administrative { act } => {
            [act.as_deref(), document, None].into_iter().for_each(&mut field);
            false
        }
        Detail::List { list, .. } => {
            [catalogue.list_at(*list).map(|list| list.code.as_str()), document]
                .into_iter()
                .for_each(&mut field);
            true
        }
        Detail::Commitment { kind, matter, .. } => {
            [Some(&**kind), matter.as_deref()].into_iter().for_each(&mut field);
            true
        }
        Detail::Evaluation { kind, year, .. } => {
            [kind.as_deref(), year.as_deref()].into_iter().for_each(&mut field);
            true
        }
        Detail::Honour { title, .. } => {
            field(title.as_deref());
            true
        }
    };
    if dated {
        // Writing to a string does not fail.
        write!(key, "\u{1F}{}", record.date).ok();
    }
    if let Detail::Honour { .. } = &record.detail {
        key.push('\u{1F}');
    }
    key.push('\u{1F}');
    push_alike(&record.authority, key);
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
