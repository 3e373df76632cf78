//! Invented subjects, and parts made of them.

use std::borrow::Cow;
use xinhe::domain::catalogue::{
    Bars, Binding, CapEntry, ClassEntry, Effect, Entries, ListEntry, ListTerm, MeasureEffect, MeasureEntry,
    ObjectionMode, RuleEntry, Severity,
};
use xinhe::domain::date::{Day, Term};
use xinhe::domain::identifier::{IdKind, Identifier, citizen_check, registration_check, unified_code_check};
use xinhe::domain::publication::Ending;
use xinhe::domain::record::{CorrectionKind, Event, RecordId, RecordKind};
use xinhe::domain::subject::{StateClass, SubjectKind};
use xinhe::domain::verdict::{Category, Relation};
use xinhe::snapshot::schema::{Meta, SourceMeta};
use xinhe::snapshot::{
    EntryDraft, EventDraft, FiledDraft, NamesDraft, Part, PartWriter, PersonKey, PersonKeys, Provenance,
    Snapshot, SubjectDraft, SubjectKey, Tag, Trust,
};

/// A whole subject that owns or spells out its words.
pub(super) type Draft = xinhe::snapshot::Draft<'static>;

/// The files of rows, by source.
pub(super) const FILES: [&str; 3] = ["subjects.csv", "lists.csv", "penalties.csv"];

pub(super) const SECRET: [u8; 32] = [7; 32];

pub(super) fn key() -> PersonKey {
    PersonKey::new(&SECRET)
}

pub(super) fn keys() -> PersonKeys {
    PersonKeys::parse(&PersonKeys::line(&SECRET)).unwrap()
}

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A unified code of an enterprise in 370402.
pub(super) fn unified_code(n: u32) -> Identifier {
    let head = format!("91370402MA{n:07}");
    let check = char::from(unified_code_check(head.as_bytes()).unwrap());
    Identifier::parse(IdKind::Uscc, &format!("{head}{check}"), Day::OPEN).unwrap()
}

/// A business registration number of 370402.
pub(super) fn registration_number(n: u32) -> Identifier {
    let head = format!("370402{n:08}");
    let check = char::from(registration_check(head.as_bytes()).unwrap());
    Identifier::parse(IdKind::Registration, &format!("{head}{check}"), Day::OPEN).unwrap()
}

/// A citizen born in 1990, of a division that does not exist.
pub(super) fn citizen(n: u32) -> Identifier {
    let head = format!("37049919900101{:03}", n % 1000);
    let check = char::from(citizen_check(head.as_bytes()).unwrap());
    Identifier::parse(IdKind::Citizen, &format!("{head}{check}"), Day::OPEN).unwrap()
}

pub(super) fn key_of(identifier: &Identifier) -> SubjectKey {
    SubjectKey::of(identifier, &key())
}

fn list(code: &str, effect: Effect) -> ListEntry {
    ListEntry {
        code: code.to_owned(),
        title: format!("名单 {code}"),
        effect,
        severity: (effect == Effect::Punish).then_some(Severity::Serious),
        term: ListTerm::For(Term::Years(3)),
        ground_terms: vec![("2".to_owned(), ListTerm::For(Term::Years(2)))],
        extends_to: vec![],
        bars: vec![],
        authority: "某局".to_owned(),
        basis: vec!["某法 第一条".to_owned()],
        verified: true,
    }
}

pub(super) fn catalogue() -> Entries {
    Entries {
        layers: vec!["base".to_owned()],
        objection: ObjectionMode::Counts,
        lists: vec![list("red", Effect::Favour), list("black", Effect::Punish)],
        measures: vec![MeasureEntry {
            code: "M-1".to_owned(),
            title: "限制".to_owned(),
            effect: MeasureEffect::Punish,
            binding: Binding::Discretionary,
            clause: None,
            lists: vec!["black".to_owned()],
            penalties: vec!["吊销许可证件".to_owned(), "罚款".to_owned()],
            grades: vec!["纳税信用:D".to_owned()],
            commitments: vec![],
            matters: vec![],
            tags: vec![],
            stages: vec![],
            kinds: vec![],
            grants: vec![],
            from: None,
            to: None,
            authority: "某局".to_owned(),
            basis: vec!["某法 第二条".to_owned()],
        }],
        matters: vec![],
        classes: vec![ClassEntry {
            name: "ordinary".to_owned(),
            published: true,
            shortest: Some(Term::Months(3)),
            longest: Term::Years(1),
            bars: vec![],
            from: None,
        }],
        rules: vec![RuleEntry { class: "ordinary".to_owned(), default: true, ..RuleEntry::default() }],
        cap: Some(CapEntry { longest: Term::Years(5), basis: vec!["某条例".to_owned()] }),
        states: xinhe::domain::catalogue::default_states(),
    }
}

