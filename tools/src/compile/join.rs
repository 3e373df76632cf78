//! Whom is a record about? A registered subject by the first identifier that names one, else a stub.

use super::register::{AmbiguousCountry, CodeKey, Group, Register};
use super::resolve::RecordRow;
use super::sets::Sets;
use crate::facts::Named;
use std::collections::{BTreeMap, HashMap};
use xinhe::domain::identifier::{IdKind, Identifier};

/// What a row's identifiers name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    /// A registered group. `other` if an identifier further back names another one.
    Registered {
        /// The group.
        group: u32,
        /// Identifiers name two subjects.
        other: bool,
    },
    /// Nobody in a register.
    Nobody,
}

/// Finds the registered subject that a row names.
pub(crate) fn whom(register: &Register, named: &Named<'_>) -> Result<Whom, AmbiguousCountry> {
    if named.codes.is_empty() {
        let Some(document) = &named.document else { return Ok(Whom::Nobody) };
        let found = register.person(document)?;
        return Ok(found.map_or(Whom::Nobody, |group| Whom::Registered { group, other: false }));
    }
    let unified = named.codes.first().filter(|code| code.kind() == IdKind::Uscc);
    let known = unified.map(|code| register.names.contains_key(&CodeKey::of(code)));
    let mut found: Option<u32> = None;
    let mut other = false;
    for code in &named.codes {
        let inside = CodeKey::inside(code);
        for key in std::iter::once(CodeKey::of(code)).chain(inside) {
            let Some(group) = register.names.get(&key).copied() else { continue };
            if known == Some(false) && !may_join(&register.groups[group as usize], unified) {
                // The unknown unified code names a stub, and wins over the older code.
                other = true;
                continue;
            }
            match found {
                None => found = Some(group),
                Some(first) => other |= first != group,
            }
        }
    }
    Ok(found.map_or(Whom::Nobody, |group| Whom::Registered { group, other }))
}

/// A row with a unified code that no register knows joins a subject only if that subject has the same organisation
/// code, or no unified code at all.
fn may_join(group: &Group, unified: Option<&Identifier>) -> bool {
    let inside = unified.and_then(CodeKey::inside);
    let mut unified_codes = group.all_codes().filter(|code| code.kind() == IdKind::Uscc).peekable();
    unified_codes.peek().is_none() || unified_codes.any(|code| CodeKey::inside(code) == inside)
}

/// Makes a stub for every subject that only records name, and tells for each of those records which group it is.
/// Rows that share an older code are one stub, unless their unified codes differ.
pub(crate) fn stubs(register: &mut Register, records: &[&RecordRow]) -> Vec<u32> {
    let mut sets = Sets::new(records.len());
    let mut whole: BTreeMap<CodeKey, usize> = BTreeMap::new();
    let main: Vec<Option<CodeKey>> = records.iter().map(|record| CodeKey::main(&record.subject)).collect();
    for (place, key) in main.iter().enumerate() {
        if let Some(key) = key {
            let first = *whole.entry(key.clone()).or_insert(place);
            sets.union(first, place);
        }
    }
    // An older code belongs to the smallest unified code that comes with it.
    let mut owners: HashMap<CodeKey, usize> = HashMap::new();
    for (place, _) in main.iter().enumerate().filter(|(_, key)| key.is_some()) {
        for key in keys(&records[place].subject) {
            let owner = owners.entry(key).or_insert(place);
            if main[place] < main[*owner] {
                *owner = place;
            }
        }
    }
    join_loose(records, &main, &owners, &mut sets);
    number(register, records, &main, &mut sets)
}

/// Rows without a unified code: connected by shared codes, then attached to the smallest unified code among them.
fn join_loose(
    records: &[&RecordRow],
    main: &[Option<CodeKey>],
    owners: &HashMap<CodeKey, usize>,
    sets: &mut Sets,
) {
    let mut loose: HashMap<CodeKey, usize> = HashMap::new();
    let places: Vec<usize> = (0..records.len()).filter(|place| main[*place].is_none()).collect();
    for place in &places {
        for key in keys(&records[*place].subject) {
            let first = *loose.entry(key).or_insert(*place);
            sets.union(first, *place);
        }
    }
    let mut attach: BTreeMap<usize, usize> = BTreeMap::new();
    for place in &places {
        let set = sets.find(*place);
        for owner in keys(&records[*place].subject).filter_map(|key| owners.get(&key)) {
            let known = attach.entry(set).or_insert(*owner);
            if main[*owner] < main[*known] {
                *known = *owner;
            }
        }
    }
    for (set, owner) in attach {
        sets.union(set, owner);
    }
}

fn number(
    register: &mut Register,
    records: &[&RecordRow],
    main: &[Option<CodeKey>],
    sets: &mut Sets,
) -> Vec<u32> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for place in 0..records.len() {
        members.entry(sets.find(place)).or_default().push(place);
    }
    let mut groups = vec![0; records.len()];
    for places in members.into_values() {
        let unified = places.iter().filter(|place| main[**place].is_some());
        let document = unified.clone().find_map(|place| {
            records[*place].subject.document.filter(|_| records[*place].subject.codes.is_empty())
        });
        let mut codes: Vec<Identifier> =
            places.iter().flat_map(|place| &records[*place].subject.codes).copied().collect();
        codes.sort();
        codes.dedup();
        let group = register.groups.len() as u32;
        for key in codes.iter().chain(&document).flat_map(all_keys) {
            register.names.entry(key).or_insert(group);
        }
        register.groups.push(Group::stub(codes, document));
        for place in places {
            groups[place] = group;
        }
    }
    groups
}

fn keys<'a>(named: &'a Named<'_>) -> impl Iterator<Item = CodeKey> + 'a {
    named.codes.iter().flat_map(all_keys)
}

fn all_keys(code: &Identifier) -> impl Iterator<Item = CodeKey> + use<> {
    std::iter::once(CodeKey::of(code)).chain(CodeKey::inside(code))
}
