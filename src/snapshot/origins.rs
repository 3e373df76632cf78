//! The origins file: from which file and line each row came that a part keeps. Servers never open it.
//!
//! File and line stand apart from the part, so that the same rows give the same part whatever tables they came in, and
//! so that what only operators ask for takes no memory of a server. Rows are numbered as the subjects stand in the part:
//! of each the row of the register, its records as its dossier holds them, its corrections as they stand in events.
//!
//! ```text
//! header    0  magic  "xinho\0\r\n"
//!           8  u16    format version, 1
//!          12  u32    place of the part      16  u32  number of parts
//!          20  u32    number of files        24  u64  number of rows
//!          32  u64    sum of the part's header: the part that this file tells of
//!          40  u64    length of the names    48  u64  their xxh3
//!          56  u64    length of the index    64  u64  its xxh3
//!          72  u64    length of the blocks   80  u64  xxh3 of bytes 0..80
//! names     each file: u32 length, bytes
//! index     each block: u64 end of the block among the blocks, u64 its xxh3
//! blocks    zstd, of 8192 rows each, the last of fewer; a row is u32 file, u32 line, and of the rows of a block the
//!           first bytes stand together, then the second ones, and so on
//! ```

use super::SnapshotError;
use super::layout::{put, u16_at, u32_at, u64_at};
use super::spool::Spool;
use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;
use zstd::bulk::Compressor;

const MAGIC: [u8; 8] = *b"xinho\0\r\n";
const FORMAT: u16 = 1;
const HEADER: usize = 88;
const SUM_AT: usize = HEADER - 8;
const INDEX_ROW: usize = 16;
/// Rows of a block.
const BLOCK_ROWS: usize = 8192;
/// Bytes of a row.
const ROW: usize = 8;
/// Lines hardly compress; a fast level takes from them what there is.
const LEVEL: i32 = 1;

/// Collects the rows of a part.
pub(super) struct OriginWriter {
    compressor: Compressor<'static>,
    pending: Vec<(u32, u32)>,
    planes: Vec<u8>,
    packed: Vec<u8>,
    index: Spool,
    blocks: Spool,
    rows: u64,
    /// One more than the greatest number of a file.
    files: u64,
}

impl OriginWriter {
    /// Grows in this folder.
    pub(super) fn new(folder: &Arc<Path>) -> std::io::Result<OriginWriter> {
        Ok(OriginWriter {
            compressor: Compressor::new(LEVEL)?,
            pending: Vec::with_capacity(BLOCK_ROWS),
            planes: Vec::with_capacity(BLOCK_ROWS * ROW),
            packed: Vec::with_capacity(zstd::zstd_safe::compress_bound(BLOCK_ROWS * ROW)),
            index: Spool::new(folder),
            blocks: Spool::new(folder),
            rows: 0,
            files: 0,
        })
    }

    /// The number of the next row.
    pub(super) fn next(&self) -> u64 {
        self.rows
    }

    /// Adds a row.
    pub(super) fn push(&mut self, file: u32, line: u32) -> std::io::Result<()> {
        self.rows += 1;
        self.files = self.files.max(u64::from(file) + 1);
        self.pending.push((file, line));
        if self.pending.len() == BLOCK_ROWS { self.pack() } else { Ok(()) }
    }

    fn pack(&mut self) -> std::io::Result<()> {
        self.planes.clear();
        for shift in [0, 8, 16, 24] {
            self.planes.extend(self.pending.iter().map(|(file, _)| (file >> shift) as u8));
        }
        for shift in [0, 8, 16, 24] {
            self.planes.extend(self.pending.iter().map(|(_, line)| (line >> shift) as u8));
        }
        self.pending.clear();
        self.packed.clear();
        self.compressor.compress_to_buffer(&self.planes[..], &mut self.packed)?;
        self.blocks.push(&self.packed)?;
        self.index.push(&self.blocks.length().to_le_bytes())?;
        self.index.push(&xxh3_64(&self.packed).to_le_bytes())
    }

