//! The catalogue: which lists exist, which measures bind which matters, how long records are published.
//!
//! [`layers`] joins the files of a city with those above it and refuses what has no basis in law;
//! [`Catalogue`] is the joined whole with the indexes that a check needs.

mod entry;
pub mod layers;
#[cfg(test)]
mod tests;

pub use entry::*;

use super::date::Day;
use super::record::Fulfilment;
use super::subject::{StateClass, SubjectKind};
use std::collections::HashMap;

/// A set of a small enum's values, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Bars(pub u8);

impl Bars {
    /// The set of these facilitations.
    pub fn of(barred: &[Barred]) -> Bars {
        Bars(barred.iter().fold(0, |bits, one| bits | 1 << one.code()))
    }

    /// Whether the set holds this one.
    pub fn holds(self, one: Barred) -> bool {
        self.0 & (1 << one.code()) != 0
    }
}

/// More kinds of penalty than this cannot trigger measures in one catalogue.
pub const PENALTY_TRIGGERS_MAX: usize = 32;

/// More lists, measures or matters than this, each, have no number in one catalogue.
pub const ENTRIES_MAX: usize = u16::MAX as usize;

/// A measure's conditions as numbers: what [`super::verdict::decide`] reads.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// Indexes of lists.
    pub lists: Box<[u16]>,
    /// Bits of [`Catalogue::penalty_triggers`].
    pub penalties: u32,
    /// Places of grades, as [`Catalogue::grade_trigger`] gives them.
    pub grades: Box<[u16]>,
    /// Bits of [`Fulfilment`].
    pub commitments: u8,
    stages: u8,
    kinds: u8,
    from: Day,
    to: Day,
}

impl Conditions {
    /// Whether the measure binds at this stage, for this kind of subject, on this day.
    pub fn hold(&self, stage: Stage, kind: SubjectKind, day: Day) -> bool {
        self.stages & (1 << stage.code()) != 0
            && self.kinds & (1 << kind.code()) != 0
            && self.from <= day
            && day <= self.to
    }

    /// Whether a broken commitment that was kept so far triggers the measure.
    pub fn commitment(&self, fulfilment: Fulfilment) -> bool {
        self.commitments & (1 << fulfilment.code()) != 0
    }
}

/// The catalogue with its indexes.
#[derive(Debug, Clone)]
pub struct Catalogue {
    entries: Entries,
    conditions: Vec<Conditions>,
    list_index: HashMap<String, u16>,
    matter_index: HashMap<String, u16>,
    measures_of: Vec<Box<[u16]>>,
    penalty_triggers: Vec<String>,
    grade_triggers: Vec<String>,
}

impl Catalogue {
    /// Indexes entries that [`layers::join`] has checked. References that lead nowhere bind nothing.
    pub fn new(entries: Entries) -> Catalogue {
        let list_index = index(entries.lists.iter().map(|list| &list.code));
        let mut matter_index = index(entries.matters.iter().map(|matter| &matter.code));
        for (place, matter) in entries.matters.iter().enumerate() {
            matter_index.extend(matter.aliases.iter().map(|alias| (alias.clone(), place as u16)));
        }
        let penalty_triggers = vocabulary(entries.measures.iter().flat_map(|measure| &measure.penalties));
        let grade_triggers = vocabulary(entries.measures.iter().flat_map(|measure| &measure.grades));
        let conditions = entries
            .measures
            .iter()
            .map(|measure| Conditions {
                lists: places(&measure.lists, |code| list_index.get(code).copied()),
                penalties: places(&measure.penalties, |kind| position(&penalty_triggers, kind))
                    .iter()
                    .fold(0, |bits, place| bits | 1u32.checked_shl(u32::from(*place)).unwrap_or(0)),
                grades: places(&measure.grades, |grade| position(&grade_triggers, grade)),
                commitments: measure.commitments.iter().fold(0, |bits, one| bits | 1 << one.code()),
                stages: all_if_empty(measure.stages.iter().map(|stage| stage.code())),
                kinds: all_if_empty(measure.kinds.iter().map(|kind| kind.code())),
                from: measure.from.unwrap_or(Day::EVER),
                to: measure.to.unwrap_or(Day::OPEN),
            })
            .collect();
        let measures_of = entries.matters.iter().map(|matter| measures_of(&entries, matter)).collect();
        Catalogue {
            entries,
            conditions,
            list_index,
            matter_index,
            measures_of,
            penalty_triggers,
            grade_triggers,
        }
    }

