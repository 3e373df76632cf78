//! Reading a part, from any bytes: a mapped file in production, a vector in tests.

use super::digest::SubjectKey;
use super::layout::*;
use super::names::{self, NameHit};
use super::rows::{EntryRow, EventRow, Standing};
use super::schema::{CatalogueFile, Meta};
use super::{Digest, SnapshotError, Tag, convert, strings, texts};
use crate::domain::catalogue::Entries;
use crate::domain::subject::SubjectKind;
use fst::Streamer;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// What opening checks beside header and tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The sum of every section.
    Nothing,
    /// Sums were verified before, for this very file.
    Sums,
}

/// One part, opened.
#[derive(Debug)]
pub struct Part<B> {
    bytes: B,
    pub(super) header: Header,
    pub(super) buckets: u64,
    rows: u32,
}

impl<B: AsRef<[u8]>> Part<B> {
    /// Opens a part: header and tables always, sums as trust asks.
    pub fn open(bytes: B, trust: Trust) -> Result<Part<B>, SnapshotError> {
        let header = Header::decode(bytes.as_ref())?;
        let part = Part { bytes, header, buckets: 0, rows: 0 };
        if trust == Trust::Nothing {
            part.verify_sums()?;
        }
        part.with_tables()
    }

    /// Compares every section with its sum.
    pub fn verify_sums(&self) -> Result<(), SnapshotError> {
        for section in Section::ALL {
            let extent = self.header.sections[section.place()];
            if xxh3_64(self.section(section)) != extent.sum {
                return Err(self.corrupt(section, 0, "its sum does not fit its bytes"));
            }
        }
        Ok(())
    }

    /// Reads a byte of every page that a check may need, so that no check waits for the disk: all but the texts of reports.
    pub fn touch(&self) {
        let cold = [Section::TextIndex, Section::Texts];
        for section in Section::ALL.into_iter().filter(|section| !cold.contains(section)) {
            let sum = self.section(section).iter().step_by(PAGE).fold(0_u8, |sum, byte| sum ^ byte);
            std::hint::black_box(sum);
        }
    }

    fn with_tables(mut self) -> Result<Part<B>, SnapshotError> {
        let whole = |section: Section, row: usize| {
            let length = self.section(section).len();
            if length.is_multiple_of(row) {
                Ok(length / row)
            } else {
                Err(self.corrupt(section, 0, "it is cut within a row"))
            }
        };
        let rows = whole(Section::Standings, STANDING_SIZE)?;
        whole(Section::Entries, ENTRY_SIZE)?;
        whole(Section::Events, EVENT_SIZE)?;
        let starts = whole(Section::Directory, 4)?;
        let fits = u32::try_from(rows).ok().filter(|_| starts >= 2);
        self.rows = fits.ok_or_else(|| self.corrupt(Section::Directory, 0, "it has no buckets"))?;
        self.buckets = starts as u64 - 1;
        Ok(self)
    }

    pub(super) fn section(&self, section: Section) -> &[u8] {
        let extent = self.header.sections[section.place()];
        let start = extent.offset as usize;
        self.bytes.as_ref().get(start..start + extent.length as usize).unwrap_or_default()
    }

    /// Bytes of a section in the file.
    pub fn section_length(&self, section: Section) -> u64 {
        self.header.sections[section.place()].length
    }

    /// Sum of the header, which holds the sums of all sections: it names the part's content.
    pub fn header_sum(&self) -> u64 {
        xxh3_64(self.bytes.as_ref().get(..PAGE).unwrap_or_default())
    }

    /// Version of the format.
    pub fn format(&self) -> u16 {
        self.header.version
    }

    /// Place of this part and number of parts.
    pub fn place(&self) -> (u32, u32) {
        (self.header.part, self.header.parts)
    }

    /// Number of subjects.
    pub fn subjects(&self) -> u32 {
        self.rows
    }

    /// Number of entries.
    pub fn entries(&self) -> u64 {
        self.section_length(Section::Entries) / ENTRY_SIZE as u64
    }

