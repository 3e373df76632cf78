//! `xinhe diff`: every kind of change is told once, none is told of a release and itself, and what is told leads from
//! the old release to the new one.

use crate::support::{person_key, root, tool, xinhe, xinhe_ok};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use xinhe::check::{Question, check, visible};
use xinhe::domain::catalogue::Footing;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{Identifier, citizen_check, registration_check, unified_code_check};
use xinhe::domain::verdict::{MatterAsked, Relation, Workspace};
use xinhe::release::Release;
use xinhe::snapshot::{EntryCategory, PersonKeys, Trust};
use xinhe_tools::diff::{Side, Summary, releases, verdicts_changed};

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
    let old = [
        subject(&was, "存续"),
        subject(&folded, "存续"),
        subject(&into, "存续"),
        subject(&gone, "存续"),
        entry(&was),
        entry(&folded),
    ];
    let new = [
        ("subject", format!("企业法人,{is},,,,枣庄先后试验有限公司,{was},,存续")),
        ("subject", format!("企业法人,{folded},,,,枣庄先后试验有限公司,,{into},注销")),
        subject(&into, "存续"),
        subject(&came, "存续"),
        entry(&was),
        entry(&folded),
    ];
    let changes = Pair::of(&old, &new).lines(&[]);
    let code = |line: &Value| line["subject"]["id"].as_str().unwrap_or_default().to_owned();
    let seen: BTreeSet<String> = changes
        .iter()
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
    let pair = Pair::of(&[person.clone()], &[person, entry]);
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
    assert_eq!((&procurement["old"], &procurement["new"]), (&"clear".into(), &"restricted".into()));
    assert_eq!(procurement["records"], serde_json::json!([entered["record"]]));
    assert!(verdicts.iter().all(|line| line["subject"]["id"] == *a));
    let open = |name: &str| Side::open(&pair.path(name), None, Trust::Nothing).unwrap();
    let counted = verdicts_changed(&open("old"), &open("new")).unwrap();
    assert_eq!(counted["370402-000131"], (1, 2));
    assert_eq!(counted.values().filter(|(changed, _)| *changed == 1).count(), verdicts.len());
}

/// A generated city, and a night later: rows are gone, rows are new, codes are as they were.
struct City {
    folder: tempfile::TempDir,
}

impl City {
    fn new(subjects: u32) -> City {
        let folder = tempfile::tempdir().unwrap();
        let (key, at) = (person_key(folder.path()), |name: &str| folder.path().join(name));
        let count = subjects.to_string();
        for (name, as_of) in [("old", OLD_DAY), ("new", NEW_DAY)] {
            let dataset = at(&format!("{name}-dataset"));
            let out = dataset.to_str().unwrap();
            xinhe_ok([
                "generate",
                "--out",
                out,
                "--subjects",
                &count,
                "--as-of",
                NEW_DAY,
                "--defects",
                "0.02",
            ]);
            thin(&dataset, if name == "old" { 3 } else { 7 });
            let toml = dataset.join("dataset.toml");
            let text = fs::read_to_string(&toml).unwrap().replacen(NEW_DAY, as_of, 1);
            fs::write(&toml, text).unwrap();
            build(&dataset, &at(name), if name == "old" { 2 } else { 3 }, &key);
        }
        City { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sides(&self) -> (Side, Side) {
        let open = |name: &str| Side::open(&self.path(name), None, Trust::Nothing).unwrap();
        (open("old"), open("new"))
    }
}

/// Leaves one row of some out, of every table.
fn thin(dataset: &Path, every: usize) {
    for file in glob::glob(&format!("{}/*/*.csv", dataset.display())).unwrap() {
        let file = file.unwrap();
        let text = fs::read_to_string(&file).unwrap();
        if text.contains('"') {
            continue;
        }
        let keep = |(place, _): &(usize, &str)| *place == 0 || place % (50 * every) != every;
        let kept: Vec<&str> = text.lines().enumerate().filter(keep).map(|(_, line)| line).collect();
        fs::write(&file, kept.join("\n") + "\n").unwrap();
    }
}

fn keys() -> PersonKeys {
    PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap()
}

/// List and record of every entry that a check on the release's day would show as its subject's own.
fn entries(release: &Path) -> BTreeSet<(String, String)> {
    let release = Release::open(release, &keys(), Trust::Nothing).unwrap();
    let (snapshot, mut all) = (&release.snapshot, BTreeSet::new());
    for part in snapshot.parts() {
        for place in 0..part.subjects() {
            for entry in part.entries_of(&part.standing(place).unwrap()).unwrap() {
                let own = entry.relation() == Relation::Own && entry.category() == EntryCategory::List;
                if own && visible(part, &entry, snapshot.as_of()).is_some() {
                    let list = snapshot.catalogue().list_at(entry.list().unwrap()).unwrap();
                    all.insert((list.code.clone(), entry.record().to_string()));
                }
            }
        }
    }
    all
}

/// Verdicts by matter of every organisation with a code, from the checks themselves.
fn verdicts(release: &Path) -> BTreeMap<(String, String), &'static str> {
    let release = Release::open(release, &keys(), Trust::Nothing).unwrap();
    let (snapshot, mut work, mut all) = (&release.snapshot, Workspace::default(), BTreeMap::new());
    let catalogue = snapshot.catalogue();
    for part in snapshot.parts() {
        for place in 0..part.subjects() {
            let Some(code) = part.standing(place).unwrap().code().map(str::to_owned) else { continue };
            let Ok(identifier) = Identifier::read(&code, Day::OPEN) else { continue };
            for matter in &catalogue.entries().matters {
                let question = Question {
                    identifier: &identifier,
                    name: None,
                    matter: MatterAsked::Known(catalogue.matter(&matter.code).unwrap()),
                    stage: xinhe::domain::catalogue::Stage::Acceptance,
                    day: snapshot.as_of(),
                    linked: matter.persons != Footing::None,
                };
                let answer = check(snapshot, &question, &mut work).unwrap();
                all.insert((code.clone(), matter.code.clone()), answer.decision.verdict.word());
            }
        }
    }
    all
}

fn diff(old: &Side, new: &Side, with_verdicts: bool) -> (Summary, Vec<Value>) {
    let mut lines = Vec::new();
    let mut tell = |change: &xinhe_tools::diff::Change<'_>| {
        lines.push(serde_json::to_value(change)?);
        Ok(())
    };
    let summary = releases(old, new, with_verdicts, &mut tell, &|_, _| ()).unwrap();
    (summary, lines)
}

