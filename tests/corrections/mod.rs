//! Corrections: signed and chained in a store, laid over a release, written by the command.

mod chain;
mod command;
mod kinds;
mod listed;
mod random;

use crate::support::asking::Office;
use crate::support::root;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier, citizen_check, unified_code_check};
use xinhe::domain::record::{CorrectionKind, RecordId};
use xinhe::domain::subject::SubjectKind;
use xinhe::domain::text::mask_name;
use xinhe::live::Serving;
use xinhe::release::Release;
use xinhe::release::corrections::{Correction, Draft, Key, Listed, Named, What, lay_over};
use xinhe::snapshot::{PersonKeys, SubjectKey, Trust};
use xinhe_tools::compile::{self, Built, Plan};

const SUBJECT: &str = "ZT_LB,SHXYM,GSZC,ZJLX,ZJHM,MC,YSHXYM,HJ,DJZT\n";
const PENALTY: &str =
    "CF_XDR_MC,CF_XDR_SHXYM,CF_XDR_GSZC,CF_XDR_ZJLX,CF_XDR_ZJHM,CF_WSH,CF_CFLB,CF_JDRQ,CF_CFJG\n";
const LIST: &str = "MD_DM,MD_XDR_MC,MD_XDR_SHXYM,MD_XDR_ZJLX,MD_XDR_ZJHM,MD_WSH,MD_LRRQ,MD_JZRQ,MD_RDJG\n";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn keys() -> PersonKeys {
    PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap()
}

fn unified(body: &str) -> String {
    format!("{body}{}", unified_code_check(body.as_bytes()).unwrap() as char)
}

fn citizen(body: &str) -> String {
    format!("{body}{}", citizen_check(body.as_bytes()).unwrap() as char)
}

/// The company with a penalty and an entry in a list.
fn company() -> String {
    unified("91370402MA3XC0001")
}

/// Builds a release of these rows into `folder/release`.
fn build(folder: &Path, subjects: &str, penalties: &str, lists: &str) -> Built {
    let dataset = folder.join("dataset");
    fs::create_dir_all(&dataset).unwrap();
    let mut about = "name = \"更正\"\nas_of = \"2026-11-20\"\ncoverage = [\"3704\"]\n".to_owned();
    for (kind, header, rows) in
        [("subject", SUBJECT, subjects), ("penalty", PENALTY, penalties), ("list", LIST, lists)]
    {
        about.push_str(&format!("[[source]]\nkind = \"{kind}\"\npath = \"{kind}.csv\"\n"));
        fs::write(dataset.join(format!("{kind}.csv")), format!("{header}{rows}")).unwrap();
    }
    fs::write(dataset.join("dataset.toml"), about).unwrap();
    compiled(&dataset, &folder.join("release"))
}

fn compiled(input: &Path, out: &Path) -> Built {
    let (catalog, keys) = (root().join("tools/catalog"), keys());
    let plan = Plan { parts: 2, ..Plan::new(input, &catalog, out, keys.first()) };
    compile::build(&plan, &()).unwrap()
}

/// A release with corrections that are laid over it.
struct Desk {
    _folder: tempfile::TempDir,
    release: Release,
    corrections: Vec<Correction>,
}

impl Desk {
    /// The company with one penalty, one entry, and one objection that its table tells of none.
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let code = company();
        build(
            folder.path(),
            &format!("企业法人,{code},,,,枣庄更正试验有限公司,,,存续\n"),
            &format!("枣庄更正试验有限公司,{code},,,,试罚〔2026〕1号,罚款,2026-06-01,枣庄市试验局\n"),
            &format!(
                "government-procurement,枣庄更正试验有限公司,{code},,,试列〔2026〕1号,2026-05-01,,试验财政局\n"
            ),
        );
        let release = Release::open(&folder.path().join("release"), &keys(), Trust::Nothing).unwrap();
        Desk { _folder: folder, release, corrections: Vec::new() }
    }

    fn add(&mut self, what: What, effective: &str) -> u32 {
        let number = self.corrections.len() as u32 + 1;
        self.corrections.push(numbered(number, draft(what, effective)));
        number
    }

    fn act(&mut self, kind: CorrectionKind, record: RecordId, effective: &str) -> u32 {
        self.add(What::Record(kind, Named { ids: vec![record], ..Named::default() }), effective)
    }

    fn withdraw(&mut self, number: u32) -> u32 {
        let draft = &self.corrections[number as usize - 1].draft;
        let record = match &draft.what {
            What::Record(_, named) => named.clone(),
            _ => Named::default(),
        };
        let kind = draft.what.word().to_owned();
        self.add(What::Withdrawn { number, kind, record }, "2026-11-20")
    }

    fn office(&self) -> Office {
        let snapshot = lay_over(&self.release.snapshot, 0, &self.corrections).unwrap();
        assert_eq!(snapshot.overlay().idle(), []);
        Office::of(Serving::new(Release { manifest: self.release.manifest.clone(), snapshot }))
    }

    fn ask(&self, subject: Value, on: &str) -> Value {
        self.office().ask(&json!({"subject": subject, "matter": "370402-000131"}), day(on))
    }

    /// Category and objection of the hits on the company.
    fn hits(&self, on: &str) -> Vec<(String, bool)> {
        let reply = self.ask(json!({"id": company()}), on);
        let hits = reply["hits"].as_array().unwrap().iter();
        hits.map(|hit| (hit["category"].as_str().unwrap().to_owned(), hit["objection"] == true)).collect()
    }

    fn record(&self, category: &str) -> RecordId {
        let reply = self.ask(json!({"id": company()}), "2026-11-20");
        let hits = reply["hits"].as_array().unwrap().iter();
        let mut id =
            hits.filter(|hit| hit["category"] == category).map(|hit| hit["record"].as_str().unwrap());
        RecordId::parse(id.next_back().unwrap()).unwrap()
    }
}

fn draft(what: What, effective: &str) -> Draft {
    Draft {
        what,
        effective: day(effective),
        document: "试更〔2026〕1号".to_owned(),
        authority: "枣庄市试验局".to_owned(),
        reason: "试验".to_owned(),
        time: "2026-11-20T10:00:00+08:00".to_owned(),
    }
}

fn numbered(number: u32, draft: Draft) -> Correction {
    Correction { number, draft, previous: String::new(), digest: String::new(), signed_by: None }
}

/// An urgent entry of an organisation, or of a person under the key that tests share.
fn urgent(id: &str, name: &str, list: &str, since: &str) -> What {
    let id = Identifier::read(id, Day::OPEN).unwrap();
    let (keys, mut shown) = (keys(), String::new());
    let secret = keys.first();
    let key = SubjectKey::of(&id, secret);
    let person = id.kind() == IdKind::Citizen;
    if person {
        mask_name(name, &mut shown);
    } else {
        shown.push_str(name);
    }
    What::Listed(Box::new(Listed {
        subject: vec![Key::new(key, secret.id())],
        kind: SubjectKind::of_identifier(&id),
        name: shown,
        name_digests: if person { vec![(secret.id(), secret.name(&key, name))] } else { vec![] },
        list: list.to_owned(),
        since: day(since),
        until: None,
    }))
}
