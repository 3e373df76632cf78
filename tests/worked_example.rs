//! Every rule of the worked example: in process, by `xinhe check`, and by a server on each of its days.

use crate::support::asking::Office;
use crate::support::client::{Connection, post_bytes};
use crate::support::example::{Ask, aliased, example, expected};
use crate::support::server::Server;
use crate::support::{root, xinhe};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// What is wrong with an answer; `None` if it is the expected one.
fn fault(ask: &Ask, status: u16, answer: Value) -> Option<String> {
    let tell = |wanted: &Value, found: &Value| {
        Some(format!(
            "{} on {}\n  ask      {}\n  expected {wanted}\n  found    {found}",
            ask.rule, ask.on, ask.body
        ))
    };
    if let Some(problem) = &ask.problem {
        let same = problem.as_object()?.iter().all(|(key, value)| answer.get(key) == Some(value));
        return if same && u64::from(status) == problem["status"] { None } else { tell(problem, &answer) };
    }
    let (wanted, found) = (expected(ask.reply.clone()?), aliased(answer));
    if wanted == found { None } else { tell(&wanted, &found) }
}

fn all_right(faults: &[String]) {
    assert!(faults.is_empty(), "{} answers are wrong:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn there_are_at_least_sixty_rules() {
    let rules: BTreeSet<&str> = example().asks.iter().map(|ask| ask.rule.as_str()).collect();
    assert!(rules.len() >= 60, "{}", rules.len());
}

#[test]
fn every_rule_holds_in_process() {
    let mut office = Office::open(&example().release());
    let mut faults = Vec::new();
    for ask in &example().asks {
        let mut answer = office.ask(&ask.body, ask.on);
        let status = answer["problem"]["status"].as_u64().unwrap_or(200) as u16;
        if let Some(problem) = answer.get("problem") {
            answer = problem.clone();
        }
        faults.extend(fault(ask, status, answer));
    }
    all_right(&faults);
}

#[test]
fn every_rule_holds_by_the_server_on_each_of_its_days() {
    let mut by_day: BTreeMap<String, Vec<&Ask>> = BTreeMap::new();
    for ask in &example().asks {
        by_day.entry(ask.on.to_string()).or_default().push(ask);
    }
    let mut faults = Vec::new();
    for (day, asks) in by_day {
        let server = Server::start(&[&format!("clock.today={day}")]);
        let mut caller = Connection::open(server.api);
        for ask in asks {
            caller.send(&post_bytes("/v1/checks", "application/json", &ask.body.to_string()));
            let reply = caller.reply();
            let (status, answer) = (reply.status, reply.json());
            if status == 200 {
                assert_eq!(answer["check_id"].as_str().map(str::len), Some(32));
            }
            faults.extend(fault(ask, status, answer));
        }
    }
    all_right(&faults);
}

#[test]
fn every_rule_holds_by_the_command() {
    let mut faults = Vec::new();
    for ask in &example().asks {
        let Some(args) = arguments(ask) else { continue };
        let output = xinhe(args);
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{}: {e}: {}", ask.rule, String::from_utf8_lossy(&output.stderr)));
        let status = answer["status"].as_u64().unwrap_or(200) as u16;
        assert_eq!(output.status.code(), Some(i32::from(ask.problem.is_some())), "{}", ask.rule);
        faults.extend(fault(ask, status, answer));
    }
    all_right(&faults);
}

/// The words of `xinhe check`; `None` for a body that no command line can say.
fn arguments(ask: &Ask) -> Option<Vec<String>> {
    let subject = ask.body.get("subject")?;
    let mut args = vec!["check".to_owned(), subject.get("id")?.as_str()?.to_owned()];
    let mut option = |name: &str, value: Option<&Value>| {
        if let Some(text) = value.and_then(Value::as_str) {
            args.extend([name.to_owned(), text.to_owned()]);
        }
    };
    let known = ["subject", "matter", "stage"];
    if ask.body.as_object()?.keys().any(|key| !known.contains(&key.as_str())) || subject["id"] == "" {
        return None;
    }
    option("--name", subject.get("name"));
    option("--id-type", subject.get("id_type"));
    option("--country", subject.get("country"));
    option("--matter", ask.body.get("matter"));
    option("--stage", ask.body.get("stage"));
    let text = |path: std::path::PathBuf| path.to_string_lossy().into_owned();
    args.extend(["--on".to_owned(), ask.on.to_string(), "--json".to_owned()]);
    args.extend([
        "--person-key".to_owned(),
        text(example().key()),
        "--release".to_owned(),
        text(example().release()),
    ]);
    Some(args)
}

#[test]
fn every_reject_is_told_with_file_line_column_and_reason() {
    let told = fs::read_to_string(example().release().join("rejects.ndjson")).unwrap();
    let key =
        |reject: &Value| ["file", "line", "column", "reason"].map(|key| reject[key].to_string()).join(" ");
    let found: BTreeSet<String> =
        told.lines().map(|line| key(&serde_json::from_str(line).unwrap())).collect();
    let wanted: Vec<Value> =
        serde_json::from_slice(&fs::read(root().join("tests/example/rejects.json")).unwrap()).unwrap();
    let wanted: BTreeSet<String> = wanted.iter().map(key).collect();
    let missing: Vec<_> = wanted.difference(&found).collect();
    let more: Vec<_> = found.difference(&wanted).collect();
    assert!(missing.is_empty() && more.is_empty(), "missing {missing:#?}\nnot expected {more:#?}");
}

#[test]
fn every_row_is_accounted_for() {
    let manifest = xinhe::release::read_manifest(&example().release()).unwrap();
    let wanted: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(root().join("tests/example/accounting.json")).unwrap()).unwrap();
    for source in &manifest.sources {
        assert_eq!(source.rows, source.kept + source.merged + source.rejected, "{}", source.path);
        let file = if source.path == "licences/*.csv" { "licences/licences.csv" } else { &source.path };
        if let Some(wanted) = wanted.get(file) {
            let found = serde_json::json!({"rows": source.rows, "kept": source.kept, "merged": source.merged,
                                           "rejected": source.rejected});
            assert_eq!(&found, wanted, "{file}");
        }
    }
}
