//! Judges a row of corrections (`kind = "correction"`).

use super::row::{Fault, Row};
use super::tables::Slot;
use crate::facts::{CorrectionFact, Origin};
use xinhe::domain::record::{CorrectionKind, RecordId};

/// A row of corrections as a fact.
pub(super) fn judge(row: &Row<'_>, origin: Origin) -> Result<CorrectionFact, Fault> {
    let kind = row.required(Slot::Kind, "unknown_correction_kind")?;
    let kind = CorrectionKind::from_word(kind);
    let kind = kind.ok_or_else(|| row.wrong(Slot::Kind, "unknown_correction_kind"))?;
    let record = row.required(Slot::RecordId, "missing_record")?;
    let record = RecordId::parse(record).ok_or_else(|| row.wrong(Slot::RecordId, "invalid_record"))?;
    let effective = row.date(Slot::Date)?;
    let document = row.required(Slot::Document, "missing_document")?.to_owned();
    let authority = row.required(Slot::Authority, "missing_authority")?.to_owned();
    Ok(CorrectionFact { origin, kind, number: 0, record, effective, document, authority })
}
