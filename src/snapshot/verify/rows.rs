//! Standings, entries, events and names.

use super::super::digest::SubjectKey;
use super::super::layout::{ENTRY_SIZE, EVENT_SIZE, STANDING_SIZE, Section, span_at, u16_at, u32_at, u64_at};
use super::super::packed::kind_of;
use super::super::{EntryCategory, EntryRow, Filed, Part, Standing};
use super::Examiner;
use crate::domain::catalogue::Effect;
use crate::domain::identifier::IdKind;
use crate::domain::record::{CorrectionKind, Event, RecordId, RecordKind};
use crate::domain::subject::SubjectKind;
use crate::domain::text::name_alike;
use crate::domain::verdict::Relation;
use std::collections::{HashMap, HashSet};

/// Entries of a subject that are its own: the dossier must file each.
pub(super) type Own = HashMap<RecordId, OwnEntry>;

/// What a record must share with its entry.
pub(super) struct OwnEntry {
    kind: RecordKind,
    /// Where its corrections stand.
    place: (u32, u16),
    events: Vec<Event>,
}

impl<B: AsRef<[u8]>> Examiner<'_, B> {
    pub(super) fn subject(&mut self, standing: &Standing<'_>) {
        self.standing(standing);
        self.names(standing);
        let own = self.entries(standing);
        self.dossier(standing, own);
        self.found.counts.subjects[usize::from(standing.kind().code())] += 1;
        self.found.counts.stubs += u64::from(!standing.is_registered());
    }

    fn standing(&mut self, standing: &Standing<'_>) {
        let (row, at) = (standing.row, u64::from(standing.place) * STANDING_SIZE as u64);
        let key = standing.key();
        let hash = key.hash();
        let place = standing.place.checked_sub(1).and_then(|before| self.part.standing(before));
        let after = place.is_none_or(|before| (before.key().hash(), before.key()) < (hash, key));
        let in_clear = IdKind::from_code(row[0]).is_some_and(|kind| !kind.is_person());
        let coded = standing
            .code()
            .is_some_and(|code| !code.is_empty() && row[8 + code.len()..32].iter().all(|byte| *byte == 0));
        let (part, parts) = self.part.place();
        let section = Section::Standings;
        self.want(after, section, at, "it does not stand behind the row before by hash and key");
        self.want(
            matches!(row[0], 100 | 101) || (in_clear && coded),
            section,
            at,
            "its key is of no known kind",
        );
        self.want(
            key.is_person() == (standing.kind() == SubjectKind::Person),
            section,
            at,
            "its key is a person's and its kind not, or the other way round",
        );
        self.want(u32_at(row, 4) == (hash >> 32) as u32, section, at, "its hash is not that of its key");
        self.want(SubjectKey::part(hash, parts) == part, section, at, "its key belongs in another part");
        self.want(self.bucket_holds(hash, standing.place), section, at, "the directory does not lead to it");
        self.want(row[1] >> 3 <= 4, section, at, "its state class is none of four");
        self.want(
            standing.is_registered() == standing.state_class().is_some(),
            section,
            at,
            "it is registered without a state class, or the other way round",
        );
        self.string(standing.state(), true, section, at, "state");
        if standing.is_registered() {
            self.source(standing.state_source(), section, at);
        }
    }

    pub(super) fn directory(&mut self) {
        let directory = self.part.section(Section::Directory);
        let rows = self.part.subjects();
        let starts: Vec<u32> = directory.chunks_exact(4).map(|start| u32_at(start, 0)).collect();
        let rise = starts.first() == Some(&0) && starts.last() == Some(&rows) && starts.is_sorted();
        self.want(rise, Section::Directory, 0, "its rows do not rise from 0 to the number of subjects");
    }

    fn bucket_holds(&self, hash: u64, place: u32) -> bool {
        let bucket = ((u128::from(hash) * u128::from(self.part.buckets)) >> 64) as usize;
        let directory = self.part.section(Section::Directory);
        (u32_at(directory, 4 * bucket)..u32_at(directory, 4 * bucket + 4)).contains(&place)
    }

    fn names(&mut self, standing: &Standing<'_>) {
        let (offset, length) = span_at(standing.row, 32);
        let section = Section::Names;
        self.want(offset == self.ends.names, section, offset, "it does not begin where the names before end");
        self.ends.names = offset + u64::from(length);
        let record = self.part.name_record(standing);
        let person = standing.kind() == SubjectKind::Person;
        let whole = record.len() == usize::from(length)
            && if person { is_person_record(record) } else { is_organisation_record(record) };
        self.want(whole, section, offset, "its names do not come apart");
        if whole && !person {
            self.names_indexed += indexed_names(self.part, standing).len() as u64;
        }
    }

    fn entries(&mut self, standing: &Standing<'_>) -> Own {
        let first = u32_at(standing.row, 48);
        let at = u64::from(standing.place) * STANDING_SIZE as u64;
        let follows = u64::from(first) == self.ends.entries;
        self.want(follows, Section::Standings, at, "its entries do not begin where those before end");
        self.ends.entries = u64::from(first) + u64::from(standing.entries());
        let mut own = Own::new();
        let part = self.part;
        let rows = match part.entries_of(standing) {
            Ok(rows) => rows,
            Err(error) => {
                self.found.add_error(&error);
                return own;
            }
        };
        let mut evaluations: Vec<EntryRow<'_>> = Vec::new();
        for entry in rows {
            let events = self.entry(&entry);
            if entry.relation() == Relation::Own {
                let one = OwnEntry { kind: kind_of(entry.category()), place: entry.events(), events };
                let once = own.insert(entry.record(), one).is_none();
                let at = u64::from(entry.place) * ENTRY_SIZE as u64;
                self.want(once, Section::Entries, at, "the subject has two entries of its record");
            }
            if entry.category() == EntryCategory::Evaluation {
                evaluations.push(entry);
            }
        }
        self.want(
            latest_first(&evaluations),
            Section::Entries,
            u64::from(first) * ENTRY_SIZE as u64,
            "its evaluations do not stand by kind, the latest first",
        );
        own
    }

    fn entry(&mut self, entry: &EntryRow<'_>) -> Vec<Event> {
        let (row, at, section) = (entry.row, u64::from(entry.place) * ENTRY_SIZE as u64, Section::Entries);
        let flags = u16_at(row, 18);
        self.want(row[16] <= 3, section, at, "it is neither list entry, penalty, commitment nor evaluation");
        self.want(Effect::from_code(row[17]).is_some(), section, at, "its effect is none of three");
        self.want(flags >> 7 == 0 && flags >> 3 & 3 != 3, section, at, "it has flags that mean nothing");
        let lists = self.catalogue.entries().lists.len();
        let grades = self.catalogue.grade_triggers().len();
        let holds = match (entry.category(), entry.list()) {
            (EntryCategory::List, list) => list.is_some_and(|list| usize::from(list) < lists),
            (EntryCategory::Evaluation, Some(trigger)) => usize::from(trigger) < grades,
            (EntryCategory::Evaluation, None) => true,
            (EntryCategory::Penalty | EntryCategory::Commitment, list) => list.is_none(),
        };
        let known = self.catalogue.penalty_triggers().len() as u32;
        let bits = entry.category() != EntryCategory::Penalty
            || known >= u32::BITS
            || entry.penalty_bits() >> known == 0;
        self.want(holds, section, at, "its list or grade is not in the catalogue");
        self.want(bits, section, at, "its kinds of penalty are not in the catalogue");
        self.source(entry.source(), section, at);
        self.string(entry.authority(), false, section, at, "authority");
        self.string(entry.title(), true, section, at, "title");
        if entry.category() == EntryCategory::Evaluation {
            self.string(entry.grade(), false, section, at, "grade");
        }
        self.label(entry, at);
        let (first, count) = entry.events();
        self.events(first, count, section, at)
    }

    fn label(&mut self, entry: &EntryRow<'_>, at: u64) {
        let (offset, length) = span_at(entry.row, 48);
        let follows = offset == self.ends.labels;
        self.want(follows, Section::Entries, at, "its label does not begin where the one before ends");
        self.ends.labels = offset + u64::from(length);
        let labels = self.part.section(Section::Labels);
        let label = labels.get(offset as usize..offset as usize + usize::from(length));
        let reads = label.is_some_and(|bytes| std::str::from_utf8(bytes).is_ok());
        self.want(reads, Section::Labels, offset, "a label lies outside, or is not UTF-8");
    }

    /// The corrections of an entry, or of a record that does not share them with one. Those of the subject's entries
    /// stand before those of its records.
    pub(super) fn events(&mut self, first: u32, count: u16, section: Section, at: u64) -> Vec<Event> {
        if count == 0 {
            return Vec::new();
        }
        let follows = u64::from(first) == self.ends.events;
        self.want(follows, section, at, "its corrections do not begin where those before end");
        self.ends.events = u64::from(first) + u64::from(count);
        let part = self.part;
        let mut events = Vec::new();
        for (row, place) in part.events(first, count).zip(u64::from(first)..) {
            let at = place * EVENT_SIZE as u64;
            let known = CorrectionKind::from_code(row.row[4]).is_some();
            self.want(known, Section::Events, at, "it is no known kind of correction");
            if let Some((source, place)) = row.origin() {
                self.source(source, Section::Events, at);
                self.event_rows.push((place, at));
            }
            let (instrument, authority) = row.strings();
            for (number, field) in [(instrument, "instrument"), (authority, "authority")] {
                self.string(number, false, Section::Events, at, field);
            }
            events.push(row.event());
        }
        self.want(events.len() == usize::from(count), section, at, "its corrections lie outside");
        self.want(events.is_sorted(), section, at, "its corrections do not stand by day and kind");
        events
    }

    /// Files a record. One with an entry must be of the same kind, with the same corrections; since format 2 the two
    /// share them.
    pub(super) fn file_own(&mut self, own: &mut Own, filed: &Filed, at: u64) {
        let entry = own.remove(&filed.record);
        let place = (filed.events, filed.events_count);
        let shares = self.part.format() > 1 && entry.as_ref().is_some_and(|entry| entry.place == place);
        let events = if shares { None } else { Some(self.events(place.0, place.1, Section::Dossiers, at)) };
        let Some(entry) = entry else { return };
        self.want(
            entry.kind == filed.kind && events.is_none_or(|events| events == entry.events),
            Section::Dossiers,
            at,
            "a record and its entry differ in kind or corrections",
        );
    }

    pub(super) fn strings(&mut self) {
        let section = self.part.section(Section::Strings);
        let whole = section.len() >= 8 + 4 * self.strings as usize && u64_at(section, 0) >> 32 == 0;
        self.want(whole, Section::Strings, 0, "it is too short for its number of strings");
        if !whole {
            return;
        }
        let last = u32_at(section, 4 + 4 * self.strings as usize) as usize;
        let end = 8 + 4 * self.strings as usize + last;
        self.want(end == section.len(), Section::Strings, end as u64, "its last string does not end it");
        for number in 0..self.strings {
            if self.part.string(number).is_none() {
                let what = format!("string {number} lies outside, or is not UTF-8");
                self.find(Section::Strings, 8 + 4 * u64::from(number), what);
            }
        }
    }
}

