//! A store that lies or fails: what is served stays, and why is told.

use super::{FINED, Site, ask, damage, metric, penalties, status, trouble, wait_for, wait_for_corrections};
use super::{wait_for_release, wait_for_trouble};
use crate::store::signing_key;
use crate::support::client::get;
use std::fs;
use xinhe::domain::record::CorrectionKind as Kind;
use xinhe::release::pointer::{current, replace};
use xinhe::release::signature::SigningKey;

#[test]
fn a_pointer_that_goes_back_is_not_followed() {
    let site = Site::new();
    site.publish();
    let old = fs::read(site.at("store/current")).unwrap();
    let second = site.publish();
    let server = site.serve(&[]);
    assert_eq!(status(server.ops)["follow"]["serving"], second.as_str());
    fs::write(site.at("store/current"), &old).unwrap();
    let what = wait_for_trouble(server.ops, "pointer");
    assert!(what.contains("went back from 2 to 1"), "{what}");
    assert_eq!(get(server.ops, "/ready").status, 200);
    drop(server);
    let server = site.serve(&[]);
    assert!(wait_for_trouble(server.ops, "pointer").contains("went back from 2 to 1"), "after a restart too");
    assert_eq!(status(server.ops)["follow"]["serving"], second.as_str());
    server.terminate();
    let (code, _, words) = server.end();
    assert_eq!(code, Some(0));
    assert_eq!(words.matches("went back from 2 to 1").count(), 1, "told once, not each poll: {words}");
}

#[test]
fn a_pointer_that_nobody_known_signed_is_not_followed() {
    let site = Site::new();
    let first = site.publish();
    let server = site.serve(&[]);
    let read = current(&site.store, None).unwrap();
    let pointer = read.pointer.pinning(read.pointer.find(&first).unwrap(), String::new()).unwrap();
    replace(&site.store, Some(&read), &pointer, &SigningKey::new(&[9; 32])).unwrap();
    assert!(wait_for_trouble(server.ops, "pointer").contains("signed by key"));
    assert_eq!(status(server.ops)["follow"]["sequence"], 1);
    // Corrections go on all the same.
    let record = penalties(&ask(server.api, FINED)).pop().unwrap();
    site.correct(Kind::Repaired, &record, "2026-11-20");
    assert!(penalties(&wait_for_corrections(&server, 1)).is_empty());
    let read = current(&site.store, None).unwrap();
    replace(&site.store, Some(&read), &pointer, &signing_key()).unwrap();
    wait_for("a good one", || (status(server.ops)["follow"]["sequence"] == 2).then_some(()));
    assert_eq!(trouble(server.ops, "pointer"), None);
}

#[test]
fn a_damaged_release_is_not_served_until_it_is_whole() {
    let site = Site::new();
    let first = site.publish();
    let server = site.serve(&[]);
    // Published and damaged while the server does not look.
    server.signal("-STOP");
    let second = site.publish();
    let sound = damage(&site.part(&second));
    server.signal("-CONT");
    let what = wait_for_trouble(server.ops, "release");
    assert!(what.contains(&second) && what.contains("SHA-256"), "{what}");
    assert_eq!(status(server.ops)["follow"]["serving"], first.as_str());
    assert_eq!(get(server.ops, "/ready").status, 200);
    fs::write(site.part(&second), sound).unwrap();
    wait_for_release(server.ops, &second);
    assert_eq!(trouble(server.ops, "release"), None);
    let third = {
        server.signal("-STOP");
        let third = site.publish();
        fs::remove_dir_all(site.at("store/releases").join(&third)).unwrap();
        server.signal("-CONT");
        third
    };
    let what = wait_for_trouble(server.ops, "release");
    assert!(what.contains(&third) && what.contains("is not in the store"), "{what}");
    assert_eq!(status(server.ops)["follow"]["serving"], second.as_str());
}

#[test]
fn a_store_that_is_gone_stops_nothing_and_is_found_again() {
    let site = Site::new();
    let first = site.publish();
    let server = site.serve(&[]);
    let record = penalties(&ask(server.api, FINED)).pop().unwrap();
    fs::rename(site.at("store"), site.at("elsewhere")).unwrap();
    assert!(wait_for_trouble(server.ops, "store").contains("no such folder"));
    let failed = wait_for("several tries", || {
        let told = status(server.ops);
        (told["follow"]["failures_in_a_row"].as_u64()? >= 3).then_some(told)
    });
    assert_eq!(failed["follow"]["serving"], first.as_str());
    assert!(failed["follow"]["next_poll_in_ms"].as_u64().is_some());
    assert_eq!((get(server.ops, "/ready").status, penalties(&ask(server.api, FINED)).len()), (200, 1));
    assert!(metric(server.ops, "xinhe_poll_failures_total").unwrap() >= 3.0);
    fs::rename(site.at("elsewhere"), site.at("store")).unwrap();
    site.correct(Kind::Repaired, &record, "2026-11-20");
    assert!(penalties(&wait_for_corrections(&server, 1)).is_empty());
    assert_eq!(trouble(server.ops, "store"), None);
}
