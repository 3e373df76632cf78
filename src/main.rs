//! `xinhe-server`: config → open → bind → serve → drain.

use std::io::Write;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use xinhe::config::Config;
use xinhe::live::{Live, Serving};
use xinhe::ops::{Readiness, Shutdown, Watched};
use xinhe::snapshot::PersonKeys;
use xinhe::{http, ops};

mod args;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    let live = open(&config)?;
    let (api, operators) = bind(&config)?;
    let mut shutdown = Shutdown::listen()?;
    let readiness = Arc::new(Readiness::default());
    let server = http::start(&config, &live, api)?;
    let watched = Watched {
        live: Arc::clone(&live),
        board: server.board(),
        readiness: Arc::clone(&readiness),
        started,
    };
    let operators = ops::start(operators, watched)?;
    readiness.set();
    tell_ready(&server, &operators, live.current().name())?;
    let signal = shutdown.wait();
    tracing::info!(signal, "draining");
    readiness.clear();
    server.shutdown();
    Ok(())
}

/// Words on stderr; `RUST_LOG` says how many.
fn log() {
    let wanted = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(wanted).json().init();
}

fn open(config: &Config) -> Result<Arc<Live>, Refusal> {
    let (Some(dir), Some(key), Some(audit)) =
        (&config.release.dir, &config.release.person_key, &config.audit.dir)
    else {
        return Err("release.dir, release.person_key and audit.dir are required".into());
    };
    let text = std::fs::read_to_string(key)
        .map_err(|error| format!("release.person_key {}: {error}", key.display()))?;
    let keys = PersonKeys::parse(&text).map_err(|error| format!("{}: {error}", key.display()))?;
    std::fs::create_dir_all(audit).map_err(|error| format!("audit.dir {}: {error}", audit.display()))?;
    Ok(Live::new(Serving::open(dir, &keys)?))
}

fn bind(config: &Config) -> Result<(TcpListener, TcpListener), Refusal> {
    let bound = |key, addr| TcpListener::bind(addr).map_err(|error| format!("{key} {addr}: {error}"));
    Ok((bound("listen.api", config.listen.api)?, bound("listen.ops", config.listen.ops)?))
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
