//! `xinhe audit`: what operators and auditors do with the folder of a server.

use super::{MANY_HITS, PERSON, check, feedback, person, server};
use crate::support::example::example;
use crate::support::{tool, xinhe, xinhe_ok};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

fn audit(words: &[&str]) -> std::process::Output {
    xinhe([&["audit"], words].concat())
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_auditor_verifies_shows_counts_and_exports_while_the_server_writes() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    xinhe_ok(["keygen", "--out", text(&keys)]);
    let dir = folder.path().join("audit");
    let key = format!("audit.key={}", keys.join("audit.key").display());
    let running = server(&dir, &[&key]);
    let (id, _) = check(&running, MANY_HITS);
    check(&running, &person(PERSON).to_string());
    let body = json!({"items": [{"measure": "GP-77", "outcome": "enforced"}]});
    assert_eq!(feedback(&running, &id, &body).status, 201);
    let public = keys.join("audit.pub");
    let told = audit(&["verify", text(&dir), "--public-key", text(&public), "--json"]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    assert_eq!(lines(&told.stdout)[0]["entries"], 3);

    let all = lines(&audit(&["show", text(&dir), "--json"]).stdout);
    let kinds: Vec<_> = all.iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["check", "check", "feedback"]);
    for entry in &all {
        for field in ["check_id", "kind", "time", "client"] {
            assert!(entry[field].is_string(), "{field}: {entry}");
        }
    }
    let one = lines(&audit(&["show", text(&dir), "--check", &id, "--json"]).stdout);
    assert_eq!(one.len(), 2, "the check and its feedback");
    assert!(one.iter().all(|entry| entry["check_id"] == id.as_str()));
    let stats = &lines(&audit(&["stats", text(&dir), "--json"]).stdout)[0];
    assert_eq!((&stats["entries"], &stats["kinds"]["check"]), (&json!(3), &json!(2)));
    let out = folder.path().join("receipts.parquet");
    let told = audit(&["export", text(&dir), "--out", text(&out), "--json"]);
    assert_eq!(lines(&told.stdout)[0]["rows"], 3);
    let bytes = fs::read(&out).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing else is left");

    running.terminate();
    assert_eq!(running.end().0, Some(0));
    let checkpoint = dir.join("0000000001.checkpoint");
    let kept = folder.path().join("kept.checkpoint");
    fs::copy(&checkpoint, &kept).unwrap();
    let log = dir.join("0000000001.log");
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 10]).unwrap();
    fs::remove_file(&checkpoint).unwrap();
    fs::remove_file(dir.join("0000000001.index")).unwrap();
    assert!(audit(&["verify", text(&dir)]).status.success(), "an incomplete last batch is no error");
    let words = ["verify", text(&dir), "--checkpoint", text(&kept), "--public-key", text(&public), "--json"];
    let told = audit(&words);
    assert_eq!((told.status.code(), &lines(&told.stdout)[0]["valid"]), (Some(1), &json!(false)));
}

#[test]
fn who_looked_at_a_record_is_one_command() {
    let folder = tempfile::tempdir().unwrap();
    let running = server(folder.path(), &[]);
    let (looked, _) = check(&running, &person(PERSON).to_string());
    let (other, _) = check(&running, MANY_HITS);
    let traveller = json!({"id": "E00000001", "id_type": "passport", "country": "USA", "name": "朱甲国"});
    let (abroad, _) = check(&running, &json!({ "subject": traveller }).to_string());
    let show_as = |id: &str, kind: &[&str]| {
        let mut command = Command::new(tool());
        command.args(["audit", "show", text(folder.path()), "--subject", "-", "--json", "--person-key"]);
        command.arg(example().key()).args(kind);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{id}\n").as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        lines(&output.stdout)
            .iter()
            .map(|entry| entry["check_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let show = |id: &str| show_as(id, &[]);
    assert_eq!(show(PERSON.0), [looked]);
    assert_eq!(show_as("E00000001", &["--id-type", "passport", "--country", "USA"]), [abroad]);
    assert_eq!(show_as("E00000001", &["--id-type", "passport", "--country", "CAN"]), Vec::<String>::new());
    assert_eq!(show("91370402MA3T006317"), [other]);
    assert_eq!(show("360426199101010071"), Vec::<String>::new());
    assert_eq!(audit(&["show", text(folder.path()), "--check", "x"]).status.code(), Some(2));
    for (wrong, wanted) in
        [(&["--id-type", "pass"][..], "passport"), (&["--id-type", "passport"], "ISO 3166-1")]
    {
        let key = example().key();
        let key = text(&key);
        let output = audit(
            &[&["show", text(folder.path()), "--subject", "E00000001", "--person-key", key], wrong].concat(),
        );
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(wanted), "{wrong:?}");
    }
}

#[test]
fn sealed_segments_move_to_a_store_and_still_count() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, store) = (folder.path().join("audit"), folder.path().join("store"));
    fs::create_dir(&store).unwrap();
    let small = "audit.segment=64KiB";
    let running = server(&dir, &[small]);
    let mut first = None;
    while !dir.join("0000000003.log").exists() {
        let (id, _) = check(&running, MANY_HITS);
        first.get_or_insert(id);
    }
    let before = super::total(&running);
    drop(running);
    let url = format!("file://{}", store.display());
    let told = xinhe_ok(["audit", "ship", text(&dir), "--store", &url, "--node", "hall-1", "--json"]);
    assert_eq!(lines(&told.stdout)[0]["moved"], json!([1, 2]));
    assert!(store.join("audit/hall-1/0000000001.log").exists() && !dir.join("0000000001.log").exists());
    assert!(audit(&["verify", text(&dir)]).status.success());
    let running = server(&dir, &[small]);
    assert_eq!(super::total(&running), before);
    let gone = crate::support::client::get(running.api, &format!("/v1/checks/{}", first.unwrap()));
    assert_eq!(gone.problem().1, "not_found");
}
