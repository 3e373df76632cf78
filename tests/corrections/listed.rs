//! Urgent entries: of known subjects, of those that no release knows, of persons.

use super::{Desk, citizen, company, unified, urgent};
use serde_json::{Value, json};
use xinhe::domain::record::CorrectionKind;
use xinhe::domain::record::RecordId;
use xinhe::lookup::search;
use xinhe::snapshot::NameRank;

const DAY: &str = "2026-11-20";
const NAME: &str = "枣庄无册试验有限公司";

fn record(reply: &Value) -> RecordId {
    RecordId::parse(reply["hits"][0]["record"].as_str().unwrap()).unwrap()
}

#[test]
fn a_known_subject_is_entered_from_its_day_on_to_the_end_of_the_lists_term() {
    let mut desk = Desk::new();
    let number = desk.add(urgent(&company(), "枣庄更正试验有限公司", "wage-arrears", DAY), DAY);
    assert_eq!(desk.hits("2026-11-19").len(), 2);
    let reply = desk.ask(json!({"id": company()}), DAY);
    let hit = &reply["hits"][0];
    assert_eq!(
        (&hit["list"], &hit["title"], &hit["since"], &hit["until"], &hit["effect"], &hit["document"]),
        (
            &json!("wage-arrears"),
            &json!("拖欠农民工工资失信联合惩戒对象"),
            &json!(DAY),
            &json!("2029-11-20"),
            &json!("punish"),
            &json!("试更〔2026〕1号")
        )
    );
    assert!(hit.get("provider").is_none());
    assert_eq!(reply["subject"]["registered"], true);
    desk.act(CorrectionKind::Delisted, record(&reply), "2026-11-25");
    assert_eq!(desk.hits("2026-11-24").len(), 3, "an entry is corrected like any other");
    assert_eq!(desk.hits("2026-11-25").len(), 2);
    desk.withdraw(number);
    assert_eq!(desk.hits(DAY).len(), 2);
}

#[test]
fn an_unknown_organisation_is_found_by_its_codes_and_name_as_one_in_no_register() {
    let code = unified("91370402MA3XC0055");
    let mut desk = Desk::new();
    assert_eq!(desk.ask(json!({"id": code}), DAY)["verdict"], "unknown");
    let number = desk.add(urgent(&code, NAME, "wage-arrears", DAY), DAY);
    let reply = desk.ask(json!({"id": code, "name": NAME}), DAY);
    assert_eq!(
        reply["subject"],
        json!({"found": true, "registered": false, "kind": "enterprise", "id": code, "name": NAME, "name_match": "current"})
    );
    assert_eq!(reply["verdict"], "attention");
    assert_eq!(reply["hits"].as_array().unwrap().len(), 1);
    assert_eq!(desk.ask(json!({"id": code, "name": "枣庄他名"}), DAY)["subject"]["name_match"], "none");
    assert_eq!(desk.ask(json!({"id": code, "id_type": "tax"}), DAY)["subject"]["found"], true);
    let office = desk.office();
    let found = search(office.serving().snapshot(), "枣庄无册试验有限公同", 5).unwrap();
    assert_eq!((found[0].rank, found[0].name.as_str(), found[0].registered), (NameRank::Fuzzy, NAME, false));
    assert_eq!(search(office.serving().snapshot(), NAME, 1).unwrap()[0].id.as_deref(), Some(code.as_str()));
    desk.withdraw(number);
    assert_eq!(desk.ask(json!({"id": code}), DAY)["verdict"], "unknown", "nobody knows it any more");
}

#[test]
fn an_unknown_person_is_found_with_the_right_name_only() {
    let id = citizen("37049919900101012");
    let mut desk = Desk::new();
    let unknown = desk.ask(json!({"id": id, "name": "张试三"}), DAY);
    assert_eq!(unknown["verdict"], "unknown");
    desk.add(urgent(&id, "张试三", "dishonest-judgment-debtor", DAY), DAY);
    let reply = desk.ask(json!({"id": id, "name": "张试三"}), DAY);
    assert_eq!((&reply["subject"]["name"], &reply["subject"]["kind"]), (&json!("张*三"), &json!("person")));
    assert_eq!(reply["hits"][0]["list"], "dishonest-judgment-debtor");
    let mut wrong = desk.ask(json!({"id": id, "name": "张试四"}), DAY);
    wrong["data"]["corrections"] = json!(0);
    assert_eq!(wrong, unknown, "a wrong name is told like an unknown person");
    let office = desk.office();
    assert!(search(office.serving().snapshot(), "张*三", 5).unwrap().is_empty());
}

#[test]
fn an_entry_that_the_release_holds_already_comes_once() {
    let mut desk = Desk::new();
    let mut entry = urgent(&company(), "枣庄更正试验有限公司", "government-procurement", "2026-05-01");
    if let xinhe::release::corrections::What::Listed(listed) = &mut entry {
        listed.until = None;
    }
    desk.add(entry, "2026-05-01");
    let draft = &mut desk.corrections[0].draft;
    (draft.document, draft.authority) = ("试列[2026]1号".to_owned(), "试验财政局".to_owned());
    let snapshot =
        xinhe::release::corrections::lay_over(&desk.release.snapshot, 0, &desk.corrections).unwrap();
    assert_eq!(snapshot.overlay().idle()[0].why, "this release holds the entry already");
}
