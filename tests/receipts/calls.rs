//! What callers do with receipts: read them, say what was done, take it back, count.

use super::{MANY_HITS, check, feedback, kinds, receipt, server, total};
use crate::support::client::{get, post, request};
use serde_json::json;
use xinhe::audit::entry::Kind;

#[test]
fn every_answer_leaves_an_entry_and_no_refusal_does() {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit");
    let server = server(&audit, &[]);
    let (id, _) = check(&server, MANY_HITS);
    assert_eq!(post(server.api, "/v1/subjects/search", r#"{"name":"枣庄"}"#).status, 200);
    let subject = r#"{"subject":{"id":"91370402MA3T006317"}}"#;
    assert_eq!(post(server.api, "/v1/subjects/detail", subject).status, 200);
    assert_eq!(post(server.api, "/v1/checks", r#"{"subject":{"id":"1"}}"#).status, 422);
    let given = feedback(&server, &id, &json!({"items": [{"measure": "GP-77", "outcome": "enforced"}]}));
    let given = given.json()["feedback_id"].as_str().unwrap().to_owned();
    let cancelled = post(server.api, &format!("/v1/feedback/{given}/cancel"), r#"{"reason":"误报"}"#);
    assert_eq!(cancelled.status, 200);
    // The entries are there before the replies leave: the server still runs.
    assert_eq!(kinds(&audit), [Kind::Check, Kind::Search, Kind::Detail, Kind::Feedback, Kind::Cancel]);
    let metrics = String::from_utf8(get(server.ops, "/metrics").body).unwrap();
    assert!(
        metrics.contains("xinhe_receipts_total 5") && metrics.contains("xinhe_receipts_backlog 0"),
        "{metrics}"
    );
}

#[test]
fn a_receipt_says_what_was_asked_and_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), &[]);
    let body = MANY_HITS.replace('}', "")
        + r#"},"matter":"370402-000131","stage":"review","case":"2026-8841","purpose":"licensing","operator":"u1029","authorization":"SQ-1","request_id":"8841-1"}"#;
    let body = body.replacen(r#","matter":"370402-000131""#, "", 1);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let head = format!(
        "POST /v1/checks HTTP/1.1\r\nHost: x\r\ntraceparent: {trace}\r\nContent-Type: application/json\r\n"
    );
    let reply = request(server.api, &format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()));
    let reply = reply.json();
    let told = receipt(&server, reply["check_id"].as_str().unwrap());
    for (field, text) in [
        ("check_id", reply["check_id"].as_str().unwrap()),
        ("verdict", reply["verdict"].as_str().unwrap()),
        ("client", "loopback"),
        ("matter", "370402-000131"),
        ("stage", "review"),
        ("case", "2026-8841"),
        ("purpose", "licensing"),
        ("operator", "u1029"),
        ("authorization", "SQ-1"),
        ("request_id", "8841-1"),
        ("traceparent", trace),
    ] {
        assert_eq!(told[field], text, "{field}");
    }
    assert_eq!(told["subject"]["id"], "91370402MA3T006317");
    assert_eq!(told["data"]["release"], reply["data"]["release"]);
    let records = |json: &serde_json::Value| {
        json["hits"].as_array().unwrap().iter().map(|hit| hit["record"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(records(&told), records(&reply));
    assert_eq!((&told["redacted"], &told["feedback"]), (&json!(0), &json!([])));
}

#[test]
fn what_is_no_longer_visible_is_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let first = server(folder.path(), &[]);
    let (id, reply) = check(&first, MANY_HITS);
    let hits = reply["hits"].as_array().unwrap();
    let record = hits.iter().find(|hit| hit["category"] == "penalty").unwrap()["record"].clone();
    let item = json!({"items": [{"record": record, "outcome": "enforced"}]});
    assert_eq!(feedback(&first, &id, &item).status, 201);
    drop(first);
    let later = server(folder.path(), &["clock.today=2045-01-01"]);
    let told = receipt(&later, &id);
    // What has no end is still there: the state, and one entry of a list.
    let left = told["hits"].as_array().unwrap();
    assert!(left.iter().all(|hit| hit.get("until").is_none()), "{left:?}");
    assert_eq!((left.len(), &told["redacted"]), (2, &json!(5)));
    assert_eq!(told["measures"], json!([]));
    assert_eq!(told["feedback"][0]["items"], json!([]));
    assert!(!told.to_string().contains(record.as_str().unwrap()));
}

#[test]
fn feedback_is_taken_once_and_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let first = server(folder.path(), &[]);
    let (id, reply) = check(&first, MANY_HITS);
    let record = &reply["hits"][0]["record"];
    let body = json!({"items": [{"record": record, "measure": "GP-77", "outcome": "enforced", "note": "已执行"}],
                      "operator": "u1029", "request_id": "8841-1"});
    assert_eq!(total(&first)["outstanding"], 1);
    let given = feedback(&first, &id, &body);
    assert_eq!(given.status, 201);
    let name = given.json()["feedback_id"].clone();
    let again = feedback(&first, &id, &body);
    assert_eq!((again.status, &again.json()["feedback_id"]), (200, &name));
    let mut other = body.clone();
    other["operator"] = json!("u1030");
    assert_eq!(feedback(&first, &id, &other).problem().1, "conflict");
    assert_eq!(total(&first), json!({"checks": 1, "feedback": 1, "outstanding": 0}));
    drop(first);
    // After a start all is as before.
    let second = server(folder.path(), &[]);
    assert_eq!((feedback(&second, &id, &body).status, feedback(&second, &id, &other).status), (200, 409));
    assert_eq!(total(&second), json!({"checks": 1, "feedback": 1, "outstanding": 0}));
    let path = format!("/v1/feedback/{}/cancel", name.as_str().unwrap());
    assert_eq!(post(second.api, &path, r#"{"operator":"u1"}"#).problem().2, "/reason");
    assert_eq!(post(second.api, &path, r#"{"reason":"误报","operator":"u1"}"#).status, 200);
    assert_eq!(post(second.api, &path, r#"{"reason":"误报"}"#).problem().1, "conflict");
    assert_eq!(total(&second), json!({"checks": 1, "feedback": 0, "outstanding": 1}));
    let told = receipt(&second, &id);
    assert_eq!(told["feedback"][0]["feedback_id"], name);
    assert_eq!(told["feedback"][0]["items"][0]["note"], "已执行");
    assert_eq!(told["feedback"][0]["cancelled"]["reason"], "误报");
}

#[test]
fn the_same_request_at_once_is_taken_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), &[]);
    let (id, _) = check(&server, MANY_HITS);
    let body = json!({"items": [{"measure": "GP-77", "outcome": "enforced"}], "request_id": "r"});
    let replies: Vec<_> = std::thread::scope(|threads| {
        let all: Vec<_> = (0..8).map(|_| threads.spawn(|| feedback(&server, &id, &body))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    let names: std::collections::HashSet<String> =
        replies.iter().map(|reply| reply.json()["feedback_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 1);
}

#[test]
fn feedback_quotes_what_the_check_has() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), &[]);
    let (id, reply) = check(&server, MANY_HITS);
    let record = &reply["hits"][0]["record"];
    for (body, pointer) in [
        (json!({}), "/items"),
        (json!({"items": []}), "/items"),
        (json!({"items": [{"outcome": "enforced"}]}), "/items/0"),
        (json!({"items": [{"record": record, "outcome": "done"}]}), "/items/0/outcome"),
        (json!({"items": [{"record": record}]}), "/items/0/outcome"),
        (json!({"items": [{"record": record, "outcome": "not_enforced"}]}), "/items/0/reason"),
        (
            json!({"items": [{"record": "r-00000000000000000000000000", "outcome": "granted"}]}),
            "/items/0/record",
        ),
        (json!({"items": [{"measure": "GP-78", "outcome": "granted"}]}), "/items/0/measure"),
        (json!({"items": [{"record": record, "outcome": "granted", "why": ""}]}), "/items/0/why"),
        (json!({"items": {"record": record}}), "/items"),
    ] {
        let told = feedback(&server, &id, &body).problem();
        assert_eq!(told, (400, "invalid_request".to_owned(), pointer.to_owned()), "{body}");
    }
    let body = json!({"items": [{"record": record, "outcome": "not_enforced", "reason": "已整改"},
                               {"record": "state", "outcome": "granted"}]});
    assert_eq!(feedback(&server, &id, &body).status, 201);
}

#[test]
fn names_that_nobody_made_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), &[]);
    let (id, _) = check(&server, MANY_HITS);
    let body = json!({"items": [{"measure": "GP-77", "outcome": "enforced"}]});
    let given = feedback(&server, &id, &body).json()["feedback_id"].as_str().unwrap().to_owned();
    let last = if id.ends_with('0') { "1" } else { "0" };
    let forged = format!("{}{last}", &id[..31]);
    for wrong in [forged.as_str(), given.as_str(), "01J", &"0".repeat(32)] {
        assert_eq!(get(server.api, &format!("/v1/checks/{wrong}")).problem().1, "not_found", "{wrong}");
        assert_eq!(feedback(&server, wrong, &body).problem().1, "not_found", "{wrong}");
    }
    for wrong in [id.as_str(), "x"] {
        let path = format!("/v1/feedback/{wrong}/cancel");
        assert_eq!(post(server.api, &path, r#"{"reason":"x"}"#).problem().1, "not_found", "{wrong}");
    }
    assert_eq!(post(server.api, &format!("/v1/checks/{id}"), "{}").problem().1, "method_not_allowed");
    assert_eq!(get(server.api, &format!("/v1/checks/{id}/feedback")).problem().1, "method_not_allowed");
}

#[test]
fn a_repeated_request_counts_once_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let first = server(folder.path(), &[]);
    let body =
        |request: &str| format!(r#"{{"subject":{{"id":"91370402MA3T006317"}},"request_id":"{request}"}}"#);
    for request in ["a", "a", "b"] {
        check(&first, &body(request));
    }
    check(&first, r#"{"subject":{"id":"91370402MA3T006317"}}"#);
    assert_eq!(total(&first)["checks"], 3);
    drop(first);
    let second = server(folder.path(), &[]);
    check(&second, &body("a"));
    assert_eq!(total(&second)["checks"], 3);
    drop(second);
    let tomorrow = server(folder.path(), &["clock.today=2026-11-21"]);
    check(&tomorrow, &body("a"));
    let told = get(tomorrow.api, "/v1/usage?from=2026-11-20&to=2026-11-21").json();
    let by_day: Vec<_> =
        told["rows"].as_array().unwrap().iter().map(|row| (&row["day"], &row["checks"])).collect();
    assert_eq!(by_day, [(&json!("2026-11-20"), &json!(3)), (&json!("2026-11-21"), &json!(1))]);
    let row = &told["rows"][0];
    assert_eq!(
        (&row["client"], &row["verdict"], &row["stage"]),
        (&json!("loopback"), &json!("attention"), &json!("acceptance"))
    );
    assert_eq!(get(tomorrow.api, "/v1/usage?from=tomorrow").problem().1, "invalid_request");
}
