//! Following a store: which release it serves, and what was corrected since.
//!
//! ```text
//! every poll    current ──► newer, signed? ──► another release? ──► arrival, on its own thread: fetch, verify, map, touch
//!               corrections behind the last ──► in order, signed, chained? ──► laid over ──► swap
//! arrived       corrections that it has not folded in ──► laid over ──► swap, in one step
//! ```
//!
//! What is wrong never stops what is served: it is told ([`Following`]) and tried again. What was in effect stays in
//! effect: a release comes in only with every correction that was applied before it. Releases that are no longer served
//! are dropped here, when no worker reads them any more.

mod arrival;
mod backoff;
mod cache;
mod chain;
mod round;
mod status;
mod verified;

pub use status::{Concern, Following, State, Trouble};

use super::Live;
use crate::release::signature::PublicKeys;
use crate::release::store::{Patience, Store, StoreError};
use crate::snapshot::PersonKeys;
use cache::Cache;
use round::Round;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How long a stop waits for the follower. One that is in the midst of something is left to the end of the process: all
/// that it writes is whole or not there.
const STOP_WAIT: Duration = Duration::from_secs(2);

/// What is followed, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address of the store.
    pub store: String,
    /// The server's own folder.
    pub cache: PathBuf,
    /// Who may sign; none: signatures are not checked.
    pub public_keys: Option<PublicKeys>,
    /// Secrets under which persons are kept.
    pub person_keys: PersonKeys,
    /// How often the store is asked.
    pub poll: Duration,
    /// How long a gap in the corrections may last.
    pub gap_tolerated: Duration,
}

/// Why a store cannot be followed at all.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// Its address.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The cache.
    #[error("release.cache {}: {source}", path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another server has the cache.
    #[error("release.cache {}: another server uses it; give each its own", .0.display())]
    Taken(PathBuf),
    /// The system gives no thread.
    #[error("no thread for following the store: {0}")]
    Thread(io::Error),
}

/// What wakes the follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// Look at the store now.
    Look,
    /// A release has arrived, or failed to.
    Arrived,
    /// Stop.
    Stop,
}

/// A thread that follows a store; it stops when dropped.
#[derive(Debug)]
pub struct Follower {
    events: Sender<Event>,
    ended: Receiver<()>,
    following: Arc<Following>,
}

impl Follower {
    /// Begins to follow, and serves what it finds through `live`. Returns before anything is served.
    pub fn start(settings: Settings, live: Arc<Live>) -> Result<Follower, FollowError> {
        let asks = Store::open_as(&settings.store, Patience::Short)?;
        let cache = Cache::open(&settings.cache, asks.url())?;
        let following = Arc::new(Following::new(settings.store.clone()));
        let (events, woken) = channel();
        let (ending, ended) = channel();
        let round = Round::new(Arc::new(settings), asks, cache, live, Arc::clone(&following), events.clone());
        let run = move || {
            follow(round, &woken);
            // Whoever waited is gone, or learns it by the channel's end.
            ending.send(()).unwrap_or_default();
        };
        std::thread::Builder::new().name("follower".to_owned()).spawn(run).map_err(FollowError::Thread)?;
        Ok(Follower { events, ended, following })
    }

    /// How it goes.
    pub fn following(&self) -> Arc<Following> {
        Arc::clone(&self.following)
    }

    /// Asks the store now, whatever the poll says.
    pub fn look(&self) {
        self.tell(Event::Look);
    }

    fn tell(&self, event: Event) {
        if self.events.send(event).is_err() {
            tracing::error!("the follower is gone");
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if self.events.send(Event::Stop).is_ok() && self.ended.recv_timeout(STOP_WAIT).is_err() {
            tracing::warn!("the follower is in the midst of something, and is left there");
        }
    }
}

fn follow(mut round: Round, woken: &Receiver<Event>) {
    let mut arrived = false;
    loop {
        round.turn(arrived);
        arrived = false;
        match woken.recv_timeout(round.rest()) {
            Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Event::Look) => round.look_now(),
            Ok(Event::Arrived) => arrived = true,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
