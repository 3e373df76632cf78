//! Instructions of the core of a check, counted by callgrind and compared with `benches/instructions.toml`: counts do not
//! wobble as times do.
//!
//! `cargo bench --bench instructions` tells them, with `-- --test` it fails where one has grown by more than the file
//! tolerates, with `-- --write` it writes the file anew. The program runs itself under valgrind, on a release that it has
//! built before.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run should stop")]

mod counts;
mod work;

#[path = "../xinhe/office.rs"]
mod office;

use counts::Counts;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let is_given = |word: &str| arguments.iter().any(|argument| argument == word);
    if let Some(place) = arguments.iter().position(|argument| argument == work::UNDER_VALGRIND) {
        work::run(arguments[place + 1].as_ref());
        return ExitCode::SUCCESS;
    }
    match counted(is_given("--test"), is_given("--write")) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("instructions: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Counts, tells, and compares or writes. Whether nothing has grown too much.
fn counted(compares: bool, writes: bool) -> Result<bool, String> {
    let office = office::open();
    work::prepare(&office).map_err(|error| format!("{}: {error}", office.folder.path().display()))?;
    let found = counts::count(office.folder.path())?;
    let mut kept = Counts::read()?;
    let grown = kept.tell(&found);
    if writes {
        kept.keep(found)?;
        return Ok(true);
    }
    Ok(!compares || grown == 0)
}
