//! Nights that follow each other: the same record keeps its name, and what was repaired stays away, whatever
//! happens to the subject's codes, the authority's brackets or the order of files in between.

use crate::support::asking::Office;
use crate::support::root;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use xinhe::domain::identifier::{citizen_check, registration_check, unified_code_check};
use xinhe::snapshot::PersonKeys;
use xinhe_tools::compile::{self, Built, Plan};

const PENALTY: &str =
    "CF_XDR_MC,CF_XDR_SHXYM,CF_XDR_GSZC,CF_XDR_ZJLX,CF_XDR_ZJHM,CF_WSH,CF_CFLB,CF_JDRQ,CF_CFJG\n";
const SUBJECT: &str = "ZT_LB,SHXYM,GSZC,ZJLX,ZJHM,MC,YSHXYM,HJ,DJZT\n";
const DAY: &str = "2026-11-21";

fn unified(body: &str) -> String {
    format!("{body}{}", unified_code_check(body.as_bytes()).unwrap() as char)
}

fn registration(body: &str) -> String {
    format!("{body}{}", registration_check(body.as_bytes()).unwrap() as char)
}

/// One night: the rows of its tables, and what came of them.
struct Night {
    folder: tempfile::TempDir,
    built: Built,
}

impl Night {
    /// Builds from rows of the register, of penalties and of corrections.
    fn new(subjects: &str, penalties: &str, corrections: &str) -> Night {
        let tables = [
            ("subject", "a-subjects.csv", format!("{SUBJECT}{subjects}")),
            ("penalty", "b-penalties.csv", format!("{PENALTY}{penalties}")),
            ("correction", "c-corrections.csv", format!("GZ_LX,GZ_JL,GZ_RQ,GZ_WSH,GZ_JG\n{corrections}")),
        ];
        Night::of(&tables.map(|(kind, file, text)| (kind, file.to_owned(), text)), "")
    }

    fn of(tables: &[(&str, String, String)], more: &str) -> Night {
        let folder = tempfile::tempdir().unwrap();
        let dataset = folder.path().join("dataset");
        fs::create_dir(&dataset).unwrap();
        let mut description = "name = \"nights\"\nas_of = \"2026-11-20\"\ncoverage = [\"3704\"]\n".to_owned();
        for (kind, file, text) in tables {
            description.push_str(&format!("[[source]]\nkind = \"{kind}\"\npath = \"{file}\"\n{more}"));
            fs::write(dataset.join(file), text).unwrap();
        }
        fs::write(dataset.join("dataset.toml"), description).unwrap();
        let built = build(&dataset, &folder.path().join("release"), 1);
        Night { folder, built }
    }

    fn ask(&self, subject: Value) -> Value {
        Office::open(&self.folder.path().join("release"))
            .ask(&json!({"subject": subject}), DAY.parse().unwrap())
    }

