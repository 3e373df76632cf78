//! What the demo builds, and which of its subjects are worth a call.

use crate::command::Failure;
use crate::compile::{self, Plan, Watch};
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use xinhe::check::{Question, check};
use xinhe::domain::catalogue::{Binding, Footing, MeasureEffect, Stage};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::verdict::{MatterAsked, Verdict, Workspace};
use xinhe::live::Serving;
use xinhe::snapshot::PersonKeys;

/// The sample catalogue, as this program was built with it.
const CATALOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/catalog");

/// Makes a person key and builds the release `DIR/release` of `DIR/city`.
pub fn build(dir: &Path, progress: &dyn Watch) -> Result<PersonKeys, Failure> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|e| Failure::Work(format!("the system gives no random bytes: {e}")))?;
    let line = PersonKeys::line(&secret);
    let file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(dir.join("person.key"));
    file.and_then(|mut file| file.write_all(line.as_bytes())).map_err(Failure::work)?;
    let keys = PersonKeys::parse(&line).map_err(Failure::work)?;
    let (input, out) = (dir.join("city"), dir.join("release"));
    let plan = Plan::new(&input, Path::new(CATALOG), &out, keys.first());
    compile::build(&plan, progress).map_err(Failure::work)?;
    Ok(keys)
}

/// A call worth trying.
#[derive(Debug)]
pub struct Call {
    /// What it shows.
    pub about: String,
    path: &'static str,
    body: serde_json::Value,
}

impl Call {
    /// As one types it. Names and codes of the city hold no quotes.
    pub fn curl(&self, api: SocketAddr) -> String {
        let Call { path, body, .. } = self;
        format!("curl -s http://{api}{path} -H 'content-type: application/json' -d '{body}'")
    }
}

/// Calls of every kind that this city has an example of.
pub fn calls(city: &Path, serving: &Serving) -> Result<Vec<Call>, Failure> {
    let organisations = register(city, "organisations-", "SHXYM")?;
    let persons = register(city, "persons-", "ZJHM")?;
    let mut trial = Trial { serving, work: Workspace::default() };
    let catalogue = serving.snapshot().catalogue().entries();
    let bound: Vec<&str> = mandatory_matters(serving);
    let any = catalogue.matters.iter().find(|matter| matter.commitment).map(|matter| matter.code.as_str());
    let open = catalogue.matters.iter().find(|matter| matter.persons == Footing::Statutory);
    let open = open.map(|matter| matter.code.as_str());
    let wanted = [
        ("an enterprise, clear", &organisations, any.into_iter().collect::<Vec<_>>(), Verdict::Clear),
        ("an enterprise that the law restricts for this matter", &organisations, bound, Verdict::Restricted),
        (
            "a person, clear; number and name come back masked",
            &persons,
            open.into_iter().collect(),
            Verdict::Clear,
        ),
        (
            "an organisation on a red list, with facilitation",
            &organisations,
            matters(serving),
            Verdict::Favoured,
        ),
    ];
    let mut calls = Vec::new();
    for (about, rows, matters, verdict) in wanted {
        if let Some(((id, name), matter)) = trial.find(rows, &matters, verdict)? {
            let body = json!({"subject": {"id": id.as_str(), "name": name}, "matter": matter});
            calls.push(Call { about: about.to_owned(), path: "/v1/checks", body });
        }
    }
    if let Some((id, name)) = organisations.first() {
        let begins: String = name.chars().take(4).collect();
        let body = json!({"name": begins, "limit": 3});
        calls.push(Call { about: "organisations by name".to_owned(), path: "/v1/subjects/search", body });
        let body = json!({"subject": {"id": id.as_str()}});
        calls.push(Call { about: "the records of one".to_owned(), path: "/v1/subjects/detail", body });
    }
    Ok(calls)
}

fn matters(serving: &Serving) -> Vec<&str> {
    serving.snapshot().catalogue().entries().matters.iter().map(|matter| matter.code.as_str()).collect()
}

/// Matters that a mandatory punishing measure binds.
fn mandatory_matters(serving: &Serving) -> Vec<&str> {
    let catalogue = serving.snapshot().catalogue();
    let binds = |code: &&str| {
        catalogue.matter(code).is_some_and(|matter| {
            catalogue.measures_of(matter).iter().filter_map(|measure| catalogue.measure_at(*measure)).any(
                |(measure, _)| {
                    measure.effect == MeasureEffect::Punish && measure.binding == Binding::Mandatory
                },
            )
        })
    };
    matters(serving).into_iter().filter(binds).collect()
}

/// A number and a name of the register.
pub type Row = (Identifier, String);

/// Numbers and names in the files of a generated city's register that begin with `prefix`. Of persons only citizens.
pub fn register(city: &Path, prefix: &str, column: &str) -> Result<Vec<Row>, Failure> {
    let kind = if column == "SHXYM" { IdKind::Uscc } else { IdKind::Citizen };
    let mut files: Vec<PathBuf> = std::fs::read_dir(city.join("subjects"))
        .map_err(Failure::work)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
        .collect();
    files.sort();
    let mut rows = Vec::new();
    for file in files {
        let mut reader = csv::Reader::from_path(&file).map_err(Failure::work)?;
        let headers = reader.headers().map_err(Failure::work)?.clone();
        let place = |wanted: &str| headers.iter().position(|header| header == wanted);
        let (Some(id), Some(name)) = (place(column), place("MC")) else { continue };
        for record in reader.records() {
            let record = record.map_err(Failure::work)?;
            let (Some(id), Some(name)) = (record.get(id), record.get(name)) else { continue };
            if let Ok(id) = Identifier::parse(kind, id, Day::OPEN) {
                rows.push((id, name.to_owned()));
            }
        }
    }
    Ok(rows)
}

/// Tries checks until one has the wanted verdict.
struct Trial<'a> {
    serving: &'a Serving,
    work: Workspace,
}

impl<'a> Trial<'a> {
    fn find<'r>(
        &mut self,
        rows: &'r [Row],
        matters: &[&'a str],
        wanted: Verdict,
    ) -> Result<Option<(&'r Row, &'a str)>, Failure> {
        let snapshot = self.serving.snapshot();
        for row @ (identifier, name) in rows {
            for code in matters {
                let Some(matter) = snapshot.catalogue().matter(code) else { continue };
                let question = Question {
                    identifier,
                    name: Some(name),
                    matter: MatterAsked::Known(matter),
                    stage: Stage::Acceptance,
                    day: snapshot.as_of(),
                    linked: true,
                };
                let answer = check(snapshot, &question, &mut self.work).map_err(Failure::work)?;
                if answer.decision.verdict == wanted {
                    return Ok(Some((row, code)));
                }
            }
        }
        Ok(None)
    }
}
