//! Entries that are shown beside their own subject: of a legal representative, and of what a person represents
//! (Shandong regulation art. 31), only for lists that say so.

use super::encode::Encoder;
use super::resolve::Subject;
use std::collections::HashMap;
use xinhe::domain::catalogue::{Effect, Extension};
use xinhe::domain::identifier::Identifier;
use xinhe::domain::subject::SubjectKind;
use xinhe::domain::text::same_name;
use xinhe::domain::verdict::{Category, Relation};
use xinhe::snapshot::{EntryDraft, SubjectKey};

/// Entries by the key of the subject on whose checks they are shown.
#[derive(Debug, Default)]
pub(crate) struct Links<'a>(HashMap<SubjectKey, Vec<EntryDraft<'a>>>);

impl<'a> Links<'a> {
    /// Finds the representatives and carries over what their lists allow.
    pub(crate) fn new(subjects: &'a [Subject], encoder: &Encoder<'a>) -> Links<'a> {
        let mut links = Links::default();
        let lists = &encoder.catalogue.entries().lists;
        if lists.iter().all(|list| list.extends_to.is_empty()) {
            return links;
        }
        let key = |code: &Identifier| SubjectKey::of(code, encoder.key);
        let mut persons: HashMap<SubjectKey, usize> = HashMap::new();
        for (place, subject) in subjects.iter().enumerate() {
            if subject.group.kind == SubjectKind::Person {
                persons.extend(subject.group.all_codes().map(|code| (key(code), place)));
            }
        }
        for subject in subjects.iter().filter(|subject| subject.group.kind != SubjectKind::Person) {
            let Some(representative) = &subject.group.representative else { continue };
            let person = representative.document.as_ref().and_then(|document| persons.get(&key(document)));
            let Some(person) = person.map(|place| &subjects[*place]) else { continue };
            // A number with another name is an error in the register, and nobody is linked by an error.
            if let (Some(a), Some(b)) = (&representative.name, &person.group.name)
                && !same_name(a, b)
            {
                continue;
            }
            links.carry(person, subject, Extension::Represented, Relation::LegalRepresentative, encoder);
            links.carry(subject, person, Extension::Representative, Relation::Represents, encoder);
        }
        links
    }

    fn carry(
        &mut self,
        from: &'a Subject,
        to: &Subject,
        extension: Extension,
        relation: Relation,
        encoder: &Encoder<'a>,
    ) {
        let Some(code) = to.group.main_code() else { return };
        let lists = &encoder.catalogue.entries().lists;
        for mut entry in from.records.iter().filter_map(|kept| encoder.listed(kept)) {
            let Some(Category::List(list)) = entry.category else { continue };
            let list = &lists[usize::from(list)];
            if list.effect != Effect::Favour && list.extends_to.contains(&extension) {
                entry.relation = relation;
                self.0.entry(SubjectKey::of(code, encoder.key)).or_default().push(entry);
            }
        }
    }

    /// What is shown on checks of this subject.
    pub(crate) fn of(&self, key: &SubjectKey) -> &[EntryDraft<'a>] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }
}
