//! The callers' side. One acceptor, a worker a core; a check's way is told in `routes`.

mod acceptor;
pub mod ask;
pub mod auth;
mod batch;
mod caller;
mod connection;
mod date;
mod discreet;
pub mod error;
mod feedback;
mod fields;
mod frames;
mod limits;
mod openapi;
mod outlook;
mod pace;
mod receipt;
mod receipts;
mod routes;
mod short;
mod streams;
mod usage;
pub mod wire;
mod worker;

use crate::audit::Log;
use crate::config::{Config, ConfigError, read_clients};
use crate::domain::verdict::Verdict;
use crate::live::{Clock, Live};
use crate::ops::metrics::Board;
use acceptor::Entrance;
use auth::{Gate, Tls, TlsError, Watch, Watched};
use error::{Code, Right};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};
use worker::{Common, Worker};

/// Words of the verdicts, in the order of [`Verdict`].
const VERDICTS: &[&str] = &[
    Verdict::Unknown.word(),
    Verdict::Restricted.word(),
    Verdict::Attention.word(),
    Verdict::Incomplete.word(),
    Verdict::Favoured.word(),
    Verdict::Clear.word(),
];

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The file of clients is bad.
    #[error(transparent)]
    Clients(#[from] ConfigError),
    /// A certificate, a key or the list of issuers is bad.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system refuses a listener, a thread or a reactor.
    #[error("the server cannot start: {0}")]
    Io(#[from] io::Error),
}

/// A server that answers callers; it stops when told, or when dropped.
#[derive(Debug)]
pub struct RunningServer {
    addr: SocketAddr,
    board: Arc<Board>,
    stop: Option<oneshot::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    _watch: Watch,
}

/// Starts the server on a listener that is bound already, so that tests and demos can have any port.
pub fn start(
    config: &Config,
    live: &Arc<Live>,
    log: &Arc<Log>,
    listener: TcpListener,
) -> Result<RunningServer, StartError> {
    let clock = config.today().map_or(Clock::System, Clock::Fixed);
    let addr = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let board = Arc::new(Board::new(config.workers.count, VERDICTS, Code::WORDS, Right::WORDS));
    let mut watched = Watched::default();
    let common = Common {
        limits: config.limits.clone(),
        clock,
        workers: config.workers.count,
        live: Arc::clone(live),
        gate: open_gate(config, &mut watched)?,
        tls: open_tls(config, &mut watched)?,
        trusted_proxies: config.listen.trusted_proxies.clone(),
        log: Arc::clone(log),
        turns: Arc::default(),
    };
    let (stop, stopped) = oneshot::channel();
    let mut threads = Vec::new();
    let mut workers = Vec::new();
    for (place, counts) in board.workers.iter().enumerate() {
        let (sender, sockets) = mpsc::unbounded_channel();
        workers.push(sender);
        let (common, counts) = (common.clone(), Arc::clone(counts));
        threads.push(spawn(format!("worker-{place}"), move || {
            worker::run(Worker::new(common, counts), sockets)
        })?);
    }
    let entrance = Entrance {
        connections_max: config.limits.connections_max,
        has_tls: config.listen.tls_certificate.is_some(),
    };
    let counts = Arc::clone(&board);
    threads.push(spawn("acceptor".to_owned(), move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            tokio::select! {
                () = acceptor::accept(listener, &workers, &counts, entrance) => {}
                _ = stopped => {}
            }
            // Hanging up is what tells the workers to finish.
            drop(workers);
            Ok(())
        })
    })?);
    let watch = watched.start(Arc::clone(&board))?;
    Ok(RunningServer { addr, board, stop: Some(stop), threads, _watch: watch })
}

/// The clients of the file, which is watched from now on; without one everybody.
fn open_gate(config: &Config, watched: &mut Watched) -> Result<Arc<Gate>, StartError> {
    let Some(file) = config.clients.file.clone() else { return Ok(Arc::new(Gate::new(None))) };
    let gate = Arc::new(Gate::new(Some(&read_clients(&file)?)));
    let changed = Arc::clone(&gate);
    let read = file.clone();
    watched.add(
        "clients.file",
        vec![file],
        |board| &board.clients,
        move || {
            changed.replace(&read_clients(&read).map_err(|error| error.to_string())?);
            Ok(())
        },
    );
    Ok(gate)
}

/// TLS of the listener, whose files are watched from now on; none where the settings name none.
fn open_tls(config: &Config, watched: &mut Watched) -> Result<Option<Arc<Tls>>, StartError> {
    let listen = config.listen.clone();
    let Some(tls) = Tls::open(&listen)?.map(Arc::new) else { return Ok(None) };
    let changed = Arc::clone(&tls);
    watched.add(
        "certificates",
        Tls::files(&listen),
        |board| &board.certificates,
        move || changed.reload(&listen).map_err(|error| error.to_string()),
    );
    Ok(Some(tls))
}

fn spawn(name: String, run: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.clone()).spawn(move || {
        if let Err(error) = run() {
            tracing::error!(%error, thread = name, "a thread of the server cannot work");
        }
    })
}

impl RunningServer {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it counts.
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// Stops accepting, lets requests in flight finish within `drain_timeout`, and waits for the threads.
    pub fn shutdown(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        drop(self.stop.take());
        for thread in self.threads.drain(..) {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(thread = name, "a thread of the server ended by a panic");
            }
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_counted_in_their_place() {
        let all = [
            Verdict::Unknown,
            Verdict::Restricted,
            Verdict::Attention,
            Verdict::Incomplete,
            Verdict::Favoured,
        ];
        for verdict in all.into_iter().chain([Verdict::Clear]) {
            assert_eq!(VERDICTS[verdict as usize], verdict.word());
        }
        for (place, word) in Code::WORDS.iter().enumerate() {
            assert_eq!(Code::WORDS[place], *word);
        }
        assert_eq!(Code::WORDS[Code::Overloaded as usize], "overloaded");
    }
}
