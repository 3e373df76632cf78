//! Subjects that only records name, and only by older codes: rows that share such a code are one stub.

use super::corrections::Corrections;
use super::pack;
use super::route::{Places, keys, put_stranger};
use super::sameness::same_key;
use super::sets::Sets;
use super::settle::Settled;
use super::spill::codec::Unpacker;
use super::spill::{Buffers, items};
use super::table::Table;
use super::work::{Work, damaged};
use std::collections::HashMap;
use std::io;
use xinhe::domain::identifier::Identifier;
use xinhe::snapshot::{SubjectKey, record_id};

/// Sends the loose rows to the stub that they belong to: the smallest unified code that comes with one of their codes,
/// else the smallest of their own codes. `owners`: see [`super::route::Found`].
pub(crate) fn route(
    work: &Work<'_>,
    places: &Places<'_>,
    settled: &Settled,
    corrections: &Corrections,
    owners: &HashMap<u64, Identifier>,
) -> io::Result<()> {
    let (mut sets, mut mains) = (Sets::new(0), Vec::new());
    let mut holders = Table::default();
    let mut bytes = Vec::new();
    places.loose.read(0, &mut bytes, |bytes| {
        for (_, item) in items(bytes) {
            let fact = pack::record(&mut Unpacker(item)).ok_or_else(damaged)?;
            let row = sets.push();
            let mut main = fact.subject.codes.iter().min().copied().ok_or_else(damaged)?;
            for hash in keys(&fact.subject) {
                let holder = *holders.entry(hash, row as u32) as usize;
                sets.union(holder, row);
                // A unified code is smaller than every other kind.
                main = owners.get(&hash).map_or(main, |owner| main.min(*owner));
            }
            mains.push(main);
        }
        bytes.clear();
        Ok(())
    })?;
    for row in 0..mains.len() {
        let root = sets.find(row);
        mains[root] = mains[root].min(mains[row]);
    }
    let mut buffers = Buffers::new(places.rows, work.buffer_bytes());
    let (mut row, mut text) = (0, String::new());
    places.loose.read(0, &mut bytes, |bytes| {
        for (_, item) in items(bytes) {
            let fact = pack::record(&mut Unpacker(item)).ok_or_else(damaged)?;
            let main = &mains[sets.find(row)];
            row += 1;
            let key = SubjectKey::of(main, work.key);
            same_key(&fact, work.catalogue, &mut text);
            let id = record_id(&key, &text);
            corrections.seen(id);
            let hash = key.hash();
            if work.is_ours(hash) {
                buffers
                    .push(work.partition(hash), |out| put_stranger(out, settled, &fact, main, hash, id))?;
            }
        }
        bytes.clear();
        Ok(())
    })?;
    places.loose.done(0)?;
    buffers.finish()
}
