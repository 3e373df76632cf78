//! A small build, a step a subject.

use super::super::*;
use crate::facts::{CorrectionFact, Detail, Named, Origin, RecordFact, Version};
use crate::guardrail::{self, Input, Limits};
use arrayvec::ArrayVec;
use std::borrow::Cow;
use std::collections::BTreeMap;
use xinhe::domain::catalogue::{Binding, Footing, Severity};
use xinhe::domain::catalogue::{
    CapEntry, Catalogue, ClassEntry, Effect, Entries, ListEntry, ListTerm, MatterEntry, MeasureEffect,
    MeasureEntry, ObjectionMode, RuleEntry,
};
use xinhe::domain::date::{Day, Term};
use xinhe::domain::publication::Ending;
use xinhe::domain::record::{CorrectionKind, Event, Fine, RecordId, RecordKind};
use xinhe::domain::subject::{StateClass, SubjectKind};
use xinhe::release::{CorrectionsFolded, Manifest, PersonDigests, SourceEntry};
use xinhe::snapshot::{EventDraft, FiledDraft, NamesDraft, Provenance, SubjectDraft};

pub(super) const AS_OF: &str = "2026-11-20";

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Two lists, two rules, two matters and measures that are odd in each way.
pub(super) fn catalogue() -> Catalogue {
    let list = |code: &str, effect| ListEntry {
        code: code.to_owned(),
        title: code.to_owned(),
        effect,
        severity: Some(Severity::Serious),
        term: ListTerm::UntilRemoved,
        ground_terms: vec![],
        extends_to: vec![],
        bars: vec![],
        authority: "某局".to_owned(),
        basis: vec!["某法".to_owned()],
        verified: false,
    };
    let measure = |code: &str, lists: &[&str], tags: &[&str]| MeasureEntry {
        code: code.to_owned(),
        title: code.to_owned(),
        effect: MeasureEffect::Punish,
        binding: Binding::Discretionary,
        clause: None,
        lists: lists.iter().map(|one| (*one).to_owned()).collect(),
        penalties: vec![],
        grades: vec![],
        commitments: vec![],
        matters: vec![],
        tags: tags.iter().map(|one| (*one).to_owned()).collect(),
        stages: vec![],
        kinds: vec![],
        grants: vec![],
        from: None,
        to: None,
        authority: "某局".to_owned(),
        basis: vec!["某法".to_owned()],
    };
    let mut ended = measure("M-ended", &["debtor"], &["procurement"]);
    (ended.from, ended.to) = (Some(day("2026-01-02")), Some(day("2026-01-01")));
    Catalogue::new(Entries {
        layers: vec!["base".to_owned()],
        objection: ObjectionMode::Counts,
        lists: vec![list("debtor", Effect::Punish), list("honest", Effect::Favour)],
        measures: vec![
            measure("M-good", &["debtor"], &["procurement"]),
            measure("M-nowhere", &["debtor"], &["nothing"]),
            measure("M-never", &[], &["procurement"]),
            ended,
        ],
        matters: vec![MatterEntry {
            code: "370402-000131".to_owned(),
            aliases: vec![],
            title: "政府采购".to_owned(),
            department: "某局".to_owned(),
            tags: vec!["procurement".to_owned()],
            commitment: false,
            tolerance: false,
            persons: Footing::None,
        }],
        classes: vec![ClassEntry {
            name: "ordinary".to_owned(),
            published: true,
            shortest: None,
            longest: Term::Years(1),
            bars: vec![],
            from: None,
        }],
        rules: vec![
            RuleEntry {
                class: "ordinary".to_owned(),
                penalties: vec!["罚款".to_owned()],
                ..RuleEntry::default()
            },
            RuleEntry { class: "ordinary".to_owned(), default: true, ..RuleEntry::default() },
        ],
        cap: None::<CapEntry>,
        states: vec![],
    })
}

pub(super) fn record(source: u16, line: u32, date: &str, detail: Detail<'static>) -> RecordFact<'static> {
    RecordFact {
        origin: Origin { source, file: u32::from(source), line },
        version: Version { changed: None, row: b"" },
        subject: Named {
            codes: ArrayVec::new(),
            document: None,
            name: Some(Cow::Owned(format!("某公司{line}"))),
        },
        date: day(date),
        authority: "某局".into(),
        document: Some(Cow::Owned(format!("〔2026〕{line}号"))),
        revoked: false,
        objection: false,
        detail,
        texts: ArrayVec::new(),
    }
}

pub(super) fn penalty(line: u32, date: &str, until: &str) -> RecordFact<'static> {
    let detail = Detail::Penalty {
        kinds: "罚款".into(),
        procedure: None,
        fine: Fine::parse("10"),
        published_until: Some(day(until)),
    };
    record(1, line, date, detail)
}

