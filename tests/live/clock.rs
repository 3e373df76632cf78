//! Midnight in UTC+8, and a clock that is set back and forward under a running server: by libfaketime, which answers the
//! server's question for the time from a file.

use super::{FINED, Site, ask, penalties, wait_for, wait_for_corrections};
use crate::support::client::get;
use crate::support::server::Server;
use crate::support::xinhe_ok;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use xinhe::domain::record::CorrectionKind as Kind;

/// The library; `tests/run.sh` installs it.
fn faketime() -> PathBuf {
    let places = ["/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1"];
    let mut found = places.iter().flat_map(|place| glob::glob(place).unwrap()).filter_map(Result::ok);
    found.next().expect("no libfaketime: run tests/run.sh once, it installs what the tests need")
}

/// A site whose server believes what `set` says.
struct Clocked {
    site: Site,
}

impl Clocked {
    fn new() -> Clocked {
        let site = Site::new();
        site.publish();
        Clocked { site }
    }

    /// The time in UTC, which then stands still.
    fn set(&self, utc: &str) {
        fs::write(self.site.at("now.new"), utc).unwrap();
        fs::rename(self.site.at("now.new"), self.site.at("now")).unwrap();
    }

    fn serve(&self) -> Server {
        let mut command = self.site.command(&[]);
        self.site.by_the_clock();
        command.env("LD_PRELOAD", faketime()).env("FAKETIME_TIMESTAMP_FILE", self.site.at("now"));
        command.envs([("FAKETIME_NO_CACHE", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("TZ", "UTC")]);
        Server::run(command, tempfile::tempdir().unwrap())
    }
}

#[test]
fn a_correction_takes_effect_at_midnight_in_china_and_the_day_follows_the_clock_both_ways() {
    let clocked = Clocked::new();
    clocked.set("2026-11-20 15:59:58");
    let server = clocked.serve();
    let record = penalties(&ask(server.api, FINED)).pop().expect("a penalty");
    clocked.site.correct(Kind::Suspended, &record, "2026-11-21");
    let before = wait_for_corrections(&server, 1);
    assert_eq!(penalties(&before), std::slice::from_ref(&record), "two seconds before midnight");

    for (utc, shown) in [
        ("2026-11-20 15:59:59", true),
        ("2026-11-20 16:00:00", false),
        ("2026-11-20 15:59:59", true),
        ("2026-11-22 03:00:00", false),
        ("2026-11-19 16:00:00", true),
        ("2026-11-21 08:00:00", false),
    ] {
        clocked.set(utc);
        assert_eq!(!penalties(&ask(server.api, FINED)).is_empty(), shown, "{utc}");
        assert_eq!(get(server.ops, "/ready").status, 200, "{utc}");
    }
}

#[test]
fn receipts_and_usage_are_whole_when_the_clock_was_set_back_and_forward() {
    let clocked = Clocked::new();
    clocked.set("2026-11-20 15:59:59");
    let mut server = clocked.serve();
    let moments =
        ["2026-11-20 16:00:00", "2026-11-20 15:59:59", "2026-12-01 00:00:00", "2026-11-20 15:00:00"];
    ask(server.api, FINED);
    for utc in moments {
        clocked.set(utc);
        ask(server.api, FINED);
    }
    let usage = |server: &Server| {
        let told = get(server.api, "/v1/usage?from=2026-11-01&to=2026-12-31").json();
        let rows = told["rows"].as_array().unwrap().iter();
        rows.map(|row| (row["day"].clone(), row["checks"].clone())).collect::<Vec<_>>()
    };
    let counted = [("2026-11-20", 3), ("2026-11-21", 1), ("2026-12-01", 1)];
    let counted: Vec<_> = counted.iter().map(|(day, count)| (json!(day), json!(count))).collect();
    assert_eq!(usage(&server), counted);
    let dir = clocked.site.at("audit");
    let dir = dir.to_str().unwrap();
    for _ in 0..2 {
        drop(server);
        let told: Value =
            serde_json::from_slice(&xinhe_ok(["audit", "verify", dir, "--json"]).stdout).unwrap();
        assert_eq!((&told["valid"], &told["entries"]), (&json!(true), &json!(5)), "{told}");
        clocked.set("2026-11-20 14:00:00");
        server = clocked.serve();
        wait_for("the same usage", || (usage(&server) == counted).then_some(()));
    }
}
