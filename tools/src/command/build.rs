//! `xinhe build`: from a dataset and a catalogue to a release.

use super::Failure;
use super::bars::Bars;
use crate::compile::{self, Built, Made, PartBuilt, Plan};
use crate::guardrail::Guardrail;
use crate::keys;
use std::path::PathBuf;
use xinhe::config::Size;
use xinhe::release::Store;
use xinhe::release::corrections::{Correction, read_all};

/// Compile a dataset and a catalogue into a release.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  xinhe build --input city --catalog tools/catalog --out releases/2026-11-20.1 \
                        --person-key keys/person.key"
)]
pub(super) struct Args {
    /// Dataset folder with its dataset.toml.
    #[arg(long, value_name = "DIR")]
    input: PathBuf,
    /// Catalogue folder with its catalog.toml.
    #[arg(long, value_name = "DIR")]
    catalog: PathBuf,
    /// Release folder to write; must not exist, or be empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The secret under which persons are kept, as `xinhe keygen` writes it.
    #[arg(long, value_name = "FILE")]
    person_key: PathBuf,
    /// The release before this one: gives the running number of the day.
    #[arg(long, value_name = "DIR")]
    previous: Option<PathBuf>,
    /// Take the last good rows of this missing source from the release given by --previous: its name as guardrails tell
    /// it, such as 3-penalty, or its path. May be given several times.
    #[arg(long, value_name = "SOURCE", requires = "previous")]
    carry_forward: Vec<String>,
    /// Number of parts.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=PARTS_MAX))]
    parts: u32,
    /// Compile only part I of N in this process; I counts from 1 to N. Parts wait in OUT.parts, and the process that finds
    /// all of them there, of the same inputs, puts the release together in OUT.
    #[arg(long, value_name = "I/N", value_parser = part, conflicts_with = "parts")]
    part: Option<(u32, u32)>,
    /// Memory to keep within, for the whole process.
    #[arg(long, value_name = "SIZE", default_value = "1280MiB", value_parser = size)]
    memory: Size,
    /// Threads to use; default: one for each core.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// Store whose corrections are folded in.
    #[arg(long, value_name = "STORE")]
    corrections: Option<String>,
    /// The key by which corrections of the store must be signed; without it signatures are not checked.
    #[arg(long, value_name = "FILE", requires = "corrections")]
    public_key: Option<PathBuf>,
    /// Print the result as JSON on stdout.
    #[arg(long)]
    json: bool,
}

/// Parts at most.
const PARTS_MAX: i64 = 1024;

fn part(text: &str) -> Result<(u32, u32), String> {
    let numbers =
        text.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    numbers
        .filter(|(part, parts): &(u32, u32)| (1..=*parts).contains(part) && i64::from(*parts) <= PARTS_MAX)
        .ok_or_else(|| format!("expected I/N with I from 1 to N and N at most {PARTS_MAX}, such as 2/4"))
}

fn size(text: &str) -> Result<Size, String> {
    Size::parse(text).ok_or_else(|| "expected a size such as 1280MiB".to_owned())
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let keys = keys::person_keys(&args.person_key)?;
    let usual = Plan::new(&args.input, &args.catalog, &args.out, keys.first());
    let stored = stored(args)?;
    let plan = Plan {
        stored: &stored,
        previous: args.previous.as_deref(),
        carry: &args.carry_forward,
        parts: args.part.map_or(args.parts, |(_, parts)| parts),
        memory: args.memory.0,
        threads: args.threads.map_or(usual.threads, |threads| threads as usize),
        ..usual
    };
    let bars = Bars::new();
    let made = match args.part {
        Some((number, _)) => compile::build_part(&plan, number, &bars),
        None => compile::build(&plan, &bars).map(|built| Made::Release(Box::new(built))),
    };
    drop(bars);
    let built = match made.map_err(Failure::work)? {
        Made::Release(built) => built,
        Made::Part(part) => {
            tell_part(&part, args);
            return Ok(());
        }
    };
    for remark in &built.remarks {
        eprintln!("catalogue: {remark}");
    }
    tell(&built);
    if args.json {
        println!("{}", result(&built, &args.out));
    }
    Ok(())
}

/// A part that waits for others, or came once more.
fn tell_part(part: &PartBuilt, args: &Args) {
    let (number, parts) = args.part.unwrap_or_default();
    let (release, out) = (&part.release, args.out.display());
    if part.missing.is_empty() {
        eprintln!("part {number} of {parts} is in release {release} already: {out}");
    } else {
        let missing: Vec<String> = part.missing.iter().map(u32::to_string).collect();
        eprintln!(
            "part {number} of {parts} of release {release} waits beside {out} for: {}",
            missing.join(", ")
        );
    }
    if args.json {
        let told = serde_json::json!({
            "release": release,
            "out": args.out,
            "part": number,
            "parts": parts,
            "missing": part.missing,
            "subjects": part.entry.subjects,
            "records": part.entry.records,
        });
        println!("{told}");
    }
}

/// The corrections of the store.
fn stored(args: &Args) -> Result<Vec<Correction>, Failure> {
    let Some(url) = &args.corrections else { return Ok(Vec::new()) };
    let public = args.public_key.as_deref().map(keys::public_keys).transpose()?;
    if public.is_none() {
        eprintln!("signatures of corrections are not checked: give --public-key FILE");
    }
    let store = Store::open(url).map_err(Failure::work)?;
    read_all(&store, public.as_ref()).map_err(Failure::work)
}

fn result(built: &Built, out: &std::path::Path) -> serde_json::Value {
    let sum = |of: fn(&crate::compile::Account) -> u64| built.accounts.iter().map(of).sum::<u64>();
    serde_json::json!({
        "release": built.manifest.release,
        "out": out,
        "subjects": built.counts.subjects.iter().sum::<u64>(),
        "records": built.counts.records.iter().sum::<u64>(),
        "kept": sum(|account| account.kept),
        "merged": sum(|account| account.merged),
        "rejected": sum(|account| account.rejected),
        "rejected_by_reason": built.rejects,
        "warnings_by_reason": built.warnings,
        "orphan_correction": built.orphans,
        "renamed_authorities": built.renamed,
        "guardrails_tripped": tripped(built).map(|one| one.name.as_str()).collect::<Vec<_>>(),
    })
}

/// What stands against publishing.
fn tripped(built: &Built) -> impl Iterator<Item = &Guardrail> {
    built.guardrails.iter().filter(|one| one.tripped)
}

/// The words for people, on stderr.
fn tell(built: &Built) {
    eprintln!("release {}", built.manifest.release);
    for (source, account) in built.manifest.sources.iter().zip(&built.accounts) {
        eprintln!(
            "  {:<14} {:>10} rows = {} kept + {} merged + {} rejected   {}",
            source.kind, source.rows, account.kept, account.merged, account.rejected, source.path
        );
    }
    for (reason, count) in &built.rejects {
        eprintln!("  rejected: {count} × {reason}");
    }
    for (reason, count) in &built.warnings {
        eprintln!("  noticed: {count} × {reason}");
    }
    if built.orphans > 0 {
        eprintln!("  corrections that match no record: {} (see quality.json)", built.orphans);
    }
    if built.renamed > 0 {
        eprintln!("  corrections put to a record of another authority: {} (see quality.json)", built.renamed);
    }
    for one in tripped(built) {
        eprintln!("  guardrail {}: found {}, limit {}; {}", one.name, one.found, one.limit, one.detail);
    }
    if tripped(built).next().is_some() {
        eprintln!("  `xinhe publish` refuses this release unless each of these is given by --accept NAME");
    }
}
