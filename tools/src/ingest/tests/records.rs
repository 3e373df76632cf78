//! Rows about subjects: what is kept, and why others are refused.

use super::*;
use xinhe::domain::identifier::IdKind;
use xinhe::domain::record::{Fine, Fulfilment};

const PENALTY: [(&str, &str); 6] = [
    ("CF_XDR_MC", "枣庄示例一号有限公司"),
    ("CF_XDR_SHXYM", ""),
    ("CF_WSH", "枣罚〔2026〕1号"),
    ("CF_CFLB", "罚款"),
    ("CF_JDRQ", "2026-05-01"),
    ("CF_CFJG", "枣庄市示例局"),
];

fn penalty(changes: &[(&str, &str)]) -> Taken {
    let company = company();
    row("penalty", &changed(&changed(&PENALTY, &[("CF_XDR_SHXYM", &company)]), changes))
}

/// A penalty of a person.
fn of_person(number: &str, changes: &[(&str, &str)]) -> Taken {
    let person = [("CF_XDR_MC", "张试三"), ("CF_XDR_LB", "自然人"), ("CF_XDR_ZJHM", number)];
    row("penalty", &changed(&changed(&PENALTY, &person), changes))
}

#[test]
fn a_penalty_is_kept_whole() {
    let taken = penalty(&[
        ("CF_XDR_LB", "法人及非法人组织"),
        ("CF_CFLB", "警告；罚款、罚款"),
        ("CF_NR_FK", "1,0.5"),
        ("CF_GSJZQ", "2099/12/31"),
        ("CF_CXLX", "普通"),
        ("CF_ZT", "２"),
        ("CF_WFXW", "未按规定"),
        ("BZ", "无"),
        ("SJC", "2026-05-02 08:00:00"),
    ]);
    assert!(taken.warnings.is_empty());
    let record = taken.record();
    assert_eq!((record.date, record.revoked, record.objection), (day("2026-05-01"), false, true));
    assert_eq!((&*record.authority, record.document.as_deref()), ("枣庄市示例局", Some("枣罚〔2026〕1号")));
    assert_eq!(record.version.changed, Some(20_260_502_080_000));
    assert_eq!(record.subject.codes[0].as_str(), company());
    assert_eq!(record.texts[..], [(Field::Offence, "未按规定".into())]);
    let kinds = "警告;罚款".into();
    let (fine, procedure) = (Some(Fine(10_500_000)), Some("普通".into()));
    assert_eq!(record.detail, Detail::Penalty { kinds, procedure, fine, published_until: None });
}

#[test]
fn older_columns_and_chinese_headers_say_the_same() {
    let company = company();
    let old = row(
        "penalty",
        &[
            ("行政相对人名称", "枣庄示例一号有限公司"),
            ("行政相对人代码_1（统一社会信用代码）", &company),
            ("CF_WSH", "枣罚〔2026〕1号"),
            ("CF_CFLB1", "警告"),
            ("CF_CFLB2", "罚款"),
            ("处罚决定日期", "2026年5月1日"),
            ("CF_XZJG", "枣庄市示例局"),
            ("CF_CFMC", "题"),
            ("CF_JG", "果"),
        ],
    );
    assert!(old.warnings.is_empty());
    let record = old.record();
    assert_eq!((record.date, &*record.authority), (day("2026-05-01"), "枣庄市示例局"));
    assert_eq!(record.texts[..], [(Field::Title, "题".into()), (Field::Content, "果".into())]);
    assert!(matches!(record.detail, Detail::Penalty { kinds, .. } if kinds == "警告;罚款"));
    let both = penalty(&[("CF_CFLB1", "警告")]).record();
    assert!(matches!(both.detail, Detail::Penalty { kinds, .. } if kinds == "罚款"), "the new column counts");
}

