//! Nothing that the system writes holds a person's number or name.

use super::{PERSON, STRANGER, check, person, server};
use crate::support::client::post;
use crate::support::{tool, xinhe};
use serde_json::json;
use std::fs;
use std::path::Path;

/// Every byte of every file below a folder, beside its name.
fn bytes_below(folder: &Path, found: &mut Vec<u8>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.extend_from_slice(path.to_string_lossy().as_bytes());
        found.push(b'\n');
        if path.is_dir() {
            bytes_below(&path, found);
        } else {
            found.extend_from_slice(&fs::read(&path).unwrap());
        }
    }
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[test]
fn no_byte_that_is_written_holds_a_persons_number_or_name() {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("audit");
    let running = server(&audit, &["audit.segment=64KiB"]);
    for one in [PERSON, STRANGER] {
        let (id, name) = one;
        let mut body = person(one);
        // Callers write persons' numbers and names where they do not belong.
        for field in ["case", "purpose", "operator", "authorization", "request_id"] {
            body[field] = json!(format!("{field} {id} {name}"));
        }
        let (check_id, reply) = check(&running, &body.to_string());
        assert_eq!(reply["subject"]["found"], one == PERSON);
        post(running.api, "/v1/subjects/detail", &person(one).to_string());
        post(running.api, "/v1/subjects/search", &json!({"name": name}).to_string());
        post(
            running.api,
            &format!("/v1/checks/{check_id}/feedback"),
            &json!({"items": [], "operator": id}).to_string(),
        );
        post(running.api, "/v1/checks", &json!({"subject": {"id": id}, name: id}).to_string());
    }
    let organisation = r#"{"subject":{"id":"91370402MA3T006317"},"matter":"370402-000131"}"#;
    let (check_id, _) = check(&running, organisation);
    let note = json!({"items": [{"record": "state", "outcome": "granted", "note": format!("法人{}", PERSON.0)}],
                      "request_id": PERSON.0});
    assert_eq!(post(running.api, &format!("/v1/checks/{check_id}/feedback"), &note.to_string()).status, 201);
    running.terminate();
    let (code, stdout, words) = running.end();
    assert_eq!(code, Some(0));
    let mut written = Vec::new();
    bytes_below(folder.path(), &mut written);
    written.extend_from_slice(stdout.as_bytes());
    written.extend_from_slice(words.as_bytes());
    let shown = xinhe(["audit".as_ref(), "show".as_ref(), audit.as_os_str(), "--json".as_ref()]);
    assert!(shown.status.success() && tool().exists());
    written.extend_from_slice(&shown.stdout);
    // The search works: it finds what is there.
    assert!(holds(&written, "91370402MA3T006317"));
    for (id, name) in [PERSON, STRANGER] {
        assert!(!holds(&written, id), "a number of a person is written");
        assert!(!holds(&written, name), "a name of a person is written");
    }
}
