//! The report of a good night, for the tests of the page and of guardrails.

use super::super::*;
use super::fixture::AS_OF;
use crate::guardrail;
use std::collections::BTreeMap;

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
