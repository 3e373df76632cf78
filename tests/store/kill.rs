//! Publishing ends at every step and at any moment; the store serves what it served, and the next run works.

use super::{Script, folder_store, publish_to, served, signing_key, sound, to_the_end};
use crate::support::tool;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use xinhe::release::store::Store;
use xinhe_tools::publish::{Done, PublishError};

/// Folders below `releases/`.
fn folders(store: &Store) -> Vec<String> {
    let paths = store.list("releases").unwrap();
    let mut names: Vec<_> =
        paths.iter().filter_map(|path| path.split('/').nth(1)).map(str::to_owned).collect();
    names.dedup();
    names
}

#[test]
fn stopped_at_any_step_the_store_serves_what_it_served() {
    let folder = tempfile::tempdir().unwrap();
    let (store, cache) = (folder_store(&folder.path().join("store")), folder.path().join("cache"));
    let dir = sound(folder.path());
    publish_to(&store, &dir, None, &mut to_the_end()).unwrap();
    let mut stops = 0;
    for left in 0.. {
        let before = served(&store, &cache).pointer;
        match publish_to(&store, &dir, Some(2), &mut Script { left, at_allowed: None }) {
            Err(PublishError::Killed) => {
                assert_eq!(served(&store, &cache).pointer, before, "after {left} steps");
                stops += 1;
            }
            Err(error) => panic!("after {left} steps: {error}"),
            Ok(Done { pointer, removed, .. }) => {
                assert_eq!(served(&store, &cache).pointer, pointer, "after {left} steps");
                if removed.len() > 1 || left > 40 {
                    break;
                }
            }
        }
    }
    assert!(stops >= 7, "{stops}: verified, allowed, signature, two parts, report, manifest");
    let done = publish_to(&store, &dir, Some(1), &mut to_the_end()).unwrap();
    assert_eq!(
        folders(&store),
        [done.pointer.release],
        "what the dead left behind is gone: {:?}",
        done.remarks
    );
}

#[test]
fn killed_at_any_moment_the_store_serves_a_whole_release_and_the_next_run_works() {
    const KILLS: u32 = 24;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (store, cache) = (folder_store(&path), folder.path().join("cache"));
    let dir = sound(folder.path());
    let key = folder.path().join("release.key");
    fs::write(&key, signing_key().line()).unwrap();
    let url = format!("file://{}", path.display());
    let start = || {
        let mut command = Command::new(tool());
        command.arg("publish").arg(&dir).args(["--store", &url, "--keep", "2", "--key"]).arg(&key);
        command.stderr(Stdio::null()).spawn().unwrap()
    };
    let begun = Instant::now();
    assert!(start().wait().unwrap().success());
    let whole = begun.elapsed();
    let mut killed = 0;
    for turn in 0..KILLS {
        let before = served(&store, &cache).pointer;
        let mut child = start();
        // Spread over the whole run, in an order that does not rise.
        let share = f64::from(turn * 7 % KILLS) / f64::from(KILLS);
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * share));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        let after = served(&store, &cache).pointer;
        assert!(after == before || after.sequence == before.sequence + 1, "{before:?}\n{after:?}");
        assert!(start().wait().unwrap().success(), "the next run works, turn {turn}");
    }
    assert!(killed >= 5, "only {killed} were killed in time");
    assert_eq!(folders(&store).len(), 2);
    assert!(unfinished(&path).is_empty(), "{:?}", unfinished(&path));
}

/// Hidden files below a store, but for its lock.
fn unfinished(path: &Path) -> Vec<String> {
    let pattern = format!("{}/**/.tmp-*", path.display());
    glob::glob(&pattern).unwrap().map(|found| found.unwrap().display().to_string()).collect()
}

#[test]
fn a_full_disk_is_an_error_and_moves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let (store, cache) = (folder_store(&path), folder.path().join("cache"));
    let dir = sound(folder.path());
    publish_to(&store, &dir, None, &mut to_the_end()).unwrap();
    let before = served(&store, &cache).pointer;
    let listed = store.list("").unwrap();
    let key = folder.path().join("release.key");
    fs::write(&key, signing_key().line()).unwrap();
    // No file may grow beyond 8 KiB: writing fails in the midst of the first part, as on a disk that is full.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$@\"";
    let output = Command::new("bash")
        .args(["-c", script, "bash"])
        .arg(tool())
        .arg("publish")
        .arg(&dir)
        .args(["--store", store.url(), "--key"])
        .arg(&key)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("too large"), "{told}");
    assert_eq!(served(&store, &cache).pointer, before);
    assert_eq!(store.list("").unwrap(), listed, "the upload is taken back");
    assert!(unfinished(&path).is_empty());
}
