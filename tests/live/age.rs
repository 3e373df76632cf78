//! A release that is too old: marked, or refused.

use super::{FINED, Site, metric, status};
use crate::support::client::{get, post};

#[test]
fn an_old_release_is_marked_or_refused() {
    let site = Site::new();
    site.publish();
    let check = format!(r#"{{"subject":{{"id":"{FINED}"}}}}"#);
    // The data is of the 20th: 24 hours old when the 22nd begins, 48 when the 23rd does.
    for (day, when_old, old, answers) in [
        ("2026-11-22", "refuse", false, 200),
        ("2026-11-23", "mark", true, 200),
        ("2026-11-23", "refuse", true, 503),
    ] {
        let server = site.serve(&[&format!("clock.today={day}"), &format!("release.when_old={when_old}")]);
        assert_eq!(get(server.api, "/v1/release").json()["old"], old, "{day} {when_old}");
        assert_eq!(metric(server.ops, "xinhe_release_old"), Some(if old { 1.0 } else { 0.0 }));
        assert_eq!(status(server.ops)["old"], old);
        let reply = post(server.api, "/v1/checks", &check);
        assert_eq!(reply.status, answers, "{day} {when_old}");
        assert_eq!(get(server.ops, "/ready").status, answers, "{day} {when_old}");
        if answers == 503 {
            assert_eq!(
                (reply.problem().1.as_str(), reply.header("retry-after")),
                ("stale_release", Some("60"))
            );
            assert_eq!(get(server.api, "/v1/catalog/matters").status, 200);
        }
    }
}

#[test]
fn ages_of_the_data_and_of_each_source_are_metrics() {
    let site = Site::new();
    site.publish();
    let server = site.serve(&["clock.today=2026-11-23"]);
    assert_eq!(metric(server.ops, "xinhe_release_age_seconds"), Some(172_800.0));
    let text = String::from_utf8(get(server.ops, "/metrics").body).unwrap();
    let sources = text.lines().filter(|line| line.starts_with("xinhe_source_age_seconds{")).count();
    let release = get(server.api, "/v1/release").json();
    assert_eq!(sources, release["sources"].as_array().unwrap().len());
    assert_eq!(metric(server.ops, "xinhe_release_info{release=\"2026-11-20.1\"}"), Some(1.0));
}
