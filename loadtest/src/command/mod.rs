//! One file a subcommand.

mod compare;
mod fill;
mod prepared;
mod run;
mod server;
mod sweep;

use std::io::{self, Write};

use serde::Serialize;

use crate::cli::Command;
use crate::error::LoadError;

/// Does what was asked.
pub(crate) fn run(command: Command) -> Result<(), LoadError> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Fill(args) => fill::run(&args),
    }
}

/// A result on standard output, as JSON or in words.
fn tell<T: Serialize>(told: &T, json: bool, words: impl FnOnce(&T) -> String) -> Result<(), LoadError> {
    let text = if json {
        serde_json::to_string(told).map_err(|error| LoadError::Output(error.into()))?
    } else {
        words(told)
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(LoadError::Output)
}
