//! Stores beside checks: a real Redis and a real PostgreSQL, filled and asked for the same keys.

// Tests say what they expect by unwrapping, in their helpers too.
#![allow(clippy::unwrap_used)]

// What a test of the sources of a build does with it, this one does not.
#[allow(dead_code)]
#[path = "../../../tests/sources/server.rs"]
mod database;
mod redis;
#[path = "../server/mod.rs"]
mod server;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use redis::Redis;
use serde_json::Value;
use server::{Reply, Server};

const IDS: &str = "91110000600037341L\n{\"subject\":{\"id\":\"370491199608074890\",\"name\":\"杨幻仿\"}}\n91370402XNCN66KM3L\n";

/// Runs the program, with something on its standard input.
fn program(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xinhe-load"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

/// Exit 0, and the result.
fn done(arguments: &[&str]) -> Value {
    let output = program(&[arguments, &["--json"]].concat(), "");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    told(&output)
}

fn keep(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A run of half a second.
fn run<'a>(target: &'a str, ids: &'a str) -> Vec<&'a str> {
    vec![
        "run",
        "--target",
        target,
        "--ids",
        ids,
        "--duration",
        "500ms",
        "--rate",
        "400",
        "--connections",
        "4",
    ]
}

fn clean(result: &Value) {
    for field in ["errors", "timeouts", "wrong"] {
        assert_eq!(result[field], 0, "{field}: {result}");
    }
    let answered = result["answered"].as_u64().unwrap();
    assert_eq!(answered + result["dropped"].as_u64().unwrap(), 200, "{result}");
    assert!(answered > 20 && result["by_status"]["200"] == answered, "{result}");
}

#[test]
fn a_redis_is_asked_for_what_was_put_there() {
    let (redis, folder) = (Redis::start(&[]), tempfile::tempdir().unwrap());
    let (ids, url) = (keep(folder.path(), "ids", IDS), redis.url());
    let filled = done(&["fill", "--target", &url, "--ids", &ids, "--bytes", "300"]);
    assert_eq!((&filled["keys"], &filled["target_kind"]), (&Value::from(3), &Value::from("Redis")));
    assert_eq!(redis.say("DBSIZE"), ":3\r\n");
    assert_eq!(redis.say("STRLEN 91110000600037341L"), ":300\r\n");
    let keys = redis.say("KEYS *");
    assert!(!keys.contains("370491199608074890") && keys.contains("$64\r\n"), "{keys}");

    let result = done(&run(&url, &ids));
    clean(&result);
    assert_eq!(result["meant"]["target_kind"], "Redis");
    let misses = redis
        .say("INFO stats")
        .lines()
        .find_map(|line| Some(line.strip_prefix("keyspace_misses:")?.to_owned()));
    assert_eq!(misses.as_deref(), Some("0"));
    // In another database nothing stands.
    let output = program(&[&run(&format!("{url}/5"), &ids)[..], &["--json"]].concat(), "");
    assert_eq!((output.status.code(), &told(&output)["wrong"]), (Some(1), &told(&output)["answered"]));
    assert!(
        said(&output).contains("no value stands under a key") && said(&output).contains("xinhe-load fill")
    );
    assert_eq!(told(&output)["errors"], 0);
}

#[test]
fn a_redis_that_stalls_or_hangs_up_is_told_as_such() {
    let (redis, folder) = (Redis::start(&[]), tempfile::tempdir().unwrap());
    let (ids, url) = (keep(folder.path(), "ids", IDS), redis.url());
    done(&["fill", "--target", &url, "--ids", &ids]);
    let during = |line: &'static str| {
        let arguments = [
            "run",
            "--target",
            &url,
            "--ids",
            &ids,
            "--duration",
            "2s",
            "--rate",
            "400",
            "--connections",
            "4",
            "--json",
        ];
        std::thread::scope(|scope| {
            let run = scope.spawn(move || program(&arguments, ""));
            std::thread::sleep(Duration::from_millis(900));
            redis.say(line);
            told(&run.join().unwrap())
        })
    };
    let stalled = during("CLIENT PAUSE 500 ALL");
    let p90 = |latency: &str| stalled[latency]["p90"].as_f64().unwrap();
    assert!(p90("response_time_us") > 100_000.0 && p90("service_time_us") < 100_000.0, "{stalled}");
    let cut = during("CLIENT KILL TYPE normal SKIPME yes");
    assert!(cut["counts"]["connects"].as_u64() > Some(0) && cut["wrong"] == 0, "{cut}");
    assert!(cut["answered"].as_u64() > Some(100), "{cut}");
}

#[test]
fn a_redis_with_a_password_is_given_it() {
    let (redis, folder) = (Redis::start(&["--requirepass", "abc"]), tempfile::tempdir().unwrap());
    let (ids, url) = (keep(folder.path(), "ids", IDS), redis.url());
    for arguments in [&run(&url, &ids)[..], &["fill", "--target", &url, "--ids", &ids]] {
        let output = program(arguments, "");
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("NOAUTH") && said(&output).contains("--token"), "{}", said(&output));
        let output = program(&[arguments, &["--token", "wrong"]].concat(), "");
        assert!(said(&output).contains("WRONGPASS"), "{}", said(&output));
    }
    let fill = ["fill", "--target", &url, "--ids", &ids, "--token", "-"];
    assert_eq!(program(&fill, "abc\n").status.code(), Some(0));
    clean(&done(&[&run(&url, &ids)[..], &["--token", "abc"]].concat()));
}

