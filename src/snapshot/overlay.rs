//! What corrections change that came after a release was built: laid over its rows, which never change.
//!
//! A check asks it by the name of a record and by the key of a subject. Where it holds nothing, that is one comparison;
//! where it holds nothing for this subject, one look into a table a visible record. Nothing is allocated.

mod build;

pub use build::same_listing;

use super::layout::STANDING_SIZE;
use super::rows::{EventRow, NO_SOURCE, Standing};
use super::{Digest, Part, SubjectKey};
use crate::domain::catalogue::{Bars, Effect};
use crate::domain::date::Day;
use crate::domain::publication::{Ending, is_within};
use crate::domain::record::{Event, RecordId, Standing as Stands, standing_on};
use crate::domain::subject::SubjectKind;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::iter::Peekable;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Places of hits from here on are urgent entries of the overlay; those below are rows of a part.
const URGENT: u32 = 1 << 31;

/// A correction as the overlay takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its number in the store.
    pub number: u32,
    /// Its instrument.
    pub document: String,
    /// Its authority.
    pub authority: String,
    /// What it does.
    pub what: What,
}

/// What a correction does.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// It acts on a record.
    Act {
        /// Which one.
        record: Recorded,
        /// What it does, and when.
        event: Event,
    },
    /// It enters a subject in a list.
    Listed(Urgent),
    /// It undoes another one, for every day.
    Withdrawn {
        /// The number of that one.
        number: u32,
        /// If that one entered a subject in a list: the record that it made.
        listed: Option<Recorded>,
    },
}

/// A record as a correction names it: by its name when the correction was made, and by what its name is derived from,
/// so that a release that knows the subject by other codes finds it too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Its names under the codes that its subject had, the one that was given first.
    pub ids: Vec<RecordId>,
    /// Keys of its subject, as far as this release can compare them.
    pub keys: Vec<SubjectKey>,
    /// What, beside the subject, makes two rows this record; none if that is not known.
    pub same: Option<String>,
}

/// An urgent entry, not yet looked up in a release.
#[derive(Debug, Clone, PartialEq)]
pub struct Urgent {
    /// Key of the subject; none if it is a digest under another secret than this release's.
    pub key: Option<SubjectKey>,
    /// What the code or document alone tells of the subject.
    pub kind: SubjectKind,
    /// The name given with it.
    pub name: Name,
    /// Code of the list.
    pub list: String,
    /// Day of the listing, from which it counts.
    pub since: Day,
    /// Last day, if the authority gave one.
    pub until: Option<Day>,
}

/// A subject's name as an urgent entry gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As it is shown: a person's masked.
    pub shown: String,
    /// Digest of a person's name.
    pub digest: Option<Digest>,
}

/// An urgent entry of a subject, ready for checks.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// Its name.
    pub record: RecordId,
    /// Index of the list.
    pub list: u16,
    /// What it means.
    pub effect: Effect,
    /// What it bars.
    pub bars: Bars,
    /// Its own and first day.
    pub since: Day,
    /// Its last day; none: open.
    pub until: Option<Day>,
    /// What sets the last day.
    pub ending: Ending,
    /// The authority.
    pub authority: Arc<str>,
    /// The instrument.
    pub document: Arc<str>,
    /// Number of the correction.
    pub number: u32,
    /// Corrections of it, by day and kind.
    pub acts: Vec<Act>,
    /// Place as hits know it.
    pub place: u32,
}

/// A correction of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// What it does, and when.
    pub event: Event,
    /// Its number.
    pub number: u32,
    /// Its instrument.
    pub document: Arc<str>,
    /// Its authority.
    pub authority: Arc<str>,
}

/// A correction that does nothing in this release, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    /// Its number.
    pub number: u32,
    /// Why.
    pub why: &'static str,
}

/// All that corrections since a release have changed.
#[derive(Debug, Default)]
pub struct Overlay {
    last: u32,
    records: HashMap<RecordId, Acts, Quick>,
    withdrawn: HashSet<u32, Quick>,
    listings: Vec<Listing>,
    subjects: HashMap<SubjectKey, Listed, Quick>,
    /// Codes of strangers beside the one that they are kept under.
    aliases: HashMap<SubjectKey, SubjectKey, Quick>,
    /// Stubs of the release of which only withdrawn entries told.
    gone: HashSet<SubjectKey, Quick>,
    idle: Vec<Idle>,
}

/// What corrections do to a record.
#[derive(Debug, Default)]
struct Acts {
    acts: Vec<Act>,
    /// The correction that entered it is withdrawn.
    unlisted: bool,
}

/// The urgent entries of a subject.
#[derive(Debug)]
struct Listed {
    first: u32,
    count: u32,
    name: Name,
    /// Row of a subject that the release does not know.
    stranger: Option<Box<[u8; STANDING_SIZE]>>,
}

impl Overlay {
    /// Number of the last correction that it holds; 0 if none.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// Corrections that do nothing in this release.
    pub fn idle(&self) -> &[Idle] {
        &self.idle
    }

    /// It changes no record of the release.
    pub fn is_silent(&self) -> bool {
        self.records.is_empty() && self.withdrawn.is_empty()
    }