pub(super) fn listed(line: u32, list: u16, date: &str, until: Option<&str>) -> RecordFact<'static> {
    record(2, line, date, Detail::List { list, until: until.map(day), ground: None })
}

pub(super) fn evaluated(line: u32, kind: &'static str) -> RecordFact<'static> {
    let detail = Detail::Evaluation { kind: Some(kind.into()), grade: Some("A".into()), year: None };
    record(3, line, "2026-03-01", detail)
}

pub(super) fn filed(fact: &RecordFact<'static>) -> FiledDraft<'static> {
    let (kind, until) = match &fact.detail {
        Detail::Penalty { published_until, .. } => (RecordKind::Penalty, *published_until),
        Detail::List { until, .. } => (RecordKind::List, *until),
        _ => (RecordKind::Evaluation, None),
    };
    FiledDraft {
        record: RecordId([7; 16]),
        kind,
        objection: false,
        revoked: fact.revoked,
        unpublished: false,
        ending: Ending::OwnDay,
        rule: (kind == RecordKind::Penalty).then_some(0),
        from_row: Provenance { source: fact.origin.source, file: fact.origin.file, line: fact.origin.line },
        date: fact.date,
        from: fact.date,
        until,
        title: None,
        authority: fact.authority.clone(),
        events: vec![],
        texts: vec![],
    }
}

pub(super) fn subject(kind: SubjectKind, registered: bool) -> SubjectDraft<'static> {
    SubjectDraft {
        kind,
        state: registered.then(|| ("存续".into(), StateClass::Active, 0)),
        names: NamesDraft::Organisation { current: "某公司".into(), former: vec![] },
        aliases: vec![],
        former_codes: vec![],
        older_codes: vec![],
        division: None,
        occupation: None,
        representative: "".into(),
        from_row: None,
    }
}

/// What a small build hands over, a subject a step, so that it can be divided among threads.
#[expect(clippy::type_complexity, reason = "steps to take in any order")]
pub(super) fn steps() -> Vec<Box<dyn Fn(&mut Census)>> {
    fn put(census: &mut Census, fact: &RecordFact<'static>) {
        census.record(fact, &filed(fact));
    }
    vec![
        // Ends on the day of the data, in 6 days, in 7, in 29, in 30.
        Box::new(|census| {
            for (line, until) in
                ["2026-11-20", "2026-11-26", "2026-11-27", "2026-12-19", "2026-12-20"].iter().enumerate()
            {
                put(census, &penalty(line as u32 + 2, "2026-11-01", until));
            }
            put(census, &evaluated(2, "公共信用综合评价"));
            put(census, &evaluated(3, "公共信用综合评价"));
            put(census, &evaluated(4, "纳税信用"));
            census.subject(&subject(SubjectKind::Enterprise, true));
        }),
        // Expired, revoked, repaired: kept, not visible. One without a rule, one by default; one ends before it begins.
        Box::new(|census| {
            put(census, &listed(2, 0, "2024-01-01", Some("2025-01-01")));
            let mut fact = listed(3, 0, "2026-01-01", None);
            fact.revoked = true;
            put(census, &fact);
            let fact = listed(4, 0, "2026-01-01", None);
            let mut repaired = filed(&fact);
            repaired.events.push(EventDraft {
                event: Event { day: day("2026-11-20"), kind: CorrectionKind::Repaired },
                from: Provenance { source: 4, file: 4, line: 2 },
                number: 0,
                document: "".into(),
                authority: "".into(),
            });
            census.record(&fact, &repaired);
            put(census, &listed(5, 1, "2026-01-01", Some("2026-11-22")));
            let fact = penalty(7, "2026-11-30", "2026-11-25");
            census.record(&fact, &FiledDraft { rule: None, ..filed(&fact) });
            let fact = penalty(8, "2026-01-01", "2027-11-25");
            census.record(&fact, &FiledDraft { rule: Some(1), ..filed(&fact) });
            census.subject(&subject(SubjectKind::Person, true));
        }),
        Box::new(|census| census.subject(&subject(SubjectKind::Organisation, true))),
        // A stub, with a record that came in time and one that came late.
        Box::new(|census| {
            let mut fact = penalty(9, "2026-11-10", "2027-11-10");
            fact.version.changed = Some(20261119080000);
            put(census, &fact);
            fact.version.changed = Some(20261120080000);
            put(census, &fact);
            put(census, &evaluated(5, "纳税信用"));
            census.subject(&subject(SubjectKind::Enterprise, false));
        }),
        Box::new(|census| {
            let (winner, mut loser) =
                (penalty(10, "2026-11-10", "2027-11-10"), penalty(10, "2026-11-10", "2027-11-10"));
            loser.origin.source = 3;
            census.merged(&winner, &loser);
            loser.subject.name = Some("另一公司".into());
            loser.detail = Detail::Penalty {
                kinds: "警告".into(),
                procedure: None,
                fine: None,
                published_until: Some(day("2027-11-10")),
            };
            census.merged(&winner, &loser);
            census.merged(&winner, &loser);
        }),
        Box::new(|census| {
            census.reject(1, "bad_date", "CF_JDRQ");
            census.reject(1, "bad_date", "处罚决定日期");
            census.reject(1, "malformed_row", "");
            census.warn(1, "two_subjects");
        }),
        Box::new(|census| {
            census.orphan(&CorrectionFact {
                origin: Origin { source: 4, file: 4, line: 2 },
                kind: CorrectionKind::Repaired,
                number: 0,
                record: RecordId([1; 16]),
                effective: day("2026-11-01"),
                document: "文书".to_owned(),
                authority: "某局".to_owned(),
            });
            census.orphan_of_store(42, CorrectionKind::Delisted, RecordId([2; 16]), day("2026-11-02"));
        }),
    ]
}

pub(super) fn census() -> Census {
    Census::new(day(AS_OF), &[day(AS_OF); 5], 7, &catalogue())
}

pub(super) fn manifest() -> Manifest {
    let kinds =
        [("subject", ""), ("penalty", ""), ("list", "debtor"), ("evaluation", ""), ("correction", "")];
    let sources = kinds.map(|(kind, list)| SourceEntry {
        kind: kind.to_owned(),
        path: format!("{kind}.csv"),
        provider: String::new(),
        as_of: AS_OF.to_owned(),
        max_age: None,
        supplies: [list].into_iter().filter(|list| !list.is_empty()).map(str::to_owned).collect(),
        files: 1,
        rows: 12,
        kept: 9,
        merged: 0,
        rejected: 3,
        carried: None,
    });
    Manifest {
        format: Manifest::FORMAT,
        release: "2026-11-20.1".to_owned(),
        dataset: "试验".to_owned(),
        as_of: AS_OF.to_owned(),
        coverage: vec![],
        persons: PersonDigests { algorithm: String::new(), key: String::new() },
        parts: vec![],
        sources: sources.into(),
        corrections: CorrectionsFolded { last: 42, from_tables: 0, orphans: 2 },
        catalogue_sha256: "c0ffee".to_owned(),
        quality_sha256: None,
        built_by: "test".to_owned(),
    }
}

pub(super) fn report(census: &Census, previous: Option<&Quality>) -> Quality {
    let (warnings, missing) = (BTreeMap::from([("unknown_column", 1)]), BTreeMap::from([("CF_NR_FK", 5)]));
    let none = BTreeMap::new();
    let source = |at: u64| SourceAbout {
        rejects: &none,
        warnings: &warnings,
        missing_fields: &missing,
        content: 0xAB00 + at,
        carried_from: (at == 3).then(|| day("2026-11-19")),
    };
    let sources: Vec<_> = (0..5).map(source).collect();
    let files: Vec<String> = manifest().sources.iter().map(|source| source.path.clone()).collect();
    let about = About {
        manifest: &manifest(),
        catalogue: &catalogue(),
        remarks: &[],
        sources: &sources,
        files: &files,
        previous,
    };
    let mut quality = assemble(census, &about);
    let limits = Limits::default();
    quality.guardrails = guardrail::measure(&Input {
        limits: &limits,
        now: &quality,
        previous,
        verdicts: None,
        sample: Some(&SampleFigures { subjects: 500, ..SampleFigures::default() }),
    });
    quality
}

pub(super) fn json(quality: &Quality) -> String {
    let mut bytes = Vec::new();
    quality.write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

pub(super) fn counted() -> Quality {
    let mut census = census();
    steps().iter().for_each(|step| step(&mut census));
    report(&census, None)
}
