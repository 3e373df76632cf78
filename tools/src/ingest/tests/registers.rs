//! Rows of the register, and of corrections.

use super::*;
use xinhe::domain::identifier::IdKind;
use xinhe::domain::record::CorrectionKind;
use xinhe::domain::subject::SubjectKind;

fn subject(cells: &[(&str, &str)]) -> Taken {
    row("subject", cells)
}

#[test]
fn an_enterprise_is_kept_whole() {
    let (code, former, next) = (company(), unified("92370402MA3EXAMP2"), unified("91370402MA3EXAMP3"));
    let number = person();
    let taken = subject(&[
        ("ZT_LB", "企业法人"),
        ("SHXYM", &code),
        ("MC", "枣庄示例一号有限公司"),
        ("CYM", "旧名甲；旧名乙;无"),
        ("YSHXYM", &format!("{former};")),
        ("HJ", &next),
        ("FRDB", "张试三"),
        ("FR_ZJLX", "身份证"),
        ("FR_ZJHM", &number),
        ("DJZT", "存续"),
        ("XZQH", "370402"),
    ]);
    assert!(taken.warnings.is_empty());
    assert_eq!(taken.rows[0].split(|b| *b == 0x1F).count(), 22);
    assert!(taken.rows[0].starts_with("企业法人\u{1F}91370402".as_bytes()));
    let fact = taken.subject();
    assert_eq!((fact.kind, fact.named.codes[0].as_str()), (Some(SubjectKind::Enterprise), code.as_str()));
    assert_eq!(fact.former_names, ["旧名甲", "旧名乙"]);
    assert_eq!(fact.former_codes[0].as_str(), former);
    assert_eq!(fact.successor.unwrap().as_str(), next);
    assert_eq!((fact.state.as_deref(), fact.division.as_deref()), (Some("存续"), Some("370402")));
    let representative = fact.representative.unwrap();
    assert_eq!(representative.name.as_deref(), Some("张试三"));
    assert_eq!(representative.document.unwrap().as_str(), number);
}

#[test]
fn persons_need_the_country_of_a_passport() {
    let passport = |country| {
        subject(&[
            ("ZT_LB", "自然人"),
            ("ZJLX", "护照"),
            ("ZJHM", "E1234567"),
            ("GJ", country),
            ("MC", "张试三"),
        ])
    };
    let document = passport("usa").subject().named.document.unwrap();
    assert_eq!((document.kind(), document.country().unwrap().as_str()), (IdKind::Passport, "USA"));
    assert_eq!(passport("").reject(), ("ambiguous_country", "GJ".to_owned(), String::new()));
    assert_eq!(passport("美国").reject().0, "invalid_country");
    let permit =
        |number, country| subject(&[("ZJLX", "港澳居民来往内地通行证"), ("ZJHM", number), ("GJ", country)]);
    let place = |taken: Taken| taken.subject().named.document.unwrap().country().unwrap().as_str().to_owned();
    assert_eq!(place(permit("H12345678", "")), "HKG");
    assert_eq!(place(permit("C12345678", "MAC")), "MAC");
    assert_eq!(permit("C12345678", "").reject().0, "ambiguous_country");
    let number = person();
    subject(&[("ZJHM", &number), ("GJ", "不详")]).subject();
}

#[test]
fn other_codes_must_be_right_too() {
    let (code, number) = (company(), person());
    let odd = |header, value: &str| subject(&[("SHXYM", &code), (header, value)]);
    assert_eq!(odd("YSHXYM", "91110000600037341N").reject().0, "invalid_identifier");
    assert_eq!(odd("YSHXYM", "9111********37341N").reject().0, "masked_identifier");
    assert_eq!(odd("HJ", &number).reject().0, "invalid_identifier");
    assert_eq!(odd("YSHXYM", "110108002734659").subject().former_codes[0].kind(), IdKind::Registration);
    let former = subject(&[("ZJHM", &number), ("YSHXYM", "370402900101101")]).subject();
    assert_eq!(former.former_codes[0].kind(), IdKind::Citizen);
    assert_eq!(
        subject(&[("MC", "只有名称")]).reject(),
        ("missing_identifier", "SHXYM".to_owned(), String::new())
    );
}

#[test]
fn oddities_are_told_and_the_row_kept() {
    let code = company();
    let odd = |header, value: &str| {
        let taken = subject(&[("SHXYM", &code), (header, value)]);
        let reasons = taken.reasons();
        taken.subject();
        reasons
    };
    assert_eq!(odd("DJZT", "休眠"), ["unknown_state"]);
    assert_eq!(odd("ZT_LB", "外星人"), ["unknown_class"]);
    assert_eq!(odd("ZT_LB", "自然人"), ["class_code_disagree"]);
    assert_eq!(odd("ZT_LB", "个体工商户"), ["class_code_disagree"]);
    assert_eq!(odd("FR_ZJHM", "3704**********1012"), ["dropped_representative_number"]);
    assert_eq!(odd("SJC", "昨天"), ["dropped_time"]);
    assert_eq!(odd("DJZT", " "), [""; 0]);
}

#[test]
fn corrections_name_a_record() {
    let cells = [
        ("GZ_LX", "repaired"),
        ("GZ_JL", "r-00000000000000000000000001"),
        ("GZ_RQ", "2026-05-01"),
        ("GZ_WSH", "1"),
        ("GZ_JG", "局"),
    ];
    let correction = row("correction", &cells).correction();
    assert_eq!((correction.kind, correction.effective), (CorrectionKind::Repaired, day("2026-05-01")));
    assert_eq!(correction.record.to_string(), "r-00000000000000000000000001");
    for (change, reason) in [
        (("GZ_LX", ""), "unknown_correction_kind"),
        (("GZ_LX", "listed"), "unknown_correction_kind"),
        (("GZ_JL", ""), "missing_record"),
        (("GZ_JL", "r-1"), "invalid_record"),
        (("GZ_RQ", ""), "missing_date"),
        (("GZ_RQ", "x"), "invalid_date"),
        (("GZ_WSH", ""), "missing_document"),
        (("GZ_JG", ""), "missing_authority"),
    ] {
        assert_eq!(row("correction", &changed(&cells, &[change])).reject().0, reason, "{change:?}");
    }
}
