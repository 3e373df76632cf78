//! What every store does, whatever it is kept in; then what only a folder does.

use super::{folder_store, s3};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Barrier;
use xinhe::release::store::{Store, StoreError};

/// Calls what a store promises, one by one.
fn keeps_its_promises(store: &Store) {
    store.prepare().unwrap();
    assert_eq!(store.get("current").unwrap(), None);
    assert!(store.list("").unwrap().is_empty());

    store.create("corrections/0000000001.json", b"one").unwrap();
    let again = store.create("corrections/0000000001.json", b"two");
    assert!(matches!(again, Err(StoreError::Exists(_))), "{again:?}");
    assert_eq!(store.get("corrections/0000000001.json").unwrap().as_deref(), Some(&b"one"[..]));

    let first = store.replace("current", None, b"a").unwrap();
    assert!(matches!(store.replace("current", None, b"b"), Err(StoreError::Changed(_))));
    let (bytes, read) = store.get_versioned("current").unwrap().unwrap();
    assert_eq!((bytes.as_slice(), &read), (&b"a"[..], &first));
    let second = store.replace("current", Some(&read), b"b").unwrap();
    let late = store.replace("current", Some(&read), b"c");
    assert!(matches!(late, Err(StoreError::Changed(_))), "{late:?}");
    assert_eq!(store.get("current").unwrap().as_deref(), Some(&b"b"[..]));
    store.delete("current").unwrap();
    assert!(matches!(store.replace("current", Some(&second), b"d"), Err(StoreError::Changed(_))));

    store.create("releases/b/manifest.json", b"").unwrap();
    store.create("releases/a/manifest.json", b"").unwrap();
    store.create("releases/ab/manifest.json", b"").unwrap();
    let all = ["releases/a/manifest.json", "releases/ab/manifest.json", "releases/b/manifest.json"];
    assert_eq!(store.list("releases").unwrap(), all);
    assert_eq!(store.list("releases/a/").unwrap(), all[..1]);
    assert!(store.list("nothing/here").unwrap().is_empty());
    assert_eq!(store.get("releases").unwrap(), None, "a folder is no file");

    store.delete("releases/a/manifest.json").unwrap();
    store.delete("releases/a/manifest.json").unwrap();
    assert_eq!(store.list("releases").unwrap(), all[1..]);
    assert!(matches!(store.get("../outside"), Err(StoreError::Path(_))));
}

