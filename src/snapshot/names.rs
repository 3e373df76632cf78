//! Search of organisations by name: exact, then prefix, then fuzzy.

use super::SnapshotError;
use super::edits::Edits;
use super::sort::Sorter;
use super::spool::Spool;
use crate::domain::text::name_alike;
use fst::automaton::Str;
use fst::{Automaton, IntoStreamer, Map, MapBuilder, Streamer};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Parts the normalised name from the row in a key, and sorts before every character of names.
const END: u8 = 0;

/// How near a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameRank {
    /// The whole name.
    Exact,
    /// The name begins so.
    Prefix,
    /// One or two characters differ.
    Fuzzy,
}

impl NameRank {
    /// How near one normalised name is to a wanted one; `None`: a search would not find it.
    pub fn of(wanted: &str, name: &str) -> Option<NameRank> {
        if name == wanted {
            return Some(NameRank::Exact);
        }
        if name.starts_with(wanted) {
            return Some(NameRank::Prefix);
        }
        let near = edits(wanted)?;
        let mut state = near.start();
        for byte in name.bytes() {
            state = near.accept(&state, byte);
        }
        near.is_match(&state).then_some(NameRank::Fuzzy)
    }

    /// The word of the search reply.
    pub const fn word(self) -> &'static str {
        match self {
            NameRank::Exact => "exact",
            NameRank::Prefix => "prefix",
            NameRank::Fuzzy => "fuzzy",
        }
    }
}

/// A name that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameHit {
    /// How near.
    pub rank: NameRank,
    /// The normalised name.
    pub name: String,
    /// It is a former name.
    pub former: bool,
    /// Row of the subject.
    pub row: u32,
}

/// Collects names and makes the FST.
pub(super) struct NameWriter {
    sorter: Sorter,
    normalised: String,
}

impl NameWriter {
    /// Sorts within about so many bytes.
    pub(super) fn new(folder: &Arc<Path>, memory: usize) -> NameWriter {
        NameWriter { sorter: Sorter::new(folder, memory), normalised: String::new() }
    }

    /// Adds a name as written. One that is current and former counts as current: the least value wins.
    pub(super) fn push(&mut self, name: &str, row: u32, former: bool) -> Result<(), SnapshotError> {
        self.normalised.clear();
        self.normalised.extend(name_alike(name).filter(|c| *c != '\0'));
        if self.normalised.is_empty() {
            return Ok(());
        }
        self.sorter.push(&[self.normalised.as_bytes(), &[END], &row.to_be_bytes()], u64::from(former))
    }

    /// The section `name-index`.
    pub(super) fn finish(self, section: Spool) -> Result<Spool, SnapshotError> {
        index_of(self.sorter, section, &mut 0)
    }
}

/// The FST of sorted keys, and how many there are.
pub(super) fn index_of(sorter: Sorter, section: Spool, count: &mut u64) -> Result<Spool, SnapshotError> {
    let mut builder = MapBuilder::new(section)?;
    sorter.finish(|key, value| {
        *count += 1;
        Ok(builder.insert(key, value)?)
    })?;
    Ok(builder.into_inner()?)
}

/// Names of one spelling that are read past the limit, so that the choice among them does not hang on their rows.
const SAME_NAME_MAX: usize = 4096;

/// The names that are nearest to a normalised name: of each rank the first `limit` subjects by their current names,
/// and as many by former ones. A later rank is searched only while the earlier ones leave room.
pub(super) fn search(index: &Map<&[u8]>, wanted: &str, limit: usize) -> Vec<NameHit> {
    let mut hits = Hits { limit, found: Vec::new(), rows: HashMap::new() };
    let mut exact = wanted.as_bytes().to_vec();
    exact.push(END);
    let mut past = exact.clone();
    *past.last_mut().unwrap_or(&mut 0) = END + 1;
    hits.collect(index.range().ge(&exact).lt(&past).into_stream(), NameRank::Exact);
    if hits.found.len() < limit {
        hits.collect(index.search(Str::new(wanted).starts_with()).into_stream(), NameRank::Prefix);
    }
    if hits.found.len() < limit
        && let Some(near) = edits(wanted)
    {
        hits.collect(index.search(Named(near)).into_stream(), NameRank::Fuzzy);
    }
    hits.found
}

