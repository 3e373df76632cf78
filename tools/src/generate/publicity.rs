//! Rows of the national 双公示 tables: licences and penalties.

use super::authority::{Authority, Bureau};
use super::city::{City, DIVISIONS};
use super::deal::Turn;
use super::random::Rng;
use super::sheet::Sheet;
use super::subject::{Class, Document, Organisation, Person, Subject};
use super::words::*;
use xinhe::domain::date::{Day, Term};

/// 行政许可.
pub(super) fn licence(city: &City, turn: &mut Turn, sheet: &mut Sheet) {
    let day = turn.day(city);
    subject(city, turn, sheet);
    let authority = city.authorities.of(Bureau::Approval, turn.division);
    let (title, certificate, content) = match turn.subject {
        Subject::Organisation(_) => turn.rng.pick(&LICENCES),
        Subject::Person(_) => turn.rng.pick(&PERSONS_LICENCES),
    };
    sheet.cell(title);
    document_number(authority, "许", day, turn.row, sheet);
    sheet.cell(turn.rng.weighted(&[
        ("普通", 62),
        ("登记", 20),
        ("认可", 8),
        ("核准", 8),
        ("特许", 1),
        ("其他-备案", 1),
    ]));
    sheet.cell(certificate);
    sheet.text("XN").ascii(DIVISIONS[turn.division].code.as_bytes()).number(turn.row + 1, 9).end();
    sheet.text(content).text("，地址为").text(DIVISIONS[turn.division].full).text(turn.rng.pick(&STREETS));
    sheet.number(1 + turn.rng.below(300), 1).cell("号");
    sheet.slashed(day).end();
    sheet.slashed(day).end();
    match turn.rng.below(10) {
        0..=5 => sheet.slashed(day.plus(Term::Years(5)).previous()).end(),
        6 | 7 => sheet.slashed(day.plus(Term::Years(3)).previous()).end(),
        _ => sheet.blanks(1),
    }
    sheet.cell(&authority.name);
    sheet.cell(&authority.code);
    state(&mut turn.rng, sheet);
    source(authority, turn, sheet);
    sheet.blanks(1);
    changed(city, day, &mut turn.rng, sheet);
    sheet.close();
}

/// 行政处罚.
pub(super) fn penalty(city: &City, turn: &mut Turn, sheet: &mut Sheet) {
    let day = turn.day(city);
    subject(city, turn, sheet);
    let (offence, basis, bureau) = turn.rng.pick(&OFFENCES);
    let authority = city.authorities.of(bureau, turn.division);
    let classes = turn.rng.weighted(&PENALTY_CLASSES);
    document_number(authority, "罚", day, turn.row, sheet);
    sheet.cell(offence);
    sheet.text(turn.rng.pick(&FACTS)).text("；地点为").text(turn.rng.pick(&STREETS));
    sheet.number(1 + turn.rng.below(300), 1).cell("号");
    sheet.cell(basis);
    sheet.cell(classes);
    let fine = if classes.contains("罚款") { fine(&mut turn.rng) } else { 0 };
    content(classes, fine, sheet);
    amount(fine, sheet);
    let taken = if classes.contains("没收") { 1 + turn.rng.below(500) } else { 0 };
    amount(taken, sheet);
    if classes.contains("吊销") || classes.contains("暂扣") {
        sheet.text("食品经营许可证 XN").number(turn.row + 1, 9);
    }
    sheet.end();
    sheet.slashed(day).end();
    sheet.blanks(1);
    let grave = ["吊销许可证件", "限制", "停产", "关闭"].iter().any(|word| classes.contains(word));
    match turn.rng.below(10) {
        0..=2 => sheet.blanks(1),
        _ if grave => sheet.slashed(day.plus(Term::Years(3))).end(),
        3..=5 => sheet.slashed(day.plus(Term::Months(3))).end(),
        _ => sheet.slashed(day.plus(Term::Years(1))).end(),
    }
    sheet.cell(&authority.name);
    sheet.cell(&authority.code);
    state(&mut turn.rng, sheet);
    source(authority, turn, sheet);
    sheet.cell(if classes == "警告" || fine <= 20 && !grave && taken == 0 { "简易" } else { "普通" });
    sheet.blanks(1);
    changed(city, day, &mut turn.rng, sheet);
    sheet.close();
}

