//! The verdict of a check: [`decide`] reads what is visible of a subject on a day and says what follows for a matter.
//!
//! No allocation: the caller owns a [`Workspace`] and uses it for one check after another.

use super::catalogue::{
    Barred, Bars, Binding, Catalogue, Conditions, Effect, Grant, MeasureEffect, MeasureEntry, ObjectionMode,
    Stage,
};
use super::date::Day;
use super::record::{Fulfilment, RecordId};
use super::subject::{NameMatch, StateClass, SubjectKind};

#[cfg(test)]
mod tests;

/// What a check answers, gravest first but for `Unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No such subject, or a person whose name does not match. Never to be read as clear.
    Unknown,
    /// The law directs the department to refuse or limit.
    Restricted,
    /// Something adverse is visible, or the name does not match.
    Attention,
    /// It would be favoured or clear, but data that matter are stale, or the matter is not known.
    Incomplete,
    /// A favouring measure binds, and nothing adverse is visible.
    Favoured,
    /// Found, and nothing of the above.
    Clear,
}

impl Verdict {
    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Unknown => "unknown",
            Verdict::Restricted => "restricted",
            Verdict::Attention => "attention",
            Verdict::Incomplete => "incomplete",
            Verdict::Favoured => "favoured",
            Verdict::Clear => "clear",
        }
    }
}

/// What a hit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// An entry of the list at this index of the catalogue.
    List(u16),
    /// A penalty; the bits of its kinds that trigger measures.
    Penalty(u32),
    /// A broken commitment.
    Commitment(Fulfilment),
    /// An adverse or terminal state of registration.
    State,
}

impl Category {
    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            Category::List(_) => "list",
            Category::Penalty(_) => "penalty",
            Category::Commitment(_) => "commitment",
            Category::State => "state",
        }
    }
}

/// Whose entry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The subject's own.
    Own,
    /// Of the legal representative of the subject.
    LegalRepresentative,
    /// Of an organisation that the subject represents.
    Represents,
}

impl Relation {
    /// The contract's word; none for the subject's own.
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Relation::Own => None,
            Relation::LegalRepresentative => Some("legal-representative"),
            Relation::Represents => Some("represents"),
        }
    }
}

/// An entry that is visible on the day of the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Name of the record; [`RecordId::STATE`] of a state.
    pub record: RecordId,
    /// What it is.
    pub category: Category,
    /// What it means for the verdict.
    pub effect: Effect,
    /// Whose it is.
    pub relation: Relation,
    /// Its own date; none of a state.
    pub since: Option<Day>,
    /// Its last day; none: open.
    pub until: Option<Day>,
    /// It is under objection.
    pub objection: bool,
    /// What it bars.
    pub bars: Bars,
    /// Where the caller finds the rest of it.
    pub place: u32,
}

/// The latest visible evaluation of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grade {
    /// Name of the record.
    pub record: RecordId,
    /// Its place among the grades that trigger measures.
    pub trigger: Option<u16>,
    /// Its date.
    pub date: Day,
    /// Where the caller finds the rest of it.
    pub place: u32,
}

/// A measure that binds, with a range of [`Workspace::because`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Index in the catalogue.
    pub measure: u16,
    first: u32,
    end: u32,
}

/// What checks are worked out in, kept from one to the next.
#[derive(Debug, Default)]
pub struct Workspace {
    /// The visible entries; `decide` puts them in the order of the reply.
    pub hits: Vec<Hit>,
    /// The latest visible evaluation of each kind.
    pub grades: Vec<Grade>,
    measures: Vec<Bound>,
    because: Vec<RecordId>,
}

impl Workspace {
    /// Empties it for the next check.
    pub fn clear(&mut self) {
        self.hits.clear();
        self.grades.clear();
        self.measures.clear();
        self.because.clear();
    }

    /// The measures that bind, by code.
    pub fn measures(&self) -> &[Bound] {
        &self.measures
    }

