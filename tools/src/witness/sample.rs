//! Choosing whom the model is asked about in a build, and keeping the rows that speak of them.
//!
//! First every row of the register is shown, so that the sample is drawn from all of it; then all rows once more, the
//! register's first, so that those which share a code with the sample are kept, wherever they stand.
//! A person's number stays in memory: nothing of it is printed, and differences carry it masked.

use super::catalogue::Catalogue;
use super::claims::{Claim, paper};
use super::codes::{self, Numbers, is_easy, tokens};
use super::corrected::{Correction, Stored, Urgent, record_hash};
use super::dates::Day;
use super::filter::Filter;
use super::numbers::{Id, read};
use super::records::judge;
use super::rows::{Dataset, Row};
use super::text::cell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Organisations and persons in a sample.
const MOST: [usize; 2] = [150, 50];
/// More codes than this hang together by mergers: too many for a sample.
const CODES_MAX: usize = 500;
/// More rows than this speak of one subject: too many for a sample.
const ROWS_MAX: u32 = 5_000;

/// Digits of a citizen's old number.
const OLD_NUMBER: usize = 15;
/// Words of the filter of wanted codes: 16 KiB.
const WANTED_WORDS: usize = 1 << 11;
/// Words of the filter of codes that were passed over: 8 MiB. Of 3 million codes in it, it takes one in a hundred others
/// for one of them, and a subject too many is left out.
const PASSED_WORDS: usize = 1 << 20;

/// Why a sample cannot be drawn or compared.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// Dataset or catalogue do not read.
    #[error("{0}")]
    Folder(String),
    /// The release is damaged.
    #[error(transparent)]
    Snapshot(#[from] xinhe::snapshot::SnapshotError),
}

/// A subject of the sample.
#[derive(Clone)]
pub(super) struct Pick {
    pub(super) id: Id,
    /// Rows kept for it.
    rows: u32,
    /// It cannot be compared, since not all that speaks of it is known.
    pub(super) left_out: bool,
}

/// A sample of subjects, and the rows about them.
pub struct Sample {
    pub(super) seed: u64,
    pub(super) dataset: Dataset,
    pub(super) catalogue: Catalogue,
    today: Day,
    /// The smallest seeded hashes, with the number: of organisations, of persons.
    smallest: [BTreeMap<u64, Id>; 2],
    /// Codes that one row of the register holds together.
    edges: Vec<(u64, u64)>,
    /// Codes of the sample, and whose they are.
    wanted: HashMap<u64, usize>,
    /// The wanted codes once more: most rows are told apart by it.
    filter: Filter,
    /// Codes of rows of the register that need not be kept.
    passed: Filter,
    pub(super) picks: Vec<Pick>,
    /// Picks that hang together, by their places: what is not known of one is not known of the other.
    kin: Vec<(usize, usize)>,
    pub(super) rows: Vec<Row>,
    pub(super) corrections: Vec<Correction>,
    /// Of a record whose authority was renamed: its name, and the one that corrections give.
    pub(super) renamed: Vec<(u64, u64)>,
    /// What the store keeps of records that it corrects.
    pub(super) stored: Vec<Stored>,
    /// Entries that the store makes.
    pub(super) urgent: Vec<Urgent>,
    /// Sources whose rows were not shown.
    pub(super) carried: Vec<u16>,
}

impl Sample {
    /// Begins a sample of a dataset; the same seed and rows give the same sample, in whatever order the rows come.
    pub fn new(seed: u64, dataset: &Path, catalogue: &Path) -> Result<Sample, SampleError> {
        let dataset = Dataset::load(dataset).map_err(SampleError::Folder)?;
        Ok(Sample {
            seed,
            today: dataset.today().map_err(SampleError::Folder)?,
            catalogue: Catalogue::load(catalogue).map_err(SampleError::Folder)?,
            dataset,
            smallest: Default::default(),
            edges: Vec::new(),
            wanted: HashMap::new(),
            filter: Filter::new(WANTED_WORDS),
            passed: Filter::new(PASSED_WORDS),
            picks: Vec::new(),
            kin: Vec::new(),
            rows: Vec::new(),
            corrections: Vec::new(),
            renamed: Vec::new(),
            stored: Vec::new(),
            urgent: Vec::new(),
            carried: Vec::new(),
        })
    }

