//! The only unsafe code: mapping a file into memory.
#![allow(unsafe_code, reason = "a mapping is sound only as long as nobody writes to the file")]

use std::fs::File;
use std::io;
use std::path::Path;

/// A part in memory.
#[derive(Debug)]
pub struct Mapped(memmap2::Mmap);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Mapped {
    /// Maps a file for reading.
    pub fn open(path: &Path) -> io::Result<Mapped> {
        let file = File::open(path)?;
        // SAFETY: parts are published by rename under names never reused, and never written to afterwards
        // (`design.md` §3); a release followed from a store is copied to the server's own folder first. Nothing in
        // this program opens a part for writing, so the mapped bytes do not change while the map lives.
        let map = unsafe { memmap2::Mmap::map(&file)? };
        Ok(Mapped(map))
    }
}
