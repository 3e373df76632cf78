//! One test a rule of `api.md`, on a small catalogue made by hand.

mod bindings;
mod verdicts;

use super::*;
use crate::domain::catalogue::{
    Entries, Footing, ListEntry, ListTerm, MatterEntry, Severity, default_states,
};

const BANNED: &str = "government-procurement";
const ABNORMAL: &str = "abnormal";
const RED: &str = "tax-a";

fn today() -> Day {
    "2026-11-21".parse().unwrap()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn list(code: &str, effect: Effect) -> ListEntry {
    ListEntry {
        code: code.to_owned(),
        title: code.to_owned(),
        effect,
        severity: (effect != Effect::Favour).then_some(Severity::Serious),
        term: ListTerm::UntilRemoved,
        ground_terms: vec![],
        extends_to: vec![],
        bars: vec![],
        authority: "an authority".to_owned(),
        basis: owned(&["a law"]),
        verified: true,
    }
}

fn measure(code: &str, effect: MeasureEffect, change: impl FnOnce(&mut MeasureEntry)) -> MeasureEntry {
    let mut measure = MeasureEntry {
        code: code.to_owned(),
        title: code.to_owned(),
        effect,
        binding: Binding::Discretionary,
        clause: None,
        lists: vec![],
        penalties: vec![],
        grades: vec![],
        commitments: vec![],
        matters: vec![],
        tags: owned(&["procurement"]),
        stages: vec![],
        kinds: vec![],
        grants: vec![],
        from: None,
        to: None,
        authority: "an authority".to_owned(),
        basis: owned(&["a law"]),
    };
    change(&mut measure);
    measure
}

fn mandatory(code: &str, change: impl FnOnce(&mut MeasureEntry)) -> MeasureEntry {
    measure(code, MeasureEffect::Punish, |measure| {
        measure.binding = Binding::Mandatory;
        measure.clause = Some("the words".to_owned());
        change(measure);
    })
}

fn matter(code: &str, tags: &[&str]) -> MatterEntry {
    MatterEntry {
        code: code.to_owned(),
        aliases: vec![],
        title: code.to_owned(),
        department: "a department".to_owned(),
        tags: owned(tags),
        commitment: true,
        tolerance: true,
        persons: Footing::Statutory,
    }
}

/// Matter 0 bears the tag of every measure, matter 1 none.
fn catalogue(measures: Vec<MeasureEntry>, objection: ObjectionMode) -> Catalogue {
    Catalogue::new(Entries {
        layers: owned(&["base"]),
        objection,
        lists: vec![
            list(BANNED, Effect::Punish),
            list(ABNORMAL, Effect::Attention),
            list(RED, Effect::Favour),
        ],
        measures,
        matters: vec![matter("370402-000131", &["procurement"]), matter("370402-000132", &[])],
        classes: vec![],
        rules: vec![],
        cap: None,
        states: default_states(),
    })
}

fn id(number: u8) -> RecordId {
    RecordId([number; 16])
}

fn hit(number: u8, category: Category, effect: Effect) -> Hit {
    Hit {
        record: id(number),
        category,
        effect,
        relation: Relation::Own,
        since: Some("2026-05-01".parse().unwrap()),
        until: None,
        objection: false,
        bars: Bars::default(),
        place: 0,
    }
}

fn listed(number: u8) -> Hit {
    hit(number, Category::List(0), Effect::Punish)
}

fn favoured(number: u8) -> Hit {
    hit(number, Category::List(2), Effect::Favour)
}

fn grade(number: u8, trigger: Option<u16>) -> Grade {
    Grade { record: id(number), trigger, date: today(), place: 0 }
}

fn state() -> Hit {
    Hit { since: None, record: RecordId::STATE, ..hit(0, Category::State, Effect::Attention) }
}

/// A question and its answer, told by what differs from an active enterprise, asked for matter 0 at acceptance.
struct Asked {
    catalogue: Catalogue,
    fresh_until: Vec<Day>,
    matter: MatterAsked,
    stage: Stage,
    day: Day,
    kind: SubjectKind,
    state: Option<StateClass>,
    name_match: NameMatch,
    work: Workspace,
}

impl Asked {
    fn with(measures: Vec<MeasureEntry>) -> Asked {
        Asked {
            catalogue: catalogue(measures, ObjectionMode::Counts),
            fresh_until: vec![Day::OPEN; 3],
            matter: MatterAsked::Known(0),
            stage: Stage::Acceptance,
            day: today(),
            kind: SubjectKind::Enterprise,
            state: Some(StateClass::Active),
            name_match: NameMatch::Current,
            work: Workspace::default(),
        }
    }

    fn decide(&mut self, hits: &[Hit], grades: &[Grade]) -> Decision {
        self.work.clear();
        self.work.hits.extend_from_slice(hits);
        self.work.grades.extend_from_slice(grades);
        let situation = Situation {
            catalogue: &self.catalogue,
            fresh_until: &self.fresh_until,
            matter: self.matter,
            stage: self.stage,
            day: self.day,
            kind: self.kind,
            state: self.state,
            name_match: self.name_match,
        };
        decide(&situation, &mut self.work)
    }

    fn verdict(&mut self, hits: &[Hit]) -> Verdict {
        self.decide(hits, &[]).verdict
    }

    /// The codes of the measures that bound in the last answer.
    fn measures(&self) -> Vec<&str> {
        let code = |bound: &Bound| self.catalogue.measure_at(bound.measure).unwrap().0.code.as_str();
        self.work.measures().iter().map(code).collect()
    }

    fn because(&self, place: usize) -> &[RecordId] {
        self.work.because(&self.work.measures()[place])
    }
}

fn ban() -> MeasureEntry {
    mandatory("GP-77", |measure| measure.lists = owned(&[BANNED]))
}

fn favour() -> MeasureEntry {
    measure("SD-26", MeasureEffect::Favour, |measure| {
        measure.lists = owned(&[RED]);
        measure.grants = vec![Grant::GreenChannel];
    })
}