    /// The names of the hits on a subject.
    fn hits(&self, id: &str) -> Vec<String> {
        let reply = self.ask(json!({"id": id}));
        assert_eq!(reply["subject"]["found"], true, "{reply}");
        reply["hits"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hit| hit["record"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn build(dataset: &Path, out: &Path, parts: u32) -> Built {
    let keys = PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap();
    let catalog = root().join("tools/catalog");
    let plan = Plan { parts, ..Plan::new(dataset, &catalog, out, keys.first()) };
    compile::build(&plan, &()).unwrap()
}

fn penalty(code: &str, registration: &str, document: &str, authority: &str) -> String {
    format!("枣庄夜夜试验有限公司,{code},{registration},,,{document},罚款,2026-06-01,{authority}\n")
}

fn repaired(record: &str) -> String {
    format!("repaired,{record},2026-11-01,试更〔2026〕1号,试验局\n")
}

#[test]
fn a_repaired_record_stays_away_when_the_code_changes() {
    let (old, new) = (unified("91370402MA3XA0001"), unified("93370402MA3XB0002"));
    let row = |code: &str| penalty(code, "", "试罚〔2026〕1号", "枣庄市试验局");
    let first = Night::new(&format!("企业法人,{old},,,,枣庄夜夜试验有限公司,,,存续\n"), &row(&old), "");
    let id = first.hits(&old).pop().unwrap();
    let changed = format!("企业法人,{new},,,,枣庄夜夜试验有限公司,{old},,存续\n");
    for code in [&old, &new] {
        let second = Night::new(&changed, &row(code), "");
        assert_eq!(second.hits(&new).join(" "), id, "the record keeps its name under {code}");
        assert_eq!(second.hits(&old).join(" "), id, "the former code answers");
        let third = Night::new(&changed, &row(code), &repaired(&id));
        assert!(third.hits(&new).is_empty());
        assert_eq!(third.built.orphans, 0);
    }
    let both = format!(
        "企业法人,{old},,,,枣庄夜夜试验有限公司,,{new},注销\n企业法人,{new},,,,枣庄夜后试验有限公司,,,存续\n"
    );
    let merged = Night::new(&both, &row(&old), &repaired(&id));
    assert!(merged.hits(&new).is_empty() && merged.built.orphans == 0, "a successor takes the repair over");
}

#[test]
fn a_repaired_record_stays_away_when_a_stub_is_registered_under_another_code() {
    let (code, older) = (unified("91370402MA3XA0011"), registration("37040220010001"));
    let row = penalty("", &older, "试罚〔2026〕2号", "枣庄市试验局");
    let first = Night::new("", &row, "");
    let id = first.hits(&older).pop().unwrap();
    let registered = format!("企业法人,{code},{older},,,枣庄夜夜试验有限公司,,,存续\n");
    let second = Night::new(&registered, &row, &repaired(&id));
    assert!(second.hits(&code).is_empty() && second.hits(&older).is_empty());
    assert_eq!(second.built.orphans, 0);
}

#[test]
fn a_repaired_record_stays_away_when_brackets_and_blanks_differ() {
    let code = unified("91370402MA3XA0021");
    let first = Night::new("", &penalty(&code, "", "试罚〔2026〕3号", "枣庄市（试验）局"), "");
    let id = first.hits(&code).pop().unwrap();
    let second = Night::new("", &penalty(&code, "", "试罚[2026] 3号", "枣庄市(试验) 局"), &repaired(&id));
    assert!(second.hits(&code).is_empty());
}

#[test]
fn a_citizens_number_of_fifteen_digits_is_the_same_person() {
    let mut full = b"37049119701201001".to_vec();
    full.push(citizen_check(&full).unwrap());
    let full = String::from_utf8(full).unwrap();
    let old = format!("{}{}", &full[..6], &full[8..17]);
    let row =
        |number: &str| format!("夜试样,,,身份证,{number},试罚〔2026〕4号,罚款,2026-06-01,枣庄市试验局\n");
    let first = Night::new("", &row(&old), "");
    let ask = |night: &Night| night.ask(json!({"id": full, "name": "夜试样"}));
    let id = ask(&first)["hits"][0]["record"].as_str().unwrap().to_owned();
    let second = Night::new("", &row(&full), &repaired(&id));
    assert_eq!(ask(&second)["verdict"], "clear");
}

#[test]
fn a_correction_that_matches_nothing_is_kept_and_told() {
    let night = Night::new("", "", &repaired("r-00000000000000000000000001"));
    assert_eq!(night.built.orphans, 1);
    let quality = fs::read(night.folder.path().join("release/quality.json")).unwrap();
    let quality: Value = serde_json::from_slice(&quality).unwrap();
    assert_eq!(quality["orphan_correction"][0]["record"], "r-00000000000000000000000001");
}

#[test]
fn rows_without_a_unified_code_never_join_two_that_have_one() {
    let (a, b) = (unified("91370402MA3XA0031"), unified("91370402MA3XA0032"));
    let older = registration("37040220010003");
    let row = |code: &str, n: u32| penalty(code, &older, &format!("试罚〔2026〕{n}号"), "枣庄市试验局");
    let night = Night::new("", &format!("{}{}{}", row(&a, 5), row(&b, 6), row("", 7)), "");
    assert_eq!(night.hits(&a).len() + night.hits(&b).len(), 3, "each row is about one subject");
    assert_eq!(
        night.hits(&older),
        night.hits(&a),
        "a shared older code is that of the smallest unified code"
    );
}

#[test]
fn a_split_leaves_nobody_the_whole_of_what_was() {
    let (was, a, b) =
        (unified("91370402MA3XA0041"), unified("91370402MA3XA0042"), unified("91370402MA3XA0043"));
    let rows = [(&was, ""), (&a, was.as_str()), (&b, was.as_str())];
    let rows: String = rows
        .map(|(code, former)| format!("企业法人,{code},,,,枣庄夜分试验有限公司,{former},,存续\n"))
        .concat();
    let night = Night::new(&rows, &penalty(&was, "", "试罚〔2026〕8号", "枣庄市试验局"), "");
    assert_eq!([night.hits(&was).len(), night.hits(&a).len(), night.hits(&b).len()], [1, 0, 0]);
}

#[test]
fn a_circle_of_successors_is_cut_and_told() {
    let (a, b) = (unified("91370402MA3XA0051"), unified("91370402MA3XA0052"));
    let rows = format!(
        "企业法人,{a},,,,枣庄甲圈试验有限公司,,{b},存续\n企业法人,{b},,,,枣庄乙圈试验有限公司,,{a},存续\n"
    );
    let night = Night::new(&rows, &penalty(&b, "", "试罚〔2026〕9号", "枣庄市试验局"), "");
    assert_eq!(night.hits(&a), night.hits(&b));
    assert_eq!(night.ask(json!({"id": b}))["subject"]["id"], a, "the smallest code stands");
    assert_eq!(night.built.warnings.get("circle_of_successors"), Some(&1));
}

#[test]
fn a_supplied_list_that_the_catalogue_lacks_is_told() {
    let night = Night::of(
        &[("penalty", "p.csv".to_owned(), PENALTY.to_owned())],
        "supplies = [\"no-such-list\"]\nmax_age = \"7d\"\n",
    );
    assert_eq!(night.built.warnings.get("unknown_supplied_list"), Some(&1));
}

#[test]
fn neither_the_order_of_files_nor_that_of_rows_changes_a_part() {
    let folder = tempfile::tempdir().unwrap();
    let city = folder.path().join("city");
    let plan = xinhe_tools::generate::Plan {
        subjects: 800,
        defects: 0.1,
        as_of: "2026-11-20".parse().unwrap(),
        ..xinhe_tools::generate::Plan::default()
    };
    xinhe_tools::generate::write(&plan, &city, &|_| ()).unwrap();
    let answers = |out: &str| -> (u64, u64, BTreeMap<&'static str, u64>) {
        let built = build(&city, &folder.path().join(out), 2);
        (built.counts.subjects.iter().sum(), built.counts.records.iter().sum(), built.rejects)
    };
    let first = answers("first");
    for entry in fs::read_dir(city.join("penalties")).unwrap() {
        reverse_rows(&entry.unwrap().path());
    }
    assert_eq!(answers("second"), first);
}

/// Turns the rows of a file round, below its header; files with quoted line breaks are left alone.
fn reverse_rows(path: &Path) {
    let Ok(text) = fs::read_to_string(path) else { return };
    let mut lines: Vec<&str> = text.lines().collect();
    if text.matches('"').count() == 0 && lines.len() > 2 {
        lines[1..].reverse();
        fs::write(path, lines.join("\n") + "\n").unwrap();
    }
}
