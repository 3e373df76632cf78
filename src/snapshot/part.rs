//! Reading a part, from any bytes: a mapped file in production, a vector in tests.

use super::digest::SubjectKey;
use super::layout::*;
use super::names::{self, NameHit};
use super::schema::{CatalogueFile, Dossier, Meta};
use super::{Digest, SnapshotError, Tag, convert, strings, texts};
use crate::domain::catalogue::{Bars, Effect, Entries};
use crate::domain::date::Day;
use crate::domain::record::{CorrectionKind, Event, Fulfilment, RecordId};
use crate::domain::subject::{StateClass, SubjectKind};
use crate::domain::verdict::Relation;
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

/// A subject's row.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub(super) row: &'a [u8],
    /// Place in the part.
    pub place: u32,
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
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
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
        let bucket = ((u128::from(hash) * u128::from(self.buckets)) >> 64) as usize;
        let directory = self.section(Section::Directory);
        let (first, end) = (u32_at(directory, 4 * bucket), u32_at(directory, 4 * bucket + 4));
        let top = (hash >> 32) as u32;
        (first..end.min(self.rows))
            .filter_map(|place| self.standing(place))
            .find(|standing| u32_at(standing.row, 4) == top && standing.is(key))
    }

    /// The subject with this older or former code.
    pub fn find_alias(&self, key: &SubjectKey) -> Result<Option<Standing<'_>>, SnapshotError> {
        let (alias, length) = key.alias();
        let place = self.index(Section::Aliases, |index| Ok(index.get(&alias[..length])))?;
        Ok(place.and_then(|place| self.standing(u32::try_from(place).ok()?)))
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
        rows.unwrap_or_default().chunks_exact(EVENT_SIZE).map(EventRow)
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

    /// The subject's dossier.
    pub fn dossier(&self, standing: &Standing<'_>) -> Result<Dossier, SnapshotError> {
        let start = u64_at(standing.row, 56);
        let end = start.saturating_add(u64::from(u32_at(standing.row, 52)));
        let bytes = self.section(Section::Dossiers).get(start as usize..end as usize);
        let bytes = bytes.ok_or_else(|| self.corrupt(Section::Dossiers, start, "a dossier lies outside"))?;
        rkyv::from_bytes::<Dossier, rkyv::rancor::Error>(bytes)
            .map_err(|e| self.corrupt(Section::Dossiers, start, &e.to_string()))
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

    /// All aliases: kind and code or digest, with the row they lead to.
    pub fn for_each_alias(&self, mut each: impl FnMut(&[u8], u64)) -> Result<(), SnapshotError> {
        use fst::Streamer;
        self.index(Section::Aliases, |index| {
            let mut stream = index.stream();
            while let Some((key, place)) = stream.next() {
                each(key, place);
            }
            Ok(())
        })
    }
}

impl<'a> Standing<'a> {
    fn is(&self, key: &SubjectKey) -> bool {
        self.row[0] == key.kind && self.row[8..32] == key.bytes
    }

    /// The key.
    pub fn key(&self) -> SubjectKey {
        SubjectKey::from_parts(self.row[0], bytes_at(self.row, 8))
    }

    /// The current code, if it is kept in the clear.
    pub fn code(&self) -> Option<&'a str> {
        crate::domain::identifier::IdKind::from_code(self.row[0])?;
        let code = &self.row[8..32];
        let end = code.iter().position(|byte| *byte == 0).unwrap_or(code.len());
        std::str::from_utf8(&code[..end]).ok()
    }

    /// What the subject is.
    pub fn kind(&self) -> SubjectKind {
        SubjectKind::from_code(self.row[1] & 3).unwrap_or(SubjectKind::Organisation)
    }

    /// Whether a register knows it.
    pub fn is_registered(&self) -> bool {
        self.row[1] & 4 != 0
    }

    /// What its state means; none for a stub.
    pub fn state_class(&self) -> Option<StateClass> {
        (self.row[1] >> 3 & 7).checked_sub(1).and_then(StateClass::from_code)
    }

    /// The state, a string of the part.
    pub fn state(&self) -> u32 {
        u32_at(self.row, 40)
    }

    /// The source that gave the state.
    pub fn state_source(&self) -> u16 {
        u16_at(self.row, 2)
    }

    /// Number of its entries.
    pub fn entries(&self) -> u32 {
        u32_at(self.row, 44)
    }
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryCategory {
    /// Of a list.
    List,
    /// A penalty.
    Penalty,
    /// A commitment that is, or will be, broken.
    Commitment,
    /// An evaluation.
    Evaluation,
}

