//! `xinhe demo`: a city from nothing to answered checks, in one process.

use super::Failure;
use super::bars::Bars;
use crate::demo::{self, Call};
use crate::generate;
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use xinhe::config::Config;
use xinhe::live::{Live, Serving};
use xinhe::ops::{Readiness, Shutdown, Watched};
use xinhe::{http, ops};

/// Where operators look, unless something else is there.
const OPS_PORT: u16 = 9090;

/// Generate a sample city, build it, serve it on the loopback, and print calls to try. Ctrl-C ends it.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  xinhe demo --subjects 100000 --port 8080")]
pub(super) struct Args {
    /// Subjects of the city.
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    subjects: u64,
    /// Port of the checks.
    #[arg(long, value_name = "P", default_value_t = 8080)]
    port: u16,
    /// Folder to keep the city, the keys and the release in; absent: a temporary one that goes with the demo.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print the addresses and the calls as one line of JSON on stdout.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let started = Instant::now();
    let api = listen(args.port)?;
    let (_kept, dir) = folder(args.dir.as_deref())?;
    eprintln!("generating a city of {} subjects …", args.subjects);
    generate(&dir, args.subjects)?;
    eprintln!("building its release …");
    let keys = demo::build(&dir, &Bars::new())?;
    let serving = Serving::open(&dir.join("release"), &keys).map_err(Failure::work)?;
    let calls = demo::calls(&dir.join("city"), &serving)?;
    serve(args, api, serving, &calls, started)
}

fn listen(port: u16) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(("127.0.0.1", port));
    bound.map_err(|e| Failure::Work(format!("port {port} of the loopback: {e}; give another --port")))
}

/// The folder, and what removes it at the end if it is a temporary one.
fn folder(dir: Option<&Path>) -> Result<(Option<tempfile::TempDir>, PathBuf), Failure> {
    let Some(dir) = dir else {
        let made = tempfile::Builder::new().prefix("xinhe-demo-").tempdir().map_err(Failure::work)?;
        let path = made.path().to_path_buf();
        return Ok((Some(made), path));
    };
    std::fs::create_dir_all(dir).map_err(|e| Failure::Work(format!("{}: {e}", dir.display())))?;
    if std::fs::read_dir(dir).map_err(Failure::work)?.next().is_some() {
        return Err(Failure::Usage(format!("{} is not empty: give another --dir", dir.display())));
    }
    Ok((None, dir.to_path_buf()))
}

fn generate(dir: &Path, subjects: u64) -> Result<(), Failure> {
    let plan = generate::Plan { subjects, ..generate::Plan::default() };
    let bar = ProgressBar::with_draw_target(Some(plan.rows()), ProgressDrawTarget::stderr());
    let made = generate::write(&plan, &dir.join("city"), &|rows| bar.inc(rows));
    bar.finish_and_clear();
    made.map(|_| ()).map_err(Failure::work)
}

fn serve(
    args: &Args,
    api: TcpListener,
    serving: Serving,
    calls: &[Call],
    started: Instant,
) -> Result<(), Failure> {
    let config = Config::default();
    let live = Live::new(serving);
    let readiness = Arc::new(Readiness::default());
    let mut shutdown = Shutdown::listen().map_err(Failure::work)?;
    let server = http::start(&config, &live, api).map_err(Failure::work)?;
    let operators = TcpListener::bind(("127.0.0.1", OPS_PORT)).or_else(|_| TcpListener::bind("127.0.0.1:0"));
    let watched = Watched {
        live: Arc::clone(&live),
        board: server.board(),
        readiness: Arc::clone(&readiness),
        started,
    };
    let operators = ops::start(operators.map_err(Failure::work)?, watched).map_err(Failure::work)?;
    readiness.set();
    tell(args, (server.addr(), operators.addr()), live.current().name(), calls, started);
    let signal = shutdown.wait();
    eprintln!("{signal}: draining");
    readiness.clear();
    server.shutdown();
    Ok(())
}

fn tell(
    args: &Args,
    (api, operators): (SocketAddr, SocketAddr),
    release: &str,
    calls: &[Call],
    started: Instant,
) {
    if args.json {
        let told: Vec<_> = calls
            .iter()
            .map(|call| serde_json::json!({"about": call.about, "curl": call.curl(api)}))
            .collect();
        let line = serde_json::json!({"event": "ready", "api": api.to_string(), "ops": operators.to_string(),
                                      "release": release, "calls": told});
        println!("{line}");
        return;
    }
    println!(
        "release {release} is served after {:.1} s; every name and number in it is invented\n",
        started.elapsed().as_secs_f64()
    );
    for call in calls {
        println!("# {}\n{}\n", call.about, call.curl(api));
    }
    println!(
        "# what is served, and how it fares\ncurl -s http://{api}/v1/release\ncurl -s http://{operators}/metrics\n"
    );
    println!("Ctrl-C ends it.");
}