pub(super) fn meta() -> Meta {
    let source = |kind: &str| SourceMeta {
        kind: kind.to_owned(),
        provider: "11370402MB28573908".to_owned(),
        as_of: day("2026-11-20").number(),
        supplies: if kind == "list" { vec!["black".to_owned()] } else { vec![] },
        fresh_until: if kind == "list" { day("2026-11-27").number() } else { Day::OPEN.number() },
    };
    Meta {
        dataset: "试验".to_owned(),
        as_of: day("2026-11-20").number(),
        coverage: vec!["3704".to_owned()],
        person_algorithm: PersonKey::ALGORITHM.to_owned(),
        person_key: key().id().0,
        sources: ["subject", "list", "penalty"].map(source).to_vec(),
        counts: Default::default(),
    }
}

pub(super) fn row(source: u16, line: u32) -> Provenance {
    Provenance { source, file: u32::from(source), line }
}

/// A registered enterprise without records.
pub(super) fn enterprise(n: u32, name: &str) -> Draft {
    let subject = SubjectDraft {
        kind: SubjectKind::Enterprise,
        state: Some(("存续".into(), StateClass::Active, 0)),
        names: NamesDraft::Organisation { current: name.to_owned().into(), former: vec![] },
        aliases: vec![],
        former_codes: vec![],
        older_codes: vec![],
        division: Some("370402".into()),
        occupation: None,
        representative: "张*三".into(),
        from_row: Some(row(0, n + 2)),
    };
    Draft { key: key_of(&unified_code(n)), subject, entries: vec![], records: vec![] }
}

/// A person without records.
pub(super) fn person(n: u32, name: &str) -> Draft {
    let key_of_person = key_of(&citizen(n));
    let mut mask = String::new();
    xinhe::domain::text::mask_name(name, &mut mask);
    let organisation = enterprise(n, "");
    let digest = key().name(&key_of_person, name);
    let subject = SubjectDraft {
        kind: SubjectKind::Person,
        state: Some(("".into(), StateClass::Active, 0)),
        names: NamesDraft::Person { current: Some((digest, mask.into())), former: vec![] },
        division: None,
        occupation: Some("教师".into()),
        representative: "".into(),
        ..organisation.subject
    };
    Draft { key: key_of_person, subject, ..organisation }
}

pub(super) fn correction(kind: CorrectionKind, on: &str) -> EventDraft<'static> {
    EventDraft {
        event: Event { day: day(on), kind },
        from: row(1, 9),
        number: 0,
        document: "某更〔2026〕1号".into(),
        authority: "某局".into(),
    }
}

/// An entry of the list `black`, with its filed record, added to a subject.
pub(super) fn listed(
    draft: &mut Draft,
    id: u8,
    since: &str,
    until: Option<&str>,
    events: Vec<EventDraft<'static>>,
) {
    let until = until.map(day);
    draft.entries.push(EntryDraft {
        record: RecordId([id; 16]),
        category: Some(Category::List(1)),
        effect: Effect::Punish,
        relation: Relation::Own,
        objection: false,
        bars: Bars(1),
        since: day(since),
        from: day(since),
        until,
        source: 1,
        authority: "某局".into(),
        title: None,
        grade: None,
        document: Some("某列〔2026〕1号".into()),
        events: events.clone(),
    });
    let ending = if until.is_some() { Ending::ListTerm } else { Ending::Open };
    let texts = vec![(Tag::Document, "某列〔2026〕1号".into()), (Tag::Basis, "某法 第一条".into())];
    let filed = filed(RecordKind::List, id, since, until, texts);
    draft.records.push(FiledDraft { ending, events, from_row: row(1, u32::from(id)), ..filed });
    order(draft);
}

/// A record that only the dossier holds.
pub(super) fn filed(
    kind: RecordKind,
    id: u8,
    date: &str,
    until: Option<Day>,
    texts: Vec<(Tag, Cow<'static, str>)>,
) -> FiledDraft<'static> {
    FiledDraft {
        record: RecordId([id; 16]),
        kind,
        objection: false,
        revoked: false,
        unpublished: false,
        ending: Ending::Open,
        rule: None,
        from_row: row(2, u32::from(id)),
        date: day(date),
        from: day(date),
        until,
        title: None,
        authority: "某局".into(),
        events: vec![],
        texts,
    }
}

/// Records stand by kind, date and id.
pub(super) fn order(draft: &mut Draft) {
    draft.records.sort_by_key(|filed| (filed.kind, filed.date, filed.record));
}

/// The bytes of the only part of a release.
pub(super) fn part_of(drafts: &[Draft]) -> Vec<u8> {
    parts_of(drafts, 1).remove(0)
}

