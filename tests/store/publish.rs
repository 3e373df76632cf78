//! Publishing, pinning, keeping.

use super::{Script, folder_store, publish_to, release, s3, served, signing_key, sound, to_the_end};
use crate::support::tool;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use xinhe::release::Store;
use xinhe::release::pointer::PointerError;
use xinhe::release::signature::SigningKey;
use xinhe::release::store::{current, fetch_release};
use xinhe_tools::publish::{Plan, PublishError, publish};

/// Runs a command on a store, signing with the key of the tests.
fn command(folder: &Path, words: &[&str], url: &str, more: &[&str]) -> Output {
    let key = folder.join("release.key");
    fs::write(&key, signing_key().line()).unwrap();
    let mut command = Command::new(tool());
    command.args(words).args(["--store", url, "--key"]).arg(key).args(more);
    if url.starts_with("s3:") {
        command.envs(s3::variables());
    }
    command.output().unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", words(output)))
}

/// An operator's week: publish, pin, publish under the pin, unpin, keep.
fn a_week(url: &str, store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let (dir, cache) = (sound(folder.path()), folder.path().join("cache"));
    let dir = dir.to_str().unwrap();
    let publish = |more: &[&str]| {
        let more = [&["--json"], more].concat();
        let output = command(folder.path(), &["publish", dir], url, &more);
        assert_eq!(code(&output), Some(0), "{}", words(&output));
        (json_of(&output), words(&output))
    };
    let name = |told: &Value| told["newest"].as_str().unwrap().to_owned();

    let first = name(&publish(&[]).0);
    let second = name(&publish(&[]).0);
    assert_ne!(first, second, "a name is never used twice");
    assert_eq!(served(store, &cache).pointer.release, second);

    let unknown = command(folder.path(), &["pin", "2001-01-01.1"], url, &[]);
    assert_eq!(code(&unknown), Some(1));
    assert!(words(&unknown).contains(&first) && words(&unknown).contains(&second), "{}", words(&unknown));
    let pinned = json_of(&command(folder.path(), &["pin", &first], url, &["--json"]));
    assert_eq!((pinned["pinned"].as_bool(), pinned["current"].as_str()), (Some(true), Some(first.as_str())));

    let (told, said) = publish(&["--keep", "1"]);
    let third = name(&told);
    assert!(said.contains("unpin") && said.contains(&first), "{said}");
    assert_eq!(told["removed"], json!([second]), "neither what is pinned nor what comes after the pin");
    assert_eq!(served(store, &cache).pointer.release, first);

    let unpinned = json_of(&command(folder.path(), &["unpin"], url, &["--json"]));
    assert_eq!(
        (unpinned["current"].as_str(), unpinned["sequence"].as_u64()),
        (Some(third.as_str()), Some(5))
    );
    let again = json_of(&command(folder.path(), &["unpin"], url, &["--json"]));
    assert_eq!(again["sequence"].as_u64(), Some(5), "nothing was pinned");

    let (told, _) = publish(&["--keep", "2"]);
    assert_eq!(told["removed"], json!([first]));
    let folders = store.list("releases").unwrap();
    assert!(folders.iter().all(|path| !path.contains(&first) && !path.contains(&second)), "{folders:?}");
    assert_eq!(served(store, &cache).pointer.sequence, 6);
}

#[test]
fn a_week_with_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    a_week(&format!("file://{}", path.display()), &folder_store(&path));
}

#[test]
fn a_week_with_a_bucket() {
    let url = s3::url();
    a_week(&url, &Store::open_with(&url, s3::variables()).unwrap());
}

#[test]
fn a_tripped_guardrail_stops_a_release_unless_it_is_accepted_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", folder.path().join("store").display());
    let tripped = json!([
        {"name": "rejects", "tripped": true, "found": 0.31, "limit": 0.05, "detail": "penalties/*.csv"},
        {"name": "subjects", "tripped": false, "found": 10, "limit": 5, "detail": ""},
    ]);
    let dir = release(folder.path(), &tripped);
    let run = |more: &[&str]| command(folder.path(), &["publish", dir.to_str().unwrap()], &url, more);

    let refused = run(&[]);
    assert_eq!(code(&refused), Some(1));
    for part in ["rejects", "0.31", "0.05", "penalties/*.csv", "--accept rejects"] {
        assert!(words(&refused).contains(part), "{part}: {}", words(&refused));
    }
    assert!(!words(&refused).contains("--accept subjects"));
    let told = json_of(&run(&["--json"]));
    assert_eq!(
        (told["published"].as_bool(), &told["guardrails"][0]["name"]),
        (Some(false), &json!("rejects"))
    );
    assert!(folder_store(&folder.path().join("store")).list("").unwrap().is_empty(), "nothing was uploaded");

    let unknown = run(&["--accept", "reject"]);
    assert_eq!(code(&unknown), Some(2));
    assert!(words(&unknown).contains("rejects"), "{}", words(&unknown));
    let accepted = run(&["--accept", "rejects", "--accept", "subjects", "--json"]);
    assert_eq!(code(&accepted), Some(0), "{}", words(&accepted));
    assert_eq!(json_of(&accepted)["accepted"], json!(["rejects"]));
    assert!(words(&accepted).contains("--accept subjects was not needed"), "{}", words(&accepted));
    assert_eq!(code(&command(folder.path(), &["publish", "x"], "http://x", &[])), Some(2));
}