    /// Writes the file. Returns its length.
    pub(super) fn finish(
        mut self,
        (place, parts): (u32, u32),
        files: &[String],
        part_header: u64,
        out: &mut impl Write,
    ) -> Result<u64, SnapshotError> {
        if self.files > files.len() as u64 {
            let what = format!("a row came from file {}, but {} are named", self.files - 1, files.len());
            return Err(SnapshotError::Parts(what));
        }
        if !self.pending.is_empty() {
            self.pack()?;
        }
        let mut names = Vec::new();
        for file in files {
            names.extend_from_slice(&(file.len() as u32).to_le_bytes());
            names.extend_from_slice(file.as_bytes());
        }
        let mut header = [0; HEADER];
        put(&mut header, 0, &MAGIC);
        put(&mut header, 8, &FORMAT.to_le_bytes());
        put(&mut header, 12, &place.to_le_bytes());
        put(&mut header, 16, &parts.to_le_bytes());
        put(&mut header, 20, &(files.len() as u32).to_le_bytes());
        let (index, blocks) = (self.index.length(), self.blocks.length());
        let (names_sum, index_sum) = (xxh3_64(&names), self.index.sum());
        let numbers = [self.rows, part_header, names.len() as u64, names_sum, index, index_sum, blocks];
        for (place, number) in numbers.into_iter().enumerate() {
            put(&mut header, 24 + 8 * place, &number.to_le_bytes());
        }
        let sum = xxh3_64(&header[..SUM_AT]);
        put(&mut header, SUM_AT, &sum.to_le_bytes());
        out.write_all(&header)?;
        out.write_all(&names)?;
        self.index.copy_to(out)?;
        self.blocks.copy_to(out)?;
        Ok(HEADER as u64 + names.len() as u64 + index + blocks)
    }
}

/// An origins file, opened: a mapped file, or bytes.
#[derive(Debug)]
pub struct Origins<B> {
    bytes: B,
    files: Vec<String>,
    index_at: usize,
    blocks_at: usize,
    unpacked: RefCell<Option<(u64, Vec<u8>)>>,
}

impl<B: AsRef<[u8]>> Origins<B> {
    /// Opens it: header, names and index with their sums. A block's sum is compared when it is unpacked.
    pub fn open(bytes: B) -> Result<Origins<B>, SnapshotError> {
        let all = bytes.as_ref();
        if !all.starts_with(&MAGIC) {
            return Err(SnapshotError::Magic { found: all[..all.len().min(8)].to_vec() });
        }
        let found = all.len() as u64;
        let header = all.get(..HEADER).ok_or(SnapshotError::Length { found, expected: HEADER as u64 })?;
        if u16_at(header, 8) != FORMAT {
            let found = u16_at(header, 8);
            return Err(SnapshotError::Version { found, oldest: FORMAT, newest: FORMAT });
        }
        if u64_at(header, SUM_AT) != xxh3_64(&header[..SUM_AT]) {
            return Err(corrupt(SUM_AT as u64, "the sum of its header does not fit"));
        }
        let lengths = [40, 56, 72].map(|at| u64_at(header, at));
        let expected = lengths.iter().fold(HEADER as u64, |sum, length| sum.saturating_add(*length));
        if expected != found {
            return Err(SnapshotError::Length { found, expected });
        }
        let (index_at, blocks_at) = (HEADER + lengths[0] as usize, HEADER + (lengths[0] + lengths[1]) as usize);
        let (names, index) = (&all[HEADER..index_at], &all[index_at..blocks_at]);
        for (at, section, sum) in [(HEADER, names, 48), (index_at, index, 64)] {
            if xxh3_64(section) != u64_at(header, sum) {
                return Err(corrupt(at as u64, "a sum does not fit its bytes"));
            }
        }
        let files = file_names(names, u32_at(header, 20))
            .ok_or_else(|| corrupt(HEADER as u64, "its names of files do not come apart"))?;
        let blocks = u64_at(header, 24).div_ceil(BLOCK_ROWS as u64);
        if blocks.checked_mul(INDEX_ROW as u64) != Some(lengths[1]) {
            return Err(corrupt(index_at as u64, "its index is not one row a block"));
        }
        Ok(Origins { bytes, files, index_at, blocks_at, unpacked: RefCell::new(None) })
    }

