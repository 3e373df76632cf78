//! Search by name and the records of a subject.

use super::drafts::*;
use xinhe::domain::record::{CorrectionKind, RecordKind};
use xinhe::lookup::{Section, detail, search};
use xinhe::snapshot::{FiledDraft, NameRank, NamesDraft, Tag};

fn named(n: u32, current: &str, former: &[&str]) -> Draft {
    let former = former.iter().map(|name| (*name).to_owned().into()).collect();
    let mut draft = enterprise(n, "");
    draft.subject.names = NamesDraft::Organisation { current: current.to_owned().into(), former };
    draft
}

#[test]
fn names_are_found_exact_then_by_prefix_then_nearly_in_any_number_of_parts() {
    let drafts = [
        named(1, "枣庄试例", &[]),
        named(2, "枣庄试例商贸（集团）有限公司", &["枣庄试例"]),
        named(3, "枣庄试样", &[]),
        named(4, "青岛试例", &[]),
        named(5, "枣庄 试例", &[]),
        person(6, "枣庄试例"),
    ];
    for parts in 1..4 {
        let snapshot = snapshot_of(&drafts, parts);
        let found = search(&snapshot, "枣庄　试例", 10).unwrap();
        let told: Vec<_> = found.iter().map(|hit| (hit.rank, hit.former, hit.matched.as_str())).collect();
        let mut same = [(unified_code(1), "枣庄试例"), (unified_code(5), "枣庄 试例")];
        same.sort_by_key(|(id, _)| id.as_str().to_owned());
        assert_eq!(
            told,
            [
                (NameRank::Exact, false, same[0].1),
                (NameRank::Exact, false, same[1].1),
                (NameRank::Exact, true, "枣庄试例"),
                (NameRank::Fuzzy, false, "枣庄试样"),
            ]
        );
        assert_eq!(found[2].name, "枣庄试例商贸（集团）有限公司");
        assert_eq!(found[2].id.as_deref(), Some(unified_code(2).as_str()));
        let prefix = search(&snapshot, "枣庄试例商贸(", 10).unwrap();
        assert_eq!((prefix.len(), prefix[0].rank, prefix[0].former), (1, NameRank::Prefix, false));
        assert!(search(&snapshot, " \u{3000}", 10).unwrap().is_empty());
    }
}

#[test]
fn the_limit_keeps_the_same_subjects_whatever_the_number_of_parts() {
    let drafts: Vec<Draft> = (0..300)
        .map(|n| match n % 3 {
            0 => named(n, "枣庄小店", &["枣庄"]),
            1 => named(n, &format!("枣庄{n}号店"), &["枣庄小店"]),
            _ => named(n, &format!("滕州{n}号店"), &["枣庄旧店"]),
        })
        .collect();
    for (name, limit) in [("枣庄", 7), ("枣庄小店", 5), ("枣庄小店", 150), ("枣庄1", 20)] {
        let one = search(&snapshot_of(&drafts, 1), name, limit).unwrap();
        assert_eq!(one.len(), if name == "枣庄1" { one.len() } else { limit });
        for parts in [2, 5] {
            assert_eq!(search(&snapshot_of(&drafts, parts), name, limit).unwrap(), one, "{name} {limit}");
        }
    }
}

fn one_with_records() -> Draft {
    let mut draft = enterprise(1, "枣庄试例商贸有限公司");
    let suspended = vec![
        correction(CorrectionKind::Suspended, "2026-07-01"),
        correction(CorrectionKind::Resumed, "2026-08-01"),
    ];
    listed(&mut draft, 1, "2026-05-01", Some("2027-05-01"), suspended);
    listed(
        &mut draft,
        2,
        "2026-06-01",
        None,
        vec![correction(CorrectionKind::ObjectionOpened, "2026-09-01")],
    );
    listed(&mut draft, 3, "2026-06-01", None, vec![correction(CorrectionKind::Repaired, "2026-07-15")]);
    let texts = vec![(Tag::Content, "内容".into())];
    for (id, revoked, unpublished) in [(4, true, false), (5, false, true), (6, false, false)] {
        let penalty = filed(RecordKind::Penalty, id, "2026-05-01", Some(day("2026-08-01")), texts.clone());
        draft.records.push(FiledDraft { revoked, unpublished, ..penalty });
    }
    order(&mut draft);
    draft
}

#[test]
fn detail_shows_what_is_visible_on_the_day_the_newest_first() {
    let snapshot = snapshot_of(&[one_with_records()], 1);
    let at = snapshot.find(&unified_code(1)).unwrap().unwrap();
    let shown = |on: &str, section: Section| -> Vec<(u8, bool)> {
        let report = detail(&snapshot, &at, day(on), &[section]).unwrap();
        assert!(report.registration.is_none());
        report.sections[0].1.iter().map(|item| (item.record.0[0], item.objection)).collect()
    };
    assert_eq!(shown("2026-04-30", Section::List), []);
    assert_eq!(shown("2026-06-15", Section::List), [(2, false), (3, false), (1, false)]);
    assert_eq!(shown("2026-07-01", Section::List), [(2, false), (3, false)]);
    assert_eq!(shown("2026-07-15", Section::List), [(2, false)]);
    assert_eq!(shown("2026-09-01", Section::List), [(2, true), (1, false)]);
    assert_eq!(shown("2027-05-02", Section::List), [(2, true)]);
    assert_eq!(shown("2026-05-01", Section::Penalty), [(6, false)]);
    assert_eq!(shown("2026-08-01", Section::Penalty), [(6, false)]);
    assert_eq!(shown("2026-08-02", Section::Penalty), []);
    assert_eq!(shown("2026-08-02", Section::Honour), []);
}

#[test]
fn detail_tells_registration_and_texts_in_the_order_of_the_report() {
    let snapshot = snapshot_of(&[one_with_records()], 1);
    let at = snapshot.find(&unified_code(1)).unwrap().unwrap();
    let asked = [Section::List, Section::Penalty, Section::Registration];
    let report = detail(&snapshot, &at, day("2026-05-01"), &asked).unwrap();
    let facts = report.registration.unwrap();
    assert_eq!(facts.name.as_deref(), Some("枣庄试例商贸有限公司"));
    assert_eq!((facts.state.as_deref(), facts.representative.as_deref()), (Some("存续"), Some("张*三")));
    assert_eq!(facts.provider.as_deref(), Some("11370402MB28573908"));
    let sections: Vec<_> = report.sections.iter().map(|(section, _)| *section).collect();
    assert_eq!(sections, [Section::Penalty, Section::List]);
    let item = &report.sections[0].1[0];
    assert_eq!(item.texts, [(Tag::Content, "内容".to_owned())]);
    assert_eq!((item.date, item.until), (day("2026-05-01"), Some(day("2026-08-01"))));
    assert_eq!(item.authority.as_deref(), Some("某局"));
}

#[test]
fn section_words_read_back() {
    for section in Section::ALL {
        assert_eq!(Section::from_word(section.word()), Some(section));
    }
    assert_eq!(Section::from_word("secrets"), None);
}
