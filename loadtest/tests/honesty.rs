//! Is what the generator says true? Servers that stall, lie and hide, and the generator itself made to stand still.

// Tests say what they expect by unwrapping, in their helpers too.
#![allow(clippy::unwrap_used)]

mod server;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;

use server::{Reply, Server};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xinhe-load"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn told(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn result(arguments: &[&str]) -> Value {
    told(&program(arguments).arg("--json").output().unwrap())
}

/// The generator is stopped as if its machine stood still: that is its own lateness, and it says so.
#[test]
fn a_stall_of_the_generator_itself_shows_as_its_own_lateness() {
    let server = Server::start(|_| Reply::Status(200));
    let url = server.url("/");
    let child =
        program(&["run", "--target", &url, "--rate", "200", "--duration", "3s", "--connections", "8"])
            .arg("--json")
            .spawn()
            .unwrap();
    let signal = |name: &str| {
        assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
    };
    let waited = Instant::now();
    while server.seen().len() < 100 && waited.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    signal("-STOP");
    std::thread::sleep(Duration::from_millis(250));
    signal("-CONT");
    let result = told(&child.wait_with_output().unwrap());
    let generator = &result["generator"];
    assert!(generator["own_lateness_us"]["max"].as_f64().unwrap() > 200_000.0, "{generator}");
    assert!(generator["own_late"].as_u64().unwrap() >= 40, "{generator}");
    assert!(generator["stalls"].as_u64().unwrap() >= 1 && generator["at_its_limit"] == true, "{generator}");
    assert!(result["notes"].to_string().contains("by the generator, not by the server"), "{result}");
    assert_eq!(result["answered"].as_u64(), Some(600), "nothing is left out");
}

/// What a server does behind the warm-up is achieved, though it be for requests that were due in it.
#[test]
fn a_server_that_falls_behind_in_the_warm_up_is_told_by_what_it_did_afterwards() {
    let server = Server::start(|_| Reply::After(Duration::from_millis(10)));
    let url = server.url("/");
    let times =
        ["--rate", "1000", "--duration", "2s", "--warmup", "1s", "--connections", "1", "--timeout", "20s"];
    let result = result(&[&["run", "--target", &url][..], &times].concat());
    let counts = &result["counts"];
    let [behind, answered] = ["warm_behind", "answered"].map(|name| counts[name].as_f64().unwrap());
    // A hundred a second at best: what was due in the first second takes ten.
    assert!(behind > 0.0 && answered == 0.0, "{counts}");
    let achieved = result["achieved_rate"].as_f64().unwrap() * result["elapsed_s"].as_f64().unwrap();
    assert!((achieved - behind).abs() < 1e-6 * behind, "{achieved}, {counts}");
}

#[test]
fn the_files_of_a_report_are_whole_and_the_log_is_read_by_the_public_library() {
    let server = Server::start(|number| Reply::Status(if number % 50 == 49 { 503 } else { 200 }));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report");
    let arguments = ["run", "--rate", "500", "--duration", "1s", "--target", &server.url("/")];
    let output = program(&arguments).args(["--json", "--out", out.to_str().unwrap()]).output().unwrap();
    let result = told(&output);
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();

    let written: Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(written["response_time_us"], result["response_time_us"]);
    assert_eq!((&written["refused"], &written["errors"]), (&Value::from(10), &Value::from(10)));

    let log = read("latency.hlog");
    let (mut response, mut service) = (Histogram::<u64>::new(3).unwrap(), 0);
    let mut deserializer = Deserializer::new();
    for entry in IntervalLogIterator::new(log.as_bytes()) {
        let LogEntry::Interval(interval) = entry.unwrap() else { continue };
        let bytes = base64(interval.encoded_histogram());
        let histogram: Histogram<u64> = deserializer.deserialize(&mut &bytes[..]).unwrap();
        match interval.tag() {
            None => response.add(&histogram).unwrap(),
            Some(tag) => {
                assert_eq!(tag.as_str(), "service");
                service += histogram.len();
            }
        }
    }
    assert_eq!((response.len(), service), (500, 500));
    let p50 = result["response_time_us"]["p50"].as_f64().unwrap();
    assert!((response.value_at_quantile(0.5) as f64 / 1000.0 - p50).abs() <= p50 / 500.0);

    let table = read("latency.hgrm");
    assert!(table.contains("Total count    =          500") && table.contains("0.500000000000"), "{table}");
    let page = read("report.html");
    for wanted in
        ["<svg", "Latency by percentile", "Offered and achieved rate", "prefers-color-scheme", "</html>"]
    {
        assert!(page.contains(wanted), "{wanted} is missing");
    }
    assert!(!page.contains("http-equiv") && !page.contains("src=") && !page.contains("<script"));
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 5, "nothing half written is left");
}

