//! The only unsafe code: mapping a file into memory.
#![allow(unsafe_code, reason = "a mapping is sound only as long as nobody writes to the file")]

use std::fs::File;
use std::io;
use std::path::Path;

/// Bytes of a huge page where pages have 4 KiB. A file that is written in pieces of so many, from its beginning, stands in
/// the page cache in huge pages, and is mapped in them: a check meets few pages twice, and the way to a small one takes
/// as long as reading it. Where the file system knows none, this is a long write and no more.
pub const HUGE_PAGE: usize = 2 << 20;

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
        // What is not in memory yet comes in huge pages; a system without them has nothing to say to it.
        #[cfg(target_os = "linux")]
        map.advise(memmap2::Advice::HugePage).unwrap_or_default();
        Ok(Mapped(map))
    }
}
