//! Makes an overlay: corrections are looked up in the release that they are laid over. Cold, and reads dossiers.

use super::{Act, Change, Idle, Listed, Listing, Name, Overlay, Recorded, URGENT, Urgent, What, by_day};
use crate::domain::catalogue::Bars;
use crate::domain::date::Day;
use crate::domain::identifier::{IdKind, Identifier};
use crate::domain::publication::of_listing;
use crate::domain::record::{RecordId, RecordKind};
use crate::snapshot::{
    Located, NO_SOURCE, Snapshot, SnapshotError, Standing, SubjectKey, record_id, same_record,
};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Overlay {
    /// What the corrections behind those that the release holds change in it. `last` is the number of the last one.
    pub fn new<B: AsRef<[u8]>>(
        snapshot: &Snapshot<B>,
        last: u32,
        changes: &[Change],
    ) -> Result<Overlay, SnapshotError> {
        let mut builder = Builder { snapshot, overlay: Overlay { last, ..Overlay::default() } };
        for change in changes {
            if let What::Withdrawn { number, .. } = change.what {
                builder.overlay.withdrawn.insert(number);
            }
        }
        let mut urgent = Vec::new();
        for change in changes {
            if builder.overlay.is_withdrawn(Some(change.number)) {
                continue;
            }
            match &change.what {
                What::Act { record, event } => {
                    let act = Act {
                        event: *event,
                        number: change.number,
                        document: Arc::from(change.document.as_str()),
                        authority: Arc::from(change.authority.as_str()),
                    };
                    builder.act(record, &act)?;
                }
                What::Listed(listed) => urgent.push((change, listed)),
                What::Withdrawn { listed: Some(record), .. } => builder.unlist(record)?,
                What::Withdrawn { listed: None, .. } => {}
            }
        }
        for acts in builder.overlay.records.values_mut() {
            by_day(&mut acts.acts);
        }
        builder.list(&urgent)?;
        Ok(builder.overlay)
    }
}

struct Builder<'s, B> {
    snapshot: &'s Snapshot<B>,
    overlay: Overlay,
}

/// A subject of urgent entries while they are gathered.
struct Gathering<'c> {
    kind: crate::domain::subject::SubjectKind,
    known: bool,
    /// With the day and number that decide whose name counts.
    name: (Reverse<Day>, u32, &'c Name),
    listings: Vec<Listing>,
}

impl<'s, B: AsRef<[u8]>> Builder<'s, B> {
    fn act(&mut self, record: &Recorded, act: &Act) -> Result<(), SnapshotError> {
        for id in self.names(record)? {
            self.overlay.records.entry(id).or_default().acts.push(act.clone());
        }
        Ok(())
    }

