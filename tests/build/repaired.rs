//! What was repaired stays away on the nights that follow, whatever happens to code, authority and document number; where
//! the record cannot be told to be the same, publishing stops.

use super::{Place, json_of, words};
use crate::store::signing_key;
use crate::support::asking::Office;
use crate::support::tool;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use xinhe::domain::identifier::unified_code_check;
use xinhe_tools::quality::Quality;

const SUBJECT: &str = "ZT_LB,SHXYM,MC,YSHXYM,DJZT\n";
const PENALTY: &str = "CF_XDR_MC,CF_XDR_SHXYM,CF_WSH,CF_CFLB,CF_JDRQ,CF_CFJG,CF_CFJGDM\n";
const CORRECTION: &str = "GZ_LX,GZ_JL,GZ_RQ,GZ_WSH,GZ_JG\n";
const NAME: &str = "枣庄复信试验有限公司";
const DOCUMENT: &str = "枣试罚〔2026〕7号";
const AUTHORITY: &str = "枣庄市（试验）局";

fn unified(body: &str) -> String {
    format!("{body}{}", unified_code_check(body.as_bytes()).unwrap() as char)
}

/// One penalty of one company, over several nights.
struct Nights {
    place: Place,
    old: String,
    new: String,
}

/// How a night tells the penalty.
#[derive(Clone, Copy)]
struct Told<'a> {
    name: &'a str,
    /// The night before; the first has none.
    before: &'a str,
    /// The code in the penalty's row.
    code: &'a str,
    /// The code that the register gives, and the former one.
    register: (&'a str, &'a str),
    document: &'a str,
    authority: &'a str,
    repaired: Option<&'a str>,
}

impl Nights {
    fn new() -> Nights {
        let place = Place::new();
        fs::write(place.path("release.key"), signing_key().line()).unwrap();
        Nights { place, old: unified("91370402MA3XR0001"), new: unified("93370402MA3XR0002") }
    }

    fn first(&self) -> Told<'_> {
        Told {
            name: "first",
            before: "first",
            code: &self.old,
            register: (&self.old, ""),
            document: DOCUMENT,
            authority: AUTHORITY,
            repaired: None,
        }
    }

    fn build(&self, told: &Told<'_>) -> PathBuf {
        let dataset = self.place.path(told.name);
        fs::create_dir(&dataset).unwrap();
        let (code, former) = told.register;
        let issuer = unified("11370400MB2XR0009");
        let correction =
            told.repaired.map(|record| format!("repaired,{record},2026-11-01,试更〔2026〕1号,试验局\n"));
        let tables = [
            ("subject", format!("{SUBJECT}企业法人,{code},{NAME},{former},存续\n")),
            (
                "penalty",
                format!(
                    "{PENALTY}{NAME},{},{},罚款,2026-06-01,{},{issuer}\n",
                    told.code, told.document, told.authority
                ),
            ),
            ("correction", format!("{CORRECTION}{}", correction.unwrap_or_default())),
        ];
        let mut description =
            "name = \"repaired\"\nas_of = \"2026-11-20\"\ncoverage = [\"3704\"]\n".to_owned();
        for (kind, text) in tables {
            description.push_str(&format!("[[source]]\nkind = \"{kind}\"\npath = \"{kind}.csv\"\n"));
            fs::write(dataset.join(format!("{kind}.csv")), text).unwrap();
        }
        fs::write(dataset.join("dataset.toml"), description).unwrap();
        let out = dataset.with_extension("release");
        let before = self.place.path(told.before).with_extension("release");
        let more = ["--previous", before.to_str().unwrap()];
        let more = if told.before != told.name { &more[..] } else { &[] };
        json_of(&self.place.build(&dataset, &out, more).output().unwrap());
        out
    }

    fn publish(&self, release: &Path) -> Output {
        let mut command = Command::new(tool());
        command.arg("publish").arg(release).arg("--store");
        command.arg(format!("file://{}", self.place.path("store").display()));
        command.arg("--key").arg(self.place.path("release.key")).output().unwrap()
    }
}