    /// The entries, as the files hold them.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// The list with this code.
    pub fn list(&self, code: &str) -> Option<u16> {
        self.list_index.get(code).copied()
    }

    /// The list at this index.
    pub fn list_at(&self, index: u16) -> Option<&ListEntry> {
        self.entries.lists.get(usize::from(index))
    }

    /// The matter with this code or alias.
    pub fn matter(&self, code: &str) -> Option<u16> {
        self.matter_index.get(code).copied()
    }

    /// The matter at this index.
    pub fn matter_at(&self, index: u16) -> Option<&MatterEntry> {
        self.entries.matters.get(usize::from(index))
    }

    /// The measures that name this matter or a tag of it, by code.
    pub fn measures_of(&self, matter: u16) -> &[u16] {
        self.measures_of.get(usize::from(matter)).map_or(&[], |measures| measures)
    }

    /// The measure at this index with its conditions.
    pub fn measure_at(&self, index: u16) -> Option<(&MeasureEntry, &Conditions)> {
        self.entries.measures.get(usize::from(index)).zip(self.conditions.get(usize::from(index)))
    }

    /// The kinds of penalty that trigger measures; a kind's place is its bit.
    pub fn penalty_triggers(&self) -> &[String] {
        &self.penalty_triggers
    }

    /// The bits of those of a penalty's kinds that trigger measures.
    pub fn penalty_bits<'a>(&self, kinds: impl IntoIterator<Item = &'a str>) -> u32 {
        kinds
            .into_iter()
            .filter_map(|kind| position(&self.penalty_triggers, kind))
            .fold(0, |bits, place| bits | 1u32.checked_shl(u32::from(place)).unwrap_or(0))
    }

    /// The grades that trigger measures, as `kind:grade`.
    pub fn grade_triggers(&self) -> &[String] {
        &self.grade_triggers
    }

    /// The place of `kind:grade` among the grades that trigger measures.
    pub fn grade_trigger(&self, kind: &str, grade: &str) -> Option<u16> {
        let same = |trigger: &String| trigger.split_once(':') == Some((kind, grade));
        self.grade_triggers.iter().position(same).map(|place| place as u16)
    }

    /// What a state of registration means; blank is active, an unknown one neutral (`None` tells that it is unknown).
    pub fn state_class(&self, state: &str) -> Option<StateClass> {
        let known = self.entries.states.iter().find(|entry| entry.name == state).map(|entry| entry.class);
        known.or(state.is_empty().then_some(StateClass::Active))
    }
}

/// The states that count if no layer has a `states.toml`.
pub fn default_states() -> Vec<StateEntry> {
    [
        (StateClass::Active, ["存续", "在业", "开业"].as_slice()),
        (StateClass::Neutral, &["歇业", "迁出"]),
        (StateClass::Terminal, &["注销", "死亡"]),
        (StateClass::Adverse, &["吊销", "责令关闭", "撤销登记"]),
    ]
    .into_iter()
    .flat_map(|(class, names)| names.iter().map(move |name| StateEntry { name: (*name).to_owned(), class }))
    .collect()
}

fn measures_of(entries: &Entries, matter: &MatterEntry) -> Box<[u16]> {
    let binds = |measure: &MeasureEntry| {
        // A measure may name a matter by an alias: it binds it all the same.
        measure.matters.iter().any(|code| *code == matter.code || matter.aliases.contains(code))
            || measure.tags.iter().any(|tag| matter.tags.contains(tag))
    };
    let mut found: Vec<u16> = (0..entries.measures.len() as u16)
        .filter(|place| binds(&entries.measures[usize::from(*place)]))
        .collect();
    found.sort_by_key(|place| &entries.measures[usize::from(*place)].code);
    found.into()
}

fn index<'a>(codes: impl Iterator<Item = &'a String>) -> HashMap<String, u16> {
    codes.enumerate().map(|(place, code)| (code.clone(), place as u16)).collect()
}

fn vocabulary<'a>(words: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut words: Vec<String> = words.cloned().collect();
    words.sort();
    words.dedup();
    words
}

fn position(vocabulary: &[String], word: &str) -> Option<u16> {
    vocabulary.iter().position(|known| known == word).map(|place| place as u16)
}

fn places(words: &[String], find: impl Fn(&str) -> Option<u16>) -> Box<[u16]> {
    words.iter().filter_map(|word| find(word)).collect()
}

fn all_if_empty(codes: impl Iterator<Item = u8>) -> u8 {
    match codes.fold(0, |bits, code| bits | 1 << code) {
        0 => u8::MAX,
        bits => bits,
    }
}