    pub(super) fn corrupt(&self, section: Section, within: u64, what: &str) -> SnapshotError {
        let offset = self.header.sections[section.place()].offset.saturating_add(within);
        SnapshotError::Corrupt { section: section.name(), offset, what: what.to_owned() }
    }

    /// What the part says of itself.
    pub fn meta(&self) -> Result<Meta, SnapshotError> {
        let bytes = self.section(Section::Meta);
        rkyv::from_bytes::<Meta, rkyv::rancor::Error>(bytes)
            .map_err(|e| self.corrupt(Section::Meta, 0, &e.to_string()))
    }

    /// SHA-256 of the catalogue as the part holds it, in hex: what the manifest says of it.
    pub fn catalogue_sha256(&self) -> String {
        use sha2::Digest;
        let digest = sha2::Sha256::digest(self.section(Section::Catalogue));
        crate::domain::text::hex(&digest)
    }

    /// The catalogue.
    pub fn catalogue(&self) -> Result<Entries, SnapshotError> {
        let bytes = self.section(Section::Catalogue);
        let file = rkyv::from_bytes::<CatalogueFile, rkyv::rancor::Error>(bytes)
            .map_err(|e| self.corrupt(Section::Catalogue, 0, &e.to_string()))?;
        convert::from_file(file)
            .ok_or_else(|| self.corrupt(Section::Catalogue, 0, "it holds a word out of range"))
    }

