//! Corrections laid over a release, against a build in which tables say the same.

use super::{citizen, compiled, draft, numbered, unified, urgent};
use crate::support::asking::Office;
use crate::support::root;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use xinhe::domain::date::Day;
use xinhe::domain::record::{CorrectionKind, RecordId};
use xinhe::live::Serving;
use xinhe::release::Release;
use xinhe::release::corrections::{Correction, Named, What, lay_over};
use xinhe::snapshot::Trust;
use xinhe_tools::compile::{self, Plan};
use xinhe_tools::generate;
use xinhe_tools::quality::Quality;
use xinhe_tools::witness::{Known, Model};

const CORRECTIONS: u32 = 2_500;
/// Lists of the sample catalogue that no linked subject shows: links are drawn by the build alone.
const LISTS: [&str; 3] = ["wage-arrears", "work-safety", "tax-serious"];

/// A walk over choices that is the same every time.
struct Walk(u64);

impl Walk {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % below as u64) as usize
    }

    /// Two months back to one month ahead.
    fn day(&mut self) -> Day {
        Day::from_number("2026-11-20".parse::<Day>().unwrap().number() - 60 + self.next(90) as i32)
    }
}

/// A correction, and the row of a table that says the same.
struct Drawn {
    correction: Correction,
    row: Option<(&'static str, String)>,
}

fn draw(release: &Release, known: &[Known], walk: &mut Walk) -> Vec<Drawn> {
    let mut records: Vec<RecordId> = Vec::new();
    for part in release.snapshot.parts() {
        for place in 0..part.subjects() {
            let dossier = part.dossier(&part.standing(place).unwrap()).unwrap();
            records.extend(dossier.records.iter().map(|filed| filed.record));
        }
    }
    // Few enough that many are corrected several times.
    records.truncate(CORRECTIONS as usize / 2);
    let mut drawn: Vec<Drawn> = Vec::new();
    for number in 1..=CORRECTIONS {
        let day = walk.day();
        let (what, row) = match number % 10 {
            0 => (withdrawal(&mut drawn, walk), None),
            1 => listing(known, number, day, walk),
            _ => {
                let kind = CorrectionKind::ALL[walk.next(CorrectionKind::ALL.len())];
                let id = records[walk.next(records.len())];
                let row = format!("{},{id},{day},试更〔2026〕1号,枣庄市试验局", kind.word());
                let named = Named { ids: vec![id], ..Named::default() };
                (What::Record(kind, named), Some(("correction", row)))
            }
        };
        drawn.push(Drawn { correction: numbered(number, draft(what, &day.to_string())), row });
    }
    drawn
}

/// Of an earlier correction, whose row goes.
fn withdrawal(drawn: &mut [Drawn], walk: &mut Walk) -> What {
    let place = walk.next(drawn.len());
    drawn[place].row = None;
    let earlier = &drawn[place].correction;
    What::Withdrawn {
        number: earlier.number,
        kind: earlier.draft.what.word().to_owned(),
        record: Named::default(),
    }
}

/// Of a subject of the city, or of one that nobody knows.
fn listing(
    known: &[Known],
    number: u32,
    day: Day,
    walk: &mut Walk,
) -> (What, Option<(&'static str, String)>) {
    let (id, name) = match walk.next(4) {
        0 => (unified(&format!("91370402MA4{number:06}")), "枣庄新册试验有限公司".to_owned()),
        1 => {
            let (of_month, turn) = (1 + number % 28, number / 28 % 1000);
            (citizen(&format!("370499199001{of_month:02}{turn:03}")), "张试三".to_owned())
        }
        _ => {
            // Nobody under 18 is entered: `xinhe correct` refuses it, and a build rejects the row.
            let of_age =
                |one: &&Known| one.id_type != "citizen" || one.id.get(6..10).is_none_or(|year| year < "2006");
            let grown: Vec<&Known> = known.iter().filter(of_age).collect();
            let one = grown[walk.next(grown.len())];
            (one.id.clone(), one.name.clone().unwrap_or_default())
        }
    };
    let list = LISTS[walk.next(LISTS.len())];
    let what = urgent(&id, &name, list, &day.to_string());
    let is_person = matches!(&what, What::Listed(listed) if listed.kind.word() == "person");
    let whom = if is_person { format!(",身份证,{id}") } else { format!("{id},,") };
    let row = format!("{list},{name},{whom},试更〔2026〕1号,{day},,枣庄市试验局");
    (what, Some(("list", row)))
}

/// Adds the rows to the dataset, as sources of their own.
fn add_tables(input: &Path, drawn: &[Drawn]) {
    let mut about = OpenOptions::new().append(true).open(input.join("dataset.toml")).unwrap();
    for (kind, header) in [("correction", "GZ_LX,GZ_JL,GZ_RQ,GZ_WSH,GZ_JG\n"), ("list", super::LIST)] {
        let rows = drawn.iter().filter_map(|one| one.row.as_ref()).filter(|(of, _)| *of == kind);
        let mut text = header.to_owned();
        rows.for_each(|(_, row)| writeln!(text, "{row}").unwrap());
        fs::write(input.join(format!("stored-{kind}.csv")), text).unwrap();
        writeln!(about, "\n[[source]]\nkind = \"{kind}\"\npath = \"stored-{kind}.csv\"\npriority = -1")
            .unwrap();
    }
}

fn comparable(mut reply: Value) -> Value {
    reply.as_object_mut().map(|reply| reply.remove("data"));
    reply
}

fn opened(release: &Path) -> Release {
    Release::open(release, &super::keys(), Trust::Nothing).unwrap()
}

#[test]
fn an_overlay_answers_like_a_build_with_the_same_corrections() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("city");
    let as_of = "2026-11-20".parse().unwrap();
    let plan = generate::Plan { subjects: 1_500, seed: 11, as_of, ..generate::Plan::default() };
    generate::write(&plan, &input, &|_| ()).unwrap();
    compiled(&input, &folder.path().join("first"));
    let release = opened(&folder.path().join("first"));
    let model = Model::load(&input, &root().join("tools/catalog")).unwrap();
    let plain = |one: &Known| matches!(one.id_type.as_str(), "uscc" | "citizen") && one.name.is_some();
    // A former code would name a record by another root than the current one's.
    let known: Vec<Known> = model.every_way_to_ask().filter(|one| plain(one) && one.registered).collect();

    let mut walk = Walk(7);
    let drawn = draw(&release, &known, &mut walk);
    let corrections: Vec<Correction> = drawn.iter().map(|one| one.correction.clone()).collect();
    let snapshot = lay_over(&release.snapshot, 0, &corrections).unwrap();
    let mut overlaid = Office::of(Serving::new(Release { manifest: release.manifest, snapshot }));
    add_tables(&input, &drawn);
    compiled(&input, &folder.path().join("second"));
    let mut built = Office::open(&folder.path().join("second"));
    let model = Model::load(&input, &root().join("tools/catalog")).unwrap();

    let (mut asked, mut hits, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for one in model.every_way_to_ask() {
        let mut subject = json!({"id": one.id, "id_type": one.id_type});
        for (key, value) in [("country", &one.country), ("name", &one.name)] {
            if let Some(value) = value {
                subject[key] = value.clone().into();
            }
        }
        for _ in 0..2 {
            let day = walk.day();
            let body = json!({"subject": subject, "matter": "370402-000131"});
            let (ours, theirs) = (comparable(overlaid.ask(&body, day)), comparable(built.ask(&body, day)));
            asked += 1;
            for hit in ours["hits"].as_array().into_iter().flatten() {
                hits.insert(hit["record"].as_str().unwrap().to_owned());
            }
            if ours != theirs {
                wrong.push(format!("{body} on {day}\n  overlay {ours}\n  build   {theirs}"));
            }
        }
    }
    assert!(asked > 3_000 && hits.len() > 200, "{asked} questions, {} hits", hits.len());
    let few: Vec<&String> = wrong.iter().take(3).collect();
    assert!(wrong.is_empty(), "{} of {asked} answers differ:\n{few:#?}", wrong.len());
}

#[test]
fn the_naive_model_of_a_build_knows_what_the_store_corrects_and_lists() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("city");
    let as_of = "2026-11-20".parse().unwrap();
    let plan = generate::Plan { subjects: 400, seed: 12, as_of, ..generate::Plan::default() };
    generate::write(&plan, &input, &|_| ()).unwrap();
    let first = compiled(&input, &folder.path().join("first"));
    let release = opened(&folder.path().join("first"));
    let model = Model::load(&input, &root().join("tools/catalog")).unwrap();
    let plain = |one: &Known| matches!(one.id_type.as_str(), "uscc" | "citizen") && one.name.is_some();
    let known: Vec<Known> = model.every_way_to_ask().filter(|one| plain(one) && one.registered).collect();
    let drawn = draw(&release, &known, &mut Walk(8));
    let corrections: Vec<Correction> = drawn.into_iter().map(|one| one.correction).collect();

    let out = folder.path().join("second");
    let (catalog, keys) = (root().join("tools/catalog"), super::keys());
    let plan = Plan { parts: 2, stored: &corrections, ..Plan::new(&input, &catalog, &out, keys.first()) };
    let built = compile::build(&plan, &()).unwrap();
    assert_eq!(built.manifest.corrections.last, u64::from(CORRECTIONS));
    let sample = |release: &Path| Quality::read(release).unwrap().sample.unwrap();
    let (before, after) = (sample(&folder.path().join("first")), sample(&out));
    assert_eq!((before.differing, before.subjects), (0, after.subjects), "{:?}", first.guardrails);
    assert!(after.subjects > 100, "{after:?}");
    assert_eq!(after.differing, 0, "{:#?}", after.differences);

    // What the store changes is seen by checks of the sample's subjects, so the model had to be told.
    let (mut old, mut new) = (Office::open(&folder.path().join("first")), Office::open(&out));
    let changed = known.iter().filter(|one| {
        let body = json!({"subject": {"id": one.id, "id_type": one.id_type, "name": one.name}});
        old.ask(&body, as_of)["hits"] != new.ask(&body, as_of)["hits"]
    });
    let changed = changed.count();
    assert!(changed > 40, "{changed} of {}", known.len());
}
