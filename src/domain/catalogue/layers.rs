//! Joining the layers of a catalogue, base first, and refusing what the law does not carry.
//!
//! A later layer may add entries. It may not change one of an earlier layer: that is how neither a list nor
//! a measure is loosened or widened below the authority that made it.

use super::*;
use crate::domain::date::Day;
use std::collections::HashMap;
use std::fmt;

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Path of the file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// An entry and where it stands.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// The entry.
    pub entry: T,
    /// Its place.
    pub at: Place,
}

/// The entries of one folder.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// Name of the folder.
    pub name: String,
    /// `lists.toml`
    pub lists: Vec<Located<ListEntry>>,
    /// `measures.toml`
    pub measures: Vec<Located<MeasureEntry>>,
    /// `matters.toml`
    pub matters: Vec<Located<MatterEntry>>,
    /// `publication.toml`: classes
    pub classes: Vec<Located<ClassEntry>>,
    /// `publication.toml`: rules
    pub rules: Vec<Located<RuleEntry>>,
    /// `publication.toml`: cap
    pub cap: Option<Located<CapEntry>>,
    /// `states.toml`, if there is one
    pub states: Option<Vec<Located<StateEntry>>>,
}

/// Why a catalogue is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct Refusal {
    /// The place of the entry.
    pub at: Place,
    /// What is wrong and what to do.
    pub what: String,
}

/// What is odd about a catalogue, but no reason to refuse it.
pub type Remark = Refusal;

/// The kinds of penalty of the national table, light to heavy.
pub const PENALTY_KINDS: [&str; 13] = [
    "警告",
    "通报批评",
    "罚款",
    "没收违法所得",
    "没收非法财物",
    "暂扣许可证件",
    "降低资质等级",
    "吊销许可证件",
    "限制开展生产经营活动",
    "责令停产停业",
    "责令关闭",
    "限制从业",
    "行政拘留",
];

/// Joins layers, base first. All refusals are told at once.
pub fn join(layers: Vec<Layer>, objection: ObjectionMode) -> Result<(Entries, Vec<Remark>), Vec<Refusal>> {
    let mut joined = Joined::default();
    for (depth, layer) in layers.iter().enumerate() {
        joined.own_codes(depth, layer);
    }
    for layer in &layers {
        joined.references(layer);
        joined.bases(layer);
    }
    joined.count_triggers(&layers);
    joined.count_entries(&layers);
    if !joined.refusals.is_empty() {
        return Err(joined.refusals);
    }
    let mut remarks = joined.remarks;
    let mut rules = layers.iter().flat_map(|layer| &layer.rules).peekable();
    let first = rules.peek().map(|rule| rule.at.clone());
    if let (Some(at), false) = (first, rules.any(|rule| rule.entry.default)) {
        remarks.push(Remark {
            at,
            what: "no rule has default = true: a penalty that no rule matches has no longest term".to_owned(),
        });
    }
    Ok((entries(layers, objection), remarks))
}

fn entries(layers: Vec<Layer>, objection: ObjectionMode) -> Entries {
    let mut all = Entries {
        layers: layers.iter().map(|layer| layer.name.clone()).collect(),
        objection,
        lists: Vec::new(),
        measures: Vec::new(),
        matters: Vec::new(),
        classes: Vec::new(),
        rules: Vec::new(),
        cap: None,
        states: Vec::new(),
    };
    let mut states = None;
    fn bare<T>(located: Vec<Located<T>>) -> impl Iterator<Item = T> {
        located.into_iter().map(|one| one.entry)
    }
    for layer in layers {
        all.lists.extend(bare(layer.lists));
        all.measures.extend(bare(layer.measures));
        all.matters.extend(bare(layer.matters));
        all.classes.extend(bare(layer.classes));
        all.rules.extend(bare(layer.rules));
        all.cap = all.cap.or(layer.cap.map(|cap| cap.entry));
        if let Some(own) = layer.states {
            states.get_or_insert_with(Vec::new).extend(bare(own));
        }
    }
    all.rules.sort_by_key(|rule| rule.default);
    all.states = states.unwrap_or_else(default_states);
    all
}

