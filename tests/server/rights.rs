//! Each client gets what `clients.toml` gives it; what is refused has its code and is counted.

use crate::support::asking::Office;
use crate::support::client::{get, post, request};
use crate::support::clients::{ask, check, client, guarded};
use crate::support::example::example;
use serde_json::Value;
use std::path::Path;
use xinhe::config::parse_clients;
use xinhe::http::auth::Rights;

const FIRM: &str = r#""subject":{"id":"91370402MA3T006317"}"#;
const SHOP: &str = r#""subject":{"id":"92370402MA3T00850E"}"#;
/// 卫两读, whom the register knows, and a number that nobody has.
const PERSON: &str = r#""subject":{"id":"370400190103160185","name":"卫两读"}"#;
const WRONG_NAME: &str = r#""subject":{"id":"370400190103160185","name":"张试三"}"#;
const STRANGER: &str = r#""subject":{"id":"360426199101010071","name":"张试三"}"#;
/// A firm whose legal representative is listed.
const LINKED: &str = r#""subject":{"id":"91370402MA3T011918"}"#;

const STATUTORY: &str = r#""matter":"370402-000131""#;
const AUTHORISED: &str = r#""matter":"370402-000401""#;
const NOT_PERSONS: &str = r#""matter":"370402-000301""#;

fn body(parts: &[&str]) -> String {
    format!("{{{}}}", parts.join(","))
}

