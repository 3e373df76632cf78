//! `xinhe demo`: a city from nothing to answered checks, in one process.

use super::Failure;
use super::bars::Bars;
use crate::demo::{self, Call};
use crate::generate;
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use xinhe::config::Config;
use xinhe::domain::record::RecordId;
use xinhe::live::follow::{Concern, Follower, Settings};
use xinhe::live::{Aging, Clock, Live};
use xinhe::ops::{Notify, Readiness, Shutdown, Watched};
use xinhe::release::signature::PublicKeys;
use xinhe::{http, ops};

/// How often it is looked whether the release has come.
const RELEASE_LOOK: Duration = Duration::from_millis(5);
/// Where operators look, unless something else is there.
const OPS_PORT: u16 = 9090;

/// Generate a sample city, build and publish it, serve it on the loopback, and print calls to try. Ctrl-C ends it.
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
    eprintln!("publishing it …");
    demo::publish(&dir, &keys.release)?;
    serve(args, api, &dir, keys, started)
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
    dir: &Path,
    keys: demo::Keys,
    started: Instant,
) -> Result<(), Failure> {
    let config = Config::default();
    let live = Live::waiting(Aging::NEVER);
    let mut shutdown = Shutdown::listen().map_err(Failure::work)?;
    let settings = Settings {
        store: demo::store_url(dir)?,
        cache: dir.join("cache"),
        public_keys: Some(PublicKeys::parse(&keys.release.public().line()).map_err(Failure::work)?),
        person_keys: keys.person,
        poll: config.release.poll.0,
        gap_tolerated: config.corrections.gap_tolerated.0,
    };
    let follower = Follower::start(settings, Arc::clone(&live)).map_err(Failure::work)?;
    let serving = loop {
        if let Some(serving) = live.current() {
            break serving;
        }
        if let Some(trouble) = follower.following().state().trouble(Concern::Release) {
            return Err(Failure::Work(trouble.what.clone()));
        }
        if shutdown.wait_for(Some(RELEASE_LOOK)).is_some() {
            return Ok(());
        }
    };
    let shown = demo::calls(&dir.join("city"), &serving)?;
    let name = serving.name().to_owned();
    drop(serving);
    let readiness = Arc::new(Readiness::default());
    let log = demo::receipts(dir)?;
    let server = http::start(&config, &live, &log, api).map_err(Failure::work)?;
    let operators = TcpListener::bind(("127.0.0.1", OPS_PORT)).or_else(|_| TcpListener::bind("127.0.0.1:0"));
    let watched = Watched {
        live,
        log: Arc::clone(&log),
        board: server.board(),
        readiness: Arc::clone(&readiness),
        started,
        clock: Clock::System,
        following: Some(follower.following()),
    };
    let operators = ops::start(operators.map_err(Failure::work)?, watched).map_err(Failure::work)?;
    readiness.set();
    let correct = shown.record.map(|record| correct(dir, record)).transpose()?;
    tell(args, (server.addr(), operators.addr()), &name, &shown.calls, correct.as_deref(), started);
    let signal = ops::watch(&mut shutdown, &Notify::default(), &server.board(), || follower.look());
    eprintln!("{signal}: draining");
    readiness.clear();
    server.shutdown();
    drop(operators);
    Ok(())
}

/// A correction to try, as one types it.
fn correct(dir: &Path, record: RecordId) -> Result<String, Failure> {
    let program = std::env::current_exe().map_err(Failure::work)?;
    let key = std::path::absolute(demo::release_key(dir)).map_err(Failure::work)?;
    Ok(format!(
        "{} correct repaired --store {} --key {} --record {record} --document 试修〔2026〕1号 --authority 试验局 --reason 已履行",
        program.display(),
        demo::store_url(dir)?,
        key.display()
    ))
}

fn tell(
    args: &Args,
    (api, operators): (SocketAddr, SocketAddr),
    release: &str,
    calls: &[Call],
    correct: Option<&str>,
    started: Instant,
) {
    if args.json {
        let told: Vec<_> = calls
            .iter()
            .map(|call| serde_json::json!({"about": call.about, "curl": call.curl(api)}))
            .collect();
        let mut line = serde_json::json!({"event": "ready", "api": api.to_string(), "ops": operators.to_string(),
                                          "release": release, "calls": told});
        if let Some(correct) = correct {
            line["correct"] = correct.into();
        }
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
    if let Some(correct) = correct {
        println!(
            "# repair a record of the restricted one; a second later it is gone from every answer\n{correct}\n"
        );
    }
    println!(
        "# what is served, and how it fares\ncurl -s http://{api}/v1/release\ncurl -s http://{operators}/metrics\n"
    );
    println!("Ctrl-C ends it.");
}
