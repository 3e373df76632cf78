//! `xinhe`: the operators' tool.

use clap::Parser;
use std::process::ExitCode;
use xinhe_tools::command::Xinhe;

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    Xinhe::parse().run()
}
