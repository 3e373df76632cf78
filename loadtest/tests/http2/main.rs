//! The program over HTTP/2, against a real server of it: what callers would have waited, and every request told.

// Tests say what they expect by unwrapping, in their helpers too.
#![allow(clippy::unwrap_used)]

#[path = "../server/mod.rs"]
mod http1;
mod server;

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;

use server::{Reply, Server};

const MANY: u32 = 1000;

fn run(target: &str, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xinhe-load"));
    command.args(["run", "--target", target, "--http2", "--json"]).args(options);
    command.stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Exit 0, and the result.
fn result(server: &Server, options: &[&str]) -> Value {
    let output = run(&format!("http://{}/v1/release", server.address), options);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn count(result: &Value, field: &str) -> u64 {
    result[field].as_u64().unwrap_or_else(|| panic!("{field} is no count in {result}"))
}

/// Of the starts of a schedule, none is left out in silence.
fn all_told(result: &Value, starts: u64) {
    let told = ["answered", "timeouts", "dropped"].map(|field| count(result, field)).iter().sum::<u64>();
    let broken = count(&result["counts"], "broken") + count(&result["counts"], "streams_refused");
    assert_eq!(told + broken, starts, "{result}");
}

#[test]
fn several_requests_at_a_time_go_over_each_connection() {
    let server = Server::start(MANY, None, |_| Reply::After(Duration::from_millis(30)));
    let result = result(&server, &["--connections", "2", "--streams", "4", "--duration", "600ms"]);
    let seen = server.seen();
    assert_eq!((server.most_at_a_time(), server.connections()), (8, 2));
    assert_eq!(count(&result, "answered"), seen.len() as u64);
    assert!(seen.len() > 16 && count(&result, "errors") == 0, "{result}");
    assert_eq!((count(&result, "streams"), &result["by_status"]["200"]), (4, &result["answered"]));
    assert!(count(&result["counts"], "bytes_in") > 0 && count(&result["counts"], "bytes_out") > 0);
    let uri = format!("http://{}/v1/release", server.address);
    assert!(seen.iter().all(|seen| seen.method == "GET" && seen.uri == uri), "{:?}", seen[0]);
}

#[test]
fn bodies_and_tokens_go_with_them() {
    let server = Server::start(MANY, None, |number| Reply::Status([200, 503, 404][number % 3]));
    let folder = tempfile::tempdir().unwrap();
    let ids = folder.path().join("ids");
    // One that no window of 64 KiB takes at once.
    let long = format!("{{\"n\":\"{}\"}}", "x".repeat(200_000));
    std::fs::write(&ids, format!("{{\"n\":0}}\n{long}\n")).unwrap();
    let options = ["--ids", ids.to_str().unwrap(), "--token", "abc", "--rate", "100", "--duration", "600ms"];
    let result = result(&server, &[&options[..], &["--connections", "1"]].concat());
    all_told(&result, 60);
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.method == "POST" && seen.token.as_deref() == Some("Bearer abc")));
    for body in ["{\"n\":0}", &long] {
        assert!(seen.iter().filter(|seen| seen.body == body).count() >= 5, "{} bytes", body.len());
    }
    assert_eq!(result["refused"], result["by_status"]["503"]);
    assert_eq!(result["counts"]["statuses"], result["by_status"]["404"]);
}

/// One stall is felt by all that had to wait behind it: in their place of a stream, or for one.
#[test]
fn a_stall_shows_in_the_response_time_of_those_that_waited() {
    let server = Server::start(MANY, None, |number| match number {
        10 => Reply::Stall(Duration::from_millis(500)),
        _ => Reply::Status(200),
    });
    let options = ["--connections", "1", "--streams", "2", "--rate", "100", "--duration", "1s"];
    let result = result(&server, &options);
    all_told(&result, 100);
    let p90 = |latency: &str| result[latency]["p90"].as_f64().unwrap();
    assert!(p90("response_time_us") > 150_000.0, "{result}");
    assert!(p90("service_time_us") < 100_000.0, "two streams met the stall: {result}");
}

