//! `xinhe diff`: every kind of change is told once, none is told of a release and itself, and what is told leads from
//! the old release to the new one.

mod cities;

use crate::support::{person_key, root, tool, xinhe, xinhe_ok};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use xinhe::domain::identifier::{citizen_check, registration_check, unified_code_check};
use xinhe::snapshot::Trust;
use xinhe_tools::diff::{Side, verdicts_changed};

const OLD_DAY: &str = "2026-11-19";
const NEW_DAY: &str = "2026-11-20";

const HEADERS: [(&str, &str); 5] = [
    ("subject", "ZT_LB,SHXYM,GSZC,ZJLX,ZJHM,MC,YSHXYM,HJ,DJZT"),
    ("penalty", "CF_XDR_MC,CF_XDR_SHXYM,CF_WSH,CF_CFLB,CF_JDRQ,CF_CFJG,CF_GSJZQ"),
    ("list", "MD_DM,MD_XDR_MC,MD_XDR_SHXYM,MD_XDR_ZJLX,MD_XDR_ZJHM,MD_WSH,MD_LRRQ,MD_JZRQ,MD_RDJG"),
    ("commitment", "CN_XDR_SHXYM,CN_LX,CN_SX,CN_RQ,CN_JZRQ,CN_LYZT,CN_SLDW"),
    ("evaluation", "PJ_XDR_SHXYM,PJ_LX,PJ_DJ,PJ_ND,PJ_RQ,PJ_JG"),
];

fn unified(body: &str) -> String {
    format!("{body}{}", char::from(unified_code_check(body.as_bytes()).unwrap()))
}

fn company(n: u32) -> String {
    unified(&format!("91370402MA3XD{n:04}"))
}

fn citizen() -> String {
    let body = "37049919800101001";
    format!("{body}{}", char::from(citizen_check(body.as_bytes()).unwrap()))
}

