//! What a database says when it refuses, without the values of rows that its words may hold.

use ::postgres::Error;
use ::postgres::error::{DbError, SqlState};

/// An error in words that may be logged.
pub(super) fn told(error: &Error) -> String {
    if let Some(refused) = error.as_db_error() {
        return refused_words(refused);
    }
    // A failure of the connection, or of the client itself: no row is in it.
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = inner.source();
    }
    format!("{words}; is the server running, and is its address right?")
}

/// The same of what the stream of rows ends by.
pub(super) fn told_io(error: &std::io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(error) => told(error),
        None => format!("{error}; the connection broke: try again"),
    }
}

/// Classes of SQLSTATE whose words name tables, columns, roles and settings, and never a row's value.
const NAMING: [&str; 10] = ["08", "0A", "25", "28", "3D", "3F", "42", "53", "55", "57"];

fn refused_words(refused: &DbError) -> String {
    let (code, advice) = (refused.code(), advice(refused.code()));
    if NAMING.iter().any(|class| code.code().starts_with(class)) {
        return format!("{} (SQLSTATE {}); {advice}", refused.message(), code.code());
    }
    format!(
        "the server refuses with SQLSTATE {}, in words that may hold a row's values; {advice}",
        code.code()
    )
}

fn advice(code: &SqlState) -> &'static str {
    match code {
        code if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::UNDEFINED_COLUMN => {
            "mend the query in dataset.toml"
        }
        code if *code == SqlState::INSUFFICIENT_PRIVILEGE => "grant the role SELECT on what the query reads",
        code if *code == SqlState::INVALID_CATALOG_NAME => "name a database that is there",
        code if *code == SqlState::INVALID_PASSWORD
            || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION =>
        {
            "give user and password in the address or in PGUSER and PGPASSWORD, and allow them in pg_hba.conf"
        }
        code if *code == SqlState::QUERY_CANCELED || *code == SqlState::LOCK_NOT_AVAILABLE => {
            "see what blocks the query, and raise the role's statement_timeout if it needs longer"
        }
        code if *code == SqlState::SYNTAX_ERROR => "expected one select in dataset.toml",
        code if *code == SqlState::READ_ONLY_SQL_TRANSACTION => "the query must only read",
        _ => "run the query in psql to see why",
    }
}
