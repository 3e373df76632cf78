//! One subject: its numbers and its name.

use super::city::{City, DIVISIONS, stream};
use super::codes::{citizen_number, digits, registration_number, unified_code};
use super::random::Rng;
use super::words::*;
use xinhe::domain::date::Day;

/// A subject (信用主体) that a row is about.
pub(super) enum Subject {
    Organisation(Organisation),
    Person(Person),
}

/// What an organisation is, with the first two characters of its code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Enterprise,
    Cooperative,
    Business,
    Agency,
    Institution,
    LawFirm,
    Society,
    Service,
    Foundation,
    Village,
}

const CLASSES: [(Class, u64); 10] = [
    (Class::Business, 600),
    (Class::Enterprise, 325),
    (Class::Cooperative, 22),
    (Class::Village, 16),
    (Class::Institution, 14),
    (Class::Agency, 7),
    (Class::Society, 6),
    (Class::Service, 7),
    (Class::LawFirm, 2),
    (Class::Foundation, 1),
];

impl Class {
    pub(super) fn head(self) -> &'static [u8; 2] {
        match self {
            Class::Enterprise => b"91",
            Class::Cooperative => b"93",
            Class::Business => b"92",
            Class::Agency => b"11",
            Class::Institution => b"12",
            Class::LawFirm => b"31",
            Class::Society => b"51",
            Class::Service => b"52",
            Class::Foundation => b"53",
            Class::Village => b"N2",
        }
    }

    /// Registered with the market regulator.
    pub(super) fn in_market(self) -> bool {
        matches!(self, Class::Enterprise | Class::Cooperative | Class::Business)
    }
}

/// An organisation or an individual business.
#[derive(Clone, Copy)]
pub(super) struct Organisation {
    pub(super) division: usize,
    pub(super) place: u64,
    /// Among all the city's organisations, or among its stubs.
    pub(super) number: u64,
    pub(super) class: Class,
    /// In no register.
    pub(super) stub: bool,
    pub(super) code: [u8; 18],
    /// Random bits that decide what else it has, the same in every table.
    traits: u64,
    name: Rng,
}

/// Divisions of other places, for records of organisations outside the coverage.
const ELSEWHERE: [&[u8; 6]; 4] = [b"370102", b"370811", b"320303", b"110108"];

impl Organisation {
    pub(super) fn registered(city: &City, division: usize, place: u64) -> Organisation {
        let number = city.areas[division].first_organisation + place;
        let mut rng = Rng::of(city.seed, stream::ORGANISATION, number);
        let class = rng.weighted(&CLASSES);
        let code = unified_code(class.head(), DIVISIONS[division].code.as_bytes(), b"XN", number);
        Organisation { division, place, number, class, stub: false, code, traits: rng.bits(), name: rng }
    }

    /// An organisation of records alone, every other one outside the coverage.
    pub(super) fn stub(city: &City, division: usize, number: u64) -> Organisation {
        let mut rng = Rng::of(city.seed ^ 1, stream::ORGANISATION, number);
        let class = rng.weighted(&CLASSES[..2]);
        let (block, place) = match number % 2 {
            0 => (b"XR", DIVISIONS[division].code.as_bytes()),
            _ => (b"XT", rng.pick(&ELSEWHERE).as_slice()),
        };
        let code = unified_code(class.head(), place, block, number);
        Organisation { division, place: 0, number, class, stub: true, code, traits: 0, name: rng }
    }

    fn trait_percent(&self, shift: u32) -> u64 {
        (self.traits >> shift) % 100
    }

    /// The number under which it was registered before unified codes.
    pub(super) fn registration(&self) -> Option<[u8; 15]> {
        let has = !self.stub && self.class.in_market() && self.trait_percent(0) < 30;
        has.then(|| registration_number(DIVISIONS[self.division].code.as_bytes(), 20_000_000 + self.place))
    }

    /// The tax number of old: division and organisation code. Never an individual business's, which held its
    /// owner's citizen number.
    pub(super) fn tax(&self) -> Option<[u8; 15]> {
        let has = !self.stub && self.class == Class::Enterprise && self.trait_percent(8) < 25;
        has.then(|| {
            let mut tax = [b'0'; 15];
            tax[..6].copy_from_slice(DIVISIONS[self.division].code.as_bytes());
            tax[6..].copy_from_slice(self.organisation_code());
            tax
        })
    }

