//! Reading ahead. A check of a large release waits for memory more than for anything else, and what it reads next stands
//! in what it has just read. Here a byte of each place is read early, where reads need not wait for each other.

use super::layout::{ENTRY_SIZE, Section, u32_at};
use super::{Part, Snapshot, Standing, SubjectKey};
use crate::domain::identifier::Identifier;
use std::hint::black_box;

/// Keys that are taken together: more than a processor's reads on their way at a time.
const TOGETHER: usize = 16;

impl<B: AsRef<[u8]>> Part<B> {
    /// Reads ahead of a check of one subject, once its row is found.
    pub fn anticipate(&self, standing: &Standing<'_>) {
        let start = u32_at(standing.row, 48) as usize * ENTRY_SIZE;
        let length = (u32_at(standing.row, 44) as usize * ENTRY_SIZE).min(4 * ENTRY_SIZE);
        let rows = self.section(Section::Entries).get(start..start + length).unwrap_or_default();
        let name = self.name_record(standing);
        touch([rows.first(), rows.last(), name.first(), name.last()]);
    }

    /// Reads ahead of the documents of its first entries, which stand together, once those are at hand.
    fn anticipate_documents(&self, standing: &Standing<'_>) {
        let first = self.entry(u32_at(standing.row, 48)).filter(|_| standing.entries() > 0);
        let document = first.and_then(|entry| self.document(&entry)).unwrap_or_default().as_bytes();
        touch([document.first(), document.last()]);
    }
}

impl<B: AsRef<[u8]>> Snapshot<B> {
    /// Reads ahead of checks of these subjects, step by step for all of them; of those whose keys stand in the clear, since
    /// a digest costs more than this saves. Some may be unknown.
    pub fn anticipate(&self, asked: impl Iterator<Item = Identifier>) {
        let mut keys = asked.filter_map(|identifier| SubjectKey::in_clear(&identifier)).fuse();
        loop {
            let together: [Option<SubjectKey>; TOGETHER] = std::array::from_fn(|_| keys.next());
            if together[0].is_none() {
                return;
            }
            self.anticipate_together(&together);
        }
    }

    fn anticipate_together(&self, keys: &[Option<SubjectKey>; TOGETHER]) {
        let homes = keys.map(|key| {
            let hash = key?.hash();
            let place = SubjectKey::part(hash, self.parts().len() as u32);
            Some((self.parts().get(place as usize)?, key?, hash))
        });
        let buckets = homes.map(|home| home.map(|(part, _, hash)| (part, part.bucket(hash))));
        for (part, bucket) in buckets.iter().flatten() {
            touch([part.standing(bucket.start).and_then(|standing| standing.row.first())]);
        }
        let found = homes.map(|home| {
            let (part, key, hash) = home?;
            Some((part, part.find(&key, hash)?))
        });
        let found = found.iter().flatten();
        found.clone().for_each(|(part, standing)| part.anticipate(standing));
        found.for_each(|(part, standing)| part.anticipate_documents(standing));
    }
}

fn touch<const N: usize>(bytes: [Option<&u8>; N]) {
    black_box(bytes.into_iter().flatten().fold(0, |sum: u8, byte| sum ^ byte));
}
