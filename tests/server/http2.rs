//! HTTP/2: the same answers as in HTTP/1.1, many at once on a connection.

use crate::support::client::{Connection, Reply, get, request};
use crate::support::clients::{client, guarded, soon};
use crate::support::http2::{Caller, Frames, PREFACE, SETTINGS, frame, next, run, send, whole};
use crate::support::server::Server;
use serde_json::Value;
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

const CHECK: &str = r#"{"subject":{"id":"91370402MA3T006317"}}"#;
const JSON: (&str, &str) = ("content-type", "application/json");
const LINES: (&str, &str) = ("content-type", "application/x-ndjson");

/// What the headers of a reply are of its connection alone.
const OF_CONNECTION: [&str; 4] = ["connection", "keep-alive", "transfer-encoding", "upgrade"];

/// A reply without what differs from one to the next, or from one protocol to the other.
fn told(reply: &Reply) -> (u16, Vec<(String, String)>, String) {
    let mut headers = reply.headers.clone();
    assert!(reply.header("date").is_some(), "{headers:?}");
    headers.retain(|(name, _)| name != "date" && !OF_CONNECTION.contains(&name.as_str()));
    headers.sort();
    let body = String::from_utf8_lossy(&reply.body).into_owned();
    let json: Value = serde_json::from_str(&body).unwrap_or_default();
    let differs = ["check_id", "feedback_id", "age_seconds"].map(|key| json[key].to_string());
    (reply.status, headers, differs.iter().fold(body, |body, value| body.replace(value, "")))
}

/// The same request in HTTP/1.1.
fn plain(server: &Server, what: (&str, &str), fields: &[(&str, &str)], body: &str) -> Reply {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let (method, path) = what;
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let bytes = format!("{method} {path} HTTP/1.1\r\nHost: x\r\n{fields}{length}\r\n{body}");
    if method != "HEAD" {
        return request(server.api, &bytes);
    }
    // A reply that announces a body and has none is read as if it had one.
    let mut connection = Connection::open(server.api);
    connection.send(&bytes);
    connection.head()
}

