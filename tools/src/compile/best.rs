//! Rows that tell of one record: the best of them stands.

use super::partition::Packed;
use super::resolve::Context;
use super::rows::{Place, record};
use super::sameness::same_key;
use super::tally::Tally;
use super::version::{Rank, by_rank};
use super::work::damaged;
use crate::facts::RecordFact;
use crate::quality::Census;
use std::collections::BTreeMap;
use std::io;

/// Is told of every row that another version outweighed.
pub(super) trait Merges {
    /// The better row and the other.
    fn merged(&mut self, winner: &RecordFact<'_>, loser: &RecordFact<'_>);
}

impl Merges for Census {
    fn merged(&mut self, winner: &RecordFact<'_>, loser: &RecordFact<'_>) {
        Census::merged(self, winner, loser);
    }
}

impl Merges for () {
    fn merged(&mut self, _: &RecordFact<'_>, _: &RecordFact<'_>) {}
}

impl Packed<'_> {
    /// Rows of one group, with their sources: those with one id are versions of one record.
    pub(super) fn best_by_id(
        &self,
        sources: &[u16],
        context: &Context<'_>,
        tally: &mut Tally,
        merges: &mut impl Merges,
    ) -> io::Result<Vec<Place>> {
        let mut standing = Vec::with_capacity(self.records.len());
        let mut sources = sources;
        for same in self.records.chunk_by(|a, b| a.id == b.id) {
            let (own, later) = sources.split_at(same.len());
            sources = later;
            if let ([place], [source]) = (same, own) {
                tally.account(*source).kept += 1;
                standing.push(*place);
                continue;
            }
            let rows = same.iter().map(|place| Ok((*place, record(self.rows, place)?)));
            standing.push(best(rows.collect::<io::Result<_>>()?, context, tally, merges)?);
        }
        Ok(standing)
    }

    /// Rows of a subject and its predecessors: their ids differ with the code that a row gives, so what makes them the
    /// same is compared itself.
    pub(super) fn best_by_key(
        &self,
        context: &Context<'_>,
        tally: &mut Tally,
        merges: &mut impl Merges,
    ) -> io::Result<Vec<Place>> {
        let mut same: BTreeMap<String, Vec<(Place, RecordFact<'_>)>> = BTreeMap::new();
        for place in self.records {
            let fact = record(self.rows, place)?;
            let mut key = String::new();
            same_key(&fact, context.work.catalogue, &mut key);
            same.entry(key).or_default().push((*place, fact));
        }
        same.into_values().map(|rows| best(rows, context, tally, merges)).collect()
    }
}

/// The best of the rows of one record.
fn best(
    mut rows: Vec<(Place, RecordFact<'_>)>,
    context: &Context<'_>,
    tally: &mut Tally,
    merges: &mut impl Merges,
) -> io::Result<Place> {
    rows.sort_by(|(_, a), (_, b)| {
        by_rank(&rank(a, context), &rank(b, context)).then(a.origin.cmp(&b.origin))
    });
    let ((place, winner), losers) = rows.split_first().ok_or_else(damaged)?;
    tally.account(winner.origin.source).kept += 1;
    for (_, loser) in losers {
        tally.account(loser.origin.source).merged += 1;
        merges.merged(winner, loser);
    }
    Ok(*place)
}

pub(super) fn rank<'a>(fact: &RecordFact<'a>, context: &Context<'_>) -> Rank<'a> {
    Rank {
        priority: context.work.priorities.get(usize::from(fact.origin.source)).copied().unwrap_or(i64::MIN),
        changed: fact.version.changed,
        date: Some(fact.date),
        row: fact.version.row,
    }
}