/// The bytes of the parts of a release.
pub(super) fn parts_of(drafts: &[Draft], parts: u32) -> Vec<Vec<u8>> {
    written(drafts, parts, 1 << 20).into_iter().map(|(part, _)| part).collect()
}

/// The bytes of the parts of a release and of their origins files, written within so much memory for sorting.
pub(super) fn written(drafts: &[Draft], parts: u32, memory: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let mut drafts: Vec<&Draft> = drafts.iter().collect();
    drafts.sort_by_key(|draft| PartWriter::order(&draft.key));
    let bytes = |part: u32| {
        let mut writer = PartWriter::new(folder.path(), memory).unwrap();
        for draft in drafts.iter().filter(|draft| SubjectKey::part(draft.key.hash(), parts) == part) {
            writer.push(draft).unwrap();
        }
        let (mut bytes, mut origins) = (Vec::new(), Vec::new());
        let files = FILES.map(str::to_owned);
        let told =
            writer.finish(meta(), &catalogue(), (part, parts), &files, &mut bytes, &mut origins).unwrap();
        assert_eq!((told.bytes, told.origins_bytes), (bytes.len() as u64, origins.len() as u64));
        (bytes, origins)
    };
    (0..parts).map(bytes).collect()
}

/// The release of these subjects.
pub(super) fn snapshot_of(drafts: &[Draft], parts: u32) -> Snapshot<Vec<u8>> {
    let open = |bytes| Part::open(bytes, Trust::Nothing).unwrap();
    Snapshot::new(parts_of(drafts, parts).into_iter().map(open).collect(), &keys()).unwrap()
}

/// A small release with one of everything.
pub(super) fn of_everything() -> Vec<Draft> {
    let mut listed_one = enterprise(1, "枣庄试例商贸有限公司");
    listed_one.subject.names = NamesDraft::Organisation {
        current: "枣庄试例商贸有限公司".into(),
        former: vec!["枣庄旧例商贸有限公司".into()],
    };
    listed_one.subject.aliases = vec![key_of(&registration_number(1)), key_of(&unified_code(9001))];
    listed_one.subject.former_codes = vec![unified_code(9001).as_str().to_owned().into()];
    let older = registration_number(1).as_str().to_owned();
    listed_one.subject.older_codes = vec![("registration".into(), older.into())];
    let repaired = vec![correction(CorrectionKind::Repaired, "2026-10-01")];
    listed(&mut listed_one, 1, "2026-05-01", Some("2029-05-01"), repaired);
    listed(&mut listed_one, 2, "2026-06-01", None, vec![]);
    let mut fined = enterprise(2, "枣庄（试验）餐饮店");
    fined.subject.kind = SubjectKind::IndividualBusiness;
    fined.subject.state = Some(("吊销".into(), StateClass::Adverse, 0));
    penalty_and_grades(&mut fined);
    let mut stub = enterprise(3, "");
    stub.subject.state = None;
    stub.subject.from_row = None;
    stub.subject.division = None;
    let mut renamed = person(4, "欧阳试三");
    if let NamesDraft::Person { former, .. } = &mut renamed.subject.names {
        former.push(key().name(&renamed.key, "张试三"));
    }
    vec![listed_one, fined, stub, renamed]
}

fn penalty_and_grades(draft: &mut Draft) {
    let until = day("2027-05-01");
    let template = {
        let mut other = enterprise(0, "");
        listed(&mut other, 3, "2026-05-01", None, vec![]);
        other.entries.remove(0)
    };
    draft.entries.push(EntryDraft {
        category: Some(Category::Penalty(0b11)),
        until: Some(until),
        source: 2,
        title: Some("罚款;吊销许可证件".into()),
        ..template.clone()
    });
    for (id, on, grade, trigger) in [(5, "2026-04-01", "D", Some(0)), (4, "2025-04-01", "A", None)] {
        draft.entries.push(EntryDraft {
            record: RecordId([id; 16]),
            category: None,
            effect: Effect::Attention,
            bars: Bars(0),
            since: day(on),
            from: day(on),
            title: Some("纳税信用".into()),
            grade: Some((grade.into(), trigger)),
            document: None,
            ..template.clone()
        });
        let texts = vec![(Tag::Grade, grade.into())];
        draft.records.push(filed(RecordKind::Evaluation, id, on, None, texts));
    }
    let texts = vec![(Tag::Class, "罚款;吊销许可证件".into()), (Tag::Fine, "1.5".into())];
    let penalty = filed(RecordKind::Penalty, 3, "2026-05-01", Some(until), texts);
    draft.records.push(FiledDraft { ending: Ending::ClassTerm, rule: Some(0), ..penalty });
    let licence = filed(RecordKind::Licence, 6, "2024-01-01", None, vec![]);
    draft.records.push(licence);
    order(draft);
}
