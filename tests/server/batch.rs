//! Many checks in one request.

use crate::support::chunks::{Body, END, chunk};
use crate::support::client::{Connection, post_bytes};
use crate::support::clients::{client, guarded, soon};
use crate::support::server::Server;
use serde_json::Value;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const HEAD: &str = "POST /v1/checks/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n\
                    Transfer-Encoding: chunked\r\n";
const FIRM: &str = r#"{"subject":{"id":"91370402MA3T006317"},"matter":"370402-000131"}"#;
/// Nothing is to be seen of it.
const CLEAN: &str = r#"{"subject":{"id":"91370402MA3T0056XB"}}"#;
const UNKNOWN: &str = r#"{"subject":{"id":"91110000600037341L"}}"#;

fn open(addr: SocketAddr, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(format!("{HEAD}{headers}\r\n").as_bytes()).unwrap();
    stream
}

/// Sends these pieces from a thread of its own, and reads the lines of the reply.
fn batch(addr: SocketAddr, headers: &str, pieces: Vec<String>) -> Vec<Value> {
    let stream = open(addr, headers);
    let mut writes = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        for piece in pieces {
            writes.write_all(chunk(&piece).as_bytes()).unwrap();
        }
        writes.write_all(END.as_bytes()).unwrap();
    });
    let lines = BufReader::new(Body::behind_head(stream)).lines();
    let lines = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect();
    sender.join().unwrap();
    lines
}

fn summary(asked: u64, clean: u64, hits: u64, unknown: u64, invalid: u64) -> Value {
    let found = clean + hits;
    serde_json::json!({"summary": {"asked": asked, "found": found, "clean": clean, "hits": hits,
                                   "unknown": unknown, "invalid": invalid}})
}

#[test]
fn lines_are_answered_in_order_and_a_bad_one_is_an_error_line() {
    let server = Server::start(&["limits.body_bytes_max=2KiB"]);
    let long = format!(r#"{{"subject":{{"id":"x","name":"{}"}}}}"#, "y".repeat(5000));
    let bad = r#"{"subject":{"id":"91370402MA3T006318"}}"#;
    let text = [FIRM, "{\"subject\":", CLEAN, "", bad, UNKNOWN, "  ", &long, "[]", FIRM].join("\n");
    let expected = [
        ("restricted", 0),
        ("invalid_json", 2),
        ("clear", 0),
        ("invalid_identifier", 5),
        ("unknown", 0),
        ("payload_too_large", 8),
        ("invalid_request", 9),
        ("restricted", 0),
    ];
    let bytes: Vec<String> =
        text.as_bytes().chunks(7).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect();
    let whole = [text.clone() + "\n"].to_vec();
    for pieces in [vec![text], whole, bytes] {
        let told = batch(server.api, "", pieces);
        assert_eq!(told.len(), expected.len() + 1);
        for (line, (word, number)) in told.iter().zip(expected) {
            let found = if number == 0 { &line["verdict"] } else { &line["code"] };
            assert_eq!(found, word, "{line}");
            assert_eq!(line.get("line").and_then(Value::as_u64).unwrap_or(0), number, "{line}");
        }
        assert_eq!(told.last(), Some(&summary(8, 1, 2, 1, 4)));
    }
    assert_ne!(batch(server.api, "", vec![format!("{FIRM}\n{FIRM}\n")])[0]["check_id"], Value::Null);
    let metrics = server.metrics();
    assert!(metrics.contains("xinhe_checks_total{verdict=\"restricted\"} 8"), "{metrics}");
    assert!(metrics.contains("xinhe_problems_total{code=\"payload_too_large\"} 3"), "{metrics}");
}

#[test]
fn an_answer_comes_before_the_next_line_is_sent() {
    let server = Server::start(&[]);
    let mut stream = open(server.api, "");
    let mut writes = stream.try_clone().unwrap();
    stream.write_all(chunk(&format!("{FIRM}\n{}", &CLEAN[..20])).as_bytes()).unwrap();
    let mut lines = BufReader::new(Body::behind_head(stream)).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["verdict"], "restricted");
    writes.write_all(chunk(&format!("{}\n", &CLEAN[20..])).as_bytes()).unwrap();
    assert_eq!(next()["verdict"], "clear");
    writes.write_all(END.as_bytes()).unwrap();
    assert_eq!(next(), summary(2, 1, 1, 0, 0));
    // The connection is good for more.
    writes.write_all(post_bytes("/v1/checks", "application/json", FIRM).as_bytes()).unwrap();
    assert_eq!(Connection::over(writes).reply().status, 200);
}

#[test]
fn no_lines_are_a_summary_and_other_kinds_are_refused() {
    let server = Server::start(&[]);
    assert_eq!(batch(server.api, "", vec![]), [summary(0, 0, 0, 0, 0)]);
    let wrong =
        crate::support::client::request(server.api, &post_bytes("/v1/checks/batch", "text/csv", FIRM));
    assert_eq!(wrong.problem().1, "unsupported_media_type");
    let wrong = crate::support::client::get(server.api, "/v1/checks/batch");
    assert_eq!((wrong.problem().1.as_str(), wrong.header("allow")), ("method_not_allowed", Some("POST")));
}

