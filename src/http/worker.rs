//! A worker: one thread, one reactor, everything that its requests share without a lock.

use super::auth::{Door, Gate, Tls};
use super::connection::Connections;
use super::error::{Code, Problem};
use crate::config::{Limits, Network};
use crate::domain::date::Day;
use crate::domain::verdict::Workspace;
use crate::live::{Live, Reader};
use crate::ops::metrics::WorkerBoard;
use hyper_util::server::graceful::GracefulShutdown;
use std::cell::{Cell, RefCell};
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::LocalSet;

/// What day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's day in UTC+8.
    System,
    /// Always this one, for trials.
    Fixed(Day),
}

impl Clock {
    /// The day of a check that is asked now.
    pub fn today(self) -> Day {
        match self {
            Clock::Fixed(day) => day,
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Day::in_china(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
            }
        }
    }
}

/// What the requests of a thread share.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    pub(super) board: Arc<WorkerBoard>,
    /// Workers of the server, among whom bounds are divided.
    pub(super) workers: usize,
    /// Requests at hand.
    pub(super) at_hand: Rc<Cell<usize>>,
    /// TLS of the listener, if it has any.
    pub(super) tls: Option<Arc<Tls>>,
    /// Proxies that say where a request comes from.
    pub(super) trusted_proxies: Vec<Network>,
    /// Who may come in. Never borrowed across an await.
    pub(super) door: RefCell<Door>,
    /// Never borrowed across an await.
    pub(super) desk: RefCell<Desk>,
}

/// What one request after the other is worked out on.
#[derive(Debug)]
pub(super) struct Desk {
    /// What is served.
    pub(super) live: Reader,
    /// Hits and measures of the check at hand.
    pub(super) work: Workspace,
    /// The reply at hand.
    pub(super) out: Vec<u8>,
    /// Names for checks.
    pub(super) ids: CheckIds,
}

/// What all workers are made from.
#[derive(Debug, Clone)]
pub(super) struct Common {
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    pub(super) workers: usize,
    pub(super) live: Arc<Live>,
    pub(super) gate: Arc<Gate>,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) trusted_proxies: Vec<Network>,
}

impl Worker {
    pub(super) fn new(common: Common, board: Arc<WorkerBoard>) -> Worker {
        let desk = Desk {
            live: common.live.reader(),
            work: Workspace::default(),
            out: Vec::with_capacity(4096),
            ids: CheckIds::default(),
        };
        Worker {
            limits: common.limits,
            clock: common.clock,
            workers: common.workers,
            at_hand: Rc::default(),
            tls: common.tls,
            trusted_proxies: common.trusted_proxies,
            door: RefCell::new(Door::new(common.gate, Arc::clone(&board))),
            desk: RefCell::new(desk),
            board,
        }
    }

    /// One worker's share of a bound.
    pub(super) fn share(&self, bound: usize) -> usize {
        bound.div_ceil(self.workers)
    }
}

/// Answers what comes in on these sockets until the acceptor hangs up and the last request in flight is answered.
pub(super) fn run(worker: Worker, sockets: UnboundedReceiver<TcpStream>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, serve(Rc::new(worker), sockets));
    Ok(())
}

async fn serve(worker: Rc<Worker>, mut sockets: UnboundedReceiver<TcpStream>) {
    let connections = Connections::default();
    let graceful = GracefulShutdown::new();
    let cut = || _ = worker.board.cut.fetch_add(1, Ordering::Relaxed);
    let drained = async {
        while let Some(socket) = sockets.recv().await {
            match tokio::net::TcpStream::from_std(socket) {
                Ok(stream) => connections.take(stream, &worker, graceful.watcher()),
                Err(error) => {
                    worker.board.connections.fetch_sub(1, Ordering::Relaxed);
                    tracing::warn!(%error, "a connection cannot be taken up");
                }
            }
        }
        let finished = tokio::time::timeout(worker.limits.drain_timeout.0, graceful.shutdown()).await;
        if finished.is_err() {
            let left = worker.board.connections.load(Ordering::Relaxed);
            tracing::warn!(left, "connections cut: their requests did not finish in time");
        }
    };
    tokio::select! {
        () = drained => {}
        () = connections.sweep(&worker.limits, cut) => {}
    }
}

/// Random names of checks, 26 characters of Crockford's base 32 each, taken from the system many at a time.
#[derive(Debug)]
pub(super) struct CheckIds {
    pool: [u8; 16 * 64],
    used: usize,
}

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Default for CheckIds {
    fn default() -> CheckIds {
        let pool = [0; 16 * 64];
        CheckIds { used: pool.len(), pool }
    }
}

impl CheckIds {
    /// The next name.
    pub(super) fn next(&mut self) -> Result<[u8; 26], Problem> {
        if self.used == self.pool.len() {
            let refuse = |_| Problem::new(Code::NotReady, "the system gives no random numbers");
            getrandom::fill(&mut self.pool).map_err(refuse)?;
            self.used = 0;
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.pool[self.used..self.used + 16]);
        self.used += 16;
        let value = u128::from_be_bytes(bytes);
        let mut text = [0; 26];
        for (place, digit) in text.iter_mut().enumerate() {
            *digit = CROCKFORD[((value >> (125 - 5 * place)) & 31) as usize];
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_ids_are_26_characters_and_differ() {
        let mut ids = CheckIds::default();
        let names: std::collections::HashSet<[u8; 26]> = (0..1000).map(|_| ids.next().unwrap()).collect();
        assert_eq!(names.len(), 1000);
        assert!(names.iter().flatten().all(|digit| CROCKFORD.contains(digit)));
    }
}