/// The standard alphabet, with padding.
fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        bits = bits << 6 | ALPHABET.iter().position(|known| *known == byte).unwrap() as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

#[test]
fn starts_by_chance_come_again_by_seed() {
    let sent = |seed: &str| {
        let server = Server::start(|_| Reply::Status(200));
        let url = server.url("/");
        let arguments = [
            "run",
            "--target",
            &url,
            "--rate",
            "300",
            "--arrival",
            "poisson",
            "--duration",
            "1s",
            "--seed",
            seed,
        ];
        let result = result(&arguments);
        assert_eq!(result["meant"]["schedule"], "poisson");
        result["answered"].as_u64().unwrap() + result["dropped"].as_u64().unwrap()
    };
    assert_eq!(sent("7"), sent("7"));
    assert_ne!(sent("7"), sent("8"));
}

/// A register of one, and a scenario about it.
fn scenario(folder: &Path, text: &str) -> (String, String) {
    std::fs::create_dir_all(folder.join("city/subjects")).unwrap();
    let register = "SHXYM,MC\n91370402XNCN66KM3L,枣庄示德宇广告有限公司\n";
    std::fs::write(folder.join("city/subjects/a.csv"), register).unwrap();
    let file = folder.join("s.toml");
    std::fs::write(&file, text).unwrap();
    (file.to_str().unwrap().to_owned(), folder.join("city").to_str().unwrap().to_owned())
}

const SCENARIO: &str = "name = \"s\"\n[load]\nconnections = 2\nsteps = [{ for = \"500ms\", rate = 200 }]\n\
                        [subjects]\nmisses = 0.5\ninvalid = 0.1\n[mix]\ncheck = 1\n";

#[test]
fn a_scenario_asks_the_same_questions_from_the_same_seed() {
    let asked = |seed: &str| {
        let server = Server::start(|_| Reply::Status(200));
        let folder = tempfile::tempdir().unwrap();
        let (file, city) = scenario(folder.path(), SCENARIO);
        let url = server.url("");
        let result = result(&[
            "run",
            "--scenario",
            &file,
            "--dataset",
            &city,
            "--target",
            &url,
            "--seed",
            seed,
            "--connections",
            "1",
        ]);
        let seen = server.seen();
        let invalid = result["counts"]["statuses"].as_u64().unwrap();
        assert!(seen.iter().all(|seen| seen.line == "POST /v1/checks HTTP/1.1"));
        assert!(
            invalid > 0 && invalid < seen.len() as u64 / 2,
            "invalid numbers should have had 422: {result}"
        );
        seen.into_iter().map(|seen| seen.body).collect::<Vec<_>>()
    };
    let first = asked("1");
    assert!(first.len() > 50);
    assert_eq!(first, asked("1"));
    assert_ne!(first, asked("2"));
}

#[test]
fn a_mistake_in_a_scenario_is_told_with_line_and_column_and_nothing_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (file, city) = scenario(folder.path(), &SCENARIO.replace("misses", "mises"));
    let output = program(&["run", "--scenario", &file, "--dataset", &city]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("s.toml:6:1: unknown field `mises`, expected one of"), "{said}");
}

#[test]
fn a_sweep_finds_the_rate_that_a_server_holds() {
    // One connection, four milliseconds each: 250/s is the most, and above it the wait grows without end.
    let server = Server::start(|_| Reply::After(Duration::from_millis(4)));
    let result = result(&[
        "sweep",
        "--target",
        &server.url("/"),
        "--connections",
        "1",
        "--duration",
        "500ms",
        "--from",
        "20",
        "--to",
        "2000",
        "--repeats",
        "1",
        "--p999",
        "100ms",
        "--precision",
        "20",
    ]);
    let (held, failed) = (result["highest_rate"].as_f64().unwrap(), result["failed_rate"].as_f64().unwrap());
    assert!(held < 250.0 && failed > held && failed <= 2000.0, "{result}");
    assert!(result["steps"].as_array().unwrap().len() >= 2);
}

#[test]
fn a_comparison_takes_turns_and_tells_ratios() {
    let (fast, slow) =
        (Server::start(|_| Reply::Status(200)), Server::start(|_| Reply::After(Duration::from_millis(20))));
    let result = result(&[
        "compare",
        &fast.url("/"),
        &slow.url("/"),
        "--rounds",
        "3",
        "--connections",
        "1",
        "--duration",
        "200ms",
    ]);
    let p50 = &result["figures"]["service_p50_us"];
    assert_eq!(p50["a"].as_array().unwrap().len(), 3);
    assert!(p50["b_to_a"]["low"].as_f64().unwrap() > 1.0, "{result}");
    assert!(result["figures"]["achieved_rate"]["b_to_a"]["high"].as_f64().unwrap() < 1.0, "{result}");
    assert!(!fast.seen().is_empty() && !slow.seen().is_empty());
}
