//! Counting while the build encodes. A record costs some tens of nanoseconds and no allocation.
//!
//! Whatever is counted is a sum, a union or a smallest-so-many, so that neither threads nor order change the report.

use super::differences::{self, Differences, FIELDS};
use super::tally::SourceTally;
use crate::facts::{CorrectionFact, Detail, Origin, RecordFact, SubjectFact};
use std::collections::BTreeMap;
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;
use xinhe::domain::publication::is_within;
use xinhe::domain::record::{CorrectionKind, RecordId, RecordKind, Standing, standing_on};
use xinhe::domain::subject::SubjectKind;
use xinhe::snapshot::{FiledDraft, SubjectDraft};
use xxhash_rust::xxh3::xxh3_64;

/// Orphan corrections that are told one by one.
const ORPHANS_MAX: usize = 1_000;
/// Kinds of evaluation that are told one by one.
const EVALUATIONS_MAX: usize = 256;
/// Days for which ends are told.
pub(super) const DAYS: usize = 30;
const KINDS: usize = SubjectKind::ALL.len();

/// Counts of a build, or of one thread of it.
#[derive(Debug, Clone)]
pub struct Census {
    as_of: Day,
    late_days: u32,
    as_ofs: Vec<Day>,
    pub(super) subjects: Tally,
    pub(super) records: [u64; RecordKind::ALL.len()],
    /// Kept and visible entries, by place of the list.
    pub(super) lists: Vec<[u64; 2]>,
    /// By place of the rule; the last: none.
    pub(super) rules: Vec<u64>,
    /// Last days by list, then by kind of record.
    pub(super) ends: Vec<[u64; 2]>,
    pub(super) ends_by_day: [u64; DAYS],
    pub(super) sources: Vec<SourceTally>,
    /// By winner and loser.
    pub(super) pairs: BTreeMap<(u16, u16), PairTally>,
    pub(super) orphans: u64,
    pub(super) orphans_told: BTreeMap<Place, OrphanTally>,
    /// By the hash of the kind, the smallest hashes: those are the same whoever counted first.
    pub(super) evaluations: BTreeMap<u64, (Box<str>, [u64; KINDS])>,
    under_way: UnderWay,
}

/// Subjects by kind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) registered: [u64; KINDS],
    pub(super) stubs: [u64; KINDS],
    pub(super) with_records: [u64; KINDS],
    pub(super) evaluated: [u64; KINDS],
}

/// Rows that one source outweighed of another.
#[derive(Debug, Clone)]
pub(super) struct PairTally {
    pub(super) duplicates: u64,
    pub(super) conflicts: u64,
    pub(super) fields: [u64; FIELDS.len()],
}

/// Where a correction came from: a table, or the store by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Table(Origin),
    Store(u64),
}

/// A correction that matches no record.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrphanTally {
    pub(super) record: RecordId,
    pub(super) kind: CorrectionKind,
    pub(super) effective: Day,
}

/// The subject whose records are being counted.
#[derive(Debug, Clone, Default)]
struct UnderWay {
    has_records: bool,
    evaluations: Vec<u64>,
}

impl Census {
    /// An empty census. `as_of`: day of the data; `sources`: the `as_of` of each; `late_days`: working days after
    /// which an arrival is late.
    pub fn new(as_of: Day, sources: &[Day], late_days: u32, catalogue: &Catalogue) -> Census {
        let entries = catalogue.entries();
        Census {
            as_of,
            late_days,
            as_ofs: sources.to_vec(),
            subjects: Tally::default(),
            records: [0; RecordKind::ALL.len()],
            lists: vec![[0; 2]; entries.lists.len()],
            rules: vec![0; entries.rules.len() + 1],
            ends: vec![[0; 2]; entries.lists.len() + RecordKind::ALL.len()],
            ends_by_day: [0; DAYS],
            sources: vec![SourceTally::default(); sources.len()],
            pairs: BTreeMap::new(),
            orphans: 0,
            orphans_told: BTreeMap::new(),
            evaluations: BTreeMap::new(),
            under_way: UnderWay::default(),
        }
    }

    /// A record that is kept, of the subject that [`Census::subject`] ends.
    pub fn record(&mut self, fact: &RecordFact<'_>, filed: &FiledDraft<'_>) {
        self.under_way.has_records = true;
        let kind = usize::from(filed.kind.code());
        self.records[kind] += 1;
        let visible =
            !filed.revoked && !filed.unpublished && is_within(filed.from, filed.until, self.as_of) && {
                let events = filed.events.iter().map(|event| event.event);
                standing_on(events, self.as_of, filed.objection) != Standing::Gone
            };
        let mut group = self.lists.len() + kind;
        match &fact.detail {
            Detail::List { list, .. } => {
                if let Some(entries) = self.lists.get_mut(usize::from(*list)) {
                    entries[0] += 1;
                    entries[1] += u64::from(visible);
                    group = usize::from(*list);
                }
            }
            Detail::Penalty { .. } => {
                let none = self.rules.len() - 1;
                self.rules[filed.rule.map_or(none, |rule| rule.min(none))] += 1;
            }
            Detail::Evaluation { kind: Some(kind), .. } if visible => self.evaluation(kind),
            _ => {}
        }
        if visible && let Some(until) = filed.until {
            let days = usize::try_from(until.days_since(self.as_of)).unwrap_or(usize::MAX);
            if days < DAYS {
                self.ends[group][0] += u64::from(days < 7);
                self.ends[group][1] += 1;
                self.ends_by_day[days] += 1;
            }
        }
        let place = usize::from(fact.origin.source);
        if let (Some(source), Some(as_of)) = (self.sources.get_mut(place), self.as_ofs.get(place)) {
            source.look(fact, self.as_of, *as_of, self.late_days);
        }
    }

