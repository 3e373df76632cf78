//! What callers are told.

use crate::support::client::{Connection, get, post, post_bytes};
use crate::support::server::Server;
use serde_json::Value;

/// Two penalties, three list entries, a broken commitment and an adverse state.
const MANY_HITS: &str =
    r#"{"subject":{"id":"91370402MA3T006317","name":"枣庄命中排序试验有限公司"},"matter":"370402-000131"}"#;

/// 卫两读, whom the register knows.
const PERSON: &str = "370400190103160185";
/// A number that nobody has.
const STRANGER: &str = "360426199101010071";

#[test]
fn a_check_is_answered_with_every_field_in_its_place() {
    let server = Server::start(&[]);
    let reply = post(server.api, "/v1/checks", MANY_HITS);
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    let text = String::from_utf8(reply.body.clone()).unwrap_or_default();
    let mut at = 0;
    for field in ["check_id", "verdict", "subject", "hits", "measures", "facilitation", "evaluations", "data"]
    {
        let place = text.find(&format!("\"{field}\":")).unwrap_or_else(|| panic!("no {field}"));
        assert!(place >= at, "{field} stands too early");
        at = place;
    }
    let json = reply.json();
    assert_eq!(json["verdict"], "restricted");
    assert_eq!(json["measures"][0]["code"], "GP-77");
    assert_eq!(json["hits"].as_array().map(Vec::len), Some(7));
    let id = json["check_id"].as_str().unwrap_or_default();
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()), "{id}");
    let again = post(server.api, "/v1/checks", MANY_HITS).json();
    assert_ne!(again["check_id"], json["check_id"]);
    assert_eq!(again["hits"], json["hits"]);
}

#[test]
fn many_requests_share_a_connection_and_all_workers_answer() {
    let server = Server::start(&["workers.count=2"]);
    let mut connections = [Connection::open(server.api), Connection::open(server.api)];
    for _ in 0..50 {
        for connection in &mut connections {
            connection.send(&post_bytes("/v1/checks", "application/json; charset=utf-8", MANY_HITS));
            assert_eq!(connection.reply().json()["verdict"], "restricted");
        }
    }
    // Two requests in one packet.
    let both = post_bytes("/v1/checks", "application/json", MANY_HITS).repeat(2);
    connections[0].send(&both);
    assert_eq!((connections[0].reply().status, connections[0].reply().status), (200, 200));
    assert_eq!(get(server.ops, "/status").json()["connections"], 2);
}

#[test]
fn an_unknown_person_and_a_wrong_name_are_told_alike() {
    let server = Server::start(&[]);
    let ask = |id: &str, name: &str| {
        let body = format!(r#"{{"subject":{{"id":"{id}","name":"{name}"}}}}"#);
        let mut json = post(server.api, "/v1/checks", &body).json();
        json["check_id"] = Value::Null;
        json
    };
    assert_ne!(ask(PERSON, "卫两读")["verdict"], "unknown");
    let masked = ask(PERSON, "卫*读");
    let wrong = ask(PERSON, "张试三");
    assert_eq!(masked["verdict"], "unknown", "a masked name is no name");
    assert_eq!(wrong, masked);
    assert_eq!(wrong["subject"].as_object().map(serde_json::Map::len), Some(2));
    assert_eq!(wrong["subject"]["id"], "3704**********0185");
    let mut nobody = ask(STRANGER, "张试三");
    nobody["subject"]["id"] = wrong["subject"]["id"].clone();
    assert_eq!(nobody, wrong);
}

#[test]
fn the_release_and_the_catalogue_are_told() {
    let server = Server::start(&[]);
    let release = get(server.api, "/v1/release").json();
    assert_eq!((&release["release"], &release["as_of"]), (&"2026-11-20.1".into(), &"2026-11-20".into()));
    assert_eq!((&release["corrections"], &release["age_days"]), (&0.into(), &0.into()));
    assert!(release["counts"]["subjects"]["enterprise"].as_u64() > Some(10));
    assert!(
        release["sources"].as_array().is_some_and(|sources| sources.iter().all(|one| one["stale"] == false))
    );
    let lists = get(server.api, "/v1/catalog/lists").json();
    let codes: Vec<&Value> =
        lists["lists"].as_array().into_iter().flatten().map(|list| &list["code"]).collect();
    assert!(codes.contains(&&"dishonest-judgment-debtor".into()));
    let measures = get(server.api, "/v1/catalog/measures").json();
    assert!(
        measures["measures"].as_array().is_some_and(|all| all.iter().all(|one| one["basis"][0].is_string()))
    );
    let matters = get(server.api, "/v1/catalog/matters").json();
    assert!(
        matters["matters"].as_array().is_some_and(|all| all.iter().all(|one| one["persons"].is_string()))
    );
}

#[test]
fn organisations_are_found_by_name() {
    let server = Server::start(&[]);
    let found = post(server.api, "/v1/subjects/search", r#"{"name":"枣庄命中排序","limit":3}"#).json();
    assert_eq!(found["subjects"][0]["id"], "91370402MA3T006317");
    assert_eq!(found["subjects"][0]["rank"], "prefix");
    assert_eq!(found["data"]["release"], "2026-11-20.1");
}

#[test]
fn detail_shows_the_sections_asked_for() {
    let server = Server::start(&[]);
    let subject = r#""subject":{"id":"91370402MA3T006317"}"#;
    let some =
        post(server.api, "/v1/subjects/detail", &format!(r#"{{{subject},"sections":["penalty","list"]}}"#));
    let json = some.json();
    assert_eq!(json["subject"]["found"], true);
    let sections: Vec<&String> =
        json["sections"].as_object().into_iter().flat_map(|map| map.keys()).collect();
    assert_eq!(sections, ["list", "penalty"]);
    assert_eq!(json["sections"]["list"].as_array().map(Vec::len), Some(4));
    let all = post(server.api, "/v1/subjects/detail", &format!("{{{subject}}}")).json();
    assert_eq!(all["sections"].as_object().map(serde_json::Map::len), Some(9));
    let ask = |id: &str| {
        let body = format!(r#"{{"subject":{{"id":"{id}","name":"张试三"}}}}"#);
        post(server.api, "/v1/subjects/detail", &body)
    };
    let told = [ask(PERSON), ask(STRANGER)];
    assert_eq!(told[0].problem().1, "not_found");
    assert_eq!(told[0].body, told[1].body);
}
