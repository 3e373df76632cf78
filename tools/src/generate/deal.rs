//! Which subject a row is about: rows are dealt so that counts are exact and the skew is a city's own.
//!
//! Most subjects have no adverse entry and a few have hundreds. Each division's rows fall into segments: a segment
//! deals its rows in rounds to its members, so that a row knows which of its subject's rows it is. Where a
//! table tells records apart by their day alone, that place decides the day, and no two records are the same.

use super::city::{City, stream};
use super::random::{Rng, Shuffle, apportion};
use super::subject::{Age, Organisation, Person, Subject};
use xinhe::domain::date::Day;

/// Records spread over so many days before the day of the data.
const SPREAD_DAYS: u64 = 3652;
/// Of a hundred rows, so many are about subjects that no register has.
const STUB_PERCENT: u64 = 2;
/// A subject of the few that have hundreds has about so many rows in a table.
const HEAVY_ROWS: u64 = 300;

/// What a table asks of the subjects of its rows.
#[derive(Clone, Copy)]
pub(super) struct Demand {
    /// Share of persons in the rows.
    pub(super) persons_percent: u64,
    /// Of a hundred subjects, at most so many have a row.
    pub(super) reach_percent: u64,
    /// Of age on the day of the record.
    pub(super) adults: bool,
    /// Records of a subject are told apart by their day.
    pub(super) by_day: bool,
    /// The same subjects in every table that asks so.
    pub(super) adverse: bool,
}

/// One row's subject, and chance of its own.
pub(super) struct Turn {
    pub(super) subject: Subject,
    pub(super) division: usize,
    /// Place of the row in its table.
    pub(super) row: u64,
    /// Which of the subject's rows in this table, of at most how many.
    pub(super) nth: u64,
    pub(super) rounds: u64,
    pub(super) rng: Rng,
}

impl Turn {
    /// A day of the last ten years, more in the recent ones, on which the subject was of age.
    pub(super) fn day(&mut self, city: &City) -> Day {
        let oldest = match &self.subject {
            Subject::Person(Person { age: Age::Young, birth, .. }) => {
                let days = city.as_of.days_since(*birth) - 18 * 366;
                SPREAD_DAYS.min(days.max(1) as u64)
            }
            _ => SPREAD_DAYS,
        };
        let part = self.rng.unit();
        self.before(city, (part * part * oldest as f64) as u64)
    }

    /// A day that no other of the subject's rows has in this table. `group`: so many rows may share a day.
    pub(super) fn own_day(&mut self, city: &City, group: u64) -> Day {
        let (nth, rounds) = (self.nth / group, self.rounds.div_ceil(group));
        if rounds <= 1 {
            let part = self.rng.unit();
            return self.before(city, (part * part * SPREAD_DAYS as f64) as u64);
        }
        let width = (SPREAD_DAYS / rounds).max(1);
        let days = nth * width + self.rng.below(width);
        self.before(city, days)
    }

    fn before(&self, city: &City, days: u64) -> Day {
        Day::from_number(city.as_of.number() - days as i32)
    }
}

#[derive(Clone, Copy)]
enum Pool {
    Organisations,
    Persons,
    Stubs,
}

struct Segment {
    rows: u64,
    pool: Pool,
    first_member: u64,
    members: u64,
    order: Shuffle,
}

struct AreaDeal {
    first: u64,
    rows: u64,
    order: Shuffle,
    segments: Vec<Segment>,
    first_stub: u64,
}

/// The rows of one table, dealt.
pub(super) struct Deal {
    areas: Vec<AreaDeal>,
    stream: u64,
    persons_percent: u64,
}

impl Deal {
    /// Every organisation, or every person, once: a register.
    pub(super) fn register(city: &City, stream: u64, persons: bool) -> Deal {
        let counts = city.areas.iter().map(|area| if persons { area.persons } else { area.organisations });
        let pool = if persons { Pool::Persons } else { Pool::Organisations };
        let segments = |members: u64| {
            let order = Shuffle::new(members, city.seed, stream);
            vec![Segment { rows: members, pool, first_member: 0, members: members.max(1), order }]
        };
        Deal::lay(city, stream, counts.map(|count| (count, segments(count), 0)).collect(), 0)
    }

    /// So many rows over all divisions by their subjects. Stubs are numbered from `first_stub`.
    pub(super) fn new(city: &City, stream: u64, rows: u64, demand: Demand, first_stub: u64) -> Deal {
        let weights: Vec<u64> = city.areas.iter().map(|area| area.subjects()).collect();
        let parts = apportion(rows, &weights);
        let areas = (0..parts.len()).map(|at| {
            let segments = segments(city, at, stream, parts[at], demand);
            let stubs = segments.iter().filter(|s| matches!(s.pool, Pool::Stubs)).map(|s| s.rows).sum();
            (parts[at], segments, stubs)
        });
        let mut deal = Deal::lay(city, stream, areas.collect(), first_stub);
        deal.persons_percent = demand.persons_percent;
        deal
    }