#[test]
fn rights_apply_to_each_line() {
    let clients = [
        client("hall", "matters = [\"370402-*\"]\nkinds = [\"enterprise\", \"person\"]\npersons_per_day = 1"),
        client("reader", "matters = [\"*\"]\nendpoints = [\"subjects\"]"),
    ];
    let server = guarded(&clients.concat(), &[]);
    let person =
        |id: &str| format!(r#"{{"subject":{{"id":"{id}","name":"张试三"}},"matter":"370402-000131"}}"#);
    let shop = r#"{"subject":{"id":"92370402MA3T00850E"},"matter":"370402-000131"}"#;
    let lines =
        [FIRM, CLEAN, shop, &person("360426199101010071"), &person("360426199101010127"), FIRM].join("\n");
    let told = batch(server.api, "Authorization: Bearer hall\r\n", vec![lines]);
    let words: Vec<&str> = told.iter().map(|line| line["code"].as_str().unwrap_or("ok")).collect();
    assert_eq!(words, ["ok", "forbidden", "forbidden", "ok", "too_many_requests", "ok", "ok"]);
    assert_eq!(told.last(), Some(&summary(6, 0, 2, 1, 3)));
    assert!(server.metrics().contains("xinhe_forbidden_total{right=\"kinds\"} 1"));
    let refused = |header: &str| {
        let bytes = post_bytes("/v1/checks/batch", &format!("application/x-ndjson{header}"), FIRM);
        crate::support::client::request(server.api, &bytes).problem().1
    };
    assert_eq!(refused("\r\nAuthorization: Bearer reader"), "forbidden");
    assert_eq!(refused(""), "unauthenticated");
}

/// `XINHE_BATCH_LINES=5000000` for a night's worth.
fn many() -> u64 {
    std::env::var("XINHE_BATCH_LINES").ok().and_then(|count| count.parse().ok()).unwrap_or(300_000)
}

#[test]
fn any_number_of_lines_takes_the_same_memory() {
    let server = Server::start(&[]);
    let ask = |count: u64| {
        let thousand = format!("{CLEAN}\n{UNKNOWN}\n").repeat(500);
        let stream = open(server.api, "");
        let mut writes = stream.try_clone().unwrap();
        let sender = std::thread::spawn(move || {
            for _ in 0..count / 1000 {
                writes.write_all(chunk(&thousand).as_bytes()).unwrap();
            }
            writes.write_all(END.as_bytes()).unwrap();
        });
        let (mut answers, mut last) = (0, String::new());
        for line in BufReader::new(Body::behind_head(stream)).lines() {
            last = line.unwrap();
            let word = if answers % 2 == 0 { "\"verdict\":\"clear\"" } else { "\"verdict\":\"unknown\"" };
            assert!(last.contains(word) || last.starts_with("{\"summary\""), "{answers}: {last}");
            answers += 1;
        }
        sender.join().unwrap();
        assert_eq!(answers, count + 1);
        assert_eq!(serde_json::from_str::<Value>(&last).unwrap(), summary(count, count / 2, 0, count / 2, 0));
    };
    ask(10_000);
    let before = server.memory_most();
    ask(many());
    // The system's count of pages is not exact: the most may be a little less than it was.
    let more = server.memory_most().saturating_sub(before);
    assert!(more < 32 << 20, "{more} bytes more");
}

#[test]
fn a_caller_that_stops_reading_is_not_read_from_and_then_cut() {
    let server = Server::start(&["limits.write_timeout=2s", "workers.count=1"]);
    let lines = chunk(&format!("{FIRM}\n").repeat(1000));
    let mut deaf = open(server.api, "");
    deaf.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let before = server.memory_most();
    // What the system itself holds is bounded; all the rest would have to be held by the server.
    let sent = (0..100_000).take_while(|_| match deaf.write_all(lines.as_bytes()) {
        Ok(()) => true,
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
            false
        }
    });
    let sent = sent.count() * lines.len();
    assert!(sent < 64 << 20, "{sent} bytes were taken");
    let more = server.memory_most() - before;
    assert!(more < 32 << 20, "{more} bytes more");
    // Others are answered meanwhile.
    assert_eq!(crate::support::client::post(server.api, "/v1/checks", CLEAN).status, 200);
    soon("it is cut", || server.metrics().contains("xinhe_connections_cut_total 1"));
}

#[test]
fn a_caller_that_is_slow_but_reads_gets_all() {
    let server = Server::start(&["limits.write_timeout=1s", "limits.body_timeout=1s"]);
    let count = 20_000;
    let stream = open(server.api, "");
    let mut writes = stream.try_clone().unwrap();
    let sender = std::thread::spawn(move || {
        let lines = chunk(&format!("{FIRM}\n").repeat(1000));
        for place in 0..count / 1000 {
            writes.write_all(lines.as_bytes()).unwrap();
            if place == 0 {
                std::thread::sleep(Duration::from_millis(600));
            }
        }
        writes.write_all(END.as_bytes()).unwrap();
    });
    let mut answers = 0;
    for line in BufReader::new(Body::behind_head(stream)).lines() {
        line.unwrap();
        answers += 1;
        if answers % 5000 == 0 {
            std::thread::sleep(Duration::from_millis(400));
        }
    }
    sender.join().unwrap();
    assert_eq!(answers, count + 1);
}

#[test]
fn a_caller_that_stops_sending_or_hangs_up_gets_no_summary() {
    let server = Server::start(&["limits.body_timeout=300ms"]);
    let mut stream = open(server.api, "");
    stream.write_all(chunk(&format!("{FIRM}\n{FIRM}")).as_bytes()).unwrap();
    let mut lines = BufReader::new(Body::behind_head(stream)).lines();
    assert!(lines.next().unwrap().unwrap().contains("restricted"));
    assert!(lines.next().unwrap().is_err(), "it is cut");
    let mut stream = open(server.api, "");
    stream.write_all(chunk(&format!("{FIRM}\n")).as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let lines = BufReader::new(Body::behind_head(stream)).lines();
    let whole: Vec<String> = lines.map_while(Result::ok).collect();
    assert!(whole.iter().all(|line| !line.contains("summary")), "{whole:?}");
    soon("both are gone", || crate::support::client::get(server.ops, "/status").json()["connections"] == 0);
}