/// Names that are a few characters apart; short ones fewer.
fn edits(wanted: &str) -> Option<Edits> {
    Edits::new(wanted, if wanted.chars().count() > 4 { 2 } else { 1 })
}

/// Names taken of one rank, current or former.
#[derive(Default)]
struct Taken {
    count: usize,
    last: Vec<u8>,
}

impl Taken {
    /// Past the limit a spelling is read to its end.
    fn is_full(&self, name: &[u8], limit: usize) -> bool {
        self.count >= limit && (self.last != name || self.count >= limit + SAME_NAME_MAX)
    }
}

/// What a search has found so far.
struct Hits {
    limit: usize,
    found: Vec<NameHit>,
    /// Where a subject's row stands in `found`.
    rows: HashMap<u32, usize>,
}

impl Hits {
    fn collect<'f, S>(&mut self, mut stream: S, rank: NameRank)
    where
        S: for<'a> Streamer<'a, Item = (&'a [u8], u64)> + 'f,
    {
        let mut taken = [Taken::default(), Taken::default()];
        while let Some((key, value)) = stream.next() {
            let Some((name, tail)) = key.len().checked_sub(5).map(|at| key.split_at(at)) else { continue };
            let row = u32::from_be_bytes([tail[1], tail[2], tail[3], tail[4]]);
            let former = value != 0;
            let one = &mut taken[usize::from(former)];
            if one.is_full(name, self.limit) {
                // Former names come after all current ones, so that enough of these end the search.
                if former { continue } else { return }
            }
            if self.add(rank, name, former, row) {
                one.count += 1;
                one.last = name.to_vec();
            }
        }
    }

    /// A subject counts once: by its earliest rank, and there by a current name before a former one.
    fn add(&mut self, rank: NameRank, name: &[u8], former: bool, row: u32) -> bool {
        let name = String::from_utf8_lossy(name).into_owned();
        let hit = NameHit { rank, name, former, row };
        match self.rows.get(&row) {
            None => {
                self.rows.insert(row, self.found.len());
                self.found.push(hit);
                true
            }
            Some(place) => {
                let known = &mut self.found[*place];
                let better = known.rank == rank && known.former && !former;
                if better {
                    *known = hit;
                }
                better
            }
        }
    }
}

/// Lets an automaton over names run over keys: what follows the end of the name does not matter.
struct Named<A>(A);

/// Inside the name, or behind it.
enum Place<S> {
    In(S),
    Behind(bool),
}

impl<A: Automaton> Automaton for Named<A> {
    type State = Place<A::State>;

    fn start(&self) -> Self::State {
        Place::In(self.0.start())
    }

    fn is_match(&self, state: &Self::State) -> bool {
        matches!(state, Place::Behind(true))
    }

    fn can_match(&self, state: &Self::State) -> bool {
        match state {
            Place::In(state) => self.0.can_match(state),
            Place::Behind(matched) => *matched,
        }
    }

    fn accept(&self, state: &Self::State, byte: u8) -> Self::State {
        match state {
            Place::In(state) if byte == END => Place::Behind(self.0.is_match(state)),
            Place::In(state) => Place::In(self.0.accept(state, byte)),
            Place::Behind(matched) => Place::Behind(*matched),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_exact_then_by_prefix_then_nearly() {
        let folder: Arc<Path> = Arc::from(std::env::temp_dir());
        let mut writer = NameWriter::new(&folder, 0);
        for (row, name) in
            ["枣庄试例商贸有限公司", "枣庄试例", "枣庄试样", "滕州试例"].into_iter().enumerate()
        {
            writer.push(name, row as u32, row == 3).unwrap();
        }
        let mut section = Vec::new();
        writer.finish(Spool::new(&folder)).unwrap().copy_to(&mut section).unwrap();
        let index = Map::new(&section[..]).unwrap();
        let hits = search(&index, "枣庄试例", 10);
        let found: Vec<_> = hits.iter().map(|hit| (hit.rank, hit.row, hit.former)).collect();
        assert_eq!(
            found,
            [(NameRank::Exact, 1, false), (NameRank::Prefix, 0, false), (NameRank::Fuzzy, 2, false)]
        );
        assert!(search(&index, "青岛", 10).is_empty());
        assert_eq!(search(&index, "", 2).len(), 2, "an empty name lists from the start, within bounds");
    }
}
