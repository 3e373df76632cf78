//! Corrections of a store, as the build folds them in beside those of tables.

use crate::facts::{Detail, Named, Origin, RecordFact, Version};
use arrayvec::ArrayVec;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::record::{Event, RecordId};
use xinhe::domain::subject::SubjectKind;
use xinhe::release::corrections::{Correction, changes};
use xinhe::snapshot::overlay::{Name, Recorded, What, same_listing};
use xinhe::snapshot::{NO_SOURCE, PersonKey, SubjectKey};

/// All corrections of a store that still count: withdrawn ones, and withdrawals, are left out.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// Number of the last one, for the manifest.
    pub(crate) last: u64,
    /// Urgent entries, by number.
    pub(crate) listings: Vec<StoredListing>,
    /// Corrections that this build cannot fold in, and why.
    pub(crate) unusable: Vec<(u32, &'static str)>,
    /// The records that corrections name, with what tells them.
    pub(crate) records: Vec<Recorded>,
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
                    for id in &record.ids {
                        stored.by_record.entry(*id).or_default().push(place);
                    }
                    stored.records.push(record);
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

    /// Corrections by each name of their record.
    pub(crate) fn acts_by_record(&self) -> impl Iterator<Item = (RecordId, &StoredAct)> {
        self.by_record
            .iter()
            .flat_map(|(id, places)| places.iter().filter_map(|place| Some((*id, self.acts.get(*place)?))))
    }
}

impl StoredListing {
    /// As a row of a table would tell it.
    pub(crate) fn fact(&self) -> RecordFact<'_> {
        let mut subject = Named { codes: ArrayVec::new(), document: None, name: None };
        if let Some(code) = self.code {
            subject.codes.push(code);
            subject.name = Some(Cow::Borrowed(&*self.name.shown));
        }
        RecordFact {
            origin: Origin { source: NO_SOURCE, file: 0, line: 0 },
            version: Version { changed: None, row: b"" },
            subject,
            date: self.since,
            authority: Cow::Borrowed(&*self.authority),
            document: Some(Cow::Borrowed(&*self.document)),
            revoked: false,
            objection: false,
            detail: Detail::List { list: self.list, until: self.until, ground: None },
            texts: ArrayVec::new(),
        }
    }
}
