//! Each guardrail at, below and above its limit, and every bad night by name.

use super::*;
use crate::quality::tests::{quality, source};
use crate::quality::{ColumnShape, Orphan, SourceQuality};

/// The guardrails of a night after a good one, changed by `change`.
fn night(change: impl FnOnce(&mut Quality)) -> Vec<Guardrail> {
    let previous = quality();
    let mut now = quality();
    now.release = "2026-11-21.1".to_owned();
    change(&mut now);
    between(Some(&previous), &now)
}

fn between(previous: Option<&Quality>, now: &Quality) -> Vec<Guardrail> {
    let limits = Limits::default();
    measure(&Input { limits: &limits, now, previous, verdicts: None, sample: None })
}

fn tripped(all: &[Guardrail]) -> Vec<&str> {
    all.iter().filter(|one| one.tripped).map(|one| one.name.as_str()).collect()
}

fn penalties(quality: &mut Quality) -> &mut SourceQuality {
    &mut quality.sources[1]
}

#[test]
fn a_night_like_the_one_before_trips_nothing() {
    assert_eq!(tripped(&night(|_| ())), [""; 0]);
    let mut names: Vec<_> = night(|_| ()).into_iter().map(|one| one.name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "names are stable and each stands once");
    for name in ["subjects", "records", "entries:debtor", "list_emptied:debtor", "source_missing:2-penalty"] {
        assert!(names.iter().any(|one| one == name), "{name}");
    }
}

#[test]
fn a_first_release_has_nothing_to_compare_with() {
    let mut now = quality();
    now.coverage.kinds[0].registered = 1;
    penalties(&mut now).source.as_of = "2020-01-01".to_owned();
    let all = between(None, &now);
    assert_eq!(tripped(&all), [""; 0]);
    for name in ["subjects", "records", "entries:debtor", "rows:2-penalty", "columns:2-penalty", "catalogue"]
    {
        let one = all.iter().find(|one| one.name == name).unwrap();
        assert_eq!(one.detail, "no previous release", "{name}");
    }
}

#[test]
fn subjects_and_records_move_within_their_limits() {
    // 10,000 registered subjects, a fall of 2 % and a rise of 10 % allowed.
    for (now, trips) in [(9_800, false), (9_799, true), (11_000, false), (11_001, true)] {
        let all = night(|quality| quality.coverage.kinds[0].registered = now);
        assert_eq!(tripped(&all), if trips { vec!["subjects"] } else { vec![] }, "{now}");
    }
    // 20,000 records, 5 % and 20 %.
    for (now, trips) in [(19_000, false), (18_999, true), (24_000, false), (24_001, true)] {
        let all = night(|quality| quality.records[0].count = now);
        assert_eq!(tripped(&all), if trips { vec!["records"] } else { vec![] }, "{now}");
    }
    let all = night(|quality| quality.coverage.kinds[0].registered = 5_000);
    assert_eq!((all[0].found.as_str(), all[0].limit.as_str()), ("−50 %", "−2 % to +10 %"));
    assert!(all[0].detail.contains("5000 registered subjects, before 10000"), "{}", all[0].detail);
}

#[test]
fn a_small_difference_trips_nothing_however_large_its_share() {
    let limit = Change { fall: 0.1, rise: 0.1 };
    let trips = |before, now| changed("x".to_owned(), "things", Some(before), now, &limit, 10).tripped;
    assert!(!trips(3, 0) && !trips(11, 2) && trips(11, 1) && trips(0, 10) && !trips(0, 9) && !trips(0, 0));
    assert!(trips(u64::MAX, 0) && trips(0, u64::MAX));
}

#[test]
fn lists_move_within_their_limits_and_are_never_emptied() {
    for (now, trips) in [(900, false), (899, true), (1_300, false), (1_301, true)] {
        let all = night(|quality| quality.lists[0].entries = now);
        assert_eq!(tripped(&all), if trips { vec!["entries:debtor"] } else { vec![] }, "{now}");
    }
    assert_eq!(
        tripped(&night(|quality| quality.lists[0].entries = 0)),
        ["entries:debtor", "list_emptied:debtor"]
    );
    // One entry that goes is a list that is emptied.
    let all = night(|quality| quality.lists[1].entries = 0);
    assert_eq!(tripped(&all), ["list_emptied:honest"]);
    // A list that leaves the catalogue takes its entries with it.
    let all = night(|quality| drop(quality.lists.remove(1)));
    assert_eq!(tripped(&all), ["list_emptied:honest"]);
}

#[test]
fn a_source_without_files_is_missing_even_on_the_first_night() {
    let gone = |quality: &mut Quality| {
        let source = &mut penalties(quality).source;
        (source.files, source.rows, source.kept, source.rejected) = (0, 0, 0, 0);
    };
    let all = night(gone);
    assert_eq!(tripped(&all), ["source_missing:2-penalty", "rows:2-penalty"]);
    let mut first = quality();
    gone(&mut first);
    assert_eq!(tripped(&between(None, &first)), ["source_missing:2-penalty"]);
    // Still missing the night after.
    let second = first.clone();
    assert_eq!(tripped(&between(Some(&first), &second)), ["source_missing:2-penalty"]);
}

