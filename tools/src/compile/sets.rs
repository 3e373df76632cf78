//! Which rows are about one subject: union-find, and what joins rows of the register.

use super::register::CodeKey;
use crate::facts::SubjectFact;
use std::collections::{BTreeMap, HashMap};

/// Rows of one subject: the same unified code or document, a former code that is another's current one, or, for rows
/// without a unified code, a shared older code.
pub(super) fn join_rows(facts: Vec<SubjectFact<'_>>) -> Vec<Vec<SubjectFact<'_>>> {
    let mut sets = Sets::new(facts.len());
    let mut holder: HashMap<CodeKey, usize> = HashMap::new();
    for (place, fact) in facts.iter().enumerate() {
        if let Some(key) = CodeKey::main(&fact.named) {
            let first = *holder.entry(key).or_insert(place);
            sets.union(first, place);
        }
    }
    join_former(&facts, &holder, &mut sets);
    join_older(&facts, &holder, &mut sets);
    let mut groups: BTreeMap<usize, Vec<SubjectFact<'_>>> = BTreeMap::new();
    for (place, fact) in facts.into_iter().enumerate() {
        groups.entry(sets.find(place)).or_default().push(fact);
    }
    groups.into_values().collect()
}

/// A former code that is the current code of another row joins them, unless several subjects claim it: after a
/// split, nobody is the whole of what was.
fn join_former(facts: &[SubjectFact<'_>], holder: &HashMap<CodeKey, usize>, sets: &mut Sets) {
    let mut claims: BTreeMap<CodeKey, Vec<usize>> = BTreeMap::new();
    for (place, fact) in facts.iter().enumerate() {
        for code in &fact.former_codes {
            claims.entry(CodeKey::of(code)).or_default().push(place);
        }
    }
    for (key, places) in claims {
        let claimants: Vec<usize> = places.iter().map(|place| sets.find(*place)).collect();
        let one = claimants.iter().all(|claimant| *claimant == claimants[0]);
        if let (true, Some(current)) = (one, holder.get(&key)) {
            sets.union(*current, places[0]);
        }
    }
}

fn join_older(facts: &[SubjectFact<'_>], holder: &HashMap<CodeKey, usize>, sets: &mut Sets) {
    // Older codes of rows that have a unified code; a code of two subjects joins nothing.
    let mut owners: HashMap<CodeKey, Option<usize>> = HashMap::new();
    let claim = |owners: &mut HashMap<CodeKey, Option<usize>>, key: CodeKey, set: usize| {
        owners
            .entry(key)
            .and_modify(|owner| *owner = owner.filter(|known| *known == set))
            .or_insert(Some(set));
    };
    let is_whole =
        |fact: &SubjectFact<'_>| CodeKey::main(&fact.named).is_some_and(|key| holder.contains_key(&key));
    for (place, fact) in facts.iter().enumerate().filter(|(_, fact)| is_whole(fact)) {
        let set = sets.find(place);
        for code in fact.named.codes.iter().chain(&fact.former_codes) {
            claim(&mut owners, CodeKey::of(code), set);
            if let Some(key) = CodeKey::inside(code) {
                claim(&mut owners, key, set);
            }
        }
    }
    let mut loose: HashMap<CodeKey, usize> = HashMap::new();
    for (place, fact) in facts.iter().enumerate().filter(|(_, fact)| !is_whole(fact)) {
        let keys: Vec<CodeKey> = fact.named.codes.iter().map(CodeKey::of).collect();
        if let Some(owner) = keys.iter().find_map(|key| owners.get(key).copied().flatten()) {
            sets.union(owner, place);
            continue;
        }
        for key in keys {
            let first = *loose.entry(key).or_insert(place);
            sets.union(first, place);
        }
    }
}

/// Union-find; the smallest place of a set names it.
pub(super) struct Sets(Vec<usize>);

impl Sets {
    pub(super) fn new(count: usize) -> Sets {
        Sets((0..count).collect())
    }

    /// One more row, a set of its own.
    pub(super) fn push(&mut self) -> usize {
        self.0.push(self.0.len());
        self.0.len() - 1
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn find(&mut self, mut place: usize) -> usize {
        while self.0[place] != place {
            self.0[place] = self.0[self.0[place]];
            place = self.0[place];
        }
        place
    }

    pub(super) fn union(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.0[a.max(b)] = a.min(b);
    }
}
