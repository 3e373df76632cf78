//! Whatever is written is found again, in any number of parts.

use super::drafts::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use xinhe::domain::catalogue::{Bars, Effect};
use xinhe::domain::date::Day;
use xinhe::domain::record::{CorrectionKind, Fulfilment, RecordKind};
use xinhe::domain::subject::{StateClass, SubjectKind};
use xinhe::domain::verdict::{Category, Relation};
use xinhe::snapshot::{
    EntryCategory, EntryDraft, EntryRow, EventDraft, Filed, FiledDraft, NamesDraft, Origins, Part,
    PartWriter, Provenance, RowPlace, Snapshot, SubjectKey, Tag, Trust, verify,
};

/// A part with its origins file, if it is of a format that has one.
pub(super) struct Whole<'w, B> {
    pub(super) part: &'w Part<B>,
    pub(super) origins: Option<&'w Origins<Vec<u8>>>,
}

impl<B: AsRef<[u8]>> Whole<'_, B> {
    fn row(&self, row: RowPlace) -> (&str, u32) {
        match row {
            RowPlace::Here { file, line } => (self.part.string(file).unwrap(), line),
            RowPlace::Origins(number) => self.origins.unwrap().row(number).unwrap(),
        }
    }

    fn assert_row(&self, row: RowPlace, from: Provenance) {
        assert_eq!(self.row(row), (FILES[from.file as usize], from.line));
    }

    fn assert_events(&self, (first, count): (u32, u16), drafts: &[EventDraft<'_>]) {
        let rows: Vec<_> = self.part.events(first, count).collect();
        assert_eq!(rows.len(), drafts.len());
        for (row, draft) in rows.iter().zip(drafts) {
            assert_eq!(row.event(), draft.event);
            let (source, place) = row.origin().unwrap();
            assert_eq!(source, draft.from.source);
            self.assert_row(place, draft.from);
            let (document, authority) = row.strings();
            assert_eq!(self.part.string(document), Some(&*draft.document));
            assert_eq!(self.part.string(authority), Some(&*draft.authority));
        }
    }
}

/// Compares all that a part says about a subject with its draft.
pub(super) fn assert_same<B: AsRef<[u8]>>(whole: &Whole<'_, B>, draft: &Draft) {
    let (part, subject) = (whole.part, &draft.subject);
    let at = part.find(&draft.key, draft.key.hash()).unwrap();
    assert_eq!((at.key(), at.kind(), at.is_registered()), (draft.key, subject.kind, subject.state.is_some()));
    assert_eq!(at.state_class(), subject.state.as_ref().map(|state| state.1));
    let state = subject.state.as_ref().map(|state| &*state.0).filter(|state| !state.is_empty());
    assert_eq!(part.string(at.state()), state);
    match &subject.names {
        NamesDraft::Organisation { current, former } => {
            assert_eq!(part.shown_name(&at).unwrap_or_default(), current);
            assert_eq!(part.former_names(&at).collect::<Vec<_>>(), *former);
        }
        NamesDraft::Person { current, former } => {
            assert_eq!(part.shown_name(&at), current.as_ref().map(|(_, mask)| &**mask));
            let digests = current.iter().map(|(digest, _)| *digest).chain(former.iter().copied());
            assert!(part.name_digests(&at).eq(digests));
            assert_eq!(part.former_names(&at).count(), 0);
        }
    }
    let entries: Vec<EntryRow<'_>> = part.entries_of(&at).unwrap().collect();
    assert_eq!(entries.len(), draft.entries.len());
    entries.iter().zip(&draft.entries).for_each(|(entry, draft)| assert_same_entry(whole, entry, draft));
    let dossier = part.dossier(&at).unwrap();
    assert_eq!(dossier.former_codes, subject.former_codes);
    let older = subject.older_codes.iter().map(|(kind, code)| (kind.to_string(), code.to_string()));
    assert!(dossier.older_codes.iter().cloned().eq(older));
    assert_eq!(part.string(dossier.division), subject.division.as_deref());
    assert_eq!(part.string(dossier.occupation), subject.occupation.as_deref());
    assert_eq!(dossier.representative, subject.representative);
    assert_eq!(dossier.register.map(|(source, _)| source), subject.from_row.map(|row| row.source));
    if let (Some((_, row)), Some(from)) = (dossier.register, subject.from_row) {
        whole.assert_row(row, from);
    }
    assert_eq!(dossier.records.len(), draft.records.len());
    for (filed, draft) in dossier.records.iter().zip(&draft.records) {
        assert_same_record(whole, filed, draft);
    }
}

