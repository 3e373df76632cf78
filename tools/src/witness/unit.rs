//! The model's own rules, one by one: days, check digits, texts, rows.

use super::catalogue::amount;
use super::dates::{Day, Term};
use super::numbers::{Guess, check_of_17, guess, is_organisation_code, is_registration, is_uscc, read};
use super::text::{cell, mask_name, mask_number, plain, plain_name};
use super::unit_world::{World, citizen, uscc};

pub(super) fn day(text: &str) -> Day {
    Day::read(text).expect("a day")
}

#[test]
fn naive_days_are_read_in_three_forms_and_only_if_real() {
    assert_eq!(day("2026-11-20"), day("2026/11/20"));
    assert_eq!(day("20261120").to_string(), "2026-11-20");
    assert_eq!(day("2026/1/5").to_string(), "2026-01-05");
    for wrong in ["2026-02-29", "2026-13-01", "2026-111", "2026-1-1-1", "", "昨天", "2026112"] {
        assert_eq!(Day::read(wrong), None, "{wrong}");
    }
    assert!(Day::new(2024, 2, 29).is_some() && Day::new(1900, 2, 29).is_none());
    assert!(day("2099-12-31").is_long_term() && day("2099-01-31").is_long_term());
}

#[test]
fn naive_terms_end_on_the_corresponding_day_or_the_months_last() {
    let last = |term: &str, from: &str| Term::read(term).expect("a term").last_day(day(from)).to_string();
    assert_eq!(last("3m", "2025-11-30"), "2026-02-28");
    assert_eq!(last("1y", "2024-02-29"), "2025-02-28");
    assert_eq!(last("3y", "2026-05-01"), "2029-05-01");
    assert_eq!(last("7d", "2026-12-28"), "2027-01-04");
    assert_eq!(last("0d", "2026-12-28"), "2026-12-28");
    assert_eq!(Term::read("until-removed"), None);
}

#[test]
fn naive_check_digits_follow_the_standards() {
    for code in
        "91110000600037341L 121200004013590816 12440300MB2C92173E 91620105L015101280 91230500MA1B3N1N2M \
        11230500001755309F A1110000000000001G N2370402MF00000016 Y1370402MB0000001Q"
            .split_whitespace()
    {
        assert!(is_uscc(code), "{code}");
    }
    for code in ["91110000600037341N", "9111000060003IOZSV", "00000000000000000X", "9111"] {
        assert!(!is_uscc(code), "{code}");
    }
    assert!(is_registration("110108002734659") && is_registration("440301103448669"));
    assert!(!is_registration("110108002734650"));
    assert!(is_organisation_code("600037341") && !is_organisation_code("600037342"));
    let today = day("2026-11-20");
    assert!(read("citizen", "360426199101010071", None, today).is_some());
    assert!(read("citizen", "３６０４２６ 19910101-0071", None, today).is_some());
    assert!(read("citizen", "360426199101010072", None, today).is_none());
    assert!(read("citizen", "360426199101010071", None, day("1990-01-01")).is_none());
    let old = read("citizen", "360426910101007", None, today).expect("an old number");
    assert_eq!(old.number, "360426199101010071");
}

#[test]
fn naive_a_number_without_a_type_has_one_reading_or_none() {
    let today = day("2026-11-20");
    let one = |number: &str| match guess(number, today) {
        Guess::One(id) => id.kind,
        Guess::Several => "several",
        Guess::Nothing => "nothing",
    };
    assert_eq!(one("91110000600037341l"), "uscc");
    assert_eq!(one("60003734-1"), "organisation-code");
    assert_eq!(one("360426199101010071"), "citizen");
    assert_eq!(one("440301103448669"), "registration");
    assert_eq!(one("12345"), "nothing");
    let both = (0..100_000)
        .map(|n| format!("37040{:05}0{:04}", 19_900 + n % 99, n % 9999))
        .chain((0..40_000).map(|n| format!("3704029001{:02}{:03}", 1 + n % 28, n % 1000)))
        .find(|number| {
            number.len() == 15 && is_registration(number) && read("citizen", number, None, today).is_some()
        });
    assert_eq!(one(&both.expect("such a number")), "several");
    let citizen_and_code = (0..20_000)
        .map(|n| format!("1101{:02}199001{:02}{:03}", 1 + n % 99, 1 + n % 28, n % 1000))
        .map(|digits| format!("{digits}{}", check_of_17(&digits)))
        .find(|number| is_uscc(number));
    // The division of the unified code would begin with 01, which is no province.
    assert_eq!(one(&citizen_and_code.expect("such a number")), "citizen");
}

#[test]
fn naive_texts_compare_by_width_brackets_blanks_and_dots() {
    assert_eq!(plain("鲁枣〔2026〕 7号"), plain("鲁枣（２０２６）7号"));
    assert_eq!(plain_name("阿里木•买买提"), plain_name("阿里木·买买提"));
    assert_eq!((cell("　"), cell(" 无 "), cell("／"), cell("NULL")), (None, None, None, None));
    assert_eq!(mask_number("370402199001011012"), "3704**********1012");
    assert_eq!(mask_number("E12345678"), "E1*****78");
    assert_eq!(
        (mask_name("张三"), mask_name("张小三"), mask_name("张")),
        ("张*".into(), "张*三".into(), "*".into())
    );
}

#[test]
fn naive_fines_are_compared_as_decimals() {
    assert!(amount("9.999999") < amount("10") && amount("10.0") == amount("10"));
    assert_eq!((amount("1e3"), amount("十"), amount("-1"), amount("1.0000001")), (None, None, None, None));
}

#[test]
fn naive_every_row_is_kept_merged_or_rejected() {
    let mut world = World::new();
    let (one, masked) = (uscc("91370402MA0000001"), "3704**********1012");
    let child = citizen("37040220150101101");
    world.penalty(&one, "枣罚1号", "2026-05-01", "罚款,20,");
    world.penalty(&one, "枣罚 1号", "2026-05-01", "罚款,20,");
    world.penalty(&one, "枣罚2号", "2026-13-01", "罚款,20,");
    world.penalty(&one, "", "2026-05-01", "罚款,20,");
    world.penalty(&one, "枣罚3号", "2026-05-01", ",20,");
    world.penalty(&one, "枣罚4号", "2026-05-01", "罚款,二十,");
    world.penalty("91370402MA00000010", "枣罚5号", "2026-05-01", "罚款,20,");
    world.list_of_person(masked, "张三", "court", "2026-01-01");
    world.list_of_person(&child, "小明", "court", "2026-01-01");
    world.list(&one, "no-such-list", "A", "2026-01-01", "");
    world.list(&one, "court", "B", "2026-01-01", "");
    let model = world.load();
    for counts in model.accounting() {
        assert_eq!(counts.rows, counts.kept + counts.merged + counts.rejected);
    }
    let penalties = model.accounting()[1];
    assert_eq!((penalties.kept, penalties.merged, penalties.rejected), (1, 1, 5));
    let lists = model.accounting()[2];
    assert_eq!((lists.kept, lists.merged, lists.rejected), (1, 0, 3));
    let reasons: Vec<&str> =
        model.reject_reasons().keys().filter(|(at, _)| *at == 2).map(|(_, r)| *r).collect();
    assert_eq!(reasons, ["masked_identifier", "minor", "unknown_list"]);
}