#[test]
fn each_fault_of_a_penalty_has_its_reason() {
    let broken = company().replace("91370402", "91370403");
    for (change, reason, column, value) in [
        (("CF_XDR_SHXYM", ""), "missing_identifier", "CF_XDR_SHXYM", ""),
        (("CF_XDR_SHXYM", broken.as_str()), "invalid_identifier", "CF_XDR_SHXYM", broken.as_str()),
        (("CF_XDR_SHXYM", "9137**********"), "masked_identifier", "CF_XDR_SHXYM", "9137**********"),
        (("CF_XDR_SHXYM", "9137040XXXXXXXXX1X"), "masked_identifier", "CF_XDR_SHXYM", "9137040XXXXXXXXX1X"),
        (("CF_XDR_GSZC", "110108002734650"), "invalid_identifier", "CF_XDR_GSZC", "110108002734650"),
        (("CF_XDR_ZJHM", "370402199001011018"), "invalid_identifier", "CF_XDR_ZJHM", "3704**********1018"),
        (("CF_JDRQ", "无"), "missing_date", "CF_JDRQ", ""),
        (("CF_JDRQ", "2026-02-30"), "invalid_date", "CF_JDRQ", "2026-02-30"),
        (("CF_JDRQ", "张试三"), "invalid_date", "CF_JDRQ", "张*三"),
        (("处罚决定日期", "2026-02-30"), "", "", ""),
        (("CF_WSH", " "), "missing_document", "CF_WSH", ""),
        (("CF_CFJG", "-"), "missing_authority", "CF_CFJG", ""),
        (("CF_CFLB", "；、"), "missing_class", "CF_CFLB", ""),
        (("CF_NR_FK", "十万"), "invalid_fine", "CF_NR_FK", "十万"),
        (("CF_NR_FK", "-1"), "invalid_fine", "CF_NR_FK", "-1"),
        (("CF_GSJZQ", "长期"), "invalid_date", "CF_GSJZQ", "长期"),
        (("CF_ZT", "3"), "invalid_state", "CF_ZT", "3"),
    ] {
        let taken = penalty(&[change]);
        if reason.is_empty() {
            taken.record();
            continue;
        }
        assert_eq!(taken.reject(), (reason, column.to_owned(), value.to_owned()), "{change:?}");
    }
}

#[test]
fn the_first_fault_of_a_row_is_told_once() {
    let taken = penalty(&[("CF_XDR_SHXYM", "x"), ("CF_JDRQ", "x"), ("CF_WSH", "")]);
    assert_eq!(taken.reject().0, "invalid_identifier");
}

#[test]
fn documents_are_read_by_their_type() {
    let number = person();
    for (kind, number, expected) in [
        ("身份证", number.as_str(), IdKind::Citizen),
        ("居民身份证", "370402900101101", IdKind::Citizen),
        ("", &number, IdKind::Citizen),
        ("护照", "e1234567", IdKind::Passport),
        ("港澳居民来往内地通行证", "H12345678", IdKind::Permit),
        ("台湾居民来往大陆通行证", "12345678", IdKind::Permit),
        ("外国人永久居留身份证", "USA123456789012", IdKind::ForeignResident),
        ("港澳台居民居住证", &citizen("81000019900101101"), IdKind::Citizen),
        ("台湾居民居住证", &citizen("83000019900101101"), IdKind::Citizen),
    ] {
        let record = of_person(number, &[("CF_XDR_ZJLX", kind)]).record();
        let document = record.subject.document.unwrap();
        assert_eq!(document.kind(), expected, "{kind}");
        assert!(record.subject.codes.is_empty());
        assert_eq!(document.country().is_some(), expected == IdKind::Permit);
    }
    for (kind, number, reason) in [
        ("其他-军官证", number.as_str(), "unknown_document_type"),
        ("护照", "12", "invalid_identifier"),
        ("身份证", "3704**********1012", "masked_identifier"),
        ("身份证", "3704XXXXXXXXXX1012", "masked_identifier"),
        ("", "3704**********1012", "masked_identifier"),
        ("", "E1234567", "invalid_identifier"),
        ("", &company(), "invalid_identifier"),
        ("身份证", "", "missing_identifier"),
    ] {
        assert_eq!(of_person(number, &[("CF_XDR_ZJLX", kind)]).reject().0, reason, "{kind} {number}");
    }
}

#[test]
fn adverse_entries_about_minors_are_refused() {
    let child = child();
    let (reason, column, value) = of_person(&child, &[]).reject();
    assert_eq!((reason, column.as_str()), ("minor", "CF_XDR_ZJHM"));
    assert!(value.starts_with("3704**********") && value.len() == 18);
    assert_eq!(
        of_person(&citizen("37040220080501101"), &[]).record().date,
        day("2026-05-01"),
        "of age on the day"
    );
    assert_eq!(of_person(&citizen("37040220080502101"), &[]).reject().0, "minor");
    let code = company();
    of_person(&child, &[("CF_XDR_SHXYM", &code)]).record();

    let list = |code| list(&[("MD_XDR_SHXYM", ""), ("MD_XDR_ZJHM", &child), ("MD_DM", code)]);
    assert_eq!(list("black").reject().0, "minor");
    assert_eq!(list("grey").reject().0, "minor");
    list("red").record();
    let promise = |state| commitment(&[("CN_XDR_SHXYM", ""), ("CN_XDR_ZJHM", &child), ("CN_LYZT", state)]);
    assert_eq!(promise("未履行").reject().0, "minor");
    assert_eq!(promise("违反承诺").reject().0, "minor");
    promise("全部履行").record();
}

