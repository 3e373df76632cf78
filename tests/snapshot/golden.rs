//! One file a format version, written once: today's reader reads it, today's writer writes the newest again.

use super::drafts::*;
use super::round_trip::{Whole, assert_same};
use std::path::{Path, PathBuf};
use xinhe::snapshot::{FORMAT_OLDEST, FORMAT_VERSION, Origins, Part, Trust, verify};

/// The golden part of a format version.
pub(super) fn golden(version: u16) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/part-v{version}.xinhe"))
}

fn golden_origins() -> PathBuf {
    golden(FORMAT_VERSION).with_file_name(format!("origins-v{FORMAT_VERSION}.xinhe"))
}

#[test]
fn golden_parts_of_every_version_read_as_they_were_written() {
    for version in FORMAT_OLDEST..=FORMAT_VERSION {
        let bytes = std::fs::read(golden(version)).unwrap();
        let part = Part::open(&bytes[..], Trust::Nothing).unwrap();
        let verified = verify(&part);
        assert_eq!((verified.findings, part.format()), (vec![], version));
        let origins = (version > 1).then(|| Origins::open(std::fs::read(golden_origins()).unwrap()).unwrap());
        assert_eq!(verified.rows, origins.as_ref().map_or(0, Origins::rows));
        for draft in of_everything() {
            assert_same(&Whole { part: &part, origins: origins.as_ref() }, &draft);
        }
    }
}

/// If this fails with the reader's test passing, the writer or a library below it (zstd, fst) has changed its bytes:
/// harmless to readers, but releases built before and after differ where nothing else does.
#[test]
fn the_writer_still_writes_the_golden_part() {
    let (part, origins) = written(&of_everything(), 1, 1 << 20).remove(0);
    assert!(std::fs::read(golden(FORMAT_VERSION)).unwrap() == part);
    assert!(std::fs::read(golden_origins()).unwrap() == origins);
}

/// Run once for a new format version: `cargo test --test all golden -- --ignored`.
#[test]
#[ignore = "writes the golden files of this format version"]
fn write_the_golden_part() {
    let (part, origins) = written(&of_everything(), 1, 1 << 20).remove(0);
    std::fs::write(golden(FORMAT_VERSION), part).unwrap();
    std::fs::write(golden_origins(), origins).unwrap();
}
