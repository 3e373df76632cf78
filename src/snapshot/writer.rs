//! Writing a part: the sibling of `part.rs`.

use super::drafts::{Draft, EntryDraft, EventDraft, FiledDraft, NamesDraft};
use super::layout::*;
use super::names::NameWriter;
use super::schema::{Counts, Dossier, Filed, Meta};
use super::strings::Interner;
use super::texts::{self, BlockWriter};
use super::{SnapshotError, SubjectKey, convert};
use crate::domain::catalogue::Entries;
use crate::domain::date::Day;
use crate::domain::record::Fulfilment;
use crate::domain::text::name_alike;
use crate::domain::verdict::{Category, Relation};
use sha2::Digest as _;
use std::collections::HashSet;
use std::io::Write;
use xxhash_rust::xxh3::xxh3_64;

/// Subjects a bucket of the directory, on average.
const BUCKET: u32 = 2;
/// Characters of a document number that an entry keeps; the standard allows 128.
const LABEL_BYTES_MAX: usize = 1024;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// What the part holds.
    pub counts: Counts,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Collects the subjects of one part, in the order of [`PartWriter::order`], and writes it.
#[derive(Default)]
pub struct PartWriter {
    last: Option<(u64, SubjectKey)>,
    hashes: Vec<u64>,
    standings: Vec<u8>,
    entries: Vec<u8>,
    events: Vec<u8>,
    names: Vec<u8>,
    strings: Interner,
    labels: Vec<u8>,
    dossiers: Vec<u8>,
    texts: BlockWriter,
    aliases: Vec<(Vec<u8>, u64)>,
    name_index: NameWriter,
    counts: Counts,
}

impl PartWriter {
    /// Subjects must come in this order.
    pub fn order(key: &SubjectKey) -> (u64, SubjectKey) {
        (key.hash(), *key)
    }

    /// Adds a subject.
    pub fn push(&mut self, draft: &Draft) -> Result<(), SnapshotError> {
        let order = PartWriter::order(&draft.key);
        if self.last.as_ref().is_some_and(|last| *last >= order) {
            return Err(SnapshotError::Parts("subjects must come by hash and key, each once".to_owned()));
        }
        self.last = Some(order);
        let place = self.hashes.len() as u32;
        self.hashes.push(order.0);
        let first_entry =
            fit("number of entries", self.entries.len() as u64 / ENTRY_SIZE as u64, u32::MAX.into())?;
        for entry in &draft.entries {
            self.entry(entry)?;
        }
        let (name_at, name_length) = self.names(draft, place)?;
        let (dossier_at, dossier_length) = self.dossier(draft)?;
        let mut row = [0; STANDING_SIZE];
        row[0] = draft.key.kind;
        let state_class = draft.state.as_ref().map_or(0, |(_, class, _)| class.code() + 1);
        row[1] = draft.kind.code() | u8::from(draft.state.is_some()) << 2 | state_class << 3;
        put(&mut row, 2, &draft.state.as_ref().map_or(0, |state| state.2).to_le_bytes());
        put(&mut row, 4, &((order.0 >> 32) as u32).to_le_bytes());
        put(&mut row, 8, &draft.key.bytes);
        put(&mut row, 32, &span(name_at, name_length));
        let state = draft.state.as_ref().map(|(text, _, _)| text.as_str()).filter(|text| !text.is_empty());
        put(&mut row, 40, &self.strings.number_if(state).to_le_bytes());
        put(&mut row, 44, &(draft.entries.len() as u32).to_le_bytes());
        put(&mut row, 48, &(first_entry as u32).to_le_bytes());
        put(&mut row, 52, &dossier_length.to_le_bytes());
        put(&mut row, 56, &dossier_at.to_le_bytes());
        self.standings.extend_from_slice(&row);
        for alias in &draft.aliases {
            let (bytes, length) = alias.alias();
            self.aliases.push((bytes[..length].to_vec(), u64::from(place)));
        }
        self.counts.subjects[usize::from(draft.kind.code())] += 1;
        self.counts.stubs += u64::from(draft.state.is_none());
        Ok(())
    }