    /// The records that trigger a measure, in order.
    pub fn because(&self, bound: &Bound) -> &[RecordId] {
        self.because.get(bound.first as usize..bound.end as usize).unwrap_or_default()
    }
}

/// The matter of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatterAsked {
    /// None was named.
    Unnamed,
    /// The matter at this index of the catalogue.
    Known(u16),
    /// A matter that the catalogue lacks, of a caller that is answered all the same.
    Unlisted,
}

/// All that a verdict depends on beside the visible entries.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// For each list of the catalogue the last day on which its sources are fresh.
    pub fresh_until: &'a [Day],
    /// The matter.
    pub matter: MatterAsked,
    /// The stage of the case.
    pub stage: Stage,
    /// The day in UTC+8.
    pub day: Day,
    /// What the subject is.
    pub kind: SubjectKind,
    /// What its state means; none for a subject that no register knows.
    pub state: Option<StateClass>,
    /// How the names compare.
    pub name_match: NameMatch,
}

/// May a facilitation be used?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facility {
    /// Not offered for the matter, or no matter named.
    Unavailable,
    /// Offered, but something visible bars it.
    Barred,
    /// Offered and open.
    Eligible,
}

impl Facility {
    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            Facility::Unavailable => "unavailable",
            Facility::Barred => "barred",
            Facility::Eligible => "eligible",
        }
    }
}

/// The verdict and what facilitation it leaves. Hits and measures stand in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// 告知承诺制
    pub commitment: Facility,
    /// 容缺受理
    pub tolerance: Facility,
    /// 绿色通道
    pub green_channel: bool,
}

impl Decision {
    /// Of a subject that is not found.
    pub const UNKNOWN: Decision = Decision {
        verdict: Verdict::Unknown,
        commitment: Facility::Unavailable,
        tolerance: Facility::Unavailable,
        green_channel: false,
    };
}

/// Decides by the table of `api.md`: the first verdict that applies.
pub fn decide(situation: &Situation<'_>, work: &mut Workspace) -> Decision {
    work.hits.sort_unstable_by(|a, b| {
        a.effect.cmp(&b.effect).then(b.since.cmp(&a.since)).then(a.record.cmp(&b.record))
    });
    let adverse = work.hits.iter().any(|hit| hit.effect != Effect::Favour);
    let binding = bind(situation, work, MeasureEffect::Punish);
    bind(situation, work, MeasureEffect::Supervise);
    let verdict = if binding.restricts {
        Verdict::Restricted
    } else if adverse || binding.any || situation.name_match == NameMatch::None {
        Verdict::Attention
    } else if situation.matter == MatterAsked::Unlisted || stale_list_matters(situation) {
        Verdict::Incomplete
    } else if bind(situation, work, MeasureEffect::Favour).any {
        Verdict::Favoured
    } else {
        Verdict::Clear
    };
    by_code(situation.catalogue, &mut work.measures);
    let grants = |bound: &Bound| {
        situation.catalogue.measure_at(bound.measure).is_some_and(|(m, _)| {
            m.effect == MeasureEffect::Favour && m.grants.contains(&Grant::GreenChannel)
        })
    };
    Decision {
        verdict,
        commitment: facility(situation, work, Barred::Commitment),
        tolerance: facility(situation, work, Barred::Tolerance),
        green_channel: verdict == Verdict::Favoured && work.measures.iter().any(grants),
    }
}

/// What the punishing measures that bind come to.
struct Binds {
    any: bool,
    restricts: bool,
}

