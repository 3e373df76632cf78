//! `xinhe-load`: sends requests to an HTTP/1.1 server and tells how fast it answers.
//!
//! Modules in reading order: `cli` (the words), `workload` (what is sent), `pacer` (when),
//! `sender` (how), `report` (what came of it).

mod cli;
mod error;
mod pacer;
mod report;
mod sender;
mod workload;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, RunArgs};
use error::LoadError;
use report::Report;
use workload::Workload;

fn main() -> ExitCode {
    let Command::Run(args) = Cli::parse().command;
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::say(&format!("xinhe-load: {error}"));
            error.exit_code()
        }
    }
}

/// The stages of one run: read, connect and send, report.
fn run(args: &RunArgs) -> Result<(), LoadError> {
    let workload = Workload::read(args)?;
    let outcome = sender::run(args, workload)?;
    let report = Report::of(args, &outcome);
    report.print(args.json)?;
    report.verdict(args, &outcome)
}