#[test]
fn a_server_that_says_goaway_is_left_in_good_order() {
    let server = Server::start(MANY, None, |number| {
        if number % 50 == 20 { Reply::GoAway } else { Reply::After(Duration::from_millis(5)) }
    });
    let options = ["--connections", "2", "--streams", "8", "--rate", "300", "--duration", "1s"];
    let result = result(&server, &options);
    all_told(&result, 300);
    // What the server had taken it answers; what it had not is told with the reason.
    assert!(count(&result, "answered") >= 150, "{result}");
    assert!(count(&result["counts"], "connects") >= 4, "{result}");
    assert!(
        result["reasons"].as_object().unwrap().keys().all(|reason| reason.contains("GOAWAY")),
        "{result}"
    );
}

#[test]
fn a_connection_that_is_cut_fails_all_that_was_under_way_and_is_opened_again() {
    let server = Server::start(MANY, None, |number| {
        if number == 60 { Reply::Cut } else { Reply::After(Duration::from_millis(20)) }
    });
    let options = ["--connections", "1", "--streams", "8", "--rate", "200", "--duration", "1s"];
    let result = result(&server, &options);
    all_told(&result, 200);
    assert!((1..=8).contains(&count(&result["counts"], "broken")), "{result}");
    assert!(count(&result, "answered") > 100 && count(&result["counts"], "connects") == 1, "{result}");
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_stream_that_is_reset_or_waits_too_long_is_alone_in_it() {
    let server = Server::start(MANY, None, |number| match number {
        5 => Reply::Reset,
        9 => Reply::Nothing,
        _ => Reply::Status(200),
    });
    let options =
        ["--connections", "1", "--streams", "4", "--rate", "100", "--duration", "1s", "--timeout", "300ms"];
    let result = result(&server, &options);
    all_told(&result, 100);
    assert_eq!((count(&result["counts"], "broken"), count(&result, "timeouts")), (1, 1), "{result}");
    assert!(
        result["reasons"].as_object().unwrap().keys().all(|reason| reason.contains("RST_STREAM")),
        "{result}"
    );
    assert_eq!(count(&result["counts"], "connects"), 0);
}

/// Refuses every third stream, as a server does that takes no more; it has done nothing then.
fn refusing() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let mut number = 0;
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                number += 1;
                if number % 3 == 0 {
                    respond.send_reset(h2::Reason::REFUSED_STREAM);
                } else {
                    respond.send_response(http::Response::new(()), true).unwrap();
                }
            }
        });
    });
    address
}

#[test]
fn refused_streams_are_counted() {
    let address = refusing();
    let output =
        run(&format!("http://{address}/"), &["--connections", "1", "--rate", "90", "--duration", "1s"]);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    all_told(&result, 90);
    let refused = count(&result["counts"], "streams_refused");
    assert!(refused > 0 && refused == count(&result, "errors"), "{result}");
    let (reason, told) = result["reasons"].as_object().unwrap().iter().next().unwrap();
    assert!(reason.contains("REFUSED_STREAM") && told.as_u64() == Some(refused), "{result}");
}

#[test]
fn a_server_that_allows_fewer_streams_is_taken_at_its_word() {
    let server = Server::start(3, None, |_| Reply::After(Duration::from_millis(20)));
    let result = result(&server, &["--connections", "1", "--duration", "500ms"]);
    assert_eq!((count(&result, "streams"), count(&result, "errors")), (3, 0), "{result}");
    assert_eq!((server.most_at_a_time(), count(&result["meant"], "streams")), (3, 16));
    assert!(result["notes"].to_string().contains("allows 3 streams on a connection, not 16"), "{result}");
}

