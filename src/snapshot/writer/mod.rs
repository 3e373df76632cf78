//! Writing a part: the sibling of `part.rs`. Subjects stream through; what a part holds is never in memory as a whole.

mod finish;
mod underway;

pub use finish::{Written, catalogue_digest};

use super::drafts::{Draft, EntryDraft, EventDraft, FiledDraft, NamesDraft, SubjectDraft};
use super::dossier::{Filed, RowPlace};
use super::layout::*;
use super::names::NameWriter;
use super::origins::OriginWriter;
use super::packed::{self, Head};
use super::schema::Counts;
use super::sort::Sorter;
use super::spool::Spool;
use super::strings::Interner;
use super::texts::BlockWriter;
use super::{SnapshotError, SubjectKey};
use crate::domain::date::Day;
use crate::domain::record::Fulfilment;
use crate::domain::verdict::{Category, Relation};
use std::path::Path;
use std::sync::Arc;
use underway::{EventLine, Underway};

/// Characters of a document number that an entry keeps; the standard allows 128.
const LABEL_BYTES_MAX: usize = 1024;

/// Writes the subjects of one part, in the order of [`PartWriter::order`]: of each [`PartWriter::begin`], its entries,
/// its records, [`PartWriter::end`].
///
/// In memory are the subject under way, the strings that recur, eight bytes a subject, and buffers of a few megabytes.
pub struct PartWriter {
    folder: Arc<Path>,
    last: Option<(u64, SubjectKey)>,
    hashes: Vec<u64>,
    standings: Spool,
    entries: Spool,
    events: Spool,
    names: Spool,
    strings: Interner,
    labels: Spool,
    dossiers: Spool,
    texts: BlockWriter,
    aliases: Sorter,
    name_index: NameWriter,
    origins: OriginWriter,
    counts: Counts,
    now: Underway,
    is_open: bool,
    /// Bytes that are put together and then pushed.
    scratch: Vec<u8>,
}

impl PartWriter {
    /// Sections grow in files of this folder, which exists and is private; the files have no names and vanish with the
    /// writer. Sorting keeps within about so many bytes.
    pub fn new(folder: &Path, memory: usize) -> Result<PartWriter, SnapshotError> {
        let folder: Arc<Path> = Arc::from(folder);
        let spool = || Spool::new(&folder);
        Ok(PartWriter {
            last: None,
            hashes: Vec::new(),
            standings: spool(),
            entries: spool(),
            events: spool(),
            names: spool(),
            strings: Interner::default(),
            labels: spool(),
            dossiers: spool(),
            texts: BlockWriter::new(&folder)?,
            aliases: Sorter::new(&folder, memory / 2),
            name_index: NameWriter::new(&folder, memory / 2),
            origins: OriginWriter::new(&folder)?,
            counts: Counts::default(),
            now: Underway::default(),
            is_open: false,
            scratch: Vec::new(),
            folder,
        })
    }

    /// Subjects must come in this order.
    pub fn order(key: &SubjectKey) -> (u64, SubjectKey) {
        (key.hash(), *key)
    }

    /// Adds a whole subject.
    pub fn push(&mut self, draft: &Draft<'_>) -> Result<(), SnapshotError> {
        self.begin(&draft.key)?;
        draft.entries.iter().try_for_each(|entry| self.entry(entry))?;
        draft.records.iter().try_for_each(|record| self.record(record))?;
        self.end(&draft.subject)
    }

    /// Begins a subject; keys rise, each comes once.
    pub fn begin(&mut self, key: &SubjectKey) -> Result<(), SnapshotError> {
        let order = PartWriter::order(key);
        if self.is_open {
            return Err(misused("a subject begins before the one before has ended"));
        }
        if self.last.as_ref().is_some_and(|last| *last >= order) {
            return Err(misused("subjects must come by hash and key, each once"));
        }
        fit("number of subjects", self.hashes.len() as u64, (u32::MAX - 1).into())?;
        self.last = Some(order);
        self.is_open = true;
        self.now.clear(self.texts.offset());
        Ok(())
    }

