//! One file a format version, written once: today's reader reads it, today's writer writes the same bytes.

use super::drafts::*;
use std::path::Path;
use xinhe::snapshot::{FORMAT_VERSION, Part, Trust, verify};

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/part-v{FORMAT_VERSION}.xinhe"))
}

#[test]
fn the_golden_part_reads_as_it_was_written() {
    let bytes = std::fs::read(golden()).unwrap();
    let part = Part::open(&bytes[..], Trust::Nothing).unwrap();
    assert_eq!(verify(&part).findings, []);
    for draft in of_everything() {
        super::round_trip::assert_same(&part, &draft);
    }
}

/// If this fails with the reader's test passing, the writer or a library below it (zstd, fst) has changed its bytes:
/// harmless to readers, but releases built before and after differ where nothing else does.
#[test]
fn the_writer_still_writes_the_golden_part() {
    assert!(std::fs::read(golden()).unwrap() == part_of(&of_everything()));
}

/// Run once for a new format version: `cargo test --test all golden -- --ignored`.
#[test]
#[ignore = "writes the golden file of this format version"]
fn write_the_golden_part() {
    std::fs::write(golden(), part_of(&of_everything())).unwrap();
}
