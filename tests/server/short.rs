//! A plain check goes a short way, all else goes through hyper: callers must not be able to tell.

use crate::support::client::{Connection, Reply, get, post_bytes, post_with};
use crate::support::server::Server;
use std::thread::sleep;
use std::time::Duration;

const CHECK: &str = r#"{"subject":{"id":"91370402MA3T006317"}}"#;

/// Longer than the server needs to read what has come.
const PAUSE: Duration = Duration::from_millis(60);

/// The same bytes in one piece, and in two, of which the first is no whole request.
fn both_ways(server: &Server, bytes: &str) -> (Reply, Reply) {
    let mut whole = Connection::open(server.api);
    whole.send(bytes);
    let mut cut = Connection::open(server.api);
    let (first, rest) = bytes.split_at(bytes.len() - 1);
    cut.send(first);
    sleep(PAUSE);
    cut.send(rest);
    (whole.reply(), cut.reply())
}

/// A reply without what differs from one check to the next.
fn told(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let mut headers = reply.headers.clone();
    headers.retain(|(name, _)| name != "date");
    assert_eq!(headers.len() + 1, reply.headers.len(), "a reply has its date: {:?}", reply.headers);
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    let id = serde_json::from_str::<serde_json::Value>(&body)
        .map_or(String::new(), |json| json["check_id"].as_str().unwrap_or_default().to_owned());
    assert_eq!(reply.status == 200, !id.is_empty(), "{body}");
    (reply.status, headers, if id.is_empty() { body } else { body.replace(&id, "") })
}

#[test]
fn a_check_is_answered_alike_whichever_way_it_goes() {
    let server = Server::start(&[]);
    for body in [
        CHECK,
        r#"{"subject":{"id":"91370402MA3T006317"},"matter":"370402-000131","stage":"review","request_id":"1"}"#,
        r#"{"subject":{"id":"\u0039\u00311370402MA3T006317"}}"#,
        r#"{"subject":{"id":"91110000600037341L"}}"#,
        r#"{"subject":{"id":"91370402MA3T00631X"}}"#,
        r#"{"subject":{"id":"91370402MA3T006317"},"matter":"nothing"}"#,
        r#"{"subject":{"id":"91370402MA3T006317"},"Matter":"m"}"#,
        "{\"subject\":",
        "[]",
    ] {
        let (whole, cut) = both_ways(&server, &post_bytes("/v1/checks", "application/json", body));
        assert_eq!(told(&whole), told(&cut), "{body}");
    }
    for header in ["Authorization: Bearer nobody", "traceparent: x", "Connection: keep-alive", "X-A: b"] {
        let (whole, cut) = both_ways(&server, &post_with("/v1/checks", header, CHECK));
        assert_eq!(told(&whole), told(&cut), "{header}");
    }
    let metrics = String::from_utf8_lossy(&get(server.ops, "/metrics").body).into_owned();
    let answered: u64 = metrics
        .lines()
        .filter(|line| line.starts_with("xinhe_checks_total"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum();
    let timed = format!("xinhe_check_microseconds_count {answered}");
    assert!(answered > 10 && metrics.contains(&timed), "both ways are timed: {metrics}");
}

#[test]
fn what_is_no_plain_check_is_answered_on_the_same_connection() {
    let server = Server::start(&[]);
    let check = post_bytes("/v1/checks", "application/json", CHECK);
    let length = CHECK.len();
    let head = "POST /v1/checks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let odd = [
        // Two at once.
        (format!("{check}{check}"), 2),
        ("GET /v1/release HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), 1),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{CHECK}\r\n0\r\n\r\n"), 1),
        (format!("{head}Content-Length: {length}\r\nContent-Length: {length}\r\n\r\n{CHECK}"), 1),
        (post_bytes("/v1/checks?x=1", "application/json", CHECK), 1),
        (post_bytes("/v1/checks", "application/json; charset=utf-8", CHECK), 1),
        (post_with("/v1/checks", "TE: trailers", CHECK), 1),
    ];
    for (bytes, replies) in odd {
        let mut connection = Connection::open(server.api);
        for piece in [&check, &bytes, &check] {
            connection.send(piece);
            let expected = if *piece == bytes { replies } else { 1 };
            for _ in 0..expected {
                assert_eq!(connection.reply().status, 200, "{bytes}");
            }
        }
    }
    let mut connection = Connection::open(server.api);
    connection.send(&post_bytes("/v1/checks", "text/plain", CHECK));
    assert_eq!(connection.reply().problem().1, "unsupported_media_type");
}

#[test]
fn a_caller_that_wants_the_connection_closed_has_it_closed() {
    let server = Server::start(&[]);
    for header in ["Connection: close", "Connection: keep-alive, close"] {
        let mut connection = Connection::open(server.api);
        connection.send(&post_with("/v1/checks", header, CHECK));
        assert_eq!(connection.reply().status, 200);
        assert!(connection.is_closed(), "{header}");
    }
    let mut old = Connection::open(server.api);
    old.send(&post_bytes("/v1/checks", "application/json", CHECK).replace("HTTP/1.1", "HTTP/1.0"));
    assert_eq!(old.reply().status, 200);
    assert!(old.is_closed());
}

#[test]
fn connections_that_wait_end_with_the_server() {
    let server = Server::start(&[]);
    let mut used = Connection::open(server.api);
    used.send(&post_bytes("/v1/checks", "application/json", CHECK));
    assert_eq!(used.reply().status, 200);
    let mut unused = Connection::open(server.api);
    sleep(PAUSE);
    server.terminate();
    assert!(used.is_closed() && unused.is_closed());
    assert_eq!(server.end().0, Some(0));
}
