//! Clients as an operator writes them, and as they ask.

use super::client::{Reply, post_with, request};
use super::server::Server;
use sha2::{Digest, Sha256};

/// The digest of a token as `clients.toml` has it.
pub(crate) fn digest(token: &str) -> String {
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An entry of `clients.toml`: its name is its token.
pub(crate) fn client(id: &str, keys: &str) -> String {
    format!("[[client]]\nid = \"{id}\"\ntoken_sha256 = [\"{}\"]\n{keys}\n", digest(id))
}

/// A server with these clients and nothing else.
pub(crate) fn guarded(clients: &str, overrides: &[&str]) -> Server {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    Server::guarded(folder, clients, overrides)
}

/// A POST of a client by its token.
pub(crate) fn ask(server: &Server, token: &str, path: &str, body: &str) -> Reply {
    request(server.api, &post_with(path, &format!("Authorization: Bearer {token}"), body))
}

/// A check of a client: status and code of the problem, or the verdict.
pub(crate) fn check(server: &Server, token: &str, body: &str) -> (u16, String) {
    let reply = ask(server, token, "/v1/checks", body);
    let json = reply.json();
    let word = if reply.status == 200 { &json["verdict"] } else { &json["code"] };
    (reply.status, word.as_str().unwrap_or_default().to_owned())
}

/// Tries until it holds, for ten seconds.
pub(crate) fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let came = (0..200).any(|_| {
        let held = holds();
        if !held {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        held
    });
    assert!(came, "{what}");
}
