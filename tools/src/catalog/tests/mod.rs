//! The shipped catalogue is accepted; every refusal of `data.md` §3 is told with its file and line.

mod accepted;
mod refused;

use super::*;
use std::fs;
use tempfile::TempDir;
use xinhe::domain::catalogue::{Binding, Effect, Entries, Extension, ListTerm};
use xinhe::domain::date::Term;
use xinhe::domain::record::Fulfilment;
use xinhe::domain::subject::{StateClass, SubjectKind};

const HEAD: &str = "layers = [\"base\", \"city\"]\n";

const LISTS: &str = r#"[[list]]
code = "wage-arrears"
title = "拖欠农民工工资失信联合惩戒对象"
effect = "punish"
severity = "serious"
term = "3y"
authority = "人力资源社会保障部门"
basis = ["人力资源和社会保障部令第45号"]
verified = true
"#;

const MEASURES: &str = r#"[[measure]]
code = "GP-77"
title = "禁止参加政府采购活动"
effect = "punish"
binding = "mandatory"
clause = "在一至三年内禁止参加政府采购活动"
lists = ["wage-arrears"]
matters = ["370402-000131"]
authority = "财政部门"
basis = ["中华人民共和国政府采购法 第七十七条"]
"#;

const MATTERS: &str = r#"[[matter]]
code = "370402-000131"
aliases = ["X-131"]
title = "政府采购供应商资格审查"
department = "枣庄市市中区财政局"
persons = "statutory"
"#;

const PUBLICATION: &str = r#"[[class]]
name = "ordinary"
published = true
longest = "1y"
[[rule]]
default = true
class = "ordinary"
[[rule]]
fine_from = "10"
fine_below = "100"
class = "ordinary"
[cap]
longest = "5y"
basis = ["山东省社会信用条例"]
"#;

/// A sound catalogue of two layers, the later one with matters only.
fn sound() -> Vec<(&'static str, String)> {
    [
        ("catalog.toml", HEAD),
        ("base/lists.toml", LISTS),
        ("base/measures.toml", MEASURES),
        ("base/publication.toml", PUBLICATION),
        ("city/matters.toml", MATTERS),
    ]
    .map(|(name, text)| (name, text.to_owned()))
    .to_vec()
}

/// The folder `catalog` with these files.
fn folder(files: &[(&str, String)]) -> (TempDir, PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().join("catalog");
    for (name, text) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    (temp, dir)
}

fn outcome(files: &[(&str, String)]) -> Result<(Catalogue, Vec<Remark>), Vec<String>> {
    let (_temp, dir) = folder(files);
    read(&dir).map_err(|error| error.to_string().lines().map(str::to_owned).collect())
}

fn accepted(files: &[(&str, String)]) -> (Entries, Vec<Remark>) {
    let (catalogue, remarks) = outcome(files).unwrap();
    (catalogue.entries().clone(), remarks)
}

/// What is refused after one text of the sound catalogue gives way to another.
fn after(name: &str, old: &str, new: &str) -> Vec<String> {
    let mut files = sound();
    let (_, text) = files.iter_mut().find(|(file, _)| *file == name).unwrap();
    assert!(text.contains(old), "{old}");
    *text = text.replacen(old, new, 1);
    outcome(&files).unwrap_err()
}

/// What is refused with one more file.
fn with(name: &'static str, text: &str) -> Vec<String> {
    let mut files = sound();
    files.push((name, text.to_owned()));
    outcome(&files).unwrap_err()
}

#[track_caller]
fn says(refusals: &[String], expected: &[&str]) {
    let same =
        refusals.len() == expected.len() && refusals.iter().zip(expected).all(|(r, e)| r.starts_with(e));
    assert!(same, "expected {expected:#?}, found {refusals:#?}");
}
