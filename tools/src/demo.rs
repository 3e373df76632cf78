//! What the demo builds, and which of its subjects are worth a call.

use crate::command::Failure;
use crate::compile::{self, Plan, Watch};
use crate::publish::{self, Halt, Step, Steps};
use crate::quality::Quality;
use serde_json::json;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xinhe::audit::disk::SystemDisk;
use xinhe::audit::{self, Acknowledge, IdKeys, Log};
use xinhe::check::{Question, check};
use xinhe::domain::catalogue::{Binding, Footing, MeasureEffect, Stage};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::record::RecordId;
use xinhe::domain::verdict::{Category, MatterAsked, Verdict, Workspace};
use xinhe::live::Serving;
use xinhe::release::Store;
use xinhe::release::signature::SigningKey;
use xinhe::snapshot::PersonKeys;

/// The sample catalogue, as this program was built with it.
const CATALOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/catalog");

/// The secrets of the demo.
pub struct Keys {
    /// Under which persons are kept.
    pub person: PersonKeys,
    /// That signs what is published.
    pub release: SigningKey,
}

/// Makes the keys, and builds the release `DIR/release` of `DIR/city`.
pub fn build(dir: &Path, progress: &dyn Watch) -> Result<Keys, Failure> {
    let line = PersonKeys::line(&secret()?);
    write_key(&dir.join("person.key"), &line)?;
    let person = PersonKeys::parse(&line).map_err(Failure::work)?;
    let release = SigningKey::new(&secret()?);
    write_key(&release_key(dir), &release.line())?;
    let (input, out) = (dir.join("city"), dir.join("release"));
    let plan = Plan::new(&input, Path::new(CATALOG), &out, person.first());
    compile::build(&plan, progress).map_err(Failure::work)?;
    Ok(Keys { person, release })
}

fn secret() -> Result<[u8; 32], Failure> {
    let mut secret = [0; 32];
    let filled = getrandom::fill(&mut secret);
    filled.map_err(|e| Failure::Work(format!("the system gives no random bytes: {e}")))?;
    Ok(secret)
}

fn write_key(path: &Path, line: &str) -> Result<(), Failure> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(line.as_bytes())).map_err(Failure::work)
}

/// Where the key that signs stands.
pub fn release_key(dir: &Path) -> PathBuf {
    dir.join("release.key")
}

/// Address of the store of the demo.
pub fn store_url(dir: &Path) -> Result<String, Failure> {
    let path = std::path::absolute(dir.join("store")).map_err(Failure::work)?;
    Ok(format!("file://{}", path.display().to_string().replace('%', "%25")))
}

/// Publishes `DIR/release` to `DIR/store`. A city of a few subjects is no night that every guardrail lets through.
pub fn publish(dir: &Path, key: &SigningKey) -> Result<(), Failure> {
    let release = dir.join("release");
    let quality = Quality::read(&release).map_err(Failure::work)?;
    let tripped = quality.guardrails.iter().filter(|one| one.tripped);
    let accept: Vec<String> = tripped.map(|one| one.name.clone()).collect();
    let store = Store::open(&store_url(dir)?).map_err(Failure::work)?;
    let plan = publish::Plan { release: &release, store: &store, key, accept: &accept, keep: None };
    publish::publish(&plan, &mut ToTheEnd).map_err(Failure::work)?;
    Ok(())
}

struct ToTheEnd;

impl Steps for ToTheEnd {
    fn reached(&mut self, _: Step<'_>) -> Result<(), Halt> {
        Ok(())
    }
}

/// What a demo shows.
#[derive(Debug)]
pub struct Shown {
    /// Calls worth trying.
    pub calls: Vec<Call>,
    /// A record that restricts in one of them, and may be repaired.
    pub record: Option<RecordId>,
}

/// Room on the disk that the demo keeps for its receipts.
const RESERVE_BYTES: u64 = 1 << 20;

/// Opens the log of receipts `DIR/audit`, under a key that is made for it.
pub fn receipts(dir: &Path) -> Result<Arc<Log>, Failure> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|e| Failure::Work(format!("the system gives no random bytes: {e}")))?;
    let settings = audit::Settings {
        node: 1,
        acknowledge: Acknowledge::Durable,
        reserve_bytes: RESERVE_BYTES,
        segment_bytes: 64 << 20,
        retention_days: 3650,
        key: None,
        ids: IdKeys::new(&secret, &[]),
        now_us: audit::system_now_us,
        tell: Arc::new(|what| eprintln!("{what}")),
    };
    Log::open(&dir.join("audit"), settings, Arc::new(SystemDisk)).map(Arc::new).map_err(Failure::work)
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
pub fn calls(city: &Path, serving: &Serving) -> Result<Shown, Failure> {
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
    let (mut calls, mut record) = (Vec::new(), None);
    for (about, rows, matters, verdict) in wanted {
        if let Some(((id, name), matter)) = trial.find(rows, &matters, verdict)? {
            if verdict == Verdict::Restricted {
                let mut hits = trial.work.hits.iter();
                record = hits.find(|hit| hit.category != Category::State).map(|hit| hit.record);
            }
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
    Ok(Shown { calls, record })
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
