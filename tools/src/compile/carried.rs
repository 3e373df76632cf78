//! A record of a release as the fact that its row was.

use super::carry::Whose;
use super::rows::ByKey;
use crate::facts::{Detail, Field, Named, Origin, RecordFact, Texts, Version};
use arrayvec::ArrayVec;
use std::borrow::Cow;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::record::{Fine, Fulfilment, RecordKind};
use xinhe::domain::subject::SubjectKind;
use xinhe::snapshot::mapping::Mapped;
use xinhe::snapshot::{Dossier, Filed, Part, Standing, SubjectKey, Tag};

/// How a record of this subject is routed, and how its row names it.
pub(super) fn subject_of(
    part: &Part<Mapped>,
    standing: &Standing<'_>,
    dossier: &Dossier,
) -> (Whose, Named<'static>) {
    let mut named = Named { codes: ArrayVec::new(), document: None, name: None };
    let key = standing.key();
    let is_person = standing.kind() == SubjectKind::Person && key.is_person();
    if !is_person {
        named.name = part.shown_name(standing).map(|name| Cow::Owned(name.to_owned()));
    }
    let main = key.code().and_then(|code| {
        let kind = IdKind::from_code(key.to_bytes()[0])?;
        Identifier::parse(kind, code, Day::OPEN).ok()
    });
    let Some(main) = main else {
        return (Whose::Key(by_key(part, standing, key, is_person)), named);
    };
    named.codes.push(main);
    if !standing.is_registered() {
        let older = dossier.older_codes.iter().filter(|(_, code)| !code.contains('*'));
        let older =
            older.filter_map(|(kind, code)| Identifier::parse(IdKind::asked(kind)?, code, Day::OPEN).ok());
        for code in older {
            if !named.codes.contains(&code) && named.codes.try_push(code).is_err() {
                break;
            }
        }
    }
    (Whose::Named, named)
}

fn by_key(part: &Part<Mapped>, standing: &Standing<'_>, key: SubjectKey, is_person: bool) -> ByKey {
    let digest = part.name_digests(standing).next().filter(|_| is_person);
    let mask = part.shown_name(standing).unwrap_or_default().to_owned();
    ByKey { key, kind: standing.kind(), name: digest.map(|digest| (digest, mask)) }
}

/// A record as the fact that it was made from, as far as the release tells.
pub(super) fn fact<'a>(
    part: &'a Part<Mapped>,
    filed: &Filed,
    (named, origin, list): (&Named<'static>, Origin, Option<u16>),
    texts: &'a [(Tag, String)],
) -> RecordFact<'a> {
    let text =
        |tag: Tag| texts.iter().find(|(own, _)| *own == tag).map(|(_, text)| Cow::Borrowed(text.as_str()));
    let day = |tag: Tag| text(tag).and_then(|text| text.parse::<Day>().ok());
    let title = part.string(filed.title).map(Cow::Borrowed);
    let until = filed.last_day();
    let detail = match filed.kind {
        RecordKind::Licence => Detail::Licence {
            class: text(Tag::Class),
            number: text(Tag::Number),
            valid_from: day(Tag::ValidFrom),
            valid_to: day(Tag::ValidTo),
        },
        RecordKind::Penalty => Detail::Penalty {
            kinds: title.unwrap_or_default(),
            procedure: text(Tag::Procedure),
            fine: text(Tag::Fine).and_then(|fine| Fine::parse(&fine)),
            published_until: until,
        },
        RecordKind::Administrative => Detail::Administrative { act: title },
        RecordKind::List => Detail::List { list: list.unwrap_or(u16::MAX), until, ground: text(Tag::Ground) },
        RecordKind::Commitment => Detail::Commitment {
            kind: title.unwrap_or_default(),
            matter: text(Tag::Matter),
            due: day(Tag::Due),
            fulfilment: text(Tag::Fulfilment)
                .and_then(|word| Fulfilment::from_word(&word))
                .unwrap_or(Fulfilment::Broken),
        },
        RecordKind::Evaluation => {
            Detail::Evaluation { kind: title, grade: text(Tag::Grade), year: text(Tag::Year) }
        }
        RecordKind::Judgment => Detail::Judgment,
        RecordKind::Honour => Detail::Honour { title, until },
    };
    let free: Texts<'a> =
        texts.iter().filter_map(|(tag, text)| Some((field(*tag)?, Cow::Borrowed(&**text)))).collect();
    RecordFact {
        origin,
        version: Version { changed: None, row: &[] },
        subject: named.clone(),
        date: filed.date,
        authority: part.string(filed.authority).map(Cow::Borrowed).unwrap_or_default(),
        document: text(Tag::Document),
        revoked: filed.revoked,
        objection: filed.objection,
        detail,
        texts: free,
    }
}

fn field(tag: Tag) -> Option<Field> {
    Field::ALL.into_iter().find(|field| super::texts::tag(*field) == tag)
}