/// Hits on a company.
fn hits(release: &Path, code: &str) -> Vec<String> {
    let reply: Value =
        Office::open(release).ask(&json!({"subject": {"id": code}}), "2026-11-21".parse().unwrap());
    assert_eq!(reply["subject"]["found"], true, "{reply}");
    let hits = reply["hits"].as_array().unwrap().iter();
    hits.map(|hit| hit["record"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_repaired_record_stays_away_on_every_night_after() {
    let nights = Nights::new();
    let first = nights.first();
    let release = nights.build(&first);
    let published = nights.publish(&release);
    assert!(published.status.success(), "{}", words(&published));
    let record = hits(&release, &nights.old).pop().expect("the penalty is there");
    let (old, new) = (nights.old.as_str(), nights.new.as_str());
    let repaired = Told { repaired: Some(&record), ..first };
    let changed = (new, old);
    for told in [
        Told { name: "next", ..repaired },
        Told {
            name: "brackets", document: "枣试罚[2026] 7号", authority: "枣庄市(试验) 局", ..repaired
        },
        Told { name: "code", register: changed, ..repaired },
        Told { name: "code-in-both", register: changed, code: new, ..repaired },
        Told { name: "all", register: changed, code: new, document: "枣试罚（2026）7号", ..repaired },
    ] {
        let release = nights.build(&told);
        assert_eq!(hits(&release, told.register.0), Vec::<String>::new(), "{}", told.name);
        assert_eq!(hits(&release, old), Vec::<String>::new(), "{}: under the old code", told.name);
        let published = nights.publish(&release);
        assert!(published.status.success(), "{}: {}", told.name, words(&published));
    }
}

/// What the report tells of corrections that were put to a record of another authority.
fn renamed(release: &Path) -> Vec<(String, String)> {
    let told = Quality::read(release).unwrap().renamed_authorities;
    told.into_iter().map(|one| (one.correction_of, one.found)).collect()
}

#[test]
fn a_repaired_record_of_a_renamed_authority_stays_away_night_after_night() {
    let nights = Nights::new();
    let first = nights.first();
    let release = nights.build(&first);
    let record = hits(&release, &nights.old).pop().expect("the penalty is there");
    let (old, new) = (nights.old.as_str(), nights.new.as_str());
    let repaired = Told { repaired: Some(&record), ..first };
    let renamed_to = Told { authority: "枣庄市新试验局", ..repaired };
    let again = Told { authority: "枣庄市又一试验局", document: "枣试罚[2026]7号", ..repaired };
    for told in [
        Told { name: "renamed", before: "first", ..renamed_to },
        // The release before knows the record by its new name only.
        Told { name: "next", before: "renamed", ..renamed_to },
        Told { name: "again", before: "next", register: (new, old), ..again },
        Told { name: "last", before: "again", register: (new, old), code: new, ..again },
    ] {
        let release = nights.build(&told);
        assert_eq!(hits(&release, told.register.0), Vec::<String>::new(), "{}", told.name);
        let found = renamed(&release);
        assert_eq!(found.len(), 1, "{}: operators are told", told.name);
        assert!(found[0].0 == record && found[0].1 != record, "{}: {found:?}", told.name);
        assert_eq!(Quality::read(&release).unwrap().orphan_corrections, 0);
        let published = nights.publish(&release);
        assert!(published.status.success(), "{}: {}", told.name, words(&published));
    }
    // Under its first name again, it is found by that.
    let release = nights.build(&Told { name: "back", before: "last", ..repaired });
    assert_eq!((hits(&release, old), renamed(&release)), (vec![], vec![]));
}

#[test]
fn another_penalty_of_the_subject_is_not_taken_for_the_repaired_one() {
    let nights = Nights::new();
    let first = nights.first();
    let record = hits(&nights.build(&first), &nights.old).pop().expect("the penalty is there");
    let other = Told {
        name: "other",
        authority: "枣庄市新试验局",
        document: "枣试罚〔2026〕8号",
        repaired: Some(&record),
        ..first
    };
    let release = nights.build(&other);
    assert_eq!(hits(&release, &nights.old).len(), 1, "another document is another penalty");
    assert_eq!(renamed(&release), vec![]);
    let refused = nights.publish(&release);
    assert_eq!(refused.status.code(), Some(1));
    let words = words(&refused);
    assert!(words.contains("orphan_corrections") && words.contains(&record), "{words}");
}
