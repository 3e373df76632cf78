//! PostgreSQL: the rows of a query, streamed by COPY as text.
//!
//! Every session reads only, at one isolation: all sources of one database see the same moment, because the first
//! session exports its snapshot and stays open until the build has read everything.

mod address;
mod copy;
mod failure;

use self::address::Address;
use self::copy::Line;
use self::failure::told;
use super::IngestError;
use super::csv::RECORD_BYTES_MAX;
use super::heading::Headings;
use super::stream::{Outlet, Silence, Stream, Unread};
use super::table::{Batch, Table};
use crate::dataset::Database;
use ::postgres::types::{Kind, Type};
use ::postgres::{CancelToken, Client, NoTls};
use std::collections::HashMap;
use std::fmt;
use std::io::BufRead;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The first row may take long, where the query sorts; a database silent for longer hangs.
const WAIT: Duration = Duration::from_secs(1_800);
/// How a session is set up. Rows are told alike whatever the role's settings say; locks are not waited for all night.
const SESSION: &str = "SET datestyle = 'ISO, YMD'; SET timezone = 'Asia/Shanghai'; SET bytea_output = 'hex'; \
    SET extra_float_digits = 1; SET lock_timeout = '60s'; SET idle_in_transaction_session_timeout = 0";
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// The databases of a build: the first source of each fixes the moment that all its sources see.
#[derive(Default)]
pub(super) struct Databases(Mutex<HashMap<String, Keeper>>);

impl fmt::Debug for Databases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Addresses may hold passwords.
        f.write_str("Databases")
    }
}

/// A session that keeps its snapshot alive.
struct Keeper {
    _session: Client,
    /// `None`: the server exports none, and every source sees a moment of its own.
    snapshot: Option<String>,
}

/// A query under reading.
pub(super) struct Query {
    name: String,
    columns: Vec<String>,
    stream: Stream,
    cancel: CancelToken,
    rows: Arc<AtomicU64>,
}

impl Databases {
    /// Sends a query and reads its columns; `name` is told in errors, and never a password.
    pub(super) fn open(
        &self,
        database: &Database,
        name: &str,
        headings: Headings<'_>,
    ) -> Result<Query, IngestError> {
        let (url, query, of) = (&database.url, &database.query, database.shown());
        let unreadable =
            |what: String| IngestError::Unreadable { file: name.to_owned(), what: format!("{of}: {what}") };
        let address = Address::parse(url).map_err(unreadable)?;
        let snapshot = self.snapshot(url, &address).map_err(unreadable)?;
        let mut client = session(&address).map_err(unreadable)?;
        let columns = begin(&mut client, snapshot.as_deref(), query).map_err(unreadable)?;
        let (names, kinds): (Vec<String>, Vec<Column>) = columns.into_iter().unzip();
        for (name, kind) in names.iter().zip(&kinds) {
            if let Column::Nested = kind {
                return Err(unreadable(format!(
                    "column `{name}` of the query holds arrays or records: select text, numbers or dates"
                )));
            }
        }
        let known: Vec<Option<Column>> =
            names.iter().zip(kinds).map(|(name, kind)| headings(name).is_known().then_some(kind)).collect();
        let (cancel, rows) = (client.cancel_token(), Arc::new(AtomicU64::new(0)));
        let sql = format!("COPY ({}\n) TO STDOUT", statement(query));
        let (address, place, counter) = (of.clone(), name.to_owned(), rows.clone());
        let stream = Stream::start(move |outlet| {
            copy_rows(&mut client, &sql, &known, outlet, &counter)
                .map_err(|what| IngestError::Unreadable { file: place, what: format!("{address}: {what}") })
        });
        let stream = stream.map_err(|error| unreadable(error.to_string()))?;
        Ok(Query { name: format!("{name}: {of}"), columns: names, stream, cancel, rows })
    }

    /// The moment that the sources of a database share.
    fn snapshot(&self, url: &str, address: &Address) -> Result<Option<String>, String> {
        let mut keepers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = keepers.get(url) {
            return Ok(keeper.snapshot.clone());
        }
        let mut client = session(address)?;
        client.batch_execute(BEGIN).map_err(|error| told(&error))?;
        let exported = client.query_one("SELECT pg_export_snapshot()", &[]);
        let snapshot = exported.ok().and_then(|row| row.try_get::<_, String>(0).ok());
        keepers.insert(url.to_owned(), Keeper { _session: client, snapshot: snapshot.clone() });
        Ok(snapshot)
    }
}

fn session(address: &Address) -> Result<Client, String> {
    let mut client = address.config().connect(NoTls).map_err(|error| told(&error))?;
    client.batch_execute(SESSION).map_err(|error| told(&error))?;
    Ok(client)
}

