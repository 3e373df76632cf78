//! Runs the program against a server of a few lines, and checks what it sent and what it said.

// Tests say what they expect by unwrapping, in their helpers too.
#![allow(clippy::unwrap_used)]

mod server;

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use server::{Reply, Server};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xinhe-load"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> Output {
    program(arguments).output().unwrap()
}

/// Runs with `--json` and expects exit 0 and nothing but the result on standard output.
fn result(arguments: &[&str]) -> Value {
    let output = program(arguments).arg("--json").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn count(result: &Value, field: &str) -> u64 {
    result[field].as_u64().unwrap_or_else(|| panic!("{field} is no count in {result}"))
}

/// A file that goes when the test is over.
struct TempFile(std::path::PathBuf);

impl TempFile {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("xinhe-load-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

#[test]
fn every_answer_to_a_get_counts_and_the_json_has_every_field() {
    let server = Server::start(|_| Reply::Status(200));
    let result =
        result(&["run", "--target", &server.url("/a?b=c"), "--duration", "300ms", "--connections", "3"]);
    let seen = server.seen();
    assert!(!seen.is_empty());
    assert!(seen.iter().all(|seen| seen.line == "GET /a?b=c HTTP/1.1" && seen.body.is_empty()));
    assert!(seen.iter().all(|seen| seen.headers["host"] == server.address.to_string()));
    assert!(seen.iter().all(|seen| !seen.headers.contains_key("authorization")));

    assert_eq!(count(&result, "answered"), seen.len() as u64);
    assert_eq!(result["by_status"]["200"].as_u64(), Some(seen.len() as u64));
    for field in ["late", "dropped", "timeouts", "errors"] {
        assert_eq!(count(&result, field), 0, "{field}");
    }
    for latency in ["response_time_us", "service_time_us"] {
        assert_eq!(count(&result[latency], "count"), seen.len() as u64);
        let values: Vec<_> = ["p50", "p90", "p99", "p999", "p9999", "max"]
            .map(|quantile| result[latency][quantile].as_f64().unwrap())
            .into();
        assert!(values[0] > 0.0 && values.is_sorted(), "{values:?}");
    }
    assert_eq!(result["offered_rate"], result["achieved_rate"]);
    let rate = seen.len() as f64 / result["elapsed_s"].as_f64().unwrap();
    assert!((result["achieved_rate"].as_f64().unwrap() - rate).abs() < 0.01);
    assert_eq!(result["interrupted"], false);
}

#[test]
fn a_rate_is_not_exceeded_and_every_slot_is_sent_or_counted() {
    let server = Server::start(|_| Reply::Status(200));
    let result = result(&[
        "run",
        "--target",
        &server.url("/"),
        "--rate",
        "200",
        "--duration",
        "1s",
        "--connections",
        "4",
    ]);
    assert_eq!(count(&result, "answered") + count(&result, "dropped"), 200);
    assert_eq!(server.seen().len() as u64, count(&result, "answered"));
    assert_eq!(result["offered_rate"].as_f64(), Some(200.0));
    assert!(result["achieved_rate"].as_f64().unwrap() <= 200.0);
}

/// The point of an intended start: one stall is felt by all that had to wait behind it.
#[test]
fn a_stall_shows_in_the_response_time_of_those_that_waited() {
    let server = Server::start(|number| match number {
        10 => Reply::After(Duration::from_millis(400)),
        _ => Reply::Status(200),
    });
    let result = result(&[
        "run",
        "--target",
        &server.url("/"),
        "--rate",
        "100",
        "--duration",
        "1s",
        "--connections",
        "1",
    ]);
    assert!(count(&result, "late") >= 30, "{result}");
    let p90 = |latency: &str| result[latency]["p90"].as_f64().unwrap();
    assert!(p90("response_time_us") > 100_000.0, "{result}");
    assert!(p90("service_time_us") < 100_000.0, "{result}");
}

#[test]
fn slots_that_a_busy_connection_never_reached_are_dropped() {
    let server = Server::start(|_| Reply::After(Duration::from_millis(100)));
    let result = result(&[
        "run",
        "--target",
        &server.url("/"),
        "--rate",
        "100",
        "--duration",
        "500ms",
        "--connections",
        "1",
    ]);
    assert_eq!(count(&result, "answered") + count(&result, "dropped"), 50);
    assert!(count(&result, "dropped") >= 40, "{result}");
}

#[test]
fn bodies_are_posted_in_turn_to_the_checks_with_the_token() {
    let server = Server::start(|_| Reply::Status(200));
    let bodies = ["{\"n\":0}", "{\"n\":1}", "{\"n\":2}"];
    let ids = TempFile::new("turn.ndjson", &bodies.join("\n"));
    let result = result(&[
        "run",
        "--target",
        &server.url(""),
        "--ids",
        ids.path(),
        "--token",
        "abc",
        "--rate",
        "100",
        "--duration",
        "300ms",
        "--connections",
        "1",
    ]);
    let seen = server.seen();
    assert_eq!(count(&result, "answered"), seen.len() as u64);
    assert!(seen.len() > 3);
    for (index, seen) in seen.iter().enumerate() {
        assert_eq!(seen.line, "POST /v1/checks HTTP/1.1");
        assert_eq!(seen.headers["authorization"], "Bearer abc");
        assert_eq!(seen.headers["content-type"], "application/json");
        assert_eq!(seen.body, bodies[index % 3]);
    }
}

#[test]
fn a_path_in_the_target_wins_over_the_checks_and_a_token_may_come_from_stdin() {
    let server = Server::start(|_| Reply::Status(200));
    let ids = TempFile::new("path.ndjson", "{}\n");
    let url = server.url("/other");
    let mut child =
        program(&["run", "--target", &url, "--ids", ids.path(), "--token", "-", "--duration", "50ms"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
    child.stdin.take().unwrap().write_all(b"abc\n").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());
    let seen = server.seen();
    assert_eq!(seen[0].line, "POST /other HTTP/1.1");
    assert_eq!(seen[0].headers["authorization"], "Bearer abc");
}

#[test]
fn statuses_are_told_apart_and_those_from_400_are_errors() {
    let server = Server::start(|number| Reply::Status([200, 404, 503, 200][number % 4]));
    let result = result(&["run", "--target", &server.url("/"), "--duration", "200ms", "--connections", "1"]);
    let status = |status: &str| result["by_status"][status].as_u64().unwrap();
    assert_eq!(count(&result, "errors"), status("404") + status("503"));
    assert_eq!(count(&result, "answered"), status("200") + status("404") + status("503"));
}

#[test]
fn a_connection_that_the_server_closes_is_opened_again() {
    let server = Server::start(|number| if number % 2 == 0 { Reply::LastOne } else { Reply::Status(200) });
    let result = result(&["run", "--target", &server.url("/"), "--duration", "200ms", "--connections", "2"]);
    assert_eq!(count(&result, "errors"), 0, "{result}");
    assert_eq!(count(&result, "answered"), server.seen().len() as u64);
    assert!(count(&result, "answered") > 10);
}

#[test]
fn a_broken_connection_is_an_error_and_the_run_goes_on() {
    let server = Server::start(|number| match number {
        3 => Reply::Break,
        5 => Reply::Hangup,
        _ => Reply::Status(200),
    });
    let result = result(&["run", "--target", &server.url("/"), "--duration", "300ms", "--connections", "1"]);
    assert!((1..=2).contains(&count(&result, "errors")), "{result}");
    assert!(count(&result, "answered") > 10);
}

#[test]
fn a_request_that_waits_too_long_is_a_timeout() {
    let server = Server::start(|number| match number {
        2 => Reply::After(Duration::from_secs(2)),
        _ => Reply::Status(200),
    });
    let started = Instant::now();
    let result = result(&[
        "run",
        "--target",
        &server.url("/"),
        "--duration",
        "400ms",
        "--timeout",
        "100ms",
        "--connections",
        "1",
    ]);
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!((count(&result, "timeouts"), count(&result, "errors")), (1, 0), "{result}");
    assert_eq!(count(&result, "answered") + 1, server.seen().len() as u64);
}

#[test]
fn an_interrupted_run_gives_the_figures_so_far() {
    let server = Server::start(|_| Reply::Status(200));
    let url = server.url("/");
    let child =
        program(&["run", "--target", &url, "--duration", "60s", "--rate", "100", "--json"]).spawn().unwrap();
    let waited = Instant::now();
    while server.seen().len() < 20 && waited.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["interrupted"], true);
    assert!(count(&result, "answered") >= 19 && count(&result, "dropped") <= 5, "{result}");
    assert!(result["elapsed_s"].as_f64().unwrap() < 30.0);
}

#[test]
fn without_json_the_result_is_a_table() {
    let server = Server::start(|_| Reply::Status(200));
    let output = run(&["run", "--target", &server.url("/"), "--duration", "50ms", "--connections", "1"]);
    assert!(output.status.success());
    let words = String::from_utf8(output.stdout).unwrap();
    for expected in ["answered in", "status 200: ", "p99.99", "response time", "service time"] {
        assert!(words.contains(expected), "{expected} is missing in\n{words}");
    }
}

#[test]
fn a_refused_connection_names_the_target_and_what_to_do() {
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = run(&["run", "--target", &format!("http://{address}"), "--duration", "1s", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = said(&output);
    assert!(
        said.contains(&address.to_string()) && said.contains("refused") && said.contains("--target"),
        "{said}"
    );
}

#[test]
fn a_server_that_answers_nothing_is_a_failure() {
    let server = Server::start(|_| Reply::Break);
    let output = run(&["run", "--target", &server.url("/"), "--duration", "100ms", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("answered none of the requests"), "{}", said(&output));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(count(&result, "answered"), 0);
    assert!(count(&result, "errors") > 0);
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [
        &[][..],
        &["walk"],
        &["run"],
        &["run", "--target", "https://h"],
        &["run", "--target", "h:1"],
        &["run", "--target", "http://h", "--duration", "20"],
        &["run", "--target", "http://h", "--rate", "0"],
        &["run", "--target", "http://h", "--connections", "0"],
        &["run", "--target", "http://h", "--timeout", "never"],
        &["run", "--target", "http://h", "--token", "two\nlines"],
        &["run", "--target", "http://h", "--token", "-", "--ids", "-"],
        &["run", "--target", "http://h", "--speed", "9"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
        assert!(!said(&output).contains("two\nlines"));
    }
}

#[test]
fn bodies_that_cannot_be_sent_end_the_run_before_it_starts() {
    let server = Server::start(|_| Reply::Status(200));
    let bare = TempFile::new("bare.ndjson", "{}\n110108002734659,x\n");
    let empty = TempFile::new("empty.ndjson", "\n");
    for (file, expected) in
        [(bare.path(), "line 2"), (empty.path(), "no line"), ("/does/not/exist", "cannot read")]
    {
        let output = run(&["run", "--target", &server.url("/"), "--ids", file, "--duration", "1s"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(expected), "{}", said(&output));
        assert!(!said(&output).contains("110108"));
    }
    assert!(server.seen().is_empty());
}

#[test]
fn the_help_has_examples() {
    let output = run(&["run", "--help"]);
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout).unwrap().contains("xinhe-load run --target http://127.0.0.1:8080")
    );
}