/// Adds the measures of one effect that bind the matter to the workspace.
fn bind(situation: &Situation<'_>, work: &mut Workspace, effect: MeasureEffect) -> Binds {
    let mut found = Binds { any: false, restricts: false };
    if work.hits.is_empty() && work.grades.iter().all(|grade| grade.trigger.is_none()) {
        // As of most subjects: nothing is there to trigger anything.
        return found;
    }
    for (index, measure, conditions) in measures(situation, effect) {
        let first = work.because.len();
        let triggers = work.hits.iter().filter(|hit| triggers(conditions, hit));
        let unobjected = situation.catalogue.entries().objection == ObjectionMode::Counts;
        let mut counts = false;
        for hit in triggers {
            counts |= unobjected || !hit.objection;
            work.because.push(hit.record);
        }
        for grade in &work.grades {
            if grade.trigger.is_some_and(|trigger| conditions.grades.contains(&trigger)) {
                counts = true;
                work.because.push(grade.record);
            }
        }
        let end = work.because.len();
        if end > first {
            work.because[first..].sort_unstable();
            work.measures.push(Bound { measure: index, first: first as u32, end: end as u32 });
            found.any = true;
            found.restricts |= counts && measure.binding == Binding::Mandatory;
        }
    }
    found
}

/// The measures of one effect that the catalogue binds to this matter, stage, kind and day.
fn measures<'a>(
    situation: &Situation<'a>,
    effect: MeasureEffect,
) -> impl Iterator<Item = (u16, &'a MeasureEntry, &'a Conditions)> {
    let Situation { catalogue, stage, kind, day, matter, .. } = *situation;
    let candidates = match matter {
        MatterAsked::Known(matter) => catalogue.measures_of(matter),
        MatterAsked::Unnamed | MatterAsked::Unlisted => &[],
    };
    // Supervising measures advise inspections and nobody else.
    let out_of_place = effect == MeasureEffect::Supervise && stage != Stage::Inspection;
    let candidates = if out_of_place { &[] } else { candidates };
    candidates.iter().filter_map(move |index| {
        let (measure, conditions) = catalogue.measure_at(*index)?;
        (measure.effect == effect && conditions.hold(stage, kind, day))
            .then_some((*index, measure, conditions))
    })
}

/// Another's entry triggers nothing: no guilt by association.
fn triggers(conditions: &Conditions, hit: &Hit) -> bool {
    hit.relation == Relation::Own
        && match hit.category {
            Category::List(list) => conditions.lists.contains(&list),
            Category::Penalty(kinds) => conditions.penalties & kinds != 0,
            Category::Commitment(fulfilment) => conditions.commitment(fulfilment),
            Category::State => false,
        }
}

/// A stale list could hide an entry that a punishing measure of this matter would need.
fn stale_list_matters(situation: &Situation<'_>) -> bool {
    let fresh =
        |list: &u16| situation.fresh_until.get(usize::from(*list)).is_none_or(|last| situation.day <= *last);
    measures(situation, MeasureEffect::Punish).any(|(_, _, conditions)| !conditions.lists.iter().all(fresh))
}

fn facility(situation: &Situation<'_>, work: &Workspace, facility: Barred) -> Facility {
    let matter = match situation.matter {
        MatterAsked::Known(index) => situation.catalogue.matter_at(index),
        MatterAsked::Unnamed | MatterAsked::Unlisted => None,
    };
    let offered = matter.is_some_and(|matter| match facility {
        Barred::Commitment => matter.commitment,
        Barred::Tolerance => matter.tolerance,
    });
    let bars = |hit: &Hit| {
        hit.relation == Relation::Own
            && (hit.bars.holds(facility) || matches!(hit.category, Category::Commitment(_) | Category::State))
    };
    if !offered {
        Facility::Unavailable
    } else if work.hits.iter().any(bars) || situation.state.is_some_and(StateClass::is_hit) {
        Facility::Barred
    } else {
        Facility::Eligible
    }
}

/// Measures of several effects were added one after the other; the reply has them by code.
fn by_code(catalogue: &Catalogue, measures: &mut [Bound]) {
    let measure =
        |bound: &Bound| catalogue.measure_at(bound.measure).map(|(measure, _)| measure.code.as_str());
    measures.sort_unstable_by(|a, b| measure(a).cmp(&measure(b)));
}
