//! From release to release, in a folder and in S3.

use super::{FINED, Site, ask, metric, penalties, status, wait_for, wait_for_corrections, wait_for_release};
use crate::store::{s3, signing_key};
use crate::support::client::{Connection, get, post_bytes};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use xinhe::domain::record::CorrectionKind as Kind;
use xinhe::release::pointer::{current, replace};

fn follows(site: &Site) {
    let first = site.publish();
    let server = site.serve(&[]);
    assert_eq!(status(server.ops)["follow"]["serving"], first.as_str());
    let record = penalties(&ask(server.api, FINED)).pop().unwrap();
    for kind in [Kind::Suspended, Kind::Resumed, Kind::Repaired] {
        site.correct(kind, &record, "2026-11-20");
    }
    assert!(penalties(&wait_for_corrections(&server, 3)).is_empty());
    let second = site.publish();
    wait_for_release(server.ops, &second);
    assert!(penalties(&ask(server.api, FINED)).is_empty());
    let pinned = current(&site.store, None).unwrap();
    let pointer = pinned.pointer.pinning(pinned.pointer.find(&first).unwrap(), String::new()).unwrap();
    replace(&site.store, Some(&pinned), &pointer, &signing_key()).unwrap();
    wait_for_release(server.ops, &first);
    let told = status(server.ops);
    assert_eq!((&told["follow"]["pinned"], &told["follow"]["sequence"]), (&true.into(), &3.into()));
    site.publish();
    let unpinned = current(&site.store, None).unwrap();
    let pointer = unpinned.pointer.unpinning(String::new()).unwrap();
    replace(&site.store, Some(&unpinned), &pointer, &signing_key()).unwrap();
    let third = unpinned.pointer.newest().unwrap().release.clone();
    wait_for_release(server.ops, &third);
    wait_for("the cache keeps what is served and the one before", || {
        (status(server.ops)["follow"]["cached"] == serde_json::json!([first, third])).then_some(())
    });
    let files = fs::read_dir(site.cache().join("releases").join(&third)).unwrap();
    let names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| !name.contains("origins")), "a server keeps no origins: {names:?}");
    assert_eq!(metric(server.ops, "xinhe_release_swaps_total"), Some(4.0));
    assert_eq!(get(server.ops, "/ready").status, 200);
    assert_eq!(ask(server.api, FINED)["data"]["release"], "2026-11-20.1");
    server.terminate();
    let (code, _, words) = server.end();
    assert_eq!(code, Some(0), "{words}");
    assert!(!words.contains("something is wrong"), "{words}");
}

#[test]
fn a_store_in_a_folder_is_followed() {
    follows(&Site::new());
}

#[test]
fn a_store_in_s3_is_followed() {
    let url = s3::url();
    let store = xinhe::release::Store::open_with(&url, s3::variables()).unwrap();
    follows(&Site::of(tempfile::tempdir().unwrap(), store, s3::variables()));
}

#[test]
fn twenty_swaps_fail_no_request() {
    const SWAPS: usize = 20;
    let site = Site::new();
    site.publish();
    let server = site.serve(&[]);
    let (stop, api) = (AtomicBool::new(false), server.api);
    let body = format!(r#"{{"subject":{{"id":"{FINED}"}},"matter":"370402-000131"}}"#);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let (mut caller, mut answered) = (Connection::open(api), 0_u64);
                    while !stop.load(Ordering::Relaxed) {
                        caller.send(&post_bytes("/v1/checks", "application/json", &body));
                        let reply = caller.reply();
                        assert_eq!((reply.status, &reply.json()["verdict"]), (200, &"restricted".into()));
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        for _ in 0..SWAPS {
            let release = site.publish();
            wait_for_release(server.ops, &release);
        }
        stop.store(true, Ordering::Relaxed);
        let answered: u64 = callers.into_iter().map(|caller| caller.join().unwrap()).sum();
        assert!(answered > SWAPS as u64, "{answered}");
    });
    assert_eq!(metric(server.ops, "xinhe_release_swaps_total"), Some(SWAPS as f64 + 1.0));
}

#[test]
fn two_servers_do_not_share_a_cache() {
    let site = Site::new();
    site.publish();
    let _server = site.serve(&[]);
    let receipts = format!("audit.dir={}", site.at("other-audit").display());
    let same = format!("release.cache={}", site.at("audit-cache").display());
    let output = site.command(&[&same, &receipts]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another server uses it"));
    let other = format!("release.cache={}", site.at("other").display());
    site.serve(&[&other, &receipts]);
}