#[test]
fn what_is_carried_forward_trips_nothing_of_its_source() {
    let all = night(|quality| {
        let source = penalties(quality);
        source.source.files = 0;
        source.source.rows = 1;
        source.carried_from = Some("2026-11-20".to_owned());
    });
    assert_eq!(tripped(&all), [""; 0]);
    assert!(
        all.iter().any(|one| one.name == "source_missing:2-penalty" && one.detail.contains("2026-11-20"))
    );
}

#[test]
fn a_source_without_rows_is_empty() {
    let empty = |quality: &mut Quality| {
        let source = &mut penalties(quality).source;
        (source.rows, source.kept, source.rejected) = (0, 0, 0);
    };
    assert_eq!(tripped(&night(empty)), ["source_empty:2-penalty", "rows:2-penalty"]);
    let mut first = quality();
    empty(&mut first);
    assert_eq!(tripped(&between(None, &first)), ["source_empty:2-penalty"]);
    assert_eq!(tripped(&between(Some(&first), &first)), [""; 0], "it was accepted then");
    // A table of corrections begins empty.
    penalties(&mut first).source.kind = "correction".to_owned();
    assert_eq!(tripped(&between(None, &first)), [""; 0]);
}

#[test]
fn an_older_day_and_yesterdays_rows_are_old() {
    let of = |day: &str, content: &str, rows: u64| {
        tripped(&night(|quality| {
            let source = penalties(quality);
            source.source.as_of = day.to_owned();
            source.content = content.to_owned();
            source.source.rows = rows;
        }))
        .join(",")
    };
    const SAME: &str = "00000000000000b2";
    assert_eq!(of("2026-11-19", "00000000000000ff", 4_000), "source_older:2-penalty");
    assert_eq!(of("2026-11-21", SAME, 4_000), "source_older:2-penalty");
    assert_eq!(of("2026-11-21", "00000000000000ff", 4_000), "");
    assert_eq!(of("2026-11-20", SAME, 4_000), "", "the same night built again");
    assert_eq!(of("2026-11-21", SAME, 4_001), "", "another number of rows is another file");
    // Small tables may stand still.
    for (rows, trips) in [(19, false), (20, true)] {
        let mut previous = quality();
        penalties(&mut previous).source.rows = rows;
        let mut now = previous.clone();
        penalties(&mut now).source.as_of = "2026-11-21".to_owned();
        let all = between(Some(&previous), &now);
        assert_eq!(
            all.iter().any(|one| one.tripped && one.name == "source_older:2-penalty"),
            trips,
            "{rows}"
        );
    }
}

#[test]
fn a_file_cut_in_half_loses_rows() {
    for (rows, trips) in [(3_200, false), (3_199, true), (8_000, false), (8_001, true), (2_000, true)] {
        let all = night(|quality| penalties(quality).source.rows = rows);
        let rows_tripped = all.iter().any(|one| one.tripped && one.name == "rows:2-penalty");
        assert_eq!(rows_tripped, trips, "{rows}");
    }
}

#[test]
fn rejects_are_measured_from_a_thousand_rows() {
    for (rows, rejected, trips) in
        [(1_000, 100, false), (1_000, 101, true), (999, 999, false), (1_001, 0, false)]
    {
        let mut now = quality();
        let source = &mut penalties(&mut now).source;
        (source.rows, source.rejected) = (rows, rejected);
        let all = between(None, &now);
        assert_eq!(
            tripped(&all),
            if trips { vec!["rejects:2-penalty"] } else { vec![] },
            "{rows} {rejected}"
        );
    }
}

#[test]
fn columns_that_lie_show_as_a_jump() {
    let trips =
        |change: &dyn Fn(&mut SourceQuality)| tripped(&night(|quality| change(penalties(quality)))).join(",");
    let columns = "columns:2-penalty";
    // Of 4,000 rows, 400 blank before: 10 points are 400 more.
    let blank = |count| {
        move |source: &mut SourceQuality| {
            source.missing_fields.insert("CF_NR_FK".to_owned(), count);
        }
    };
    assert_eq!(trips(&blank(800)), "");
    assert_eq!(trips(&blank(801)), columns);
    assert_eq!(trips(&blank(0)), "");
    // Name and document number swapped: every cell parses, but looks otherwise.
    let swapped = |source: &mut SourceQuality| {
        source.columns[0].with_digits = 1.0;
        source.columns[1].with_digits = 0.02;
    };
    assert_eq!(trips(&swapped), columns);
    // Name and authority swapped: few different names.
    let same = |source: &mut SourceQuality| source.columns[0].variety = 0.01;
    assert_eq!(trips(&same), columns);
    // Listed and until swapped.
    assert_eq!(trips(&|source| source.from_after_to = 3_000), columns);
    assert_eq!(trips(&|source| source.in_future = 3_000), columns);
    // A wrong encoding: refused. 40 of 4,000 rows were before.
    assert_eq!(trips(&|source| source.source.rejected = 400), "");
    assert_eq!(trips(&|source| source.source.rejected = 480), "rejects:2-penalty,columns:2-penalty");
    // Few rows say nothing.
    assert_eq!(
        trips(&|source| {
            source.columns =
                vec![ColumnShape { looked_at: 9, variety: 1.0, with_digits: 1.0, column: "name".to_owned() }];
        }),
        ""
    );
}

