//! `xinhe audit stats`: how many of what, by whom.

use crate::command::Failure;
use crate::receipts::time;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use xinhe::audit::read_all;

/// Count receipts by kind, client, day and verdict. Repeated requests count each time: every answer has its receipt.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  xinhe audit stats /var/lib/xinhe/audit --json")]
pub(super) struct Args {
    /// The folder of the receipts.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Counts by some word.
type Counts = BTreeMap<String, u64>;

#[derive(Default)]
struct Sums {
    entries: u64,
    first_us: Option<u64>,
    last_us: Option<u64>,
    by: [(&'static str, Counts); 4],
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut sums = Sums {
        by: ["kinds", "clients", "days", "verdicts"].map(|name| (name, Counts::new())),
        ..Sums::default()
    };
    let torn = read_all(&args.dir, |stored| {
        let entry = &stored.entry;
        sums.entries += 1;
        sums.first_us = Some(sums.first_us.map_or(entry.time_us, |first| first.min(entry.time_us)));
        sums.last_us = Some(sums.last_us.map_or(entry.time_us, |last| last.max(entry.time_us)));
        let words = [
            entry.body.kind().word().to_owned(),
            entry.counted.client.to_owned(),
            entry.counted.day.to_string(),
            entry.counted.verdict.map_or(String::new(), |verdict| verdict.word().to_owned()),
        ];
        for ((_, counts), word) in sums.by.iter_mut().zip(words).filter(|(_, word)| !word.is_empty()) {
            *counts.entry(word).or_default() += 1;
        }
    })
    .map_err(Failure::work)?;
    super::tell_torn(torn);
    let span = sums.first_us.zip(sums.last_us).map(|(first, last)| (time(first), time(last)));
    if args.json {
        let mut told = json!({"entries": sums.entries});
        if let Some((first, last)) = span {
            (told["first"], told["last"]) = (json!(first), json!(last));
        }
        for (name, counts) in &sums.by {
            told[*name] = json!(counts);
        }
        println!("{told}");
        return Ok(());
    }
    println!("{} entries", sums.entries);
    if let Some((first, last)) = span {
        println!("from {first} to {last}");
    }
    for (name, counts) in &sums.by {
        println!("\n{name}");
        counts.iter().for_each(|(word, count)| println!("  {word}  {count}"));
    }
    Ok(())
}
