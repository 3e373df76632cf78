//! Whatever is written is found again, in any number of parts.

use super::drafts::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use xinhe::domain::catalogue::{Bars, Effect};
use xinhe::domain::date::Day;
use xinhe::domain::record::{CorrectionKind, Fulfilment, RecordId, RecordKind};
use xinhe::domain::subject::{StateClass, SubjectKind};
use xinhe::domain::verdict::{Category, Relation};
use xinhe::snapshot::{
    Draft, EntryCategory, EntryDraft, EntryRow, FiledDraft, NamesDraft, Part, Tag, verify,
};

/// Compares all that a part says about a subject with its draft.
pub(super) fn assert_same<B: AsRef<[u8]>>(part: &Part<B>, draft: &Draft) {
    let at = part.find(&draft.key, draft.key.hash()).unwrap();
    assert_eq!((at.key(), at.kind(), at.is_registered()), (draft.key, draft.kind, draft.state.is_some()));
    assert_eq!(at.state_class(), draft.state.as_ref().map(|state| state.1));
    let state = draft.state.as_ref().map(|state| state.0.as_str()).filter(|state| !state.is_empty());
    assert_eq!(part.string(at.state()), state);
    match &draft.names {
        NamesDraft::Organisation { current, former } => {
            assert_eq!(part.shown_name(&at).unwrap_or_default(), current);
            assert_eq!(part.former_names(&at).collect::<Vec<_>>(), *former);
        }
        NamesDraft::Person { current, former } => {
            assert_eq!(part.shown_name(&at), current.as_ref().map(|(_, mask)| mask.as_str()));
            let digests = current.iter().map(|(digest, _)| *digest).chain(former.iter().copied());
            assert!(part.name_digests(&at).eq(digests));
            assert_eq!(part.former_names(&at).count(), 0);
        }
    }
    let entries: Vec<EntryRow<'_>> = part.entries_of(&at).unwrap().collect();
    assert_eq!(entries.len(), draft.entries.len());
    entries.iter().zip(&draft.entries).for_each(|(entry, draft)| assert_same_entry(part, entry, draft));
    let dossier = part.dossier(&at).unwrap();
    assert_eq!(dossier.former_codes, draft.former_codes);
    assert_eq!(dossier.older_codes, draft.older_codes);
    assert_eq!(part.string(dossier.division), draft.division.as_deref());
    assert_eq!(part.string(dossier.occupation), draft.occupation.as_deref());
    assert_eq!(dossier.representative, draft.representative);
    assert_eq!(part.string(dossier.file), draft.from_row.as_ref().map(|row| row.file.as_str()));
    assert_eq!(dossier.records.len(), draft.records.len());
    for (filed, draft) in dossier.records.iter().zip(&draft.records) {
        assert_same_record(part, filed, draft);
    }
}

fn assert_same_entry<B: AsRef<[u8]>>(part: &Part<B>, entry: &EntryRow<'_>, draft: &EntryDraft) {
    let category = match entry.category() {
        EntryCategory::List => Some(Category::List(entry.list().unwrap())),
        EntryCategory::Penalty => Some(Category::Penalty(entry.penalty_bits())),
        EntryCategory::Commitment => Some(Category::Commitment(entry.fulfilment())),
        EntryCategory::Evaluation => None,
    };
    assert_eq!((entry.record(), category), (draft.record, draft.category));
    assert_eq!((entry.effect(), entry.relation()), (draft.effect, draft.relation));
    assert_eq!(
        (entry.objection(), entry.bars(), entry.source()),
        (draft.objection, draft.bars, draft.source)
    );
    let until = draft.until.unwrap_or(Day::OPEN);
    assert_eq!((entry.since(), entry.from(), entry.until()), (draft.since, draft.from, until));
    assert_eq!(part.string(entry.authority()), Some(draft.authority.as_str()));
    assert_eq!(part.string(entry.title()), draft.title.as_deref());
    assert_eq!(part.document(entry), draft.document.as_deref().filter(|text| !text.is_empty()));
    if let Some((grade, trigger)) = &draft.grade {
        assert_eq!((part.string(entry.grade()), entry.list()), (Some(grade.as_str()), *trigger));
    }
    let (first, count) = entry.events();
    let events: Vec<_> = part.events(first, count).map(|row| row.event()).collect();
    assert_eq!(events, draft.events.iter().map(|event| event.event).collect::<Vec<_>>());
}

