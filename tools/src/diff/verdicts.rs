//! Whose verdict changed. Both verdicts come from the `decide` of the checks, at acceptance, as a caller with every
//! right gets them who gives the right name.

use super::merge::{Moved, Step, walk};
use super::side::{At, DiffError, Side};
use std::collections::{BTreeMap, HashMap};
use xinhe::check::gather;
use xinhe::domain::catalogue::{Footing, Stage};
use xinhe::domain::subject::{NameMatch, StateClass, SubjectKind};
use xinhe::domain::verdict::{Grade, Hit, MatterAsked, Relation, Situation, Verdict, Workspace, decide};
use xinhe::snapshot::Overlay;

/// A verdict that changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct VerdictChange<'s> {
    pub(super) matter: &'s str,
    pub(super) old: Verdict,
    pub(super) new: Verdict,
}

/// What the verdict on a subject without any entry depends on; none: no such subject.
type Plain = Option<(SubjectKind, Option<StateClass>)>;

/// Places of a matter in the catalogues, and its code.
type Matter<'s> = (u16, u16, &'s str);

/// Compares verdicts, subject after subject.
pub(super) struct Verdicts<'s> {
    old: Judge<'s>,
    new: Judge<'s>,
    /// Those that both catalogues have.
    matters: Vec<Matter<'s>>,
    /// The same entries lead to the same verdicts.
    same_rules: bool,
    /// Most subjects have no entry, and share their changes with all that are like them.
    plain: HashMap<(Plain, Plain), Vec<VerdictChange<'s>>>,
    found: Vec<VerdictChange<'s>>,
}

impl<'s> Verdicts<'s> {
    pub(super) fn new(old: &'s Side, new: &'s Side) -> Result<Verdicts<'s>, DiffError> {
        let matters = new.catalogue.entries().matters.iter().filter_map(|matter| {
            let here = new.catalogue.matter(&matter.code)?;
            Some((old.catalogue.matter(&matter.code)?, here, matter.code.as_str()))
        });
        Ok(Verdicts {
            matters: matters.collect(),
            same_rules: same_rules(old, new),
            old: Judge::new(old),
            new: Judge::new(new),
            plain: HashMap::new(),
            found: Vec::new(),
        })
    }

    /// The verdicts on a subject that changed; `None` is a release that does not know it.
    pub(super) fn changed(
        &mut self,
        was: Option<At>,
        is: Option<At>,
    ) -> Result<&[VerdictChange<'s>], DiffError> {
        self.old.look(was)?;
        self.new.look(is)?;
        if self.old.is_plain() && self.new.is_plain() {
            let key = (self.old.subject, self.new.subject);
            if !self.plain.contains_key(&key) {
                self.decide();
                self.plain.insert(key, self.found.clone());
            }
            return Ok(self.plain.get(&key).map_or(&[], Vec::as_slice));
        }
        if self.same_rules && self.old.same(&self.new) {
            return Ok(&[]);
        }
        self.decide();
        Ok(&self.found)
    }

    fn decide(&mut self) {
        self.found.clear();
        for (there, here, matter) in &self.matters {
            let (old, new) = (self.old.verdict(*there), self.new.verdict(*here));
            if old != new {
                self.found.push(VerdictChange { matter, old, new });
            }
        }
    }
}

/// Whether nothing but a subject's own entries, kind and state can change a verdict.
fn same_rules(old: &Side, new: &Side) -> bool {
    let in_force = |side: &Side| -> Vec<bool> {
        let measures = side.catalogue.entries().measures.iter();
        let begun = |from: Option<_>| from.is_none_or(|from| from <= side.day);
        let lasts = |to: Option<_>| to.is_none_or(|to| side.day <= to);
        measures.map(|measure| begun(measure.from) && lasts(measure.to)).collect()
    };
    old.catalogue.entries() == new.catalogue.entries()
        && old.stale() == new.stale()
        && in_force(old) == in_force(new)
}

/// One release, giving verdicts.
struct Judge<'s> {
    side: &'s Side,
    subject: Plain,
    hits: Vec<Hit>,
    grades: Vec<Grade>,
    work: Workspace,
}

