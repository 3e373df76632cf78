//! Corrections in effect while serving: what is repaired vanishes, and never shows again.

use super::{FINED, Site, ask, metric, penalties, status, wait_for, wait_for_corrections, wait_for_release};
use super::{trouble, wait_for_trouble};
use crate::support::client::{get, post};
use crate::support::{tool, xinhe_ok};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use xinhe::domain::record::CorrectionKind as Kind;
use xinhe::release::signature::SigningKey;

const DAY: &str = "2026-11-20";

/// `xinhe correct` on the store of a site.
fn correct(site: &Site, args: &[&str]) -> Value {
    let key = site.at("release.key");
    let mut command = Command::new(tool());
    command.arg("correct").args(args).args(["--store", site.store.url(), "--json", "--key"]).arg(key);
    command.args(["--document", "试更〔2026〕1号", "--authority", "枣庄市试验局", "--reason", "试验"]);
    let output = command.env("XDG_CACHE_HOME", site.at("tool-cache")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn detail(server: &crate::support::server::Server, id: &str) -> String {
    let body = json!({"subject": {"id": id}, "sections": ["penalty", "list"]}).to_string();
    String::from_utf8(post(server.api, "/v1/subjects/detail", &body).body).unwrap()
}

#[test]
fn every_kind_takes_effect_and_is_undone() {
    let site = Site::new();
    site.publish();
    let server = site.serve(&[]);
    let before = ask(server.api, FINED);
    let record = penalties(&before).pop().unwrap();
    let mut number = 0;
    let mut make = |args: &[&str]| {
        correct(&site, args);
        number += 1;
        wait_for_corrections(&server, number)
    };
    let on = ["--record", record.as_str(), "--effective", DAY];
    let gone = make(&[&["suspended"][..], &on].concat());
    assert!(penalties(&gone).is_empty());
    assert!(!detail(&server, FINED).contains(&record));
    assert_eq!(penalties(&make(&["withdrawn", "--number", "1"])), std::slice::from_ref(&record));
    let marked = make(&[&["objection_opened"][..], &on].concat());
    assert_eq!(marked["hits"][0]["objection"], true);
    let closed = make(&[&["objection_closed"][..], &on].concat());
    assert_eq!(closed["hits"][0]["objection"], false);
    for kind in ["repaired", "revoked", "delisted"] {
        let gone = make(&[&[kind][..], &on].concat());
        assert!(penalties(&gone).is_empty(), "{kind}");
        assert!(!detail(&server, FINED).contains(&record), "{kind}");
        let undo = gone["data"]["corrections"].to_string();
        assert_eq!(
            penalties(&make(&["withdrawn", "--number", &undo])),
            std::slice::from_ref(&record),
            "{kind}"
        );
    }
    assert_eq!(metric(server.ops, "xinhe_corrections"), Some(number as f64));
}

#[test]
fn an_urgent_entry_makes_a_subject_known_until_it_is_withdrawn() {
    let site = Site::new();
    site.publish();
    let server = site.serve(&[]);
    let stranger = crate::support::unified("91370402MA3XC0001");
    assert_eq!(ask(server.api, &stranger)["verdict"], "unknown");
    let entry = ["listed", "--subject", &stranger, "--name", "枣庄试验有限公司", "--since", "2026-11-20"];
    correct(&site, &[&entry[..], &["--list", "wage-arrears"]].concat());
    let known =
        wait_for("the entry", || Some(ask(server.api, &stranger)).filter(|one| one["verdict"] != "unknown"));
    assert_eq!((&known["verdict"], &known["hits"][0]["list"]), (&"attention".into(), &"wage-arrears".into()));
    correct(&site, &["withdrawn", "--number", "1"]);
    wait_for("the withdrawal", || (ask(server.api, &stranger)["verdict"] == "unknown").then_some(()));
}

#[test]
fn a_repaired_record_never_shows_again() {
    let site = Site::new();
    let first = site.publish();
    let server = site.serve(&[]);
    let record = penalties(&ask(server.api, FINED)).pop().unwrap();
    site.correct(Kind::Repaired, &record, DAY);
    wait_for_corrections(&server, 1);
    // Not while releases are swapped that do not know of the repair,
    for _ in 0..5 {
        let release = site.publish();
        wait_for(&release, || {
            assert!(penalties(&ask(server.api, FINED)).is_empty(), "between two releases");
            (status(server.ops)["follow"]["serving"] == release.as_str()).then_some(())
        });
    }
    // not under a pin to an older release,
    let key = site.at("release.key");
    xinhe_ok(["pin", &first, "--store", site.store.url(), "--key", &key.to_string_lossy()]);
    wait_for_release(server.ops, &first);
    assert!(penalties(&ask(server.api, FINED)).is_empty(), "pinned");
    drop(server);
    // not after a restart,
    let server = site.serve(&[]);
    let reply = ask(server.api, FINED);
    assert_eq!((penalties(&reply), &reply["data"]["corrections"]), (vec![], &1.into()));
    drop(server);
    // not where the store is gone,
    fs::rename(site.at("store"), site.at("elsewhere")).unwrap();
    let server = site.serve(&[]);
    assert!(penalties(&ask(server.api, FINED)).is_empty(), "without the store");
    drop(server);
    // and not where it has lost the correction.
    fs::rename(site.at("elsewhere"), site.at("store")).unwrap();
    fs::remove_file(site.correction(1)).unwrap();
    let server = site.serve(&[]);
    assert!(penalties(&ask(server.api, FINED)).is_empty(), "the store has lost it");
    assert!(wait_for_trouble(server.ops, "corrections").contains("ends with correction 0"));
}

#[test]
fn what_lies_ahead_takes_effect_on_its_day() {
    let site = Site::new();
    site.publish();
    let server = site.serve(&[]);
    let record = penalties(&ask(server.api, FINED)).pop().unwrap();
    site.correct(Kind::Repaired, &record, "2026-11-22");
    assert_eq!(penalties(&wait_for_corrections(&server, 1)), std::slice::from_ref(&record));
    // A server keeps a cache and receipts of its own.
    let cache = format!("release.cache={}", site.at("other").display());
    let receipts = format!("audit.dir={}", site.at("other-audit").display());
    for (day, shown) in [("2026-11-21", vec![record.clone()]), ("2026-11-22", vec![])] {
        let server = site.serve(&[&cache, &receipts, &format!("clock.today={day}")]);
        assert_eq!(penalties(&ask(server.api, FINED)), shown, "{day}");
    }
}

#[test]
fn a_gap_stops_the_application_and_then_the_server() {
    let site = Site::new();
    site.publish();
    let server = site.serve(&["corrections.gap_tolerated=2s"]);
    let record = penalties(&ask(server.api, FINED)).pop().unwrap();
    site.correct(Kind::ObjectionOpened, &record, DAY);
    wait_for_corrections(&server, 1);
    // The third comes before the second.
    fs::copy(site.correction(1), site.correction(3)).unwrap();
    let what = wait_for_trouble(server.ops, "corrections");
    assert!(what.contains("correction 2 is missing, but 3 is there"), "{what}");
    wait_for("not ready", || (get(server.ops, "/ready").status == 503).then_some(()));
    let refused = post(server.api, "/v1/checks", &json!({"subject": {"id": FINED}}).to_string());
    assert_eq!((refused.problem().1.as_str(), refused.header("retry-after")), ("not_ready", Some("1")));
    assert_eq!(status(server.ops)["corrections"], 1, "it stopped at the last good one");
    assert_eq!(get(server.api, "/v1/release").json()["corrections"], 1);
    assert!(metric(server.ops, "xinhe_corrections_gap_seconds").unwrap() >= 2.0);

    fs::remove_file(site.correction(3)).unwrap();
    wait_for("ready again", || (get(server.ops, "/ready").status == 200).then_some(()));
    assert_eq!(trouble(server.ops, "corrections"), None);
    site.correct(Kind::ObjectionClosed, &record, DAY);
    wait_for_corrections(&server, 2);
}

#[test]
fn a_correction_that_nobody_known_signed_is_not_applied() {
    let site = Site::new();
    site.publish();
    let server = site.serve(&[]);
    let record = penalties(&ask(server.api, FINED)).pop().unwrap();
    site.correct_by(&SigningKey::new(&[9; 32]), Kind::Repaired, &record, DAY);
    let what = wait_for_trouble(server.ops, "corrections");
    assert!(what.contains("correction 1") && what.contains("signed by key"), "{what}");
    assert_eq!(penalties(&ask(server.api, FINED)), std::slice::from_ref(&record));
    // A changed one is no better.
    fs::remove_file(site.correction(1)).unwrap();
    site.correct(Kind::Repaired, &record, DAY);
    wait_for_corrections(&server, 1);
    site.correct(Kind::Suspended, &record, DAY);
    wait_for_corrections(&server, 2);
    site.correct(Kind::Resumed, &record, DAY);
    wait_for_corrections(&server, 3);
    drop(server);
    fs::remove_dir_all(site.cache()).unwrap();
    let text = fs::read_to_string(site.correction(2)).unwrap();
    fs::write(site.correction(2), text.replace("试验局", "别的局")).unwrap();
    let server = site.serve(&[]);
    let what = wait_for_trouble(server.ops, "corrections");
    assert!(what.contains("correction 2") && what.contains("does not fit"), "{what}");
    assert_eq!(ask(server.api, FINED)["data"]["corrections"], 1, "the last good one");
}