    /// First pass: a row of the register, as texts by their headers. Tells whether the second pass may want it: a row of
    /// which this was `false` need not be kept for it.
    pub fn register_row(&mut self, cells: &[(&str, &str)]) -> bool {
        let numbers = Numbers::of(cells);
        let is_old = numbers.person.as_ref().is_some_and(|number| number.len() == OLD_NUMBER);
        let is_kept = self.draw(cells, &numbers) || numbers.hang() || is_old;
        if !is_kept {
            numbers.names().for_each(|code| self.passed.insert(code));
        }
        is_kept
    }

    /// First pass, instead of [`Sample::register_row`]: a row with these numbers, which points to no other, is passed over
    /// if this is `false`. Cheap.
    pub fn may_draw(&mut self, current: &str, older: &[&str], person: &str) -> bool {
        let is_drawn = self.can_draw(current, person);
        if !is_drawn {
            for number in std::iter::once(&current).chain(older).filter(|number| !number.is_empty()) {
                tokens(&codes::kept(number)).for_each(|code| self.passed.insert(code));
            }
        }
        is_drawn
    }

    fn can_draw(&self, current: &str, person: &str) -> bool {
        let is_person = current.is_empty();
        let number = if is_person { person } else { current };
        // A person's old number hangs together with the new one.
        let is_old = is_person && number.len() == OLD_NUMBER;
        !is_easy(number) || is_old || self.lot(number, is_person).is_some()
    }

    /// The seeded hash by which a subject is drawn, if that is among the smallest so far.
    fn lot(&self, number: &str, is_person: bool) -> Option<u64> {
        // Two unified codes of one organisation code are one subject.
        let drawn_by = if is_person { number } else { number.get(8..17).unwrap_or(number) };
        let hash = xxh3_64_with_seed(drawn_by.as_bytes(), self.seed);
        let smallest = &self.smallest[usize::from(is_person)];
        let is_drawn = smallest.len() < MOST[usize::from(is_person)]
            || smallest.last_key_value().is_some_and(|(last, _)| hash <= *last);
        is_drawn.then_some(hash)
    }

    /// Whether the row is drawn, at least until others come.
    fn draw(&mut self, cells: &[(&str, &str)], numbers: &Numbers) -> bool {
        if numbers.hang() {
            let mut row = numbers.all().flat_map(|number| tokens(number));
            if let Some(first) = row.next() {
                self.edges.extend(row.flat_map(|other| [(first, other), (other, first)]));
            }
        }
        let person = numbers.current.is_none() && numbers.older.is_empty() && numbers.linked.is_empty();
        let Some(number) = (if person { &numbers.person } else { &numbers.current }) else { return false };
        let Some(hash) = self.lot(number, person) else { return false };
        let text = |wanted: &str| cells.iter().find(|(column, _)| *column == wanted).map(|(_, text)| *text);
        let given = |wanted: &str| text(wanted).and_then(cell);
        let id = match person {
            true => {
                paper(given("ZJLX").as_deref(), number, given("GJ").as_deref(), self.today).filter(|id| {
                    id.is_person() && (!id.country.is_empty() || !matches!(id.kind, "passport" | "permit"))
                })
            }
            false => read("uscc", number, None, self.today),
        };
        let Some(id) = id else { return true };
        let smallest = &mut self.smallest[usize::from(person)];
        let known = smallest.entry(hash).or_insert_with(|| id.clone());
        if id.number < known.number {
            *known = id;
        }
        if smallest.len() > MOST[usize::from(person)] {
            smallest.pop_last();
        }
        true
    }