#[test]
fn a_release_that_was_not_measured_or_has_no_report_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(&folder.path().join("store"));
    let dir = release(folder.path(), &Value::Null);
    let refused = publish_to(&store, &dir, None, &mut to_the_end());
    assert!(refused.unwrap_err().to_string().contains("--accept unmeasured"));
    fs::remove_file(dir.join("quality.json")).unwrap();
    let refused = publish_to(&store, &dir, None, &mut to_the_end());
    assert!(matches!(refused, Err(PublishError::Quality { .. })));
}

#[test]
fn a_damaged_release_is_not_published() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(&folder.path().join("store"));
    let dir = sound(folder.path());
    let part = dir.join("part-00001.xinhe");
    let mut bytes = fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&part, bytes).unwrap();
    let refused = publish_to(&store, &dir, None, &mut to_the_end()).unwrap_err();
    assert!(refused.to_string().contains("part-00001.xinhe"), "{refused}");
    assert!(!folder.path().join("store").exists());
}

#[test]
fn another_signing_key_has_to_be_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(&folder.path().join("store"));
    let dir = sound(folder.path());
    publish_to(&store, &dir, None, &mut to_the_end()).unwrap();
    let key = SigningKey::new(&[6; 32]);
    let accept = ["signing_key".to_owned()];
    let mut plan = Plan { release: &dir, store: &store, key: &key, accept: &[], keep: None };
    let refused = publish(&plan, &mut to_the_end()).unwrap_err().to_string();
    assert!(refused.contains("--accept signing_key"), "{refused}");
    plan.accept = &accept;
    assert_eq!(publish(&plan, &mut to_the_end()).unwrap().pointer.sequence, 2);
    let stranger = current(&store, Some(&super::public_keys()));
    assert!(matches!(stranger, Err(PointerError::Signature { .. })), "{stranger:?}");
}

#[test]
fn a_gap_in_the_corrections_stops_a_release_and_a_pin() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let url = format!("file://{}", path.display());
    let store = folder_store(&path);
    let dir = sound(folder.path());
    let done = publish_to(&store, &dir, None, &mut to_the_end()).unwrap();
    store.create("corrections/0000000002.json", b"{}").unwrap();
    let refused = publish_to(&store, &dir, None, &mut to_the_end()).unwrap_err().to_string();
    assert!(refused.contains("1 to 1 are missing") && refused.contains("--accept corrections"), "{refused}");
    let pin = command(folder.path(), &["pin", &done.pointer.release], &url, &[]);
    assert_eq!(code(&pin), Some(1));
    store.create("corrections/0000000001.json", b"{}").unwrap();
    publish_to(&store, &dir, None, &mut to_the_end()).unwrap();
}

#[test]
fn of_two_publishers_one_wins_and_the_other_takes_its_upload_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(&folder.path().join("store"));
    let dir = sound(folder.path());
    publish_to(&store, &dir, None, &mut to_the_end()).unwrap();
    let other = || {
        publish_to(&store, &dir, Some(1), &mut to_the_end()).unwrap();
    };
    let lost = publish_to(&store, &dir, None, &mut Script { left: usize::MAX, at_allowed: Some(&other) });
    assert!(matches!(lost, Err(PublishError::Pointer(PointerError::Lost))), "{lost:?}");
    let current = served(&store, &folder.path().join("cache"));
    assert_eq!((current.pointer.sequence, current.pointer.releases.len()), (2, 1));
    let listed = store.list("releases").unwrap();
    let mut folders = listed.iter().filter_map(|file| file.split('/').nth(1));
    assert!(folders.all(|folder| folder == current.pointer.release), "{listed:?}");
}

#[test]
fn a_pointer_that_was_changed_or_put_back_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = folder_store(&path);
    let dir = sound(folder.path());
    publish_to(&store, &dir, None, &mut to_the_end()).unwrap();
    let old = fs::read(path.join("current")).unwrap();
    publish_to(&store, &dir, None, &mut to_the_end()).unwrap();
    let known = current(&store, None).unwrap();
    let bytes = fs::read(path.join("current")).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        fs::write(path.join("current"), changed).unwrap();
        assert!(current(&store, Some(&super::public_keys())).is_err(), "byte {at}");
        fs::write(path.join("current"), &bytes[..at]).unwrap();
        assert!(current(&store, Some(&super::public_keys())).is_err(), "cut at {at}");
    }
    fs::write(path.join("current"), &old).unwrap();
    let back = current(&store, Some(&super::public_keys())).unwrap().not_before(&known.pointer);
    assert!(matches!(back, Err(PointerError::Older { found: 1, known: 2 })), "{back:?}");
    fs::write(path.join("current"), &bytes).unwrap();
    current(&store, None).unwrap().not_before(&known.pointer).unwrap();
}

#[test]
fn a_fetch_that_is_damaged_or_cut_leaves_nothing_and_the_next_one_works() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (store, cache) = (folder_store(&path), folder.path().join("cache"));
    publish_to(&store, &sound(folder.path()), None, &mut to_the_end()).unwrap();
    let name = current(&store, None).unwrap().pointer.release;
    let part = path.join("releases").join(&name).join("part-00000.xinhe");
    let whole = fs::read(&part).unwrap();
    for damaged in [&whole[..whole.len() - 1], &[&whole[..], b"x"].concat()] {
        fs::write(&part, damaged).unwrap();
        fetch_release(&store, &name, &cache).unwrap_err();
        let left: Vec<PathBuf> = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [cache.join(".lock")]);
    }
    fs::write(&part, &whole).unwrap();
    fs::create_dir(cache.join(".fetch-killed")).unwrap();
    let home = fetch_release(&store, &name, &cache).unwrap();
    assert!(!cache.join(".fetch-killed").exists());
    fs::remove_dir_all(&path).unwrap();
    assert_eq!(fetch_release(&store, &name, &cache).unwrap(), home, "what is in the cache needs no store");
}
