//! A server that is killed under load, again and again: who was answered finds the receipt.

use super::{PERSON, check, server};
use crate::support::client::{Connection, get, post_bytes};
use crate::support::xinhe;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use xinhe::audit::entry::Body;
use xinhe::audit::{Id, read_all};

/// How often the server is killed, unless `XINHE_KILLS` says otherwise.
const KILLS: usize = 200;
const CALLERS: usize = 4;

/// Asks until the server is gone. Tells the names of the checks that were answered. The request that was not answered is
/// made again by the next caller, as a careful program does.
fn ask(api: SocketAddr, caller: usize, next: &mut u64, killed: &AtomicBool) -> Vec<String> {
    let mut answered = Vec::new();
    let mut connection = Connection::open(api);
    loop {
        let subject = match *next % 3 {
            0 => format!(r#"{{"id":"{}","name":"{}"}}"#, PERSON.0, PERSON.1),
            _ => r#"{"id":"91370402MA3T006317"}"#.to_owned(),
        };
        let body = format!(r#"{{"subject":{subject},"request_id":"{caller}-{next}"}}"#);
        let reply = connection
            .try_send(&post_bytes("/v1/checks", "application/json", &body))
            .then(|| connection.try_reply().ok())
            .flatten();
        let Some(reply) = reply else {
            assert!(killed.load(Ordering::Acquire), "no reply from a server that lives");
            return answered;
        };
        assert_eq!(reply.status, 200);
        answered.push(reply.json()["check_id"].as_str().unwrap().to_owned());
        *next += 1;
    }
}

#[test]
fn every_answered_check_is_in_the_log_however_often_the_server_is_killed() {
    let kills = std::env::var("XINHE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let folder = tempfile::tempdir().unwrap();
    let more = ["audit.segment=64KiB"];
    let mut answered = Vec::new();
    let mut next = [0u64; CALLERS];
    for round in 0..kills {
        let running = server(folder.path(), &more);
        let killed = AtomicBool::new(false);
        answered.extend(std::thread::scope(|threads| {
            let ask = |(caller, next)| {
                let (api, killed) = (running.api, &killed);
                threads.spawn(move || ask(api, caller, next, killed))
            };
            let callers: Vec<_> = next.iter_mut().enumerate().map(ask).collect();
            std::thread::sleep(Duration::from_millis(20 + 13 * (round as u64 % 7)));
            killed.store(true, Ordering::Release);
            running.signal("-KILL");
            callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect::<Vec<String>>()
        }));
    }
    assert!(answered.len() > kills, "hardly anything was answered");
    let last = server(folder.path(), &more);
    let (id, _) = check(&last, r#"{"subject":{"id":"91370402MA3T006317"},"request_id":"last"}"#);
    answered.push(id);
    let told = xinhe(["audit".as_ref(), "verify".as_ref(), folder.path().as_os_str(), "--json".as_ref()]);
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stdout));
    let (mut there, mut requests) = (HashSet::new(), HashSet::new());
    read_all(folder.path(), |stored| {
        there.insert(stored.id);
        assert!(matches!(stored.entry.body, Body::Check(_)));
        requests.insert(stored.entry.request_id.to_owned());
    })
    .unwrap();
    for id in &answered {
        assert!(there.contains(&Id::parse(id).unwrap()), "{id} was answered and has no receipt");
    }
    let usage = get(last.api, "/v1/usage?from=2026-11-20&to=2026-11-20").json();
    assert_eq!(usage["total"]["checks"], requests.len());
}
