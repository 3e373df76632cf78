//! Receipts as callers and operators meet them: through the server, and in its folder.

mod calls;
mod command;
mod kill;
mod rights;
mod secrets;
mod trouble;

use crate::support::client::{Reply, get, post};
use crate::support::server::Server;
use serde_json::{Value, json};
use std::path::Path;
use xinhe::audit::entry::Kind;
use xinhe::audit::read_all;

/// Two penalties, three list entries, a broken commitment and an adverse state.
const MANY_HITS: &str =
    r#"{"subject":{"id":"91370402MA3T006317","name":"枣庄命中排序试验有限公司"},"matter":"370402-000131"}"#;
/// 卫两读, whom the register knows.
const PERSON: (&str, &str) = ("370400190103160185", "卫两读");
/// A number that nobody has.
const STRANGER: (&str, &str) = ("360426199101010071", "张试三");

fn person((id, name): (&str, &str)) -> Value {
    json!({"subject": {"id": id, "name": name}})
}

/// A server that keeps its receipts here, on the day of the worked example or another.
fn server(audit: &Path, more: &[&str]) -> Server {
    let dir = format!("audit.dir={}", audit.display());
    Server::start(&[&[dir.as_str()], more].concat())
}

/// A check, answered: its name and its reply.
fn check(server: &Server, body: &str) -> (String, Value) {
    let reply = post(server.api, "/v1/checks", body);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let json = reply.json();
    (json["check_id"].as_str().unwrap().to_owned(), json)
}

fn receipt(server: &Server, id: &str) -> Value {
    let reply = get(server.api, &format!("/v1/checks/{id}"));
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    reply.json()
}

fn feedback(server: &Server, check: &str, body: &Value) -> Reply {
    post(server.api, &format!("/v1/checks/{check}/feedback"), &body.to_string())
}

fn total(server: &Server) -> Value {
    get(server.api, "/v1/usage?from=2026-11-01&to=2026-11-30").json()["total"].clone()
}

/// The kinds of entries in a folder, in order.
fn kinds(audit: &Path) -> Vec<Kind> {
    let mut kinds = Vec::new();
    read_all(audit, |stored| kinds.push(stored.entry.body.kind())).unwrap();
    kinds
}