/// A check takes the first visible evaluation of a run of one kind.
fn latest_first(evaluations: &[EntryRow<'_>]) -> bool {
    let mut kinds = HashSet::new();
    evaluations.chunk_by(|a, b| a.title() == b.title()).all(|run| {
        kinds.insert(run[0].title()) && run.is_sorted_by(|earlier, later| earlier.since() >= later.since())
    })
}

/// The different normalised names under which the index must hold an organisation.
pub(super) fn indexed_names<B: AsRef<[u8]>>(
    part: &Part<B>,
    standing: &Standing<'_>,
) -> HashMap<String, bool> {
    let current = part.shown_name(standing).unwrap_or_default();
    let mut names = HashMap::new();
    for (place, name) in std::iter::once(current).chain(part.former_names(standing)).enumerate() {
        let normalised: String = name_alike(name).filter(|c| *c != '\0').collect();
        if !normalised.is_empty() {
            names.entry(normalised).or_insert(place > 0);
        }
    }
    names
}

fn is_person_record(record: &[u8]) -> bool {
    let Some(length) = record.get(16).map(|length| usize::from(*length)) else { return false };
    let mask = record.get(17..17 + length);
    let former = record.get(17 + length).map(|count| usize::from(*count));
    mask.is_some_and(|mask| std::str::from_utf8(mask).is_ok())
        && former.is_some_and(|former| record.len() == 18 + length + 16 * former)
}

fn is_organisation_record(record: &[u8]) -> bool {
    let name = |bytes: &[u8]| -> Option<usize> {
        let length = usize::from(u16::from_le_bytes(*bytes.first_chunk::<2>()?));
        std::str::from_utf8(bytes.get(2..2 + length)?).ok()?;
        Some(2 + length)
    };
    let Some(mut at) = name(record) else { return false };
    let Some(former) = record.get(at) else { return false };
    at += 1;
    for _ in 0..*former {
        let Some(length) = record.get(at..).and_then(name) else { return false };
        at += length;
    }
    at == record.len()
}
