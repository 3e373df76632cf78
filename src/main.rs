//! `xinhe-server`: config → open → bind → serve → drain.

use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use xinhe::config::Config;
use xinhe::live::follow::Follower;
use xinhe::live::{Clock, Live, Serving};
use xinhe::ops::{Notify, Passed, Readiness, Shutdown, Signal, Watched};
use xinhe::{http, ops};

mod args;
mod opening;

use opening::Opened;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often it is looked, at the start, whether a release has come.
const RELEASE_LOOK: Duration = Duration::from_millis(5);

/// Any reason not to serve, in one line.
type Refusal = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let args = match args::parse(std::env::args_os().skip(1)) {
        Ok(args) => args,
        Err(early) => return early.tell(),
    };
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(refusal) => {
            eprintln!("xinhe-server: {refusal}");
            ExitCode::from(1)
        }
    }
}

fn run(args: &args::Args) -> Result<(), Refusal> {
    let started = Instant::now();
    let config = Config::read(&args.config, &args.overrides)?;
    log();
    for note in config.notes() {
        tracing::warn!("{note}");
    }
    let notify = Notify::from_env();
    let mut shutdown = Shutdown::listen()?;
    let log_of_receipts = opening::receipts(&config)?;
    let Opened { live, follower } = opening::open(&config)?;
    let (api, operators) = bind(&config)?;
    let readiness = Arc::new(Readiness::default());
    let server = http::start(&config, &live, &log_of_receipts, api)?;
    let watched = Watched {
        live: Arc::clone(&live),
        log: Arc::clone(&log_of_receipts),
        board: server.board(),
        readiness: Arc::clone(&readiness),
        started,
        clock: config.today().map_or(Clock::System, Clock::Fixed),
        following: follower.as_ref().map(Follower::following),
    };
    let operators = ops::start(operators, watched)?;
    let signal = match await_release(&live, &mut shutdown, &notify) {
        Err(signal) => signal,
        Ok(serving) => {
            readiness.set();
            tell_ready(&server, &operators, serving.name())?;
            notify.ready(serving.name());
            drop(serving);
            ops::watch(&mut shutdown, &notify, &server.board(), || reload(&notify, &live, follower.as_ref()))
        }
    };
    tracing::info!(signal, "draining");
    readiness.clear();
    notify.stopping();
    server.shutdown();
    // Last, once nobody can ask any more.
    drop(operators);
    drop(log_of_receipts);
    Ok(())
}

/// Waits until something is served; else tells the signal that ended the wait.
fn await_release(
    live: &Live,
    shutdown: &mut Shutdown,
    notify: &Notify,
) -> Result<Arc<Serving>, &'static str> {
    let mut told = false;
    loop {
        if let Some(serving) = live.current() {
            return Ok(serving);
        }
        if !told {
            notify.waiting("waiting for a release");
            told = true;
        }
        if let Some(Signal::Stop(name)) = shutdown.wait_for(Some(RELEASE_LOOK)) {
            return Err(name);
        }
    }
}

fn reload(notify: &Notify, live: &Live, follower: Option<&Follower>) {
    notify.reloading();
    if let Some(follower) = follower {
        follower.look();
    }
    notify.ready(live.current().as_ref().map_or("", |serving| serving.name()));
}

/// Words on stderr; `RUST_LOG` says how many.
fn log() {
    let wanted = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(wanted).json().init();
}

/// Takes the sockets that the service manager hands over, and binds the others.
fn bind(config: &Config) -> Result<(TcpListener, TcpListener), Refusal> {
    let bound = |key, addr| TcpListener::bind(addr).map_err(|error| format!("{key} {addr}: {error}"));
    let passed = Passed::from_env()?;
    let api = passed.api.map_or_else(|| bound("listen.api", config.listen.api), Ok)?;
    let operators = passed.ops.map_or_else(|| bound("listen.ops", config.listen.ops), Ok)?;
    Ok((api, operators))
}

/// The only line on stdout.
fn tell_ready(server: &http::RunningServer, operators: &ops::Running, release: &str) -> Result<(), Refusal> {
    let release = serde_json::to_string(release)?;
    let (api, operators) = (server.addr(), operators.addr());
    let mut stdout = std::io::stdout().lock();
    writeln!(
        stdout,
        "{{\"event\":\"ready\",\"api\":\"{api}\",\"ops\":\"{operators}\",\"release\":{release}}}"
    )?;
    Ok(stdout.flush()?)
}