#[test]
fn connections_come_and_go_where_a_scenario_says_so() {
    let server = Server::start(MANY, None, |_| Reply::Status(200));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("subjects")).unwrap();
    let table = "SHXYM,ZJHM,MC\n91370402XNCN66KM3L,,枣庄示德宇广告有限公司\n";
    std::fs::write(folder.path().join("subjects/a.csv"), table).unwrap();
    let scenario = folder.path().join("s.toml");
    let text = "name = \"s\"\n[load]\nconnections = 1\nhttp2 = true\nstreams = 4\nrequests_per_connection = 20\n\
                steps = [{ for = \"1s\", rate = 200 }]\n[mix]\ncheck = 3\nmalformed = 1\n";
    std::fs::write(&scenario, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xinhe-load"));
    command.args(["run", "--json", "--target", &format!("http://{}", server.address), "--scenario"]);
    let output =
        command.arg(&scenario).arg("--dataset").arg(folder.path()).stdin(Stdio::null()).output().unwrap();
    let result: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    assert_eq!(count(&result["counts"], "broken"), 0, "{result}");
    // What is wrong on purpose was sent too, and this server refuses nothing.
    assert!(count(&result["by_kind"]["malformed"], "unexpected") > 10, "{result}");
    assert!(server.connections() >= 5, "{}", server.connections());
}

#[test]
fn two_servers_are_compared_and_one_is_swept() {
    let servers =
        [1, 5].map(|ms| Server::start(MANY, None, move |_| Reply::After(Duration::from_millis(ms))));
    let [a, b] = servers.each_ref().map(|server| format!("http://{}/", server.address));
    let program = |arguments: &[&str]| -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xinhe-load"));
        command.args(arguments).args(["--http2", "--connections", "1", "--duration", "300ms", "--json"]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let compared = program(&["compare", &a, &b, "--rate", "100", "--rounds", "2"]);
    assert_eq!(compared["errors"], serde_json::json!([0, 0]), "{compared}");
    assert!(compared["figures"]["service_p50_us"]["b"][0].as_f64() > Some(4000.0), "{compared}");
    let swept =
        program(&["sweep", "--target", &a, "--p999", "5s", "--from", "100", "--to", "200", "--repeats", "1"]);
    assert_eq!(swept["highest_rate"], 200.0, "{swept}");
}

fn certified(protocols: &[&[u8]]) -> (ServerConfig, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config =
        builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    (config, made.cert.pem())
}

#[test]
fn under_tls_it_is_agreed_upon_by_alpn() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    for (protocols, speaks) in [(&[&b"h2"[..], b"http/1.1"][..], true), (&[b"http/1.1"], false), (&[], false)]
    {
        let (config, pem) = certified(protocols);
        std::fs::write(&ca, pem).unwrap();
        let server = Server::start(MANY, Some(config), |_| Reply::Status(200));
        let url = format!("https://{}/", server.address);
        let options =
            ["--ca", ca.to_str().unwrap(), "--connections", "2", "--rate", "200", "--duration", "500ms"];
        let output = run(&url, &options);
        if speaks {
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            let result: Value = serde_json::from_slice(&output.stdout).unwrap();
            all_told(&result, 100);
            assert!(count(&result, "errors") == 0 && server.seen()[0].uri == url, "{result}");
        } else {
            assert_eq!(output.status.code(), Some(1), "{protocols:?}");
            assert!(
                said(&output).contains("h2 by ALPN") && said(&output).contains("--http2"),
                "{}",
                said(&output)
            );
        }
    }
}

#[test]
fn a_server_of_another_protocol_is_told_apart() {
    let server = http1::Server::start(|_| http1::Reply::Status(200));
    let output = run(&server.url("/"), &["--duration", "1s", "--timeout", "1s"]);
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("does not speak HTTP/2") && said.contains("leave out --http2"), "{said}");
}

#[test]
fn what_only_http2_has_is_refused_elsewhere() {
    let program = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_xinhe-load")).args(arguments).stdin(Stdio::null()).output().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let ids = folder.path().join("ids");
    std::fs::write(&ids, "91110000600037341L\n").unwrap();
    for (arguments, expected) in [
        (&["run", "--target", "http://h", "--streams", "4"][..], "give --http2 too"),
        (&["run", "--target", "http://h", "--http2", "--streams", "0"], "1..=1000"),
        (
            &["run", "--target", "redis://h", "--http2", "--ids", ids.to_str().unwrap()],
            "does not speak HTTP/2",
        ),
    ] {
        let output = program(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(said(&output).contains(expected), "{}", said(&output));
    }
}
