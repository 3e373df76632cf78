//! The catalogue between its domain form and its archived form.

use super::schema::*;
use crate::domain::catalogue::*;
use crate::domain::date::{Day, Term};
use crate::domain::record::{Fine, Fulfilment};
use crate::domain::subject::{StateClass, SubjectKind};

pub(super) fn to_file(entries: &Entries) -> CatalogueFile {
    CatalogueFile {
        layers: entries.layers.clone(),
        objection: entries.objection.code(),
        lists: entries.lists.iter().map(list_file).collect(),
        measures: entries.measures.iter().map(measure_file).collect(),
        matters: entries.matters.iter().map(matter_file).collect(),
        classes: entries.classes.iter().map(class_file).collect(),
        rules: entries.rules.iter().map(rule_file).collect(),
        cap: entries
            .cap
            .iter()
            .map(|cap| CapFile { longest: cap.longest.to_string(), basis: cap.basis.clone() })
            .collect(),
        states: entries.states.iter().map(|state| (state.name.clone(), state.class.code())).collect(),
    }
}

fn list_file(list: &ListEntry) -> ListFile {
    let ground_terms = list.ground_terms.iter();
    ListFile {
        code: list.code.clone(),
        title: list.title.clone(),
        effect: list.effect.code(),
        severity: list.severity.iter().map(|one| one.code()).collect(),
        term: term_text(list.term),
        ground_terms: ground_terms.map(|(ground, term)| (ground.clone(), term_text(*term))).collect(),
        extends_to: list.extends_to.iter().map(|one| one.code()).collect(),
        bars: bars(&list.bars),
        authority: list.authority.clone(),
        basis: list.basis.clone(),
        verified: list.verified,
    }
}

fn measure_file(measure: &MeasureEntry) -> MeasureFile {
    MeasureFile {
        code: measure.code.clone(),
        title: measure.title.clone(),
        effect: measure.effect.code(),
        binding: measure.binding.code(),
        clause: measure.clause.clone().unwrap_or_default(),
        lists: measure.lists.clone(),
        penalties: measure.penalties.clone(),
        grades: measure.grades.clone(),
        commitments: measure.commitments.iter().map(|one| one.code()).collect(),
        matters: measure.matters.clone(),
        tags: measure.tags.clone(),
        stages: measure.stages.iter().map(|one| one.code()).collect(),
        kinds: measure.kinds.iter().map(|one| one.code()).collect(),
        grants: measure.grants.iter().map(|one| one.code()).collect(),
        from: measure.from.iter().map(|day| day.number()).collect(),
        to: measure.to.iter().map(|day| day.number()).collect(),
        authority: measure.authority.clone(),
        basis: measure.basis.clone(),
    }
}

fn matter_file(matter: &MatterEntry) -> MatterFile {
    MatterFile {
        code: matter.code.clone(),
        aliases: matter.aliases.clone(),
        title: matter.title.clone(),
        department: matter.department.clone(),
        tags: matter.tags.clone(),
        commitment: matter.commitment,
        tolerance: matter.tolerance,
        persons: matter.persons.code(),
    }
}

fn class_file(class: &ClassEntry) -> ClassFile {
    ClassFile {
        name: class.name.clone(),
        published: class.published,
        shortest: class.shortest.map(|term| term.to_string()).unwrap_or_default(),
        longest: class.longest.to_string(),
        bars: bars(&class.bars),
        from: class.from.iter().map(|day| day.number()).collect(),
    }
}

fn rule_file(rule: &RuleEntry) -> RuleFile {
    RuleFile {
        penalties: rule.penalties.clone(),
        procedure: rule.procedure.iter().cloned().collect(),
        fine_from: rule.fine_from.iter().map(|fine| fine.0).collect(),
        fine_below: rule.fine_below.iter().map(|fine| fine.0).collect(),
        class: rule.class.clone(),
        default: rule.default,
    }
}

fn bars(barred: &[Barred]) -> Vec<u8> {
    barred.iter().map(|one| one.code()).collect()
}

fn term_text(term: ListTerm) -> String {
    match term {
        ListTerm::UntilRemoved => String::new(),
        ListTerm::For(term) => term.to_string(),
    }
}

