//! Header, section table and rows as bytes. Offsets are derived one from the other and stand in `mod.rs`.

use super::SnapshotError;
use xxhash_rust::xxh3::xxh3_64;

/// The version that this program writes.
pub const FORMAT_VERSION: u16 = 2;
/// The oldest version that it reads.
pub const FORMAT_OLDEST: u16 = 1;
/// Bytes of a standing.
pub const STANDING_SIZE: usize = 64;
/// Bytes of an entry.
pub const ENTRY_SIZE: usize = 64;
/// Bytes of an event.
pub const EVENT_SIZE: usize = 32;
/// Bytes of the header, and the alignment of sections.
pub(super) const PAGE: usize = 4096;
/// Stands for "no string".
pub(super) const NO_STRING: u32 = u32::MAX;

const MAGIC: [u8; 8] = *b"xinhe\0\r\n";
const TABLE_AT: usize = 64;
const TABLE_ROW: usize = 32;
const HEADER_SUM_AT: usize = PAGE - 8;

/// What the fingerprint of a version stands for: a new one when rkyv's settings, a schema or a row changes.
const fn settings(version: u16) -> &'static str {
    match version {
        1 => "rkyv 0.8 little_endian unaligned pointer_width_32; standing 64 entry 64 event 32; schema 1",
        _ => "rkyv 0.8 little_endian unaligned pointer_width_32; standing 64 entry 64 event 32; schema 2",
    }
}

/// The fingerprint of the archive settings.
pub(super) fn fingerprint(version: u16) -> u64 {
    xxh3_64(settings(version).as_bytes())
}

/// The sections of a part, in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Section {
    /// What the part says of itself.
    Meta = 1,
    /// The catalogue.
    Catalogue,
    /// First rows of the buckets of hashes.
    Directory,
    /// One row a subject.
    Standings,
    /// Rows that checks read.
    Entries,
    /// Corrections.
    Events,
    /// Names.
    Names,
    /// Strings that recur.
    Strings,
    /// Document numbers.
    Labels,
    /// Archives with the rest.
    Dossiers,
    /// Offsets of the blocks of texts.
    TextIndex,
    /// Texts in blocks.
    Texts,
    /// Older and former codes.
    Aliases,
    /// Names of organisations.
    NameIndex,
}

impl Section {
    /// How many there are.
    pub const COUNT: usize = 14;
    /// All, in the order of the file.
    pub const ALL: [Section; Section::COUNT] = [
        Section::Meta,
        Section::Catalogue,
        Section::Directory,
        Section::Standings,
        Section::Entries,
        Section::Events,
        Section::Names,
        Section::Strings,
        Section::Labels,
        Section::Dossiers,
        Section::TextIndex,
        Section::Texts,
        Section::Aliases,
        Section::NameIndex,
    ];

    /// Name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Section::Meta => "meta",
            Section::Catalogue => "catalogue",
            Section::Directory => "directory",
            Section::Standings => "standings",
            Section::Entries => "entries",
            Section::Events => "events",
            Section::Names => "names",
            Section::Strings => "strings",
            Section::Labels => "labels",
            Section::Dossiers => "dossiers",
            Section::TextIndex => "text-index",
            Section::Texts => "texts",
            Section::Aliases => "aliases",
            Section::NameIndex => "name-index",
        }
    }

    pub(super) const fn place(self) -> usize {
        self as usize - 1
    }
}

/// Where a section lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) sum: u64,
}

/// The header of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: u16,
    pub(super) part: u32,
    pub(super) parts: u32,
    pub(super) file_length: u64,
    pub(super) sections: [Extent; Section::COUNT],
}

