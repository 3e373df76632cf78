//! One file a subcommand.

mod compare;
mod prepared;
mod run;
mod server;
mod sweep;

use crate::cli::Command;
use crate::error::LoadError;

/// Does what was asked.
pub(crate) fn run(command: Command) -> Result<(), LoadError> {
    match command {
        Command::Run(args) => run::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Compare(args) => compare::run(&args),
    }
}