fn assert_same_entry<B: AsRef<[u8]>>(whole: &Whole<'_, B>, entry: &EntryRow<'_>, draft: &EntryDraft<'_>) {
    let part = whole.part;
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
    assert_eq!(part.string(entry.authority()), Some(&*draft.authority));
    assert_eq!(part.string(entry.title()), draft.title.as_deref());
    assert_eq!(part.document(entry), draft.document.as_deref().filter(|text| !text.is_empty()));
    if let Some((grade, trigger)) = &draft.grade {
        assert_eq!((part.string(entry.grade()), entry.list()), (Some(&**grade), *trigger));
    }
    whole.assert_events(entry.events(), &draft.events);
}

fn assert_same_record<B: AsRef<[u8]>>(whole: &Whole<'_, B>, filed: &Filed, draft: &FiledDraft<'_>) {
    let part = whole.part;
    assert_eq!((filed.record, filed.kind), (draft.record, draft.kind));
    let flags = (filed.objection, filed.revoked, filed.unpublished);
    assert_eq!(flags, (draft.objection, draft.revoked, draft.unpublished));
    assert_eq!((filed.ending, filed.rule.map(usize::from)), (draft.ending, draft.rule));
    assert_eq!((filed.date, filed.from, filed.last_day()), (draft.date, draft.from, draft.until));
    assert_eq!(filed.source, draft.from_row.source);
    whole.assert_row(filed.row, draft.from_row);
    assert_eq!(part.string(filed.title), draft.title.as_deref());
    assert_eq!(part.string(filed.authority), Some(&*draft.authority));
    let texts = part.texts(filed.text, filed.text_length).unwrap();
    assert!(
        texts
            .iter()
            .map(|(tag, text)| (*tag, text.as_str()))
            .eq(draft.texts.iter().map(|(tag, text)| (*tag, &**text)))
    );
    whole.assert_events((filed.events, filed.events_count), &draft.events);
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
            authority: recorded.authority.clone().into(),
            // One evaluation of a kind, so that their order needs no care here.
            title: category.is_none().then(|| format!("评价{id}").into()),
            grade: category.is_none().then(|| ("D".into(), Some(0))),
            document: (id.is_multiple_of(2)).then(|| recorded.authority.clone().into()),
            events: events.clone(),
            ..template.entries[0].clone()
        });
    }
    draft.records.push(FiledDraft {
        kind: recorded.kind,
        objection: recorded.objection,
        revoked: id.is_multiple_of(5),
        unpublished: id.is_multiple_of(7),
        date: recorded.date,
        from: recorded.date,
        until: recorded.until,
        authority: recorded.authority.clone().into(),
        events,
        texts: recorded.texts.iter().map(|(tag, text)| (*tag, text.clone().into())).collect(),
        ..template.records[0].clone()
    });
    order(draft);
}

type Seed = (bool, String, Vec<String>, usize, Vec<Recorded>);

fn subject(n: u32, (is_person, name, former, state, records): Seed) -> Draft {
    let mut draft = if is_person { person(n, &name) } else { enterprise(n, &name) };
    draft.subject.state = StateClass::ALL.get(state).map(|class| ("某状态".into(), *class, 0));
    match &mut draft.subject.names {
        NamesDraft::Organisation { former: names, .. } => {
            *names = former.into_iter().map(Into::into).collect();
        }
        NamesDraft::Person { former: digests, .. } => {
            *digests = former.iter().map(|name| key().name(&draft.key, name)).collect();
        }
    }
    if !is_person {
        draft.subject.kind = SubjectKind::from_code((n % 3) as u8).unwrap();
        draft.subject.aliases = vec![key_of(&registration_number(n)), key_of(&unified_code(n + 500_000))];
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
        let (bytes, origins): (Vec<_>, Vec<_>) = written(&drafts, parts, 0).into_iter().unzip();
        let origins: Vec<_> = origins.into_iter().map(|bytes| Origins::open(bytes).unwrap()).collect();
        let bytes = bytes.into_iter().map(|bytes| Part::open(bytes, Trust::Nothing).unwrap());
        let snapshot = Snapshot::new(bytes.collect(), &keys()).unwrap();
        for draft in &drafts {
            let at = snapshot.find_key(&draft.key).unwrap().unwrap();
            let origins = Some(&origins[at.part_place as usize]);
            assert_same(&Whole { part: at.part, origins }, draft);
            for alias in &draft.subject.aliases {
                let by_alias = snapshot.find_key(alias).unwrap().unwrap();
                prop_assert_eq!(by_alias.standing.key(), draft.key);
            }
        }
        for n in 1000..1100 {
            prop_assert!(snapshot.find(&unified_code(n)).unwrap().is_none());
            prop_assert!(snapshot.find(&registration_number(n)).unwrap().is_none());
        }
        for (part, origins) in snapshot.parts().iter().zip(&origins) {
            let verified = verify(part);
            prop_assert_eq!(verified.findings, vec![]);
            prop_assert_eq!(verified.rows, origins.rows());
            prop_assert!(origins.verify().is_ok());
            prop_assert_eq!((origins.place(), origins.part_header()), (part.place(), part.header_sum()));
        }
        let subjects: u64 = snapshot.counts().subjects.iter().sum();
        prop_assert_eq!(subjects, drafts.len() as u64);
    }
}

