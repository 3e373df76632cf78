//! `xinhe unpin`: serve the newest release again.

use super::Failure;
use super::pin::{read, report};
use super::publish::open;
use crate::keys;
use crate::publish::now;
use std::path::PathBuf;
use xinhe::release::pointer;

/// Serve the release that was published last, and every later one.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  xinhe unpin --store file:///var/lib/xinhe/store --key /etc/xinhe/release.key\n\n\
                        Exit code: 0 done, also if nothing was pinned; 1 failed; 2 wrong usage."
)]
pub(super) struct Args {
    /// The store: file:///path or s3://bucket/prefix.
    #[arg(long, value_name = "URL")]
    store: String,
    /// The key that signs, release.key of `xinhe keygen`.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Print the result as JSON on stdout.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let store = open(&args.store)?;
    let key = keys::signing_key(&args.key)?;
    let before = read(&store, &key)?;
    let pointer = if before.pointer.pinned {
        let pointer = before.pointer.unpinning(now()).map_err(Failure::work)?;
        pointer::replace(&store, Some(&before), &pointer, &key).map_err(Failure::work)?;
        eprintln!("unpinned: {} is served now (sequence {})", pointer.release, pointer.sequence);
        pointer
    } else {
        eprintln!("nothing was pinned; {} is served", before.pointer.release);
        before.pointer
    };
    if args.json {
        println!("{}", report(&pointer));
    }
    Ok(())
}
