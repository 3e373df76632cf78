//! How a server begins and ends, and what operators see of it.

use crate::support::client::{Connection, get, post, request};
use crate::support::server::Server;
use std::net::TcpStream;
use std::time::Duration;

const CHECK: &str = r#"{"subject":{"id":"91370402MA3T006317"}}"#;

#[test]
fn the_ready_line_names_what_is_served_and_where() {
    let server = Server::start(&[]);
    assert_eq!(server.ready["event"], "ready");
    assert_eq!(server.ready["release"], "2026-11-20.1");
    assert!(server.api.port() != 0 && server.ops.port() != 0);
    assert_eq!(post(server.api, "/v1/checks", CHECK).status, 200);
    server.terminate();
    let (code, stdout, words) = server.end();
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(stdout, "", "stdout carries the ready line only");
    for note in [
        "serving loopback only",
        "signatures of releases are not checked",
        "checkpoints of receipts are not signed",
    ] {
        assert!(words.contains(note), "{words}");
    }
    assert!(!words.contains("91370402MA3T006317"), "no number in a log");
}

#[test]
fn operators_see_life_readiness_numbers_and_status() {
    let server = Server::start(&[]);
    assert_eq!((get(server.ops, "/live").status, get(server.ops, "/ready").status), (200, 200));
    assert_eq!(
        (get(server.ops, "/").status, request(server.ops, "DELETE /live HTTP/1.1\r\nHost: x\r\n\r\n").status),
        (404, 405)
    );
    for _ in 0..3 {
        assert_eq!(post(server.api, "/v1/checks", CHECK).status, 200);
    }
    let metrics = String::from_utf8(get(server.ops, "/metrics").body).unwrap_or_default();
    assert!(metrics.contains("xinhe_checks_total{verdict=\"attention\"} 3"), "{metrics}");
    let status = get(server.ops, "/status").json();
    assert_eq!((&status["release"], &status["workers"]), (&"2026-11-20.1".into(), &2.into()));
}

#[test]
fn a_request_in_flight_is_answered_before_the_end() {
    let server = Server::start(&[]);
    let mut idle = Connection::open(server.api);
    let mut busy = Connection::open(server.api);
    let head = "POST /v1/checks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    busy.send(&format!("{head}Content-Length: {}\r\n\r\n{}", CHECK.len(), &CHECK[..10]));
    std::thread::sleep(Duration::from_millis(200));
    server.terminate();
    let refuses = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        TcpStream::connect(server.api).is_err()
    });
    assert!(refuses, "it accepts nobody while it drains");
    assert_eq!(get(server.ops, "/ready").status, 503);
    busy.send(&CHECK[10..]);
    let reply = busy.reply();
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    assert!(idle.is_closed());
    assert_eq!(server.end().0, Some(0));
}

#[test]
fn a_request_that_does_not_finish_holds_up_nobody_for_long() {
    let server = Server::start(&["limits.drain_timeout=300ms"]);
    let mut stuck = Connection::open(server.api);
    stuck.send(
        "POST /v1/checks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    );
    std::thread::sleep(Duration::from_millis(100));
    server.terminate();
    assert_eq!(server.end().0, Some(0));
    assert!(stuck.is_closed());
}
