//! A believable city: who lives and works in which division. Every subject is a function of the seed and its
//! place, so that any table can name it without the register.

use super::authority::Authorities;
use super::codes::SEQUENCES;
use super::random::{Rng, Shuffle, apportion};
use super::subject::{Age, Organisation, Person};
use xinhe::domain::date::Day;

/// A division (区, 县级市) of Zaozhuang.
pub(super) struct Division {
    /// GB/T 2260.
    pub(super) code: &'static str,
    /// Six digits of the same city that were never issued: they begin its invented citizens' numbers.
    pub(super) births: &'static [u8; 6],
    /// With the city's name: 市中区 exists in several cities.
    pub(super) full: &'static str,
    /// Place in company names.
    pub(super) short: &'static str,
    /// Courts' code.
    pub(super) court: &'static str,
    weight: u64,
}

const fn division(
    code: &'static str,
    births: &'static [u8; 6],
    full: &'static str,
    short: &'static str,
    court: &'static str,
    weight: u64,
) -> Division {
    Division { code, births, full, short, court, weight }
}

pub(super) const CITY_CODE: &str = "370400";

pub(super) const DIVISIONS: [Division; 6] = [
    division("370402", b"370491", "枣庄市市中区", "枣庄", "鲁0402", 15),
    division("370403", b"370492", "枣庄市薛城区", "枣庄薛城", "鲁0403", 13),
    division("370404", b"370493", "枣庄市峄城区", "枣庄峄城", "鲁0404", 10),
    division("370405", b"370494", "枣庄市台儿庄区", "枣庄台儿庄", "鲁0405", 8),
    division("370406", b"370495", "枣庄市山亭区", "枣庄山亭", "鲁0406", 12),
    division("370481", b"370496", "滕州市", "滕州", "鲁0481", 42),
];

/// The subjects of one division. Places of organisations: first those that stand for themselves, then those that
/// were folded into a successor. Places of persons: grown, young, minors.
pub(super) struct Area {
    pub(super) organisations: u64,
    pub(super) standing: u64,
    pub(super) persons: u64,
    pub(super) grown: u64,
    pub(super) young: u64,
    /// Number of the first organisation and of the first person among all the city's.
    pub(super) first_organisation: u64,
    pub(super) first_person: u64,
}

impl Area {
    pub(super) fn subjects(&self) -> u64 {
        self.organisations + self.persons
    }

    /// Persons who are of age.
    pub(super) fn adults(&self) -> u64 {
        self.grown + self.young
    }
}

/// Streams of chance; those of tables start at 100.
pub(super) mod stream {
    pub(crate) const ORGANISATION: u64 = 1;
    pub(crate) const PERSON: u64 = 2;
    pub(crate) const REPRESENTATIVE: u64 = 3;
    pub(crate) const BIRTHS: u64 = 4;
    pub(crate) const ADVERSE: u64 = 5;
    pub(crate) const DEFECTS: u64 = 6;
    pub(crate) const LEANING: u64 = 7;
    pub(crate) const TABLES: u64 = 100;
}

/// Keeps the divisions' members from being born on the same days in the same order.
const DIVISION_OFFSET: u64 = 1_000_003;

/// The days on which an age group is born, and in which order its members get day and sequence number.
pub(super) struct Births {
    first: Day,
    shuffle: Shuffle,
}

impl Births {
    fn new(first: Day, last: Day, seed: u64) -> Births {
        let days = last.days_since(first).unsigned_abs() + 1;
        Births { first, shuffle: Shuffle::new(days * SEQUENCES, seed, stream::BIRTHS) }
    }

    /// Birth date and sequence number of a member; no two members of one division share both.
    pub(super) fn of(&self, member: u64, division: usize) -> (Day, u64) {
        let place = self.shuffle.at(member + division as u64 * DIVISION_OFFSET);
        let day = self.first.number() + (place / SEQUENCES) as i32;
        (Day::from_number(day), 1 + place % SEQUENCES)
    }
}

/// Everything that rows are made from.
pub(super) struct City {
    pub(super) seed: u64,
    pub(super) as_of: Day,
    pub(super) areas: Vec<Area>,
    pub(super) authorities: Authorities,
    births: [Births; 3],
}

impl City {
    /// A city of exactly so many subjects.
    pub(super) fn new(seed: u64, as_of: Day, subjects: u64) -> City {
        let mut areas = Vec::with_capacity(DIVISIONS.len());
        let (mut first_organisation, mut first_person) = (0, 0);
        for count in apportion(subjects, &DIVISIONS.map(|division| division.weight)) {
            let organisations = (count + 2) / 5;
            let persons = count - organisations;
            let grown = (persons * 72).div_ceil(100);
            let young = persons / 10;
            areas.push(Area {
                organisations,
                standing: organisations - organisations / 300,
                persons,
                grown,
                young: young.min(persons - grown),
                first_organisation,
                first_person,
            });
            first_organisation += organisations;
            first_person += persons;
        }
        let years = |n| as_of.minus_years(n);
        let births = [
            // Of age on every day of the ten years that records spread over.
            Births::new(years(90), years(29), seed),
            Births::new(years(28), Day::from_number(years(18).number() - 40), seed),
            Births::new(years(17), Day::from_number(as_of.number() - 30), seed),
        ];
        City { seed, as_of, areas, authorities: Authorities::new(), births }
    }

    /// The organisation at a place of a division.
    pub(super) fn organisation(&self, division: usize, place: u64) -> Organisation {
        Organisation::registered(self, division, place)
    }

    /// The person at a place of a division.
    pub(super) fn person(&self, division: usize, place: u64) -> Person {
        let area = &self.areas[division];
        let (age, member) = match place {
            _ if place < area.grown => (Age::Grown, place),
            _ if place < area.adults() => (Age::Young, place - area.grown),
            _ => (Age::Minor, place - area.adults()),
        };
        Person::registered(self, division, area.first_person + place, age, member)
    }

    /// The legal representative of an organisation: a grown person of the same division, if there is one.
    pub(super) fn representative(&self, organisation: &Organisation) -> Option<Person> {
        let area = &self.areas[organisation.division];
        let mut rng = Rng::of(self.seed, stream::REPRESENTATIVE, organisation.number);
        (area.grown > 0).then(|| self.person(organisation.division, rng.below(area.grown)))
    }

    /// The organisation into which a folded one went.
    pub(super) fn successor(&self, organisation: &Organisation) -> Option<Organisation> {
        let area = &self.areas[organisation.division];
        let folded = !organisation.stub && organisation.place >= area.standing;
        folded.then(|| self.organisation(organisation.division, organisation.number * 7 % area.standing))
    }

    pub(super) fn births(&self, age: Age) -> &Births {
        &self.births[age as usize]
    }
}