#[test]
fn a_postgresql_is_asked_for_what_was_put_there() {
    let (base, folder) = (database::Server::start(), tempfile::tempdir().unwrap());
    let (ids, url) = (keep(folder.path(), "ids", IDS), base.by_loopback(database::ROLE, "postgres"));
    let output = program(&run(&url, &ids), "");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("42P01") && said(&output).contains("xinhe-load fill"),
        "{}",
        said(&output)
    );

    for _ in 0..2 {
        let filled = done(&["fill", "--target", &url, "--ids", &ids, "--bytes", "300"]);
        assert_eq!((&filled["keys"], &filled["target_kind"]), (&Value::from(3), &Value::from("PostgreSQL")));
    }
    let mut client = base.client();
    let row = client.query_one("SELECT count(*), min(length(value)) FROM xinhe_load", &[]).unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i32>(1)), (3, 300));
    clean(&done(&run(&url, &ids)));
    // PostgreSQL answers from children of the process that listens: their time counts.
    let result = done(&["run", "--target", &url, "--ids", &ids, "--duration", "1s"]);
    assert!(result["server"]["cpu_s"].as_f64() > Some(0.1), "{result}");

    client.execute("DELETE FROM xinhe_load WHERE key LIKE '91%'", &[]).unwrap();
    let output = program(&[&run(&url, &ids)[..], &["--json"]].concat(), "");
    let result = told(&output);
    assert_eq!(output.status.code(), Some(1), "{result}");
    assert!(result["wrong"].as_u64() > Some(0) && result["wrong"] == result["by_status"]["404"], "{result}");
    assert!(result["by_status"]["200"].as_u64() > Some(0) && result["errors"] == 0, "{result}");

    client.batch_execute("DROP TABLE xinhe_load; CREATE TABLE xinhe_load (key int, value text)").unwrap();
    let output = program(&["fill", "--target", &url, "--ids", &ids], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("key integer, value text")
            && said(&output).contains("expected key text (primary key)")
    );
    assert_eq!(client.query_one("SELECT count(*) FROM xinhe_load", &[]).unwrap().get::<_, i64>(0), 0);
}

