//! What callers are refused, and how.

use crate::support::client::{Connection, get, post, post_bytes, request};
use crate::support::server::{Server, refused};
use std::time::{Duration, Instant};

const CHECK: &str = r#"{"subject":{"id":"91370402MA3T006317"}}"#;

#[test]
fn problems_have_their_status_code_and_pointer() {
    let server = Server::start(&[]);
    let cases = [
        ("", (400, "invalid_json", "")),
        ("{\"subject\":", (400, "invalid_json", "")),
        ("[]", (400, "invalid_request", "")),
        (r#"{"subject":{"id":"91370402MA3T006317"},"stage":"tasting"}"#, (400, "invalid_request", "/stage")),
        (r#"{"subject":{"id":"91370402MA3T006317","nmae":"x"}}"#, (400, "invalid_request", "/subject/nmae")),
        (r#"{"subject":{"id":"91370402MA3T006318"}}"#, (422, "invalid_identifier", "/subject/id")),
        (r#"{"subject":{"id":"370400010316018"}}"#, (422, "ambiguous_identifier", "/subject/id")),
        (r#"{"subject":{"id":"360426199101010071"}}"#, (422, "name_required", "/subject/name")),
        (r#"{"subject":{"id":"91370402MA3T006317"},"matter":"0"}"#, (422, "unknown_matter", "/matter")),
    ];
    for (body, (status, code, pointer)) in cases {
        let told = post(server.api, "/v1/checks", body).problem();
        assert_eq!(told, (status, code.to_owned(), pointer.to_owned()), "{body}");
    }
    let metrics = String::from_utf8(get(server.ops, "/metrics").body).unwrap_or_default();
    assert!(metrics.contains("xinhe_problems_total{code=\"invalid_request\"} 3"), "{metrics}");
}

#[test]
fn paths_and_methods_are_known_or_not() {
    let server = Server::start(&[]);
    assert_eq!(get(server.api, "/v1/nothing").problem().1, "not_found");
    assert_eq!(get(server.api, "/v1/checks/").problem().1, "not_found");
    let wrong = get(server.api, "/v1/checks");
    assert_eq!((wrong.problem().1.as_str(), wrong.header("allow")), ("method_not_allowed", Some("POST")));
    let wrong = post(server.api, "/v1/release", "{}");
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("GET, HEAD")));
}

#[test]
fn bodies_are_json_in_utf_8_of_some_size() {
    let server = Server::start(&["limits.body_bytes_max=2KiB"]);
    for kind in ["text/plain", "application/json; charset=GBK", "application/x-www-form-urlencoded"] {
        let told = request(server.api, &post_bytes("/v1/checks", kind, CHECK));
        assert_eq!(told.problem().1, "unsupported_media_type", "{kind}");
    }
    assert_eq!(
        request(server.api, &post_bytes("/v1/checks", "application/json;charset=utf-8", CHECK)).status,
        200
    );
    let long = format!("{CHECK}{}", " ".repeat(2048));
    assert_eq!(post(server.api, "/v1/checks", &long).problem().1, "payload_too_large");
    let chunked = format!(
        "POST /v1/checks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{long}\r\n0\r\n\r\n",
        long.len()
    );
    assert_eq!(request(server.api, &chunked).status, 413);
    let huge = "x".repeat(512 << 10);
    assert_eq!(post(server.api, "/v1/checks", &huge).status, 413, "who still writes gets the reply");
    let long_header = format!("GET /v1/release HTTP/1.1\r\nX: {}", "x".repeat((16 << 10) - 29));
    assert_eq!(long_header.len(), 16 << 10);
    assert_eq!(request(server.api, &long_header).status, 431);
}

#[test]
fn slow_callers_are_cut() {
    let overrides = [
        "limits.header_timeout=200ms",
        "limits.body_timeout=200ms",
        "limits.idle_timeout=400ms",
        "workers.count=1",
    ];
    let server = Server::start(&overrides);
    let mut headers = Connection::open(server.api);
    headers.send("POST /v1/checks HTTP/1.1\r\nHost");
    let mut body = Connection::open(server.api);
    body.send("POST /v1/checks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{");
    let mut idle = Connection::open(server.api);
    idle.send(&post_bytes("/v1/checks", "application/json", CHECK));
    assert_eq!(idle.reply().status, 200);
    let start = Instant::now();
    assert!(headers.is_closed() && body.is_closed() && idle.is_closed());
    assert!(start.elapsed() < Duration::from_secs(10));
    // One who trickles is as slow as one who stops.
    let mut trickle = Connection::open(server.api);
    let sent = (0..40).take_while(|_| {
        std::thread::sleep(Duration::from_millis(25));
        trickle.try_send("x")
    });
    assert!(sent.count() < 40, "a trickle of header bytes is cut");
    assert_eq!(post(server.api, "/v1/checks", CHECK).status, 200);
}

#[test]
fn who_waits_for_the_server_is_not_slow() {
    let server = Server::start(&["limits.body_timeout=2s", "workers.count=1"]);
    let whole = post_bytes("/v1/checks", "application/json", CHECK);
    let (first, rest) = whole.split_at(whole.len() - 5);
    let mut caller = Connection::open(server.api);
    caller.send(first);
    std::thread::sleep(Duration::from_millis(200));
    // The machine has no time for the server, for longer than a caller may take.
    server.signal("-STOP");
    caller.send(rest);
    std::thread::sleep(Duration::from_secs(4));
    server.signal("-CONT");
    assert_eq!(caller.reply().status, 200);
}

#[test]
fn one_connection_too_many_is_told_so() {
    let server = Server::start(&["limits.connections_max=2"]);
    let mut held = [Connection::open(server.api), Connection::open(server.api)];
    for connection in &mut held {
        connection.send(&post_bytes("/v1/checks", "application/json", CHECK));
        assert_eq!(connection.reply().status, 200);
    }
    let told = Connection::open(server.api).reply();
    assert_eq!((told.problem().1.as_str(), told.header("retry-after")), ("overloaded", Some("1")));
    drop(held);
    let freed = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        get(server.ops, "/status").json()["connections"] == 0
    });
    assert!(freed);
    assert_eq!(post(server.api, "/v1/checks", CHECK).status, 200);
}

#[test]
fn it_does_not_start_unguarded() {
    let cases = [
        ("listen.api=0.0.0.0:0", "loopback"),
        ("clients.file=clients.toml", "clock.today"),
        ("release.store=file:///store", "leave one of the two out"),
        ("release.public_key=/nowhere", "release.public_key"),
        ("release.poll=1ms", "release.poll"),
        ("release.person_key=/nowhere", "release.person_key"),
        ("release.dir=/nowhere", "/nowhere"),
        ("clock.today=tomorrow", "clock.today"),
        ("workers.count=0", "workers.count"),
    ];
    for (setting, word) in cases {
        let output = refused(&[setting]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{setting}: {words}");
        assert!(words.contains(word), "{setting}: {words}");
        assert!(output.stdout.is_empty(), "{setting}");
    }
}
