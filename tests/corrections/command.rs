//! `xinhe correct` and `xinhe check --store`, from publishing on.

use super::{PENALTY, build, citizen, company, unified};
use crate::support::asking::Office;
use crate::support::{person_key, root, xinhe, xinhe_ok};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use xinhe::domain::identifier::registration_check;
use xinhe::release::signature::SigningKey;
use xinhe_tools::quality::Quality;

/// A store with what commands need.
struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        person_key(folder.path());
        let key = SigningKey::new(&[5; 32]);
        fs::write(folder.path().join("release.key"), key.line()).unwrap();
        fs::write(folder.path().join("release.pub"), key.public().line()).unwrap();
        Shop { folder }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    fn store(&self) -> String {
        format!("file://{}", self.at("store"))
    }

    /// Builds and publishes a release of these rows.
    fn publish(&self, name: &str, subjects: &str, penalties: &str) {
        let folder: PathBuf = self.folder.path().join(name);
        build(&folder, subjects, penalties, "");
        let release = folder.join("release").to_string_lossy().into_owned();
        let (store, key) = (self.store(), self.at("release.key"));
        let mut args = vec!["publish", &release, "--store", &store, "--key", &key];
        // Tables of a row or none are no night that a guardrail lets through by itself.
        let quality = Quality::read(Path::new(&release)).unwrap();
        let tripped: Vec<&str> =
            quality.guardrails.iter().filter(|one| one.tripped).map(|one| one.name.as_str()).collect();
        args.extend(tripped.iter().flat_map(|name| ["--accept", name]));
        xinhe_ok(args);
    }

    fn correct(&self, args: &[&str]) -> std::process::Output {
        let (store, key) = (self.store(), self.at("release.key"));
        let reason = format!("已改正, {} 张试三", citizen("37049919900101012"));
        let mut all = vec!["correct"];
        all.extend(args);
        all.extend(["--store", &store, "--key", &key, "--document", "试更〔2026〕1号"]);
        all.extend(["--authority", "枣庄市试验局", "--reason", &reason, "--json"]);
        self.cached(&all)
    }

    /// With a cache of its own.
    fn cached(&self, args: &[&str]) -> std::process::Output {
        let mut command = std::process::Command::new(crate::support::tool());
        command.args(args).env("XDG_CACHE_HOME", Path::new(&self.at("cache"))).output().unwrap()
    }

    fn made(&self, args: &[&str]) -> Value {
        let output = self.correct(args);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn refused(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = self.correct(args);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn check(&self, args: &[&str]) -> Value {
        let (store, key, public) = (self.store(), self.at("person.key"), self.at("release.pub"));
        let mut all = vec!["check"];
        all.extend(args);
        all.extend(["--store", &store, "--person-key", &key, "--public-key", &public, "--json"]);
        let output = self.cached(&all);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn hits(&self, id: &str) -> Vec<String> {
        let reply = self.check(&[id, "--on", "2026-11-25"]);
        let hits = reply["hits"].as_array().unwrap().iter();
        hits.map(|hit| hit["record"].as_str().unwrap().to_owned()).collect()
    }
}

/// A shop that serves a company with a penalty, its code, and the penalty's record.
fn with_penalty() -> (Shop, String, String) {
    let (shop, code) = (Shop::new(), company());
    let registered = format!("企业法人,{code},,,,枣庄更正试验有限公司,,,存续\n");
    shop.publish("first", &registered, &penalty(&code, ""));
    let record = shop.hits(&code).pop().unwrap();
    (shop, code, record)
}

fn penalty(code: &str, registration: &str) -> String {
    format!("枣庄更正试验有限公司,{code},{registration},,,试罚〔2026〕1号,罚款,2026-06-01,枣庄市试验局\n")
}

#[test]
fn a_repaired_record_stays_away_under_another_code_and_under_a_pin_to_the_release_before() {
    let older = {
        let head = "37040220010001";
        format!("{head}{}", registration_check(head.as_bytes()).unwrap() as char)
    };
    let code = company();
    let registered = format!("企业法人,{code},{older},,,枣庄更正试验有限公司,,,存续\n");
    // Before the register knew it, the record bore a name under the older code.
    let shop = Shop::new();
    shop.publish("first", "", &penalty("", &older));
    let old_name = shop.hits(&older).pop().unwrap();
    shop.publish("second", &registered, &penalty("", &older));
    let new_name = shop.hits(&code).pop().unwrap();
    assert_ne!(old_name, new_name);

    let made = shop.made(&["repaired", "--record", &new_name, "--effective", "2026-11-20"]);
    assert_eq!((&made["number"], &made["warnings"]), (&1.into(), &serde_json::json!([])));
    assert!(shop.hits(&code).is_empty());
    let pin = ["pin", "2026-11-20.1", "--store", &shop.store(), "--key", &shop.at("release.key")];
    let releases = fs::read_dir(shop.at("store/releases")).unwrap();
    let mut releases: Vec<String> =
        releases.map(|one| one.unwrap().file_name().to_string_lossy().into_owned()).collect();
    releases.sort_by_key(|name| name.rsplit('-').nth(1).unwrap().parse::<u64>().unwrap());
    xinhe_ok(pin.map(|word| if word == "2026-11-20.1" { releases[0].as_str() } else { word }));
    assert!(shop.hits(&older).is_empty(), "the pinned release knows it by its older code");
    let text = fs::read_to_string(shop.at("store/corrections/0000000001.json")).unwrap();
    assert!(!text.contains(&citizen("37049919900101012")), "numbers in a reason are masked: {text}");

    // The other way round: named by the old name, found by the release that knows the new code.
    let shop = Shop::new();
    shop.publish("first", "", &penalty("", &older));
    shop.made(&["repaired", "--record", &old_name, "--effective", "2026-11-20"]);
    shop.publish("second", &registered, &penalty("", &older));
    assert!(shop.hits(&code).is_empty());
    assert_eq!(shop.check(&[&code])["data"]["corrections"], 1);
}

#[test]
fn a_person_is_entered_by_digest_and_found_by_number_and_name() {
    let shop = Shop::new();
    shop.publish("first", &format!("企业法人,{},,,,枣庄更正试验有限公司,,,存续\n", company()), "");
    let id = citizen("37049919900101012");
    let listed =
        ["listed", "--subject", &id, "--name", "张试三", "--list", "wage-arrears", "--since", "2026-11-20"];
    let (code, words) = shop.refused(&listed);
    assert!(code == Some(2) && words.contains("--person-key") && !words.contains(&id), "{words}");
    let key = shop.at("person.key");
    let made = shop.made(&[&listed[..], &["--person-key", &key]].concat());
    let reply = shop.check(&[&id, "--name", "张试三", "--on", "2026-11-25"]);
    assert_eq!(reply["hits"][0]["record"], made["record"]);
    assert_eq!(shop.check(&[&id, "--name", "李试四", "--on", "2026-11-25"])["verdict"], "unknown");
    let text = fs::read_to_string(shop.at("store/corrections/0000000001.json")).unwrap();
    assert!(!text.contains(&id) && !text.contains("张试三"), "{text}");

    let explained = shop.check(&[&id, "--name", "张试三", "--on", "2026-11-25", "--explain"]);
    let rule = explained["explain"]["records"][0]["rule"].as_str().unwrap();
    assert!(rule.starts_with("entered by correction 1 of the store"), "{rule}");
    shop.made(&["withdrawn", "--number", "1", "--record", made["record"].as_str().unwrap()]);
    assert_eq!(shop.check(&[&id, "--name", "张试三"])["verdict"], "unknown");
}

#[test]
fn a_suspension_on_the_day_of_a_resumption_is_told_to_have_no_effect_until_that_is_taken_back() {
    let (shop, code, record) = with_penalty();
    shop.made(&["suspended", "--record", &record, "--effective", "2026-11-21"]);
    assert!(shop.hits(&code).is_empty());
    shop.made(&["resumed", "--record", &record, "--effective", "2026-11-21"]);
    assert_eq!(shop.hits(&code), std::slice::from_ref(&record));
    let warned = shop.made(&["suspended", "--record", &record, "--effective", "2026-11-21"]);
    let words = warned["warnings"][0].as_str().unwrap();
    assert!(words.contains("no effect") && words.contains("xinhe correct withdrawn"), "{words}");
    assert_eq!(shop.hits(&code), std::slice::from_ref(&record), "as warned");
    shop.made(&["withdrawn", "--number", "2"]);
    assert!(shop.hits(&code).is_empty());
}

#[test]
fn what_makes_no_sense_is_refused_or_warned_about() {
    let (shop, code, record) = with_penalty();
    let warned = shop.made(&["resumed", "--record", &record]);
    assert!(warned["warnings"][0].as_str().unwrap().contains("not suspended"), "{warned}");
    let unknown = shop.made(&["repaired", "--record", "r-00000000000000000000000001"]);
    assert!(unknown["warnings"][0].as_str().unwrap().contains("no record"), "{unknown}");
    shop.made(&["withdrawn", "--number", "2"]);
    let other = unified("91370402MA3XC0002");
    let listed = ["listed", "--subject", &other, "--name", "枣庄", "--since", "2026-11-20", "--list"];
    for (args, exit, says) in [
        (&["withdrawn", "--number", "9"][..], 1, "ends with correction 3"),
        (&["withdrawn", "--number", "2"], 1, "withdrawn already"),
        (&["withdrawn", "--number", "3"], 1, "is a withdrawal"),
        (
            &["withdrawn", "--number", "1", "--record", "r-00000000000000000000000001"],
            1,
            "not about that record",
        ),
        (&["withdrawn", "--record", &record], 2, "--number"),
        (&["repaired"], 2, "--record"),
        (&["repaired", "--record", "x"], 2, "r-"),
        (&["mended", "--record", &record], 2, "expected one of"),
        (&[&listed[..], &["no-such-list"]].concat(), 1, "has no list `no-such-list`"),
        (&listed[..7], 2, "needs --subject"),
        (&["repaired", "--record", &record, "--list", "x"], 2, "go with listed only"),
        (&[&listed[..], &["wage-arrears", "--until", "2026-11-19"]].concat(), 2, "before --since"),
    ] {
        let (code, words) = shop.refused(args);
        assert!(code == Some(exit) && words.contains(says), "{args:?}: {code:?} {words}");
    }
    let minor = citizen("37049920150101012");
    let key = shop.at("person.key");
    let young = ["listed", "--subject", &minor, "--name", "张试三", "--since", "2026-11-20", "--list"];
    let (_, words) = shop.refused(&[&young[..], &["wage-arrears", "--person-key", &key]].concat());
    assert!(words.contains("under 18") && !words.contains(&minor), "{words}");
    assert_eq!(fs::read_dir(shop.at("store/corrections")).unwrap().count(), 3, "nothing was written");
    assert!(!xinhe(["check", &code, "--store", "file:///nowhere", "--person-key", &key]).status.success());
}

#[test]
fn a_record_that_the_store_repaired_stays_away_when_its_authority_is_renamed() {
    let (shop, code, record) = with_penalty();
    shop.made(&["repaired", "--record", &record, "--effective", "2026-11-20"]);

    let dataset = shop.at("first/dataset");
    let renamed = penalty(&code, "").replace("枣庄市试验局", "枣庄市新试验局");
    let other = penalty(&code, "").replace("〔2026〕1号", "〔2026〕2号");
    fs::write(Path::new(&dataset).join("penalty.csv"), format!("{PENALTY}{renamed}{other}")).unwrap();
    let (catalog, key, store) = (root().join("tools/catalog"), shop.at("person.key"), shop.store());
    let out = shop.at("second");
    let mut args = vec!["build", "--input", &dataset, "--catalog", catalog.to_str().unwrap(), "--out", &out];
    args.extend(["--person-key", &key, "--corrections", &store, "--parts", "2"]);
    xinhe_ok(args);
    let quality = Quality::read(Path::new(&out)).unwrap();
    assert_eq!(quality.orphan_corrections, 0);
    assert_eq!(quality.renamed_authorities.len(), 1);
    assert_eq!(quality.renamed_authorities[0].correction_of, record);
    assert_eq!(quality.sample.unwrap().differing, 0);
    let reply =
        Office::open(Path::new(&out)).ask(&json!({"subject": {"id": code}}), super::day("2026-11-21"));
    let hits = reply["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 1, "the other document stays: {reply}");
    assert_eq!(hits[0]["document"], "试罚〔2026〕2号");
}