#[test]
fn a_changed_catalogue_is_told() {
    let all = night(|quality| quality.catalogue.sha256 = "f00d".to_owned());
    assert_eq!(tripped(&all), ["catalogue"]);
}

#[test]
fn an_orphan_correction_stops() {
    let orphan = Orphan { record: "r-00000000000000000000000001".to_owned(), ..Orphan::default() };
    let mut now = quality();
    (now.orphan_corrections, now.orphan_correction) = (1, vec![orphan]);
    let all = between(None, &now);
    assert_eq!(tripped(&all), ["orphan_corrections"]);
    assert!(all.iter().any(|one| one.detail.contains("r-00000000000000000000000001")));
    let limits = Limits { orphan_corrections: 1, ..Limits::default() };
    let all = measure(&Input { limits: &limits, now: &now, previous: None, verdicts: None, sample: None });
    assert_eq!(tripped(&all), [""; 0]);
}

#[test]
fn verdicts_and_the_sample_are_judged_by_their_limits() {
    let (limits, now) = (Limits::default(), quality());
    let of = |changed, of, sample: Option<(u64, u64)>| {
        let figures = |(differing, subjects)| SampleFigures {
            subjects,
            differing,
            left_out: 200 - subjects,
            ..Default::default()
        };
        let figures = sample.map(figures);
        let sample = figures.as_ref();
        let verdicts = BTreeMap::from([("370402-000131".to_owned(), (changed, of))]);
        let input =
            Input { limits: &limits, now: &now, previous: Some(&now), verdicts: Some(&verdicts), sample };
        tripped(&measure(&input)).join(",")
    };
    assert_eq!(of(100, 10_000, Some((0, 200))), "");
    assert_eq!(of(101, 10_000, None), "verdicts:370402-000131");
    assert_eq!(of(9, 10, None), "", "a small difference");
    assert_eq!(of(0, 0, Some((1, 200))), "sample");
    assert_eq!(of(0, 0, Some((0, 50))), "", "a quarter of it was compared");
    assert_eq!(of(0, 0, Some((0, 49))), "sample", "too few to say anything");
    let mut now = quality();
    now.sources[0].carried_from = Some("2026-11-20".to_owned());
    let few = SampleFigures { subjects: 10, left_out: 190, ..SampleFigures::default() };
    let input =
        Input { limits: &limits, now: &now, previous: Some(&now), verdicts: None, sample: Some(&few) };
    assert!(!tripped(&measure(&input)).contains(&"sample"), "left out on purpose");
}

#[test]
fn a_source_that_moves_in_the_dataset_stays_the_same() {
    let all = night(|quality| {
        quality.sources.swap(0, 1);
        quality.sources[0].name = "1-penalty".to_owned();
        quality.sources[1].name = "2-subject".to_owned();
    });
    assert_eq!(tripped(&all), [""; 0]);
    let all = night(|quality| drop(quality.sources.remove(1)));
    assert_eq!(tripped(&all), ["source_removed:2-penalty"]);
    let all = night(|quality| quality.sources[1].source.path = "new/*.csv".to_owned());
    assert_eq!(tripped(&all), [""; 0], "a renamed file");
    let all = night(|quality| quality.sources.push(source("3-honour", "honour", 50)));
    assert_eq!(tripped(&all), [""; 0], "a new source");
}

#[test]
fn a_report_of_before_there_were_these_figures_is_no_reason_to_stop() {
    let old = r#"{"release":"2026-11-19.1","subjects":{"enterprise":10000,"not_registered":0},
        "records":[{"kind":"penalty","count":20000}],"sources":[
        {"source":{"kind":"penalty","path":"penalty/*.csv","provider":"11370402MB28573908","as_of":"2026-11-19","rows":4000,"kept":4000}},
        {"source":{"kind":"honour","path":"honour.csv","rows":5}}]}"#;
    let old = Quality::parse(old.as_bytes()).unwrap();
    let all = between(Some(&old), &quality());
    assert_eq!(tripped(&all), ["source_removed:2-honour"], "which has gone");
}