    /// What is left of a record of the release on a day. `own` are its corrections in the release.
    pub fn standing<'a>(
        &'a self,
        record: RecordId,
        source: u16,
        own: impl Iterator<Item = EventRow<'a>>,
        day: Day,
        objection: bool,
    ) -> Stands {
        if self.is_silent() {
            return standing_on(own.map(|row| row.event()), day, objection);
        }
        let since = self.records.get(&record);
        if since.is_some_and(|acts| acts.unlisted) && source == NO_SOURCE {
            return Stands::Gone;
        }
        let own = own.filter(|row| !self.is_withdrawn(row.number())).map(|row| row.event());
        let since = since.map(|acts| acts.acts.as_slice()).unwrap_or_default();
        standing_on(Merged { a: own.peekable(), b: events(since).peekable() }, day, objection)
    }

    /// Whether the correction with this number no longer counts.
    pub fn is_withdrawn(&self, number: Option<u32>) -> bool {
        number.is_some_and(|number| self.withdrawn.contains(&number))
    }

    /// Corrections of a record since the release, by day and kind.
    pub fn acts(&self, record: RecordId) -> &[Act] {
        self.records.get(&record).map(|acts| acts.acts.as_slice()).unwrap_or_default()
    }

    /// The urgent entries of a subject, those that are not to be seen too.
    pub fn listings(&self, standing: &Standing<'_>) -> &[Listing] {
        if self.subjects.is_empty() {
            return &[];
        }
        self.subjects.get(&standing.key()).and_then(|listed| self.range(listed)).unwrap_or_default()
    }

    fn range(&self, listed: &Listed) -> Option<&[Listing]> {
        let first = listed.first as usize;
        self.listings.get(first..first + listed.count as usize)
    }

    /// The urgent entry at the place of a hit.
    pub fn listing(&self, place: u32) -> Option<&Listing> {
        self.listings.get(place.checked_sub(URGENT)? as usize)
    }

    /// The name as it is shown: an organisation's, or a person's masked one. A subject in no register and without a
    /// name in the release has that of its urgent entry.
    pub fn shown_name<'a, B: AsRef<[u8]>>(
        &'a self,
        part: &'a Part<B>,
        standing: &Standing<'a>,
    ) -> Option<&'a str> {
        part.shown_name(standing).or_else(|| self.name(standing).map(|name| name.shown.as_str()))
    }

    /// The name that an urgent entry gives to a subject in no register.
    pub fn name(&self, standing: &Standing<'_>) -> Option<&Name> {
        if self.subjects.is_empty() || standing.is_registered() {
            return None;
        }
        self.subjects.get(&standing.key()).map(|listed| &listed.name)
    }

    /// A subject that the release does not know, by any of its codes.
    pub fn stranger(&self, key: &SubjectKey) -> Option<Standing<'_>> {
        let listed = self.subjects.get(self.aliases.get(key).unwrap_or(key))?;
        Some(Standing::of_stranger(listed.stranger.as_deref()?))
    }

    /// The subjects that the release does not know, with their names, in the order of their keys.
    pub fn strangers(&self) -> impl Iterator<Item = (Standing<'_>, &Name)> {
        let mut known: Vec<(&SubjectKey, &Listed)> = self.subjects.iter().collect();
        known.sort_by_key(|(key, _)| **key);
        known.into_iter().filter_map(|(_, listed)| {
            Some((Standing::of_stranger(listed.stranger.as_deref()?), &listed.name))
        })
    }

    /// A stub of the release of which only withdrawn entries told: nobody knows it any more.
    pub fn is_gone(&self, standing: &Standing<'_>) -> bool {
        !self.gone.is_empty() && self.gone.contains(&standing.key())
    }
}

impl Listing {
    /// What is left of it on a day, its first and last days aside.
    pub fn standing(&self, day: Day) -> Stands {
        standing_on(events(&self.acts), day, false)
    }

    /// Whether it may be seen on a day, and if so whether it is under objection then.
    pub fn visible(&self, day: Day) -> Option<bool> {
        match self.standing(day) {
            Stands::Stands { objection } if is_within(self.since, self.until, day) => Some(objection),
            _ => None,
        }
    }
}

fn events(acts: &[Act]) -> impl Iterator<Item = Event> {
    acts.iter().map(|act| act.event)
}

/// Two runs of events, each by day and kind, as one.
struct Merged<A: Iterator<Item = Event>, B: Iterator<Item = Event>> {
    a: Peekable<A>,
    b: Peekable<B>,
}

impl<A: Iterator<Item = Event>, B: Iterator<Item = Event>> Iterator for Merged<A, B> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        match (self.a.peek(), self.b.peek()) {
            (Some(a), Some(b)) if b < a => self.b.next(),
            (Some(_), _) => self.a.next(),
            (None, _) => self.b.next(),
        }
    }
}

/// In the order in which they act: those of one day by kind, of one kind by number.
fn by_day(acts: &mut [Act]) {
    acts.sort_by_key(|act| (act.event, act.number));
}

type Quick = BuildHasherDefault<QuickHasher>;

/// Keys and names of records are digests or codes that somebody signed, so that no attacker chooses what is in the table.
#[derive(Debug, Default)]
struct QuickHasher(u64);

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    /// The length of an array, which is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn write_u8(&mut self, byte: u8) {
        self.0 = self.0.rotate_left(8) ^ u64::from(byte);
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