#[test]
fn the_changes_lead_from_the_old_release_to_the_new_one() {
    let city = City::new(2_000);
    let (old, new) = city.sides();
    let (_, lines) = diff(&old, &new, true);
    let mut listed = entries(&city.path("old"));
    let text = |line: &Value, field: &str| line[field].as_str().unwrap_or_default().to_owned();
    let (mut entered, mut left) = (0, 0);
    for line in &lines {
        let entry = (text(line, "list"), text(line, "record"));
        match line["event"].as_str().unwrap() {
            "list_entered" => {
                entered += 1;
                assert!(listed.insert(entry), "entered twice: {line}");
            }
            "list_left" => {
                left += 1;
                assert!(listed.remove(&entry), "left without having been there: {line}");
            }
            _ => {}
        }
    }
    assert!(entered > 5 && left > 5, "{entered} entered, {left} left");
    assert_eq!(listed, entries(&city.path("new")));

    let (was, is) = (verdicts(&city.path("old")), verdicts(&city.path("new")));
    let mut expected = BTreeSet::new();
    for (code, matter) in was.keys().chain(is.keys()) {
        let of = |all: &BTreeMap<(String, String), &'static str>| {
            all.get(&(code.clone(), matter.clone())).copied().unwrap_or("unknown")
        };
        if of(&was) != of(&is) {
            expected.insert(format!("{code} {matter} {} {}", of(&was), of(&is)));
        }
    }
    let told: BTreeSet<String> = lines
        .iter()
        .filter(|line| line["event"] == "verdict_changed" && line["subject"]["kind"] != "person")
        .map(|line| {
            let [matter, old, new] = ["matter", "old", "new"].map(|field| text(line, field));
            format!("{} {matter} {old} {new}", text(&line["subject"], "id"))
        })
        .collect();
    assert!(expected.len() > 20, "{}", expected.len());
    let (missing, more): (Vec<_>, Vec<_>) =
        (expected.difference(&told).take(5).collect(), told.difference(&expected).take(5).collect());
    assert!(missing.is_empty() && more.is_empty(), "missing {missing:#?}, too many {more:#?}");
}

#[test]
fn a_release_does_not_differ_from_itself_however_it_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (key, dataset) = (person_key(folder.path()), folder.path().join("dataset"));
    let out = dataset.to_str().unwrap();
    xinhe_ok(["generate", "--out", out, "--subjects", "1500", "--as-of", NEW_DAY, "--defects", "0.05"]);
    let cut = |parts: u32| {
        let out = folder.path().join(format!("in-{parts}"));
        build(&dataset, &out, parts, &key);
        out
    };
    let (one, five) = (cut(1), cut(5));
    assert_eq!(lines(&one, &one, &["--verdicts"]), Vec::<Value>::new());
    assert_eq!(lines(&one, &five, &["--verdicts"]), Vec::<Value>::new());
}

#[test]
fn persons_under_another_key_are_left_out_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (key, dataset) = (person_key(folder.path()), folder.path().join("dataset"));
    let other = folder.path().join("other.key");
    fs::write(&other, PersonKeys::line(&[8; 32])).unwrap();
    xinhe_ok(["generate", "--out", dataset.to_str().unwrap(), "--subjects", "500", "--as-of", NEW_DAY]);
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    build(&dataset, &old, 1, &key);
    build(&dataset, &new, 2, &other);
    let output = xinhe_ok(["diff", old.to_str().unwrap(), new.to_str().unwrap(), "--verdicts", "--json"]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout, format!("{{\"day\":\"{NEW_DAY}\",\"event\":\"persons_left_out\"}}\n"));
    assert!(String::from_utf8(output.stderr).unwrap().contains("organisations only"));
}

#[test]
fn a_damaged_part_is_an_error_that_names_the_file() {
    let pair = Pair::of(&[subject(&company(13), "存续")], &[subject(&company(14), "存续")]);
    let part = pair.path("new").join("part-00001.xinhe");
    let mut bytes = fs::read(&part).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 0x40;
    let mut permissions = fs::metadata(&part).unwrap().permissions();
    permissions.set_readonly(false);
    fs::set_permissions(&part, permissions).unwrap();
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
fn memory_does_not_grow_with_the_city() {
    let most = |subjects: u32| {
        let city = City::new(subjects);
        let (old, new) = city.sides();
        let mut lines = 0_u64;
        let mut tell = |_: &xinhe_tools::diff::Change<'_>| {
            lines += 1;
            Ok(())
        };
        let used = allocation_counter::measure(|| {
            releases(&old, &new, true, &mut tell, &|_, _| ()).unwrap();
        });
        (used.bytes_max, lines)
    };
    let ((small, few), (large, many)) = (most(4_000), most(20_000));
    assert!(many > 3 * few, "{few} lines, then {many}");
    assert!(large < 2 * small.max(64 << 10), "{small} bytes for 4,000 subjects, {large} for 20,000");
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
