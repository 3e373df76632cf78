//! Rows of the project's own tables: administrative acts, commitments, evaluations, judgments, honours.

use super::authority::Bureau;
use super::city::{City, DIVISIONS};
use super::deal::Turn;
use super::publicity::{document_number, persons_number};
use super::sheet::Sheet;
use super::subject::{Age, Person, Subject};
use super::words::*;
use xinhe::domain::date::{Day, Term};

/// Name, unified code, document type and number.
pub(super) fn subject(turn: &mut Turn, sheet: &mut Sheet) {
    match &turn.subject {
        Subject::Organisation(organisation) => {
            organisation.write_name(sheet.buffer());
            sheet.end();
            sheet.code(&organisation.code);
            sheet.blanks(2);
        }
        Subject::Person(person) => {
            person.write_name(sheet.buffer());
            sheet.end();
            sheet.blanks(1);
            persons_number(person, turn.rng.percent(5), sheet);
        }
    }
}

/// 行政强制, 行政确认 and six more.
pub(super) fn administrative(city: &City, turn: &mut Turn, sheet: &mut Sheet) {
    let day = turn.day(city);
    subject(turn, sheet);
    let (kind, act, content) = turn.rng.pick(&ADMINISTRATIVE);
    let (_, _, bureau) = turn.rng.pick(&OFFENCES);
    let authority = city.authorities.of(bureau, turn.division);
    sheet.cell(kind);
    document_number(authority, act, day, turn.row, sheet);
    sheet.cell(content);
    sheet.iso(day).end();
    sheet.cell(&authority.name);
    sheet.cell(&authority.code);
    sheet.close();
}

/// 信用承诺. The young have kept theirs: some were minors on the day.
pub(super) fn commitment(city: &City, turn: &mut Turn, sheet: &mut Sheet) {
    let day = turn.own_day(city, 1);
    subject(turn, sheet);
    sheet.cell(turn.rng.pick(&COMMITMENTS));
    sheet.cell(turn.rng.pick(&MATTERS));
    sheet.iso(day).end();
    let due = turn.rng.percent(80).then(|| day.plus(Term::Months(1 + turn.rng.below(12) as u32)));
    match due {
        Some(due) => sheet.iso(due).end(),
        None => sheet.blanks(1),
    }
    let young = matches!(turn.subject, Subject::Person(Person { age: Age::Young, .. }));
    let open = due.is_some_and(|due| due > city.as_of);
    sheet.cell(match turn.rng.below(1000) {
        _ if young => "全部履行",
        0..=3 => "违反承诺",
        4..=9 => "未履行",
        10..=17 => "部分履行",
        _ if open && turn.rng.percent(50) => "未履行",
        _ => "全部履行",
    });
    sheet.cell(&city.authorities.of(Bureau::Approval, turn.division).name);
    sheet.close();
}

/// Kinds of evaluation of organisations: kind, grades with weights, bureau.
type Scale = (&'static str, &'static [(&'static str, u64)], Bureau);
const SCALES: [Scale; 3] = [
    ("公共信用综合评价", &[("A", 20), ("B", 60), ("C", 15), ("D", 5)], Bureau::Credit),
    ("纳税信用", &[("A", 12), ("B", 55), ("M", 25), ("C", 5), ("D", 3)], Bureau::Tax),
    ("企业信用风险分类", &[("A", 45), ("B", 40), ("C", 12), ("D", 3)], Bureau::Market),
];

/// 信用评价. The kinds take turns, so that a subject has each before it has one twice.
pub(super) fn evaluation(city: &City, turn: &mut Turn, sheet: &mut Sheet) {
    let year = |day: Day| u64::from(day.ymd().0.unsigned_abs());
    let kinds = if matches!(turn.subject, Subject::Person(_)) { 1 } else { SCALES.len() as u64 };
    let day = turn.own_day(city, kinds);
    subject(turn, sheet);
    let bureau = if kinds == 1 {
        sheet.cell("个人诚信积分");
        sheet.number(850 + turn.rng.below(200) - turn.rng.below(40), 1).end();
        sheet.number(year(day), 4).end();
        Bureau::Credit
    } else {
        let (kind, grades, bureau) = SCALES[(turn.nth % kinds) as usize];
        sheet.cell(kind);
        sheet.cell(turn.rng.weighted(grades));
        // A tax grade is that of the year before.
        sheet.number(year(day) - u64::from(bureau == Bureau::Tax), 4).end();
        bureau
    };
    sheet.iso(day).end();
    sheet.cell(&city.authorities.of(bureau, turn.division).name);
    sheet.close();
}

/// 司法裁判.
pub(super) fn judgment(city: &City, turn: &mut Turn, sheet: &mut Sheet) {
    let day = turn.day(city);
    subject(turn, sheet);
    sheet.text("（").number(u64::from(day.ymd().0.unsigned_abs()), 4).text("）");
    sheet.text(DIVISIONS[turn.division].court).text("民示").number(turn.row + 1, 1).cell("号");
    sheet.iso(day).end();
    sheet.cell(turn.rng.pick(&JUDGMENTS));
    sheet.cell(&city.authorities.of(Bureau::Court, turn.division).name);
    sheet.close();
}

/// 荣誉.
pub(super) fn honour(city: &City, turn: &mut Turn, sheet: &mut Sheet) {
    let day = turn.own_day(city, 1);
    subject(turn, sheet);
    sheet.cell(match turn.subject {
        Subject::Organisation(_) => turn.rng.pick(&ORGANISATIONS_HONOURS),
        Subject::Person(_) => turn.rng.pick(&PERSONS_HONOURS),
    });
    sheet.iso(day).end();
    match turn.rng.below(10) {
        0..=3 => sheet.blanks(1),
        _ => sheet.iso(day.plus(Term::Years(3))).end(),
    }
    sheet.cell(&city.authorities.of(Bureau::Civilisation, turn.division).name);
    sheet.close();
}
