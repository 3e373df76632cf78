//! One task a connection, on one thread: take a start from the pacer, send, wait for the whole answer, record.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use crate::cli::RunArgs;
use crate::error::LoadError;
use crate::pacer::Pacer;
use crate::report::{Tally, say};
use crate::workload::{Target, Workload};

/// After a failure, so that a dead server does not make this a busy loop.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(10);
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// What a run gathered.
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// From the start to the end of the duration, or to the last answer if that came later, or to the
    /// interruption.
    pub(crate) elapsed: Duration,
    pub(crate) dropped: u64,
    pub(crate) interrupted: bool,
}

/// What the connections of a run share.
struct Shared {
    workload: Workload,
    pacer: Pacer,
    timeout: Duration,
    tally: Mutex<Tally>,
}

impl Shared {
    /// A tally is whole between any two statements, so a poisoned one still counts.
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects, sends for the duration, and waits for the last answers.
pub(crate) fn run(args: &RunArgs, workload: Workload) -> Result<Outcome, LoadError> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LoadError::Start)?;
    let outcome = runtime.block_on(drive(args, workload));
    // A name lookup that hangs must not hold up the end.
    runtime.shutdown_background();
    outcome
}

async fn drive(args: &RunArgs, workload: Workload) -> Result<Outcome, LoadError> {
    let links = open(args).await?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(LoadError::Start)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(LoadError::Start)?;
    let shared = Arc::new(Shared {
        workload,
        tally: Mutex::new(Tally::new()?),
        timeout: args.timeout,
        pacer: Pacer::start(args.rate, args.duration),
    });
    let mut tasks: JoinSet<()> = links.into_iter().map(|link| work(Arc::clone(&shared), link)).collect();
    let interrupted = tokio::select! {
        () = until_done(&mut tasks, &shared) => false,
        () = either(&mut interrupt, &mut terminate) => true,
    };
    // What is under way when interrupted is given up and counted nowhere.
    let stopped = shared.pacer.started().elapsed();
    tasks.shutdown().await;

    let tally = std::mem::replace(&mut *shared.tally(), Tally::new()?);
    let answered_until = tally.last_answer.map_or(Duration::ZERO, |at| at - shared.pacer.started());
    let elapsed = if interrupted { stopped } else { args.duration.max(answered_until) };
    let dropped = shared.pacer.dropped(elapsed).await;
    Ok(Outcome { tally, elapsed, dropped, interrupted })
}

/// Tells the progress while the connections work.
async fn until_done(tasks: &mut JoinSet<()>, shared: &Shared) {
    let mut tick = tokio::time::interval_at((shared.pacer.started() + PROGRESS_EVERY).into(), PROGRESS_EVERY);
    loop {
        tokio::select! {
            done = tasks.join_next() => {
                if done.is_none() {
                    return;
                }
            }
            _ = tick.tick() => {
                let words = shared.tally().progress();
                say(&format!("{:>5} s: {words}", shared.pacer.started().elapsed().as_secs()));
            }
        }
    }
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// One connection's way through the run.
async fn work(shared: Arc<Shared>, mut link: Link) {
    while let Some(intended) = shared.pacer.next().await {
        let request = shared.workload.next();
        link.sent = None;
        let result = match tokio::time::timeout(shared.timeout, link.exchange(request)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::TimedOut),
        };
        let failed = result.is_err();
        if failed {
            // An answer that comes after all must not be taken for the next one.
            link.sender = None;
        }
        let scheduled = shared.pacer.is_scheduled();
        shared.tally().record(intended, link.sent.filter(|_| scheduled), result);
        if failed {
            tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
        }
    }
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) sent: Instant,
    /// When the last byte of the body was here.
    pub(crate) done: Instant,
}

/// Why a request has no answer.
pub(crate) enum Failure {
    /// It waited for longer than the timeout.
    TimedOut,
    /// Connecting failed or the connection broke.
    Broken(String),
}

type Sender = SendRequest<Full<Bytes>>;

/// A connection that is opened again when the server closes it.
struct Link {
    address: SocketAddr,
    sender: Option<Sender>,
    /// When the request under way was handed to the connection.
    sent: Option<Instant>,
}

impl Link {
    /// One request, one whole answer.
    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let mut request = request;
        let mut resent = false;
        loop {
            let sender = self.ready().await?;
            let sent = Instant::now();
            let reply = sender.try_send_request(request);
            self.sent = Some(sent);
            match reply.await {
                Ok(response) => {
                    let status = response.status().as_u16();
                    let mut body = response.into_body();
                    while let Some(frame) = body.frame().await {
                        frame.map_err(broken)?;
                    }
                    return Ok(Answer { status, sent, done: Instant::now() });
                }
                Err(mut error) => {
                    self.sender = None;
                    // The server closed an idle connection before a byte was sent: that is no failure,
                    // unless it closes the new one as well.
                    request = match error.take_message() {
                        Some(unsent) if !resent => unsent,
                        _ => return Err(broken(error.into_error())),
                    };
                    resent = true;
                }
            }
        }
    }

    /// The open connection, or a new one.
    async fn ready(&mut self) -> Result<&mut Sender, Failure> {
        let open = match self.sender.take() {
            Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
            None => None,
        };
        let sender = match open {
            Some(sender) => sender,
            None => connect(self.address).await.map_err(|error| Failure::Broken(error.to_string()))?,
        };
        Ok(self.sender.insert(sender))
    }
}

fn broken(error: hyper::Error) -> Failure {
    Failure::Broken(match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })
}

async fn connect(address: SocketAddr) -> io::Result<Sender> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(async move {
        // What ends the connection is told to the request under way, if there is one.
        connection.await.ok();
    });
    Ok(sender)
}

/// Opens every connection before the clock starts, so that connecting is not measured.
async fn open(args: &RunArgs) -> Result<Vec<Link>, LoadError> {
    let (address, first) = open_first(&args.target, args.timeout).await?;
    let mut rest: JoinSet<_> =
        (1..args.connections).map(|_| tokio::time::timeout(args.timeout, connect(address))).collect();
    let mut links = vec![Link { address, sender: Some(first), sent: None }];
    let mut failed = 0_u32;
    while let Some(result) = rest.join_next().await {
        let sender = result.ok().and_then(Result::ok).and_then(Result::ok);
        failed += u32::from(sender.is_none());
        links.push(Link { address, sender, sent: None });
    }
    let words = if failed > 0 { format!(", {failed} not yet open") } else { String::new() };
    say(&format!("{}: {} connections{words}", args.target, links.len()));
    Ok(links)
}

/// The first address of the target that accepts a connection.
async fn open_first(target: &Target, timeout: Duration) -> Result<(SocketAddr, Sender), LoadError> {
    let authority = || target.authority.clone();
    let lookup = tokio::net::lookup_host((target.host.as_str(), target.port));
    let addresses = match tokio::time::timeout(timeout, lookup).await {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => {
            return Err(LoadError::Unresolved { authority: authority(), reason: error.to_string() });
        }
        Err(_) => {
            let reason = format!("no reply within {timeout:?}");
            return Err(LoadError::Unresolved { authority: authority(), reason });
        }
    };
    let mut reason = "the name has no address".to_owned();
    for address in addresses {
        reason = match tokio::time::timeout(timeout, connect(address)).await {
            Ok(Ok(sender)) => return Ok((address, sender)),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no reply within {timeout:?}"),
        };
    }
    Err(LoadError::Unreachable { authority: authority(), reason })
}