#[test]
fn each_right_that_is_missing_is_refused_by_name_and_counted() {
    let clients = [
        client("hall", "matters = [\"370402-*\"]\nstages = [\"acceptance\"]\nkinds = [\"enterprise\", \"person\"]\nendpoints = [\"checks\"]"),
        client("elsewhere", "matters = [\"*\"]\naddresses = [\"192.0.2.0/24\", \"fd00::1\"]"),
        client("here", "matters = [\"*\"]\naddresses = [\"127.0.0.0/8\"]"),
        client("nobodys", "matters = [\"*\"]\npersons = \"none\""),
    ]
    .concat();
    let server = guarded(&clients, &[]);
    let cases = [
        ("hall", body(&[FIRM, STATUTORY]), 200, ""),
        ("hall", body(&[PERSON, STATUTORY]), 200, ""),
        ("here", body(&[FIRM]), 200, ""),
        ("hall", body(&[FIRM]), 403, "matters"),
        ("hall", body(&[FIRM, r#""matter":"370400-000801""#]), 403, "matters"),
        ("hall", body(&[FIRM, STATUTORY, r#""stage":"award""#]), 403, "stages"),
        ("hall", body(&[SHOP, STATUTORY]), 403, "kinds"),
        ("elsewhere", body(&[FIRM]), 403, "addresses"),
        ("nobodys", body(&[PERSON, STATUTORY]), 403, "persons"),
    ];
    for (token, body, status, right) in cases {
        let reply = ask(&server, token, "/v1/checks", &body);
        assert_eq!(reply.status, status, "{token} {body}: {}", reply.json());
        if status == 403 {
            assert_eq!(reply.problem().1, "forbidden");
            let detail = reply.json()["detail"].as_str().unwrap_or_default().to_owned();
            assert!(detail.contains(&format!("`{right}`")), "{detail}");
        }
    }
    assert_eq!(ask(&server, "hall", "/v1/subjects/search", r#"{"name":"枣庄"}"#).problem().0, 403);
    assert_eq!(ask(&server, "hall", "/v1/subjects/detail", &body(&[FIRM, STATUTORY])).problem().0, 403);
    let metrics = server.metrics();
    for (right, count) in
        [("addresses", 1), ("endpoints", 2), ("matters", 2), ("stages", 1), ("kinds", 1), ("persons", 1)]
    {
        let line = format!("xinhe_forbidden_total{{right=\"{right}\"}} {count}");
        assert!(metrics.contains(&line), "{line}\n{metrics}");
    }
    assert!(metrics.contains("xinhe_problems_total{code=\"forbidden\"} 8"), "{metrics}");
    assert!(
        metrics.contains("xinhe_client_problems_total{code=\"forbidden\",client=\"hall\"} 6"),
        "{metrics}"
    );
    assert!(metrics.contains("xinhe_client_checks_total{verdict="), "{metrics}");
}

#[test]
fn who_is_nobody_is_told_nothing() {
    let server = guarded(&client("hall", "matters = [\"*\"]"), &[]);
    for header in
        ["X: y", "Authorization: Bearer other", "Authorization: Basic aGFsbDo=", "Authorization: Bearer "]
    {
        for path in ["/v1/checks", "/v1/release", "/v1/nothing", "/v1/checks/batch"] {
            let bytes = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n");
            let reply = request(server.api, &bytes);
            assert_eq!(
                (reply.problem().1.as_str(), reply.header("www-authenticate")),
                ("unauthenticated", Some("Bearer")),
                "{header} {path}"
            );
        }
    }
    assert_eq!(
        post(server.api, "/v1/checks", &"x".repeat(300 << 10)).status,
        401,
        "who still writes gets the reply"
    );
    let known =
        request(server.api, "GET /v1/release HTTP/1.1\r\nHost: x\r\nauthorization: bearer hall\r\n\r\n");
    assert_eq!(known.status, 200);
    assert!(
        server.metrics().contains("xinhe_problems_total{code=\"unauthenticated\"} 17"),
        "{}",
        server.metrics()
    );
}

#[test]
fn persons_are_checked_on_the_footing_of_client_and_matter() {
    let clients = [
        client("statutory", "matters = [\"*\"]"),
        client("authorised", "matters = [\"*\"]\npersons = \"authorised\""),
    ]
    .concat();
    let server = guarded(&clients, &[]);
    let given = r#""authorization":"SQ-2026-000017""#;
    let required = (422, "authorization_required".to_owned());
    let status = |token: &str, parts: &[&str]| check(&server, token, &body(parts));
    assert_eq!(status("statutory", &[PERSON, STATUTORY]).0, 200);
    assert_eq!(status("statutory", &[PERSON, AUTHORISED]), required);
    assert_eq!(status("statutory", &[PERSON, AUTHORISED, given]).0, 200);
    assert_eq!(status("statutory", &[PERSON, NOT_PERSONS]).0, 403);
    assert_eq!(status("statutory", &[PERSON]).0, 403);
    assert_eq!(status("authorised", &[PERSON, STATUTORY]), required);
    assert_eq!(status("authorised", &[PERSON, STATUTORY, r#""authorization":" ""#]), required);
    assert_eq!(status("authorised", &[PERSON, STATUTORY, given]).0, 200);
    assert_eq!(status("authorised", &[PERSON, given]).0, 200);
}

/// What a client with these keys is told on a day of the worked example.
fn told(keys: &str, parts: &[&str]) -> Value {
    let clients = parse_clients(&client("hall", keys), Path::new("clients.toml")).unwrap();
    let asked = serde_json::from_str(&body(parts)).unwrap();
    let day = "2026-11-20".parse().unwrap();
    Office::open(&example().release()).ask_as(&asked, day, &Rights::of(&clients[0]))
}

#[test]
fn entries_of_linked_persons_are_for_those_who_may_check_persons_for_the_matter() {
    let given = r#""authorization":"SQ-2026-000017""#;
    let links = |persons: &str, parts: &[&str]| {
        let json = told(&format!("matters = [\"*\"]\npersons = \"{persons}\""), parts);
        json["hits"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|hit| hit["relation"] == "legal-representative")
            .count()
    };
    assert_eq!(links("statutory", &[LINKED, STATUTORY]), 1);
    assert_eq!(links("statutory", &[LINKED, NOT_PERSONS]), 0);
    assert_eq!(links("statutory", &[LINKED, AUTHORISED]), 0);
    assert_eq!(links("statutory", &[LINKED]), 0);
    assert_eq!(links("authorised", &[LINKED, STATUTORY]), 0);
    assert_eq!(links("authorised", &[LINKED, STATUTORY, given]), 1);
    assert_eq!(links("none", &[LINKED, STATUTORY]), 0);
}

#[test]
fn an_unknown_matter_is_refused_or_answered_incomplete() {
    let clients = [
        client("strict", "matters = [\"370402-*\"]"),
        client("lenient", "matters = [\"370402-*\"]\nunknown_matter = \"answer\""),
    ]
    .concat();
    let server = guarded(&clients, &[]);
    let unknown = r#""matter":"370402-999999""#;
    assert_eq!(check(&server, "strict", &body(&[FIRM, unknown])), (422, "unknown_matter".to_owned()));
    assert_eq!(check(&server, "lenient", &body(&[FIRM, unknown])).0, 200);
    assert_eq!(check(&server, "lenient", &body(&[PERSON, unknown])).0, 403);
    let clear = r#""subject":{"id":"91370402MA3T0056XB"}"#;
    let verdict = |matter: &str| {
        let keys = "matters = [\"*\"]\nunknown_matter = \"answer\"";
        told(keys, &[clear, matter])["verdict"].clone()
    };
    assert_eq!(
        (verdict(r#""matter":"370402-000601""#), verdict(unknown)),
        ("clear".into(), "incomplete".into())
    );
}

#[test]
fn a_wrong_name_and_an_unknown_person_are_alike_for_clients_too() {
    let server = guarded(&client("hall", "matters = [\"370402-*\"]"), &[]);
    let told = |subject: &str| {
        let reply = ask(&server, "hall", "/v1/checks", &body(&[subject, STATUTORY]));
        let length = reply.body.len();
        let mut json = reply.json();
        json["check_id"] = Value::Null;
        json["subject"]["id"] = Value::Null;
        (reply.status, length, json)
    };
    assert_ne!(told(PERSON).2["verdict"], "unknown");
    assert_eq!(told(WRONG_NAME), told(STRANGER));
}

#[test]
fn behind_a_trusted_proxy_the_callers_address_counts() {
    let clients = client("hall", "matters = [\"*\"]\naddresses = [\"198.51.100.0/24\"]");
    let from = |server: &crate::support::server::Server, told: &str| {
        let head = format!("GET /v1/release HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hall\r\n{told}\r\n");
        request(server.api, &head).status
    };
    let server = guarded(&clients, &["listen.trusted_proxies=[\"127.0.0.0/8\"]"]);
    assert_eq!(from(&server, "X-Forwarded-For: 198.51.100.7\r\n"), 200);
    assert_eq!(from(&server, "X-Forwarded-For: 198.51.100.7, 203.0.113.9\r\n"), 403);
    assert_eq!(from(&server, "X-Forwarded-For: nobody\r\n"), 403);
    assert_eq!(from(&server, ""), 403);
    let open = guarded(&clients, &[]);
    assert_eq!(from(&open, "X-Forwarded-For: 198.51.100.7\r\n"), 403, "nobody is trusted by default");
}

#[test]
fn no_token_number_or_name_is_logged() {
    let server =
        guarded(&client("hall-secret-token", "matters = [\"370402-*\"]"), &["limits.person_misses_max=2"]);
    for subject in [PERSON, WRONG_NAME, STRANGER, STRANGER, STRANGER, STRANGER] {
        ask(&server, "hall-secret-token", "/v1/checks", &body(&[subject, STATUTORY]));
        ask(&server, "other-secret", "/v1/checks", &body(&[subject, STATUTORY]));
    }
    let told = [server.metrics(), String::from_utf8(get(server.ops, "/status").body).unwrap()].concat();
    server.terminate();
    let (_, _, words) = server.end();
    assert!(words.contains("most persons that this client asks for are unknown"), "{words}");
    for secret in ["370400190103160185", "360426199101010071", "卫两读", "张试三", "other-secret"] {
        assert!(!words.contains(secret) && !told.contains(secret), "{secret}");
    }
}
