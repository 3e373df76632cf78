//! Puts a value under every key of subjects into a store, so that it can be asked beside a server of checks.

mod postgres;
mod redis;

use std::io;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::LoadError;
use crate::wire::{Store, Target, Token};
use crate::workload::{Key, Random};

/// How often it is told how far it is.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// Why a store cannot be filled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FillError {
    /// Not by this program.
    #[error(
        "the target is an HTTP server, and nothing can be put there; expected redis://… or postgres://…: give --target, and \
         lay out files for an HTTP server by other means"
    )]
    NoStore,
    /// The connection, or what was said over it.
    #[error("{authority}: {reason}; expected a server of {kind} there: start it, or correct --target")]
    Connection {
        /// Host and port.
        authority: String,
        /// What should answer there.
        kind: &'static str,
        /// What went wrong.
        reason: String,
    },
    /// It would not take a value.
    #[error("the store refuses a value: {0}; look at its memory, its disk and the rights of the user")]
    Refused(String),
    /// The name is taken.
    #[error(
        "the database has a table xinhe_load with the columns {found}; expected {expected}: rename that table, or give \
         another database"
    )]
    Table {
        /// As they are.
        found: String,
        /// As they should be.
        expected: &'static str,
    },
    /// There is no key.
    #[error("found no subject; expected at least one in --ids or --scenario")]
    Nothing,
}

/// A store that takes values.
pub(crate) trait Values {
    /// Puts the value under a key, perhaps later.
    fn put(&mut self, key: &str) -> Result<(), FillError>;
    /// All that was put is there now.
    fn finish(&mut self) -> Result<(), FillError>;
}

/// What was done.
#[derive(Debug, Serialize)]
pub(crate) struct Filled {
    /// The store.
    pub(crate) target: String,
    /// Redis or PostgreSQL.
    pub(crate) target_kind: &'static str,
    /// As they came; some may be the same.
    pub(crate) keys: u64,
    /// Of each.
    pub(crate) seconds: f64,
}

/// Connects, and makes a table where one is needed.
pub(crate) fn open(
    target: &Target,
    token: Option<&Token>,
    bytes: usize,
    timeout: Duration,
) -> Result<Box<dyn Values>, LoadError> {
    Ok(match &target.store {
        None => return Err(FillError::NoStore.into()),
        Some(Store::Redis { .. }) => Box::new(redis::Redis::open(target, token, value(bytes), timeout)?),
        Some(Store::Postgres { user, database }) => {
            Box::new(postgres::Table::open(target, (user, database), token, value(bytes), timeout)?)
        }
    })
}

/// Puts a value under every key.
pub(crate) fn put_all(
    target: &Target,
    mut store: Box<dyn Values>,
    keys: impl Iterator<Item = Result<Key, LoadError>>,
    say: impl Fn(&str),
) -> Result<Filled, LoadError> {
    let began = Instant::now();
    let mut told = began;
    let mut count = 0;
    for key in keys {
        store.put(key?.as_str())?;
        count += 1;
        if told.elapsed() >= TOLD_EVERY {
            told = Instant::now();
            say(&format!("{count} keys, {:.0}/s", count as f64 / began.elapsed().as_secs_f64()));
        }
    }
    if count == 0 {
        return Err(FillError::Nothing.into());
    }
    store.finish()?;
    let seconds = began.elapsed().as_secs_f64();
    Ok(Filled { target: target.to_string(), target_kind: target.kind(), keys: count, seconds })
}

/// Letters by chance, which no store can make shorter.
fn value(bytes: usize) -> Vec<u8> {
    let mut random = Random::new(1);
    (0..bytes).map(|_| b'!' + random.below(94) as u8).collect()
}

fn connection(target: &Target) -> impl Fn(io::Error) -> FillError + use<> {
    let (authority, kind) = (target.authority.clone(), target.kind());
    move |error| FillError::Connection { authority: authority.clone(), kind, reason: error.to_string() }
}