/// What has been seen of all layers.
#[derive(Default)]
struct Joined {
    seen: HashMap<(&'static str, String), (usize, Place)>,
    refusals: Vec<Refusal>,
    remarks: Vec<Remark>,
}

impl Joined {
    fn refuse(&mut self, at: &Place, what: String) {
        self.refusals.push(Refusal { at: at.clone(), what });
    }

    /// Refuses what an earlier entry already names.
    fn claim(&mut self, kind: &'static str, name: &str, depth: usize, at: &Place) {
        match self.seen.get(&(kind, name.to_owned())) {
            None => {
                self.seen.insert((kind, name.to_owned()), (depth, at.clone()));
            }
            Some((before, place)) if *before < depth => {
                let what = format!(
                    "{kind} `{name}` changes the entry of an earlier layer ({place}); a later layer may add entries only"
                );
                self.refuse(at, what);
            }
            Some((_, place)) => {
                let what = format!("{kind} `{name}` is a duplicate of {place}; keep one");
                self.refuse(at, what);
            }
        }
    }

    fn own_codes(&mut self, depth: usize, layer: &Layer) {
        for list in &layer.lists {
            self.claim("list", &list.entry.code, depth, &list.at);
        }
        for measure in &layer.measures {
            self.claim("measure", &measure.entry.code, depth, &measure.at);
        }
        for matter in &layer.matters {
            for code in std::iter::once(&matter.entry.code).chain(&matter.entry.aliases) {
                self.claim("matter", code, depth, &matter.at);
            }
        }
        for state in layer.states.iter().flatten() {
            self.claim("state", &state.entry.name, depth, &state.at);
        }
        for rule in layer.rules.iter().filter(|rule| rule.entry.default) {
            self.claim("rule", "default", depth, &rule.at);
        }
        if let Some(cap) = &layer.cap {
            self.claim("cap", "longest", depth, &cap.at);
        }
        self.classes(depth, layer);
    }

    /// A class has a row for each law, all in one layer.
    fn classes(&mut self, depth: usize, layer: &Layer) {
        let mut rows: HashMap<(&str, Option<Day>), &Place> = HashMap::new();
        for class in &layer.classes {
            let ClassEntry { name, from, .. } = &class.entry;
            if let Some(place) = rows.insert((name, *from), &class.at) {
                self.refuse(
                    &class.at,
                    format!("class `{name}` has two rows from the same day (see {place})"),
                );
            }
            match self.seen.get(&("class", name.clone())) {
                Some((before, _)) if *before == depth => {}
                _ => self.claim("class", name, depth, &class.at),
            }
        }
    }

    fn known(&self, kind: &'static str, name: &str) -> bool {
        self.seen.contains_key(&(kind, name.to_owned()))
    }

    fn references(&mut self, layer: &Layer) {
        for Located { entry, at } in &layer.measures {
            for code in
                entry.lists.iter().filter(|code| !self.known("list", code)).cloned().collect::<Vec<_>>()
            {
                self.refuse(at, format!("measure `{}` names the unknown list `{code}`", entry.code));
            }
            for code in
                entry.matters.iter().filter(|code| !self.known("matter", code)).cloned().collect::<Vec<_>>()
            {
                self.refuse(at, format!("measure `{}` names the unknown matter `{code}`", entry.code));
            }
            let parted =
                |grade: &str| grade.split_once(':').is_some_and(|(k, g)| !k.is_empty() && !g.is_empty());
            for grade in entry.grades.iter().filter(|grade| !parted(grade)) {
                let what = format!("measure `{}` has the grade `{grade}`, expected `kind:grade`", entry.code);
                self.refuse(at, what);
            }
            self.penalties(&entry.penalties, at);
        }
        for Located { entry, at } in &layer.rules {
            if !self.known("class", &entry.class) {
                self.refuse(at, format!("a rule names the unknown class `{}`", entry.class));
            }
            let RuleEntry { procedure, fine_from, fine_below, penalties, .. } = entry;
            let conditions = procedure.is_some() || fine_from.is_some() || fine_below.is_some();
            if entry.default && (conditions || !penalties.is_empty()) {
                let what = "the default rule has conditions: they are not read, since it takes what is left";
                self.remarks.push(Remark { at: at.clone(), what: what.to_owned() });
            }
            self.penalties(&entry.penalties, at);
        }
    }

