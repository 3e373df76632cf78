//! The census counts alike however it is divided, and the report keeps its shape.

use super::*;
use crate::facts::{CorrectionFact, Detail, Named, Origin, RecordFact, Reject, Version};
use crate::guardrail::{self, Input, Limits};
use arrayvec::ArrayVec;
use std::borrow::Cow;
use std::collections::BTreeMap;
use xinhe::domain::catalogue::{
    CapEntry, Catalogue, ClassEntry, Effect, Entries, ListEntry, ListTerm, MatterEntry, MeasureEffect,
    MeasureEntry, ObjectionMode, RuleEntry,
};
use xinhe::domain::catalogue::{Binding, Footing, Severity};
use xinhe::domain::date::{Day, Term};
use xinhe::domain::publication::Ending;
use xinhe::domain::record::{CorrectionKind, Event, Fine, RecordId, RecordKind};
use xinhe::domain::subject::{StateClass, SubjectKind};
use xinhe::release::{CorrectionsFolded, Manifest, PersonDigests, SourceEntry};
use xinhe::snapshot::{EventDraft, FiledDraft, NamesDraft, Provenance, SubjectDraft};

pub(crate) const AS_OF: &str = "2026-11-20";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A source of a report, with this many rows.
pub(crate) fn source(name: &str, kind: &str, rows: u64) -> SourceQuality {
    SourceQuality {
        name: name.to_owned(),
        source: SourceFigures {
            kind: kind.to_owned(),
            path: format!("{kind}/*.csv"),
            provider: "11370402MB28573908".to_owned(),
            as_of: AS_OF.to_owned(),
            files: 1,
            rows,
            kept: rows,
            ..SourceFigures::default()
        },
        ..SourceQuality::default()
    }
}

/// A report of a good night: 10,000 enterprises, 20,000 records, two lists, two sources.
pub(crate) fn quality() -> Quality {
    let list = |code: &str, title: &str, entries: u64| ListFigures {
        code: code.to_owned(),
        title: title.to_owned(),
        entries,
        visible: entries,
        supplied_by: Vec::new(),
    };
    let mut subject = source("1-subject", "subject", 10_000);
    subject.content = "00000000000000a1".to_owned();
    let mut penalty = source("2-penalty", "penalty", 4_000);
    penalty.content = "00000000000000b2".to_owned();
    (penalty.source.rejected, penalty.source.kept) = (40, 3_960);
    penalty.rejected_by_reason.insert("bad_date".to_owned(), 40);
    penalty.rejected_by_column =
        BTreeMap::from([("bad_date".to_owned(), BTreeMap::from([("CF_JDRQ".to_owned(), 40)]))]);
    penalty.missing_fields = BTreeMap::from([("CF_NR_FK".to_owned(), 400), ("CF_XDR_SHXYM".to_owned(), 0)]);
    let shape = |column: &str, with_digits, variety| ColumnShape {
        column: column.to_owned(),
        looked_at: 3_960,
        with_digits,
        variety,
    };
    penalty.columns =
        vec![shape("name", 0.02, 0.8), shape("document", 1.0, 0.99), shape("authority", 0.0, 0.01)];
    let mut report = Quality {
        release: "2026-11-20.1".to_owned(),
        dataset: "zaozhuang".to_owned(),
        as_of: AS_OF.to_owned(),
        previous: Some("2026-11-19.1".to_owned()),
        subjects: Subjects { enterprise: 10_000, ..Subjects::default() },
        records: vec![KindCount { kind: "penalty".to_owned(), count: 20_000 }],
        sources: vec![subject, penalty],
        lists: vec![list("debtor", "失信被执行人", 1_000), list("honest", "诚信示范企业", 1)],
        ..Quality::default()
    };
    report.coverage.kinds = vec![KindCoverage {
        kind: "enterprise".to_owned(),
        registered: 10_000,
        registered_with_records: 4_000,
        share: 0.4,
        stubs: 0,
    }];
    report.coverage.evaluations = vec![EvaluationCoverage {
        kind: "公共信用综合评价".to_owned(),
        organisations: 9_000,
        share: 0.9,
        persons: 0,
    }];
    report.conflicts.fields = vec![FieldCount {
        winner: "1-subject".to_owned(),
        loser: "2-penalty".to_owned(),
        field: "name".to_owned(),
        count: 3,
    }];
    report.guardrails = vec![guardrail::Guardrail { name: "subjects".to_owned(), ..Default::default() }];
    report.comparison = vec![Compared {
        figure: "records.penalty".to_owned(),
        before: 1,
        now: 2,
        difference: 1,
        percent: Some(100.0),
    }];
    report.orphan_correction = vec![Orphan::default()];
    report.catalogue.sha256 = "c0ffee".to_owned();
    report
}

