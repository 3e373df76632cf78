//! Requests that no server should understand, and every server should survive.

use crate::wire::Target;
use crate::workload::Random;

/// Of the wrongs, those that are requests at all: over HTTP/2 nothing else can be sent.
const REQUESTS: usize = 4;
/// What is wrong with one.
const WRONGS: [fn(&str) -> String; 6] = [
    // Broken JSON.
    |authority| post(authority, "application/json", "{\"subject\":{\"id\":"),
    // Another type.
    |authority| post(authority, "text/plain", "91110000600037341L"),
    // A field that is not in the contract.
    |authority| {
        post(authority, "application/json", "{\"subject\":{\"id\":\"91110000600037341L\"},\"extra\":1}")
    },
    // Deep nesting.
    |authority| post(authority, "application/json", &"[".repeat(10_000)),
    // No request line.
    |_| "HELLO\r\n\r\n".to_owned(),
    // A length that is no number.
    |authority| format!("POST /v1/checks HTTP/1.1\r\nhost: {authority}\r\ncontent-length: -1\r\n\r\n"),
];

fn post(authority: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /v1/checks HTTP/1.1\r\nhost: {authority}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Puts one behind what is in the buffer.
pub(super) fn write(target: &Target, http2: bool, random: &mut Random, out: &mut Vec<u8>) {
    let known = if http2 { REQUESTS } else { WRONGS.len() };
    let wrong = WRONGS[random.below(known as u64) as usize];
    out.extend_from_slice(wrong(&target.authority).as_bytes());
}
