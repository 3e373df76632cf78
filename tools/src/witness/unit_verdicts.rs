//! The model's verdicts on a tiny invented world, one situation a test.

use std::fmt::Write;

use serde_json::{Value, json};

use super::unit::day;
use super::unit_world::{World, citizen, uscc};
use super::{Ask, Model, alias};

fn ask(id: &str, matter: &str) -> Ask {
    let matter = (!matter.is_empty()).then(|| matter.to_owned());
    Ask { id: id.to_owned(), matter, ..Ask::default() }
}

fn on(model: &Model, ask: &Ask, date: &str) -> Value {
    model.check(ask, day(date))
}

fn a_company() -> (World, String) {
    let mut world = World::new();
    let code = uscc("91370402MA0000001");
    world.enterprise(&code, "枣庄某商贸有限公司", "存续");
    (world, code)
}

#[test]
fn naive_without_entries_a_registered_subject_is_clear() {
    let (world, code) = a_company();
    let reply = on(&world.load(), &ask(&code, "M1-impl"), "2026-11-20");
    assert_eq!(reply["verdict"], "clear");
    assert_eq!(reply["subject"]["state_class"], "active");
    assert_eq!(
        reply["facilitation"],
        json!({"commitment":"eligible","tolerance":"eligible","green_channel":false})
    );
    assert_eq!(reply["data"], json!({"release":"R","as_of":"2026-11-20","corrections":0,"stale":[]}));
}

#[test]
fn naive_unknown_is_never_clear_and_says_why() {
    let (world, code) = a_company();
    let model = world.load();
    let reason = |id: &str| on(&model, &ask(id, ""), "2026-11-20")["subject"]["reason"].clone();
    assert_eq!(reason(&uscc("91370402MA0000002")), "not_registered");
    assert_eq!(reason("91110000600037341L"), "outside_coverage");
    assert_eq!(
        on(&model, &ask(&code, "M9"), "2026-11-20"),
        json!({"problem":{"status":422,"code":"unknown_matter"}})
    );
    let answered = Ask { answer_unknown_matter: true, ..ask(&code, "M9") };
    assert_eq!(on(&model, &answered, "2026-11-20")["verdict"], "incomplete");
}

#[test]
fn naive_a_mandatory_measure_restricts_from_first_to_last_day_of_the_grounds_term() {
    let (mut world, code) = a_company();
    world.list(&code, "procurement", "财〔2026〕1号", "2026-05-01", "2");
    let model = world.load();
    let verdict = |date: &str| on(&model, &ask(&code, "M1"), date)["verdict"].clone();
    assert_eq!(verdict("2026-04-30"), "clear");
    assert_eq!(verdict("2026-05-01"), "restricted");
    assert_eq!(on(&model, &ask(&code, "M2"), "2026-05-01")["verdict"], "attention");
    let reply = on(&model, &ask(&code, "M1"), "2026-11-27");
    assert_eq!(reply["hits"][0]["until"], "2027-05-01");
    assert_eq!(reply["measures"][0]["because"], json!(["r:财〔2026〕1号"]));
    let last = on(&model, &ask(&code, "M1"), "2027-05-02");
    assert_eq!((last["hits"].as_array().map(Vec::len), &last["verdict"]), (Some(0), &json!("incomplete")));
}

#[test]
fn naive_a_stale_list_makes_clear_incomplete_only_where_it_would_punish() {
    let (mut world, code) = a_company();
    world.court_as_of = "2026-11-10";
    let model = world.load();
    let reply = |matter: &str, date: &str| on(&model, &ask(&code, matter), date);
    assert_eq!(reply("M1", "2026-11-17")["verdict"], "clear");
    assert_eq!(reply("M1", "2026-11-18")["verdict"], "incomplete");
    assert_eq!(reply("M2", "2026-11-18")["verdict"], "clear");
    assert_eq!(reply("M2", "2026-11-18")["data"]["stale"], json!(["procurement"]));
}

#[test]
fn naive_penalties_follow_their_class_by_rule_and_day() {
    let (mut world, code) = a_company();
    world.penalty(&code, "小额", "2026-05-01", "警告；罚款,9.99,");
    world.penalty(&code, "十万", "2026-05-01", "警告；罚款,10,2");
    world.penalty(&code, "无额", "2026-03-31", "警告,,");
    world.penalty(&code, "撤销", "2026-05-01", "罚款,20,1");
    let model = world.load();
    let reply = on(&model, &Ask { stage: Some("inspection".into()), ..ask(&code, "M1") }, "2026-06-01");
    let documents: Vec<&Value> =
        reply["hits"].as_array().expect("hits").iter().map(|h| &h["document"]).collect();
    assert_eq!(documents, ["十万", "无额"]);
    assert_eq!(reply["hits"][0]["title"], "警告;罚款");
    assert_eq!(
        (&reply["hits"][0]["until"], &reply["hits"][1]["until"]),
        (&json!("2027-05-01"), &json!("2029-03-31"))
    );
    assert_eq!((&reply["hits"][0]["objection"], &reply["verdict"]), (&json!(true), &json!("attention")));
    assert_eq!(reply["measures"][0]["code"], "SV-1");
    assert_eq!(reply["facilitation"]["tolerance"], "barred");
    assert_eq!(reply["facilitation"]["commitment"], "eligible");
}

