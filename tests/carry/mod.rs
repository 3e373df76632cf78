//! A bureau that is late: without `--carry-forward` its release is refused by name, with it every check answers as the
//! night before, until the lists of the bureau are stale.

mod city;

use crate::support::asking::Office;
use crate::support::root;
use city::City;
use serde_json::{Value, json};
use std::fs;
use std::sync::Mutex;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{citizen_check, unified_code_check};
use xinhe::release::Store;
use xinhe::release::signature::SigningKey;
use xinhe::snapshot::PersonKeys;
use xinhe_tools::compile::{self, Built, Plan, Room, Watch};
use xinhe_tools::ingest::Progress;
use xinhe_tools::publish::{self, Halt, PublishError, Step, Steps};
use xinhe_tools::quality::Quality;
use xinhe_tools::witness::Known;

const NIGHTS: [&str; 3] = ["2026-11-20", "2026-11-21", "2026-11-22"];

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn tripped(built: &Built) -> Vec<&str> {
    built.guardrails.iter().filter(|one| one.tripped).map(|one| one.name.as_str()).collect()
}

fn question(known: &Known, matter: Option<&str>) -> Value {
    let mut body = json!({"subject": {"id": known.id, "id_type": known.id_type}});
    for (key, value) in [("country", &known.country), ("name", &known.name)] {
        if let Some(value) = value {
            body["subject"][key] = value.clone().into();
        }
    }
    if let Some(matter) = matter {
        body["matter"] = matter.into();
    }
    body
}

/// The reply without what names the release.
fn answer(office: &mut Office, body: &Value, on: &str) -> Value {
    let mut reply = office.ask(body, day(on));
    if let Some(data) = reply.get_mut("data") {
        for key in ["release", "as_of"] {
            data.as_object_mut().unwrap().remove(key);
        }
    }
    reply
}

/// Everyone gets the same answers from two releases.
fn same_answers(city: &City, (known, matters): &(Vec<Known>, Vec<String>), pair: [&str; 2], on: &str) {
    let (mut before, mut now) = (city.office(pair[0]), city.office(pair[1]));
    let mut wrong = Vec::new();
    for (place, one) in known.iter().enumerate() {
        // All matters for a few, one each for many.
        let some = if known.len() < 50 { &matters[..] } else { &matters[place % matters.len()..][..1] };
        for matter in std::iter::once(None).chain(some.iter().map(|code| Some(code.as_str()))) {
            let body = question(one, matter);
            let (a, b) = (answer(&mut before, &body, on), answer(&mut now, &body, on));
            if a != b {
                wrong.push(format!("{body}\n  before {a}\n  now    {b}"));
            }
        }
    }
    let few: Vec<&String> = wrong.iter().take(3).collect();
    assert!(wrong.is_empty(), "{pair:?} on {on}: {} answers differ: {few:#?}", wrong.len());
}

#[test]
fn every_check_answers_as_the_night_before_whichever_bureau_is_late() {
    let city = City::new(1_500, 11);
    city.night(NIGHTS[0]);
    let everyone = city.everyone();
    city.build("first", None, &[]);
    city.night(NIGHTS[1]);
    let kinds =
        ["licence", "penalty", "administrative", "list", "commitment", "evaluation", "judgment", "honour"];
    for (name, path) in kinds.iter().flat_map(|kind| city.sources(kind)) {
        let files = city.take(&path);
        let built = city.build(&name, Some("first"), &[&name]);
        let place = name.split('-').next().unwrap().parse::<usize>().unwrap() - 1;
        let source = &built.manifest.sources[place];
        assert_eq!((source.rows, source.kept, source.merged, source.rejected), (0, 0, 0, 0), "{name}");
        assert_eq!(source.as_of, NIGHTS[0], "{name} keeps its day");
        assert!(source.carried > Some(0), "{name} has rows");
        let bad: Vec<_> =
            tripped(&built).into_iter().filter(|one| !one.starts_with("source_older:")).collect();
        assert!(bad.is_empty(), "{name}: {bad:?}");
        let missing =
            built.guardrails.iter().find(|one| one.name == format!("source_missing:{name}")).unwrap();
        assert_eq!(missing.limit, "carried forward");
        let quality = Quality::read(&city.out(&name)).unwrap();
        let sample = quality.sample.as_ref().unwrap();
        assert!(sample.subjects > 0 && sample.differing == 0, "{name}: {sample:#?}");
        assert_eq!(quality.sources[place].carried_from.as_deref(), Some(NIGHTS[0]));
        assert_eq!(quality.sources[place].source.carried, source.carried);
        same_answers(&city, &everyone, ["first", &name], NIGHTS[1]);
        City::give(files);
    }
}