#[test]
fn a_postgresql_with_passwords_is_given_them_in_its_way() {
    let (base, folder) = (database::Server::start(), tempfile::tempdir().unwrap());
    let ids = keep(folder.path(), "ids", IDS);
    done(&["fill", "--target", &base.by_loopback(database::ROLE, "postgres"), "--ids", &ids]);
    let mut client = base.client();
    for (role, kept) in
        [(database::LOCKED, "scram-sha-256"), (database::DIGESTED, "md5"), (database::CLEAR, "scram-sha-256")]
    {
        let made = format!(
            "SET password_encryption = '{kept}'; CREATE ROLE {role} LOGIN PASSWORD 'abc'; GRANT SELECT ON xinhe_load TO {role}"
        );
        client.batch_execute(&made).unwrap();
        let url = base.by_loopback(role, "postgres");
        clean(&done(&[&run(&url, &ids)[..], &["--token", "abc"]].concat()));
        let output = program(&run(&url, &ids), "");
        assert!(said(&output).contains("asks for a password; give it with --token"), "{}", said(&output));
        let output = program(&[&run(&url, &ids)[..], &["--token", "wrong"]].concat(), "");
        assert!(said(&output).contains("28P01"), "{}", said(&output));
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_session_that_is_ended_is_opened_again() {
    let (base, folder) = (database::Server::start(), tempfile::tempdir().unwrap());
    let (ids, url) = (keep(folder.path(), "ids", IDS), base.by_loopback(database::ROLE, "postgres"));
    done(&["fill", "--target", &url, "--ids", &ids]);
    let mut client = base.client();
    let result = std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let arguments =
                ["run", "--target", &url, "--ids", &ids, "--duration", "4s", "--connections", "2", "--json"];
            told(&program(&arguments, ""))
        });
        let seen = "SELECT pid FROM pg_stat_activity WHERE application_name = 'xinhe-load'";
        let begun = Instant::now();
        while client.query(seen, &[]).unwrap().len() < 2 {
            assert!(begun.elapsed() < Duration::from_secs(30), "no sessions were opened");
            std::thread::sleep(Duration::from_millis(10));
        }
        // Those that are not open yet when the run begins are another matter.
        std::thread::sleep(Duration::from_secs(1));
        client.query(&seen.replace("pid", "pg_terminate_backend(pid)"), &[]).unwrap();
        run.join().unwrap()
    });
    assert!(
        result["answered"].as_u64() > Some(0) && result["counts"]["connects"].as_u64() > Some(0),
        "{result}"
    );
    assert_eq!((&result["wrong"], &result["timeouts"]), (&Value::from(0), &Value::from(0)), "{result}");
}

const SCENARIO: &str = r#"
name = "stores"
seed = 5
[load]
connections = 4
steps = [{ for = "1s", rate = 400 }]
[subjects]
persons = 0.5
misses = 0.2
[mix]
check = 8
search = 1
malformed = 1
"#;

#[test]
fn the_checks_of_a_scenario_are_asked_by_key_of_a_store_of_its_subjects() {
    let (redis, folder) = (Redis::start(&[]), tempfile::tempdir().unwrap());
    fs::create_dir(folder.path().join("subjects")).unwrap();
    let table = "SHXYM,ZJHM,MC\n91370402XNCN66KM3L,,枣庄示德宇广告有限公司\n,370491199608074890,杨幻仿\n";
    keep(&folder.path().join("subjects"), "a.csv", table);
    let (scenario, dataset) = (keep(folder.path(), "s.toml", SCENARIO), folder.path().to_str().unwrap());
    let url = redis.url();
    let about = ["--target", &url, "--scenario", &scenario, "--dataset", dataset];
    assert_eq!(done(&[&["fill"], &about[..]].concat())["keys"], 2);
    let result = done(&[&["run"], &about[..]].concat());
    assert_eq!((&result["wrong"], &result["errors"]), (&Value::from(0), &Value::from(0)), "{result}");
    assert_eq!(result["by_kind"].as_object().unwrap().keys().collect::<Vec<_>>(), ["check"]);
    // Who is not in the register is not in the store either, and that is right.
    let (found, missing) = (&result["by_status"]["200"], &result["by_status"]["404"]);
    assert!(found.as_u64() > Some(200) && missing.as_u64() > Some(40), "{result}");
    assert!(result["meant"]["workload"].as_str().unwrap().starts_with("checks only"), "{result}");
}