/// Files of all lengths go in and come out.
fn takes_long_files(store: &Store, folder: &Path) {
    store.prepare().unwrap();
    const PART: usize = 16 << 20;
    for (place, length) in [0, 1, PART - 1, PART, 2 * PART + 12_345].into_iter().enumerate() {
        let (from, to) = (folder.join(format!("from-{place}")), folder.join(format!("to-{place}")));
        let bytes: Vec<u8> = (0..length).map(|at| (at * 7 + at / 251) as u8).collect();
        fs::write(&from, &bytes).unwrap();
        let path = format!("releases/r/part-{place}");
        store.upload(&path, &from).unwrap();
        assert!(matches!(store.upload(&path, &from), Err(StoreError::Exists(_))), "{length}");
        assert_eq!(store.fetch(&path, &to).unwrap(), length as u64);
        assert!(fs::read(&to).unwrap() == bytes, "{length}");
        assert_eq!(to.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let taken = folder.join("to-1");
    assert!(matches!(store.fetch("releases/r/part-1", &taken), Err(StoreError::Exists(_))));
    assert!(matches!(store.fetch("releases/r/none", &taken), Err(StoreError::Missing(_))));
    assert!(taken.exists(), "a file that was there before stays");
    let absent = folder.join("absent");
    assert!(matches!(store.upload("releases/r/x", &absent), Err(StoreError::Io { .. })));
    assert!(matches!(store.fetch("releases/r/none", &absent), Err(StoreError::Missing(_))));
    assert!(!absent.exists());
}

/// Of those who write at the same time, one wins and all others learn it.
fn lets_one_writer_win(stores: &[Store]) {
    stores[0].prepare().unwrap();
    for round in 0..5 {
        let read = stores[0].get_versioned("current").unwrap().map(|(_, version)| version);
        let together = Barrier::new(stores.len());
        let won: usize = std::thread::scope(|scope| {
            let writers: Vec<_> = stores
                .iter()
                .enumerate()
                .map(|(place, store)| {
                    let (read, together) = (read.as_ref(), &together);
                    scope.spawn(move || {
                        together.wait();
                        let bytes = format!("{round} by {place}");
                        match store.replace("current", read, bytes.as_bytes()) {
                            Ok(_) => 1,
                            Err(StoreError::Changed(_)) => 0,
                            Err(error) => panic!("{error}"),
                        }
                    })
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).sum()
        });
        assert_eq!(won, 1, "round {round}");
    }
}

#[test]
fn a_folder_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(&folder_store(folder.path()));
    takes_long_files(&folder_store(&folder.path().join("long")), folder.path());
    let stores: Vec<_> = (0..4).map(|_| folder_store(&folder.path().join("race"))).collect();
    lets_one_writer_win(&stores);
}

#[test]
fn a_bucket_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(&s3::store());
    takes_long_files(&s3::store(), folder.path());
    let url = s3::url();
    let stores: Vec<_> = (0..4).map(|_| Store::open_with(&url, s3::variables()).unwrap()).collect();
    lets_one_writer_win(&stores);
}

#[test]
fn a_bucket_is_not_spoken_to_in_the_clear_but_on_the_machine_itself() {
    let mut variables = s3::variables();
    for (name, value) in &mut variables {
        if name == "AWS_ENDPOINT_URL" {
            *value = "http://s3.example.org".to_owned();
        }
    }
    variables.push(("AWS_ALLOW_HTTP".to_owned(), "true".to_owned()));
    let told = Store::open_with(&s3::url(), variables).unwrap_err().to_string();
    assert!(told.contains("s3.example.org") && told.contains("https"), "{told}");
}

#[test]
fn a_bucket_that_is_not_there_is_told() {
    let store = Store::open_with("s3://nobody-has-made-this/x", s3::variables()).unwrap();
    assert!(matches!(store.prepare(), Err(StoreError::Remote { .. })));
}

#[test]
fn a_folder_that_is_not_there_is_not_an_empty_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(&folder.path().join("unmounted"));
    assert!(matches!(store.get("current"), Err(StoreError::NoFolder(_))));
    assert!(matches!(store.list("corrections"), Err(StoreError::NoFolder(_))));
    assert!(matches!(store.create("current", b""), Err(StoreError::NoFolder(_))));
    assert!(!folder.path().join("unmounted").exists());
}

#[test]
fn unfinished_files_never_count_and_those_of_the_dead_are_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(folder.path());
    store.prepare().unwrap();
    store.create("releases/a/manifest.json", b"{}").unwrap();
    let (dead, alive) =
        (folder.path().join("releases/a/.tmp-1-0"), folder.path().join("releases/a/.tmp-2-0"));
    fs::write(&dead, "half").unwrap();
    fs::write(&alive, "half").unwrap();
    let writer = File::open(&alive).unwrap();
    writer.lock().unwrap();
    assert_eq!(store.list("").unwrap(), ["releases/a/manifest.json"]);
    store.prepare().unwrap();
    assert!(!dead.exists() && alive.exists());
    let mode = |path: &str| folder.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("releases/a/manifest.json"), mode("releases/a")), (0o600, 0o700));
}

#[test]
fn removing_the_last_file_of_a_folder_removes_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder_store(folder.path());
    store.prepare().unwrap();
    store.create("releases/a/manifest.json", b"{}").unwrap();
    store.create("releases/b/manifest.json", b"{}").unwrap();
    store.delete("releases/a/manifest.json").unwrap();
    assert!(!folder.path().join("releases/a").exists() && folder.path().join("releases/b").exists());
}
