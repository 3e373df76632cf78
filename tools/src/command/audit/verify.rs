//! `xinhe audit verify`: is every entry there, as it was written, in its order?

use crate::command::Failure;
use crate::keys;
use serde_json::json;
use std::path::PathBuf;
use xinhe::audit::{Checkpoint, Saying, Verified, verify};

/// Read all receipts and compare every link of their chain, every checkpoint and its signature.
///
/// Finds what was changed, removed, reordered or cut off, and says where. What was cut off behind the last checkpoint of
/// the folder shows only against one that was kept elsewhere: copy the newest `.checkpoint` away now and then.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  xinhe audit verify /var/lib/xinhe/audit --public-key /etc/xinhe/audit.pub --checkpoint kept.checkpoint\n\n\
                  Exit code: 0 whole (an incomplete last batch after a crash is reported and no error), 1 not whole, 2 wrong usage."
)]
pub(super) struct Args {
    /// The folder of the receipts.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Public keys, of which one must have signed every checkpoint.
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// A checkpoint that was kept elsewhere; may be given several times.
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let keys = args.public_key.as_ref().map(|file| keys::public_keys(file)).transpose()?;
    let mut outside = Vec::new();
    for file in &args.checkpoint {
        let at = |error: &dyn std::error::Error| Failure::Work(format!("{}: {error}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|error| at(&error))?;
        let (checkpoint, _) =
            Checkpoint::parse(Saying::Reached, &text, keys.as_ref()).map_err(|error| at(&error))?;
        outside.push(checkpoint);
    }
    let told = verify(&args.dir, keys.as_ref(), &outside).map_err(Failure::work)?;
    tell(&told, keys.is_some());
    if args.json {
        println!("{}", report(&told));
    }
    match (told.faults.len(), args.json) {
        (0, _) => {
            eprintln!(
                "{}: whole, {} entries in {} segments",
                args.dir.display(),
                told.entries,
                told.segments
            );
            Ok(())
        }
        (_, true) => Err(Failure::Told),
        (faults, false) => Err(Failure::Work(format!(
            "{}: {faults} findings: these receipts are not as the server wrote them",
            args.dir.display()
        ))),
    }
}

fn tell(told: &Verified, compared: bool) {
    told.faults.iter().for_each(|fault| eprintln!("{fault}"));
    super::tell_torn(told.torn);
    if let Some(retired) = told.retired {
        eprintln!("segments up to {retired} were removed on purpose, or moved away");
    }
    if !compared && told.unsigned > 0 {
        eprintln!("signatures of {} checkpoints were not compared: give --public-key", told.unsigned);
    }
}

fn report(told: &Verified) -> serde_json::Value {
    let place = |segment: u32, offset: u64| json!({"segment": segment, "offset": offset});
    let findings: Vec<_> = told
        .faults
        .iter()
        .map(|fault| json!({"segment": fault.segment, "offset": fault.offset, "what": fault.what}))
        .collect();
    let mut report = json!({
        "valid": findings.is_empty(), "entries": told.entries, "segments": told.segments, "link": told.link,
        "signed": told.signed, "unsigned": told.unsigned, "findings": findings,
    });
    if let Some(end) = told.end {
        report["end"] = place(end.segment, u64::from(end.offset));
    }
    if let Some(torn) = told.torn {
        report["incomplete"] = place(torn.place.segment, u64::from(torn.place.offset));
        report["incomplete"]["bytes"] = json!(torn.bytes);
    }
    if let Some(retired) = told.retired {
        report["removed_through"] = json!(retired);
    }
    report
}