    /// Between the passes, with the rows of the register that were kept: finds all codes that hang together with those of
    /// the sample.
    pub fn settle<'r>(&mut self, kept: impl Iterator<Item = Vec<(&'r str, &'r str)>>) {
        self.edges.sort_unstable();
        self.edges.dedup();
        let drawn: Vec<Id> = self.smallest.iter_mut().flat_map(std::mem::take).map(|(_, id)| id).collect();
        let own: HashSet<u64> = drawn.iter().flat_map(|id| tokens(&id.number)).collect();
        for id in drawn {
            let codes = self.hang_together(&id);
            if codes.len() > CODES_MAX {
                continue;
            }
            let place = self.picks.len();
            codes.into_iter().for_each(|code| self.want(code, place));
            self.picks.push(Pick { id, rows: 0, left_out: false });
        }
        self.edges = Vec::new();
        let mut rows = Vec::new();
        for cells in kept {
            let numbers = Numbers::of(&cells);
            let codes = numbers.codes();
            // Kept for a while in which it could have been drawn: whether that was so depends on who came first.
            if !numbers.hang() && !codes.iter().any(|code| own.contains(code)) {
                numbers.names().for_each(|code| self.passed.insert(code));
            }
            rows.push(codes);
        }
        while rows.iter().filter(|codes| self.learn(codes, &own)).count() > 0 {}
        for (place, pick) in self.picks.iter().enumerate() {
            let owners = tokens(&pick.id.number).filter_map(|code| self.wanted.get(&code));
            self.kin.extend(owners.filter(|owner| **owner != place).map(|owner| (place, *owner)));
        }
        self.spread();
        // Nothing is passed over any more; the memory is wanted.
        self.passed = Filter::new(1);
    }

    /// Leaves out whoever hangs together with one that is left out.
    pub(super) fn spread(&mut self) {
        let mut spreads = true;
        while std::mem::take(&mut spreads) {
            for (one, other) in &self.kin {
                if self.picks[*one].left_out != self.picks[*other].left_out {
                    spreads = true;
                    self.picks[*one].left_out = true;
                    self.picks[*other].left_out = true;
                }
            }
        }
    }

    /// Wants all codes of a row of the register, since records may name its subject by each of them, and leaves the subject
    /// out if one of them is that of a row that was passed over. Whether a code is new, or that two subjects share the row.
    fn learn(&mut self, codes: &[u64], own: &HashSet<u64>) -> bool {
        let owners: BTreeSet<usize> =
            codes.iter().filter_map(|code| self.wanted.get(code).copied()).collect();
        let Some(pick) = owners.first().copied() else { return false };
        let (known, kin) = (self.wanted.len(), self.kin.len());
        codes.iter().for_each(|code| self.want(*code, pick));
        let others = owners.into_iter().skip(1).map(|other| (pick, other));
        let unknown: Vec<_> = others.filter(|pair| !self.kin.contains(pair)).collect();
        self.kin.extend(unknown);
        let is_stranger = |code: &u64| !own.contains(code) && self.passed.may_hold(*code);
        let left_out = codes.iter().any(is_stranger);
        if let (Some(pick), true) = (self.picks.get_mut(pick), left_out) {
            pick.left_out = true;
        }
        self.wanted.len() > known || self.kin.len() > kin
    }

    fn hang_together(&self, id: &Id) -> HashSet<u64> {
        let mut found: HashSet<u64> = tokens(&id.number).collect();
        // The old form of the number: without the century and the check digit.
        if let (true, Some("19"), Some(before), Some(after)) =
            (id.kind == "citizen", id.number.get(6..8), id.number.get(..6), id.number.get(8..17))
        {
            found.extend(tokens(&format!("{before}{after}")));
        }
        let mut open: Vec<u64> = found.iter().copied().collect();
        while let Some(code) = open.pop() {
            let first = self.edges.partition_point(|(from, _)| *from < code);
            let of_code = self.edges[first..].iter().take_while(|(from, _)| *from == code);
            open.extend(of_code.map(|(_, to)| *to).filter(|to| found.insert(*to)));
            if found.len() > CODES_MAX {
                break;
            }
        }
        found
    }

    fn want(&mut self, code: u64, pick: usize) {
        self.wanted.entry(code).or_insert(pick);
        self.filter.insert(code);
    }

    /// Whether a row with these numbers, as the table writes them, is to be shown to [`Sample::row`]. Cheap.
    pub fn wants(&self, numbers: &[&str]) -> bool {
        self.whose(numbers.iter().copied()).is_some()
    }

    /// The subject of the sample of which a row with these numbers speaks, by its place. Cheap.
    pub fn whose<'n>(&self, mut numbers: impl Iterator<Item = &'n str>) -> Option<usize> {
        numbers.find_map(|number| {
            tokens(&codes::kept(number)).find_map(|code| {
                self.filter.may_hold(code).then(|| self.wanted.get(&code).copied()).flatten()
            })
        })
    }

    /// How many subjects were drawn.
    pub fn subjects(&self) -> usize {
        self.picks.len()
    }

    /// Does not compare a subject: not all rows that speak of it were kept.
    pub fn leave_out(&mut self, pick: usize) {
        if let Some(pick) = self.picks.get_mut(pick) {
            pick.left_out = true;
        }
    }

    /// The rows of a source are those of an earlier day, and were not shown.
    pub fn carried(&mut self, source: u16, as_of: &str) {
        if let Some(of) = self.dataset.sources.get_mut(usize::from(source)) {
            of.carry(as_of);
            self.carried.push(source);
        }
    }

    /// Second pass: any row of a source (its place in `dataset.toml`), the register's before all others. Rows of
    /// corrections are all to be shown.
    pub fn row(&mut self, source: u16, cells: &[(&str, &str)]) {
        let at = usize::from(source);
        let Some(of) = self.dataset.sources.get(at) else { return };
        if of.kind == "correction" {
            let row = Row::of_cells(at, of, cells);
            let day = row.get("date").and_then(Day::read);
            if let (Ok(()), Some(day)) = (judge("correction", &row, &Claim::default(), &self.catalogue), day)
            {
                let text = |meaning| row.get(meaning).unwrap_or_default();
                self.corrections.push((record_hash(text("record")), day, text("type").to_owned()));
            }
            return;
        }
        let codes = Numbers::of(cells).codes();
        let Some(pick) = codes.iter().find_map(|code| self.wanted.get(code).copied()) else { return };
        if let Some(pick) = self.picks.get_mut(pick) {
            pick.rows += 1;
            pick.left_out |= pick.rows > ROWS_MAX;
            if pick.rows > ROWS_MAX {
                return;
            }
        }
        self.rows.push(Row::of_cells(at, of, cells));
    }

    /// Leaves out what cannot be judged: a record that names, before a code of the sample, one of which the sample
    /// does not know whose it is.
    pub(super) fn leave_out_strangers(&mut self) {
        let is_register = |row: &Row| self.dataset.sources[row.source].kind == "subject";
        let mut known = HashSet::new();
        for row in self.rows.iter().filter(|row| is_register(row)) {
            if let Ok(claim) = Claim::of(row, self.today) {
                known.extend(claim.codes());
                known.extend(claim.person.iter().map(Id::token));
            }
        }
        let strange = |row: &Row| {
            let Ok(claim) = Claim::of(row, self.today) else { return None };
            let codes = claim.codes();
            let first = codes.iter().position(|code| known.contains(code))?;
            // A new unified code around a known organisation code is no stranger.
            (first > usize::from(claim.uscc.is_some())).then_some(codes)
        };
        let strangers: Vec<Vec<String>> =
            self.rows.iter().filter(|row| !is_register(row)).filter_map(strange).collect();
        for code in strangers.iter().flatten() {
            let number = code.rsplit(':').next().unwrap_or_default();
            for pick in tokens(number).filter_map(|code| self.wanted.get(&code).copied()) {
                if let Some(pick) = self.picks.get_mut(pick) {
                    pick.left_out = true;
                }
            }
        }
    }
}

impl std::fmt::Debug for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sample({} subjects, {} rows)", self.picks.len(), self.rows.len())
    }
}
