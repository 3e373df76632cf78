//! A part of any size for the benches, made without tables: most organisations have no entry, one in fifty has two.

use xinhe::domain::catalogue::{Bars, Effect, Entries, ObjectionMode, default_states};
use xinhe::domain::catalogue::{
    Footing, ListEntry, ListTerm, MatterEntry, MeasureEffect, MeasureEntry, Severity,
};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{
    IdKind, Identifier, citizen_check, organisation_code_check, unified_code_check,
};
use xinhe::domain::record::RecordId;
use xinhe::domain::subject::{StateClass, SubjectKind};
use xinhe::domain::verdict::{Category, Relation};
use xinhe::snapshot::schema::Meta;
use xinhe::snapshot::{
    Draft, EntryDraft, NamesDraft, Part, PartWriter, PersonKey, PersonKeys, Snapshot, SubjectDraft,
    SubjectKey, Trust,
};

pub(crate) use crate::office::today;

/// The name that every person of the bench has.
pub(crate) const PERSON_NAME: &str = "张试例";

/// The secret of the benches.
pub(crate) fn keys() -> PersonKeys {
    PersonKeys::parse(&PersonKeys::line(&[7; 32])).expect("a key")
}

/// The unified code of the organisation with this number: spread like real ones, since an FST over running numbers
/// would be small enough for any cache.
pub(crate) fn organisation(number: u64) -> Identifier {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const HALF: u64 = 31 * 31 * 31 * 31;
    // Both steps can be undone, so that no two numbers share a code.
    let (upper, lower) = (number / HALF, number % HALF);
    let first = (lower * 611_953 + upper * 104_729) % HALF;
    let second = (upper * 786_433 + first * 433_494 + 1) % HALF;
    let mut code = b"91370402".to_vec();
    for half in [first, second] {
        code.extend([29_791, 961, 31, 1].map(|weight| ALPHABET[(half / weight % 31) as usize]));
    }
    code.push(organisation_code_check(&code[8..16]).expect("an alphabet"));
    code.push(unified_code_check(&code).expect("an alphabet"));
    Identifier::parse(IdKind::Uscc, std::str::from_utf8(&code).expect("ASCII"), today()).expect("a code")
}

/// The citizen's number of the person with this number.
pub(crate) fn person(number: u64) -> Identifier {
    let born = Day::from_ymd(1930, 1, 1).expect("a day").number() + (number / 1000) as i32;
    let (year, month, day) = Day::from_number(born).ymd();
    let mut text = format!("370400{year:04}{month:02}{day:02}{:03}", number % 1000).into_bytes();
    text.push(citizen_check(&text).expect("digits"));
    Identifier::parse(IdKind::Citizen, std::str::from_utf8(&text).expect("ASCII"), today()).expect("a number")
}

/// How many subjects a bench is run with: few when cargo only tests that it runs, or as `XINHE_BENCH_SUBJECTS` says.
pub(crate) fn size(full: u64) -> u64 {
    let asked = std::env::var("XINHE_BENCH_SUBJECTS").ok().and_then(|text| text.parse().ok());
    let test = std::env::args().any(|arg| arg == "--test");
    asked.or(test.then_some(20_000)).map_or(full, |most: u64| full.min(most))
}

/// A snapshot of so many subjects, half organisations, half persons.
pub(crate) fn snapshot(subjects: u64) -> Snapshot<Vec<u8>> {
    let keys = keys();
    let key = keys.first();
    let mut order: Vec<((u64, SubjectKey), u64)> = (0..subjects)
        .map(|n| {
            let id = if n % 2 == 0 { organisation(n / 2) } else { person(n / 2) };
            (PartWriter::order(&SubjectKey::of(&id, key)), n)
        })
        .collect();
    order.sort_unstable();
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = PartWriter::new(folder.path(), 256 << 20).expect("a writer");
    for ((_, subject), n) in order {
        writer.push(&draft(subject, n, key)).expect("in order");
    }
    let mut bytes = Vec::new();
    let meta = Meta {
        dataset: "bench".to_owned(),
        as_of: today().number(),
        person_key: key.id().0,
        ..Meta::default()
    };
    let mut origins = std::io::sink();
    writer.finish(meta, &catalogue(), (0, 1), &[], &mut bytes, &mut origins).expect("a part");
    let part = Part::open(bytes, Trust::Sums).expect("what was written");
    Snapshot::new(vec![part], &keys).expect("one part")
}

