//! `--verify` against a server that tells the truth, and against one that lies now and then.

// Tests say what they expect by unwrapping, in their helpers too.
#![allow(clippy::unwrap_used)]

mod server;

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use xinhe::check::check;
use xinhe::domain::date::Day;
use xinhe::domain::verdict::Workspace;
use xinhe::http::ask;
use xinhe::http::wire::{Reply as Answer, request};
use xinhe::live::Serving;
use xinhe::release::{CorrectionsFolded, MANIFEST_FILE, Manifest, PartEntry, PersonDigests, sha256_file};
use xinhe::snapshot::{Part, PersonKey, PersonKeys, Trust};

use server::{Reply, Server};

/// Of the golden part.
const SECRET: [u8; 32] = [7; 32];
const DAY: &str = "2026-11-21";
const ID: &str = "91370402MA0000001C";

/// A release of the golden part of the snapshot's tests.
fn release(dir: &Path) -> PersonKeys {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("tests/golden/part-v2.xinhe");
    let file = "part-00000.xinhe";
    std::fs::copy(golden, dir.join(file)).unwrap();
    let bytes = std::fs::read(dir.join(file)).unwrap();
    let part = Part::open(&bytes[..], Trust::Nothing).unwrap();
    let counts = part.meta().unwrap().counts;
    let key = PersonKey::new(&SECRET);
    let manifest = Manifest {
        format: Manifest::FORMAT,
        release: "2026-11-20.1".to_owned(),
        dataset: "试验".to_owned(),
        as_of: "2026-11-20".to_owned(),
        coverage: vec!["3704".to_owned()],
        persons: PersonDigests { algorithm: PersonKey::ALGORITHM.to_owned(), key: key.id().to_string() },
        parts: vec![PartEntry {
            bytes: bytes.len() as u64,
            sha256: sha256_file(&dir.join(file)).unwrap(),
            header: format!("{:016x}", part.header_sum()),
            subjects: counts.subjects.iter().sum(),
            records: counts.records.iter().sum(),
            origins: None,
            file: file.to_owned(),
        }],
        sources: Vec::new(),
        corrections: CorrectionsFolded { last: 0, from_tables: 0, orphans: 0 },
        catalogue_sha256: part.catalogue_sha256(),
        quality_sha256: None,
        built_by: "test".to_owned(),
    };
    std::fs::write(dir.join(MANIFEST_FILE), manifest.to_bytes().unwrap()).unwrap();
    let line = PersonKeys::line(&SECRET);
    std::fs::write(dir.join("person.key"), &line).unwrap();
    PersonKeys::parse(&line).unwrap()
}

/// What an honest server answers.
fn truth(dir: &Path, keys: &PersonKeys) -> String {
    let serving = Serving::open(dir, keys).unwrap();
    let day: Day = DAY.parse().unwrap();
    let body = format!("{{\"subject\":{{\"id\":\"{ID}\"}}}}");
    let request = request::check(body.as_bytes()).unwrap();
    let asked = ask::check(&request, serving.snapshot().catalogue(), day).unwrap();
    let question = &asked.question();
    let mut work = Workspace::default();
    let answer = &check(serving.snapshot(), question, &mut work).unwrap();
    let (mut out, data) = (Vec::new(), serving.data(day));
    Answer { check_id: None, serving: &serving, data: &data, question, answer, work: &work }.write(&mut out);
    String::from_utf8(out).unwrap().replacen('{', "{\"check_id\":\"01J\",", 1)
}

/// Runs against a server that lies in every `lies`-th answer; the exit code, the result, and what was said.
fn run(lie: impl Fn(usize, &str) -> String + Send + Sync + 'static) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let keys = release(folder.path());
    let truth = truth(folder.path(), &keys);
    let server = Server::start(move |number| Reply::Body(lie(number, &truth)));
    let ids = folder.path().join("ids");
    std::fs::write(&ids, ID).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let output = Command::new(env!("CARGO_BIN_EXE_xinhe-load"))
        .args([
            "run",
            "--target",
            &server.url(""),
            "--ids",
            &path("ids"),
            "--rate",
            "200",
            "--duration",
            "1s",
        ])
        .args(["--verify", &path(""), "--person-key", &path("person.key"), "--on", DAY, "--json"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let result = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    (output.status.code(), result, said)
}

#[test]
fn true_answers_are_right() {
    let (code, result, said) = run(|_, truth| truth.to_owned());
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(
        (&result["verified"]["compared"], &result["wrong"]),
        (&Value::from(200), &Value::from(0)),
        "{said}"
    );
}

#[test]
fn a_lie_now_and_then_is_caught_and_shown() {
    let (code, result, said) = run(|number, truth| {
        if number % 50 == 49 {
            truth.replacen("\"stale\":[]", "\"stale\":[\"x\"]", 1)
        } else {
            truth.to_owned()
        }
    });
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(
        (&result["verified"]["compared"], &result["wrong"]),
        (&Value::from(200), &Value::from(4)),
        "{said}"
    );
    assert!(
        said.contains("4 of 200 compared answers are wrong") && said.contains("differs at byte"),
        "{said}"
    );
}

#[test]
fn an_answer_from_another_release_is_no_comparison() {
    let folder = tempfile::tempdir().unwrap();
    let keys = release(folder.path());
    let truth = truth(folder.path(), &keys).replace("2026-11-20.1", "2026-11-21.9");
    let server = Server::start(move |_| Reply::Body(truth.clone()));
    let ids = folder.path().join("ids");
    std::fs::write(&ids, ID).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_xinhe-load"))
        .args(["run", "--target", &server.url(""), "--ids", ids.to_str().unwrap(), "--duration", "100ms"])
        .args(["--verify", folder.path().to_str().unwrap(), "--on", DAY])
        .args(["--person-key", folder.path().join("person.key").to_str().unwrap()])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("answers from release `2026-11-21.9`"));
}
