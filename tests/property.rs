//! The real path against the naive model: the same rows, the same questions, the same replies.
//!
//! A generated city with every defect of practice is built by `xinhe build` and read by the model, which shares no
//! line with it. Every subject is asked about under every number it ever had, for several matters and stages, on days
//! on which something begins or ends.

use crate::support::asking::Office;
use crate::support::{person_key, root};
use serde_json::{Value, json};
use std::path::Path;
use xinhe::domain::date::Day;
use xinhe::snapshot::PersonKeys;
use xinhe_tools::compile::{self, Plan};
use xinhe_tools::generate;
use xinhe_tools::witness::{self, Model, alias};

const SUBJECTS: u64 = 10_000;
const STAGES: [&str; 5] = ["acceptance", "review", "completion", "inspection", "award"];

fn city(folder: &Path, seed: u64, defects: f64, subjects: u64) {
    let plan = generate::Plan {
        subjects,
        seed,
        defects,
        as_of: "2026-11-20".parse().unwrap(),
        ..generate::Plan::default()
    };
    generate::write(&plan, folder, &|_| ()).unwrap();
}

fn build(input: &Path, out: &Path, parts: u32) -> compile::Built {
    let catalog = root().join("tools/catalog");
    person_key(out.parent().unwrap());
    let keys = PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap();
    let plan = Plan { parts, ..Plan::new(input, &catalog, out, keys.first()) };
    compile::build(&plan, &()).unwrap()
}

/// A walk over choices that is the same every time.
struct Walk(u64);

impl Walk {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % below as u64) as usize
    }
}

fn body(ask: &witness::Ask) -> Value {
    let mut subject = json!({"id": ask.id});
    for (key, value) in [("id_type", &ask.id_type), ("country", &ask.country), ("name", &ask.name)] {
        if let Some(value) = value {
            subject[key] = value.clone().into();
        }
    }
    let mut body = json!({"subject": subject});
    for (key, value) in [("matter", &ask.matter), ("stage", &ask.stage)] {
        if let Some(value) = value {
            body[key] = value.clone().into();
        }
    }
    body
}

/// Of a problem only status and code compare.
fn comparable(reply: &Value) -> Value {
    match reply.get("problem") {
        Some(problem) => json!({"problem": {"status": problem["status"], "code": problem["code"]}}),
        None => reply.clone(),
    }
}

fn agree(seed: u64, defects: f64, parts: u32) {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("city"), folder.path().join("release"));
    city(&input, seed, defects, SUBJECTS);
    let built = build(&input, &out, parts);
    let model =
        Model::load(&input, &root().join("tools/catalog")).unwrap().with_release(&built.manifest.release);
    for (place, (ours, theirs)) in built.accounts.iter().zip(model.accounting()).enumerate() {
        let ours = (ours.kept + ours.merged, ours.rejected);
        let reasons: Vec<_> =
            model.reject_reasons().iter().filter(|((source, _), _)| *source == place).collect();
        let words = format!("source {place}: the model rejects {reasons:?}, the build {:?}", built.rejects);
        assert_eq!(ours, ((theirs.kept + theirs.merged) as u64, theirs.rejected as u64), "{words}");
    }
    let mut office = Office::open(&out);
    let mut walk = Walk(seed);
    let (matters, days) = (model.matters(), model.days_that_matter().into_iter().collect::<Vec<_>>());
    let (mut asked, mut wrong) = (0, Vec::new());
    for known in model.every_way_to_ask() {
        for round in 0..4 {
            // Round 3 gives a wrong name; every day is one on which something begins, ends or has just ended.
            let name = if round == 3 { Some("枣庄无此名".to_owned()) } else { known.name.clone() };
            let day = days[walk.next(days.len())].to_string().parse::<Day>().unwrap();
            let day = if round % 2 == 1 { day.next() } else { day };
            let ask = witness::Ask {
                id: known.id.clone(),
                id_type: Some(known.id_type.clone()),
                country: known.country.clone(),
                name,
                matter: (walk.next(8) > 0).then(|| matters[walk.next(matters.len())].clone()),
                stage: Some(STAGES[walk.next(5)].to_owned()),
                ..witness::Ask::default()
            };
            let theirs = comparable(&model.check(&ask, witness::Day::read(&day.to_string()).unwrap()));
            let mut ours = office.ask(&body(&ask), day);
            alias(&mut ours);
            asked += 1;
            if comparable(&ours) != theirs {
                wrong.push(format!("{} on {day}\n  model {theirs}\n  real  {ours}", body(&ask)));
            }
        }
    }
    assert!(asked >= 4 * SUBJECTS, "{asked} questions");
    let few: Vec<&String> = wrong.iter().take(5).collect();
    assert!(wrong.is_empty(), "{} of {asked} answers differ:\n{few:#?}", wrong.len());
}