    /// Other kinds than the national ones are met in practice, so a strange one is only remarked.
    fn penalties(&mut self, kinds: &[String], at: &Place) {
        for kind in kinds {
            if !PENALTY_KINDS.contains(&kind.as_str()) && !kind.starts_with("其他") {
                let what = format!(
                    "`{kind}` is no kind of penalty of the national table; it matches only rows that say so"
                );
                self.remarks.push(Remark { at: at.clone(), what });
            }
        }
    }

    fn bases(&mut self, layer: &Layer) {
        for Located { entry, at } in &layer.lists {
            self.basis(&format!("list `{}`", entry.code), &entry.basis, at);
            if entry.severity.is_none() && entry.effect != Effect::Favour {
                self.refuse(at, format!("list `{}` has no severity: minor, ordinary or serious", entry.code));
            }
            if entry.effect == Effect::Favour && !entry.extends_to.is_empty() {
                let what = format!("list `{}` favours: its entries are shown to nobody else", entry.code);
                self.remarks.push(Remark { at: at.clone(), what });
            }
        }
        for Located { entry, at } in &layer.measures {
            self.basis(&format!("measure `{}`", entry.code), &entry.basis, at);
            let quoted = entry.clause.as_deref().is_some_and(|clause| !clause.trim().is_empty());
            if entry.binding == Binding::Mandatory && !quoted {
                let what = format!(
                    "measure `{}` is mandatory without a clause: quote the words that direct it, or make it discretionary",
                    entry.code
                );
                self.refuse(at, what);
            }
            if entry.effect != MeasureEffect::Favour && !entry.grants.is_empty() {
                let what = format!("measure `{}` does not favour: what it grants is not read", entry.code);
                self.remarks.push(Remark { at: at.clone(), what });
            }
        }
        if let Some(Located { entry, at }) = &layer.cap {
            self.basis("the cap", &entry.basis, at);
        }
    }

    fn basis(&mut self, what: &str, basis: &[String], at: &Place) {
        if basis.iter().all(|one| one.trim().is_empty()) {
            self.refuse(
                at,
                format!("{what} has no basis: no list and no measure without a law that carries it"),
            );
        }
    }

    fn count_triggers(&mut self, layers: &[Layer]) {
        let measures = layers.iter().flat_map(|layer| &layer.measures);
        let kinds = vocabulary(measures.flat_map(|measure| &measure.entry.penalties));
        if kinds.len() > PENALTY_TRIGGERS_MAX
            && let Some(measure) = layers.iter().flat_map(|layer| &layer.measures).last()
        {
            let what = format!(
                "measures name {} kinds of penalty, at most {PENALTY_TRIGGERS_MAX} are possible: join some",
                kinds.len()
            );
            let at = measure.at.clone();
            self.refuse(&at, what);
        }
    }

    fn count_entries(&mut self, layers: &[Layer]) {
        fn past<'a, T: 'a>(mut all: impl Iterator<Item = &'a Located<T>>) -> Option<Place> {
            all.nth(ENTRIES_MAX).map(|one| one.at.clone())
        }
        for (kind, first_too_many) in [
            ("lists", past(layers.iter().flat_map(|layer| &layer.lists))),
            ("measures", past(layers.iter().flat_map(|layer| &layer.measures))),
            ("matters", past(layers.iter().flat_map(|layer| &layer.matters))),
        ] {
            if let Some(at) = first_too_many {
                self.refuse(&at, format!("the catalogue has more than {ENTRIES_MAX} {kind}: leave out some"));
            }
        }
    }
}
