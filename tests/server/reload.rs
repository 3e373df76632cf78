//! Clients change without a restart.

use crate::support::client::{Connection, post_with};
use crate::support::clients::{check, client, digest, guarded, soon};
use std::fs;

const CHECK: &str = r#"{"subject":{"id":"91370402MA3T006317"}}"#;

fn two_tokens(first: &str, second: &str) -> String {
    let (first, second) = (digest(first), digest(second));
    format!("[[client]]\nid = \"hall\"\ntoken_sha256 = [\"{first}\", \"{second}\"]\nmatters = [\"*\"]\n")
}

#[test]
fn a_client_has_two_tokens_while_they_change_and_a_revoked_one_is_refused() {
    let server = guarded(&two_tokens("old", "new"), &[]);
    let mut open = Connection::open(server.api);
    let mut status = |token: &str| {
        open.send(&post_with("/v1/checks", &format!("Authorization: Bearer {token}"), CHECK));
        open.reply().status
    };
    assert_eq!((status("old"), status("new"), status("newer")), (200, 200, 401));
    fs::write(server.folder().join("clients.toml"), two_tokens("new", "newer")).unwrap();
    soon("the revoked token is refused on a connection that is open", || status("old") == 401);
    assert_eq!((status("new"), status("newer")), (200, 200));
    assert!(server.metrics().contains("xinhe_reloads_total{file=\"clients\",outcome=\"done\"} 1"));
}

#[test]
fn a_bad_file_keeps_the_old_rights_and_says_so() {
    let good = client("hall", "matters = [\"*\"]");
    let server = guarded(&good, &[]);
    let file = server.folder().join("clients.toml");
    let has = |line: &str| server.metrics().contains(line);
    assert!(has("xinhe_reload_current{file=\"clients\"} 1"));
    fs::write(&file, format!("{good}mattters = []\n")).unwrap();
    soon("the bad file is noticed", || has("xinhe_reload_current{file=\"clients\"} 0"));
    assert_eq!(check(&server, "hall", CHECK).0, 200);
    fs::remove_file(&file).unwrap();
    soon("a missing file is a bad one", || {
        has("xinhe_reloads_total{file=\"clients\",outcome=\"refused\"} 2")
    });
    assert_eq!(check(&server, "hall", CHECK).0, 200);
    fs::write(&file, client("other", "matters = [\"*\"]")).unwrap();
    soon("the next good one is in force", || check(&server, "hall", CHECK).0 == 401);
    assert_eq!(check(&server, "other", CHECK).0, 200);
    assert!(has("xinhe_reload_current{file=\"clients\"} 1"));
    server.terminate();
    let (_, _, words) = server.end();
    assert!(words.contains("mattters") && words.contains("clients.toml:5"), "{words}");
}

#[test]
fn what_was_counted_of_a_client_outlives_a_change() {
    let keys = "matters = [\"370402-*\"]\npersons_per_day = 2";
    let server = guarded(&client("hall", keys), &[]);
    let person = |id: &str| {
        let body = format!(r#"{{"subject":{{"id":"{id}","name":"张试三"}},"matter":"370402-000131"}}"#);
        check(&server, "hall", &body).0
    };
    assert_eq!([person("360426199101010071"), person("370400190103160185")], [200, 200]);
    let both = [client("hall", keys), client("other", keys)].concat();
    fs::write(server.folder().join("clients.toml"), both).unwrap();
    soon("the new client is known", || check(&server, "other", CHECK).0 != 401);
    assert_eq!([person("360426199101010071"), person("360426199101010127")], [200, 429]);
}