/// Rows by kind, under the headers above.
type Rows<'r> = &'r [(&'r str, String)];

fn build(input: &Path, out: &Path, parts: u32, key: &Path) {
    let [input, out, key] = [input, out, key].map(|path| path.to_str().unwrap().to_owned());
    let (catalog, parts) = (root().join("tools/catalog"), parts.to_string());
    let catalog = catalog.to_str().unwrap();
    xinhe_ok([
        "build",
        "--input",
        &input,
        "--catalog",
        catalog,
        "--out",
        &out,
        "--person-key",
        &key,
        "--parts",
        &parts,
    ]);
}

/// Two releases of hand-made rows.
struct Pair {
    folder: tempfile::TempDir,
}

impl Pair {
    fn of(old: Rows<'_>, new: Rows<'_>) -> Pair {
        let folder = tempfile::tempdir().unwrap();
        let key = person_key(folder.path());
        for (name, as_of, rows, parts) in [("old", OLD_DAY, old, 1), ("new", NEW_DAY, new, 3)] {
            let dataset = folder.path().join(format!("{name}-dataset"));
            fs::create_dir(&dataset).unwrap();
            let mut toml = format!("name = \"pair\"\nas_of = \"{as_of}\"\ncoverage = [\"3704\"]\n");
            for (kind, header) in HEADERS {
                toml.push_str(&format!("[[source]]\nkind = \"{kind}\"\npath = \"{kind}.csv\"\n"));
                let rows = rows.iter().filter(|(of, _)| *of == kind).map(|(_, row)| row.as_str());
                let lines: Vec<&str> = std::iter::once(header).chain(rows).collect();
                fs::write(dataset.join(format!("{kind}.csv")), lines.join("\n") + "\n").unwrap();
            }
            fs::write(dataset.join("dataset.toml"), toml).unwrap();
            build(&dataset, &folder.path().join(name), parts, &key);
        }
        Pair { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn lines(&self, more: &[&str]) -> Vec<Value> {
        lines(&self.path("old"), &self.path("new"), more)
    }
}

fn lines(old: &Path, new: &Path, more: &[&str]) -> Vec<Value> {
    let mut args = vec!["diff", old.to_str().unwrap(), new.to_str().unwrap()];
    args.extend(more);
    let output = xinhe_ok(args);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `event id detail`, sorted: what matters of each line.
fn told(lines: &[Value], fields: &[&str]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |line: &Value| {
        let mut words = vec![text(&line["event"])];
        words.extend(fields.iter().map(|field| text(&line[*field])));
        words.join(" ")
    };
    let mut all: Vec<String> = lines.iter().map(line).collect();
    all.sort();
    all
}

fn subject(code: &str, state: &str) -> (&'static str, String) {
    ("subject", format!("企业法人,{code},,,,枣庄先后试验有限公司,,,{state}"))
}

fn listed(code: &str, list: &str, document: &str, until: &str) -> (&'static str, String) {
    let authority = "枣庄市试验局";
    ("list", format!("{list},枣庄先后试验有限公司,{code},,,{document},2026-05-01,{until},{authority}"))
}

#[test]
fn lists_are_entered_and_left_for_a_reason() {
    let [a, b, c] = [company(1), company(2), company(3)];
    let registered = [&a, &b, &c].map(|code| subject(code, "存续"));
    let mut old = registered.to_vec();
    old.push(listed(&a, "government-procurement", "试入1号", ""));
    old.push(listed(&b, "wage-arrears", "试入2号", NEW_DAY));
    old.push(listed(&c, "wage-arrears", "试入3号", OLD_DAY));
    let mut new = registered.to_vec();
    new.push(listed(&b, "wage-arrears", "试入2号", NEW_DAY));
    new.push(listed(&b, "government-procurement", "试入4号", ""));
    new.push(listed(&c, "wage-arrears", "试入3号", OLD_DAY));
    let pair = Pair::of(&old, &new);
    let changes = pair.lines(&[]);
    assert_eq!(
        told(&changes, &["list", "document", "why", "day", "since"]),
        [
            "list_entered government-procurement 试入4号 new 2026-11-20 2026-05-01",
            "list_left government-procurement 试入1号 removed 2026-11-20 2026-05-01",
            "list_left wage-arrears 试入3号 expired 2026-11-20 2026-05-01",
        ]
    );
    for change in &changes {
        assert!(change["record"].as_str().unwrap().starts_with("r-"), "{change}");
        assert_eq!(change["subject"]["kind"], "enterprise");
        assert!([&a, &b, &c].iter().any(|code| change["subject"]["id"] == ***code), "{change}");
    }
    let later = told(&pair.lines(&["--on", "2026-11-21"]), &["document", "why"]);
    assert_eq!(later, ["list_entered 试入4号 new", "list_left 试入1号 removed"], "both judged on one day");
}

#[test]
fn penalties_commitments_grades_and_states_are_told() {
    let code = company(4);
    let penalty = |document: &str, until: &str| {
        (
            "penalty",
            format!("枣庄先后试验有限公司,{code},{document},吊销许可证件,2026-05-01,枣庄市试验局,{until}"),
        )
    };
    let commitment = |due: &str, state: &str| {
        ("commitment", format!("{code},主动型,试事项,2026-01-05,{due},{state},枣庄市试验局"))
    };
    let graded =
        |grade: &str| ("evaluation", format!("{code},纳税信用,{grade},2025,2026-04-01,枣庄市试验局"));
    let old = [subject(&code, "存续"), penalty("试罚1号", ""), commitment(OLD_DAY, "未履行"), graded("A")];
    let new = [
        subject(&code, "吊销"),
        penalty("试罚1号", "2026-12-01"),
        penalty("试罚2号", ""),
        commitment(OLD_DAY, "未履行"),
        graded("D"),
    ];
    let pair = Pair::of(&old, &new);
    assert_eq!(
        told(&pair.lines(&[]), &["title", "document", "what", "why", "old", "new"]),
        [
            "commitment_began 主动型 - - began - -",
            "entry_changed 吊销许可证件 试罚1号 until - 2029-05-01 2026-12-01",
            "grade_changed 纳税信用 - - - A D",
            "penalty_began 吊销许可证件 试罚2号 - new - -",
            "state_changed - - - - 存续 吊销",
        ]
    );
    let back = told(&lines(&pair.path("new"), &pair.path("old"), &[]), &["why"]);
    let expected = [
        "commitment_ended not_yet",
        "entry_changed -",
        "grade_changed -",
        "penalty_ended removed",
        "state_changed -",
    ];
    assert_eq!(back, expected);
}

#[test]
fn a_subject_is_the_same_under_another_code_and_folded_into_another() {
    let [was, is, folded, into, came, gone] = [5, 6, 7, 8, 9, 10].map(company);
    let entry = |code: &str| listed(code, "government-procurement", code, "");
    // Whatever its records are called once it has taken another over, they are the same.
    let renamed = |line: &&Value| line["event"] == "entry_changed" && line["what"] == "record";
    let old = [
        subject(&was, "存续"),
        subject(&folded, "存续"),
        subject(&into, "存续"),
        subject(&gone, "存续"),
        entry(&was),
        entry(&folded),
        entry(&into),
    ];
    let new = [
        ("subject", format!("企业法人,{is},,,,枣庄先后试验有限公司,{was},,存续")),
        ("subject", format!("企业法人,{folded},,,,枣庄先后试验有限公司,,{into},注销")),
        subject(&into, "存续"),
        subject(&came, "存续"),
        entry(&was),
        entry(&folded),
        entry(&into),
    ];
    let changes = Pair::of(&old, &new).lines(&[]);
    let code = |line: &Value| line["subject"]["id"].as_str().unwrap_or_default().to_owned();
    let seen: BTreeSet<String> = changes
        .iter()
        .filter(|line| !renamed(line))
        .map(|line| format!("{} {} {} {}", line["event"], code(line), line["old"], line["why"]))
        .collect();
    let quoted = |event: &str, id: &str, old: &str, why: &str| format!("\"{event}\" {id} {old} {why}");
    let expected = BTreeSet::from([
        quoted("code_changed", &is, &format!("\"{was}\""), "\"code\""),
        quoted("code_changed", &into, &format!("\"{folded}\""), "\"folded\""),
        quoted("subject_new", &came, "null", "null"),
        quoted("subject_gone", &gone, "\"存续\"", "null"),
    ]);
    assert_eq!(seen, expected, "entries follow and are neither entered nor left");
}

#[test]
fn a_person_is_told_by_mask_and_record_only() {
    let number = citizen();
    let person = ("subject", format!("自然人,,,身份证,{number},张试三,,,"));
    let entry = (
        "list",
        format!(
            "dishonest-judgment-debtor,张试三,,身份证,{number},（2026）试0402执1号,2026-05-01,,枣庄市试验法院"
        ),
    );
    let pair = Pair::of(std::slice::from_ref(&person), &[person.clone(), entry]);
    let changes = pair.lines(&["--verdicts"]);
    assert!(changes.iter().any(|line| line["event"] == "list_entered"), "{changes:?}");
    assert!(changes.iter().any(|line| line["event"] == "verdict_changed"), "{changes:?}");
    for line in &changes {
        let text = line.to_string();
        assert_eq!(line["subject"], serde_json::json!({"kind": "person", "name": "张*三"}));
        assert!(line.get("document").is_none() && line.get("authority").is_none(), "{line}");
        assert!(!text.contains(&number) && !text.contains("张试三"), "{line}");
    }
}

#[test]
fn verdicts_that_changed_name_matter_and_records() {
    let [a, b] = [company(11), company(12)];
    let both = [subject(&a, "存续"), subject(&b, "存续")];
    let mut new = both.to_vec();
    new.push(listed(&a, "government-procurement", "试入9号", ""));
    let pair = Pair::of(&both, &new);
    let changes = pair.lines(&["--verdicts"]);
    let entered = changes.iter().find(|line| line["event"] == "list_entered").unwrap();
    let verdicts: Vec<&Value> = changes.iter().filter(|line| line["event"] == "verdict_changed").collect();
    let procurement = verdicts.iter().find(|line| line["matter"] == "370402-000131").unwrap();
    assert_eq!(
        (&procurement["old"], &procurement["new"]),
        (&Value::from("clear"), &Value::from("restricted"))
    );
    assert_eq!(procurement["records"], serde_json::json!([entered["record"]]));
    assert!(verdicts.iter().all(|line| line["subject"]["id"] == *a));
    let open = |name: &str| Side::open(&pair.path(name), None, Trust::Nothing).unwrap();
    let counted = verdicts_changed(&open("old"), &open("new"), &|_, _| ()).unwrap();
    assert_eq!(counted["370402-000131"], (1, 2));
    assert_eq!(counted.values().filter(|(changed, _)| *changed == 1).count(), verdicts.len());
}

#[test]
fn a_damaged_part_is_an_error_that_names_the_file() {
    let pair = Pair::of(&[subject(&company(13), "存续")], &[subject(&company(14), "存续")]);
    let part = pair.path("new").join("part-00001.xinhe");
    let mut bytes = fs::read(&part).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 0x40;
    fs::write(&part, bytes).unwrap();
    let output = xinhe(["diff", pair.path("old").to_str().unwrap(), pair.path("new").to_str().unwrap()]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), words.contains("part-00001.xinhe")), (Some(1), true), "{words}");
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let rows: Vec<_> = (0..3000).map(|n| subject(&company(n), "存续")).collect();
    let pair = Pair::of(&[], &rows);
    let mut child = Command::new(tool())
        .args(["diff", pair.path("old").to_str().unwrap(), pair.path("new").to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_registration_number_leads_to_the_company_that_took_it_over() {
    let body = "37040220010009";
    let older = format!("{body}{}", char::from(registration_check(body.as_bytes()).unwrap()));
    let code = company(15);
    let old = [("subject", format!("企业法人,,{older},,,枣庄先后试验有限公司,,,存续"))];
    let new = [("subject", format!("企业法人,{code},{older},,,枣庄先后试验有限公司,,,存续"))];
    let changes = Pair::of(&old, &new).lines(&["--verdicts"]);
    assert_eq!(told(&changes, &["old", "new", "why"]), [format!("code_changed {older} {code} code")]);
}
