//! What the log comes to: its usage, and which feedback each check has. Kept in memory, told from the log.

use super::entry::{Body, Entry, Glance, Kind};
use super::id::{Id, Place};
use super::index::Index;
use super::usage::{Usage, request_key};
use std::collections::HashMap;

/// What happened to a feedback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// It came: by which request, with which body.
    Given { request: Option<u128>, digest: [u8; 16] },
    /// It was taken back, by this entry.
    Cancelled { by: Id },
}

/// A feedback of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// Its name.
    pub id: Id,
    /// The entry that took it back.
    pub cancelled: Option<Id>,
    request: Option<u128>,
    digest: [u8; 16],
}

/// Whether a feedback was given before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// It is new.
    New,
    /// The same was given, under this name.
    Same(Id),
    /// Another was given with the same `request_id`.
    Other,
}

/// The sums of a log.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) usage: Usage,
    feedback: HashMap<Place, Vec<Given>>,
    /// Events of the segment that is being written.
    events: Vec<(Place, Id, Event)>,
    entries: u64,
}

impl Book {
    /// Enters an entry that is in the log.
    pub(super) fn enter(&mut self, id: &Id, entry: &[u8]) {
        self.entries += 1;
        let Some(glance) = Glance::of(entry) else { return };
        match glance.kind {
            Kind::Check => self.usage.check(glance.row, glance.has_hits, glance.request_id),
            Kind::Feedback | Kind::Cancel => self.enter_feedback(id, entry),
            Kind::Detail | Kind::Search => {}
        }
    }

    fn enter_feedback(&mut self, id: &Id, entry: &[u8]) {
        let Some(entry) = Entry::decode(entry) else { return };
        let (check, row, id, event) = match &entry.body {
            Body::Feedback(feedback) => {
                let request = Some(entry.request_id).filter(|text| !text.is_empty());
                let request = request.map(|text| request_key(entry.counted.client, text.as_bytes()));
                let event = Event::Given { request, digest: feedback.digest };
                (feedback.check, feedback.row, *id, event)
            }
            Body::Cancel(cancel) => (cancel.check, cancel.row, cancel.feedback, Event::Cancelled { by: *id }),
            Body::Check(_) | Body::Detail(_) | Body::Search(_) => return,
        };
        let place = check.place();
        let before = self.standing(place);
        self.apply(place, id, event);
        let after = self.standing(place);
        self.events.push((place, id, event));
        let change = after as i64 - before as i64;
        if change != 0 {
            self.usage.feedback(row, change, before == 0 || after == 0);
        }
    }

    fn apply(&mut self, check: Place, id: Id, event: Event) {
        let all = self.feedback.entry(check).or_default();
        match event {
            Event::Given { request, digest } => all.push(Given { id, cancelled: None, request, digest }),
            Event::Cancelled { by } => {
                if let Some(given) = all.iter_mut().find(|given| given.id == id) {
                    given.cancelled.get_or_insert(by);
                }
            }
        }
    }

    fn standing(&self, check: Place) -> usize {
        self.of(check).iter().filter(|given| given.cancelled.is_none()).count()
    }

    /// The feedback of a check, as it came.
    pub(super) fn of(&self, check: Place) -> &[Given] {
        self.feedback.get(&check).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether this request was made of this check before.
    pub(super) fn repeated(
        &self,
        check: Place,
        client: &str,
        request_id: &str,
        digest: &[u8; 16],
    ) -> Repeated {
        if request_id.is_empty() {
            return Repeated::New;
        }
        let request = Some(request_key(client, request_id.as_bytes()));
        match self.of(check).iter().find(|given| given.request == request) {
            None => Repeated::New,
            Some(given) if given.digest == *digest => Repeated::Same(given.id),
            Some(_) => Repeated::Other,
        }
    }

    /// Ends a segment: what it added.
    pub(super) fn seal(&mut self) -> Index {
        let (rows, requests) = self.usage.seal();
        let entries = std::mem::take(&mut self.entries);
        Index { entries, rows, requests, events: std::mem::take(&mut self.events) }
    }

    /// A copy of what [`Book::seal`] would give.
    pub(super) fn so_far(&self) -> Index {
        let (rows, requests) = self.usage.so_far();
        Index { entries: self.entries, rows, requests, events: self.events.clone() }
    }

    /// Takes over what a segment added, before what follows in it is entered.
    pub(super) fn load(&mut self, index: Index) {
        self.usage.load(&index.rows, &index.requests);
        self.entries += index.entries;
        for (check, id, event) in index.events {
            self.apply(check, id, event);
            self.events.push((check, id, event));
        }
    }
}
