//! The census counts alike however it is divided, and the report keeps its shape.

mod fixture;
mod night;

use super::*;
use fixture::*;
pub(crate) use night::{quality, source};
use xinhe::domain::subject::SubjectKind;

#[test]
fn the_report_of_a_small_build_is_the_golden_one() {
    let found = json(&counted());
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/quality/quality.json");
    if std::env::var_os("XINHE_WRITE_GOLDEN").is_some() {
        std::fs::write(golden, &found).unwrap();
    }
    let expected = std::fs::read_to_string(golden).unwrap();
    assert!(
        found == expected,
        "quality.json has changed: if that is meant, run with XINHE_WRITE_GOLDEN=1\n{found}"
    );
}

#[test]
fn counts_of_parts_that_were_written_and_read_back_give_the_same_report() {
    let steps = steps();
    // The last two are counted once, for the whole.
    let (of_parts, of_whole) = steps.split_at(steps.len() - 2);
    let mut whole = census();
    for half in of_parts.chunks(of_parts.len().div_ceil(2)) {
        let mut part = census();
        half.iter().for_each(|step| step(&mut part));
        let written = serde_json::to_vec(&Counted::of(&part)).unwrap();
        let read: Counted = serde_json::from_slice(&written).unwrap();
        whole.add(&read.census(&census()).unwrap());
    }
    of_whole.iter().for_each(|step| step(&mut whole));
    assert_eq!(report(&whole, None), counted());
    let other = Census::new(AS_OF.parse().unwrap(), &[], 7, &catalogue());
    assert!(Counted::of(&whole).census(&other).is_none(), "counts of another dataset are refused");
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
            all.iter().for_each(|one| sum.add(one));
            assert!(json(&report(&sum, None)) == whole, "{threads} threads");
        }
    }
}

#[test]
fn coverage_counts_the_register_and_what_is_visible() {
    let quality = counted();
    let of = |kind: &str| quality.coverage.kinds.iter().find(|one| one.kind == kind).unwrap().clone();
    assert_eq!((of("enterprise").registered, of("enterprise").stubs), (1, 1));
    assert_eq!(
        (of("enterprise").registered_with_records, of("organisation").registered_with_records),
        (1, 0)
    );
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
    assert_eq!(
        (quality.penalties.by_rule[0].count, quality.penalties.by_default, quality.penalties.unmatched),
        (7, 1, 1)
    );
    assert_eq!((quality.terms.within_7, quality.terms.within_30), (3, 5));
    let by: Vec<_> =
        quality.terms.by.iter().map(|one| (one.kind.as_str(), one.list.as_deref(), one.within_7)).collect();
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
    assert_eq!(
        penalties.warnings_by_reason["two_subjects"] + penalties.warnings_by_reason["unknown_column"],
        2
    );
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
    assert_eq!(
        (enterprises.before, enterprises.now, enterprises.difference, enterprises.percent),
        (2, 1, -1, Some(-50.0))
    );
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
    let count = |subjects: usize, order: &mut dyn Iterator<Item = usize>| {
        let mut all = [census(), census()];
        for at in order {
            let fact = evaluated(at as u32, kinds[at]);
            for _ in 0..subjects {
                all[at % 2].record(&fact, &filed(&fact));
                all[at % 2].subject(&subject(SubjectKind::Enterprise, true));
            }
        }
        let [mut sum, other] = all;
        sum.add(&other);
        report(&sum, None).coverage
    };
    let (forth, back) = (count(10, &mut (0..600)), count(10, &mut (0..600).rev()));
    assert_eq!(forth, back);
    assert_eq!((forth.evaluations.len(), forth.evaluated_organisations), (256, 6_000));
    assert_eq!(count(9, &mut (0..600)).evaluations, [], "names of persons, it seems");
    assert_eq!(count(1, &mut (0..32)).evaluations.len(), 32);
}