#[test]
fn naive_a_favour_needs_a_clean_subject_and_a_measure() {
    let (mut world, code) = a_company();
    world.list(&code, "red", "", "2026-01-01", "");
    writeln!(world.evaluations, "{code},纳税信用,B,2025-03-01,税务局\n{code},纳税信用,A,2026-03-01,税务局")
        .expect("text");
    let favoured = on(&world.load(), &ask(&code, "M1"), "2026-11-20");
    assert_eq!(favoured["verdict"], "favoured");
    assert_eq!(favoured["measures"][0]["because"], json!(["r:evaluation", "r:list:2026-01-01"]));
    assert_eq!(favoured["facilitation"]["green_channel"], true);
    assert_eq!(favoured["evaluations"], json!([{"kind":"纳税信用","grade":"A","date":"2026-03-01"}]));
    world.penalty(&code, "十万", "2026-05-01", "罚款,10,");
    let reply = on(&world.load(), &ask(&code, "M1"), "2026-11-20");
    assert_eq!((&reply["verdict"], &reply["measures"]), (&json!("attention"), &json!([])));
    assert_eq!(on(&world.load(), &ask(&code, ""), "2026-04-30")["verdict"], "clear");
}

#[test]
fn naive_commitments_break_on_their_day_and_bar() {
    let (mut world, code) = a_company();
    writeln!(world.commitments, "{code},主动型,2026-01-01,2026-06-30,未履行,某局").expect("text");
    writeln!(world.commitments, "{code},主动型,2026-01-02,2026-06-30,全部履行,某局").expect("text");
    let model = world.load();
    assert_eq!(on(&model, &ask(&code, "M1"), "2026-06-30")["verdict"], "clear");
    let reply = on(&model, &ask(&code, "M1"), "2026-07-01");
    assert_eq!(reply["verdict"], "attention");
    assert_eq!(reply["hits"][0]["since"], "2026-01-01");
    assert_eq!(reply["hits"][0]["until"], "2031-06-30");
    assert_eq!(reply["facilitation"]["commitment"], "barred");
}

#[test]
fn naive_persons_need_a_matching_name_and_are_masked() {
    let mut world = World::new();
    let number = citizen("37040219900101101");
    let company = uscc("91370402MA0000001");
    writeln!(world.subjects, "企业法人,{company},,,,,某公司,,存续,身份证,{number}").expect("text");
    world.list_of_person(&number, "张小三", "court", "2026-01-01");
    let model = world.load();
    let named = |name: Option<&str>| {
        on(&model, &Ask { name: name.map(str::to_owned), ..ask(&number, "M2") }, "2026-11-20")
    };
    assert_eq!(named(None), json!({"problem":{"status":422,"code":"name_required"}}));
    let stranger = named(Some("李四"));
    assert_eq!(
        stranger["subject"],
        json!({"found": false, "id": "3704**********1011".replace("1011", &number[14..])})
    );
    let reply = named(Some("张 小三"));
    assert_eq!(reply["subject"]["name"], "张*三");
    assert_eq!(
        (&reply["subject"]["registered"], &reply["measures"][0]["code"]),
        (&json!(false), &json!("CT-1"))
    );
    let linked = on(&model, &ask(&company, "M1"), "2026-11-20");
    assert_eq!(linked["hits"][0]["relation"], "legal-representative");
    assert_eq!(
        (&linked["verdict"], &linked["hits"][0]["effect"]),
        (&json!("attention"), &json!("attention"))
    );
    assert_eq!(linked["facilitation"]["commitment"], "eligible");
    assert_eq!(on(&model, &ask(&company, "M2"), "2026-11-20")["verdict"], "clear");
}