/// More subjects than the least memory sorts at once.
fn a_town() -> Vec<Draft> {
    let subjects = (0..6000).map(|n| {
        let mut draft = enterprise(n, &format!("枣庄试例第{n}号（集团）商贸有限公司"));
        draft.subject.aliases = vec![key_of(&registration_number(n)), key_of(&unified_code(n + 500_000))];
        if n % 7 == 0 {
            listed(
                &mut draft,
                1,
                "2026-05-01",
                None,
                vec![correction(CorrectionKind::Repaired, "2026-07-01")],
            );
        }
        draft
    });
    subjects.collect()
}

#[test]
fn the_memory_for_sorting_changes_no_byte() {
    let town = a_town();
    assert!(written(&town, 1, 0) == written(&town, 1, 1 << 30));
}

/// One subject is written in pieces like all others, and its dossier read as a whole.
#[test]
fn a_subject_with_200_000_records_is_found_again() {
    const RECORDS: u32 = 200_000;
    let draft = enterprise(1, "枣庄试例商贸有限公司");
    let mut template = enterprise(1, "");
    listed(&mut template, 1, "2026-05-01", None, vec![]);
    let id = |n: u32| {
        let mut id = [9; 16];
        id[..4].copy_from_slice(&n.to_be_bytes());
        xinhe::domain::record::RecordId(id)
    };
    let folder = tempfile::tempdir().unwrap();
    let mut writer = PartWriter::new(folder.path(), 1 << 20).unwrap();
    writer.begin(&draft.key).unwrap();
    for n in (0..RECORDS).step_by(2) {
        writer.entry(&EntryDraft { record: id(n), ..template.entries[0].clone() }).unwrap();
    }
    for n in 0..RECORDS {
        let from_row = row(1, n + 2);
        writer.record(&FiledDraft { record: id(n), from_row, ..template.records[0].clone() }).unwrap();
    }
    writer.end(&draft.subject).unwrap();
    let (mut bytes, mut origins) = (Vec::new(), Vec::new());
    let files = FILES.map(str::to_owned);
    writer.finish(meta(), &catalogue(), (0, 1), &files, &mut bytes, &mut origins).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let (part, origins) = (Part::open(bytes, Trust::Nothing).unwrap(), Origins::open(origins).unwrap());
    let verified = verify(&part);
    assert_eq!((verified.findings, verified.rows), (vec![], u64::from(RECORDS) + 1));
    origins.verify().unwrap();
    let standing = part.find(&draft.key, SubjectKey::hash(&draft.key)).unwrap();
    let dossier = part.dossier(&standing).unwrap();
    assert_eq!((dossier.records.len() as u32, standing.entries()), (RECORDS, RECORDS / 2));
    let whole = Whole { part: &part, origins: Some(&origins) };
    for (n, filed) in dossier.records.iter().enumerate().step_by(997) {
        assert_eq!(filed.record, id(n as u32));
        assert_eq!(whole.row(filed.row), ("lists.csv", n as u32 + 2));
    }
}

#[test]
fn what_is_out_of_order_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut drafts = [enterprise(1, "甲"), enterprise(2, "乙")];
    drafts.iter_mut().for_each(|draft| listed(draft, 1, "2026-05-01", None, vec![]));
    drafts.sort_by_key(|draft| std::cmp::Reverse(PartWriter::order(&draft.key)));
    let writer = || PartWriter::new(folder.path(), 0).unwrap();
    let [last, first] = &drafts;
    let mut both = writer();
    both.push(last).unwrap();
    assert!(both.push(first).is_err());
    let mut late = writer();
    assert!(late.entry(&first.entries[0]).is_err() && late.record(&first.records[0]).is_err());
    late.begin(&first.key).unwrap();
    assert!(late.begin(&last.key).is_err());
    late.record(&first.records[0]).unwrap();
    assert!(late.entry(&first.entries[0]).is_err());
    let (mut part, mut origins) = (Vec::new(), Vec::new());
    assert!(late.finish(meta(), &catalogue(), (0, 1), &[], &mut part, &mut origins).is_err());
    let mut nameless = writer();
    nameless.push(first).unwrap();
    let told = nameless.finish(meta(), &catalogue(), (0, 1), &[], &mut part, &mut origins).unwrap_err();
    assert!(told.to_string().contains("a row came from file 1, but 0 are named"), "{told}");
}