impl<'s> Judge<'s> {
    fn new(side: &'s Side) -> Judge<'s> {
        Judge { side, subject: None, hits: Vec::new(), grades: Vec::new(), work: Workspace::default() }
    }

    /// Gathers what may be seen of a subject, linked entries too.
    fn look(&mut self, at: Option<At>) -> Result<(), DiffError> {
        self.work.clear();
        self.subject = None;
        if let Some(at) = at {
            let (part, standing) = self.side.standing(at)?;
            self.subject = Some((standing.kind(), standing.state_class()));
            gather(&Overlay::default(), part, &standing, self.side.day, true, &mut self.work)
                .map_err(|error| self.side.damaged(at.part, error))?;
        }
        self.hits.clear();
        self.hits.append(&mut self.work.hits);
        self.grades.clear();
        self.grades.append(&mut self.work.grades);
        Ok(())
    }

    /// Whether kind and state say all.
    fn is_plain(&self) -> bool {
        let state = self.subject.and_then(|(_, state)| state).is_some_and(StateClass::is_hit);
        self.grades.is_empty() && self.hits.len() == usize::from(state)
    }

    /// Whether the other release shows what leads to the same verdicts under the same rules.
    fn same(&self, other: &Judge<'_>) -> bool {
        let alike = |a: &Hit, b: &Hit| {
            (a.record, a.category, a.effect, a.relation) == (b.record, b.category, b.effect, b.relation)
                && (a.objection, a.bars) == (b.objection, b.bars)
        };
        self.subject == other.subject
            && self.hits.len() == other.hits.len()
            && self.hits.iter().zip(&other.hits).all(|(a, b)| alike(a, b))
            && self.grades.iter().map(|g| g.trigger).eq(other.grades.iter().map(|g| g.trigger))
    }

    fn verdict(&mut self, matter: u16) -> Verdict {
        let Some((kind, state)) = self.subject else { return Verdict::Unknown };
        let footing = self.side.catalogue.matter_at(matter).map(|matter| matter.persons);
        let linked = footing.is_some_and(|footing| footing != Footing::None);
        self.work.clear();
        let shown = self.hits.iter().filter(|hit| linked || hit.relation == Relation::Own);
        self.work.hits.extend(shown);
        self.work.grades.extend_from_slice(&self.grades);
        let situation = Situation {
            catalogue: &self.side.catalogue,
            fresh_until: &self.side.fresh_until,
            matter: MatterAsked::Known(matter),
            stage: Stage::Acceptance,
            day: self.side.day,
            kind,
            state,
            name_match: NameMatch::Current,
        };
        decide(&situation, &mut self.work).verdict
    }
}

/// For each matter of both catalogues how many verdicts changed, of how many subjects that both releases hold.
/// Subjects that came or went are for other guardrails to count. Quick where little changed: subjects without entries
/// share one decision, and those whose entries are as before need none.
///
/// `progress` is told how many subjects were walked, of how many.
pub fn verdicts_changed(
    old: &Side,
    new: &Side,
    progress: &dyn Fn(u64, u64),
) -> Result<BTreeMap<String, (u64, u64)>, DiffError> {
    let persons = old.same_persons(new);
    let moved = Moved::find(old, new, persons)?;
    let mut verdicts = Verdicts::new(old, new)?;
    let (mut changed, mut of) = (BTreeMap::<&str, u64>::new(), 0);
    let (mut walked, total) = (0, old.subjects() + new.subjects());
    let mut pair = |was: At, is: At| -> Result<(), DiffError> {
        of += 1;
        for change in verdicts.changed(Some(was), Some(is))? {
            *changed.entry(change.matter).or_default() += 1;
        }
        Ok(())
    };
    walk(old, new, persons, &mut |step| {
        walked += step.subjects();
        if walked % super::PROGRESS_EVERY < step.subjects() {
            progress(walked, total);
        }
        let (was, is) = match step {
            Step::Both(was, is) => (Some(was), is),
            Step::New(is) => (None, is),
            Step::Old(_) => return Ok(()),
        };
        was.iter().chain(moved.merged_into(is)).try_for_each(|was| pair(*was, is))
    })?;
    let matters = Verdicts::new(old, new)?.matters;
    let count = |code: &str| (changed.get(code).copied().unwrap_or_default(), of);
    Ok(matters.iter().map(|(_, _, code)| ((*code).to_owned(), count(code))).collect())
}
