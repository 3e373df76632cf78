//! `/openapi.json` against what the server answers: every reply of the worked example has the fields that the document
//! tells and no other, and every field that it tells is in some reply.

use crate::support::client::{Connection, get, post_bytes};
use crate::support::example::{Ask, example};
use crate::support::server::Server;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Fields of a report that no table of the worked example fills. The code's own list of them is compared beside the code.
const IN_NO_ROW: [&str; 7] = [
    "Record.basis",
    "Record.confiscated",
    "Record.facts",
    "Record.licence_hit",
    "Record.offence",
    "Record.remark",
    "Registration.occupation",
];

/// Holds replies against the schemas of a document.
struct Reader<'d> {
    document: &'d Value,
    /// Fields that were in a reply: schema and name.
    seen: BTreeSet<String>,
}

impl<'d> Reader<'d> {
    /// What of a value does not fit the schema.
    fn misfit(&mut self, schema: &'d Value, value: &Value, at: &str) -> Option<String> {
        let (schema, at) = match schema["$ref"].as_str() {
            Some(path) => (self.document.pointer(&path[1..]).unwrap(), path.rsplit('/').next().unwrap()),
            None => (schema, at),
        };
        if let Some(words) = schema["enum"].as_array() {
            return (!words.contains(value)).then(|| format!("{at}: {value} is no word of it"));
        }
        if schema.get("pattern").is_some() {
            // The only one is that of a record.
            let fits = value.as_str().is_some_and(|text| text == "state" || is_record(text));
            return (!fits).then(|| format!("{at}: {value} does not match {}", schema["pattern"]));
        }
        let fits = match schema["type"].as_str().unwrap() {
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "array" => {
                let Some(items) = value.as_array() else { return Some(format!("{at}: {value} is no list")) };
                let at = format!("{at}[]");
                return items.iter().find_map(|item| self.misfit(&schema["items"], item, &at));
            }
            _ => return self.object_misfit(schema, value, at),
        };
        (!fits).then(|| format!("{at}: {value} is no {}", schema["type"]))
    }

    fn object_misfit(&mut self, schema: &'d Value, value: &Value, at: &str) -> Option<String> {
        let Some(fields) = value.as_object() else { return Some(format!("{at}: {value} is no object")) };
        let required = schema["required"].as_array().into_iter().flatten();
        for name in required.filter_map(Value::as_str) {
            if !fields.contains_key(name) && name != "check_id" {
                return Some(format!("{at}: {name} is missing"));
            }
        }
        if schema["additionalProperties"].is_object() {
            let more = &schema["additionalProperties"];
            return fields.values().find_map(|value| self.misfit(more, value, &format!("{at}.*")));
        }
        fields.iter().find_map(|(name, value)| {
            let Some(known) = schema["properties"].get(name) else {
                return Some(format!("{at}: the document does not tell of {name}"));
            };
            self.seen.insert(format!("{at}.{name}"));
            self.misfit(known, value, &format!("{at}.{name}"))
        })
    }
}

/// `^r-[0-9a-z]{26}$`, as the document writes it.
fn is_record(text: &str) -> bool {
    let digits = text.strip_prefix("r-").unwrap_or_default();
    digits.len() == 26 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

/// All fields that a schema tells, as a reader would see them.
fn told<'d>(document: &'d Value, schema: &'d Value, at: &str, found: &mut BTreeSet<String>) {
    let (schema, at) = match schema["$ref"].as_str() {
        Some(path) => (document.pointer(&path[1..]).unwrap(), path.rsplit('/').next().unwrap().to_owned()),
        None => (schema, at.to_owned()),
    };
    if let Some(items) = schema.get("items") {
        told(document, items, &format!("{at}[]"), found);
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        if found.insert(at.clone()) {
            told(document, field, &at, found);
        }
    }
}

fn reply_of<'d>(document: &'d Value, path: &str, method: &str, status: &str) -> &'d Value {
    let response = &document["paths"][path][method]["responses"][status];
    let response = response["$ref"].as_str().map_or(response, |path| document.pointer(&path[1..]).unwrap());
    let content = response["content"].as_object().unwrap_or_else(|| panic!("{method} {path} {status}"));
    &content.values().next().unwrap()["schema"]
}

/// A trace as W3C Trace Context has it.
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn document(server: &Server) -> Value {
    let reply = get(server.api, "/openapi.json");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    reply.json()
}

/// Posts, and holds the reply against what is told of its status.
fn ask(caller: &mut Connection, reader: &mut Reader<'_>, path: &str, body: &Value) -> Value {
    ask_there(caller, reader, (path, path), body)
}

/// The same of a path with a name in it, as it is told and as it is called.
fn ask_there(
    caller: &mut Connection,
    reader: &mut Reader<'_>,
    (told, path): (&str, &str),
    body: &Value,
) -> Value {
    let bytes = post_bytes(path, "application/json", &body.to_string());
    caller.send(&bytes.replacen("\r\n\r\n", &format!("\r\ntraceparent: {TRACE}\r\n\r\n"), 1));
    let reply = caller.reply();
    let schema = reply_of(reader.document, told, "post", &reply.status.to_string());
    let misfit = reader.misfit(schema, &reply.json(), "");
    assert_eq!(misfit, None, "{path} {body}\n{}", reply.json());
    reply.json()
}

