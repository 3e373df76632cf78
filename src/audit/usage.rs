//! Usage: how many checks there were, of which client, for what and with which verdict, and how many of them still
//! wait for a word of what was done. Counted from the log and from nothing else, so that a crash changes no number.

use super::entry::Counted;
use crate::domain::date::Day;
use std::collections::{BTreeMap, HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_128;

/// Days for which the numbers of requests are remembered, to count each once a day.
const DAYS_REMEMBERED: i32 = 2;

/// Counts of one row. Differences between two moments may be negative: a feedback can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Checks, a client's repeated `request_id` once a day.
    pub checks: i64,
    /// Feedback that stands.
    pub feedback: i64,
    /// Of the checks those with hits.
    pub with_hits: i64,
    /// Of the checks with hits those with a feedback that stands.
    pub answered: i64,
}

impl Tally {
    /// Checks with hits of which nobody has told yet what was done.
    pub fn outstanding(&self) -> i64 {
        (self.with_hits - self.answered).max(0)
    }

    fn add(&mut self, more: &Tally) {
        self.checks += more.checks;
        self.feedback += more.feedback;
        self.with_hits += more.with_hits;
        self.answered += more.answered;
    }
}

/// Counts by day, then by what [`Counted::packed`] gives.
pub(super) type Rows = BTreeMap<Day, HashMap<Box<[u8]>, Tally>>;

/// The counts of a log.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// What the segment that is being written added.
    added: Rows,
    /// What all before it come to.
    before: Rows,
    /// Requests seen, by day.
    seen: BTreeMap<Day, HashSet<u128>>,
    /// Requests that the segment that is being written saw first.
    fresh: Vec<(Day, u128)>,
}

impl Usage {
    /// Counts a check.
    pub(super) fn check(&mut self, row: &[u8], has_hits: bool, request_id: &[u8]) {
        let Some(day) = day_of(row) else { return };
        if !request_id.is_empty() && !self.is_first(day, row, request_id) {
            return;
        }
        let tally = Tally { checks: 1, with_hits: i64::from(has_hits), ..Tally::default() };
        bump(&mut self.added, day, row, &tally);
    }

    /// Counts a feedback that came (1) or was taken back (-1), and whether the check is answered with it or without.
    pub(super) fn feedback(&mut self, row: &[u8], change: i64, answers: bool) {
        let Some(day) = day_of(row) else { return };
        let answered = if answers { change } else { 0 };
        bump(&mut self.added, day, row, &Tally { feedback: change, answered, ..Tally::default() });
    }

    fn is_first(&mut self, day: Day, row: &[u8], request_id: &[u8]) -> bool {
        let client = Counted::unpack(row).map(|counted| counted.client).unwrap_or_default();
        let request = request_key(client, request_id);
        if !self.seen.contains_key(&day) {
            self.remember(day);
        }
        let first = self.seen.get_mut(&day).is_none_or(|seen| seen.insert(request));
        if first {
            self.fresh.push((day, request));
        }
        first
    }

    fn remember(&mut self, day: Day) {
        self.seen.insert(day, HashSet::new());
        let newest = self.seen.last_key_value().map_or(day, |(newest, _)| *newest);
        self.seen.retain(|one, _| newest.days_since(*one) <= i64::from(DAYS_REMEMBERED) || *one == day);
    }

    /// Ends a segment: what it added, and the requests that it saw first.
    pub(super) fn seal(&mut self) -> (Rows, Vec<(Day, u128)>) {
        let added = std::mem::take(&mut self.added);
        merge(&mut self.before, &added);
        (added, std::mem::take(&mut self.fresh))
    }

    /// A copy of what [`Usage::seal`] would give.
    pub(super) fn so_far(&self) -> (Rows, Vec<(Day, u128)>) {
        (self.added.clone(), self.fresh.clone())
    }

    /// Takes over what a segment before added.
    pub(super) fn load(&mut self, rows: &Rows, requests: &[(Day, u128)]) {
        merge(&mut self.added, rows);
        for (day, request) in requests {
            if !self.seen.contains_key(day) {
                self.remember(*day);
            }
            if let Some(seen) = self.seen.get_mut(day) {
                seen.insert(*request);
                self.fresh.push((*day, *request));
            }
        }
    }

    /// The rows of these days that say something, of one client or of all.
    pub(super) fn rows(&self, from: Day, to: Day, client: Option<&str>) -> Vec<(Vec<u8>, Tally)> {
        let mut rows: BTreeMap<&[u8], Tally> = BTreeMap::new();
        // Backwards is empty, not a panic of the map.
        let days = from..=to.max(from);
        let wanted = if from <= to { vec![&self.before, &self.added] } else { Vec::new() };
        for (row, tally) in
            wanted.into_iter().flat_map(|all| all.range(days.clone())).flat_map(|(_, day)| day)
        {
            let is_wanted = |client| Counted::unpack(row).is_some_and(|counted| counted.client == client);
            if client.is_none_or(is_wanted) {
                rows.entry(row).or_default().add(tally);
            }
        }
        rows.into_iter()
            .filter(|(_, tally)| *tally != Tally::default())
            .map(|(row, tally)| (row.to_vec(), tally))
            .collect()
    }
}

/// What tells a client's request from all others of the day.
pub(super) fn request_key(client: &str, request_id: &[u8]) -> u128 {
    let mut bytes = Vec::with_capacity(client.len() + 1 + request_id.len());
    bytes.extend_from_slice(client.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(request_id);
    xxh3_128(&bytes)
}

fn day_of(row: &[u8]) -> Option<Day> {
    row.first_chunk().map(|number| Day::from_number(i32::from_le_bytes(*number)))
}

fn bump(rows: &mut Rows, day: Day, row: &[u8], more: &Tally) {
    let rows = rows.entry(day).or_default();
    match rows.get_mut(row) {
        Some(tally) => tally.add(more),
        None => _ = rows.insert(row.into(), *more),
    }
}

fn merge(rows: &mut Rows, more: &Rows) {
    for (day, added) in more {
        added.iter().for_each(|(row, tally)| bump(rows, *day, row, tally));
    }
}