    /// The names of a record: those that the correction gives, and those under the codes that this release knows.
    fn names(&self, record: &Recorded) -> Result<Vec<RecordId>, SnapshotError> {
        let mut ids = record.ids.clone();
        if let Some(same) = &record.same {
            for key in &record.keys {
                if let Some(at) = self.snapshot.find_key(key)? {
                    ids.extend(self.codes(&at)?.iter().map(|code| record_id(code, same)));
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// The codes of a subject that the release gives in the clear, or as the key of its row.
    fn codes(&self, at: &Located<'_, B>) -> Result<Vec<SubjectKey>, SnapshotError> {
        let mut codes = vec![at.standing.key()];
        let dossier = at.part.dossier(&at.standing)?;
        let older = dossier.older_codes.iter().filter_map(|(kind, code)| parsed(IdKind::asked(kind)?, code));
        let mut known: Vec<Identifier> = dossier.former_codes.iter().filter_map(|code| read(code)).collect();
        known.extend(older);
        known.extend(at.standing.code().and_then(read));
        for code in known {
            codes.push(SubjectKey::of(&code, self.snapshot.key()));
            codes.extend(code.inside().map(|code| SubjectKey::of(&code, self.snapshot.key())));
        }
        Ok(codes)
    }

    /// Takes back an entry that this release holds, and its subject if nothing else tells of it.
    fn unlist(&mut self, record: &Recorded) -> Result<(), SnapshotError> {
        let ids = self.names(record)?;
        for id in &ids {
            self.overlay.records.entry(*id).or_default().unlisted = true;
        }
        for key in &record.keys {
            let Some(at) = self.snapshot.find_key(key)? else { continue };
            let unlisted = &self.overlay.records;
            let is_gone = |filed: &crate::snapshot::Filed| {
                filed.source == NO_SOURCE && unlisted.get(&filed.record).is_some_and(|acts| acts.unlisted)
            };
            if !at.standing.is_registered() && at.part.dossier(&at.standing)?.records.iter().all(is_gone) {
                self.overlay.gone.insert(at.standing.key());
            }
        }
        Ok(())
    }

    fn list(&mut self, urgent: &[(&Change, &Urgent)]) -> Result<(), SnapshotError> {
        let mut subjects: BTreeMap<SubjectKey, Gathering<'_>> = BTreeMap::new();
        for (change, listed) in urgent {
            if let Some(why) = self.gather(change, listed, &mut subjects)? {
                self.overlay.idle.push(Idle { number: change.number, why });
            }
        }
        for (key, gathering) in subjects {
            self.overlay.gone.remove(&key);
            let first = self.overlay.listings.len() as u32;
            let count = gathering.listings.len() as u32;
            for (place, listing) in (first..).zip(gathering.listings) {
                self.overlay.listings.push(Listing { place: URGENT | place, ..listing });
            }
            let stranger = (!gathering.known).then(|| Box::new(Standing::stranger(&key, gathering.kind)));
            let name = gathering.name.2.clone();
            self.overlay.subjects.insert(key, Listed { first, count, name, stranger });
        }
        Ok(())
    }

    /// Adds an urgent entry to its subject; tells why if it does nothing here.
    fn gather<'c>(
        &mut self,
        change: &'c Change,
        listed: &'c Urgent,
        subjects: &mut BTreeMap<SubjectKey, Gathering<'c>>,
    ) -> Result<Option<&'static str>, SnapshotError> {
        let Some(named) = listed.key else {
            return Ok(Some("its person is kept under a key that this release does not use"));
        };
        let Some(list) = self.snapshot.catalogue().list(&listed.list) else {
            return Ok(Some("the catalogue of this release has no such list"));
        };
        let same = same_listing(&listed.list, &change.document, listed.since, &change.authority);
        let known = self.snapshot.find_key(&named)?;
        let (key, root, codes) = match &known {
            Some(at) => (at.standing.key(), self.root(at)?, self.codes(at)?),
            None => (self.among_strangers(&named), named, Vec::new()),
        };
        let mut ids = vec![record_id(&root, &same), record_id(&named, &same)];
        ids.extend(codes.iter().map(|code| record_id(code, &same)));
        if let Some(at) = &known
            && at.part.dossier(&at.standing)?.records.iter().any(|filed| {
                ids.contains(&filed.record)
                    && !self.overlay.records.get(&filed.record).is_some_and(|acts| acts.unlisted)
            })
        {
            return Ok(Some("this release holds the entry already"));
        }
        let Some(listing) = self.listing(change, listed, list, &ids) else {
            return Ok(Some("the catalogue of this release has no such list"));
        };
        let name = (Reverse(listed.since), change.number, &listed.name);
        let kind = listed.kind;
        let gathering = subjects.entry(key).or_insert_with(|| Gathering {
            kind,
            known: known.is_some(),
            name,
            listings: Vec::new(),
        });
        if gathering.listings.iter().any(|other| other.record == listing.record) {
            return Ok(Some("an earlier correction made the same entry"));
        }
        if (name.0, name.1) < (gathering.name.0, gathering.name.1) {
            gathering.name = name;
        }
        gathering.listings.push(listing);
        Ok(None)
    }

    /// The key under which a stranger is kept; its organisation code leads there too, as the build would let it.
    fn among_strangers(&mut self, named: &SubjectKey) -> SubjectKey {
        if let Some(known) = self.overlay.aliases.get(named) {
            return *known;
        }
        if let Some(code) = named.code().and_then(read).and_then(|code| code.inside()) {
            self.overlay.aliases.insert(SubjectKey::of(&code, self.snapshot.key()), *named);
        }
        *named
    }

    /// The oldest known code, as far as the release tells it (`docs/decisions.md`, corrections).
    fn root(&self, at: &Located<'_, B>) -> Result<SubjectKey, SnapshotError> {
        let dossier = at.part.dossier(&at.standing)?;
        let oldest = dossier.former_codes.first().and_then(|code| read(code));
        Ok(oldest.map_or_else(|| at.standing.key(), |code| SubjectKey::of(&code, self.snapshot.key())))
    }

    fn listing(&self, change: &Change, listed: &Urgent, list: u16, ids: &[RecordId]) -> Option<Listing> {
        let entry = self.snapshot.catalogue().list_at(list)?;
        let end = of_listing(entry, listed.since, listed.until, None);
        let mut acts: Vec<Act> = Vec::new();
        for act in ids.iter().flat_map(|id| self.overlay.acts(*id)) {
            if !acts.iter().any(|known| known.number == act.number) {
                acts.push(act.clone());
            }
        }
        by_day(&mut acts);
        Some(Listing {
            record: *ids.first()?,
            list,
            effect: entry.effect,
            bars: Bars::of(&entry.bars),
            since: listed.since,
            until: end.day,
            ending: end.by,
            authority: Arc::from(change.authority.as_str()),
            document: Arc::from(change.document.as_str()),
            number: change.number,
            acts,
            place: URGENT,
        })
    }
}

/// What, beside the subject, makes two rows the same entry of a list.
pub fn same_listing(list: &str, document: &str, since: Day, authority: &str) -> String {
    same_record(RecordKind::List, [list, document, &since.to_string()], authority)
}

fn read(code: &str) -> Option<Identifier> {
    Identifier::read(code, Day::OPEN).ok()
}

fn parsed(kind: IdKind, code: &str) -> Option<Identifier> {
    Identifier::parse(kind, code, Day::OPEN).ok()
}
