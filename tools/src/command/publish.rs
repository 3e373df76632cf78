//! `xinhe publish`: a release becomes the one that is served.

use super::Failure;
use crate::keys;
use crate::publish::{self, Done, Halt, Plan, PublishError, Step, Steps};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{SignalKind, signal};
use xinhe::release::store::{Store, StoreError};

/// Verify a release, sign it, upload it to a store, and let `current` name it.
///
/// A release that trips a guardrail (quality.json) is refused; --accept NAME publishes it all the same. Servers that
/// follow the store serve it within seconds, unless a pin stands. Whatever stops this command, the store serves what it
/// served, and the next run works.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  xinhe publish out/2026-11-20 --store file:///var/lib/xinhe/store --key /etc/xinhe/release.key --keep 14\n  \
                        xinhe publish out/2026-11-20 --store s3://credit/zaozhuang --key release.key --accept rejects\n\n\
                        S3: credentials, region and endpoint come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, \
                        AWS_ENDPOINT_URL.\nExit code: 0 published, 1 refused or failed, 2 wrong usage."
)]
pub(super) struct Args {
    /// The release folder, as `xinhe build` writes it.
    #[arg(value_name = "RELEASE_DIR")]
    release: PathBuf,
    /// The store: file:///path or s3://bucket/prefix.
    #[arg(long, value_name = "URL")]
    store: String,
    /// The key that signs, release.key of `xinhe keygen`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Publish although this guardrail is tripped; may be given several times.
    #[arg(long, value_name = "GUARDRAIL")]
    accept: Vec<String>,
    /// Remove all releases but the N newest. What is served, pinned, or served after `unpin` always stays.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Print the result as JSON on stdout.
    #[arg(long)]
    json: bool,
}

/// Opens a store; an address that is none is wrong usage.
pub(super) fn open(url: &str) -> Result<Store, Failure> {
    Store::open(url).map_err(|error| match error {
        StoreError::Url { .. } => Failure::Usage(format!("--store: {error}")),
        other => Failure::work(other),
    })
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let store = open(&args.store)?;
    let key = keys::signing_key(&args.key)?;
    let plan = Plan {
        release: &args.release,
        store: &store,
        key: &key,
        accept: &args.accept,
        keep: args.keep.map(|keep| keep as usize),
    };
    match publish::publish(&plan, &mut Told::listening()) {
        Ok(done) => {
            tell(args, &done);
            if args.json {
                println!("{}", result(&done));
            }
            Ok(())
        }
        Err(error) => Err(refuse(error, args.json)),
    }
}

fn refuse(error: PublishError, as_json: bool) -> Failure {
    if let PublishError::Accept { .. } = error {
        return Failure::Usage(error.to_string());
    }
    let failure = Failure::work(&error);
    if !as_json {
        return failure;
    }
    let guardrails = match &error {
        PublishError::Tripped(guardrails) => guardrails.as_slice(),
        _ => &[],
    };
    println!("{}", json!({"published": false, "error": failure.to_string(), "guardrails": guardrails}));
    eprintln!("xinhe: {failure}");
    Failure::Told
}

fn tell(args: &Args, done: &Done) {
    let pointer = &done.pointer;
    let new = pointer.newest().map_or("", |newest| newest.release.as_str());
    for name in args.accept.iter().filter(|name| !done.accepted.contains(name)) {
        eprintln!("--accept {name} was not needed: this guardrail is not tripped");
    }
    if pointer.pinned {
        eprintln!("published {new}, but {} is pinned and stays in service;", pointer.release);
        eprintln!("{new} is served after `xinhe unpin --store {} --key …`", args.store);
    } else {
        eprintln!("published {new}: it is served now (sequence {})", pointer.sequence);
    }
    done.remarks.iter().for_each(|remark| eprintln!("but: {remark}"));
}

fn result(done: &Done) -> serde_json::Value {
    let mut told = super::pin::report(&done.pointer);
    told["published"] = json!(true);
    told["accepted"] = json!(done.accepted);
    told["removed"] = json!(done.removed);
    told["remarks"] = json!(done.remarks);
    told
}

/// Tells of every step, and stops at the next one after a signal.
struct Told {
    stop: Arc<AtomicBool>,
}

impl Told {
    /// Without signals to listen to, the system ends the program as ever.
    fn listening() -> Told {
        let stop = Arc::new(AtomicBool::new(false));
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
            let flag = Arc::clone(&stop);
            std::thread::spawn(move || runtime.block_on(listen(&flag)));
        }
        Told { stop }
    }
}

async fn listen(stop: &AtomicBool) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    loop {
        let number = tokio::select! {
            _ = interrupt.recv() => 2,
            _ = terminate.recv() => 15,
        };
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(128 + number);
        }
        eprintln!("xinhe: stopping after this file; once more to stop at once");
    }
}

impl Steps for Told {
    fn reached(&mut self, step: Step<'_>) -> Result<(), Halt> {
        match step {
            Step::Verified => eprintln!("verified"),
            Step::Allowed => eprintln!("no guardrail stands against it"),
            Step::Uploaded(file) => eprintln!("uploaded {file}"),
            Step::Moved => {}
            Step::Removed(folder) => eprintln!("removed {folder}"),
        }
        if self.stop.load(Ordering::Relaxed) { Err(Halt::Interrupted) } else { Ok(()) }
    }
}
