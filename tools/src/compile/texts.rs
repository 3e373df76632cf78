//! What describes a record in a report.

use super::resolve::Kept;
use crate::facts::{Detail, Field};
use std::borrow::Cow;
use xinhe::domain::date::Day;
use xinhe::domain::subject::SubjectKind;
use xinhe::snapshot::Tag;

/// The texts of a record of a subject of this kind.
pub(super) fn texts<'k>(kept: &'k Kept<'_>, kind: SubjectKind) -> Vec<(Tag, Cow<'k, str>)> {
    let fact = &kept.fact;
    let mut texts: Vec<(Tag, Cow<'k, str>)> = Vec::with_capacity(12);
    fn add<'t>(texts: &mut Vec<(Tag, Cow<'t, str>)>, tag: Tag, text: Option<&'t str>) {
        texts.extend(text.map(|text| (tag, Cow::Borrowed(text))));
    }
    let day = |day: &Option<Day>, tag| day.map(|day| (tag, Cow::Owned(day.to_string())));
    add(&mut texts, Tag::Document, fact.document.as_deref());
    match &fact.detail {
        Detail::Licence { class, number, valid_from, valid_to } => {
            add(&mut texts, Tag::Class, class.as_deref());
            add(&mut texts, Tag::Number, number.as_deref());
            texts.extend(day(valid_from, Tag::ValidFrom));
            texts.extend(day(valid_to, Tag::ValidTo));
        }
        Detail::Penalty { procedure, fine, .. } => {
            add(&mut texts, Tag::Procedure, procedure.as_deref());
            texts.extend(fine.map(|fine| (Tag::Fine, Cow::Owned(fine.to_string()))));
        }
        Detail::List { ground, .. } => add(&mut texts, Tag::Ground, ground.as_deref()),
        Detail::Commitment { matter, due, fulfilment, .. } => {
            add(&mut texts, Tag::Matter, matter.as_deref());
            texts.extend(day(due, Tag::Due));
            add(&mut texts, Tag::Fulfilment, Some(fulfilment.word()));
        }
        Detail::Evaluation { grade, year, .. } => {
            add(&mut texts, Tag::Grade, grade.as_deref());
            add(&mut texts, Tag::Year, year.as_deref());
        }
        Detail::Administrative { .. } | Detail::Judgment | Detail::Honour { .. } => {}
    }
    // Free text about persons is not kept at all.
    if kind != SubjectKind::Person {
        fact.texts.iter().for_each(|(field, text)| add(&mut texts, tag(*field), Some(&**text)));
    }
    texts
}

/// The tag of a free text.
pub(super) fn tag(field: Field) -> Tag {
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
