//! What the targets and the program that writes their seeds share.

pub mod log;
pub mod part;

use std::path::PathBuf;
use xinhe::domain::date::Day;
use xinhe::snapshot::PersonKeys;

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The golden part of the newest format, which holds one of everything.
pub const GOLDEN: &[u8] = include_bytes!("../../golden/part-v2.xinhe");
/// The same of the format before.
pub const GOLDEN_BEFORE: &[u8] = include_bytes!("../../golden/part-v1.xinhe");
/// The origins file of the golden part.
pub const GOLDEN_ORIGINS: &[u8] = include_bytes!("../../golden/origins-v2.xinhe");

/// The kinds of source, in the order in which the first byte of an input for `csv` chooses one.
pub const KINDS: [&str; 10] = [
    "subject",
    "licence",
    "penalty",
    "administrative",
    "list",
    "commitment",
    "evaluation",
    "judgment",
    "honour",
    "correction",
];

/// The day of all questions.
pub fn today() -> Day {
    Day::from_ymd(2026, 11, 21).expect("a day of the calendar")
}

/// The secret of the golden part.
pub fn keys() -> PersonKeys {
    PersonKeys::parse(&PersonKeys::line(&[7; 32])).expect("a line of a key file")
}

/// Lets panics inside the crate `fst` unwind to where the library contains them; the fuzzer takes every other panic,
/// and one that is not contained, for a crash.
pub fn let_contained_panics_unwind() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let inside = panic.location().is_some_and(|place| place.file().contains("/fst-0."));
        if !inside {
            abort(panic);
        }
    }));
}
