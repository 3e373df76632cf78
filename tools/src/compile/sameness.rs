//! What makes two rows the same record (`data.md` §2), as [`xinhe::snapshot::record_id`] takes it.

use crate::facts::{Detail, RecordFact};
use arrayvec::ArrayString;
use std::borrow::Cow;
use std::fmt::Write as _;
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::record::RecordKind;
use xinhe::snapshot::put_same_record;

/// Bytes of a day as text at most.
const DATE_MAX: usize = 16;

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
    let mut date = ArrayString::<DATE_MAX>::new();
    if has_date(&record.detail) {
        // It has room for every day, so this does not fail.
        write!(date, "{}", record.date).ok();
    }
    let document = text(&record.document);
    let own = match &record.detail {
        Detail::Licence { number, .. } => {
            [record.document.as_deref().unwrap_or_else(|| text(number)), "", ""]
        }
        Detail::Penalty { .. } | Detail::Judgment => [document, "", ""],
        Detail::Administrative { act } => [text(act), document, ""],
        Detail::List { list, .. } => {
            [catalogue.list_at(*list).map_or("", |list| list.code.as_str()), document, &date]
        }
        Detail::Commitment { kind, matter, .. } => [kind, text(matter), &date],
        Detail::Evaluation { kind, year, .. } => [text(kind), text(year), &date],
        Detail::Honour { title, .. } => [text(title), &date, ""],
    };
    put_same_record(kind_of(&record.detail), own, &record.authority, key);
}

/// Whether the record's own date is part of what makes two rows the same record.
fn has_date(detail: &Detail<'_>) -> bool {
    use Detail::{Commitment, Evaluation, Honour, List};
    matches!(detail, List { .. } | Commitment { .. } | Evaluation { .. } | Honour { .. })
}

fn text<'t>(cell: &'t Option<Cow<'_, str>>) -> &'t str {
    cell.as_deref().unwrap_or_default()
}
