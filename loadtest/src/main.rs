//! `xinhe-load`: sends requests to a server at their time and tells how fast it answers.
//!
//! Rooms in reading order: `cli` (the words), `command` (one file a subcommand), `pace` (when), `workload` (what),
//! `wire` (as which bytes), `drive` (the loop that sends), `measure` (what is counted), `verify`
//! (whether answers are right), `fill` (values for stores), `session` (a run put
//! together), `scenario` (a run as a file), `background` (what goes on beside it), `view` (what is told on the way), `report` (what came of it).

mod background;
mod cli;
mod command;
mod drive;
mod error;
mod fill;
mod measure;
mod pace;
mod report;
mod scenario;
mod session;
mod verify;
mod view;
mod wire;
mod workload;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match command::run(cli::Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            view::say(&format!("xinhe-load: {error}"));
            error.exit_code()
        }
    }
}
