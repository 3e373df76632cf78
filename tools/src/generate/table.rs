//! The tables of a dataset and how many rows each gets.

use super::authority::Bureau;
use super::city::{City, stream};
use super::deal::{Deal, Demand};
use super::layout::{self, Layout};
use super::lists::{SUPPLIES, Supply};
use super::random::apportion;
use super::sheet::Sheet;
use super::{Format, lists, publicity, records, register};

/// A kind of source (`data.md` §1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Subject,
    Licence,
    Penalty,
    Administrative,
    List,
    Commitment,
    Evaluation,
    Judgment,
    Honour,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Subject => "subject",
            Kind::Licence => "licence",
            Kind::Penalty => "penalty",
            Kind::Administrative => "administrative",
            Kind::List => "list",
            Kind::Commitment => "commitment",
            Kind::Evaluation => "evaluation",
            Kind::Judgment => "judgment",
            Kind::Honour => "honour",
        }
    }
}

/// One table: one `[[source]]` of the dataset.
pub(super) struct Table {
    pub(super) kind: Kind,
    /// Beginning of its files' paths; one that ends in `/` or `-` has a file a division.
    pub(super) stem: &'static str,
    pub(super) layout: Layout,
    pub(super) deal: Deal,
    pub(super) stream: u64,
    pub(super) provider: Bureau,
    pub(super) priority: u32,
    pub(super) supply: Option<&'static Supply>,
}

/// Kind, share of all records in a hundred, path, columns, provider, and whom its rows are about.
type Recipe = (Kind, u64, &'static str, Layout, Bureau, Demand);

const fn demand(
    persons_percent: u64,
    reach_percent: u64,
    adults: bool,
    by_day: bool,
    adverse: bool,
) -> Demand {
    Demand { persons_percent, reach_percent, adults, by_day, adverse }
}

const RECIPES: [Recipe; 8] = [
    (Kind::Licence, 35, "licences/", layout::LICENCE, Bureau::Approval, demand(30, 90, true, false, false)),
    (Kind::Penalty, 10, "penalties/", layout::PENALTY, Bureau::Credit, demand(25, 15, true, false, true)),
    (
        Kind::Administrative,
        12,
        "administrative/",
        layout::ADMINISTRATIVE,
        Bureau::Credit,
        demand(40, 40, true, false, false),
    ),
    (Kind::List, 7, "lists/", layout::LIST, Bureau::Credit, demand(0, 4, true, false, true)),
    (
        Kind::Commitment,
        9,
        "commitments/",
        layout::COMMITMENT,
        Bureau::Approval,
        demand(20, 60, true, true, false),
    ),
    (
        Kind::Evaluation,
        20,
        "evaluations/",
        layout::EVALUATION,
        Bureau::Credit,
        demand(40, 95, true, true, false),
    ),
    (
        Kind::Judgment,
        3,
        "judgments/judgments",
        layout::JUDGMENT,
        Bureau::Court,
        demand(60, 10, true, false, false),
    ),
    (
        Kind::Honour,
        4,
        "honours/honours",
        layout::HONOUR,
        Bureau::Civilisation,
        demand(70, 20, false, true, false),
    ),
];

/// The tables of a city with exactly so many records; the register's two first.
pub(super) fn tables(city: &City, records: u64) -> Vec<Table> {
    let mut tables = vec![registered(city, false), registered(city, true)];
    let mut stubs = 0;
    for (recipe, rows) in RECIPES.iter().zip(apportion(records, &RECIPES.map(|recipe| recipe.1))) {
        if recipe.0 == Kind::List {
            let parts = apportion(rows, &SUPPLIES.each_ref().map(|supply| supply.weight));
            for (supply, rows) in SUPPLIES.iter().zip(parts) {
                tables.push(recorded(city, tables.len(), recipe, rows, Some(supply), &mut stubs));
            }
        } else {
            tables.push(recorded(city, tables.len(), recipe, rows, None, &mut stubs));
        }
    }
    tables
}

fn registered(city: &City, persons: bool) -> Table {
    let stream = stream::TABLES + u64::from(persons);
    let (stem, layout, provider) = match persons {
        true => ("subjects/persons-", layout::PERSONS, Bureau::Police),
        false => ("subjects/organisations-", layout::ORGANISATIONS, Bureau::Market),
    };
    let deal = Deal::register(city, stream, persons);
    Table { kind: Kind::Subject, stem, layout, deal, stream, provider, priority: 20, supply: None }
}

fn recorded(
    city: &City,
    at: usize,
    recipe: &Recipe,
    rows: u64,
    supply: Option<&'static Supply>,
    stubs: &mut u64,
) -> Table {
    let (kind, _, stem, layout, provider, mut demand) = *recipe;
    let stream = stream::TABLES + at as u64;
    let (mut stem, mut provider) = (stem, provider);
    if let Some(supply) = supply {
        (stem, provider) = (supply.stem, supply.bureau);
        demand.persons_percent = supply.persons_percent;
        demand.adverse = supply.lists[0].adverse;
    }
    let deal = Deal::new(city, stream, rows, demand, *stubs);
    *stubs += deal.stubs();
    Table { kind, stem, layout, deal, stream, provider, priority: 10, supply }
}

impl Table {
    /// Writes one row as it would be without defects.
    pub(super) fn write(&self, city: &City, row: u64, sheet: &mut Sheet) {
        let mut turn = self.deal.turn(city, row);
        let turn = &mut turn;
        sheet.open();
        match (self.kind, self.supply) {
            (Kind::Subject, _) => register::write(city, &turn.subject, sheet),
            (Kind::Licence, _) => publicity::licence(city, turn, sheet),
            (Kind::Penalty, _) => publicity::penalty(city, turn, sheet),
            (Kind::Administrative, _) => records::administrative(city, turn, sheet),
            (Kind::List, supply) => lists::write(city, supply.unwrap_or(&SUPPLIES[0]), turn, sheet),
            (Kind::Commitment, _) => records::commitment(city, turn, sheet),
            (Kind::Evaluation, _) => records::evaluation(city, turn, sheet),
            (Kind::Judgment, _) => records::judgment(city, turn, sheet),
            (Kind::Honour, _) => records::honour(city, turn, sheet),
        }
    }

    /// Whether it has a file for each division.
    pub(super) fn by_division(&self) -> bool {
        self.stem.ends_with(['/', '-'])
    }

    /// Path of the file for a part; the part of a table in one piece is empty.
    pub(super) fn path(&self, part: &str, format: Format) -> String {
        let join = if self.by_division() || part.is_empty() { "" } else { "-" };
        format!("{}{join}{part}.{}", self.stem, format.ending())
    }

    /// The pattern that its files match, and no other table's.
    pub(super) fn pattern(&self, format: Format) -> String {
        format!("{}*.{}", self.stem, format.ending())
    }
}