#[test]
fn naive_former_codes_and_successors_answer_with_the_current_one() {
    let mut world = World::new();
    let (now, before, folded) =
        (uscc("91370402MA0000001"), uscc("92370402MA0000009"), uscc("91370402MA0000003"));
    writeln!(world.subjects, "企业法人,{now},{before},,,,新名,旧名,存续,,").expect("text");
    writeln!(world.subjects, "企业法人,{folded},,{now},,,被并公司,,注销,,").expect("text");
    world.list(&folded, "court", "并", "2026-01-01", "");
    let model = world.load();
    for (code, name, expected) in
        [(&before, "旧名", "former"), (&folded, "被并公司", "former"), (&now, "新名", "current")]
    {
        let reply = on(&model, &Ask { name: Some(name.into()), ..ask(code, "M2") }, "2026-11-20");
        assert_eq!(
            (&reply["subject"]["id"], &reply["subject"]["name_match"]),
            (&json!(now), &json!(expected))
        );
        assert_eq!(
            (&reply["subject"]["state"], &reply["hits"][0]["document"]),
            (&json!("存续"), &json!("并"))
        );
    }
    assert_eq!(model.subjects().count(), 1);
    assert_eq!(model.every_way_to_ask().count(), 3);
    assert_eq!(model.matters(), ["M1", "M2"]);
}

#[test]
fn naive_a_state_and_a_wrong_name_are_attention() {
    let mut world = World::new();
    let (dead, fine) = (uscc("91370402MA0000001"), uscc("91370402MA0000002"));
    world.enterprise(&dead, "甲公司", "吊销");
    world.enterprise(&fine, "乙公司", "");
    let model = world.load();
    let reply = on(&model, &ask(&dead, "M1"), "2026-11-20");
    assert_eq!(
        reply["hits"],
        json!([{"record":"state","category":"state","title":"吊销","effect":"attention",
        "objection":false,"provider":"P"}])
    );
    assert_eq!(
        (&reply["verdict"], &reply["facilitation"]["commitment"]),
        (&json!("attention"), &json!("barred"))
    );
    let named = on(&model, &Ask { name: Some("丙公司".into()), ..ask(&fine, "M1") }, "2026-11-20");
    assert_eq!((&named["verdict"], &named["subject"]["name_match"]), (&json!("attention"), &json!("none")));
}

#[test]
fn naive_corrections_take_effect_on_their_day_and_orphans_are_told() {
    let (mut world, code) = a_company();
    world.list(&code, "court", "执1号", "2026-01-01", "");
    writeln!(world.corrections, "repaired,r-1,2026-06-01,修1号,某局\nrepaired,r-2,2026-06-01,修2号,某局")
        .expect("text");
    let folder = world.folder();
    let ids = [("r-1".to_owned(), "list|执1号".to_owned())].into();
    let model = Model::load_with(folder.path(), folder.path(), &ids).expect("a model");
    assert_eq!(on(&model, &ask(&code, "M1"), "2026-05-31")["verdict"], "attention");
    assert_eq!(on(&model, &ask(&code, "M1"), "2026-06-01")["verdict"], "clear");
    assert_eq!(model.orphan_corrections(), ["r-2"]);
    assert!(model.days_that_matter().contains(&day("2026-01-01")));
}

#[test]
fn naive_an_objection_is_marked_and_by_catalogue_restricts_nothing() {
    let (mut world, code) = a_company();
    world.list(&code, "procurement", "财1号", "2026-05-01", "");
    writeln!(
        world.corrections,
        "objection_opened,r-1,2026-06-01,异1号,某局\nobjection_closed,r-1,2026-06-10,异2号,某局"
    )
    .expect("text");
    for (mode, expected) in [("counts", "restricted"), ("attention", "attention")] {
        world.objection = mode;
        let folder = world.folder();
        let ids = [("r-1".to_owned(), "list|财1号".to_owned())].into();
        let model = Model::load_with(folder.path(), folder.path(), &ids).expect("a model");
        let reply = on(&model, &ask(&code, "M1"), "2026-06-05");
        assert_eq!((&reply["verdict"], &reply["hits"][0]["objection"]), (&json!(expected), &json!(true)));
        assert_eq!(reply["measures"][0]["code"], "GP-77");
        assert_eq!(on(&model, &ask(&code, "M1"), "2026-06-10")["verdict"], "restricted");
    }
}

#[test]
fn naive_a_real_reply_is_rewritten_to_aliases() {
    let hit = |record: &str, document: &str| json!({"record": record, "category": "list", "effect": "punish", "since": "2026-01-01", "document": document});
    let mut reply = json!({"check_id": "01J", "hits": [hit("r-1", "乙"), hit("r-2", "甲")],
        "measures": [{"because": ["r-1", "r-9"]}]});
    alias(&mut reply);
    assert_eq!(reply["hits"], json!([hit("r:乙", "乙"), hit("r:甲", "甲")]));
    assert_eq!(reply["measures"][0]["because"], json!(["r:evaluation", "r:乙"]));
    assert_eq!(reply.get("check_id"), None);
}
