//! The catalogue folder, read as it stands: this model does not judge it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::dates::{Day, Term};

#[derive(Deserialize)]
struct Head {
    layers: Vec<String>,
    #[serde(default)]
    objection: String,
}

#[derive(Clone, Deserialize)]
pub(crate) struct List {
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) effect: String,
    term: String,
    #[serde(default)]
    ground_terms: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) extends_to: Vec<String>,
    #[serde(default)]
    pub(crate) bars: Vec<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Measure {
    pub(crate) code: String,
    pub(crate) title: String,
    pub(crate) effect: String,
    pub(crate) binding: String,
    pub(crate) clause: String,
    pub(crate) lists: Vec<String>,
    pub(crate) penalties: Vec<String>,
    pub(crate) grades: Vec<String>,
    pub(crate) commitments: Vec<String>,
    matters: Vec<String>,
    tags: Vec<String>,
    stages: Vec<String>,
    kinds: Vec<String>,
    pub(crate) grants: Vec<String>,
    from: Option<String>,
    to: Option<String>,
    pub(crate) authority: String,
    pub(crate) basis: Vec<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Matter {
    pub(crate) code: String,
    aliases: Vec<String>,
    tags: Vec<String>,
    pub(crate) commitment: bool,
    pub(crate) tolerance: bool,
    pub(crate) persons: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Class {
    name: String,
    pub(crate) published: bool,
    longest: String,
    pub(crate) bars: Vec<String>,
    from: Option<String>,
    default: bool,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Rule {
    penalties: Vec<String>,
    procedure: Option<String>,
    fine_from: Option<String>,
    fine_below: Option<String>,
    class: String,
    default: bool,
}

#[derive(Clone, Deserialize)]
struct Cap {
    longest: String,
}

#[derive(Clone, Deserialize)]
struct State {
    name: String,
    class: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Layer {
    list: Vec<List>,
    measure: Vec<Measure>,
    matter: Vec<Matter>,
    class: Vec<Class>,
    rule: Vec<Rule>,
    cap: Option<Cap>,
    state: Vec<State>,
}

pub(crate) struct Catalogue {
    /// `objection = "attention"`.
    pub(crate) objection_restricts_nothing: bool,
    lists: Vec<List>,
    pub(crate) measures: Vec<Measure>,
    pub(crate) matters: Vec<Matter>,
    classes: Vec<Class>,
    rules: Vec<Rule>,
    cap: Option<Term>,
    states: Option<Vec<State>>,
}

fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

impl Catalogue {
    pub(crate) fn load(folder: &Path) -> Result<Catalogue, String> {
        let head: Head = read_toml(&folder.join("catalog.toml"))?;
        let mut all = Catalogue {
            objection_restricts_nothing: head.objection == "attention",
            lists: vec![],
            measures: vec![],
            matters: vec![],
            classes: vec![],
            rules: vec![],
            cap: None,
            states: None,
        };
        for layer in &head.layers {
            for file in ["lists.toml", "measures.toml", "matters.toml", "publication.toml", "states.toml"] {
                let path = folder.join(layer).join(file);
                if !path.exists() {
                    continue;
                }
                let part: Layer = read_toml(&path)?;
                all.lists.extend(part.list);
                all.measures.extend(part.measure);
                all.matters.extend(part.matter);
                all.classes.extend(part.class);
                all.rules.extend(part.rule);
                if let (None, Some(cap)) = (all.cap, part.cap) {
                    all.cap = Term::read(&cap.longest);
                }
                if file == "states.toml" {
                    all.states.get_or_insert_default().extend(part.state);
                }
            }
        }
        Ok(all)
    }

    pub(crate) fn list(&self, code: &str) -> Option<&List> {
        self.lists.iter().find(|list| list.code == code)
    }

    /// A matter by its code or by one of its aliases.
    pub(crate) fn matter(&self, code: &str) -> Option<&Matter> {
        let named = |matter: &&Matter| matter.code == code || matter.aliases.iter().any(|a| a == code);
        self.matters.iter().find(named)
    }

    /// The last day of a term under the cap on everything, if there is a cap.
    pub(crate) fn cap_from(&self, day: Day) -> Option<Day> {
        self.cap.map(|term| term.last_day(day))
    }

    pub(crate) fn state_class(&self, state: Option<&str>) -> String {
        let name = state.unwrap_or("");
        if let Some(states) = &self.states {
            let listed = states.iter().find(|state| state.name == name);
            let otherwise = if name.is_empty() { "active" } else { "neutral" };
            return listed.map_or(otherwise, |state| &state.class).to_owned();
        }
        match name {
            "" | "存续" | "在业" | "开业" => "active",
            "注销" | "死亡" => "terminal",
            "吊销" | "责令关闭" | "撤销登记" => "adverse",
            _ => "neutral",
        }
        .to_owned()
    }

    /// The publication class of a penalty: the first rule that it meets, else the default.
    pub(crate) fn class_of(&self, penalty: &Penalty<'_>) -> Option<&Class> {
        let rule = self.rules.iter().find(|rule| !rule.default && rule.meets(penalty));
        let named = match rule {
            Some(rule) => Some(&rule.class),
            None => (self.classes.iter().find(|c| c.default).map(|c| &c.name))
                .or_else(|| self.rules.iter().find(|r| r.default).map(|r| &r.class)),
        }?;
        let mut rows: Vec<&Class> = self.classes.iter().filter(|class| &class.name == named).collect();
        rows.sort_by_key(|class| class.first_day());
        let in_force = rows.iter().rev().find(|c| c.first_day().is_none_or(|from| from <= penalty.decided));
        in_force.or(rows.first()).copied()
    }
}

/// What a publication rule looks at.
pub(crate) struct Penalty<'a> {
    pub(crate) kinds: &'a [String],
    pub(crate) procedure: Option<&'a str>,
    /// In millionths of 万元.
    pub(crate) fine: Option<u128>,
    pub(crate) decided: Day,
}

impl Rule {
    fn meets(&self, penalty: &Penalty<'_>) -> bool {
        let kind = self.penalties.is_empty() || self.penalties.iter().any(|k| penalty.kinds.contains(k));
        let procedure = self.procedure.is_none() || self.procedure.as_deref() == penalty.procedure;
        let bound = |text: &Option<String>| text.as_deref().and_then(amount);
        let from =
            self.fine_from.is_none() || penalty.fine.is_some_and(|f| Some(f) >= bound(&self.fine_from));
        let below =
            self.fine_below.is_none() || penalty.fine.is_some_and(|f| Some(f) < bound(&self.fine_below));
        kind && procedure && from && below
    }
}

impl Class {
    fn first_day(&self) -> Option<Day> {
        self.from.as_deref().and_then(Day::read)
    }

    pub(crate) fn last_day(&self, decided: Day) -> Option<Day> {
        Term::read(&self.longest).map(|term| term.last_day(decided))
    }
}

impl List {
    /// The last day of an entry, if it has one: the ground's term stands before the list's.
    pub(crate) fn last_day(&self, since: Day, ground: Option<&str>, given: Option<Day>) -> Option<Day> {
        let term = ground.and_then(|g| self.ground_terms.get(g)).unwrap_or(&self.term);
        let by_term = Term::read(term).map(|term| term.last_day(since));
        [given, by_term].into_iter().flatten().min()
    }
}

impl Measure {
    /// Whether it is meant for this matter, stage and kind on this day, triggered or not.
    pub(crate) fn is_for(&self, matter: &Matter, stage: &str, kind: &str, on: Day) -> bool {
        let here = self.matters.contains(&matter.code) || self.tags.iter().any(|t| matter.tags.contains(t));
        let now = self.stages.is_empty() || self.stages.iter().any(|s| s == stage);
        let them = self.kinds.is_empty() || self.kinds.iter().any(|k| k == kind);
        let begun = self.from.as_deref().and_then(Day::read).is_none_or(|from| from <= on);
        let ended = self.to.as_deref().and_then(Day::read).is_some_and(|to| to < on);
        here && now && them && begun && !ended
    }
}

/// A decimal of at most eighteen digits, six of them behind the point, in millionths.
pub(crate) fn amount(text: &str) -> Option<u128> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    if whole.is_empty() || whole.len() > 12 || rest.len() > 6 || !digits(whole) || !digits(rest) {
        return None;
    }
    format!("{whole}{rest:0<6}").parse().ok()
}
