//! Starting: without a store, without anything, after a kill.

use super::{FINED, Site, ask, damage, status, trouble, wait_for};
use crate::support::client::{get, post};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn the_last_good_release_is_served_where_the_store_cannot_be_reached() {
    let site = Site::new();
    let first = site.publish();
    drop(site.serve(&[]));
    fs::rename(site.at("store"), site.at("elsewhere")).unwrap();
    let server = site.serve(&[]);
    assert_eq!(status(server.ops)["follow"]["serving"], first.as_str());
    assert!(trouble(server.ops, "store").unwrap().contains("no such folder"));
    ask(server.api, FINED);
    drop(server);
    // A copy that was damaged is not served, but fetched again as soon as that is possible.
    damage(&site.cache().join("releases").join(&first).join("part-00001.xinhe"));
    let mut waiting = site.begin(&[]);
    wait_for("live", || std::net::TcpStream::connect(waiting.ops).ok());
    let told = wait_for("why", || trouble(waiting.ops, "release"));
    assert!(told.contains(&first), "{told}");
    assert_eq!(get(waiting.ops, "/ready").status, 503);
    fs::rename(site.at("elsewhere"), site.at("store")).unwrap();
    let mut line = String::new();
    BufReader::new(waiting.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("\"ready\""), "{line}");
    ask(waiting.api, FINED);
}

#[test]
fn with_nothing_to_serve_it_waits_and_says_so() {
    let site = Site::new();
    let mut waiting = site.begin(&[]);
    wait_for("live", || std::net::TcpStream::connect(waiting.ops).ok());
    assert_eq!(get(waiting.ops, "/live").status, 200);
    let ready = get(waiting.ops, "/ready");
    assert_eq!((ready.status, ready.body.as_slice()), (503, &b"not ready: no release is served yet\n"[..]));
    let refused = post(waiting.api, "/v1/checks", &format!(r#"{{"subject":{{"id":"{FINED}"}}}}"#));
    assert_eq!((refused.problem().1.as_str(), refused.header("retry-after")), ("not_ready", Some("1")));
    assert_eq!(get(waiting.api, "/v1/release").problem().1, "not_ready");
    let told = wait_for("why", || trouble(waiting.ops, "store"));
    assert!(told.contains("no such folder"), "{told}");
    let first = site.publish();
    let mut line = String::new();
    BufReader::new(waiting.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("\"ready\"") && line.contains("2026-11-20.1"), "{line}");
    assert_eq!(status(waiting.ops)["follow"]["serving"], first.as_str());
    assert_eq!(get(waiting.ops, "/ready").status, 200);
}

#[test]
fn it_can_be_stopped_while_it_waits() {
    let site = Site::new();
    let mut waiting = site.begin(&[]);
    wait_for("live", || std::net::TcpStream::connect(waiting.ops).ok());
    std::process::Command::new("kill").arg(waiting.child.id().to_string()).status().unwrap();
    assert_eq!(waiting.child.wait().unwrap().code(), Some(0));
}

#[test]
fn killed_at_any_moment_of_a_fetch_the_next_start_serves() {
    const KILLS: u32 = 16;
    let site = Site::new();
    let first = site.publish();
    let begun = Instant::now();
    drop(site.serve(&[]));
    let whole = begun.elapsed();
    let mut unfinished = 0;
    for turn in 0..KILLS {
        fs::remove_dir_all(site.cache()).unwrap_or_default();
        let mut child = site.command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Spread over the whole start.
        std::thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * f64::from(turn) / f64::from(KILLS)));
        child.kill().unwrap();
        child.wait().unwrap();
        unfinished += u32::from(!site.cache().join("releases").join(&first).exists());
        let server = site.serve(&[]);
        assert_eq!(status(server.ops)["follow"]["serving"], first.as_str());
        ask(server.api, FINED);
        let names = fs::read_dir(site.cache().join("releases")).unwrap();
        let left: Vec<String> = names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
        assert!(left.iter().all(|name| name == &first || name == ".lock"), "{left:?}");
    }
    assert!(unfinished > 0, "all {KILLS} were killed too late");
}
