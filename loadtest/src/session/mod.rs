//! One run: a thread that sends, a thread that hears signals, and this one, which gathers what happened.

mod signals;

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) use signals::Stop;

use crate::drive::{Drive, Driven, Outlet, Settings};
use crate::error::LoadError;
use crate::measure::{Interval, IntervalLog, Point};
use crate::pace::{Pacer, Plan};
use crate::wire::{Protocol, Target, TlsSetup};
use crate::workload::Workload;

/// Stretches that wait for use.
const SPARE: usize = 3;
/// Stretches of a run, about.
const POINTS: u64 = 240;
/// Lengths of a stretch.
const LENGTHS_MS: [u64; 8] = [100, 200, 500, 1000, 2000, 5000, 10_000, 60_000];

/// What a run is.
pub(crate) struct Session {
    /// Where to send.
    pub(crate) target: Target,
    /// When.
    pub(crate) plan: Plan,
    /// What.
    pub(crate) workload: Box<dyn Workload>,
    /// Where chance is used.
    pub(crate) seed: u64,
    /// How.
    pub(crate) manner: Manner,
}

/// How requests are sent.
#[derive(Debug, Clone)]
pub(crate) struct Manner {
    /// Connections.
    pub(crate) connections: usize,
    /// Requests at a time on each, as streams of HTTP/2; 0: one, and no streams.
    pub(crate) streams: usize,
    /// A connection is closed and opened again after so many answers.
    pub(crate) requests_per_connection: Option<u32>,
    /// How long one request may take.
    pub(crate) timeout: Duration,
    /// A start that waits longer than this for a connection is given up.
    pub(crate) patience: Option<Duration>,
    /// Starts before this count nowhere.
    pub(crate) warmup: Duration,
    /// The processor to stay on.
    pub(crate) pin: Option<usize>,
    /// Under TLS.
    pub(crate) tls: Option<TlsSetup>,
    /// What the server is spoken to in.
    pub(crate) protocol: Protocol,
}

/// What a run gathered.
pub(crate) struct Outcome {
    /// How it went.
    pub(crate) driven: Driven,
    /// All counts and latencies behind the warm-up.
    pub(crate) total: Interval,
    /// The course of the run.
    pub(crate) points: Vec<Point>,
    /// Every stretch's latencies.
    pub(crate) log: IntervalLog,
    /// Since 1970.
    pub(crate) began: Duration,
    /// Connections that were open when the clock began.
    pub(crate) opened: usize,
}

/// Is shown the course of a run.
pub(crate) trait Watch {
    /// All connections are tried; so many are open.
    fn opened(&mut self, opened: usize, of: usize);
    /// A stretch is over.
    fn went(&mut self, point: &Point, total: &Interval);
    /// The run is over.
    fn over(&mut self);
}

/// Connects, sends by the plan, and waits for the last answers.
pub(crate) fn run(session: Session, stop: &Stop, watch: &mut dyn Watch) -> Result<Outcome, LoadError> {
    let Session { target, plan, workload, seed, manner } = session;
    let address = address(&target, manner.timeout)?;
    let settings = Settings {
        address,
        authority: target.authority.clone(),
        kind: if manner.streams > 0 { "HTTP/2" } else { target.kind() },
        protocol: manner.protocol.clone(),
        tls: manner.tls.clone(),
        connections: manner.connections,
        streams: manner.streams,
        requests_per_connection: manner.requests_per_connection,
        timeout_ns: ns(manner.timeout),
        patience_ns: manner.patience.map(ns),
        warmup_ns: ns(manner.warmup),
        interval_ns: interval_ns(plan.duration_ns()),
        pin: manner.pin,
    };
    let (filled, stretches) = channel();
    let (recycle, cleared) = channel();
    for _ in 0..SPARE {
        recycle.send(Interval::new()?).map_err(|_| LoadError::Broken)?;
    }
    let pacer = Pacer::new(plan.clone(), seed);
    let flag = stop.flag();
    let (ready, is_ready) = channel();
    let sender = std::thread::Builder::new().name("sender".to_owned()).spawn(move || {
        let drive = Drive::open(settings, pacer, workload, flag, Outlet { filled, cleared })?;
        ready.send(drive.opened()).map_err(|_| LoadError::Broken)?;
        drive.run()
    });
    let sender = sender.map_err(LoadError::Start)?;
    let mut total = Interval::new()?;
    let mut points = Vec::new();
    let opened = is_ready.recv().unwrap_or(0);
    let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut log = IntervalLog::new(began);
    if opened > 0 {
        watch.opened(opened, manner.connections);
    }
    for mut interval in stretches {
        let point = Point::of(&interval, &plan);
        total.add(&interval);
        log.add(&interval)?;
        watch.went(&point, &total);
        points.push(point);
        interval.clear();
        // The sender may be gone already.
        recycle.send(interval).unwrap_or_default();
    }
    watch.over();
    let driven = sender.join().map_err(|_| LoadError::Broken)??;
    Ok(Outcome { driven, total, points, log, began, opened })
}

/// The first address of the target; where it has several, the first that accepts a connection.
pub(crate) fn address(target: &Target, timeout: Duration) -> Result<SocketAddr, LoadError> {
    let unresolved = |reason: String| LoadError::Unresolved { authority: target.authority.clone(), reason };
    let found = (target.host.as_str(), target.port).to_socket_addrs();
    let addresses: Vec<SocketAddr> = found.map_err(|error| unresolved(error.to_string()))?.collect();
    let mut open = addresses.iter().filter(|_| addresses.len() > 1);
    let accepts = open.find(|address| TcpStream::connect_timeout(address, timeout).is_ok());
    let address = accepts.or(addresses.first()).copied();
    address.ok_or_else(|| unresolved("the name has no address".to_owned()))
}

fn ns(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// A length that makes a readable plot of a run.
fn interval_ns(duration_ns: u64) -> u64 {
    let fits = |ms: &&u64| **ms * 1_000_000 * POINTS >= duration_ns;
    LENGTHS_MS.iter().find(fits).unwrap_or(&60_000) * 1_000_000
}
