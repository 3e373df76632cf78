//! The worked example, built once for all tests: first without corrections to learn the names of records, then with.

use super::asking::Office;
use super::{copy, person_key, root, xinhe_ok};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use xinhe::domain::date::Day;

/// One question of a rule.
pub(crate) struct Ask {
    /// Name of the rule.
    pub(crate) rule: String,
    /// On which day.
    pub(crate) on: Day,
    /// The body of the check.
    pub(crate) body: Value,
    /// The reply, with aliases.
    pub(crate) reply: Option<Value>,
    /// The problem.
    pub(crate) problem: Option<Value>,
}

/// The example, built.
pub(crate) struct Example {
    folder: tempfile::TempDir,
    /// All questions.
    pub(crate) asks: Vec<Ask>,
}

impl Example {
    /// The release.
    pub(crate) fn release(&self) -> PathBuf {
        self.folder.path().join("release")
    }

    /// The person key.
    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("person.key")
    }
}

/// Builds the example on first use.
pub(crate) fn example() -> &'static Example {
    static EXAMPLE: OnceLock<Example> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let key = person_key(folder.path());
        let dataset = folder.path().join("dataset");
        copy(&root().join("tests/example"), &dataset);
        let corrections = fs::read_to_string(dataset.join("corrections.csv")).expect("corrections");
        fs::remove_file(dataset.join("corrections.csv")).expect("to remove corrections");
        let first = folder.path().join("first");
        build(&dataset, &first, &key);
        let asks = asks();
        let ids = ids(&first, &asks);
        let named = corrections.lines().map(|line| with_ids(line, &ids)).collect::<Vec<_>>().join("\n");
        fs::write(dataset.join("corrections.csv"), named + "\n").expect("corrections");
        build(&dataset, &folder.path().join("release"), &key);
        Example { folder, asks }
    })
}

fn build(dataset: &Path, out: &Path, key: &Path) {
    let catalog = dataset.join("catalog");
    xinhe_ok([
        "build".as_ref(),
        "--input".as_ref(),
        dataset.as_os_str(),
        "--catalog".as_ref(),
        catalog.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
        "--person-key".as_ref(),
        key.as_os_str(),
        "--parts".as_ref(),
        "2".as_ref(),
    ]);
}

fn asks() -> Vec<Ask> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("tests/example/cases"))
        .expect("cases")
        .map(|entry| entry.expect("a case").path())
        .collect();
    files.sort();
    let mut asks = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a case");
        let case: Value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let rule = file.file_stem().expect("a name").to_string_lossy().into_owned();
        for ask in case["asks"].as_array().unwrap_or_else(|| panic!("{rule} asks nothing")) {
            asks.push(Ask {
                rule: rule.clone(),
                on: ask["on"].as_str().and_then(|day| day.parse().ok()).expect("a day"),
                body: ask["ask"].clone(),
                reply: ask.get("reply").cloned(),
                problem: ask.get("problem").cloned(),
            });
        }
    }
    asks
}

/// The id behind each alias, learnt from the replies of the build without corrections.
fn ids(release: &Path, asks: &[Ask]) -> BTreeMap<String, String> {
    let mut office = Office::open(release);
    let mut ids = BTreeMap::new();
    for ask in asks {
        let reply = office.ask(&ask.body, ask.on);
        let subject = reply["subject"]["id"].as_str().unwrap_or_default().to_owned();
        for hit in reply["hits"].as_array().into_iter().flatten() {
            let id = hit["record"].as_str().unwrap_or_default().to_owned();
            let short = alias(hit);
            ids.insert(format!("{short}:{subject}"), id.clone());
            ids.insert(short, id);
        }
    }
    ids
}

fn with_ids(line: &str, ids: &BTreeMap<String, String>) -> String {
    let mut cells: Vec<&str> = line.split(',').collect();
    if let Some(id) = cells.get(1).and_then(|cell| ids.get(*cell)) {
        cells[1] = id;
    }
    cells.join(",")
}

/// The alias of a hit: its document, else its category and day.
fn alias(hit: &Value) -> String {
    let text = |key: &str| hit[key].as_str().unwrap_or_default().to_owned();
    match text("document") {
        document if !document.is_empty() => format!("r:{document}"),
        _ => format!("r:{}:{}", text("category"), text("since")),
    }
}

/// A reply with aliases in place of ids, `because` sorted, and without the name of the check.
pub(crate) fn aliased(mut reply: Value) -> Value {
    let mut aliases: BTreeMap<String, String> = BTreeMap::new();
    if let Some(object) = reply.as_object_mut() {
        object.remove("check_id");
    }
    for hit in reply["hits"].as_array_mut().into_iter().flatten() {
        let id = hit["record"].as_str().unwrap_or_default().to_owned();
        if id != "state" {
            let name = alias(hit);
            hit["record"] = Value::String(name.clone());
            aliases.insert(id, name);
        }
    }
    for measure in reply["measures"].as_array_mut().into_iter().flatten() {
        let mut because: Vec<String> = measure["because"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|id| {
                aliases.get(id.as_str().unwrap_or_default()).map_or("r:evaluation", String::as_str).to_owned()
            })
            .collect();
        because.sort();
        measure["because"] = because.into();
    }
    reply
}

/// An expected reply with `because` sorted, so that it compares as a set.
pub(crate) fn expected(mut reply: Value) -> Value {
    for measure in reply["measures"].as_array_mut().into_iter().flatten() {
        let mut because: Vec<String> = measure["because"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|id| id.as_str().unwrap_or_default().to_owned())
            .collect();
        because.sort();
        measure["because"] = because.into();
    }
    reply
}
