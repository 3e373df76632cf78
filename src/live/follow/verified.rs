//! That a release was verified, remembered by size, time and manifest, so that a warm start does not read all of it.

use crate::release::Manifest;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

const FILE: &str = "verified.json";
const UNFINISHED: &str = ".verified.json";

#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Verified {
    manifest_sha256: String,
    files: Vec<Seen>,
}

#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    file: String,
    bytes: u64,
    modified_s: i64,
    modified_ns: i64,
    inode: u64,
}

fn look(home: &Path, manifest: &Manifest, manifest_sha256: &str) -> io::Result<Verified> {
    let seen = |file: &String| {
        let found = fs::metadata(home.join(file))?;
        Ok(Seen {
            file: file.clone(),
            bytes: found.len(),
            modified_s: found.mtime(),
            modified_ns: found.mtime_nsec(),
            inode: found.ino(),
        })
    };
    let files = manifest.parts.iter().map(|part| seen(&part.file)).collect::<io::Result<_>>()?;
    Ok(Verified { manifest_sha256: manifest_sha256.to_owned(), files })
}

/// Whether all digests and sums of the release in this folder were verified, and nothing has touched it since.
pub(super) fn is_known(home: &Path, manifest: &Manifest, manifest_sha256: &str) -> bool {
    let known = fs::read(home.join(FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let now = look(home, manifest, manifest_sha256).ok();
    now.is_some() && known == now
}

/// Remembers that they were.
pub(super) fn remember(home: &Path, manifest: &Manifest, manifest_sha256: &str) -> io::Result<()> {
    let bytes = serde_json::to_vec(&look(home, manifest, manifest_sha256)?)?;
    let unfinished = home.join(UNFINISHED);
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, home.join(FILE))
}