impl Header {
    pub(super) fn encode(&self) -> [u8; PAGE] {
        let mut page = [0; PAGE];
        page[..8].copy_from_slice(&MAGIC);
        put(&mut page, 8, &self.version.to_le_bytes());
        put(&mut page, 10, &(Section::COUNT as u16).to_le_bytes());
        put(&mut page, 12, &self.part.to_le_bytes());
        put(&mut page, 16, &self.parts.to_le_bytes());
        put(&mut page, 24, &fingerprint(self.version).to_le_bytes());
        put(&mut page, 32, &self.file_length.to_le_bytes());
        for (section, extent) in Section::ALL.into_iter().zip(&self.sections) {
            let at = TABLE_AT + section.place() * TABLE_ROW;
            put(&mut page, at, &(section as u32).to_le_bytes());
            put(&mut page, at + 8, &extent.offset.to_le_bytes());
            put(&mut page, at + 16, &extent.length.to_le_bytes());
            put(&mut page, at + 24, &extent.sum.to_le_bytes());
        }
        let sum = xxh3_64(&page[..HEADER_SUM_AT]);
        put(&mut page, HEADER_SUM_AT, &sum.to_le_bytes());
        page
    }

    /// Checks everything that the header can tell about the file, beside the sums of its sections.
    pub(super) fn decode(bytes: &[u8]) -> Result<Header, SnapshotError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(SnapshotError::Magic { found: bytes[..bytes.len().min(8)].to_vec() });
        }
        let found = bytes.len() as u64;
        let page = bytes.get(..PAGE).ok_or(SnapshotError::Length { found, expected: PAGE as u64 })?;
        let version = u16_at(page, 8);
        if !(FORMAT_OLDEST..=FORMAT_VERSION).contains(&version) {
            let (oldest, newest) = (FORMAT_OLDEST, FORMAT_VERSION);
            return Err(SnapshotError::Version { found: version, oldest, newest });
        }
        if u64_at(page, HEADER_SUM_AT) != xxh3_64(&page[..HEADER_SUM_AT]) {
            return Err(corrupt_header(HEADER_SUM_AT, "its sum does not fit"));
        }
        let expected = fingerprint(version);
        if u64_at(page, 24) != expected {
            return Err(SnapshotError::Fingerprint { found: u64_at(page, 24), expected });
        }
        let header = Header {
            version,
            part: u32_at(page, 12),
            parts: u32_at(page, 16),
            file_length: u64_at(page, 32),
            sections: Section::ALL.map(|section| {
                let at = TABLE_AT + section.place() * TABLE_ROW;
                Extent {
                    offset: u64_at(page, at + 8),
                    length: u64_at(page, at + 16),
                    sum: u64_at(page, at + 24),
                }
            }),
        };
        if header.file_length != found {
            return Err(SnapshotError::Length { found, expected: header.file_length });
        }
        let inside = |extent: &Extent| {
            extent.offset.is_multiple_of(PAGE as u64)
                && extent.offset.checked_add(extent.length).is_some_and(|end| end <= header.file_length)
        };
        if let Some(section) = Section::ALL.into_iter().find(|s| !inside(&header.sections[s.place()])) {
            let at = TABLE_AT + section.place() * TABLE_ROW;
            return Err(corrupt_header(at, "a section lies outside the file"));
        }
        Ok(header)
    }
}

fn corrupt_header(offset: usize, what: &str) -> SnapshotError {
    SnapshotError::Corrupt { section: "header", offset: offset as u64, what: what.to_owned() }
}

/// Copies bytes into a row.
pub(super) fn put(row: &mut [u8], at: usize, bytes: &[u8]) {
    row[at..at + bytes.len()].copy_from_slice(bytes);
}

fn array<const N: usize>(row: &[u8], at: usize) -> [u8; N] {
    row.get(at..at + N).and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; N])
}

pub(super) fn bytes_at<const N: usize>(row: &[u8], at: usize) -> [u8; N] {
    array(row, at)
}

pub(super) fn u16_at(row: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(row, at))
}

pub(super) fn u32_at(row: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(row, at))
}

pub(super) fn i32_at(row: &[u8], at: usize) -> i32 {
    i32::from_le_bytes(array(row, at))
}

pub(super) fn u64_at(row: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(row, at))
}

/// An offset of 48 bits and a length of 16 in one number.
pub(super) fn span(offset: u64, length: u16) -> [u8; 8] {
    (offset | u64::from(length) << 48).to_le_bytes()
}

pub(super) fn span_at(row: &[u8], at: usize) -> (u64, u16) {
    let packed = u64_at(row, at);
    (packed & 0xFFFF_FFFF_FFFF, (packed >> 48) as u16)
}