/// Two lists, two rules, two matters and measures that are odd in each way.
fn catalogue() -> Catalogue {
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
            RuleEntry { class: "ordinary".to_owned(), penalties: vec!["罚款".to_owned()], ..RuleEntry::default() },
            RuleEntry { class: "ordinary".to_owned(), default: true, ..RuleEntry::default() },
        ],
        cap: None::<CapEntry>,
        states: vec![],
    })
}

fn record(source: u16, line: u32, date: &str, detail: Detail<'static>) -> RecordFact<'static> {
    RecordFact {
        origin: Origin { source, file: u32::from(source), line },
        version: Version { changed: None, row: b"" },
        subject: Named { codes: ArrayVec::new(), document: None, name: Some(Cow::Owned(format!("某公司{line}"))) },
        date: day(date),
        authority: "某局".into(),
        document: Some(Cow::Owned(format!("〔2026〕{line}号"))),
        revoked: false,
        objection: false,
        detail,
        texts: ArrayVec::new(),
    }
}

fn penalty(line: u32, date: &str, until: &str) -> RecordFact<'static> {
    let detail = Detail::Penalty {
        kinds: "罚款".into(),
        procedure: None,
        fine: Fine::parse("10"),
        published_until: Some(day(until)),
    };
    record(1, line, date, detail)
}

fn listed(line: u32, list: u16, date: &str, until: Option<&str>) -> RecordFact<'static> {
    record(2, line, date, Detail::List { list, until: until.map(day), ground: None })
}