    fn lay(city: &City, stream: u64, parts: Vec<(u64, Vec<Segment>, u64)>, first_stub: u64) -> Deal {
        let (mut first, mut stub) = (0, first_stub);
        let mut areas = Vec::with_capacity(parts.len());
        for (rows, segments, stubs) in parts {
            let order = Shuffle::new(rows, city.seed, stream);
            areas.push(AreaDeal { first, rows, order, segments, first_stub: stub });
            first += rows;
            stub += stubs;
        }
        Deal { areas, stream, persons_percent: 0 }
    }

    /// All rows.
    pub(super) fn rows(&self) -> u64 {
        self.areas.iter().map(|area| area.rows).sum()
    }

    /// Number of rows about subjects of no register.
    pub(super) fn stubs(&self) -> u64 {
        let segments = self.areas.iter().flat_map(|area| &area.segments);
        segments.filter(|s| matches!(s.pool, Pool::Stubs)).map(|s| s.rows).sum()
    }

    /// First row and number of rows of every division.
    pub(super) fn divisions(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.areas.iter().map(|area| (area.first, area.rows))
    }

    /// The subject of a row.
    pub(super) fn turn(&self, city: &City, row: u64) -> Turn {
        let division = self.areas.iter().rposition(|area| area.rows > 0 && area.first <= row).unwrap_or(0);
        let area = &self.areas[division];
        let mut place = area.order.at(row - area.first);
        let mut at = 0;
        while place >= area.segments[at].rows && at + 1 < area.segments.len() {
            place -= area.segments[at].rows;
            at += 1;
        }
        let segment = &area.segments[at];
        let (member, nth) = (place % segment.members, place / segment.members);
        let rank = segment.order.at(segment.first_member + member);
        let subject = match segment.pool {
            Pool::Organisations => Subject::Organisation(city.organisation(division, rank)),
            Pool::Persons => Subject::Person(city.person(division, rank)),
            Pool::Stubs => self.stub(city, division, area.first_stub + place),
        };
        let rounds = segment.rows.div_ceil(segment.members);
        Turn { subject, division, row, nth, rounds, rng: Rng::of(city.seed, self.stream, row) }
    }

    fn stub(&self, city: &City, division: usize, number: u64) -> Subject {
        if Rng::of(city.seed, self.stream ^ 1, number).percent(self.persons_percent) {
            Subject::Person(Person::stub(city, division, number))
        } else {
            Subject::Organisation(Organisation::stub(city, division, number))
        }
    }
}

fn segments(city: &City, at: usize, stream: u64, rows: u64, demand: Demand) -> Vec<Segment> {
    let area = &city.areas[at];
    // Folded organisations share their successor's records: where days tell records apart, they have none.
    let organisations = if demand.by_day { area.standing } else { area.organisations };
    let persons = if demand.adults { area.adults() } else { area.persons };
    let stubs = rows * STUB_PERCENT / 100;
    let percent = match (organisations, persons) {
        (0, _) => 100,
        (_, 0) => 0,
        _ => demand.persons_percent,
    };
    let for_persons = (rows - stubs) * percent / 100;
    let mut all = Vec::with_capacity(7);
    let stream = if demand.adverse { stream::ADVERSE } else { stream };
    let order = |population| Shuffle::new(population, city.seed, stream);
    let of_organisations = rows - stubs - for_persons;
    tiers(of_organisations, Pool::Organisations, organisations, demand, order(organisations), &mut all);
    tiers(for_persons, Pool::Persons, persons, demand, order(persons), &mut all);
    let order = order(1);
    all.push(Segment { rows: stubs, pool: Pool::Stubs, first_member: 0, members: stubs.max(1), order });
    all
}

/// A few members with hundreds of rows, some with several, most of those reached with one or two.
fn tiers(rows: u64, pool: Pool, population: u64, demand: Demand, order: Shuffle, into: &mut Vec<Segment>) {
    let mut first_member = 0;
    let mut push = |rows: u64, members: u64| {
        if rows > 0 {
            let members = members.clamp(1, rows);
            into.push(Segment { rows, pool, first_member, members, order });
            first_member += members;
        }
    };
    if population < 10 {
        return push(rows, population);
    }
    let mut heavy = rows * 12 / 100;
    if heavy < 100 {
        heavy = 0;
    }
    let heavy_members = heavy.div_ceil(HEAVY_ROWS).min(population / 10);
    let middle = rows * 30 / 100;
    let middle_members = (middle / 6).clamp(1, population / 4);
    let reached = (population * demand.reach_percent / 100).max(1);
    let left = population - heavy_members - middle_members;
    push(heavy, heavy_members);
    push(middle, middle_members);
    push(rows - heavy - middle, reached.min(left));
}