    fn entry(&mut self, draft: &EntryDraft) -> Result<(), SnapshotError> {
        let (category, list, bits, fulfilment) = match (draft.category, &draft.grade) {
            (Some(Category::List(list)), _) => (0, list, 0, None),
            (Some(Category::Penalty(bits)), _) => (1, u16::MAX, bits, None),
            (Some(Category::Commitment(kept)), _) => (2, u16::MAX, 0, Some(kept)),
            (Some(Category::State), _) | (None, None) => {
                return Err(SnapshotError::Parts(
                    "an entry is a list's, a penalty, a commitment or a grade".to_owned(),
                ));
            }
            (None, Some((grade, trigger))) => {
                (3, trigger.unwrap_or(u16::MAX), self.strings.number(grade), None)
            }
        };
        let relation = match draft.relation {
            Relation::Own => 0u16,
            Relation::LegalRepresentative => 1,
            Relation::Represents => 2,
        };
        let flags = u16::from(draft.objection)
            | u16::from(draft.bars.0 & 3) << 1
            | relation << 3
            | u16::from(fulfilment.map_or(0, Fulfilment::code)) << 5;
        let (first_event, events) = self.events(&draft.events)?;
        let document = cut(draft.document.as_deref().unwrap_or_default(), LABEL_BYTES_MAX);
        let label_at = self.labels.len() as u64;
        self.labels.extend_from_slice(document.as_bytes());
        let until = draft.until.unwrap_or(Day::OPEN);
        let mut row = [0; ENTRY_SIZE];
        put(&mut row, 0, &draft.record.0);
        row[16] = category;
        row[17] = draft.effect.code();
        put(&mut row, 18, &flags.to_le_bytes());
        put(&mut row, 20, &list.to_le_bytes());
        put(&mut row, 22, &draft.source.to_le_bytes());
        put(&mut row, 24, &draft.since.number().to_le_bytes());
        put(&mut row, 28, &draft.from.number().to_le_bytes());
        put(&mut row, 32, &until.number().to_le_bytes());
        put(&mut row, 36, &bits.to_le_bytes());
        put(&mut row, 40, &self.strings.number(&draft.authority).to_le_bytes());
        put(&mut row, 44, &self.strings.number_if(draft.title.as_deref()).to_le_bytes());
        put(&mut row, 48, &span(label_at, document.len() as u16));
        put(&mut row, 56, &first_event.to_le_bytes());
        put(&mut row, 60, &events.to_le_bytes());
        self.entries.extend_from_slice(&row);
        Ok(())
    }

    fn events(&mut self, drafts: &[EventDraft]) -> Result<(u32, u16), SnapshotError> {
        let first =
            fit("number of corrections", (self.events.len() / EVENT_SIZE) as u64, u32::MAX.into())? as u32;
        let count = fit("number of corrections of a record", drafts.len() as u64, u16::MAX.into())? as u16;
        for draft in drafts {
            let mut row = [0; EVENT_SIZE];
            put(&mut row, 0, &draft.event.day.number().to_le_bytes());
            row[4] = draft.event.kind.code();
            put(&mut row, 6, &draft.from.source.to_le_bytes());
            put(&mut row, 8, &draft.from.line.to_le_bytes());
            put(&mut row, 12, &draft.number.to_le_bytes());
            put(&mut row, 16, &self.strings.number(&draft.document).to_le_bytes());
            put(&mut row, 20, &self.strings.number(&draft.authority).to_le_bytes());
            put(&mut row, 24, &self.strings.number(&draft.from.file).to_le_bytes());
            self.events.extend_from_slice(&row);
        }
        Ok((first, count))
    }