fn evaluated(line: u32, kind: &'static str) -> RecordFact<'static> {
    let detail = Detail::Evaluation { kind: Some(kind.into()), grade: Some("A".into()), year: None };
    record(3, line, "2026-03-01", detail)
}

fn filed(fact: &RecordFact<'static>) -> FiledDraft<'static> {
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

fn subject(kind: SubjectKind, registered: bool) -> SubjectDraft<'static> {
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
fn steps() -> Vec<Box<dyn Fn(&mut Census)>> {
    fn put(census: &mut Census, fact: &RecordFact<'static>) {
        census.record(fact, &filed(fact));
    }
    vec![
        // Ends on the day of the data, in 6 days, in 7, in 29, in 30.
        Box::new(|census| {
            for (line, until) in ["2026-11-20", "2026-11-26", "2026-11-27", "2026-12-19", "2026-12-20"].iter().enumerate() {
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
            let (winner, mut loser) = (penalty(10, "2026-11-10", "2027-11-10"), penalty(10, "2026-11-10", "2027-11-10"));
            loser.origin.source = 3;
            census.merged(&winner, &loser);
            loser.subject.name = Some("另一公司".into());
            loser.detail = Detail::Penalty { kinds: "警告".into(), procedure: None, fine: None, published_until: Some(day("2027-11-10")) };
            census.merged(&winner, &loser);
            census.merged(&winner, &loser);
        }),
        Box::new(|census| {
            let reject = |source, line, column: &str, reason| Reject {
                origin: Origin { source, file: 0, line },
                column: column.to_owned(),
                reason,
                value: "x".to_owned(),
            };
            census.reject(&reject(1, 20, "CF_JDRQ", "bad_date"));
            census.reject(&reject(1, 21, "处罚决定日期", "bad_date"));
            census.reject(&reject(1, 22, "", "malformed_row"));
            census.warn(1, "two_subjects");
        }),
        Box::new(|census| {
            census.orphan(&CorrectionFact {
                origin: Origin { source: 4, file: 4, line: 2 },
                kind: CorrectionKind::Repaired,
                record: RecordId([1; 16]),
                effective: day("2026-11-01"),
                document: "文书".to_owned(),
                authority: "某局".to_owned(),
            });
            census.orphan_of_store(42, CorrectionKind::Delisted, RecordId([2; 16]), day("2026-11-02"));
        }),
    ]
}

fn census() -> Census {
    Census::new(day(AS_OF), &[day(AS_OF); 5], 7, &catalogue())
}

fn manifest() -> Manifest {
    let kinds = [("subject", ""), ("penalty", ""), ("list", "debtor"), ("evaluation", ""), ("correction", "")];
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
        built_by: "test".to_owned(),
    }
}

fn report(census: &Census, previous: Option<&Quality>) -> Quality {
    let (warnings, missing) = (BTreeMap::from([("unknown_column", 1)]), BTreeMap::from([("CF_NR_FK", 5)]));
    let source = |at: u64| SourceAbout {
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
    quality.guardrails =
        guardrail::measure(&Input { limits: &limits, now: &quality, previous, verdicts: None, sample: Some((0, 500)) });
    quality
}

fn json(quality: &Quality) -> String {
    let mut bytes = Vec::new();
    quality.write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn counted() -> Quality {
    let mut census = census();
    steps().iter().for_each(|step| step(&mut census));
    report(&census, None)
}

#[test]
fn the_report_of_a_small_build_is_the_golden_one() {
    let found = json(&counted());
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/quality/quality.json");
    if std::env::var_os("XINHE_WRITE_GOLDEN").is_some() {
        std::fs::write(golden, &found).unwrap();
    }
    let expected = std::fs::read_to_string(golden).unwrap();
    assert!(found == expected, "quality.json has changed: if that is meant, run with XINHE_WRITE_GOLDEN=1\n{found}");
}

#[test]
fn the_report_reads_back_and_a_poorer_one_does_too() {
    let quality = counted();
    assert_eq!(serde_json::from_str::<Quality>(&json(&quality)).unwrap(), quality);
    assert_eq!(serde_json::from_str::<Quality>("{\"unknown\":1}").unwrap(), Quality::default());
    let folder = tempfile::tempdir().unwrap();
    let error = Quality::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("quality.json"), "{error}");
    std::fs::write(folder.path().join(QUALITY_FILE), "{").unwrap();
    assert!(matches!(Quality::read(folder.path()), Err(QualityError::Malformed { .. })));
}

#[test]
fn threads_and_their_order_make_no_difference() {
    let whole = json(&counted());
    let steps = steps();
    for threads in 2..5 {
        for first in 0..threads {
            let mut all: Vec<Census> = (0..threads).map(|_| census()).collect();
            steps.iter().enumerate().rev().for_each(|(at, step)| step(&mut all[at % threads]));
            all.rotate_left(first);
            let mut sum = census();
            all.into_iter().for_each(|one| sum.absorb(one));
            assert!(json(&report(&sum, None)) == whole, "{threads} threads");
        }
    }
}

#[test]
fn coverage_counts_the_register_and_what_is_visible() {
    let quality = counted();
    let of = |kind: &str| quality.coverage.kinds.iter().find(|one| one.kind == kind).unwrap().clone();
    assert_eq!((of("enterprise").registered, of("enterprise").stubs), (1, 1));
    assert_eq!((of("enterprise").registered_with_records, of("organisation").registered_with_records), (1, 0));
    assert_eq!(quality.subjects.enterprise, 2);
    assert_eq!(quality.subjects.not_registered, 1);
    assert_eq!(quality.coverage.registered_organisations, 2);
    assert_eq!(quality.coverage.evaluated_share, 0.5);
    // Two evaluations of one kind are one subject, and that of a stub covers nobody of the register.
    let evaluations: Vec<_> =
        quality.coverage.evaluations.iter().map(|one| (one.kind.as_str(), one.organisations)).collect();
    assert_eq!(evaluations, [("公共信用综合评价", 1), ("纳税信用", 1)]);
}

#[test]
fn lists_rules_and_terms_are_counted_as_the_law_ends_them() {
    let quality = counted();
    assert_eq!((quality.lists[0].entries, quality.lists[0].visible), (3, 0), "expired, revoked, repaired");
    assert_eq!((quality.lists[1].entries, quality.lists[1].visible), (1, 1));
    assert_eq!((quality.penalties.by_rule[0].count, quality.penalties.by_default, quality.penalties.unmatched), (7, 1, 1));
    assert_eq!((quality.terms.within_7, quality.terms.within_30), (3, 5));
    let by: Vec<_> = quality.terms.by.iter().map(|one| (one.kind.as_str(), one.list.as_deref(), one.within_7)).collect();
    assert_eq!(by, [("list", Some("honest"), 1), ("penalty", None, 2)]);
    assert_eq!(quality.terms.by_day.first().map(|one| (one.day.as_str(), one.count)), Some((AS_OF, 1)));
}

#[test]
fn oddities_of_catalogue_sources_and_corrections_are_told() {
    let quality = counted();
    assert_eq!(quality.catalogue.lists_without_source, ["honest"]);
    assert_eq!(quality.catalogue.measures_without_matter, ["M-nowhere"]);
    assert_eq!(quality.catalogue.measures_without_trigger, ["M-never"]);
    assert_eq!(quality.catalogue.measures_from_after_to, ["M-ended"]);
    let penalties = &quality.sources[1];
    assert_eq!((penalties.late.timed, penalties.late.late), (2, 1), "seven working days, and eight");
    assert_eq!((penalties.from_after_to, penalties.in_future), (1, 1));
    assert_eq!(penalties.rejected_by_reason["bad_date"], 2);
    assert_eq!(penalties.rejected_by_column["bad_date"]["处罚决定日期"], 1);
    assert_eq!(penalties.warnings_by_reason["two_subjects"] + penalties.warnings_by_reason["unknown_column"], 2);
    assert_eq!((quality.conflicts.duplicates, quality.conflicts.conflicts), (1, 2));
    let fields: Vec<_> = quality.conflicts.fields.iter().map(|one| (one.field.as_str(), one.count)).collect();
    assert_eq!(fields, [("name", 2), ("penalties", 2), ("fine", 2)]);
    assert_eq!(quality.orphan_corrections, 2);
    assert_eq!(quality.orphan_correction[0].file.as_deref(), Some("correction.csv"));
    assert_eq!(quality.orphan_correction[1].number, Some(42));
}

#[test]
fn every_figure_stands_beside_that_of_the_release_before() {
    let before = counted();
    let mut census = census();
    steps().iter().take(2).for_each(|step| step(&mut census));
    let now = report(&census, Some(&before));
    let of = |figure: &str| now.comparison.iter().find(|one| one.figure == figure).cloned().unwrap();
    let enterprises = of("subjects.enterprise");
    assert_eq!((enterprises.before, enterprises.now, enterprises.difference, enterprises.percent), (2, 1, -1, Some(-50.0)));
    assert_eq!(of("lists.debtor.entries").difference, 0);
    assert_eq!((of("rejects.bad_date").before, of("rejects.bad_date").now), (2, 0));
    assert_eq!(of("sources.2-penalty.rows").percent, Some(0.0));
    assert!(before.comparison.is_empty());
    // What was carried forward was not read: its sum stays that of the last reading.
    assert_eq!(now.sources[3].content, before.sources[3].content);
    assert_eq!(now.sources[3].carried_from.as_deref(), Some("2026-11-19"));
}

#[test]
fn many_kinds_of_evaluation_are_cut_alike_whoever_counts() {
    let kinds: Vec<&'static str> = (0..600).map(|n| &*format!("评价{n}").leak()).collect();
    let count = |order: &mut dyn Iterator<Item = usize>| {
        let mut all = [census(), census()];
        for at in order {
            let fact = evaluated(at as u32, kinds[at]);
            all[at % 2].record(&fact, &filed(&fact));
            all[at % 2].subject(&subject(SubjectKind::Enterprise, true));
        }
        let [mut sum, other] = all;
        sum.absorb(other);
        report(&sum, None).coverage
    };
    let (forth, back) = (count(&mut (0..600)), count(&mut (0..600).rev()));
    assert_eq!(forth, back);
    assert_eq!((forth.evaluations.len(), forth.evaluated_organisations), (256, 600));
}