/// Gets, and holds the reply against what is told.
fn read(server: &Server, reader: &mut Reader<'_>, (told, path): (&str, &str)) {
    let reply = get(server.api, path);
    let schema = reply_of(reader.document, told, "get", &reply.status.to_string());
    assert_eq!(reader.misfit(schema, &reply.json(), path), None, "{path}");
}

/// What a check with hits and measures can be followed by.
fn follow(server: &Server, caller: &mut Connection, reader: &mut Reader<'_>, check: &Value) {
    let Some(id) = check["check_id"].as_str() else { return };
    let receipt = format!("/v1/checks/{id}");
    let (hit, measure) = (&check["hits"][0]["record"], &check["measures"][0]["code"]);
    if hit.is_string() && measure.is_string() {
        let item =
            json!({"record": hit, "measure": measure, "outcome": "not_enforced", "reason": "r", "note": "n"});
        for (request_id, operator) in [("1", "u1"), ("1", "u1"), ("2", "u1"), ("2", "u2")] {
            let body = json!({"items": [item], "operator": operator, "request_id": request_id});
            let given = ask_there(
                caller,
                reader,
                ("/v1/checks/{check_id}/feedback", &format!("{receipt}/feedback")),
                &body,
            );
            let Some(feedback) = given["feedback_id"].as_str().filter(|_| request_id == "2") else {
                continue;
            };
            let path = format!("/v1/feedback/{feedback}/cancel");
            let body = json!({"reason": "r", "operator": "u1"});
            ask_there(caller, reader, ("/v1/feedback/{feedback_id}/cancel", &path), &body);
        }
    }
    read(server, reader, ("/v1/checks/{check_id}", &receipt));
}

#[test]
fn replies_have_the_fields_that_are_told_and_no_other() {
    let server = Server::start(&[]);
    let document = document(&server);
    let mut reader = Reader { document: &document, seen: BTreeSet::new() };
    let mut caller = Connection::open(server.api);
    for Ask { body, .. } in &example().asks {
        let check = ask(&mut caller, &mut reader, "/v1/checks", body);
        follow(&server, &mut caller, &mut reader, &check);
        let subject = body.get("subject").cloned().unwrap_or_default();
        ask(&mut caller, &mut reader, "/v1/subjects/detail", &json!({"subject": subject}));
    }
    for name in ["枣庄", "枣庄示例", "枣"] {
        ask(&mut caller, &mut reader, "/v1/subjects/search", &json!({"name": name, "limit": 100}));
    }
    let whole = json!({"subject": {"id": "91370402MA3T00017M"}, "matter": "370402-000131", "case": "1", "purpose": "p",
        "operator": "u1", "authorization": "a", "request_id": "1"});
    let check = ask(&mut caller, &mut reader, "/v1/checks", &whole);
    follow(&server, &mut caller, &mut reader, &check);
    for path in
        ["/v1/release", "/v1/catalog/lists", "/v1/catalog/measures", "/v1/catalog/matters", "/v1/usage"]
    {
        read(&server, &mut reader, (path, path));
    }
    let mut all = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for status in operation["responses"].as_object().unwrap().keys() {
                told(&document, reply_of(&document, path, method, status), path, &mut all);
            }
        }
    }
    // Nobody on loopback has a division.
    all.retain(|field| !field.ends_with(".division") || field.starts_with("Registration"));
    let never: Vec<&str> = all.difference(&reader.seen).map(String::as_str).collect();
    assert_eq!(never, IN_NO_ROW, "told, but in no reply");
}

#[test]
fn the_examples_are_calls_of_the_worked_example() {
    let server = Server::start(&[]);
    let document = document(&server);
    let asked: Vec<&Value> = example().asks.iter().map(|ask| &ask.body).collect();
    let examples = |value: &Value| -> BTreeMap<String, Value> {
        let found = value["examples"].as_object().into_iter().flatten();
        found.map(|(name, example)| (name.clone(), example["value"].clone())).collect()
    };
    for path in ["/v1/checks", "/v1/subjects/detail", "/v1/subjects/search"] {
        let operation = &document["paths"][path]["post"];
        let requests = examples(&operation["requestBody"]["content"]["application/json"]);
        let mut replies = examples(&operation["responses"]["200"]["content"]["application/json"]);
        assert!(!requests.is_empty(), "{path} has no example");
        for (name, body) in requests {
            assert!(
                path != "/v1/checks" || asked.contains(&&body),
                "{name} is no call of the worked example"
            );
            let mut caller = Connection::open(server.api);
            caller.send(&post_bytes(path, "application/json", &body.to_string()));
            let mut reply = caller.reply().json();
            let mut wanted = replies.remove(&name).unwrap_or_else(|| panic!("{path}: no reply for {name}"));
            for one in [&mut reply, &mut wanted] {
                one.as_object_mut().unwrap().remove("check_id");
            }
            assert_eq!(reply, wanted, "{path}: {name}");
        }
        assert!(replies.is_empty(), "{path}: replies without a call");
    }
}