#[test]
fn nothing_free_is_kept_of_persons() {
    let number = person();
    let record =
        of_person(&number, &[("CF_WFXW", "张试三打人"), ("CF_WSH", &format!("枣罚{number}号"))]).record();
    assert!(record.texts.is_empty());
    assert_eq!(record.document.as_deref(), Some(format!("枣罚3704**********{}号", &number[14..]).as_str()));
    // Some agencies code every person as a business: the class speaks for a person too.
    let taken = of_person("", &[("CF_XDR_SHXYM", &unified("92370402MA3EXAMP1")), ("CF_WFXW", "张试三打人")]);
    assert_eq!(taken.reasons(), ["class_code_disagree"]);
    assert!(taken.record().texts.is_empty());
}

#[test]
fn persons_are_masked_in_texts_of_organisations() {
    let number = person();
    let facts = format!("法定代表人张试三（{number}）与李试四（{}）", citizen("37040219850505102"));
    let taken = penalty(&[
        ("CF_FRDB", "张试三"),
        ("CF_FR_ZJLX", "身份证"),
        ("CF_FR_ZJHM", &number),
        ("CF_SY", &facts),
    ]);
    assert!(taken.warnings.is_empty());
    let record = taken.record();
    let text = &record.texts[0].1;
    assert!(text.starts_with("法定代表人张*三（3704**********"), "{text}");
    assert!(!text.contains("19900101") && !text.contains("19850505") && text.contains("李试四"), "{text}");
    let taken = penalty(&[("CF_FRDB", "张试三"), ("CF_FR_ZJHM", "3704**********1012")]);
    assert_eq!(taken.reasons(), ["dropped_representative_number"]);
    assert!(!taken.warnings[0].detail.contains("3704"));
    taken.record();
}

#[test]
fn the_name_of_a_row_is_masked_in_its_reject() {
    let long = "欧阳试名甲";
    let taken = of_person(&person(), &[("CF_XDR_MC", long), ("CF_JDRQ", long)]);
    assert_eq!(taken.reject(), ("invalid_date", "CF_JDRQ".to_owned(), "欧***甲".to_owned()));
    let taken = of_person(&person(), &[("CF_XDR_MC", long), ("CF_ZT", &format!("{long}2026"))]);
    assert_eq!(taken.reject().2, "欧***甲2026");
}

#[test]
fn a_number_in_the_matter_of_a_commitment_is_masked() {
    let number = person();
    let record = commitment(&[("CN_SX", &format!("事项{number}"))]).record();
    let Detail::Commitment { matter, .. } = record.detail else { panic!("{:?}", record.detail) };
    assert_eq!(matter.as_deref(), Some(format!("事项3704**********{}", &number[14..]).as_str()));
}

fn licence(changes: &[(&str, &str)]) -> Taken {
    let company = company();
    let cells = [
        ("XK_XDR_SHXYM", company.as_str()),
        ("XK_XKWS", "题"),
        ("XK_XKZS", "证"),
        ("XK_WSH", "许1"),
        ("XK_XKBH", "编2"),
        ("XK_XKLB", "普通"),
        ("XK_JDRQ", "20260501"),
        ("XK_YXQZ", "2026/5/1"),
        ("XK_YXQZI", "2099-01-31"),
        ("XK_XKJG", "局"),
    ];
    row("licence", &changed(&cells, changes))
}

#[test]
fn licences_need_one_number_of_two() {
    let record = licence(&[]).record();
    assert_eq!(record.document.as_deref(), Some("许1"));
    let (class, number) = (Some("普通".into()), Some("编2".into()));
    let valid_from = Some(day("2026-05-01"));
    assert_eq!(record.detail, Detail::Licence { class, number, valid_from, valid_to: None });
    assert_eq!(record.texts[..], [(Field::Title, "题".into())]);
    assert_eq!(licence(&[("XK_WSH", "/")]).record().document.as_deref(), Some("编2"));
    assert_eq!(licence(&[("XK_WSH", ""), ("XK_XKBH", "")]).reject().0, "missing_document");
    assert!(licence(&[("XK_ZT", "1")]).record().revoked);
    let loose = licence(&[("XK_YXQZI", "soon")]);
    assert_eq!(loose.reasons(), ["dropped_date"]);
    loose.record();
}

fn list(changes: &[(&str, &str)]) -> Taken {
    let company = company();
    let cells = [
        ("MD_DM", "black"),
        ("MD_XDR_SHXYM", company.as_str()),
        ("MD_LRRQ", "2026-05-01"),
        ("MD_RDJG", "局"),
    ];
    row("list", &changed(&cells, changes))
}

