//! `xinhe`: the operators' tool.

use clap::Parser;
use std::process::ExitCode;
use xinhe_tools::command::Xinhe;

fn main() -> ExitCode {
    Xinhe::parse().run()
}