#[test]
fn a_server_of_checks_and_a_store_take_turns_over_the_same_subjects() {
    let (redis, folder) = (Redis::start(&[]), tempfile::tempdir().unwrap());
    let checks = Server::start(|_| Reply::Status(200));
    let (ids, url) = (keep(folder.path(), "ids", IDS), redis.url());
    let arguments = [
        "compare",
        &checks.url(""),
        &url,
        "--ids",
        &ids,
        "--rounds",
        "2",
        "--duration",
        "300ms",
        "--rate",
        "200",
    ];
    // An unfilled store is not compared.
    let output = program(&arguments, "");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("xinhe-load fill"), "{}", said(&output));
    done(&["fill", "--target", &url, "--ids", &ids]);
    // The token of the one is no hindrance for the other, which wants none.
    let result = done(&[&arguments[..], &["--token", "abc"]].concat());
    assert_eq!(result["kinds"], serde_json::json!(["HTTP", "Redis"]));
    assert_eq!(
        (&result["errors"], &result["wrong"]),
        (&serde_json::json!([0, 0]), &serde_json::json!([0, 0]))
    );
    assert!(result["figures"]["service_p50_us"]["b_to_a"].is_object(), "{result}");
    let seen = checks.seen();
    assert!(seen.iter().any(|seen| seen.body.contains("370491199608074890")));

    let sweep = [
        "sweep",
        "--target",
        &url,
        "--ids",
        &ids,
        "--duration",
        "200ms",
        "--from",
        "200",
        "--to",
        "400",
        "--repeats",
        "1",
    ];
    let result = done(&[&sweep[..], &["--p999", "5s"]].concat());
    assert_eq!(
        (&result["highest_rate"], &result["target_kind"]),
        (&Value::from(400.0), &Value::from("Redis"))
    );
}

#[test]
fn an_http_server_of_files_is_asked_by_key() {
    let folder = tempfile::tempdir().unwrap();
    let ids = keep(folder.path(), "ids", IDS);
    let files = Server::start(|number| if number % 3 == 1 { Reply::Status(404) } else { Reply::Status(200) });
    let output =
        program(&[&run(&files.url("/values/{key}"), &ids)[..], &["--json", "--token", "abc"]].concat(), "");
    let result = told(&output);
    assert!(output.status.code() == Some(1) && result["wrong"] == result["by_status"]["404"], "{result}");
    let seen = files.seen();
    assert_eq!(seen[0].line, "GET /values/91110000600037341L HTTP/1.1");
    assert_eq!(seen[0].headers["authorization"], "Bearer abc");
    assert!(seen.iter().all(|seen| !seen.line.contains("370491199608074890")));
}

#[test]
fn a_server_of_another_kind_is_told_apart() {
    let (redis, folder) = (Redis::start(&[]), tempfile::tempdir().unwrap());
    let checks = Server::start(|_| Reply::Status(200));
    let ids = keep(folder.path(), "ids", IDS);
    for (target, kind) in [
        (format!("redis://{}", checks.address), "Redis"),
        (format!("postgres://u@{}/d", checks.address), "PostgreSQL"),
        (format!("postgres://u@127.0.0.1:{}/d", redis.port), "PostgreSQL"),
    ] {
        let output = program(&[&run(&target, &ids)[..], &["--timeout", "500ms"]].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{target}");
        assert!(said(&output).contains(&format!("expected a server of {kind} there")), "{}", said(&output));
    }
}

#[test]
fn what_a_store_cannot_be_asked_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let ids = keep(folder.path(), "ids", IDS);
    let scenario = keep(folder.path(), "s.toml", &SCENARIO.replace("check = 8\n", ""));
    for (arguments, expected) in [
        (vec!["run", "--target", "redis://h"], "asked by key"),
        (vec!["run", "--target", "redis://h", "--ids", &ids, "--verify", "d"], "--verify"),
        (vec!["run", "--target", "http://h/{key}"], "asked by key"),
        (vec!["run", "--target", "redis://h", "--scenario", &scenario], "no checks"),
        (vec!["run", "--target", "redis://u:hush@h", "--ids", &ids], "--token"),
        (vec!["fill", "--target", "redis://h"], "--ids"),
        (vec!["fill", "--target", "http://h", "--ids", &ids], "expected redis://"),
        (vec!["fill", "--target", "redis://h", "--ids", "-", "--token", "-"], "one standard input"),
    ] {
        let output = program(&arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    }
    let output = program(&["fill", "--help"], "");
    assert!(String::from_utf8(output.stdout).unwrap().contains("xinhe-load fill --target redis://"));
}
