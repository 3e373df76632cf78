//! What each kind does, and from which day.

use super::{Desk, company, day};
use crate::support::asking::Office;
use serde_json::{Value, json};
use xinhe::check::{Subject, check};
use xinhe::domain::record::CorrectionKind;
use xinhe::domain::verdict::Workspace;
use xinhe::http::ask;
use xinhe::http::wire::{Reply, request};
use xinhe::lookup::{Section, detail};

fn told(categories: &[&str]) -> Vec<(String, bool)> {
    categories.iter().map(|one| (one.trim_end_matches('!').to_owned(), one.ends_with('!'))).collect()
}

#[test]
fn what_is_repaired_revoked_or_delisted_is_gone_from_its_day_on() {
    for kind in [CorrectionKind::Repaired, CorrectionKind::Revoked, CorrectionKind::Delisted] {
        let mut desk = Desk::new();
        let (penalty, entry) = (desk.record("penalty"), desk.record("list"));
        assert_eq!(desk.hits("2026-11-20"), told(&["penalty", "list"]));
        desk.act(kind, penalty, "2026-11-20");
        desk.act(kind, entry, "2026-12-01");
        assert_eq!(desk.hits("2026-11-19"), told(&["penalty", "list"]), "{kind:?}");
        assert_eq!(desk.hits("2026-11-20"), told(&["list"]), "{kind:?}");
        assert_eq!(desk.hits("2026-11-30"), told(&["list"]), "its day lies ahead");
        assert_eq!(desk.hits("2026-12-01"), told(&[]));
    }
}

#[test]
fn a_repaired_entry_bars_and_triggers_nothing_and_no_report_shows_it() {
    let mut desk = Desk::new();
    let before = desk.ask(json!({"id": company()}), "2026-11-20");
    assert_eq!(before["verdict"], "restricted", "{before}");
    assert!(!before["measures"].as_array().unwrap().is_empty());
    for category in ["penalty", "list"] {
        let record = desk.record(category);
        desk.act(CorrectionKind::Repaired, record, "2026-11-20");
    }
    let after = desk.ask(json!({"id": company()}), "2026-11-20");
    assert_eq!((&after["verdict"], &after["measures"]), (&json!("clear"), &json!([])), "{after}");
    assert_eq!(after["data"]["corrections"], 2);
    assert_eq!(shown(&desk.office(), "2026-11-20"), 0);
    assert_eq!(shown(&desk.office(), "2026-11-19"), 2);
}

/// Records of the company in all sections of its report.
fn shown(office: &Office, on: &str) -> usize {
    let body = json!({"subject": {"id": company()}}).to_string();
    let request = request::check(body.as_bytes()).unwrap();
    let snapshot = office.serving().snapshot();
    let asked = ask::check(&request, snapshot.catalogue(), day(on)).unwrap();
    let answer = check(snapshot, &asked.question(), &mut Workspace::default()).unwrap();
    let Subject::Found(found) = answer.subject else { panic!("not found") };
    let report = detail(snapshot, &found.at, day(on), &Section::ALL).unwrap();
    report.sections.iter().map(|(_, items)| items.len()).sum()
}

#[test]
fn a_stay_hides_until_it_ends_and_an_objection_marks_until_it_is_closed() {
    let mut desk = Desk::new();
    let (penalty, entry) = (desk.record("penalty"), desk.record("list"));
    desk.act(CorrectionKind::Suspended, penalty, "2026-11-10");
    desk.act(CorrectionKind::Resumed, penalty, "2026-11-15");
    desk.act(CorrectionKind::ObjectionOpened, entry, "2026-11-12");
    desk.act(CorrectionKind::ObjectionClosed, entry, "2026-11-18");
    assert_eq!(desk.hits("2026-11-09"), told(&["penalty", "list"]));
    assert_eq!(desk.hits("2026-11-10"), told(&["list"]));
    assert_eq!(desk.hits("2026-11-14"), told(&["list!"]));
    assert_eq!(desk.hits("2026-11-15"), told(&["penalty", "list!"]));
    assert_eq!(desk.hits("2026-11-18"), told(&["penalty", "list"]));
}

#[test]
fn of_one_day_closing_kinds_come_after_opening_ones_whatever_their_numbers() {
    let mut desk = Desk::new();
    let (penalty, entry) = (desk.record("penalty"), desk.record("list"));
    desk.act(CorrectionKind::Resumed, penalty, "2026-11-10");
    desk.act(CorrectionKind::Suspended, penalty, "2026-11-10");
    desk.act(CorrectionKind::ObjectionClosed, entry, "2026-11-10");
    desk.act(CorrectionKind::ObjectionOpened, entry, "2026-11-10");
    assert_eq!(desk.hits("2026-11-10"), told(&["penalty", "list"]));
}

#[test]
fn what_is_withdrawn_never_was() {
    let mut desk = Desk::new();
    let penalty = desk.record("penalty");
    let slip = desk.act(CorrectionKind::Repaired, penalty, "2026-11-01");
    assert_eq!(desk.hits("2026-11-20"), told(&["list"]));
    desk.withdraw(slip);
    assert_eq!(desk.hits("2026-11-20"), told(&["penalty", "list"]));
    assert_eq!(desk.hits("2026-11-02"), told(&["penalty", "list"]), "for every day");
    desk.act(CorrectionKind::Repaired, penalty, "2026-11-20");
    assert_eq!(desk.hits("2026-11-20"), told(&["list"]), "a later one of the same kind stands");
}

#[test]
fn a_check_under_corrections_allocates_nothing() {
    let mut desk = Desk::new();
    let penalty = desk.record("penalty");
    desk.act(CorrectionKind::ObjectionOpened, penalty, "2026-11-01");
    desk.add(super::urgent(&company(), "枣庄更正试验有限公司", "wage-arrears", "2026-11-02"), "2026-11-02");
    let stranger = super::unified("91370402MA3XC0077");
    desk.add(super::urgent(&stranger, "枣庄无册试验有限公司", "wage-arrears", "2026-11-02"), "2026-11-02");
    let office = desk.office();
    let (serving, mut work, mut out) = (office.serving(), Workspace::default(), Vec::new());
    let data = serving.data(day("2026-11-20"));
    for id in [company(), stranger, super::unified("91370402MA3XC0078")] {
        let body = json!({"subject": {"id": id}, "matter": "370402-000131"}).to_string();
        let request = request::check(body.as_bytes()).unwrap();
        let asked = ask::check(&request, serving.snapshot().catalogue(), day("2026-11-20")).unwrap();
        let question = &asked.question();
        let mut once = || {
            let answer = &check(serving.snapshot(), question, &mut work).unwrap();
            out.clear();
            Reply { check_id: None, serving, data: &data, question, answer, work: &work }.write(&mut out);
        };
        once();
        assert_eq!(allocation_counter::measure(once).count_total, 0, "{id}");
        let _: Value = serde_json::from_slice(&out).unwrap();
    }
}
