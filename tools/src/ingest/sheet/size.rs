//! How large a workbook may be, unpacked: checked before anything of it is held, whatever the archive claims.

use memchr::memchr_iter;
use std::fs::File;
use std::io::{BufReader, Read};
use zip::ZipArchive;

/// The shared texts of all sheets are held whole.
const TEXTS_BYTES_MAX: u64 = 64 << 20;
/// A sheet is streamed.
const SHEET_BYTES_MAX: u64 = 1 << 30;
/// Styles, relations and the like are held whole.
const OTHER_BYTES_MAX: u64 = 8 << 20;
/// Between two tags: a cell has at most 32,767 characters.
const TEXT_RUN_MAX: usize = 1 << 20;
/// Merged areas of a sheet are held whole.
const MERGED_MAX: u64 = 100_000;
/// Files of the archive.
const FILES_MAX: usize = 10_000;
const CHUNK_BYTES: usize = 64 << 10;
const MERGED: &[u8] = b"<mergeCell ";
const SPLIT: &str = "save it as several smaller files, or as .csv";

/// Unpacks the archive once, keeping nothing.
pub(super) fn check(file: &File) -> Result<(), String> {
    let unreadable = |error: String| format!("{error}; {}", super::MEND);
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| unreadable(error.to_string()))?;
    if archive.len() > FILES_MAX {
        return Err(format!(
            "the archive has {} files, expected at most {FILES_MAX}; {SPLIT}",
            archive.len()
        ));
    }
    for place in 0..archive.len() {
        let mut part = archive.by_index(place).map_err(|error| unreadable(error.to_string()))?;
        let name = part.name().map_err(|error| unreadable(error.to_string()))?.to_ascii_lowercase();
        if !(name.ends_with(".xml") || name.ends_with(".rels")) {
            // Pictures and the like are never unpacked.
            continue;
        }
        let (limit, what) = if name.contains("worksheets/") {
            (SHEET_BYTES_MAX, "a sheet")
        } else if name.ends_with("sharedstrings.xml") {
            (TEXTS_BYTES_MAX, "the texts of its cells")
        } else {
            (OTHER_BYTES_MAX, "its styles and settings")
        };
        part_is_small(&mut part, limit, what).map_err(|fault| match fault {
            Fault::Read(error) => unreadable(error.to_string()),
            Fault::Large(words) => words,
        })?;
    }
    Ok(())
}

enum Fault {
    Read(std::io::Error),
    Large(String),
}

fn part_is_small(part: &mut impl Read, limit: u64, what: &str) -> Result<(), Fault> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut bytes, mut run, mut merged) = (0_u64, 0_usize, 0_u64);
    loop {
        let read = match part.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Fault::Read(error)),
        };
        let text = &chunk[..read];
        bytes += read as u64;
        let mut from = 0;
        for tag in memchr_iter(b'<', text) {
            run += tag - from;
            if run > TEXT_RUN_MAX {
                break;
            }
            (run, from) = (0, tag);
            merged += u64::from(text[tag..].starts_with(MERGED));
        }
        run += read - from;
        if bytes > limit {
            return Err(Fault::Large(format!("{what} unpacked are more than {} MiB; {SPLIT}", limit >> 20)));
        }
        if run > TEXT_RUN_MAX {
            return Err(Fault::Large("a cell holds more than 1 MiB of text; shorten it".to_owned()));
        }
        if merged > MERGED_MAX {
            return Err(Fault::Large(format!(
                "more than {MERGED_MAX} merged areas in a sheet; undo merging"
            )));
        }
    }
}
