//! Corrections whose record is there under another authority (`docs/decisions.md`, corrections).
//!
//! An authority that is renamed gives its records other names. A correction that finds no record by its name is looked for by
//! what else makes its record: subject, kind and the kind's own key, such as the document number. The store keeps that beside
//! a correction; for a table's, the release before tells it, and which record it was put to then.

use crate::facts::CorrectionFact;
use crate::find::Served;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use xinhe::domain::date::Day;
use xinhe::domain::record::{CorrectionKind, RecordId};
use xinhe::release::ReleaseError;
use xinhe::release::corrections::Named;
use xinhe::snapshot::overlay::Recorded;
use xinhe::snapshot::{KeyId, SubjectKey, apart_from_authority};

/// A record that corrections name, and that no row of tonight bears the name of.
#[derive(Debug)]
struct Lost {
    /// The name under which its corrections are known.
    named: RecordId,
    /// Its names, under each code of its subject.
    ids: Vec<RecordId>,
    /// What makes it this record, but for subject and authority.
    own: String,
    /// The release before put the correction to it, though its name is another.
    is_alias: bool,
}

/// All of them, by the keys of their subjects.
#[derive(Debug, Default)]
pub(crate) struct AllLost {
    all: Vec<Lost>,
    by_subject: HashMap<SubjectKey, Vec<usize>>,
}

impl AllLost {
    /// Adds what the store keeps of a record.
    pub(crate) fn stored(&mut self, record: &Recorded) {
        if let (Some(same), Some(named)) = (&record.same, record.ids.first()) {
            self.add((*named, record.ids.clone()), same, record.keys.iter().copied(), false);
        }
    }

    fn add(
        &mut self,
        (named, ids): (RecordId, Vec<RecordId>),
        same: &str,
        keys: impl Iterator<Item = SubjectKey>,
        is_alias: bool,
    ) {
        for key in keys {
            self.by_subject.entry(key).or_default().push(self.all.len());
        }
        self.all.push(Lost { named, ids, own: apart_from_authority(same).to_owned(), is_alias });
    }

    /// Looks up in the release before what lost corrections of tables were about. `is_named`: whether some correction of
    /// tonight names this record.
    pub(crate) fn of_tables(
        &mut self,
        lost: &[&CorrectionFact],
        (previous, secret): (&Path, KeyId),
        is_named: &dyn Fn(RecordId) -> bool,
    ) -> Result<(), ReleaseError> {
        let ids: HashSet<RecordId> = lost.iter().map(|fact| fact.record).collect();
        let mut acts: BTreeMap<Act, BTreeSet<RecordId>> = BTreeMap::new();
        for fact in lost {
            let act = (fact.kind, fact.effective, fact.document.clone(), fact.authority.clone());
            acts.entry(act).or_default().insert(fact.record);
        }
        let mut aliases: Vec<(BTreeSet<RecordId>, RecordId, Named)> = Vec::new();
        let mut known: HashSet<RecordId> = HashSet::new();
        Served::open(previous)?.each(&mut |at, filed, named| {
            if ids.contains(&filed.record) {
                known.insert(filed.record);
                self.named(filed.record, &named()?, secret, None);
            } else if !is_named(filed.record) {
                let part = at.0;
                let mut of: BTreeSet<RecordId> = BTreeSet::new();
                for row in part.events(filed.events, filed.events_count).filter(|row| row.number().is_none())
                {
                    let (document, authority) = row.strings();
                    let text = |number| part.string(number).unwrap_or_default().to_owned();
                    let (event, document, authority) = (row.event(), text(document), text(authority));
                    of.extend(acts.get(&(event.kind, event.day, document, authority)).into_iter().flatten());
                }
                if !of.is_empty() {
                    aliases.push((of, filed.record, named()?));
                }
            }
            Ok(())
        })?;
        // What was put to another record the night before is still that record's, unless its own was there too.
        for (of, id, named) in aliases {
            for correction in of.into_iter().filter(|correction| !known.contains(correction)) {
                self.named(correction, &named, secret, Some(id));
            }
        }
        Ok(())
    }