    /// The subject whose key this is. `hash` is [`SubjectKey::hash`].
    pub fn find(&self, key: &SubjectKey, hash: u64) -> Option<Standing<'_>> {
        let top = (hash >> 32) as u32;
        self.bucket(hash)
            .filter_map(|place| self.standing(place))
            .find(|standing| u32_at(standing.row, 4) == top && standing.is(key))
    }

    /// Places of the rows among which one with this hash stands.
    pub(super) fn bucket(&self, hash: u64) -> Range<u32> {
        let bucket = ((u128::from(hash) * u128::from(self.buckets)) >> 64) as usize;
        let directory = self.section(Section::Directory);
        let (first, end) = (u32_at(directory, 4 * bucket), u32_at(directory, 4 * bucket + 4));
        first..end.min(self.rows)
    }

    /// The subject with this older or former code.
    pub fn find_alias(&self, key: &SubjectKey) -> Result<Option<Standing<'_>>, SnapshotError> {
        let (alias, length) = key.alias();
        let place = self.index(Section::Aliases, |index| Ok(index.get(&alias[..length])))?;
        Ok(place.and_then(|place| self.standing(u32::try_from(place).ok()?)))
    }

    /// Older and former codes of the subject, all that lead to its row. Reads the whole index.
    pub fn aliases_of(&self, standing: &Standing<'_>) -> Result<Vec<SubjectKey>, SnapshotError> {
        self.index(Section::Aliases, |index| {
            let mut found = Vec::new();
            let mut stream = index.stream();
            while let Some((alias, place)) = stream.next() {
                if place == u64::from(standing.place) {
                    found.extend(SubjectKey::from_alias(alias));
                }
            }
            Ok(found)
        })
    }

    /// The subject at this place.
    pub fn standing(&self, place: u32) -> Option<Standing<'_>> {
        let start = place as usize * STANDING_SIZE;
        let row = self.section(Section::Standings).get(start..start + STANDING_SIZE)?;
        Some(Standing { row, place })
    }

    /// The rows that checks of a subject read.
    pub fn entries_of(
        &self,
        standing: &Standing<'_>,
    ) -> Result<impl Iterator<Item = EntryRow<'_>>, SnapshotError> {
        let start = u32_at(standing.row, 48) as usize * ENTRY_SIZE;
        let length = u32_at(standing.row, 44) as usize * ENTRY_SIZE;
        let rows = self.section(Section::Entries).get(start..start + length);
        let rows = rows.ok_or_else(|| self.corrupt(Section::Entries, start as u64, "entries lie outside"))?;
        let first = u32_at(standing.row, 48);
        Ok(rows
            .chunks_exact(ENTRY_SIZE)
            .enumerate()
            .map(move |(n, row)| EntryRow { row, place: first + n as u32 }))
    }

    /// The entry at this place.
    pub fn entry(&self, place: u32) -> Option<EntryRow<'_>> {
        let start = place as usize * ENTRY_SIZE;
        let row = self.section(Section::Entries).get(start..start + ENTRY_SIZE)?;
        Some(EntryRow { row, place })
    }

    /// The corrections from `first` on.
    pub fn events(&self, first: u32, count: u16) -> impl Iterator<Item = EventRow<'_>> {
        let start = first as usize * EVENT_SIZE;
        let rows = self.section(Section::Events).get(start..start + usize::from(count) * EVENT_SIZE);
        rows.unwrap_or_default().chunks_exact(EVENT_SIZE).map(|row| EventRow { row, format: self.format() })
    }

    /// A string that recurs.
    pub fn string(&self, number: u32) -> Option<&str> {
        strings::string(self.section(Section::Strings), number)
    }

    /// The name record of a subject.
    pub(super) fn name_record(&self, standing: &Standing<'_>) -> &[u8] {
        let (offset, length) = span_at(standing.row, 32);
        let start = offset as usize;
        self.section(Section::Names).get(start..start + usize::from(length)).unwrap_or_default()
    }

    /// The name as it is shown: an organisation's, or a person's masked one.
    pub fn shown_name(&self, standing: &Standing<'_>) -> Option<&str> {
        let record = self.name_record(standing);
        let bytes = if standing.kind() == SubjectKind::Person {
            let length = usize::from(*record.get(16)?);
            record.get(17..17 + length)?
        } else {
            record.get(2..2 + usize::from(u16_at(record, 0)))?
        };
        std::str::from_utf8(bytes).ok().filter(|name| !name.is_empty())
    }

    /// Former names of an organisation.
    pub fn former_names<'a>(&'a self, standing: &Standing<'a>) -> impl Iterator<Item = &'a str> + 'a {
        let record = self.name_record(standing);
        let current = 2 + usize::from(u16_at(record, 0));
        let mut rest = if standing.kind() == SubjectKind::Person {
            &[][..]
        } else {
            record.get(current + 1..).unwrap_or_default()
        };
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first_chunk::<2>()?;
            let (name, after) = after.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
            rest = after;
            std::str::from_utf8(name).ok()
        })
    }

    /// Digests of a person's names, the current one first.
    pub fn name_digests<'a>(&'a self, standing: &Standing<'a>) -> impl Iterator<Item = Digest> + 'a {
        let record = self.name_record(standing);
        let former_at = 18 + usize::from(record.get(16).copied().unwrap_or_default());
        let known = record.get(16).is_some_and(|length| *length > 0);
        let current = known.then(|| bytes_at::<16>(record, 0));
        let former =
            record.get(former_at..).unwrap_or_default().chunks_exact(16).map(|digest| bytes_at(digest, 0));
        current.into_iter().chain(former)
    }

    /// The describing texts of a record.
    pub fn texts(&self, offset: u64, length: u32) -> Result<Vec<(Tag, String)>, SnapshotError> {
        let raw =
            texts::read(self.section(Section::TextIndex), self.section(Section::Texts), offset, length)?;
        texts::part(&raw).ok_or_else(|| self.corrupt(Section::Texts, 0, "texts do not come apart"))
    }

    /// The document number of an entry.
    pub fn document<'a>(&'a self, entry: &EntryRow<'a>) -> Option<&'a str> {
        let (offset, length) = span_at(entry.row, 48);
        let start = offset as usize;
        let bytes = self.section(Section::Labels).get(start..start + usize::from(length))?;
        std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty())
    }

    /// Names of organisations near a normalised name.
    pub fn search_names(&self, wanted: &str, limit: usize) -> Result<Vec<NameHit>, SnapshotError> {
        self.index(Section::NameIndex, |index| Ok(names::search(&index, wanted, limit)))
    }
}
