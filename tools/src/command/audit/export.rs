//! `xinhe audit export`: the receipts as a table.

use crate::command::Failure;
use crate::generate::ParquetFile;
use crate::receipts;
use crate::unfinished::Unfinished;
use serde_json::Value;
use std::path::{Path, PathBuf};
use xinhe::audit::read_all;

/// Columns, all of them text. What is a list or an object in the JSON of `show` is JSON here too.
const COLUMNS: [&str; 24] = [
    "check_id",
    "kind",
    "time",
    "day",
    "client",
    "division",
    "matter",
    "stage",
    "verdict",
    "subject",
    "request_id",
    "purpose",
    "case",
    "operator",
    "authorization",
    "traceparent",
    "release",
    "corrections",
    "hits",
    "measures",
    "records",
    "found",
    "feedback_id",
    "items",
];

/// Write all receipts to a Parquet file, a row an entry, oldest first; every column is text.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  xinhe audit export /var/lib/xinhe/audit --out receipts.parquet")]
pub(super) struct Args {
    /// The folder of the receipts.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The file to write; one that is there is replaced.
    #[arg(long, value_name = "FILE.parquet")]
    out: PathBuf,
    /// Print the result as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let at = |error: std::io::Error| Failure::Work(format!("{}: {error}", args.out.display()));
    let folder = args.out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unfinished = Unfinished::inside(folder, ".xinhe-audit-").map_err(at)?;
    let path = unfinished.path().join("receipts.parquet");
    let mut file = ParquetFile::create(&path, COLUMNS.into_iter().chain(["reason"])).map_err(at)?;
    let (mut rows, mut failed) = (0u64, None);
    let torn = read_all(&args.dir, |stored| {
        if failed.is_none() {
            let told = receipts::entry_json(stored);
            let cells: Vec<String> =
                COLUMNS.iter().chain(&["reason"]).map(|name| cell(&told[*name])).collect();
            file.row(cells.iter().map(String::as_str));
            rows += 1;
            failed = file.flush_full().err();
        }
    })
    .map_err(Failure::work)?;
    failed.map_or(Ok(()), Err).map_err(at)?;
    let bytes = file.close().map_err(at)?;
    std::fs::rename(&path, &args.out).map_err(at)?;
    super::tell_torn(torn);
    if args.json {
        println!("{}", serde_json::json!({"rows": rows, "bytes": bytes, "file": args.out}));
    }
    eprintln!("{}: {rows} rows", args.out.display());
    Ok(())
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