/// `None` if the file holds a word or number that the domain does not know.
pub(super) fn from_file(file: CatalogueFile) -> Option<Entries> {
    Some(Entries {
        layers: file.layers,
        objection: ObjectionMode::from_code(file.objection)?,
        lists: file.lists.into_iter().map(list).collect::<Option<_>>()?,
        measures: file.measures.into_iter().map(measure).collect::<Option<_>>()?,
        matters: file.matters.into_iter().map(matter).collect::<Option<_>>()?,
        classes: file.classes.into_iter().map(class).collect::<Option<_>>()?,
        rules: file.rules.into_iter().map(rule).collect(),
        cap: match file.cap.into_iter().next() {
            Some(cap) => Some(CapEntry { longest: cap.longest.parse().ok()?, basis: cap.basis }),
            None => None,
        },
        states: file
            .states
            .into_iter()
            .map(|(name, class)| Some(StateEntry { name, class: StateClass::from_code(class)? }))
            .collect::<Option<_>>()?,
    })
}

fn list(file: ListFile) -> Option<ListEntry> {
    let ground_terms = file.ground_terms.into_iter().map(|(ground, text)| Some((ground, term(&text)?)));
    Some(ListEntry {
        code: file.code,
        title: file.title,
        effect: Effect::from_code(file.effect)?,
        severity: each(&file.severity, Severity::from_code)?.pop(),
        term: term(&file.term)?,
        ground_terms: ground_terms.collect::<Option<_>>()?,
        extends_to: each(&file.extends_to, Extension::from_code)?,
        bars: each(&file.bars, Barred::from_code)?,
        authority: file.authority,
        basis: file.basis,
        verified: file.verified,
    })
}

fn measure(file: MeasureFile) -> Option<MeasureEntry> {
    Some(MeasureEntry {
        code: file.code,
        title: file.title,
        effect: MeasureEffect::from_code(file.effect)?,
        binding: Binding::from_code(file.binding)?,
        clause: Some(file.clause).filter(|clause| !clause.is_empty()),
        lists: file.lists,
        penalties: file.penalties,
        grades: file.grades,
        commitments: each(&file.commitments, |code| Fulfilment::ALL.get(usize::from(code)).copied())?,
        matters: file.matters,
        tags: file.tags,
        stages: each(&file.stages, Stage::from_code)?,
        kinds: each(&file.kinds, SubjectKind::from_code)?,
        grants: each(&file.grants, Grant::from_code)?,
        from: file.from.first().copied().map(Day::from_number),
        to: file.to.first().copied().map(Day::from_number),
        authority: file.authority,
        basis: file.basis,
    })
}

fn matter(file: MatterFile) -> Option<MatterEntry> {
    Some(MatterEntry {
        code: file.code,
        aliases: file.aliases,
        title: file.title,
        department: file.department,
        tags: file.tags,
        commitment: file.commitment,
        tolerance: file.tolerance,
        persons: Footing::from_code(file.persons)?,
    })
}

fn class(file: ClassFile) -> Option<ClassEntry> {
    let shortest: Option<Term> =
        if file.shortest.is_empty() { None } else { Some(file.shortest.parse().ok()?) };
    Some(ClassEntry {
        name: file.name,
        published: file.published,
        shortest,
        longest: file.longest.parse().ok()?,
        bars: each(&file.bars, Barred::from_code)?,
        from: file.from.first().copied().map(Day::from_number),
    })
}

fn rule(file: RuleFile) -> RuleEntry {
    RuleEntry {
        penalties: file.penalties,
        procedure: file.procedure.into_iter().next(),
        fine_from: file.fine_from.first().copied().map(Fine),
        fine_below: file.fine_below.first().copied().map(Fine),
        class: file.class,
        default: file.default,
    }
}

fn term(text: &str) -> Option<ListTerm> {
    if text.is_empty() { Some(ListTerm::UntilRemoved) } else { text.parse().ok().map(ListTerm::For) }
}

fn each<T>(codes: &[u8], value: impl Fn(u8) -> Option<T>) -> Option<Vec<T>> {
    codes.iter().map(|code| value(*code)).collect()
}
