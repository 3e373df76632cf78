//! PostgreSQL over its own protocol: one prepared `SELECT` by key, bound and executed for every request.

mod login;
mod reader;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::Message;

pub(crate) use login::{Greeting, Login};
pub(crate) use reader::RowReader;

/// The statement, by the name under which each connection prepares it.
const STATEMENT: &[u8] = b"xinhe_load\0";
/// What it runs; `fill` makes the table.
const SELECT: &str = "SELECT value FROM xinhe_load WHERE key = $1";

/// Bind, Execute and Sync, for a value as it is stored.
pub(crate) fn write_select(key: &[u8], out: &mut Vec<u8>) {
    // Lengths count themselves. Behind the names of portal and statement: no formats of parameters (text), one parameter,
    // one format of results (binary).
    let bind = 4 + 1 + STATEMENT.len() + 2 + 2 + 4 + key.len() + 2 + 2;
    out.push(b'B');
    out.extend_from_slice(&(bind as u32).to_be_bytes());
    out.push(0);
    out.extend_from_slice(STATEMENT);
    out.extend_from_slice(&[0, 0, 0, 1]);
    out.extend_from_slice(&(key.len() as u32).to_be_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(&[0, 1, 0, 1]);
    // The nameless portal, all rows.
    out.extend_from_slice(b"E\0\0\0\x09\0\0\0\0\0");
    out.extend_from_slice(b"S\0\0\0\x04");
}

/// What an error says: its code and its first words, none of its details.
fn words(message: &[u8]) -> String {
    let mut bytes = BytesMut::from(message);
    let Ok(Some(Message::ErrorResponse(body))) = Message::parse(&mut bytes) else {
        return "PostgreSQL tells an error that cannot be read".to_owned();
    };
    let (mut code, mut text) = (String::new(), String::new());
    let mut fields = body.fields();
    while let Ok(Some(field)) = fields.next() {
        let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => code = value,
            b'M' => text = value,
            _ => {}
        }
    }
    format!("PostgreSQL says {code}: {text}{}", advice(&code))
}

fn advice(code: &str) -> &'static str {
    match code {
        "42P01" => "; put values under the keys with `xinhe-load fill`",
        "42703" => "; the table is not one of `xinhe-load fill`: give another database",
        "28P01" | "28000" => "; give another user in --target or another --token",
        "3D000" => "; give another database in --target",
        "53300" => "; give fewer --connections, or raise max_connections",
        _ => "",
    }
}
