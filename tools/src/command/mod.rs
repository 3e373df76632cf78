//! The subcommands. Each file holds its arguments and one `run`, which reads as its table of contents.

mod audit;
mod bars;
mod build;
mod check;
mod correct;
mod demo;
mod diff;
mod doctor;
mod explain;
mod generate;
mod identify;
mod inspect;
mod keygen;
mod pin;
mod publish;
mod unpin;
mod verify;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Credit lookup and verification (信用核查): the operators' tool.
#[derive(Parser)]
#[command(name = "xinhe", version, max_term_width = 110)]
pub struct Xinhe {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Audit(audit::Args),
    Build(build::Args),
    Check(check::Args),
    Correct(correct::Args),
    Demo(demo::Args),
    Diff(diff::Args),
    Doctor(doctor::Args),
    Generate(generate::Args),
    Identify(identify::Args),
    Inspect(inspect::Args),
    Keygen(keygen::Args),
    Pin(pin::Args),
    Publish(publish::Args),
    Unpin(unpin::Args),
    Verify(verify::Args),
}

/// Why a command did not do its work. The exit code is 2 for `Usage`, else 1.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command was called with words that do not go together.
    #[error("{0}")]
    Usage(String),
    /// The data or the work failed.
    #[error("{0}")]
    Work(String),
    /// Already told on stdout as the result, for example a problem as JSON.
    #[error("refused")]
    Told,
}

impl Failure {
    /// The work failed for this reason, told with its causes.
    pub fn work(error: impl std::error::Error) -> Failure {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(deeper) = cause {
            let more = deeper.to_string();
            if !text.contains(&more) {
                text.push_str(": ");
                text.push_str(&more);
            }
            cause = deeper.source();
        }
        Failure::Work(text)
    }
}

impl Xinhe {
    /// Runs the command; words about what failed go to stderr.
    pub fn run(self) -> ExitCode {
        let result = match self.command {
            Command::Audit(args) => audit::run(&args),
            Command::Build(args) => build::run(&args),
            Command::Check(args) => check::run(&args),
            Command::Correct(args) => correct::run(&args),
            Command::Demo(args) => demo::run(&args),
            Command::Diff(args) => diff::run(&args),
            Command::Doctor(args) => doctor::run(&args),
            Command::Generate(args) => generate::run(&args),
            Command::Identify(args) => identify::run(&args),
            Command::Inspect(args) => inspect::run(&args),
            Command::Keygen(args) => keygen::run(&args),
            Command::Pin(args) => pin::run(&args),
            Command::Publish(args) => publish::run(&args),
            Command::Unpin(args) => unpin::run(&args),
            Command::Verify(args) => verify::run(&args),
        };
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure::Told) => ExitCode::from(1),
            Err(failure) => {
                eprintln!("xinhe: {failure}");
                ExitCode::from(if matches!(failure, Failure::Usage(_)) { 2 } else { 1 })
            }
        }
    }
}