#[test]
fn list_entries_name_a_list_of_the_catalogue() {
    let record =
        list(&[("MD_JZRQ", "2028-05-01"), ("MD_SY_DM", "2"), ("MD_SY", "欠薪"), ("MD_YJ", "法")]).record();
    let (until, ground) = (Some(day("2028-05-01")), Some("2".into()));
    assert_eq!(record.detail, Detail::List { list: 0, until, ground });
    assert_eq!(record.document, None);
    assert_eq!(record.texts[..], [(Field::Offence, "欠薪".into()), (Field::Basis, "法".into())]);
    assert_eq!(list(&[("MD_DM", "")]).reject().0, "missing_list");
    assert_eq!(
        list(&[("MD_DM", "white")]).reject(),
        ("unknown_list", "MD_DM".to_owned(), "white".to_owned())
    );
    assert_eq!(list(&[("MD_JZRQ", "x")]).reject().0, "invalid_date");
    assert_eq!(list(&[("MD_LRRQ", "")]).reject().0, "missing_date");
}

fn commitment(changes: &[(&str, &str)]) -> Taken {
    let company = company();
    let cells = [
        ("CN_XDR_SHXYM", company.as_str()),
        ("CN_LX", "审批替代型"),
        ("CN_RQ", "2026-05-01"),
        ("CN_LYZT", "部分履行"),
        ("CN_SLDW", "局"),
    ];
    row("commitment", &changed(&cells, changes))
}

#[test]
fn commitments_say_how_far_they_were_kept() {
    let record = commitment(&[("CN_SX", "370402-000131"), ("CN_JZRQ", "2026-08-01")]).record();
    let detail = Detail::Commitment {
        kind: "审批替代型".into(),
        matter: Some("370402-000131".into()),
        due: Some(day("2026-08-01")),
        fulfilment: Fulfilment::Partial,
    };
    assert_eq!(record.detail, detail);
    assert_eq!(commitment(&[("CN_LX", "")]).reject().0, "missing_commitment_type");
    assert_eq!(commitment(&[("CN_LYZT", "")]).reject().0, "missing_fulfilment");
    assert_eq!(commitment(&[("CN_LYZT", "履行中")]).reject().0, "invalid_fulfilment");
    assert_eq!(commitment(&[("CN_JZRQ", "x")]).reject().0, "invalid_date");
}

#[test]
fn the_other_kinds_are_kept_with_what_is_theirs() {
    let company = company();
    let act = row(
        "administrative",
        &[
            ("XZ_XDR_ZZJG", "60003734-1"),
            ("XZ_LX", "行政确认"),
            ("XZ_WSH", "1"),
            ("XZ_JDRQ", "2026-05-01"),
            ("XZ_JG", "局"),
            ("XZ_NR", "文"),
        ],
    )
    .record();
    assert_eq!(act.subject.codes[0].kind(), IdKind::OrganisationCode);
    assert_eq!(act.detail, Detail::Administrative { act: Some("行政确认".into()) });
    let grade = row(
        "evaluation",
        &[
            ("PJ_XDR_SHXYM", &company),
            ("PJ_LX", "纳税信用"),
            ("PJ_DJ", "A"),
            ("PJ_ND", "2025"),
            ("PJ_RQ", "2026-05-01"),
            ("PJ_JG", "局"),
        ],
    )
    .record();
    assert!(matches!(grade.detail, Detail::Evaluation { grade: Some(grade), .. } if grade == "A"));
    let judged = [
        ("PJS_XDR_SHXYM", company.as_str()),
        ("PJS_AH", "（2026）鲁1号"),
        ("PJS_RQ", "2026-05-01"),
        ("PJS_FY", "院"),
    ];
    assert_eq!(row("judgment", &judged).record().document.as_deref(), Some("（2026）鲁1号"));
    assert_eq!(row("judgment", &changed(&judged, &[("PJS_AH", "")])).reject().0, "missing_document");
    let honour = row(
        "honour",
        &[
            ("RY_XDR_SHXYM", &company),
            ("RY_MC", "示范"),
            ("RY_RQ", "2026-05-01"),
            ("RY_YXQ", "2027-05-01"),
            ("RY_JG", "局"),
        ],
    )
    .record();
    assert_eq!(honour.detail, Detail::Honour { title: Some("示范".into()), until: Some(day("2027-05-01")) });
    assert!(honour.texts.is_empty());
}

#[test]
fn codes_are_kept_in_the_order_in_which_they_win() {
    let record = penalty(&[
        ("CF_XDR_SWDJ", "370402000000001"),
        ("CF_XDR_GSZC", "110108002734659"),
        ("CF_XDR_ZZJG", "600037341"),
        ("CF_XDR_SHZZ", "鲁社证字第0001号"),
        ("CF_XDR_SYDW", "事证第137000000001号"),
    ])
    .record();
    let kinds: Vec<IdKind> = record.subject.codes.iter().map(|code| code.kind()).collect();
    assert_eq!(
        kinds,
        [
            IdKind::Uscc,
            IdKind::OrganisationCode,
            IdKind::Registration,
            IdKind::Tax,
            IdKind::InstitutionCertificate,
            IdKind::SocialCertificate,
        ]
    );
}