    /// The certificate number of a public institution or of a social organisation.
    pub(super) fn certificate(&self) -> [u8; 12] {
        let mut number = *b"137040000000";
        digits(self.number, &mut number[4..]);
        number
    }

    pub(super) fn organisation_code(&self) -> &[u8] {
        &self.code[8..17]
    }

    /// The code that it had before, as an enterprise that was an individual business.
    pub(super) fn former_code(&self) -> Option<[u8; 18]> {
        let has = !self.stub && self.class == Class::Enterprise && self.trait_percent(16) < 3;
        has.then(|| unified_code(b"92", DIVISIONS[self.division].code.as_bytes(), b"XP", self.number))
    }

    pub(super) fn has_former_name(&self) -> bool {
        !self.stub && self.trait_percent(24) < 4
    }

    /// The state of registration.
    pub(super) fn state(&self) -> &'static str {
        match (self.traits >> 32) % 1000 {
            ..=899 => "存续",
            900..=909 => "在业",
            910..=969 => "注销",
            970..=984 => "吊销",
            985..=991 => "歇业",
            992..=995 => "迁出",
            996..=997 => "开业",
            998 => "责令关闭",
            _ => "撤销登记",
        }
    }

    pub(super) fn write_name(&self, out: &mut Vec<u8>) {
        self.compose(self.name, out);
    }

    pub(super) fn write_former_name(&self, out: &mut Vec<u8>) {
        let mut other = self.name;
        other.bits();
        self.compose(other, out);
    }

    fn compose(&self, mut rng: Rng, out: &mut Vec<u8>) {
        let division = &DIVISIONS[self.division];
        let mut put = |words: &[&str]| words.iter().for_each(|word| out.extend_from_slice(word.as_bytes()));
        let (first, second) = (rng.pick(&INVENTED), rng.pick(&BRAND));
        let third = if rng.percent(50) { rng.pick(&BRAND) } else { "" };
        match self.class {
            Class::Enterprise => {
                let ends = [
                    ("有限公司", 88),
                    ("股份有限公司", 4),
                    ("（集团）有限公司", 3),
                    ("合伙企业（有限合伙）", 5),
                ];
                put(&[division.short, first, second, third, rng.pick(&TRADES), rng.weighted(&ends)]);
            }
            Class::Cooperative => put(&[division.short, first, second, third, "种植专业合作社"]),
            Class::Business => put(&[division.full, first, second, third, rng.pick(&SHOPS)]),
            Class::Agency => put(&[division.full, first, second, rng.pick(&AGENCIES)]),
            Class::Institution => put(&[division.full, first, second, third, rng.pick(&INSTITUTIONS)]),
            Class::LawFirm => put(&["山东", first, second, third, "律师事务所"]),
            Class::Society => put(&[division.full, first, second, "行业协会"]),
            Class::Service => put(&[division.full, first, second, third, "社会工作服务中心"]),
            Class::Foundation => put(&["枣庄市", first, second, "公益基金会"]),
            Class::Village => put(&[division.full, first, second, "镇", second, first, "村股份经济合作社"]),
        }
    }
}

/// Age group on the day of the data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// Of age during all the ten years of records.
    Grown,
    /// Of age today.
    Young,
    /// Under 18.
    Minor,
}

/// The document that names a person.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Document {
    Citizen,
    Residence,
    Passport,
    Permit,
    ForeignResident,
}

/// A natural person (自然人).
#[derive(Clone, Copy)]
pub(super) struct Person {
    pub(super) division: usize,
    pub(super) document: Document,
    pub(super) age: Age,
    pub(super) birth: Day,
    number: [u8; 18],
    length: usize,
    /// ISO 3166-1 alpha-3 of a passport or permit.
    pub(super) country: &'static str,
    traits: u64,
    name: Rng,
}

const COUNTRIES: [&str; 8] = ["USA", "GBR", "KOR", "JPN", "DEU", "RUS", "PAK", "VNM"];
/// One adult of so many has another document than a citizen's number.
const OTHER_DOCUMENTS: u64 = 200;

