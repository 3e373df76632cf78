//! `xinhe audit ship`: sealed segments move to a store.

use crate::command::{Failure, publish};
use crate::keys;
use serde_json::json;
use std::path::{Path, PathBuf};
use xinhe::audit::disk::SystemDisk;
use xinhe::audit::{moved_away, sealed, verify};
use xinhe::release::Store;
use xinhe::release::store::StoreError;

/// Move sealed segments to a store, under `audit/NAME/`: each is uploaded with its checkpoint, read back and compared, and
/// only then removed here. The segment that is being written stays. Usage still counts what was moved; single receipts in
/// it can no longer be asked for at the server.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  xinhe audit ship /var/lib/xinhe/audit --store s3://credit/zaozhuang --node hall-1 --key /etc/xinhe/audit.key --keep 90"
)]
pub(super) struct Args {
    /// The folder of the receipts.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The store: file:///path or s3://bucket/prefix.
    #[arg(long, value_name = "URL")]
    store: String,
    /// Name of this server in the store; two servers must not share one.
    #[arg(long, value_name = "NAME")]
    node: String,
    /// The key that signs what was moved, audit.key of `xinhe keygen`; without it that is not signed.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Sealed segments to keep here, the newest.
    #[arg(long, value_name = "N", default_value_t = 0)]
    keep: usize,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if args.node.is_empty() || args.node.starts_with('.') || !args.node.chars().all(plain) {
        return Err(Failure::Usage("--node: expected letters, digits, `-`, `_` and `.`".to_owned()));
    }
    let store = publish::open(&args.store)?;
    let key = args.key.as_ref().map(|file| keys::signing_key(file)).transpose()?;
    let found = verify(&args.dir, None, &[]).map_err(Failure::work)?;
    if let Some(fault) = found.faults.first() {
        return Err(Failure::Work(format!("{fault}; damaged receipts are not moved")));
    }
    let mut all = sealed(&args.dir).map_err(Failure::work)?;
    all.truncate(all.len().saturating_sub(args.keep));
    let mut moved = Vec::new();
    for (number, files) in &all {
        for file in files {
            upload(&store, &args.node, file)?;
        }
        moved_away(&SystemDisk, &args.dir, *number, key.as_ref()).map_err(Failure::work)?;
        eprintln!("segment {number}: moved");
        moved.push(*number);
    }
    if args.json {
        println!("{}", json!({"moved": moved}));
    }
    eprintln!("{} segments moved to {}", moved.len(), args.store);
    Ok(())
}

/// Uploads a file, unless the same is there; then reads it back.
fn upload(store: &Store, node: &str, file: &Path) -> Result<(), Failure> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let path = format!("audit/{node}/{name}");
    let bytes = std::fs::read(file).map_err(|error| Failure::Work(format!("{}: {error}", file.display())))?;
    match store.create(&path, &bytes) {
        Ok(()) | Err(StoreError::Exists(_)) => {}
        Err(error) => return Err(Failure::work(error)),
    }
    let there = store.get(&path).map_err(Failure::work)?;
    if there.as_deref() == Some(&bytes[..]) {
        return Ok(());
    }
    let help = "another server ships under this name, or the store lost it; nothing was removed here";
    Err(Failure::Work(format!("{path}: the store holds something else: {help}")))
}
