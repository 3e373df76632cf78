//! A worker: one thread, one reactor, everything that its requests share without a lock.

use super::auth::{Door, Gate, Tls};
use super::connection;
use super::date::DateLine;
use super::pace::{Connections, Cut};
use super::receipts::{Draft, Receipts, Turns};
use super::short;
use crate::audit::Log;
use crate::config::{Limits, Network};
use crate::domain::verdict::Workspace;
use crate::live::{Clock, Live, Reader};
use crate::ops::metrics::WorkerBoard;
use hyper_util::server::graceful::GracefulShutdown;
use std::cell::{Cell, RefCell};
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::UnboundedReceiver;

/// How often a worker without requests looks whether something else is served, so that it does not keep what is not; and
/// how often it shows that it is alive.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the requests of a thread share.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    pub(super) board: Arc<WorkerBoard>,
    /// The way into the log of receipts.
    pub(super) receipts: Receipts,
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
    /// What plain checks are read into. Never borrowed across an await.
    pub(super) lent: RefCell<Box<[u8]>>,
    /// Never borrowed across an await.
    pub(super) date: RefCell<DateLine>,
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
    /// The receipt at hand.
    pub(super) draft: Draft,
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
    pub(super) log: Arc<Log>,
    pub(super) turns: Arc<Turns>,
}

impl Worker {
    pub(super) fn new(common: Common, board: Arc<WorkerBoard>) -> Worker {
        let desk = Desk {
            live: common.live.reader(),
            work: Workspace::default(),
            out: Vec::with_capacity(4096),
            draft: Draft::default(),
        };
        let lent_bytes = common.limits.header_bytes_max.bytes().min(short::BYTES_MAX);
        Worker {
            lent: RefCell::new(vec![0; lent_bytes].into()),
            date: RefCell::default(),
            limits: common.limits,
            clock: common.clock,
            workers: common.workers,
            at_hand: Rc::default(),
            tls: common.tls,
            trusted_proxies: common.trusted_proxies,
            door: RefCell::new(Door::new(common.gate, Arc::clone(&board))),
            desk: RefCell::new(desk),
            receipts: Receipts::new(common.log, common.turns),
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
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    runtime.block_on(serve(Rc::new(worker), sockets));
    Ok(())
}

async fn serve(worker: Rc<Worker>, mut sockets: UnboundedReceiver<TcpStream>) {
    let connections = Rc::new(Connections::default());
    let graceful = GracefulShutdown::new();
    let told = Rc::clone(&worker);
    // A task of its own: it comes up behind the requests that are ready, and pushes for all of them at once.
    let receipts = tokio::task::spawn_local(async move { told.receipts.run().await });
    let cut = |cut: Cut| {
        worker.board.cut.fetch_add(cut.connections, Ordering::Relaxed);
        worker.board.streams_cut.fetch_add(cut.streams, Ordering::Relaxed);
    };
    let drained = async {
        while let Some(socket) = sockets.recv().await {
            match tokio::net::TcpStream::from_std(socket) {
                Ok(stream) => connection::take(stream, &worker, &connections, graceful.watcher()),
                Err(error) => {
                    worker.board.connections.fetch_sub(1, Ordering::Relaxed);
                    tracing::warn!(%error, "a connection cannot be taken up");
                }
            }
        }
        connections.drain();
        let finished = tokio::time::timeout(worker.limits.drain_timeout.0, graceful.shutdown()).await;
        if finished.is_err() {
            let left = worker.board.connections.load(Ordering::Relaxed);
            tracing::warn!(left, "connections cut: their requests did not finish in time");
        }
    };
    tokio::select! {
        () = drained => {}
        () = connections.sweep(&worker.limits, cut) => {}
        () = look(&worker) => {}
    }
    receipts.abort();
}

/// Never ends.
async fn look(worker: &Worker) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    loop {
        ticks.tick().await;
        worker.desk.borrow_mut().live.refresh();
        worker.board.beats.fetch_add(1, Ordering::Relaxed);
    }
}