#[test]
fn the_naive_model_agrees_on_a_clean_city() {
    agree(1, 0.0, 1);
}

#[test]
fn the_naive_model_agrees_on_a_city_with_defects_in_three_parts() {
    agree(2, 0.08, 3);
}

/// Shows every row of every table to the sample, register first; `pass` is called with source, kind and cells.
fn every_row(input: &Path, mut pass: impl FnMut(u16, &str, &[(&str, &str)])) {
    let text = std::fs::read_to_string(input.join("dataset.toml")).unwrap();
    let dataset: toml::Table = toml::from_str(&text).unwrap();
    let sources = dataset["source"].as_array().unwrap();
    let text_of = |source: &toml::Value, key: &str| source[key].as_str().unwrap().to_owned();
    for register in [true, false] {
        for (place, source) in sources.iter().enumerate() {
            let kind = text_of(source, "kind");
            if (kind == "subject") != register {
                continue;
            }
            let pattern = input.join(text_of(source, "path"));
            for file in glob::glob(pattern.to_str().unwrap()).unwrap() {
                let mut table = csv::ReaderBuilder::new().flexible(true).from_path(file.unwrap()).unwrap();
                let header = table.headers().unwrap().clone();
                for row in table.records().map(Result::unwrap).filter(|row| row.len() == header.len()) {
                    let code = |name: &str| name.trim_start_matches('\u{feff}').to_owned();
                    let names: Vec<String> = header.iter().map(code).collect();
                    let cells: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(row.iter()).collect();
                    pass(u16::try_from(place).unwrap(), &kind, &cells);
                }
            }
        }
    }
}

/// Source and cells.
type KeptRow = (u16, Vec<(String, String)>);

fn lent((_, cells): &KeptRow) -> Vec<(&str, &str)> {
    cells.iter().map(|(code, text)| (code.as_str(), text.as_str())).collect()
}

fn sampled(seed: u64, input: &Path, release: &Path) -> witness::Comparison {
    let catalog = root().join("tools/catalog");
    let mut sample = witness::Sample::new(seed, input, &catalog).unwrap();
    // As a build does: what the sample does not want of the register is never shown again.
    let mut kept: Vec<KeptRow> = Vec::new();
    every_row(input, |source, kind, cells| {
        if kind == "subject" && sample.register_row(cells) {
            kept.push((
                source,
                cells.iter().map(|(code, text)| (code.to_string(), text.to_string())).collect(),
            ));
        }
    });
    sample.settle(kept.iter().map(lent));
    kept.iter().for_each(|row| sample.row(row.0, &lent(row)));
    every_row(input, |source, kind, cells| {
        let texts: Vec<&str> = cells.iter().map(|(_, text)| *text).collect();
        if kind == "correction" || (kind != "subject" && sample.wants(&texts)) {
            sample.row(source, cells);
        }
    });
    let keys = PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap();
    let release = xinhe::release::Release::open(release, &keys, xinhe::snapshot::Trust::Nothing).unwrap();
    let day = release.snapshot.as_of();
    sample.compare(&release.snapshot, day).unwrap()
}

#[test]
fn a_sample_agrees_with_a_good_build_and_finds_a_bad_one() {
    let folder = tempfile::tempdir().unwrap();
    let (input, out) = (folder.path().join("city"), folder.path().join("release"));
    city(&input, 5, 0.08, 4_000);
    build(&input, &out, 2);
    for seed in 0..40 {
        let compared = sampled(seed, &input, &out);
        assert!(compared.subjects > 150 && compared.questions > 4 * compared.subjects, "{compared:?}");
        assert!(compared.left_out < 20, "{} of {} left out", compared.left_out, compared.subjects);
        let few: Vec<_> = compared.differences.iter().take(5).collect();
        assert!(few.is_empty(), "seed {seed}: {few:#?}");
    }
    // A build that loses the rows of a table that are in the city.
    for file in glob::glob(&format!("{}/penalties/*.csv", input.display())).unwrap() {
        let file = file.unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.split_inclusive('\n').next().unwrap()).unwrap();
    }
    let poor = folder.path().join("poor");
    build(&input, &poor, 1);
    let rich = folder.path().join("city-again");
    city(&rich, 5, 0.08, 4_000);
    let compared = sampled(1, &rich, &poor);
    assert!(compared.differences.iter().any(|one| one.what == "entry" && one.expected.is_some()));
    let told = serde_json::to_string(&compared.differences).unwrap();
    let numbers = |text: &str| {
        text.split('"').any(|word| word.len() == 18 && word.bytes().take(17).all(|b| b.is_ascii_digit()))
    };
    assert!(!numbers(&told), "no number of a person is told");
}