/// An entry's row. Fields are read when asked for.
#[derive(Debug, Clone, Copy)]
pub struct EntryRow<'a> {
    pub(super) row: &'a [u8],
    /// Place in the part.
    pub place: u32,
}

impl EntryRow<'_> {
    /// Name of the record.
    pub fn record(&self) -> RecordId {
        RecordId(bytes_at(self.row, 0))
    }

    /// What it is.
    pub fn category(&self) -> EntryCategory {
        match self.row[16] {
            0 => EntryCategory::List,
            1 => EntryCategory::Penalty,
            2 => EntryCategory::Commitment,
            _ => EntryCategory::Evaluation,
        }
    }

    /// What it means.
    pub fn effect(&self) -> Effect {
        Effect::from_code(self.row[17]).unwrap_or(Effect::Punish)
    }

    fn flags(&self) -> u16 {
        u16_at(self.row, 18)
    }

    /// Its table says that it is under objection.
    pub fn objection(&self) -> bool {
        self.flags() & 1 != 0
    }

    /// What it bars.
    pub fn bars(&self) -> Bars {
        Bars((self.flags() >> 1 & 3) as u8)
    }

    /// Whose it is.
    pub fn relation(&self) -> Relation {
        match self.flags() >> 3 & 3 {
            1 => Relation::LegalRepresentative,
            2 => Relation::Represents,
            _ => Relation::Own,
        }
    }

    /// How far a commitment was kept.
    pub fn fulfilment(&self) -> Fulfilment {
        Fulfilment::ALL[usize::from(self.flags() >> 5 & 3)]
    }

    /// Index of the list, or of the trigger of a grade.
    pub fn list(&self) -> Option<u16> {
        Some(u16_at(self.row, 20)).filter(|list| *list != u16::MAX)
    }

    /// The source.
    pub fn source(&self) -> u16 {
        u16_at(self.row, 22)
    }

    /// Its own date.
    pub fn since(&self) -> Day {
        Day::from_number(i32_at(self.row, 24))
    }

    /// First visible day.
    pub fn from(&self) -> Day {
        Day::from_number(i32_at(self.row, 28))
    }

    /// Last visible day.
    pub fn until(&self) -> Day {
        Day::from_number(i32_at(self.row, 32))
    }

    /// Bits of a penalty's kinds.
    pub fn penalty_bits(&self) -> u32 {
        u32_at(self.row, 36)
    }

    /// Grade of an evaluation, a string of the part.
    pub fn grade(&self) -> u32 {
        u32_at(self.row, 36)
    }

    /// The authority, a string of the part.
    pub fn authority(&self) -> u32 {
        u32_at(self.row, 40)
    }

    /// The title, a string of the part; none: the list's.
    pub fn title(&self) -> u32 {
        u32_at(self.row, 44)
    }

    /// Its corrections.
    pub fn events(&self) -> (u32, u16) {
        (u32_at(self.row, 56), u16_at(self.row, 60))
    }
}

/// A correction's row.
#[derive(Debug, Clone, Copy)]
pub struct EventRow<'a>(pub(super) &'a [u8]);

impl EventRow<'_> {
    /// What it does, and when.
    pub fn event(&self) -> Event {
        let kind = CorrectionKind::from_code(self.0[4]).unwrap_or(CorrectionKind::Repaired);
        Event { day: Day::from_number(i32_at(self.0, 0)), kind }
    }

    /// Source and line, if it came from a table.
    pub fn origin(&self) -> (u16, u32) {
        (u16_at(self.0, 6), u32_at(self.0, 8))
    }

    /// Its number, if it came from the store.
    pub fn number(&self) -> Option<u32> {
        Some(u32_at(self.0, 12)).filter(|number| *number != 0)
    }

    /// Instrument, authority and file, strings of the part.
    pub fn strings(&self) -> (u32, u32, u32) {
        (u32_at(self.0, 16), u32_at(self.0, 20), u32_at(self.0, 24))
    }
}