    fn names(&mut self, draft: &Draft, place: u32) -> Result<(u64, u16), SnapshotError> {
        let start = self.names.len();
        match &draft.names {
            NamesDraft::Organisation { current, former } => {
                push_name(&mut self.names, current)?;
                self.names.push(fit("number of former names", former.len() as u64, u8::MAX.into())? as u8);
                for name in former {
                    push_name(&mut self.names, name)?;
                }
                let mut seen = HashSet::new();
                for (n, name) in std::iter::once(current).chain(former).enumerate() {
                    let normalised: String = name_alike(name).filter(|c| *c != '\0').collect();
                    if !normalised.is_empty() && seen.insert(normalised.clone()) {
                        self.name_index.push(&normalised, place, n > 0);
                    }
                }
            }
            NamesDraft::Person { current, former } => {
                let (digest, mask) =
                    current.as_ref().map_or(([0; 16], ""), |(digest, mask)| (*digest, mask.as_str()));
                self.names.extend_from_slice(&digest);
                self.names.push(fit("length of a masked name", mask.len() as u64, u8::MAX.into())? as u8);
                self.names.extend_from_slice(mask.as_bytes());
                self.names.push(fit("number of former names", former.len() as u64, u8::MAX.into())? as u8);
                former.iter().for_each(|digest| self.names.extend_from_slice(digest));
            }
        }
        let length = fit("length of a subject's names", (self.names.len() - start) as u64, u16::MAX.into())?;
        Ok((start as u64, length as u16))
    }

    fn dossier(&mut self, draft: &Draft) -> Result<(u64, u32), SnapshotError> {
        let mut records = Vec::with_capacity(draft.records.len());
        for record in &draft.records {
            records.push(self.filed(record)?);
            self.counts.records[usize::from(record.kind.code())] += 1;
        }
        let row = draft.from_row.as_ref();
        let dossier = Dossier {
            former_codes: draft.former_codes.clone(),
            older_codes: draft.older_codes.clone(),
            division: self.strings.number_if(draft.division.as_deref()),
            occupation: self.strings.number_if(draft.occupation.as_deref()),
            representative: draft.representative.clone(),
            source: row.map_or(0, |row| row.source),
            file: self.strings.number_if(row.map(|row| row.file.as_str())),
            line: row.map_or(0, |row| row.line),
            records,
        };
        let archive = archive(&dossier)?;
        let start = self.dossiers.len() as u64;
        self.dossiers.extend_from_slice(&archive);
        Ok((start, fit("length of a dossier", archive.len() as u64, u32::MAX.into())? as u32))
    }

    fn filed(&mut self, draft: &FiledDraft) -> Result<Filed, SnapshotError> {
        let mut joined = Vec::new();
        texts::join(&draft.texts, &mut joined);
        let text = self.texts.offset();
        self.texts.push(&joined)?;
        let (events, events_count) = self.events(&draft.events)?;
        Ok(Filed {
            record: draft.record.0,
            kind: draft.kind.code(),
            flags: u8::from(draft.objection)
                | u8::from(draft.revoked) << 1
                | u8::from(draft.unpublished) << 2,
            ending: draft.ending as u8,
            rule: draft.rule.and_then(|rule| u8::try_from(rule).ok()).unwrap_or(u8::MAX),
            source: draft.from_row.source,
            file: self.strings.number(&draft.from_row.file),
            line: draft.from_row.line,
            date: draft.date.number(),
            from: draft.from.number(),
            until: draft.until.unwrap_or(Day::OPEN).number(),
            title: self.strings.number_if(draft.title.as_deref()),
            authority: self.strings.number(&draft.authority),
            events,
            events_count,
            text,
            text_length: fit("length of a record's texts", joined.len() as u64, u32::MAX.into())? as u32,
        })
    }