    fn header(&self, at: usize) -> u64 {
        u64_at(self.bytes.as_ref(), at)
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.header(24)
    }

    /// The files, by number.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Place of its part and number of parts.
    pub fn place(&self) -> (u32, u32) {
        (u32_at(self.bytes.as_ref(), 12), u32_at(self.bytes.as_ref(), 16))
    }

    /// Sum of the header of the part that it tells of.
    pub fn part_header(&self) -> u64 {
        self.header(32)
    }

    /// File and line of a row. Of rows that stand together each block is unpacked once.
    pub fn row(&self, number: u64) -> Result<(&str, u32), SnapshotError> {
        if number >= self.rows() {
            let what = format!("row {number} is asked for, it has {}", self.rows());
            return Err(corrupt(24, &what));
        }
        let block = number / BLOCK_ROWS as u64;
        let mut unpacked = self.unpacked.borrow_mut();
        let planes = match &mut *unpacked {
            Some((known, planes)) if *known == block => planes,
            other => &mut other.insert((block, self.block(block)?)).1,
        };
        let place = (number % BLOCK_ROWS as u64) as usize;
        let rows = planes.len() / ROW;
        let byte = |plane: usize| planes.get(plane * rows + place).copied().unwrap_or_default();
        let file = u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]);
        let line = u32::from_le_bytes([byte(4), byte(5), byte(6), byte(7)]);
        let name = self.files.get(file as usize);
        let name = name.ok_or_else(|| {
            let at = self.blocks_at as u64;
            corrupt(at, &format!("row {number} came from file {file} of {}", self.files.len()))
        })?;
        Ok((name, line))
    }

    fn block(&self, block: u64) -> Result<Vec<u8>, SnapshotError> {
        let bytes = self.bytes.as_ref();
        let at = self.index_at + block as usize * INDEX_ROW;
        let start = if block == 0 { 0 } else { u64_at(bytes, at - INDEX_ROW) };
        let (end, sum) = (u64_at(bytes, at), u64_at(bytes, at + 8));
        let blocks = bytes.get(self.blocks_at..).unwrap_or_default();
        let packed = blocks.get(start as usize..end as usize);
        let packed = packed.ok_or_else(|| corrupt(at as u64, "a block lies outside the file"))?;
        let at = self.blocks_at as u64 + start;
        if xxh3_64(packed) != sum {
            return Err(corrupt(at, "the sum of a block does not fit its bytes"));
        }
        let planes =
            zstd::bulk::decompress(packed, BLOCK_ROWS * ROW).map_err(|e| corrupt(at, &e.to_string()))?;
        let rows = (self.rows() - block * BLOCK_ROWS as u64).min(BLOCK_ROWS as u64);
        if planes.len() as u64 != rows * ROW as u64 {
            return Err(corrupt(at, "a block holds another number of rows"));
        }
        Ok(planes)
    }

    /// Reads every row: each sum, and that each comes from a file that is named.
    pub fn verify(&self) -> Result<(), SnapshotError> {
        let bytes = self.bytes.as_ref();
        let blocks = self.rows().div_ceil(BLOCK_ROWS as u64);
        let last = match blocks.checked_sub(1) {
            None => 0,
            Some(last) => u64_at(bytes, self.index_at + last as usize * INDEX_ROW),
        };
        if self.blocks_at as u64 + last != bytes.len() as u64 {
            return Err(corrupt(self.index_at as u64, "its last block does not end the file"));
        }
        (0..self.rows()).try_for_each(|row| self.row(row).map(drop))
    }
}

fn file_names(mut names: &[u8], count: u32) -> Option<Vec<String>> {
    let mut files = Vec::new();
    while let Some((length, rest)) = names.split_first_chunk::<4>() {
        let (name, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        files.push(std::str::from_utf8(name).ok()?.to_owned());
        names = rest;
    }
    (names.is_empty() && files.len() as u64 == u64::from(count)).then_some(files)
}

fn corrupt(offset: u64, what: &str) -> SnapshotError {
    SnapshotError::Corrupt { section: "origins", offset, what: what.to_owned() }
}