#[test]
fn a_night_without_the_flag_is_refused_by_name() {
    struct Quiet;
    impl Steps for Quiet {
        fn reached(&mut self, _: Step<'_>) -> Result<(), Halt> {
            Ok(())
        }
    }
    let city = City::new(600, 12);
    city.build("first", None, &[]);
    city.night(NIGHTS[1]);
    let (name, path) = city.sources("penalty").remove(0);
    city.take(&path);
    let built = city.build("bare", Some("first"), &[]);
    let wanted = format!("source_missing:{name}");
    assert!(tripped(&built).contains(&wanted.as_str()), "{:?}", tripped(&built));
    let (store, key) = (city.out("store"), SigningKey::new(&[3; 32]));
    fs::create_dir(&store).unwrap();
    let store = Store::open(&format!("file://{}", store.display())).unwrap();
    let bare = city.out("bare");
    let publish = || {
        let plan = publish::Plan { release: &bare, store: &store, key: &key, accept: &[], keep: None };
        publish::publish(&plan, &mut Quiet).unwrap_err()
    };
    match publish() {
        PublishError::Tripped(found) => assert!(found.iter().any(|one| one.name == wanted), "{found:?}"),
        other => panic!("{other}"),
    }
    // Nor does a report help that somebody made look well.
    let report = bare.join("quality.json");
    let text = fs::read_to_string(&report).unwrap();
    fs::write(&report, text.replace("\"tripped\": true", "\"tripped\": false")).unwrap();
    assert!(matches!(publish(), PublishError::Quality { .. }), "the manifest knows the sum of the report");
}

