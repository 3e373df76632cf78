//! Corrections by the record that they name, and whether they have found it.

use super::renamed::AllLost;
use super::stored::Stored;
use crate::facts::{CorrectionFact, Origin};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use xinhe::domain::identifier::Identifier;
use xinhe::domain::record::RecordId;
use xinhe::release::ReleaseError;
use xinhe::snapshot::{KeyId, NO_SOURCE, PersonKey, SubjectKey, record_id};
use xxhash_rust::xxh3::xxh3_64;

/// Record ids are digests: their first bytes are as good as a hash of them.
#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}
}

#[derive(Default)]
struct Known {
    facts: Vec<CorrectionFact>,
    seen: AtomicBool,
    applied: AtomicBool,
}

/// All corrections of a build.
#[derive(Default)]
pub(crate) struct Corrections {
    by_record: HashMap<RecordId, Known, BuildHasherDefault<IdHasher>>,
    /// Those that are looked for under another authority.
    pub(crate) lost: AllLost,
}

impl Corrections {
    /// The same correction twice counts once; `counted` is told of each whether it is kept.
    pub(crate) fn new(
        mut facts: Vec<CorrectionFact>,
        mut counted: impl FnMut(&CorrectionFact, bool),
    ) -> Corrections {
        facts.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut all = Corrections::default();
        for fact in facts {
            let known = &mut all.by_record.entry(fact.record).or_default().facts;
            let last = known.last().map(|last| (last.effective, last.kind));
            let is_new = last != Some((fact.effective, fact.kind));
            counted(&fact, is_new);
            if is_new {
                known.push(fact);
            }
        }
        all
    }

    /// Adds the corrections of a store, each under every name of its record.
    pub(crate) fn add_stored(&mut self, stored: &Stored) {
        for (id, act) in stored.acts_by_record() {
            let fact = CorrectionFact {
                origin: Origin { source: NO_SOURCE, file: 0, line: 0 },
                kind: act.event.kind,
                number: act.number,
                record: id,
                effective: act.event.day,
                document: act.document.clone(),
                authority: act.authority.clone(),
            };
            self.by_record.entry(id).or_default().facts.push(fact);
        }
    }

    /// When all rows are read: gathers what tells of the records that none of them bears the name of.
    pub(crate) fn look_for_lost(
        &mut self,
        stored: &Stored,
        previous: Option<&Path>,
        secret: KeyId,
    ) -> Result<(), ReleaseError> {
        let mut lost = AllLost::default();
        let is_seen =
            |id: &RecordId| self.by_record.get(id).is_some_and(|known| known.seen.load(Ordering::Relaxed));
        for record in stored.records.iter().filter(|record| !record.ids.iter().any(is_seen)) {
            lost.stored(record);
        }
        let missed = self.missed(|known| known.seen.load(Ordering::Relaxed));
        let of_tables: Vec<&CorrectionFact> = missed.into_iter().filter(|fact| fact.number == 0).collect();
        if let (Some(previous), false) = (previous, of_tables.is_empty()) {
            let is_named = |id| self.by_record.contains_key(&id);
            lost.of_tables(&of_tables, (previous, secret), &is_named)?;
        }
        self.lost = lost;
        Ok(())
    }

    /// A sum over all of them, whatever their order.
    pub(crate) fn sum(&self) -> u64 {
        let facts = self.by_record.values().flat_map(|known| &known.facts);
        facts.fold(0, |sum, fact| sum.wrapping_add(xxh3_64(format!("{fact:?}").as_bytes())))
    }

    /// The names under which corrections have found their record.
    pub(crate) fn those_found(&self) -> impl Iterator<Item = RecordId> {
        let applied = self.by_record.iter().filter(|(_, known)| known.applied.load(Ordering::Relaxed));
        let mut ids: Vec<RecordId> = applied.map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.into_iter()
    }

    /// Another process has put the corrections of these names to their records.
    pub(crate) fn found(&self, ids: impl Iterator<Item = RecordId>) {
        for known in ids.filter_map(|id| self.by_record.get(&id)) {
            known.applied.store(true, Ordering::Relaxed);
        }
    }

    /// A record with this id was read.
    pub(crate) fn seen(&self, id: RecordId) {
        if let Some(known) = (!self.by_record.is_empty()).then(|| self.by_record.get(&id)).flatten() {
            known.seen.store(true, Ordering::Relaxed);
        }
    }

    /// Whether some correction has found no record under its own id, so that records are tried under others.
    pub(crate) fn is_any_lost(&self) -> bool {
        !self.missed(|known| known.seen.load(Ordering::Relaxed)).is_empty()
    }

    /// The corrections of a record by day and kind. `others` are the ids that it has under further codes of its subject.
    pub(crate) fn of(&self, id: RecordId, others: impl Iterator<Item = RecordId>) -> Vec<&CorrectionFact> {
        if self.by_record.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<&CorrectionFact> = Vec::new();
        let mut taken: Vec<RecordId> = Vec::new();
        for id in std::iter::once(id).chain(others) {
            if let Some(known) = self.by_record.get(&id).filter(|_| !taken.contains(&id)) {
                known.applied.store(true, Ordering::Relaxed);
                found.extend(&known.facts);
                taken.push(id);
            }
        }
        found.sort_by(|a, b| (key(a), a.number).cmp(&(key(b), b.number)));
        // One of the store stands under every name of the record.
        found.dedup_by(|later, earlier| later.number != 0 && later.number == earlier.number);
        found
    }

    /// The corrections of which no name passes; of those of a store once, by number.
    fn missed(&self, passes: impl Fn(&Known) -> bool) -> Vec<&CorrectionFact> {
        let (passed, others): (Vec<&Known>, Vec<&Known>) =
            self.by_record.values().partition(|known| passes(known));
        let numbers: HashSet<u32> =
            passed.iter().flat_map(|known| &known.facts).map(|fact| fact.number).collect();
        let others = others.into_iter().flat_map(|known| &known.facts);
        let mut missed: Vec<&CorrectionFact> =
            others.filter(|fact| fact.number == 0 || !numbers.contains(&fact.number)).collect();
        missed.sort_by(|a, b| (a.number, a.record, key(a)).cmp(&(b.number, b.record, key(b))));
        missed.dedup_by(|later, earlier| later.number != 0 && later.number == earlier.number);
        missed
    }

    /// How many of tables have found their record, and those that have not.
    pub(crate) fn finish(self) -> (u64, Vec<CorrectionFact>) {
        let orphans =
            self.missed(|known| known.applied.load(Ordering::Relaxed)).into_iter().cloned().collect();
        let applied = self.by_record.into_values().filter(|known| known.applied.load(Ordering::Relaxed));
        let applied = applied.flat_map(|known| known.facts).filter(|fact| fact.number == 0).count();
        (applied as u64, orphans)
    }
}

/// The ids of a record under each code that its subject ever had.
pub(crate) fn other_ids<'a>(
    codes: &'a [Identifier],
    same_key: &'a str,
    key: &'a PersonKey,
) -> impl Iterator<Item = RecordId> + 'a {
    let codes = codes.iter().flat_map(|code| std::iter::once(*code).chain(code.inside()));
    codes.map(move |code| record_id(&SubjectKey::of(&code, key), same_key))
}

fn key(fact: &CorrectionFact) -> impl Ord + '_ {
    (fact.effective, fact.kind, &fact.document, &fact.authority, &fact.origin)
}
