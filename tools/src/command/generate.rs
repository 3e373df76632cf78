//! `xinhe generate`: a believable city.

use super::Failure;
use crate::generate::{self, Encoding, GenerateError, Plan, Summary};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, Write};
use std::path::PathBuf;
use xinhe::domain::date::Day;

/// Make a dataset of an invented city: the register and exactly N×R records of every kind.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  xinhe generate --out city --subjects 100000 --defects 0.02")]
pub(super) struct Args {
    /// Folder to write; must not exist, or be empty.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Subjects of the register.
    #[arg(long, value_name = "N")]
    subjects: u64,
    /// Records beside the register, on average; may be a fraction.
    #[arg(long, value_name = "R", default_value_t = 4.0)]
    records_per_subject: f64,
    /// The same seed makes the same bytes.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The day of the data; today in UTC+8 if absent.
    #[arg(long, value_name = "DATE")]
    as_of: Option<Day>,
    /// Share of rows that get a defect met in practice, 0 to 1.
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    defects: f64,
    /// Format of the tables.
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// Encoding of the tables, utf-8 if absent; Parquet has none.
    #[arg(long, value_enum)]
    encoding: Option<Charset>,
    /// The result as JSON on stdout.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Parquet,
}

#[derive(Clone, Copy, ValueEnum)]
enum Charset {
    #[value(name = "utf-8")]
    Utf8,
    Gb18030,
}

/// Plan, write, tell.
pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if args.format == Format::Parquet && args.encoding.is_some() {
        let words = "--encoding says how CSV is written; text in Parquet is always UTF-8: leave it out";
        return Err(Failure::Usage(words.to_owned()));
    }
    let plan = plan(args);
    let bar = ProgressBar::new(plan.rows());
    let style = ProgressStyle::with_template("{bar:30} {percent}% {human_pos} rows, {per_sec}, {eta} left");
    bar.set_style(style.map_err(Failure::work)?);
    let summary = generate::write(&plan, &args.out, &|rows| bar.inc(rows));
    bar.finish_and_clear();
    tell(args, &summary.map_err(failure)?).map_err(Failure::work)
}

fn plan(args: &Args) -> Plan {
    let default = Plan::default();
    Plan {
        subjects: args.subjects,
        records_per_subject: args.records_per_subject,
        seed: args.seed,
        as_of: args.as_of.unwrap_or(default.as_of),
        defects: args.defects,
        format: match args.format {
            Format::Csv => generate::Format::Csv,
            Format::Parquet => generate::Format::Parquet,
        },
        encoding: match args.encoding {
            None | Some(Charset::Utf8) => Encoding::Utf8,
            Some(Charset::Gb18030) => Encoding::Gb18030,
        },
        threads: default.threads,
    }
}

fn failure(error: GenerateError) -> Failure {
    match error {
        GenerateError::Setting { .. } | GenerateError::Occupied(_) => Failure::Usage(error.to_string()),
        other => Failure::work(other),
    }
}

fn tell(args: &Args, summary: &Summary) -> io::Result<()> {
    if args.json {
        let mut out = io::stdout().lock();
        serde_json::to_writer(&mut out, summary)?;
        return writeln!(out);
    }
    let Summary { subjects, records, files, bytes, seconds, .. } = summary;
    let rate = (subjects + records) as f64 / seconds.max(1e-9);
    let mut err = io::stderr().lock();
    writeln!(
        err,
        "{}: {subjects} subjects, {records} records, {files} files, {bytes} bytes in {seconds:.1} s ({rate:.0} rows/s)",
        args.out.display()
    )
}