    fn named(&mut self, correction: RecordId, named: &Named, secret: KeyId, alias: Option<RecordId>) {
        let Some(same) = &named.same else { return };
        let keys: Vec<SubjectKey> = named.subject.iter().filter_map(|key| key.under(secret)).collect();
        self.add((correction, named.ids.clone()), same, keys.into_iter(), alias.is_some());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Begins the search among the records of a subject with these keys. None: nothing of it is lost.
    pub(crate) fn of(&self, keys: impl Iterator<Item = SubjectKey>) -> Option<Search<'_>> {
        let places: BTreeSet<usize> =
            keys.filter_map(|key| self.by_subject.get(&key)).flatten().copied().collect();
        let wanted: Vec<Wanted<'_>> = places
            .into_iter()
            .map(|place| Wanted { lost: &self.all[place], by_name: None, others: Vec::new() })
            .collect();
        (!wanted.is_empty()).then_some(Search(wanted))
    }
}

/// What a correction does, when, and by which instrument of whom.
type Act = (CorrectionKind, Day, String, String);

struct Wanted<'a> {
    lost: &'a Lost,
    by_name: Option<RecordId>,
    others: Vec<RecordId>,
}

/// The records of one subject are looked through for lost ones.
pub(crate) struct Search<'a>(Vec<Wanted<'a>>);

impl Search<'_> {
    /// A record that stands: its name, all its names, and what makes it this record.
    pub(crate) fn look(&mut self, id: RecordId, names: &[RecordId], same: &str) {
        for wanted in &mut self.0 {
            if names.iter().any(|name| wanted.lost.ids.contains(name)) {
                wanted.by_name = Some(id);
            } else if apart_from_authority(same) == wanted.lost.own {
                wanted.others.push(id);
            }
        }
    }

    /// For each record that a lost correction is put to: its name, and the one that the correction gives. Two candidates
    /// are none: one of them was never corrected.
    pub(crate) fn found(self) -> Vec<(RecordId, RecordId)> {
        let found = |wanted: Wanted<'_>| match (wanted.by_name, wanted.others.as_slice()) {
            // Its corrections find it by its name, unless that is not the one which they give.
            (Some(id), _) => wanted.lost.is_alias.then_some((id, wanted.lost.named)),
            (None, [one]) => Some((*one, wanted.lost.named)),
            (None, _) => None,
        };
        let mut found: Vec<(RecordId, RecordId)> = self.0.into_iter().filter_map(found).collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xinhe::domain::identifier::Identifier;
    use xinhe::domain::record::RecordKind;
    use xinhe::snapshot::same_record;

    fn id(byte: u8) -> RecordId {
        RecordId([byte; 16])
    }

    fn same(document: &str, authority: &str) -> String {
        same_record(RecordKind::Penalty, [document, "", ""], authority)
    }

    fn search(records: &[(u8, &str, &str)], is_alias: bool) -> Vec<(RecordId, RecordId)> {
        let code = Identifier::read("91370402MA3XC0001A", Day::OPEN).ok();
        let key = code.and_then(|code| SubjectKey::in_clear(&code));
        let key = key.unwrap_or_else(|| SubjectKey::from_bytes([1; 25]).unwrap());
        let mut lost = AllLost::default();
        lost.add((id(1), vec![id(1), id(2)]), &same("试罚〔2026〕7号", "旧局"), [key].into_iter(), is_alias);
        let mut search = lost.of([key].into_iter()).unwrap();
        for (own, document, authority) in records {
            search.look(id(*own), &[id(*own)], &same(document, authority));
        }
        search.found()
    }

    #[test]
    fn one_record_of_another_authority_is_found_by_its_document() {
        assert_eq!(
            search(&[(7, "试罚[2026]7号", "新局"), (8, "试罚〔2026〕8号", "新局")], false),
            [(id(7), id(1))]
        );
    }

    #[test]
    fn of_two_records_neither_is_taken() {
        assert_eq!(search(&[(7, "试罚〔2026〕7号", "新局"), (8, "试罚〔2026〕7号", "他局")], false), []);
    }

    #[test]
    fn a_record_that_bears_the_name_leaves_others_alone() {
        let records = [(2, "试罚〔2026〕7号", "旧局"), (7, "试罚〔2026〕7号", "新局")];
        assert_eq!(search(&records, false), []);
        assert_eq!(search(&records, true), [(id(2), id(1))], "the night before it was put to this one");
    }
}
