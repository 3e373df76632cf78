//! A receipt is its client's: others need the right `audit`.

use super::MANY_HITS;
use crate::support::client::{Reply, request};
use crate::support::example::example;
use crate::support::server::Server;
use sha2::{Digest, Sha256};
use std::fs;
use std::process::Command;

fn call(server: &Server, token: &str, line: &str, body: &str) -> Reply {
    let length = body.len();
    let head = format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n");
    request(
        server.api,
        &format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"),
    )
}

fn start() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let mut clients = String::new();
    for (id, endpoints) in [
        ("hall-a", "\"checks\", \"feedback\", \"usage\""),
        ("hall-b", "\"checks\", \"feedback\", \"usage\""),
        ("auditor", "\"usage\", \"audit\""),
    ] {
        let digest: String =
            Sha256::digest(format!("token-{id}")).iter().map(|byte| format!("{byte:02x}")).collect();
        clients += &format!(
            "[[client]]\nid = \"{id}\"\ndepartment = \"试验局\"\ndivision = \"370402\"\ntoken_sha256 = [\"{digest}\"]\n\
             matters = [\"*\"]\nstages = [\"*\"]\nkinds = [\"enterprise\"]\nendpoints = [{endpoints}]\n\
             persons = \"none\"\nunknown_matter = \"refuse\"\nrate_per_second = 1000\npersons_per_day = 10\n"
        );
    }
    fs::write(folder.path().join("clients.toml"), clients).unwrap();
    let settings = format!(
        "[listen]\napi = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\n[release]\ndir = {:?}\nperson_key = {:?}\n\
         [audit]\ndir = {:?}\nreserve = \"1MiB\"\n[clients]\nfile = {:?}\n",
        example().release(),
        example().key(),
        folder.path().join("audit"),
        folder.path().join("clients.toml"),
    );
    let file = folder.path().join("server.toml");
    fs::write(&file, settings).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xinhe-server"));
    command.arg("--config").arg(file).env_remove("RUST_LOG");
    Server::run(command, folder)
}

#[test]
fn receipts_and_usage_are_the_clients_own_unless_it_may_audit() {
    let server = start();
    let reply = call(&server, "token-hall-a", "POST /v1/checks", MANY_HITS);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let id = reply.json()["check_id"].as_str().unwrap().to_owned();
    let read = |token: &str| call(&server, token, &format!("GET /v1/checks/{id}"), "");
    assert_eq!(read("token-hall-a").status, 200);
    let refused = read("token-hall-b");
    assert_eq!(refused.problem().1, "forbidden");
    assert!(refused.json()["detail"].as_str().unwrap().contains("audit"));
    assert_eq!(read("token-auditor").json()["client"], "hall-a");
    let body = r#"{"items":[{"measure":"GP-77","outcome":"enforced"}]}"#;
    let give = |token: &str| call(&server, token, &format!("POST /v1/checks/{id}/feedback"), body);
    assert_eq!(give("token-hall-b").problem().1, "forbidden");
    let given = give("token-hall-a").json()["feedback_id"].as_str().unwrap().to_owned();
    let cancel = |token: &str| {
        call(&server, token, &format!("POST /v1/feedback/{given}/cancel"), r#"{"reason":"误报"}"#)
    };
    assert_eq!(cancel("token-hall-b").problem().1, "forbidden");
    assert_eq!(cancel("token-hall-a").status, 200);
    let used = |token: &str| call(&server, token, "GET /v1/usage", "").json()["total"]["checks"].clone();
    assert_eq!(
        (used("token-hall-a"), used("token-hall-b"), used("token-auditor")),
        (1.into(), 0.into(), 1.into())
    );
}