    /// Adds an entry of the subject under way, in the order in which checks read them, before its records.
    pub fn entry(&mut self, draft: &EntryDraft<'_>) -> Result<(), SnapshotError> {
        if !self.is_open || self.now.count > 0 {
            return Err(misused("an entry stands between the beginning of a subject and its records"));
        }
        let (category, list, bits, fulfilment) = match (draft.category, &draft.grade) {
            (Some(Category::List(list)), _) => (0, list, 0, None),
            (Some(Category::Penalty(bits)), _) => (1, u16::MAX, bits, None),
            (Some(Category::Commitment(kept)), _) => (2, u16::MAX, 0, Some(kept)),
            (Some(Category::State), _) | (None, None) => {
                return Err(misused("an entry is a list's, a penalty, a commitment or a grade"));
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
        let (first_event, events) = self.events_of(&draft.events)?;
        let document = cut(draft.document.as_deref().unwrap_or_default(), LABEL_BYTES_MAX);
        let label_at = self.labels.length();
        self.labels.push(document.as_bytes())?;
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
        self.now.entries.extend_from_slice(&row);
        Ok(())
    }

    /// Adds the corrections of an entry, or of a record without one.
    fn events_of(&mut self, drafts: &[EventDraft<'_>]) -> Result<(u32, u16), SnapshotError> {
        let before = self.events.length() / EVENT_SIZE as u64 + self.now.events.len() as u64;
        let first = fit("number of corrections", before, u32::MAX.into())? as u32;
        let count = fit("number of corrections of a record", drafts.len() as u64, u16::MAX.into())? as u16;
        for draft in drafts {
            let line = self.event_line(draft);
            self.now.events.push(line);
        }
        Ok((first, count))
    }

    fn event_line(&mut self, draft: &EventDraft<'_>) -> EventLine {
        let mut row = [0; EVENT_SIZE];
        put(&mut row, 0, &draft.event.day.number().to_le_bytes());
        row[4] = draft.event.kind.code();
        put(&mut row, 6, &draft.from.source.to_le_bytes());
        put(&mut row, 12, &draft.number.to_le_bytes());
        put(&mut row, 16, &self.strings.number(&draft.document).to_le_bytes());
        put(&mut row, 20, &self.strings.number(&draft.authority).to_le_bytes());
        EventLine { row, origin: (draft.number == 0).then_some((draft.from.file, draft.from.line)) }
    }

    /// Adds a record of the subject under way, by kind, date and id. What its entry tells is not told again.
    pub fn record(&mut self, draft: &FiledDraft<'_>) -> Result<(), SnapshotError> {
        if !self.is_open {
            return Err(misused("a record stands between the beginning and the end of its subject"));
        }
        let rule = draft.rule.map(|rule| fit("place of a rule", rule as u64, u16::MAX.into()));
        let text = self.texts.offset();
        let text_length = self.texts.push(&draft.texts)?;
        let mut filed = Filed {
            record: draft.record,
            kind: draft.kind,
            objection: draft.objection,
            revoked: draft.revoked,
            unpublished: draft.unpublished,
            ending: draft.ending,
            rule: rule.transpose()?.map(|rule| rule as u16),
            source: draft.from_row.source,
            row: RowPlace::Origins(0),
            date: draft.date,
            from: draft.from,
            until: draft.until.unwrap_or(Day::OPEN),
            title: self.strings.number_if(draft.title.as_deref()),
            authority: self.strings.number(&draft.authority),
            events: 0,
            events_count: 0,
            text,
            text_length: fit("length of a record's texts", text_length, u32::MAX.into())? as u32,
        };
        let corrections: Vec<EventLine> = draft.events.iter().map(|event| self.event_line(event)).collect();
        let first = self.events.length() / EVENT_SIZE as u64;
        let entry = self.now.entry_of(&filed, &corrections, first);
        if entry.is_none() {
            (filed.events, filed.events_count) = self.events_of(&draft.events)?;
        }
        self.now.file(&filed, entry, (draft.from_row.file, draft.from_row.line));
        self.counts.records[usize::from(draft.kind.code())] += 1;
        Ok(())
    }

    /// Ends the subject under way.
    pub fn end(&mut self, draft: &SubjectDraft<'_>) -> Result<(), SnapshotError> {
        let (true, Some((hash, key))) = (self.is_open, self.last) else {
            return Err(misused("a subject ends that has not begun"));
        };
        self.is_open = false;
        let place = self.hashes.len() as u32;
        self.hashes.push(hash);
        let (name_at, name_length) = self.names(draft, place)?;
        let dossier_at = self.dossiers.length();
        let dossier_length = self.dossier(draft)?;
        let first_entry =
            fit("number of entries", self.entries.length() / ENTRY_SIZE as u64, u32::MAX.into())? as u32;
        let entries = (self.now.entries.len() / ENTRY_SIZE) as u32;
        self.entries.push(&self.now.entries)?;
        let mut row = [0; STANDING_SIZE];
        row[0] = key.kind;
        let state_class = draft.state.as_ref().map_or(0, |(_, class, _)| class.code() + 1);
        row[1] = draft.kind.code() | u8::from(draft.state.is_some()) << 2 | state_class << 3;
        put(&mut row, 2, &draft.state.as_ref().map_or(0, |state| state.2).to_le_bytes());
        put(&mut row, 4, &((hash >> 32) as u32).to_le_bytes());
        put(&mut row, 8, &key.bytes);
        put(&mut row, 32, &span(name_at, name_length));
        let state = draft.state.as_ref().map(|(text, _, _)| text.as_ref()).filter(|text| !text.is_empty());
        put(&mut row, 40, &self.strings.number_if(state).to_le_bytes());
        put(&mut row, 44, &entries.to_le_bytes());
        put(&mut row, 48, &first_entry.to_le_bytes());
        put(&mut row, 52, &dossier_length.to_le_bytes());
        put(&mut row, 56, &dossier_at.to_le_bytes());
        self.standings.push(&row)?;
        for alias in &draft.aliases {
            let (bytes, length) = alias.alias();
            self.aliases.push(&[&bytes[..length]], u64::from(place))?;
        }
        self.counts.subjects[usize::from(draft.kind.code())] += 1;
        self.counts.stubs += u64::from(draft.state.is_none());
        Ok(())
    }

    fn names(&mut self, draft: &SubjectDraft<'_>, place: u32) -> Result<(u64, u16), SnapshotError> {
        let record = &mut self.scratch;
        record.clear();
        match &draft.names {
            NamesDraft::Organisation { current, former } => {
                push_name(record, current)?;
                record.push(fit("number of former names", former.len() as u64, u8::MAX.into())? as u8);
                self.name_index.push(current, place, false)?;
                for name in former {
                    push_name(record, name)?;
                    self.name_index.push(name, place, true)?;
                }
            }
            NamesDraft::Person { current, former } => {
                let (digest, mask) =
                    current.as_ref().map_or(([0; 16], ""), |(digest, mask)| (*digest, mask.as_ref()));
                record.extend_from_slice(&digest);
                record.push(fit("length of a masked name", mask.len() as u64, u8::MAX.into())? as u8);
                record.extend_from_slice(mask.as_bytes());
                record.push(fit("number of former names", former.len() as u64, u8::MAX.into())? as u8);
                former.iter().for_each(|digest| record.extend_from_slice(digest));
            }
        }
        let start = self.names.length();
        let length = fit("length of a subject's names", record.len() as u64, u16::MAX.into())?;
        self.names.push(record)?;
        Ok((start, length as u16))
    }

    /// Writes head and records, and numbers the rows from which they came.
    fn dossier(&mut self, draft: &SubjectDraft<'_>) -> Result<u32, SnapshotError> {
        let head = Head {
            register: draft.from_row.map(|row| row.source),
            division: self.strings.number_if(draft.division.as_deref()),
            occupation: self.strings.number_if(draft.occupation.as_deref()),
            representative: &draft.representative,
            former_codes: &draft.former_codes,
            older_codes: &draft.older_codes,
            row: self.origins.next(),
            records: self.now.count,
            text: self.now.text,
        };
        self.scratch.clear();
        packed::push_head(&mut self.scratch, &head);
        let length = (self.scratch.len() + self.now.records.len()) as u64;
        self.dossiers.push(&self.scratch)?;
        self.dossiers.push(&self.now.records)?;
        if let Some(row) = draft.from_row {
            self.origins.push(row.file, row.line)?;
        }
        for (file, line) in &self.now.rows {
            self.origins.push(*file, *line)?;
        }
        for event in &mut self.now.events {
            let number = self.origins.next();
            let number = event.origin.map(|(file, line)| self.origins.push(file, line).map(|()| number));
            put(&mut event.row, 24, &number.transpose()?.unwrap_or(u64::MAX).to_le_bytes());
            self.events.push(&event.row)?;
        }
        Ok(fit("length of a dossier", length, u32::MAX.into())? as u32)
    }
}

fn misused(what: &str) -> SnapshotError {
    SnapshotError::Parts(what.to_owned())
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
