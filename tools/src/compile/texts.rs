//! What describes a record in a report.

use super::resolve::Kept;
use crate::facts::{Detail, Field};
use std::borrow::Cow;
use xinhe::domain::date::Day;
use xinhe::domain::subject::SubjectKind;
use xinhe::snapshot::Tag;

/// The texts of a record of a subject of this kind.
pub(super) fn texts<'k>(kept: &'k Kept, kind: SubjectKind) -> Vec<(Tag, Cow<'k, str>)> {
    let fact = &kept.fact;
    let mut texts = Vec::with_capacity(5 + fact.texts.len());
    let mut add = |tag: Tag, text: Option<Cow<'k, str>>| texts.extend(text.map(|text| (tag, text)));
    fn plain(text: &Option<String>) -> Option<Cow<'_, str>> {
        text.as_deref().map(Cow::Borrowed)
    }
    let day = |day: &Option<Day>| day.map(|day| Cow::Owned(day.to_string()));
    add(Tag::Document, plain(&fact.document));
    match &fact.detail {
        Detail::Licence { class, number, valid_from, valid_to } => {
            add(Tag::Class, plain(class));
            add(Tag::Number, plain(number));
            add(Tag::ValidFrom, day(valid_from));
            add(Tag::ValidTo, day(valid_to));
        }
        Detail::Penalty { procedure, fine, .. } => {
            add(Tag::Procedure, plain(procedure));
            add(Tag::Fine, fine.map(|fine| Cow::Owned(fine.to_string())));
        }
        Detail::List { ground, .. } => add(Tag::Ground, plain(ground)),
        Detail::Commitment { matter, due, fulfilment, .. } => {
            add(Tag::Matter, plain(matter));
            add(Tag::Due, day(due));
            add(Tag::Fulfilment, Some(Cow::Borrowed(fulfilment.word())));
        }
        Detail::Evaluation { grade, year, .. } => {
            add(Tag::Grade, plain(grade));
            add(Tag::Year, plain(year));
        }
        Detail::Administrative { .. } | Detail::Judgment | Detail::Honour { .. } => {}
    }
    // Free text about persons is not kept at all.
    if kind != SubjectKind::Person {
        texts.extend(fact.texts.iter().map(|(field, text)| (tag(*field), Cow::Borrowed(text.as_str()))));
    }
    texts
}

fn tag(field: Field) -> Tag {
    match field {
        Field::Title => Tag::Title,
        Field::Content => Tag::Content,
        Field::Offence => Tag::Offence,
        Field::Facts => Tag::Facts,
        Field::Basis => Tag::Basis,
        Field::Confiscated => Tag::Confiscated,
        Field::LicenceHit => Tag::LicenceHit,
        Field::Remark => Tag::Remark,
    }
}