impl Person {
    pub(super) fn registered(city: &City, division: usize, number: u64, age: Age, member: u64) -> Person {
        let mut rng = Rng::of(city.seed, stream::PERSON, number);
        let ordinal = number / OTHER_DOCUMENTS;
        let document = match (number % OTHER_DOCUMENTS, ordinal % 8) {
            _ if age == Age::Minor => Document::Citizen,
            (17, 0..=2) => Document::Residence,
            (17, 3 | 4) => Document::Passport,
            (17, 5 | 6) => Document::Permit,
            (17, _) => Document::ForeignResident,
            _ => Document::Citizen,
        };
        // Citizens are told apart within their division, holders of other documents within the city.
        let (birth, sequence) = match document {
            Document::Citizen => city.births(age).of(member, division),
            _ => city.births(age).of(ordinal, 0),
        };
        let mut digits8 = [b'0'; 9];
        digits(number, &mut digits8[1..]);
        let (number, length, country) = match document {
            Document::Citizen => (citizen_number(DIVISIONS[division].births, birth, sequence), 18, ""),
            Document::Residence => (citizen_number(b"830000", birth, sequence), 18, ""),
            Document::ForeignResident => (citizen_number(b"937999", birth, sequence), 18, ""),
            Document::Passport => {
                digits8[0] = b'X';
                (padded(&digits8), 9, rng.pick(&COUNTRIES))
            }
            Document::Permit => match ordinal % 3 {
                0 => (padded(&digits8[1..]), 8, "TWN"),
                other => {
                    digits8[0] = if other == 1 { b'H' } else { b'M' };
                    (padded(&digits8), 9, if other == 1 { "HKG" } else { "MAC" })
                }
            },
        };
        Person { division, document, age, birth, number, length, country, traits: rng.bits(), name: rng }
    }

    /// A person of records alone, from elsewhere.
    pub(super) fn stub(city: &City, division: usize, number: u64) -> Person {
        let mut rng = Rng::of(city.seed ^ 1, stream::PERSON, number);
        let (birth, sequence) = city.births(Age::Grown).of(number, 0);
        let number = citizen_number(b"320399", birth, sequence);
        let (document, age) = (Document::Citizen, Age::Grown);
        Person {
            division,
            document,
            age,
            birth,
            number,
            length: 18,
            country: "",
            traits: rng.bits(),
            name: rng,
        }
    }

    pub(super) fn number(&self) -> &[u8] {
        &self.number[..self.length]
    }

    /// ZJLX. A residence permit has a citizen's form, and the standard no word of its own for it.
    pub(super) fn document_type(&self) -> &'static str {
        match self.document {
            Document::Citizen | Document::Residence => "身份证",
            Document::Passport => "护照",
            Document::Permit if self.country == "TWN" => "台湾居民来往大陆通行证",
            Document::Permit => "港澳居民来往内地通行证",
            Document::ForeignResident => "外国人永久居留身份证",
        }
    }

    pub(super) fn has_former_name(&self) -> bool {
        self.traits % 100 < 2
    }

    /// Dead persons stay in the register, marked.
    pub(super) fn is_dead(&self) -> bool {
        self.age == Age::Grown && (self.traits >> 8) % 100 < 2
    }

    pub(super) fn occupation(&self) -> &'static str {
        let at = (self.traits >> 16) % (OCCUPATIONS.len() as u64 * 3);
        match self.age {
            Age::Minor => "学生",
            _ => OCCUPATIONS.get(at as usize).copied().unwrap_or_default(),
        }
    }

    pub(super) fn write_name(&self, out: &mut Vec<u8>) {
        let foreign = matches!(self.document, Document::Passport | Document::ForeignResident);
        write_persons_name(self.name, foreign, out);
    }

    pub(super) fn write_former_name(&self, out: &mut Vec<u8>) {
        let mut other = self.name;
        other.bits();
        write_persons_name(other, false, out);
    }
}

/// A surname and two characters that mark it as made up, or a name with a middle dot, or a foreign one.
pub(super) fn write_persons_name(mut rng: Rng, foreign: bool, out: &mut Vec<u8>) {
    let mut put = |word: &str| out.extend_from_slice(word.as_bytes());
    if foreign {
        put(rng.pick(&FOREIGN_GIVEN));
        put(" ");
        put(rng.pick(&FOREIGN_FAMILY));
    } else if rng.below(500) == 0 {
        put("阿依·");
        put(rng.pick(&INVENTED));
        put(rng.pick(&INVENTED));
    } else {
        put(rng.pick(&SURNAMES));
        put(rng.pick(&INVENTED));
        put(rng.pick(&INVENTED));
    }
}

fn padded(short: &[u8]) -> [u8; 18] {
    let mut long = [0; 18];
    long[..short.len()].copy_from_slice(short);
    long
}