/// Begins the transaction and asks for the query's columns.
fn begin(client: &mut Client, snapshot: Option<&str>, query: &str) -> Result<Vec<(String, Column)>, String> {
    client.batch_execute(BEGIN).map_err(|error| told(&error))?;
    if let Some(snapshot) = snapshot {
        // The server made the name; it has nothing to quote.
        let sql = format!("SET TRANSACTION SNAPSHOT '{snapshot}'");
        client.batch_execute(&sql).map_err(|error| told(&error))?;
    }
    let prepared = client.prepare(statement(query)).map_err(|error| told(&error))?;
    if prepared.columns().is_empty() {
        return Err("the query gives no columns: expected a select".to_owned());
    }
    Ok(prepared
        .columns()
        .iter()
        .map(|column| (column.name().to_owned(), Column::of(column.type_())))
        .collect())
}

/// One statement as COPY takes it.
fn statement(query: &str) -> &str {
    query.trim_end_matches(|c: char| c.is_whitespace() || c == ';')
}

/// How a column's text becomes a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// As it is.
    Text,
    /// `t` and `f` become 1 and 0.
    Boolean,
    /// May have an exponent.
    Float,
    /// May have a fraction of a second and a zone; the session's zone is China's.
    Moment,
    /// No cell.
    Nested,
}

impl Column {
    fn of(kind: &Type) -> Column {
        match kind.kind() {
            Kind::Domain(inner) => return Column::of(inner),
            Kind::Array(_) | Kind::Composite(_) => return Column::Nested,
            _ => {}
        }
        match *kind {
            Type::BOOL => Column::Boolean,
            Type::FLOAT4 | Type::FLOAT8 => Column::Float,
            Type::TIMESTAMP | Type::TIMESTAMPTZ => Column::Moment,
            Type::RECORD => Column::Nested,
            _ => Column::Text,
        }
    }
}

fn copy_rows(
    client: &mut Client,
    sql: &str,
    columns: &[Option<Column>],
    outlet: &mut Outlet,
    rows: &AtomicU64,
) -> Result<(), String> {
    let mut reader = client.copy_out(sql).map_err(|error| told(&error))?;
    let mut line = Line::new(columns);
    // A row of text has no newline inside: they are escaped.
    let mut held = Vec::new();
    loop {
        let bytes = reader.fill_buf().map_err(|error| failure::told_io(&error))?;
        if bytes.is_empty() {
            return if held.is_empty() { Ok(()) } else { Err("the server cut a row off".to_owned()) };
        }
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let number = rows.fetch_add(1, Ordering::Relaxed) + 1;
            let at = u32::try_from(number + 1).unwrap_or(u32::MAX);
            if held.is_empty() {
                line.write(&rest[..end], at, outlet.batch());
            } else {
                held.extend_from_slice(&rest[..end]);
                line.write(&held, at, outlet.batch());
                held.clear();
            }
            rest = &rest[end + 1..];
            if let Err(Unread) = outlet.pass_full() {
                return Ok(());
            }
        }
        held.extend_from_slice(rest);
        if held.len() > 2 * RECORD_BYTES_MAX {
            return Err(format!(
                "row {} is longer than 8 MiB: leave its texts out",
                rows.load(Ordering::Relaxed) + 1
            ));
        }
        let used = bytes.len();
        reader.consume(used);
    }
}

impl Table for Query {
    fn header(&mut self) -> Result<Option<(u32, Vec<String>)>, IngestError> {
        Ok(Some((1, self.columns.clone())))
    }

    fn fill(&mut self, batch: &mut Batch) -> Result<bool, IngestError> {
        let name = &self.name;
        self.stream.fill(batch, WAIT).map_err(|silence| match silence {
            Silence::Failed(error) => error,
            Silence::Late => IngestError::Unreadable {
                file: name.clone(),
                what: "no row for half an hour: look at what the query waits for".to_owned(),
            },
            Silence::Gone => IngestError::Unreadable {
                file: name.clone(),
                what: "the reading ended early: try again".to_owned(),
            },
        })
    }

    fn done(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }
}

impl Drop for Query {
    /// A query that nobody reads to its end stops at the server too.
    fn drop(&mut self) {
        if self.stream.has_ended() {
            return;
        }
        let (cancel, (sender, gone)) = (self.cancel.clone(), sync_channel::<()>(0));
        let cancelled = std::thread::Builder::new().name("cancel".to_owned()).spawn(move || {
            // Best effort: the transaction only reads.
            cancel.cancel_query(NoTls).unwrap_or_default();
            drop(sender);
        });
        if cancelled.is_ok() {
            wait_briefly(&gone);
        }
    }
}

/// A server that does not answer must not hold the end of the build.
fn wait_briefly(gone: &Receiver<()>) {
    gone.recv_timeout(Duration::from_secs(2)).unwrap_or_default();
}

#[cfg(test)]
mod tests;