#[test]
fn lists_turn_stale_and_the_day_stays_through_a_second_night() {
    let city = City::new(600, 13);
    city.night(NIGHTS[0]);
    let everyone = city.everyone();
    city.build("first", None, &[]);
    let (name, path) = city.sources("list").remove(0);
    city.take(&path);
    city.night(NIGHTS[1]);
    city.build("second", Some("first"), &[&path]);
    city.night(NIGHTS[2]);
    let third = city.build("third", Some("second"), &[&name]);
    let place = name.split('-').next().unwrap().parse::<usize>().unwrap() - 1;
    let source = &third.manifest.sources[place];
    assert_eq!(source.as_of, NIGHTS[0], "the day of the rows, not of the night");
    assert!(source.carried > Some(0));
    same_answers(&city, &everyone, ["second", "third"], NIGHTS[1]);
    let (mut office, mut stale) = (city.office("third"), 0);
    for one in &everyone.0 {
        for matter in &everyone.1 {
            let reply = office.ask(&question(one, Some(matter)), day(NIGHTS[2]));
            let lists: Vec<&str> =
                reply["data"]["stale"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert!(
                !lists.is_empty() && lists.iter().all(|list| source.supplies.iter().any(|own| own == list))
            );
            stale += u32::from(reply["verdict"] == "incomplete");
        }
    }
    assert!(stale > 0, "somebody is told that the data are incomplete");
    let verdicts = tripped(&third).into_iter().filter(|one| one.starts_with("verdicts:")).count();
    assert_eq!(verdicts, 0, "what is only stale is no change of the data");
}

#[test]
fn a_repaired_record_of_a_late_bureau_stays_away() {
    let city = City::new(600, 14);
    let everyone = city.everyone();
    city.build("first", None, &[]);
    let mut office = city.office("first");
    let hit = everyone.0.iter().find_map(|one| {
        let reply = office.ask(&question(one, None), day(NIGHTS[1]));
        let hits = reply["hits"].as_array()?.iter();
        let record =
            hits.filter(|hit| hit["category"] == "penalty").find_map(|hit| hit["record"].as_str())?;
        Some((one.clone(), record.to_owned()))
    });
    let (whom, record) = hit.unwrap();
    let mut description = fs::read_to_string(city.input().join("dataset.toml")).unwrap();
    description.push_str("\n[[source]]\nkind = \"correction\"\npath = \"corrections/*.csv\"\n");
    fs::write(city.input().join("dataset.toml"), description).unwrap();
    fs::create_dir(city.input().join("corrections")).unwrap();
    let table =
        format!("GZ_LX,GZ_JL,GZ_RQ,GZ_WSH,GZ_JG\nrepaired,{record},2026-11-20,试更〔2026〕1号,试验局\n");
    fs::write(city.input().join("corrections/one.csv"), table).unwrap();
    for (_, path) in city.sources("penalty") {
        city.take(&path);
    }
    city.night(NIGHTS[1]);
    let names: Vec<String> = city.sources("penalty").into_iter().map(|(name, _)| name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let built = city.build("second", Some("first"), &names);
    let shown = |office: &mut Office| {
        let reply = office.ask(&question(&whom, None), day(NIGHTS[1]));
        assert_eq!(reply["subject"]["found"], true);
        reply["hits"].to_string().contains(&record)
    };
    assert!(shown(&mut city.office("first")) && !shown(&mut city.office("second")));
    // The table of corrections is late too: the correction is carried with the record.
    city.take(&city.sources("correction").remove(0).1);
    let correction = city.sources("correction").remove(0).0;
    let all: Vec<&str> = names.iter().copied().chain([correction.as_str()]).collect();
    let third = city.build("third", Some("second"), &all);
    assert!(!shown(&mut city.office("third")));
    for name in ["second", "third"] {
        let sample = Quality::read(&city.out(name)).unwrap().sample.unwrap();
        assert!(sample.subjects > 0);
        assert_eq!(sample.differing, 0, "{name}: {:#?}", sample.differences);
    }
    assert_eq!(third.manifest.corrections.from_tables, built.manifest.corrections.from_tables);
}

/// Remembers what a build says that it needs on the disk.
#[derive(Default)]
struct Needs(Mutex<Option<Room>>);

impl Progress for Needs {
    fn advance(&self, _: usize, _: u64, _: u64, _: u64) {}
}

impl Watch for Needs {
    fn room(&self, room: &Room) {
        *self.0.lock().unwrap() = Some(*room);
    }
}

#[test]
fn what_is_carried_takes_room_on_the_disk_too() {
    let city = City::new(600, 16);
    let needs = |out: &str, carry: &[String]| {
        let (input, catalog, out, before) =
            (city.input(), root().join("tools/catalog"), city.out(out), city.out("first"));
        let previous = before.exists().then_some(before.as_path());
        let needs = Needs::default();
        let plan = Plan { previous, carry, ..Plan::new(&input, &catalog, &out, city.keys.first()) };
        compile::build(&plan, &needs).unwrap();
        needs.0.into_inner().unwrap().unwrap()
    };
    let whole = needs("first", &[]);
    city.night(NIGHTS[1]);
    let (name, path) = city.sources("penalty").remove(0);
    let taken: u64 = city.take(&path).iter().map(|(_, bytes)| bytes.len() as u64).sum();
    let without = needs("without", &[]);
    assert_eq!(whole.rows - without.rows, taken);
    let carried = needs("carried", &[name]);
    let told = carried.rows - without.rows;
    assert!((taken / 3..taken * 3).contains(&told), "{told} bytes are told for {taken}");
    assert!(carried.needed > without.needed);
}

#[test]
fn what_may_not_be_carried_is_refused() {
    let city = City::new(300, 15);
    city.build("first", None, &[]);
    let (name, path) = city.sources("penalty").remove(0);
    let refused = |previous: Option<&str>, name: &str| {
        city.try_build("out", previous, &[name]).unwrap_err().to_string()
    };
    assert!(refused(Some("first"), &name).contains("is there"), "a file that is there but wrong");
    assert!(refused(Some("first"), "9-penalties").contains(&name), "all names are told");
    assert!(refused(Some("first"), &city.sources("subject").remove(0).0).contains("persons"));
    city.take(&path);
    assert!(refused(None, &name).contains("--previous"));
    let other = PersonKeys::parse(&PersonKeys::line(&[8; 32])).unwrap();
    let error = city.build_with(other.first(), "out", Some("first"), &[&name]).unwrap_err();
    assert!(error.to_string().contains("persons under the key"), "{error}");
    city.build("empty", Some("first"), &[]);
    assert!(refused(Some("empty"), &name).contains("no rows"), "the night before had none either");
    assert!(!city.out("out").exists());
}

/// An invented citizen's number.
fn citizen(body: &str) -> String {
    let mut number = body.as_bytes().to_vec();
    number.push(citizen_check(&number).unwrap());
    String::from_utf8(number).unwrap()
}

#[test]
fn persons_that_only_the_late_bureau_names_are_found_by_number_and_name() {
    let company = "91370402MA3XA0071";
    let company = format!("{company}{}", unified_code_check(company.as_bytes()).unwrap() as char);
    let (stranger, known) = (citizen("37040219800101001"), citizen("37040219810202002"));
    let tax = "370402000071001";
    let register = format!(
        "ZT_LB,SHXYM,ZJLX,ZJHM,MC,FRDB,FR_ZJLX,FR_ZJHM,DJZT\n\
         企业法人,{company},,,枣庄迟试验有限公司,甲乙丙,身份证,{stranger},存续\n\
         自然人,,身份证,{known},丁戊己,,,,\n"
    );
    let row = |name: &str, codes: &str, document: &str| {
        format!("responsible-person,{name},{codes},{document},2026-06-01,枣庄市试验局\n")
    };
    let lists = [
        "MD_DM,MD_XDR_MC,MD_XDR_SWDJ,MD_XDR_ZJLX,MD_XDR_ZJHM,MD_WSH,MD_LRRQ,MD_RDJG\n".to_owned(),
        row("甲乙丙", &format!(",身份证,{stranger}"), "试列〔2026〕1号"),
        row("丁戊己", &format!(",身份证,{known}"), "试列〔2026〕2号"),
        row("枣庄税试验有限公司", &format!("{tax},,"), "试列〔2026〕3号"),
    ];
    let city = City::of(&[("subject", "a.csv", register), ("list", "b.csv", lists.concat())]);
    let everyone = city.everyone();
    assert!(everyone.0.iter().any(|one| one.id == stranger) && everyone.0.iter().any(|one| one.id == tax));
    city.build("first", None, &[]);
    city.take("b.csv");
    city.night(NIGHTS[1]);
    let built = city.build("second", Some("first"), &["b.csv"]);
    assert_eq!(built.manifest.sources[1].carried, Some(3));
    city.build("third", Some("second"), &["2-list"]);
    let mut office = city.office("third");
    for (id, name) in [(&stranger, "甲乙丙"), (&known, "丁戊己")] {
        let reply = office.ask(&json!({"subject": {"id": id, "name": name}}), day(NIGHTS[1]));
        assert_eq!((&reply["subject"]["found"], reply["hits"].as_array().unwrap().len()), (&json!(true), 1));
        let other = office.ask(&json!({"subject": {"id": id, "name": "庚辛壬"}}), day(NIGHTS[1]));
        assert_eq!(other["verdict"], "unknown", "another name finds nobody");
    }
    let linked = everyone.1.iter().any(|matter| {
        let reply = office.ask(&json!({"subject": {"id": company}, "matter": matter}), day(NIGHTS[1]));
        reply["hits"].to_string().contains("legal-representative")
    });
    assert!(linked, "the company shows the entry of the person who represents it");
    for name in ["second", "third"] {
        same_answers(&city, &everyone, ["first", name], NIGHTS[1]);
    }
}
