//! A table of keys and values, filled in one transaction: a fill that breaks off leaves it as it was.

use std::error::Error;
use std::time::Duration;

use postgres::{Client, Config, NoTls};

use super::{FillError, Values, connection};
use crate::wire::{Target, Token};

/// Keys that one statement puts there.
const BATCH_KEYS: usize = 1000;
const EXPECTED: &str = "key text (primary key), value bytea";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS xinhe_load (key text PRIMARY KEY, value bytea)";
/// A table that somebody else made may be anything.
const COLUMNS: &str = "\
SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN i.indrelid IS NULL THEN '' ELSE ' (primary key)' END
FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey)
WHERE a.attrelid = to_regclass('xinhe_load') AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
const PUT: &str = "\
INSERT INTO xinhe_load (key, value) SELECT DISTINCT unnest($1::text[]), $2::bytea
ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE xinhe_load.value IS DISTINCT FROM excluded.value";

/// The table, in a transaction.
pub(super) struct Table {
    client: Client,
    value: Vec<u8>,
    keys: Vec<String>,
}

impl Table {
    /// Logs in, and makes the table if it is not there.
    pub(super) fn open(
        target: &Target,
        (user, database): (&str, &str),
        token: Option<&Token>,
        value: Vec<u8>,
        timeout: Duration,
    ) -> Result<Self, FillError> {
        let mut config = Config::new();
        config.host(&target.host).port(target.port).user(user).dbname(database);
        config.connect_timeout(timeout).application_name("xinhe-load fill");
        if let Some(token) = token {
            config.password(token.reveal());
        }
        let failed = connection(target);
        let mut client =
            config.connect(NoTls).map_err(|error| failed(std::io::Error::other(words(&error))))?;
        client
            .batch_execute(&format!("SET client_min_messages = warning; BEGIN; {TABLE}"))
            .map_err(refused)?;
        let rows = client.query(COLUMNS, &[]).map_err(refused)?;
        let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        if found.join(", ") != EXPECTED {
            return Err(FillError::Table { found: found.join(", "), expected: EXPECTED });
        }
        Ok(Self { client, value, keys: Vec::new() })
    }

    fn flush(&mut self) -> Result<(), FillError> {
        if !self.keys.is_empty() {
            self.client.execute(PUT, &[&self.keys, &self.value]).map_err(refused)?;
            self.keys.clear();
        }
        Ok(())
    }
}

impl Values for Table {
    fn put(&mut self, key: &str) -> Result<(), FillError> {
        self.keys.push(key.to_owned());
        if self.keys.len() >= BATCH_KEYS { self.flush() } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<(), FillError> {
        self.flush()?;
        self.client.batch_execute("COMMIT").map_err(refused)?;
        // So that the first run finds a table as it stays.
        self.client.batch_execute("VACUUM ANALYZE xinhe_load").map_err(refused)
    }
}

fn refused(error: postgres::Error) -> FillError {
    FillError::Refused(words(&error))
}

/// What the server said, or what the connection came to; never the details, which repeat keys.
fn words(error: &postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => format!("PostgreSQL says {}: {}", said.code().code(), said.message()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
