//! Too much at once: what is over a bound is refused at once, and the rest is answered.

use crate::support::client::{Connection, post_bytes, post_with};
use crate::support::clients::{ask, check, client, guarded, soon};
use crate::support::server::Server;
use std::time::{Duration, Instant};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier};

const CHECK: &str = r#"{"subject":{"id":"91370402MA3T006317"}}"#;

/// Citizens' numbers that are valid and that nobody has.
fn strangers() -> impl Iterator<Item = String> {
    let today = Day::from_ymd(2026, 11, 20).unwrap();
    (0..)
        .flat_map(move |serial: u32| {
            let begun = format!("36042619910101{:03}", serial % 1000);
            "0123456789X".chars().map(move |last| format!("{begun}{last}"))
        })
        .filter(move |number| Identifier::parse(IdKind::Citizen, number, today).is_ok())
}

fn person(id: &str, name: &str) -> String {
    format!(r#"{{"subject":{{"id":"{id}","name":"{name}","id_type":"citizen"}},"matter":"370402-000131"}}"#)
}

#[test]
fn a_client_asks_as_often_as_its_rate_allows() {
    let clients =
        [client("slow", "matters = [\"*\"]\nrate_per_second = 3"), client("fast", "matters = [\"*\"]")];
    let server = guarded(&clients.concat(), &[]);
    let mut told: Vec<_> = (0..30).map(|_| ask(&server, "slow", "/v1/checks", CHECK)).collect();
    told.retain(|reply| reply.status != 200);
    assert!(!told.is_empty() && told.len() <= 27, "{}", told.len());
    for reply in &told {
        assert_eq!(
            (reply.problem().1.as_str(), reply.header("retry-after")),
            ("too_many_requests", Some("1"))
        );
    }
    assert!((0..30).all(|_| check(&server, "fast", CHECK).0 == 200), "others are not held up");
    soon("after a while it may ask again", || check(&server, "slow", CHECK).0 == 200);
    let line = "xinhe_client_problems_total{code=\"too_many_requests\",client=\"slow\"}";
    assert!(server.metrics().contains(line));
}

#[test]
fn a_client_asks_for_so_many_persons_a_day() {
    let server = guarded(&client("hall", "matters = [\"370402-*\"]\npersons_per_day = 3"), &[]);
    let numbers: Vec<String> = strangers().take(4).collect();
    let ask = |number: &str| ask(&server, "hall", "/v1/checks", &person(number, "张试三"));
    for number in [0, 1, 0, 2, 1] {
        assert_eq!(ask(&numbers[number]).status, 200);
    }
    let fourth = ask(&numbers[3]);
    assert_eq!(fourth.problem().1, "too_many_requests");
    let wait: u32 = fourth.header("retry-after").unwrap_or_default().parse().unwrap();
    assert!((1..=86_400).contains(&wait));
    assert_eq!(ask(&numbers[0]).status, 200, "who was asked for may be asked for again");
    let firm = r#"{"subject":{"id":"91370402MA3T006317"},"matter":"370402-000131"}"#;
    assert_eq!(check(&server, "hall", firm).0, 200);
}

#[test]
fn who_guesses_persons_is_slowed_and_reported() {
    let keys = "matters = [\"370402-*\"]";
    let server = guarded(
        &[client("guesser", keys), client("hall", keys)].concat(),
        &["limits.person_misses_max=10", "workers.count=1"],
    );
    let told: Vec<u16> =
        strangers().take(40).map(|one| check(&server, "guesser", &person(&one, "张试三")).0).collect();
    assert!(told[..10].iter().all(|status| *status == 200), "{told:?}");
    assert!(told[10..].iter().filter(|status| **status == 429).count() >= 10, "{told:?}");
    assert_eq!(check(&server, "hall", &person("370400190103160185", "卫两读")).0, 200);
    let firm = r#"{"subject":{"id":"91370402MA3T006317"},"matter":"370402-000131"}"#;
    assert_eq!(check(&server, "guesser", firm).0, 200, "only checks of persons are slowed");
    let metrics = server.metrics();
    assert!(
        metrics.contains("xinhe_client_guessing_total{of=\"persons\",client=\"guesser\"} 1"),
        "{metrics}"
    );
    assert!(!metrics.contains("guessing_total{of=\"persons\",client=\"hall\"}"), "{metrics}");
    server.terminate();
    let (_, _, words) = server.end();
    assert_eq!(words.matches("its checks of persons are slowed").count(), 1, "{words}");
}

/// A request whose body never ends.
fn unfinished(token: &str) -> String {
    let whole = post_with("/v1/checks", &format!("Authorization: Bearer {token}"), CHECK);
    whole[..whole.len() - 5].to_owned()
}

#[test]
fn a_client_with_too_many_requests_at_hand_is_refused_and_others_are_not() {
    let clients = [client("greedy", "matters = [\"*\"]"), client("hall", "matters = [\"*\"]")].concat();
    let server = guarded(&clients, &["limits.client_requests_max=2", "workers.count=1"]);
    let mut held: Vec<Connection> = (0..2).map(|_| Connection::open(server.api)).collect();
    held.iter_mut().for_each(|connection| connection.send(&unfinished("greedy")));
    soon("a third is refused", || check(&server, "greedy", CHECK) == (503, "overloaded".to_owned()));
    let told = ask(&server, "greedy", "/v1/checks", CHECK);
    assert_eq!(told.header("retry-after"), Some("1"));
    assert_eq!(check(&server, "hall", CHECK).0, 200);
    held[0].send(&CHECK[CHECK.len() - 5..]);
    assert_eq!(held[0].reply().status, 200, "what was accepted is answered");
    assert_eq!(check(&server, "greedy", CHECK).0, 200);
}

#[test]
fn too_many_requests_at_hand_of_all_are_refused() {
    let server = Server::start(&["limits.requests_max=2", "workers.count=1"]);
    let whole = post_bytes("/v1/checks", "application/json", CHECK);
    let mut held: Vec<Connection> = (0..2).map(|_| Connection::open(server.api)).collect();
    held.iter_mut().for_each(|connection| connection.send(&whole[..whole.len() - 5]));
    let status = || crate::support::client::post(server.api, "/v1/checks", CHECK).status;
    soon("a third is refused", || status() == 503);
    held[0].send(&whole[whole.len() - 5..]);
    assert_eq!(held[0].reply().status, 200);
    assert_eq!(status(), 200);
}

#[test]
fn a_caller_that_does_not_wait_after_overload_is_made_to() {
    let clients = [client("greedy", "matters = [\"*\"]"), client("hall", "matters = [\"*\"]")].concat();
    let server = guarded(&clients, &["limits.client_requests_max=1", "workers.count=1"]);
    let mut held = Connection::open(server.api);
    held.send(&unfinished("greedy"));
    soon("a second is refused", || check(&server, "greedy", CHECK) == (503, "overloaded".to_owned()));
    let again = post_with("/v1/checks", "Authorization: Bearer greedy", CHECK);
    let mut hasty = Connection::open(server.api);
    let began = Instant::now();
    for _ in 0..4 {
        hasty.send(&again);
        let told = hasty.reply();
        assert_eq!((told.status, told.header("retry-after")), (503, Some("1")));
        // Others are answered meanwhile, on connections of their own.
        assert_eq!(check(&server, "hall", CHECK).0, 200);
    }
    // The first is refused at once, each of the others after a rest.
    assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
    held.send(&CHECK[CHECK.len() - 5..]);
    assert_eq!(held.reply().status, 200, "what was accepted is answered");
    hasty.send(&again);
    assert_eq!(hasty.reply().status, 200, "and so is whoever was refused, once there is room");
}

#[test]
fn who_does_not_read_its_replies_is_cut() {
    let server = Server::start(&["limits.write_timeout=300ms"]);
    let mut deaf = Connection::open(server.api);
    let many = "GET /v1/catalog/measures HTTP/1.1\r\nHost: x\r\n\r\n".repeat(500);
    let cut = (0..1000).any(|_| {
        let sent = deaf.try_send(&many);
        std::thread::sleep(Duration::from_millis(5));
        !sent
    });
    assert!(cut, "it is not read from for ever");
    assert!(server.metrics().contains("xinhe_connections_cut_total 1"), "{}", server.metrics());
    assert_eq!(crate::support::client::post(server.api, "/v1/checks", CHECK).status, 200);
}
