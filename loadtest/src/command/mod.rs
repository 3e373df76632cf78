//! One file a subcommand.

mod prepared;
mod run;

use crate::cli::Command;
use crate::error::LoadError;

/// Does what was asked.
pub(crate) fn run(command: Command) -> Result<(), LoadError> {
    match command {
        Command::Run(args) => run::run(&args),
    }
}
