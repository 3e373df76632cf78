//! The census of one part, as it goes from the process that compiled the part to the one that puts the release together.

use super::Late;
use super::census::{Census, PairTally, Tally};
use super::profile::Profile;
use super::tally::SourceTally;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Counts of a part. Rejects, warnings and orphans are not of a part: they are counted once, for the whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counted {
    registered: Vec<u64>,
    stubs: Vec<u64>,
    with_records: Vec<u64>,
    evaluated: Vec<u64>,
    records: Vec<u64>,
    lists: Vec<[u64; 2]>,
    rules: Vec<u64>,
    ends: Vec<[u64; 2]>,
    ends_by_day: Vec<u64>,
    sources: Vec<Source>,
    pairs: Vec<Pair>,
    evaluations: Vec<(String, Vec<u64>)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    late: Late,
    from_after_to: u64,
    in_future: u64,
    columns: [Profile; 3],
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    winner: u16,
    loser: u16,
    duplicates: u64,
    conflicts: u64,
    fields: Vec<u64>,
}

impl Counted {
    /// What a census of a part holds.
    pub(crate) fn of(census: &Census) -> Counted {
        let source = |source: &SourceTally| Source {
            late: source.late,
            from_after_to: source.from_after_to,
            in_future: source.in_future,
            columns: source.profiles().map(Clone::clone),
        };
        let pair = |((winner, loser), pair): (&(u16, u16), &PairTally)| Pair {
            winner: *winner,
            loser: *loser,
            duplicates: pair.duplicates,
            conflicts: pair.conflicts,
            fields: pair.fields.into(),
        };
        let Tally { registered, stubs, with_records, evaluated } = census.subjects;
        Counted {
            registered: registered.into(),
            stubs: stubs.into(),
            with_records: with_records.into(),
            evaluated: evaluated.into(),
            records: census.records.into(),
            lists: census.lists.clone(),
            rules: census.rules.clone(),
            ends: census.ends.clone(),
            ends_by_day: census.ends_by_day.into(),
            sources: census.sources.iter().map(source).collect(),
            pairs: census.pairs.iter().map(pair).collect(),
            evaluations: census
                .evaluations
                .values()
                .map(|(kind, subjects)| (kind.to_string(), (*subjects).into()))
                .collect(),
        }
    }

    /// Back to a census; `empty` is that of the whole build before anything is counted. None: it is of another catalogue or
    /// dataset.
    pub(crate) fn census(&self, empty: &Census) -> Option<Census> {
        let mut census = empty.clone();
        census.subjects = Tally {
            registered: fixed(&self.registered)?,
            stubs: fixed(&self.stubs)?,
            with_records: fixed(&self.with_records)?,
            evaluated: fixed(&self.evaluated)?,
        };
        census.records = fixed(&self.records)?;
        census.ends_by_day = fixed(&self.ends_by_day)?;
        same_length(&mut census.lists, &self.lists)?;
        same_length(&mut census.rules, &self.rules)?;
        same_length(&mut census.ends, &self.ends)?;
        if census.sources.len() != self.sources.len() {
            return None;
        }
        for (all, own) in census.sources.iter_mut().zip(&self.sources) {
            all.late = own.late;
            (all.from_after_to, all.in_future) = (own.from_after_to, own.in_future);
            all.set_profiles(own.columns.clone());
        }
        for pair in &self.pairs {
            let tally = PairTally {
                duplicates: pair.duplicates,
                conflicts: pair.conflicts,
                fields: fixed(&pair.fields)?,
            };
            census.pairs.insert((pair.winner, pair.loser), tally);
        }
        for (kind, subjects) in &self.evaluations {
            let hash = xxh3_64(kind.as_bytes());
            census.evaluations.insert(hash, (kind.as_str().into(), fixed(subjects)?));
        }
        Some(census)
    }
}

fn fixed<const N: usize>(counts: &[u64]) -> Option<[u64; N]> {
    counts.try_into().ok()
}

fn same_length<T: Copy>(all: &mut [T], own: &[T]) -> Option<()> {
    (all.len() == own.len()).then(|| all.copy_from_slice(own))
}