    /// The subject whose records came before.
    pub fn subject(&mut self, subject: &SubjectDraft<'_>) {
        let kind = usize::from(subject.kind.code());
        if subject.state.is_some() {
            self.subjects.registered[kind] += 1;
            self.subjects.with_records[kind] += u64::from(self.under_way.has_records);
            self.subjects.evaluated[kind] += u64::from(!self.under_way.evaluations.is_empty());
            for hash in &self.under_way.evaluations {
                if let Some((_, subjects)) = self.evaluations.get_mut(hash) {
                    subjects[kind] += 1;
                }
            }
        } else {
            self.subjects.stubs[kind] += 1;
        }
        self.under_way.has_records = false;
        self.under_way.evaluations.clear();
    }

    /// A version of a record that another outweighs.
    pub fn merged(&mut self, winner: &RecordFact<'_>, loser: &RecordFact<'_>) {
        let found = differences::of_records(winner, loser);
        self.pair(winner.origin, loser.origin, found);
    }

    /// A row of the register that another outweighs.
    pub fn merged_subject(&mut self, winner: &SubjectFact<'_>, loser: &SubjectFact<'_>) {
        let found = differences::of_subjects(winner, loser);
        self.pair(winner.origin, loser.origin, found);
    }

    /// A correction of a table that matches no record.
    pub fn orphan(&mut self, fact: &CorrectionFact) {
        let (record, kind, effective) = (fact.record, fact.kind, fact.effective);
        self.orphan_at(Place::Table(fact.origin), OrphanTally { record, kind, effective });
    }

    /// A correction of the store that matches no record.
    pub fn orphan_of_store(&mut self, number: u64, kind: CorrectionKind, record: RecordId, effective: Day) {
        self.orphan_at(Place::Store(number), OrphanTally { record, kind, effective });
    }

    /// A row that was refused, by ingest or later; `column`: the header as written, empty for the row as a whole.
    pub fn reject(&mut self, source: u16, reason: &str, column: &str) {
        if let Some(source) = self.sources.get_mut(usize::from(source)) {
            source.reject(reason, column, 1);
        }
    }

    /// An oddity that ingest has not counted: one that came up later.
    pub fn warn(&mut self, source: u16, reason: &'static str) {
        if let Some(source) = self.sources.get_mut(usize::from(source)) {
            *source.warnings.entry(reason).or_default() += 1;
        }
    }

    /// Takes in what another thread counted.
    pub fn add(&mut self, other: &Census) {
        sum(&mut self.subjects.registered, &other.subjects.registered);
        sum(&mut self.subjects.stubs, &other.subjects.stubs);
        sum(&mut self.subjects.with_records, &other.subjects.with_records);
        sum(&mut self.subjects.evaluated, &other.subjects.evaluated);
        sum(&mut self.records, &other.records);
        sum(self.lists.as_flattened_mut(), other.lists.as_flattened());
        sum(&mut self.rules, &other.rules);
        sum(self.ends.as_flattened_mut(), other.ends.as_flattened());
        sum(&mut self.ends_by_day, &other.ends_by_day);
        for (all, more) in self.sources.iter_mut().zip(&other.sources) {
            all.add(more);
        }
        for (sources, more) in &other.pairs {
            let all = self.pairs.entry(*sources).or_default();
            all.duplicates += more.duplicates;
            all.conflicts += more.conflicts;
            sum(&mut all.fields, &more.fields);
        }
        for (hash, (kind, subjects)) in &other.evaluations {
            sum(&mut self.evaluations.entry(*hash).or_insert_with(|| (kind.clone(), [0; KINDS])).1, subjects);
        }
        while self.evaluations.len() > EVALUATIONS_MAX {
            self.evaluations.pop_last();
        }
        self.orphans += other.orphans;
        self.orphans_told.extend(&other.orphans_told);
        while self.orphans_told.len() > ORPHANS_MAX {
            self.orphans_told.pop_last();
        }
    }

    /// Notes a visible evaluation of the subject under way.
    fn evaluation(&mut self, kind: &str) {
        let hash = xxh3_64(kind.as_bytes());
        if self.under_way.evaluations.contains(&hash) {
            return;
        }
        self.under_way.evaluations.push(hash);
        let full = self.evaluations.len() >= EVALUATIONS_MAX;
        let beyond = full && self.evaluations.last_key_value().is_some_and(|(last, _)| hash > *last);
        if !beyond && !self.evaluations.contains_key(&hash) {
            self.evaluations.insert(hash, (kind.into(), [0; KINDS]));
            if full {
                self.evaluations.pop_last();
            }
        }
    }

    fn pair(&mut self, winner: Origin, loser: Origin, found: Differences) {
        let pair = self.pairs.entry((winner.source, loser.source)).or_default();
        if found.is_empty() {
            pair.duplicates += 1;
            return;
        }
        pair.conflicts += 1;
        for bit in found.bits() {
            pair.fields[bit] += 1;
        }
    }

    fn orphan_at(&mut self, place: Place, orphan: OrphanTally) {
        self.orphans += 1;
        self.orphans_told.insert(place, orphan);
        if self.orphans_told.len() > ORPHANS_MAX {
            self.orphans_told.pop_last();
        }
    }

    /// Day of the data.
    pub(super) fn as_of(&self) -> Day {
        self.as_of
    }

    /// Working days after which an arrival is late.
    pub(super) fn late_days(&self) -> u32 {
        self.late_days
    }
}

impl Default for PairTally {
    fn default() -> PairTally {
        PairTally { duplicates: 0, conflicts: 0, fields: [0; FIELDS.len()] }
    }
}

fn sum(all: &mut [u64], more: &[u64]) {
    all.iter_mut().zip(more).for_each(|(all, more)| *all += more);
}
