//! Judges a row of the register (`kind = "subject"`).

use super::cells::{self, LIST_DIVIDERS};
use super::mask;
use super::named::{self, named};
use super::row::{Fault, Row};
use super::tables::Slot;
use crate::facts::{Origin, Representative, SubjectFact};
use std::borrow::Cow;
use xinhe::domain::identifier::IdKind;
use xinhe::domain::subject::SubjectKind;

/// A row of the register as a fact.
pub(super) fn judge<'a>(row: &mut Row<'a>, origin: Origin) -> Result<SubjectFact<'a>, Fault> {
    let mut named = named(row)?;
    if let Some(document) = named.document {
        named.document = Some(named::with_country(row, document)?);
    }
    let person = named.codes.is_empty();
    let mut former_codes = Vec::new();
    for code in cells::parts(row.get(Slot::FormerCodes).unwrap_or_default(), LIST_DIVIDERS) {
        former_codes.push(named::other_code(row, Slot::FormerCodes, code, person)?);
    }
    let successor = match row.get(Slot::Successor) {
        None => None,
        Some(code) => Some(named::other_code(row, Slot::Successor, code, person)?),
    };
    let kind = kind(row);
    class_and_code(row, kind, named.codes.first().map(|code| (code.kind(), code.as_bytes())));
    let state = row.get(Slot::RegisterState);
    if let Some(written) = state
        && row.rules.catalogue.state_class(written).is_none()
    {
        let quoted = mask::quoted_figure(written, row.rules.today);
        row.warn("unknown_state", format!("`{quoted}` is no state of the catalogue: taken for neutral"));
    }
    let document = named::representative(row);
    let name = row.text(Slot::Representative);
    let representative = (name.is_some() || document.is_some()).then_some(Representative { name, document });
    let former_names = cells::parts(row.get(Slot::FormerNames).unwrap_or_default(), LIST_DIVIDERS);
    Ok(SubjectFact {
        origin,
        version: row.version(),
        named,
        kind,
        former_names: former_names.map(Cow::Borrowed).collect(),
        former_codes,
        successor,
        state: state.map(Cow::Borrowed),
        division: row.text(Slot::Division),
        occupation: row.text(Slot::Occupation),
        representative,
    })
}

fn kind(row: &mut Row<'_>) -> Option<SubjectKind> {
    let written = row.get(Slot::Class)?;
    let kind = SubjectKind::from_register(written);
    if kind.is_none() {
        let quoted = mask::quoted_figure(written, row.rules.today);
        row.warn("unknown_class", format!("`{quoted}` is no class of the register: the code tells the kind"));
    }
    kind
}

fn class_and_code(row: &mut Row<'_>, kind: Option<SubjectKind>, code: Option<(IdKind, &[u8])>) {
    let agree = match (kind, code) {
        (Some(SubjectKind::Person), Some(_)) => false,
        (Some(SubjectKind::IndividualBusiness), Some((IdKind::Uscc, code))) => code.starts_with(b"92"),
        (Some(SubjectKind::Enterprise | SubjectKind::Organisation), Some((IdKind::Uscc, code))) => {
            !code.starts_with(b"92")
        }
        (Some(SubjectKind::Enterprise | SubjectKind::Organisation), None) => false,
        _ => true,
    };
    if !agree {
        row.warn("class_code_disagree", "ZT_LB and the subject's code tell different kinds".to_owned());
    }
}