fn assert_same_record<B: AsRef<[u8]>>(
    part: &Part<B>,
    filed: &xinhe::snapshot::schema::Filed,
    draft: &FiledDraft,
) {
    assert_eq!((RecordId(filed.record), filed.kind), (draft.record, draft.kind.code()));
    let flags = (filed.flags & 1 != 0, filed.flags & 2 != 0, filed.flags & 4 != 0);
    assert_eq!(flags, (draft.objection, draft.revoked, draft.unpublished));
    assert_eq!((filed.date, filed.from), (draft.date.number(), draft.from.number()));
    assert_eq!(filed.until, draft.until.unwrap_or(Day::OPEN).number());
    assert_eq!((filed.source, filed.line), (draft.from_row.source, draft.from_row.line));
    assert_eq!(part.string(filed.file), Some(draft.from_row.file.as_str()));
    assert_eq!(part.string(filed.title), draft.title.as_deref());
    assert_eq!(part.string(filed.authority), Some(draft.authority.as_str()));
    assert_eq!(part.texts(filed.text, filed.text_length).unwrap(), draft.texts);
    let events: Vec<_> = part.events(filed.events, filed.events_count).map(|row| row.event()).collect();
    assert_eq!(events, draft.events.iter().map(|event| event.event).collect::<Vec<_>>());
}

fn words() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        proptest::sample::select("枣庄试例商贸有限公司（）·a 甲乙".chars().collect::<Vec<_>>()),
        1..12,
    )
    .prop_map(|chars| chars.into_iter().collect())
}

fn text() -> impl Strategy<Value = (Tag, String)> {
    (0..Tag::ALL.len(), ".{0,60}", 1..200usize)
        .prop_map(|(tag, text, times)| (Tag::ALL[tag], text.repeat(times)))
}

fn any_day() -> impl Strategy<Value = Day> {
    (0..30_000i32).prop_map(Day::from_number)
}

/// A record with or without an entry.
#[derive(Debug, Clone)]
struct Recorded {
    kind: RecordKind,
    date: Day,
    until: Option<Day>,
    objection: bool,
    corrections: Vec<(CorrectionKind, u16)>,
    texts: Vec<(Tag, String)>,
    authority: String,
}

fn recorded() -> impl Strategy<Value = Recorded> {
    let kind = (0..8u8).prop_map(|code| RecordKind::from_code(code).unwrap());
    let correction =
        (0..7u8, any::<u16>()).prop_map(|(code, on)| (CorrectionKind::from_code(code).unwrap(), on));
    let corrections = proptest::collection::vec(correction, 0..3);
    let texts = proptest::collection::vec(text(), 0..4);
    (kind, any_day(), proptest::option::of(any_day()), any::<bool>(), corrections, texts, words()).prop_map(
        |(kind, date, until, objection, corrections, texts, authority)| Recorded {
            kind,
            date,
            until,
            objection,
            corrections,
            texts,
            authority,
        },
    )
}

