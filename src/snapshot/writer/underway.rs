//! The subject that is being written.

use super::super::dossier::Filed;
use super::super::layout::{ENTRY_SIZE, EVENT_SIZE};
use super::super::packed;
use super::super::rows::EntryRow;
use crate::domain::record::RecordId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use xxhash_rust::xxh3::xxh3_64;

/// Up to so many entries are looked through one by one, which beats a table.
const FEW: usize = 16;
/// A buffer that one large subject has blown up is given back.
const KEPT_MAX: usize = 1 << 20;

/// A correction: its row, and file and line if it came from a table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct EventLine {
    pub(super) row: [u8; EVENT_SIZE],
    pub(super) origin: Option<(u32, u32)>,
}

/// What is known of the subject so far.
#[derive(Default)]
pub(super) struct Underway {
    /// Rows of its entries.
    pub(super) entries: Vec<u8>,
    /// Corrections of entries, then of records without one.
    pub(super) events: Vec<EventLine>,
    /// Its records, packed.
    pub(super) records: Vec<u8>,
    /// Number of its records.
    pub(super) count: u64,
    /// File and line of each.
    pub(super) rows: Vec<(u32, u32)>,
    /// Where its texts begin in the raw stream.
    pub(super) text: u64,
    /// Its own entries by id, if there are many.
    own: HashMap<RecordId, u32, BuildHasherDefault<Xxh3Hasher>>,
}

impl Underway {
    /// Makes room for the next subject.
    pub(super) fn clear(&mut self, text: u64) {
        self.entries.clear();
        self.events.clear();
        self.records.clear();
        self.rows.clear();
        self.entries.shrink_to(KEPT_MAX);
        self.events.shrink_to(KEPT_MAX / size_of::<EventLine>());
        self.records.shrink_to(KEPT_MAX);
        self.rows.shrink_to(KEPT_MAX / 8);
        if !self.own.is_empty() {
            self.own.clear();
            self.own.shrink_to(4 * FEW);
        }
        (self.count, self.text) = (0, text);
    }

    fn entry(&self, place: u32) -> Option<EntryRow<'_>> {
        let start = place as usize * ENTRY_SIZE;
        let row = self.entries.get(start..start + ENTRY_SIZE)?;
        Some(EntryRow { row, place })
    }

    /// The entry of a record, if it tells the same. `first`: the number of the subject's first correction.
    pub(super) fn entry_of(&mut self, filed: &Filed, corrections: &[EventLine], first: u64) -> Option<u32> {
        let count = self.entries.len() / ENTRY_SIZE;
        let place = if count <= FEW {
            let ids = self.entries.chunks_exact(ENTRY_SIZE).map(|row| row.get(..16));
            ids.zip(0..).find(|(id, _)| *id == Some(&filed.record.0[..])).map(|(_, place)| place)?
        } else {
            if self.own.is_empty() {
                self.own = (0..count as u32).filter_map(|n| Some((self.entry(n)?.record(), n))).collect();
            }
            *self.own.get(&filed.record)?
        };
        let entry = self.entry(place)?;
        let (event, events) = entry.events();
        let start = (u64::from(event) - first) as usize;
        let known = self.events.get(start..start + usize::from(events));
        (packed::filed_alike(&entry, filed) && known == Some(corrections)).then_some(place)
    }

    /// Files a record that came from this file and line.
    pub(super) fn file(&mut self, filed: &Filed, entry: Option<u32>, row: (u32, u32)) {
        let mut records = std::mem::take(&mut self.records);
        let entry = entry.and_then(|place| Some((place, self.entry(place)?)));
        packed::push_record(&mut records, filed, entry.as_ref().map(|(place, row)| (*place, row)));
        self.records = records;
        self.rows.push(row);
        self.count += 1;
    }
}

/// xxh3 over what is hashed, for keys of one piece.
#[derive(Default)]
struct Xxh3Hasher(u64);

impl Hasher for Xxh3Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 ^= xxh3_64(bytes);
    }

    fn write_usize(&mut self, _length: usize) {
        // The length of an array, which all keys share.
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