    /// Writes the part with this place among `parts`. `meta.counts` is filled in.
    pub fn finish(
        mut self,
        mut meta: Meta,
        catalogue: &Entries,
        (part, parts): (u32, u32),
        out: &mut impl Write,
    ) -> Result<Written, SnapshotError> {
        fit("bytes of recurring strings", self.strings.size(), u32::MAX.into())?;
        self.aliases.sort_unstable();
        // The first subject that claims a code keeps it; compile sees to it that there is one.
        self.aliases.dedup_by(|later, earlier| later.0 == earlier.0);
        self.counts.aliases = self.aliases.len() as u64;
        let mut aliases = fst::MapBuilder::memory();
        for (code, place) in &self.aliases {
            aliases.insert(code, *place)?;
        }
        meta.counts = self.counts;
        let directory = directory(&self.hashes);
        let (text_index, texts) = self.texts.finish()?;
        let sections: [Vec<u8>; Section::COUNT] = [
            archive(&meta)?,
            archive(&convert::to_file(catalogue))?,
            directory,
            self.standings,
            self.entries,
            self.events,
            self.names,
            self.strings.encode(),
            self.labels,
            self.dossiers,
            text_index,
            texts,
            aliases.into_inner()?,
            self.name_index.finish()?,
        ];
        let bytes = write(&sections, part, parts, out)?;
        Ok(Written { counts: self.counts, bytes })
    }
}

fn archive<T>(value: &T) -> Result<Vec<u8>, SnapshotError>
where
    T: for<'a> rkyv::Serialize<
            rkyv::api::high::HighSerializer<
                rkyv::util::AlignedVec,
                rkyv::ser::allocator::ArenaHandle<'a>,
                rkyv::rancor::Error,
            >,
        >,
{
    let bytes = rkyv::to_bytes::<rkyv::rancor::Error>(value);
    bytes
        .map(|bytes| bytes.to_vec())
        .map_err(|e| SnapshotError::Parts(format!("a record cannot be archived: {e}")))
}

/// SHA-256 of a catalogue as parts hold it, in hex; empty if it cannot be archived.
pub fn catalogue_digest(catalogue: &Entries) -> String {
    let bytes = archive(&convert::to_file(catalogue)).unwrap_or_default();
    sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn directory(hashes: &[u64]) -> Vec<u8> {
    let buckets = u64::from((hashes.len() as u32 / BUCKET).max(1));
    let mut starts = Vec::with_capacity(4 * (buckets as usize + 1));
    let mut next = 0u32;
    for bucket in 0..buckets {
        while (next as usize) < hashes.len()
            && ((u128::from(hashes[next as usize]) * u128::from(buckets)) >> 64) < u128::from(bucket)
        {
            next += 1;
        }
        starts.extend_from_slice(&next.to_le_bytes());
    }
    starts.extend_from_slice(&(hashes.len() as u32).to_le_bytes());
    starts
}

fn write(sections: &[Vec<u8>], part: u32, parts: u32, out: &mut impl Write) -> Result<u64, SnapshotError> {
    let mut header = Header { part, parts, file_length: 0, sections: Default::default() };
    let padded = |length: usize| length.next_multiple_of(PAGE);
    let mut offset = PAGE as u64;
    for (extent, section) in header.sections.iter_mut().zip(sections) {
        *extent = Extent { offset, length: section.len() as u64, sum: xxh3_64(section) };
        offset += padded(section.len()) as u64;
    }
    header.file_length = offset;
    out.write_all(&header.encode())?;
    let zeros = [0; PAGE];
    for section in sections {
        out.write_all(section)?;
        out.write_all(&zeros[..padded(section.len()) - section.len()])?;
    }
    Ok(offset)
}

fn push_name(names: &mut Vec<u8>, name: &str) -> Result<(), SnapshotError> {
    let length = fit("length of a name", name.len() as u64, u16::MAX.into())? as u16;
    names.extend_from_slice(&length.to_le_bytes());
    names.extend_from_slice(name.as_bytes());
    Ok(())
}

fn fit(what: &'static str, found: u64, most: u64) -> Result<u64, SnapshotError> {
    if found > most { Err(SnapshotError::TooLarge { what, found, most }) } else { Ok(found) }
}

/// At most so many bytes, whole characters.
fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