fn add(draft: &mut Draft, recorded: &Recorded, id: u8) {
    let template = {
        let mut other = enterprise(0, "");
        listed(&mut other, id, "2026-05-01", None, vec![]);
        other
    };
    let mut events: Vec<_> = recorded
        .corrections
        .iter()
        .map(|(kind, on)| {
            let mut event = correction(*kind, "2026-01-01");
            event.event.day = Day::from_number(i32::from(*on));
            event
        })
        .collect();
    events.sort_by_key(|event| event.event);
    let category = match recorded.kind {
        RecordKind::List => Some(Some(Category::List(u16::from(id % 2)))),
        RecordKind::Penalty => Some(Some(Category::Penalty(u32::from(id % 4)))),
        RecordKind::Commitment => Some(Some(Category::Commitment(Fulfilment::ALL[usize::from(id % 4)]))),
        RecordKind::Evaluation => Some(None),
        _ => None,
    };
    if let Some(category) = category {
        draft.entries.push(EntryDraft {
            category,
            effect: Effect::ALL[usize::from(id % 3)],
            relation: Relation::Own,
            objection: recorded.objection,
            bars: Bars(id % 4),
            since: recorded.date,
            from: recorded.date,
            until: recorded.until,
            authority: recorded.authority.clone(),
            // One evaluation of a kind, so that their order needs no care here.
            title: category.is_none().then(|| format!("评价{id}")),
            grade: category.is_none().then(|| ("D".to_owned(), Some(0))),
            document: (id % 2 == 0).then(|| recorded.authority.clone()),
            events: events.clone(),
            ..template.entries[0].clone()
        });
    }
    draft.records.push(FiledDraft {
        kind: recorded.kind,
        objection: recorded.objection,
        revoked: id % 5 == 0,
        unpublished: id % 7 == 0,
        date: recorded.date,
        from: recorded.date,
        until: recorded.until,
        authority: recorded.authority.clone(),
        events,
        texts: recorded.texts.clone(),
        ..template.records[0].clone()
    });
    order(draft);
}

type Seed = (bool, String, Vec<String>, usize, Vec<Recorded>);

fn subject(n: u32, (is_person, name, former, state, records): Seed) -> Draft {
    let mut draft = if is_person { person(n, &name) } else { enterprise(n, &name) };
    draft.state = StateClass::ALL.get(state).map(|class| ("某状态".to_owned(), *class, 0));
    match &mut draft.names {
        NamesDraft::Organisation { former: names, .. } => *names = former,
        NamesDraft::Person { former: digests, .. } => {
            *digests = former.iter().map(|name| key().name(&draft.key, name)).collect();
        }
    }
    if !is_person {
        draft.kind = SubjectKind::from_code((n % 3) as u8).unwrap();
        draft.aliases = vec![key_of(&registration_number(n)), key_of(&unified_code(n + 500_000))];
    }
    for (id, recorded) in records.iter().enumerate() {
        add(&mut draft, recorded, id as u8 + 1);
    }
    draft
}

fn subjects() -> impl Strategy<Value = Vec<Draft>> {
    let former = proptest::collection::vec(words(), 0..3);
    let records = proptest::collection::vec(recorded(), 0..5);
    let seed = (any::<bool>(), words(), former, 0..5usize, records);
    // The number makes the key: a map has each once.
    proptest::collection::btree_map(0..999u32, seed, 0..40)
        .prop_map(|seeds: BTreeMap<u32, Seed>| seeds.into_iter().map(|(n, seed)| subject(n, seed)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_found_again(drafts in subjects(), parts in 1..4u32) {
        let snapshot = snapshot_of(&drafts, parts);
        for draft in &drafts {
            let at = snapshot.find_key(&draft.key).unwrap().unwrap();
            assert_same(at.part, draft);
            for alias in &draft.aliases {
                let by_alias = snapshot.find_key(alias).unwrap().unwrap();
                prop_assert_eq!(by_alias.standing.key(), draft.key);
            }
        }
        for n in 1000..1100 {
            prop_assert!(snapshot.find(&unified_code(n)).unwrap().is_none());
            prop_assert!(snapshot.find(&registration_number(n)).unwrap().is_none());
        }
        for part in snapshot.parts() {
            prop_assert_eq!(verify(part).findings, vec![]);
        }
        let subjects: u64 = snapshot.counts().subjects.iter().sum();
        prop_assert_eq!(subjects, drafts.len() as u64);
    }
}
