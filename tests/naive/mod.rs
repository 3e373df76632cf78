//! The naive model: maps and loops over the input rows, written from the contract and apart from the domain code.
//!
//! It shares no line with the crates that it judges. It reads plain CSV in UTF-8, takes the catalogue on trust,
//! and answers a check as a caller with every right would get it. `docs/decisions.md` holds for it too.
//! Records have no ids here: where a reply names one, an alias stands (see [`alias`]).

mod alias;
mod catalogue;
mod claims;
mod dates;
mod decide;
mod load;
mod numbers;
mod records;
mod rows;
mod subjects;
mod text;

mod unit;
mod unit_verdicts;
mod unit_world;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use alias::alias;
pub(crate) use dates::Day;

use catalogue::Catalogue;
use records::Record;
use rows::Dataset;
use subjects::Subjects;

/// One question, as a caller with every right puts it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) id: String,
    pub(crate) id_type: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) matter: Option<String>,
    pub(crate) stage: Option<String>,
    /// The client's `unknown_matter = "answer"`.
    pub(crate) answer_unknown_matter: bool,
}

/// How one may ask about a subject that the model knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: String,
    pub(crate) id_type: String,
    pub(crate) country: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) registered: bool,
}

/// What became of the rows of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) rows: usize,
    pub(crate) kept: usize,
    pub(crate) merged: usize,
    pub(crate) rejected: usize,
}

/// A dataset and a catalogue, held as maps.
pub(crate) struct Model {
    dataset: Dataset,
    catalogue: Catalogue,
    subjects: Subjects,
    records: Vec<Record>,
    counts: Vec<Counts>,
    /// Reasons of rejects, by source.
    reasons: BTreeMap<(usize, &'static str), usize>,
    orphans: Vec<String>,
    release: String,
}

impl Model {
    /// The same model, answering with this release in `data`.
    pub(crate) fn with_release(mut self, release: &str) -> Model {
        self.release = release.to_owned();
        self
    }

    /// Every registered subject and stub once, under its current identifier.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = Known> + '_ {
        self.subjects.all.iter().filter_map(|subject| Known::of(subject, subject.ids.first()?))
    }

    /// Every identifier that can be sent and is answered, former and older codes too.
    pub(crate) fn every_way_to_ask(&self) -> impl Iterator<Item = Known> + '_ {
        let known = |subject: &subjects::Subject| -> Vec<Known> {
            subject.ids.iter().filter_map(|id| Known::of(subject, id)).collect()
        };
        self.subjects.all.iter().flat_map(known)
    }

    /// The codes of the catalogue's matters.
    pub(crate) fn matters(&self) -> Vec<String> {
        self.catalogue.matters.iter().map(|matter| matter.code.clone()).collect()
    }

    /// Rows kept, merged and rejected, source by source in the order of `dataset.toml`.
    pub(crate) fn accounting(&self) -> &[Counts] {
        &self.counts
    }

    /// How many rows of a source were rejected for which reason. The reasons are this model's own words.
    pub(crate) fn reject_reasons(&self) -> &BTreeMap<(usize, &'static str), usize> {
        &self.reasons
    }

    /// Days on which something begins to be seen, and last days: a test asks on them, and on their neighbours.
    pub(crate) fn days_that_matter(&self) -> BTreeSet<Day> {
        self.records.iter().flat_map(|record| record.visible_from.into_iter().chain(record.until)).collect()
    }

    /// Ids of correction rows that no given alias leads to a record.
    pub(crate) fn orphan_corrections(&self) -> &[String] {
        &self.orphans
    }
}

impl Known {
    fn of(subject: &subjects::Subject, id: &numbers::Id) -> Option<Known> {
        numbers::KINDS.contains(&id.kind).then(|| Known {
            id: id.number.clone(),
            id_type: id.kind.to_owned(),
            country: (!id.country.is_empty()).then(|| id.country.clone()),
            name: subject.name.clone(),
            registered: subject.registered,
        })
    }
}
