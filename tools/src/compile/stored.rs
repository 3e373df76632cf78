//! Corrections of a store, as the build folds them in beside those of tables.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use xinhe::domain::catalogue::{Bars, Catalogue};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::publication::{End, of_listing};
use xinhe::domain::record::{Event, RecordId, RecordKind};
use xinhe::domain::subject::SubjectKind;
use xinhe::domain::verdict::{Category, Relation};
use xinhe::release::corrections::{Correction, changes};
use xinhe::snapshot::overlay::{Name, What, same_listing};
use xinhe::snapshot::{
    EntryDraft, EventDraft, FiledDraft, NO_SOURCE, PersonKey, Provenance, SubjectKey, Tag,
};

/// All corrections of a store that still count: withdrawn ones, and withdrawals, are left out.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// Number of the last one, for the manifest.
    pub(crate) last: u64,
    /// Urgent entries, by number.
    pub(crate) listings: Vec<StoredListing>,
    /// Corrections that this build cannot fold in, and why.
    pub(crate) unusable: Vec<(u32, &'static str)>,
    acts: Vec<StoredAct>,
    by_record: HashMap<RecordId, Vec<usize>>,
}

/// A correction of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredAct {
    /// Its number.
    pub(crate) number: u32,
    /// What it does, and when.
    pub(crate) event: Event,
    /// Its instrument.
    pub(crate) document: String,
    /// Its authority.
    pub(crate) authority: String,
}

/// An urgent entry: a record of kind list without a source. A table's row of the same record outweighs it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredListing {
    /// Number of its correction.
    pub(crate) number: u32,
    /// Whom it is about: a code, or a person's digest under the key of this build.
    pub(crate) key: SubjectKey,
    /// The code in the clear; none of a person.
    pub(crate) code: Option<Identifier>,
    /// What the code or document alone tells of the subject, for a stub.
    pub(crate) kind: SubjectKind,
    /// The name given with it, for a stub without another.
    pub(crate) name: Name,
    /// Index of the list.
    pub(crate) list: u16,
    /// Its date.
    pub(crate) since: Day,
    /// Last day that the authority gave.
    pub(crate) until: Option<Day>,
    /// Its instrument.
    pub(crate) document: String,
    /// Its authority.
    pub(crate) authority: String,
    /// What, beside the subject, makes two rows the same record.
    pub(crate) same: String,
}

impl Stored {
    /// Sorts out the corrections of a store, all of them, in order.
    pub(crate) fn new(corrections: &[Correction], key: &PersonKey, catalogue: &Catalogue) -> Stored {
        let changes = changes(corrections.iter(), key.id());
        let withdrawn: HashSet<u32> = changes
            .iter()
            .filter_map(|change| match change.what {
                What::Withdrawn { number, .. } => Some(number),
                _ => None,
            })
            .collect();
        let last = corrections.last().map_or(0, |last| u64::from(last.number));
        let mut stored = Stored { last, ..Stored::default() };
        for change in changes.into_iter().filter(|change| !withdrawn.contains(&change.number)) {
            let (number, document, authority) = (change.number, change.document, change.authority);
            match change.what {
                What::Act { record, event } => {
                    let place = stored.acts.len();
                    stored.acts.push(StoredAct { number, event, document, authority });
                    for id in record.ids {
                        stored.by_record.entry(id).or_default().push(place);
                    }
                }
                What::Listed(urgent) => match (urgent.key, catalogue.list(&urgent.list)) {
                    (Some(key), Some(list)) => stored.listings.push(StoredListing {
                        number,
                        key,
                        code: key.code().and_then(|code| Identifier::read(code, Day::OPEN).ok()),
                        kind: urgent.kind,
                        name: urgent.name,
                        list,
                        since: urgent.since,
                        until: urgent.until,
                        same: same_listing(&urgent.list, &document, urgent.since, &authority),
                        document,
                        authority,
                    }),
                    (None, _) => stored.unusable.push((number, "its person is kept under another key")),
                    (_, None) => stored.unusable.push((number, "the catalogue has no such list")),
                },
                What::Withdrawn { .. } => {}
            }
        }
        stored
    }

    /// The corrections of a record under any of its names, each once, by day and kind.
    pub(crate) fn of(&self, names: impl IntoIterator<Item = RecordId>) -> Vec<&StoredAct> {
        let places = names.into_iter().filter_map(|id| self.by_record.get(&id)).flatten();
        let mut acts: Vec<&StoredAct> = places.filter_map(|place| self.acts.get(*place)).collect();
        acts.sort_by_key(|act| (act.event, act.number));
        acts.dedup_by_key(|act| act.number);
        acts
    }

    /// Corrections that no record took, by number: `taken` are the numbers of those that [`Stored::of`] gave.
    pub(crate) fn orphans(&self, taken: &HashSet<u32>) -> Vec<&StoredAct> {
        self.acts.iter().filter(|act| !taken.contains(&act.number)).collect()
    }
}

/// Corrections of tables and of the store as one, by day and kind. A table's that says the same stays beside the store's,
/// so that withdrawing the one leaves the other.
pub(crate) fn joined<'a>(mut of_tables: Vec<EventDraft<'a>>, of_store: &[&'a StoredAct]) -> Vec<EventDraft<'a>> {
    of_tables.extend(of_store.iter().map(|act| act.draft()));
    of_tables.sort_by_key(|draft| (draft.event, draft.number));
    of_tables
}

impl StoredAct {
    /// As a part keeps it.
    pub(crate) fn draft(&self) -> EventDraft<'_> {
        EventDraft {
            event: self.event,
            from: nowhere(),
            number: self.number,
            document: Cow::Borrowed(&*self.document),
            authority: Cow::Borrowed(&*self.authority),
        }
    }
}

impl StoredListing {
    fn end(&self, catalogue: &Catalogue) -> Option<End> {
        Some(of_listing(catalogue.list_at(self.list)?, self.since, self.until, None))
    }

    /// What checks read of it.
    pub(crate) fn entry<'a>(
        &'a self,
        record: RecordId,
        catalogue: &Catalogue,
        events: Vec<EventDraft<'a>>,
    ) -> Option<EntryDraft<'a>> {
        let list = catalogue.list_at(self.list)?;
        Some(EntryDraft {
            record,
            category: Some(Category::List(self.list)),
            effect: list.effect,
            relation: Relation::Own,
            objection: false,
            bars: Bars::of(&list.bars),
            since: self.since,
            from: self.since,
            until: self.end(catalogue)?.day,
            source: NO_SOURCE,
            authority: Cow::Borrowed(&*self.authority),
            title: None,
            grade: None,
            document: Some(Cow::Borrowed(&*self.document)),
            events,
        })
    }

    /// What reports show of it.
    pub(crate) fn filed<'a>(
        &'a self,
        record: RecordId,
        catalogue: &'a Catalogue,
        events: Vec<EventDraft<'a>>,
    ) -> Option<FiledDraft<'a>> {
        let end = self.end(catalogue)?;
        Some(FiledDraft {
            record,
            kind: RecordKind::List,
            objection: false,
            revoked: false,
            unpublished: false,
            ending: end.by,
            rule: None,
            from_row: nowhere(),
            date: self.since,
            from: self.since,
            until: end.day,
            title: catalogue.list_at(self.list).map(|list| Cow::Borrowed(&*list.title)),
            authority: Cow::Borrowed(&*self.authority),
            events,
            texts: vec![(Tag::Document, Cow::Borrowed(&*self.document))],
        })
    }
}

/// No row of a table.
fn nowhere() -> Provenance {
    Provenance { source: NO_SOURCE, file: 0, line: 0 }
}