fn draft(subject: SubjectKey, n: u64, key: &PersonKey) -> Draft<'static> {
    let is_person = n % 2 == 1;
    let names = if is_person {
        NamesDraft::Person {
            current: Some((key.name(&subject, PERSON_NAME), "张*例".into())),
            former: vec![],
        }
    } else {
        NamesDraft::Organisation {
            current: format!("枣庄试例第{}号商贸有限公司", n / 2).into(),
            former: vec![],
        }
    };
    let entries = if n.is_multiple_of(50) { vec![entry(n, 0), entry(n, 1)] } else { vec![] };
    let about = SubjectDraft {
        kind: if is_person { SubjectKind::Person } else { SubjectKind::Enterprise },
        state: Some(("存续".into(), StateClass::Active, 0)),
        names,
        aliases: vec![],
        former_codes: vec![],
        older_codes: vec![],
        division: Some("370402".into()),
        occupation: None,
        representative: "".into(),
        from_row: None,
    };
    Draft { key: subject, subject: about, entries, records: vec![] }
}

fn entry(n: u64, place: u64) -> EntryDraft<'static> {
    let since = Day::from_number(today().number() - 100 - place as i32);
    EntryDraft {
        record: RecordId((u128::from(n) << 8 | u128::from(place)).to_be_bytes()),
        category: Some(if place == 0 { Category::List(0) } else { Category::Penalty(0) }),
        effect: Effect::Punish,
        relation: Relation::Own,
        objection: false,
        bars: Bars::default(),
        since,
        from: since,
        until: Some(Day::from_number(today().number() + 300)),
        source: 0,
        authority: "枣庄市试例局".into(),
        title: (place == 1).then(|| "罚款".into()),
        grade: None,
        document: Some(format!("试罚〔2026〕{n}号").into()),
        events: vec![],
    }
}

/// One list, one measure, one matter.
fn catalogue() -> Entries {
    let basis = vec!["试例".to_owned()];
    Entries {
        layers: vec!["bench".to_owned()],
        objection: ObjectionMode::Counts,
        lists: vec![ListEntry {
            code: "government-procurement".to_owned(),
            title: "政府采购严重违法失信".to_owned(),
            effect: Effect::Punish,
            severity: Some(Severity::Serious),
            term: ListTerm::UntilRemoved,
            ground_terms: vec![],
            extends_to: vec![],
            bars: vec![],
            authority: "财政部门".to_owned(),
            basis: basis.clone(),
            verified: false,
        }],
        measures: vec![MeasureEntry {
            code: "GP-77".to_owned(),
            title: "禁止参加政府采购活动".to_owned(),
            effect: MeasureEffect::Punish,
            binding: xinhe::domain::catalogue::Binding::Mandatory,
            clause: Some("试例".to_owned()),
            lists: vec!["government-procurement".to_owned()],
            penalties: vec![],
            grades: vec![],
            commitments: vec![],
            matters: vec!["370402-000131".to_owned()],
            tags: vec![],
            stages: vec![],
            kinds: vec![],
            grants: vec![],
            from: None,
            to: None,
            authority: "财政部门".to_owned(),
            basis,
        }],
        matters: vec![MatterEntry {
            code: "370402-000131".to_owned(),
            aliases: vec![],
            title: "政府采购供应商资格审查".to_owned(),
            department: "试例".to_owned(),
            tags: vec![],
            commitment: true,
            tolerance: true,
            persons: Footing::Statutory,
        }],
        classes: vec![],
        rules: vec![],
        cap: None,
        states: default_states(),
    }
}
