//! Verify notices what sums cannot: rows that are whole, but wrong.

use super::drafts::*;
use xinhe::domain::record::{CorrectionKind, RecordKind};
use xinhe::snapshot::{Part, Trust, verify};

fn findings(drafts: &[Draft]) -> Vec<String> {
    let bytes = part_of(drafts);
    let part = Part::open(&bytes[..], Trust::Nothing).unwrap();
    verify(&part)
        .findings
        .into_iter()
        .map(|finding| format!("{}: {}", finding.section, finding.what))
        .collect()
}

fn with_entry(change: impl FnOnce(&mut Draft)) -> Vec<Draft> {
    let mut draft = enterprise(1, "甲");
    listed(&mut draft, 1, "2026-05-01", None, vec![correction(CorrectionKind::Repaired, "2026-07-01")]);
    change(&mut draft);
    vec![draft]
}

#[test]
fn a_sound_part_has_no_findings() {
    assert_eq!(findings(&of_everything()), Vec::<String>::new());
    assert_eq!(findings(&[]), Vec::<String>::new());
}

#[test]
fn an_entry_must_be_filed_with_the_same_corrections() {
    let told = findings(&with_entry(|draft| draft.records.clear()));
    assert!(told.iter().any(|what| what.contains("is not filed in the dossier")), "{told:?}");
    let told = findings(&with_entry(|draft| draft.entries[0].events.clear()));
    assert!(told.iter().any(|what| what.contains("differ in kind or corrections")), "{told:?}");
}

#[test]
fn references_out_of_range_are_found() {
    let told = findings(&with_entry(|draft| draft.entries[0].source = 3));
    assert!(told[0].starts_with("entries: its source is 3 of 3"), "{told:?}");
    let told = findings(&with_entry(|draft| {
        draft.entries[0].category = Some(xinhe::domain::verdict::Category::List(2));
    }));
    assert!(told[0].contains("its list or grade is not in the catalogue"), "{told:?}");
    let told = findings(&with_entry(|draft| draft.records[0].rule = Some(1)));
    assert!(told[0].contains("the rule of a record is not in the catalogue"), "{told:?}");
}

#[test]
fn orders_are_verified() {
    let told = findings(&with_entry(|draft| {
        draft.records.insert(0, filed(RecordKind::Honour, 2, "2026-01-01", None, vec![]));
    }));
    assert!(told[0].contains("by kind, date and id"), "{told:?}");
    let told = findings(&with_entry(|draft| {
        for events in [&mut draft.entries[0].events, &mut draft.records[0].events] {
            events.push(correction(CorrectionKind::ObjectionOpened, "2026-06-01"));
        }
    }));
    assert!(told.iter().any(|what| what.contains("do not stand by day and kind")), "{told:?}");
}
