use super::*;

fn today() -> Day {
    "2026-11-21".parse().unwrap()
}

fn read(text: &str) -> Result<Identifier, Unread> {
    Identifier::read(text, today())
}

fn kind_of(text: &str) -> IdKind {
    read(text).unwrap_or_else(|e| panic!("{text}: {e}")).kind()
}

#[test]
fn unified_codes_of_every_department_are_read() {
    for code in [
        "91110000600037341L",
        "121200004013590816",
        "12440300MB2C92173E",
        "91620105L015101280",
        "91230500MA1B3N1N2M",
        "11230500001755309F",
        "A1110000000000001G",
        "N2370402MF00000016",
        "Y1370402MB0000001Q",
    ] {
        let id = read(code).unwrap_or_else(|e| panic!("{code}: {e}"));
        assert_eq!((id.kind(), id.as_str()), (IdKind::Uscc, code));
        assert_eq!(id.division(), Some(&code[2..8]));
        assert_eq!(id.organisation_code(), Some(&code[8..17]));
    }
}

#[test]
fn broken_unified_codes_say_what_is_broken() {
    let rule = |text| Identifier::parse(IdKind::Uscc, text, today()).unwrap_err().rule;
    assert_eq!(rule("91110000600037341N"), Broken::Check { found: 'N', expected: 'L' });
    assert!(matches!(rule("9111000060003IOZSV"), Broken::Character { place: 14, found: 'I', .. }));
    assert_eq!(rule("00000000000000000X"), Broken::Class { department: '0', class: '0' });
    assert_eq!(rule("9111000060003734"), Broken::Length { found: 16, expected: "18" });
    assert!(matches!(rule("911A0000600037341L"), Broken::Character { place: 4, found: 'A', .. }));
    assert_eq!(rule("9111000060003*****"), Broken::Masked);
    assert_eq!(rule(" - "), Broken::Empty);
}

#[test]
fn form_is_forgiven() {
    for text in
        ["91110000 600037341l", "９１１１００００６０００３７３４１Ｌ", "911100-00600037341-L\u{3000}"]
    {
        assert_eq!(read(text).unwrap().as_str(), "91110000600037341L");
    }
}

#[test]
fn older_codes_pass_their_own_checks() {
    assert_eq!(kind_of("110108002734659"), IdKind::Registration);
    assert_eq!(kind_of("440301103448669"), IdKind::Registration);
    assert_eq!(kind_of("60003734-1"), IdKind::OrganisationCode);
    assert!(read("110108002734650").is_err());
}

#[test]
fn citizens_numbers_are_dates_and_a_check() {
    let id = read("360426199101010071").unwrap();
    assert_eq!((id.kind(), id.birth()), (IdKind::Citizen, Some("1991-01-01".parse().unwrap())));
    let rule = |text| Identifier::parse(IdKind::Citizen, text, today()).unwrap_err().rule;
    assert!(matches!(rule("360426199101010072"), Broken::Check { .. }));
    assert_eq!(rule("360426199102300071"), Broken::BirthDate);
    assert_eq!(rule("360426203001010071"), Broken::BornInFuture);
    assert_eq!(rule("360426184901010071"), Broken::BirthDate);
    assert_eq!(rule("3604**********0071"), Broken::Masked);
    assert_eq!(Identifier::parse(IdKind::Citizen, "360426910101007", today()).unwrap(), id);
}

#[test]
fn residence_permits_are_citizens_numbers() {
    for division in ["810000", "820000", "830000"] {
        let mut number = format!("{division}19900101001").into_bytes();
        number.push(citizen_check(&number).unwrap());
        assert_eq!(kind_of(std::str::from_utf8(&number).unwrap()), IdKind::Citizen);
    }
}

#[test]
fn foreign_residents_have_two_forms() {
    let mut number = b"93784019900101001".to_vec();
    number.push(citizen_check(&number).unwrap());
    let number = String::from_utf8(number).unwrap();
    let id = Identifier::parse(IdKind::ForeignResident, &number, today()).unwrap();
    assert_eq!(id.birth(), Some("1990-01-01".parse().unwrap()));
    assert_eq!(kind_of("XYZ370490010112"), IdKind::ForeignResident);
    assert!(Identifier::parse(IdKind::ForeignResident, "XY3370490010112", today()).is_err());
}

#[test]
fn passports_and_permits_are_never_guessed() {
    assert!(read("E12345678").is_err());
    let passport = Identifier::parse(IdKind::Passport, "e-1234 5678", today()).unwrap();
    assert_eq!(passport.as_str(), "E12345678");
    let permit = Identifier::parse(IdKind::Permit, "H12345678", today()).unwrap();
    assert_eq!(permit.country(), Country::parse("hkg"));
}

#[test]
fn of_certificates_only_letters_and_digits_count() {
    let read = |text| Identifier::parse(IdKind::InstitutionCertificate, text, today());
    assert_eq!(read("事证第137040200012号").unwrap(), read("137040200012").unwrap());
    assert!(read("事证第号").is_err());
}

/// Walks citizens' numbers until one also reads as a unified code whose division begins as wanted.
fn collision(wanted: fn(&str) -> bool) -> String {
    for region in 11..=65 {
        for county in 0..100 {
            for sequence in 0..1000 {
                let mut number = format!("{region}01{county:02}19900101{sequence:03}").into_bytes();
                number.push(citizen_check(&number).unwrap());
                let text = String::from_utf8(number).unwrap();
                let unified = Identifier::parse(IdKind::Uscc, &text, today());
                if unified.is_ok_and(|id| wanted(id.division().unwrap())) {
                    return text;
                }
            }
        }
    }
    panic!("no collision")
}

#[test]
fn a_citizen_whose_number_names_no_province_as_a_unified_code_stays_a_citizen() {
    let text = collision(|division| division.starts_with("01"));
    assert_eq!(kind_of(&text), IdKind::Citizen);
}

#[test]
fn a_number_with_two_readings_is_not_guessed() {
    let registration_and_citizen = (0..1000)
        .map(|n| format!("37040290010{n:03}"))
        .map(|first| format!("{first}{}", registration_check(first.as_bytes()).unwrap() as char))
        .find(|text| Identifier::parse(IdKind::Citizen, text, today()).is_ok())
        .unwrap();
    match read(&registration_and_citizen) {
        Err(Unread::Ambiguous(kinds)) => {
            assert_eq!(kinds.iter().collect::<Vec<_>>(), [IdKind::Citizen, IdKind::Registration]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_nearest_kind_explains_what_is_wrong() {
    let nearest = |text| match read(text) {
        Err(Unread::Invalid(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(nearest("91110000600037341N").kind, IdKind::Uscc);
    assert_eq!(nearest("360426199101010072").kind, IdKind::Citizen);
    assert_eq!(nearest("110108002734650").kind, IdKind::Registration);
    assert_eq!(nearest("60003734-2").kind, IdKind::OrganisationCode);
    assert_eq!(
        nearest("枣庄").rule,
        Broken::Character { place: 1, found: '枣', expected: "letters and digits" }
    );
}

#[test]
fn debug_never_shows_a_number() {
    assert_eq!(format!("{:?}", read("360426199101010071").unwrap()), "Identifier(citizen)");
}