#[test]
fn a_question_has_the_same_answer_in_both_protocols() {
    let clients = [
        client("hall", "matters = [\"370402-*\"]\npersons = \"none\""),
        client("reader", "matters = [\"*\"]\nendpoints = [\"subjects\"]"),
        client("far", "matters = [\"*\"]\naddresses = [\"10.0.0.0/8\"]"),
    ];
    let server = guarded(&clients.concat(), &["limits.body_bytes_max=2KiB"]);
    let by = |token: &str| format!("Bearer {token}");
    let [hall, reader, far, nobody] = ["hall", "reader", "far", "nobody"].map(by);
    let check = ("POST", "/v1/checks");
    let with_matter = r#"{"subject":{"id":"91370402MA3T006317"},"matter":"370402-000131"}"#;
    let long = format!(r#"{{"subject":{{"id":"{}"}}}}"#, "9".repeat(4000));
    let asked: [(_, &str, _, &str); 25] = [
        (check, &hall, JSON, with_matter),
        (check, &hall, JSON, CHECK),
        (check, &hall, JSON, r#"{"subject":{"id":"91370402MA3T00631X"},"matter":"370402-000131"}"#),
        (check, &hall, JSON, "{\"subject\":"),
        (check, &hall, JSON, "[]"),
        (check, &hall, JSON, &long),
        (check, &hall, ("content-type", "text/plain"), CHECK),
        (check, &hall, ("content-type", "application/json; charset=gb18030"), CHECK),
        (check, &reader, JSON, CHECK),
        (check, &far, JSON, CHECK),
        (check, &nobody, JSON, CHECK),
        (check, "", JSON, CHECK),
        (("GET", "/v1/checks"), &hall, ("accept", "*/*"), ""),
        (("DELETE", "/v1/release"), &hall, ("accept", "*/*"), ""),
        (("GET", "/v1/release"), &hall, ("accept", "*/*"), ""),
        (("HEAD", "/v1/release"), &hall, ("accept", "*/*"), ""),
        (("HEAD", "/v1/checks/batch"), &hall, ("accept", "*/*"), ""),
        (("GET", "/v1/catalog/measures"), &hall, ("accept", "*/*"), ""),
        (("GET", "/openapi.json?x=1"), &reader, ("accept", "*/*"), ""),
        (("GET", "/nothing"), &hall, ("accept", "*/*"), ""),
        (("POST", "/v1/subjects/search"), &reader, JSON, r#"{"name":"枣庄","limit":3}"#),
        (
            ("POST", "/v1/subjects/detail"),
            &reader,
            JSON,
            r#"{"subject":{"id":"91370402MA3T006317"},"sections":["penalty"]}"#,
        ),
        (("POST", "/v1/checks/batch"), &hall, JSON, &long),
        (("POST", "/v1/checks/batch"), &reader, LINES, CHECK),
        (("GET", "/v1/usage"), &hall, ("accept", "*/*"), ""),
    ];
    run(async {
        let mut caller = Caller::open(server.api).await;
        for (what, token, field, body) in asked {
            let fields = [field, ("authorization", token)];
            let fields = if token.is_empty() { &fields[..1] } else { &fields };
            let of_http2 = caller.ask(what, fields, body).await.unwrap();
            for name in OF_CONNECTION {
                assert_eq!(of_http2.header(name), None, "{what:?}");
            }
            let of_http1 = plain(&server, what, fields, body);
            if what.1.ends_with("batch") && of_http1.status == 200 {
                continue;
            }
            assert_eq!(told(&of_http2), told(&of_http1), "{what:?} {token} {body}");
        }
    });
    let metrics = server.metrics();
    // Each was refused twice, and counted as often.
    assert!(metrics.contains("xinhe_problems_total{code=\"unauthenticated\"} 4"), "{metrics}");
}

#[test]
fn many_requests_are_answered_at_once_and_each_has_its_receipt() {
    let server = Server::start(&["workers.count=1"]);
    run(async {
        let mut caller = Caller::open(server.api).await;
        let mut waiting = Vec::new();
        for _ in 0..100 {
            let (reply, mut body) = caller.begin(("POST", "/v1/checks"), &[JSON], false).await.unwrap();
            send(&mut body, CHECK, true).await.unwrap();
            // Read at once: the room that a connection has for replies is shared by all of them.
            waiting.push(tokio::spawn(async move { whole(reply.await?).await }));
        }
        let mut names = Vec::new();
        for reply in waiting {
            let reply = reply.await.unwrap().unwrap();
            assert_eq!(reply.status, 200);
            names.push(reply.json()["check_id"].as_str().unwrap().to_owned());
        }
        for name in &names {
            let path = format!("/v1/checks/{name}");
            let receipt = caller.ask(("GET", &path), &[], "").await.unwrap();
            assert_eq!((receipt.status, receipt.json()["check_id"].as_str()), (200, Some(name.as_str())));
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 100);
        let metrics = server.metrics();
        for line in [
            "xinhe_checks_total{verdict=\"attention\"} 100",
            "xinhe_connections{worker=\"0\"} 1",
            "xinhe_http2_connections 1",
            "xinhe_check_microseconds_count 100",
        ] {
            assert!(metrics.contains(line), "{line}: {metrics}");
        }
    });
    soon("it is gone", || server.metrics().contains("xinhe_http2_connections 0"));
}

#[test]
fn the_preface_may_come_in_pieces_and_only_at_the_beginning() {
    let server = Server::start(&[]);
    for size in [1, 3, 14, 23] {
        let mut stream = TcpStream::connect(server.api).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        for piece in PREFACE.chunks(size) {
            std::io::Write::write_all(&mut stream, piece).unwrap();
            sleep(Duration::from_millis(5));
        }
        let mut frames = Frames(stream);
        assert!(frames.send(&frame(SETTINGS, 0, 0, &[])));
        assert_eq!(frames.next().map(|(kind, ..)| kind), Some(SETTINGS), "{size}");
    }
    // What begins like it may be something else.
    let check = crate::support::client::post_bytes("/v1/checks", "application/json", CHECK);
    let mut connection = Connection::open(server.api);
    for piece in [&check[..1], &check[1..2], &check[2..]] {
        connection.send(piece);
        sleep(Duration::from_millis(20));
    }
    assert_eq!(connection.reply().status, 200);
    let preface = std::str::from_utf8(PREFACE).unwrap();
    connection.send(preface);
    assert!(connection.is_closed(), "no HTTP/2 behind HTTP/1.1");
    let mut connection = Connection::open(server.api);
    connection.send(&check);
    assert_eq!(connection.reply().status, 200);
    connection.send(preface);
    assert!(connection.is_closed(), "not after a plain check either");
    let mut connection = Connection::open(server.api);
    connection.send(&preface.replace("SM", "XX"));
    assert_eq!(connection.reply().status, 400);
}

#[test]
fn a_batch_is_answered_line_by_line_beside_other_requests() {
    let server = Server::start(&[]);
    run(async {
        let mut caller = Caller::open(server.api).await;
        let (reply, mut lines) = caller.begin(("POST", "/v1/checks/batch"), &[LINES], false).await.unwrap();
        send(&mut lines, &format!("{CHECK}\n"), false).await.unwrap();
        let mut answers = reply.await.unwrap().into_body();
        for line in 0..5 {
            let answer = next(&mut answers).await.unwrap().unwrap();
            assert!(answer.ends_with(b"\n"), "{line}");
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer["verdict"], "attention", "{line}");
            assert_eq!(caller.check(CHECK).await.unwrap().status, 200);
            // The next goes out when the last answer is here.
            send(&mut lines, &format!("{CHECK}\n"), false).await.unwrap();
        }
        send(&mut lines, "", true).await.unwrap();
        let mut rest = Vec::new();
        while let Some(piece) = next(&mut answers).await {
            rest.extend_from_slice(&piece.unwrap());
        }
        let rest = String::from_utf8(rest).unwrap();
        assert_eq!(rest.lines().count(), 2, "{rest}");
        assert!(rest.ends_with(
            "{\"summary\":{\"asked\":6,\"found\":6,\"clean\":0,\"hits\":6,\"unknown\":0,\"invalid\":0}}\n"
        ));
    });
}

#[test]
fn what_is_under_way_is_answered_before_the_end() {
    let server = Server::start(&[]);
    run(async {
        let mut idle = Caller::open(server.api).await;
        assert_eq!(idle.check(CHECK).await.unwrap().status, 200);
        let mut busy = Caller::open(server.api).await;
        let (reply, mut body) = busy.begin(("POST", "/v1/checks"), &[JSON], false).await.unwrap();
        send(&mut body, &CHECK[..10], false).await.unwrap();
        let (batch, mut lines) = busy.begin(("POST", "/v1/checks/batch"), &[LINES], false).await.unwrap();
        send(&mut lines, &format!("{CHECK}\n"), false).await.unwrap();
        let mut answers = batch.await.unwrap().into_body();
        assert!(next(&mut answers).await.unwrap().is_ok());
        server.terminate();
        // GOAWAY without an error.
        idle.connection.await.unwrap().unwrap();
        assert_eq!(get(server.ops, "/ready").status, 503);
        send(&mut body, &CHECK[10..], true).await.unwrap();
        assert_eq!(whole(reply.await.unwrap()).await.unwrap().status, 200);
        assert!(busy.check(CHECK).await.is_err(), "nothing new is taken");
        send(&mut lines, CHECK, true).await.unwrap();
        let mut last = Vec::new();
        while let Some(piece) = next(&mut answers).await {
            last.extend_from_slice(&piece.unwrap());
        }
        assert!(String::from_utf8(last).unwrap().contains("\"summary\":{\"asked\":2"));
        busy.connection.await.unwrap().unwrap();
    });
    assert_eq!(server.end().0, Some(0));
}