/// The first thirteen columns.
fn subject(city: &City, turn: &mut Turn, sheet: &mut Sheet) {
    match &turn.subject {
        Subject::Organisation(organisation) => {
            organisation_cells(organisation, turn.rng.below(100), sheet);
            if turn.rng.percent(35)
                && !organisation.stub
                && let Some(person) = city.representative(organisation)
            {
                person.write_name(sheet.buffer());
                sheet.end();
                sheet.cell(person.document_type());
                sheet.code(person.number());
            } else {
                sheet.blanks(3);
            }
            sheet.blanks(2);
        }
        Subject::Person(person) => {
            person.write_name(sheet.buffer());
            sheet.end();
            sheet.cell("自然人");
            sheet.blanks(9);
            persons_number(person, turn.rng.percent(5), sheet);
        }
    }
}

/// Some rows name the subject by the number, the code or the name of old; the register knows them all.
fn organisation_cells(organisation: &Organisation, choice: u64, sheet: &mut Sheet) {
    let (registration, former) = (organisation.registration(), organisation.former_code());
    let former = former.filter(|_| choice < 40);
    if former.is_some() && organisation.has_former_name() {
        organisation.write_former_name(sheet.buffer());
    } else {
        organisation.write_name(sheet.buffer());
    }
    sheet.end();
    sheet.cell(if organisation.class == Class::Business {
        "个体工商户"
    } else {
        "法人及非法人组织"
    });
    if let Some(code) = former {
        sheet.code(&code);
        sheet.blanks(5);
        return;
    }
    let by_registration = registration.filter(|_| choice < 8);
    let by_organisation_code = by_registration.is_none() && choice < 2 && !organisation.stub;
    match by_registration.is_some() || by_organisation_code {
        true => sheet.blanks(1),
        false => sheet.code(&organisation.code),
    }
    match registration.filter(|_| by_registration.is_some() || choice > 80) {
        Some(number) => sheet.code(&number),
        None => sheet.blanks(1),
    }
    match by_organisation_code || choice > 90 {
        true => sheet.code(organisation.organisation_code()),
        false => sheet.blanks(1),
    }
    sheet.blanks(3);
}

/// Type and number of a person's document; of a citizen's the type may be left out.
pub(super) fn persons_number(person: &Person, untyped: bool, sheet: &mut Sheet) {
    let citizen = person.document == Document::Citizen;
    sheet.cell(if untyped && citizen { "" } else { person.document_type() });
    sheet.code(person.number());
}

/// `鲁枣(示)市监罚字〔2026〕000123号`: unique in its table.
pub(super) fn document_number(authority: &Authority, act: &str, day: Day, row: u64, sheet: &mut Sheet) {
    sheet.text(&authority.prefix).text(act).text("字〔").number(u64::from(day.ymd().0.unsigned_abs()), 4);
    sheet.text("〕").number(row + 1, 6).cell("号");
}

/// In hundredths of 万元: mostly small, seldom huge.
fn fine(rng: &mut Rng) -> u64 {
    match rng.below(100) {
        0..=59 => 1 + rng.below(50),
        60..=89 => 50 + rng.below(450),
        90..=98 => 500 + rng.below(9_500),
        _ => 10_000 + rng.below(90_000),
    }
}

/// An amount in 万元; nothing for 0.
fn amount(hundredths: u64, sheet: &mut Sheet) {
    if hundredths > 0 {
        sheet.number(hundredths / 100, 1);
        match (hundredths % 100, hundredths % 10) {
            (0, _) => {}
            (rest, 0) => {
                sheet.text(".").number(rest / 10, 1);
            }
            (rest, _) => {
                sheet.text(".").number(rest, 2);
            }
        }
    }
    sheet.end();
}

fn content(classes: &str, fine: u64, sheet: &mut Sheet) {
    sheet.text("决定给予").text(classes.split(';').next().unwrap_or(classes)).text("的行政处罚");
    if fine > 0 {
        sheet.text("，罚款人民币").number(fine * 100, 1).text("元");
    }
    sheet.end();
}

fn state(rng: &mut Rng, sheet: &mut Sheet) {
    sheet.cell(rng.weighted(&[("0", 880), ("", 105), ("1", 10), ("2", 5)]));
}

fn source(authority: &Authority, turn: &mut Turn, sheet: &mut Sheet) {
    if turn.rng.percent(50) {
        sheet.cell(&authority.name);
        sheet.cell(&authority.code);
    } else {
        sheet.blanks(2);
    }
}

fn changed(city: &City, day: Day, rng: &mut Rng, sheet: &mut Sheet) {
    let day = Day::from_number(day.number() + rng.below(6) as i32).min(city.as_of);
    sheet.slashed(day).text(" ").number(8 + rng.below(10), 2);
    sheet.text(":").number(rng.below(60), 2).text(":").number(rng.below(60), 2).end();
}
