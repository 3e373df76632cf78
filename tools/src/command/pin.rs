//! `xinhe pin`: serve this release, whatever is published.

use super::Failure;
use super::publish::open;
use crate::keys;
use crate::publish::{guardrail, now};
use serde_json::json;
use std::path::PathBuf;
use xinhe::release::pointer::{self, Current, Pointer, Published};
use xinhe::release::signature::{PublicKeys, SigningKey};
use xinhe::release::store::Store;
use xinhe::release::{MANIFEST_FILE, Manifest};

/// Serve this release until `xinhe unpin`.
///
/// Corrections made since it was built are put to it as to any other: a repaired record stays away.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  xinhe pin 2026-11-19.1 --store file:///var/lib/xinhe/store --key /etc/xinhe/release.key\n\n\
                        Exit code: 0 pinned, 1 no such release or failed, 2 wrong usage."
)]
pub(super) struct Args {
    /// Its name, as `publish` told it; the name of the build if only one release bears it.
    #[arg(value_name = "RELEASE")]
    release: String,
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
    let release = before.pointer.find(&args.release).map_err(Failure::work)?;
    whole(&store, release)?;
    guardrail::corrections_for_pin(&store, release.corrections).map_err(Failure::work)?;
    let pointer = before.pointer.pinning(release, now()).map_err(Failure::work)?;
    pointer::replace(&store, Some(&before), &pointer, &key).map_err(Failure::work)?;
    eprintln!("pinned {}: it is served until `xinhe unpin` (sequence {})", pointer.release, pointer.sequence);
    if args.json {
        println!("{}", report(&pointer));
    }
    Ok(())
}

/// What is served; it must have been signed by the key that is about to sign, else servers would not follow.
pub(super) fn read(store: &Store, key: &SigningKey) -> Result<Current, Failure> {
    let keys = PublicKeys::parse(&key.public().line()).map_err(Failure::work)?;
    pointer::current(store, Some(&keys)).map_err(Failure::work)
}

/// Is all of it there? Its digests are compared by whoever fetches it.
fn whole(store: &Store, release: &Published) -> Result<(), Failure> {
    let folder = format!("releases/{}", release.release);
    let path = format!("{folder}/{MANIFEST_FILE}");
    let bytes = store.get(&path).map_err(Failure::work)?;
    let bytes = bytes.ok_or_else(|| Failure::Work(format!("{path} is not in the store")))?;
    let manifest = Manifest::parse(&bytes).map_err(|error| Failure::Work(format!("{path}: {error}")))?;
    let there = store.list(&folder).map_err(Failure::work)?;
    let missing = manifest
        .parts
        .iter()
        .map(|part| format!("{folder}/{}", part.file))
        .find(|part| !there.contains(part));
    missing.map_or(Ok(()), |part| Err(Failure::Work(format!("{part} is not in the store"))))
}

/// What is served, as JSON.
pub(super) fn report(pointer: &Pointer) -> serde_json::Value {
    let names: Vec<_> = pointer.releases.iter().map(|release| &release.release).collect();
    json!({
        "sequence": pointer.sequence,
        "current": pointer.release,
        "pinned": pointer.pinned,
        "newest": pointer.newest().map(|newest| &newest.release),
        "releases": names,
    })
}
