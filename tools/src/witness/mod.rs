//! The naive model: maps and loops over the input rows, written from the contract and apart from the domain code.
//!
//! It shares no line with the code that it judges: no row reader, no rule, no date. It reads plain CSV in UTF-8 or is
//! handed rows as text, takes the catalogue on trust, and answers a check as a caller with every right would get it.
//! `docs/decisions.md` holds for it too. Records have no ids here: where a reply names one, an alias stands (see
//! [`alias`]). Tests compare whole cities with it; a build compares a [`Sample`] and hands the differences to the
//! guardrails. Only [`Sample::compare`] and what it calls look at a release.

mod alias;
mod catalogue;
mod claims;
mod codes;
mod compare;
mod corrected;
mod dates;
mod decide;
mod filter;
mod load;
mod numbers;
mod records;
mod rows;
mod sample;
mod subjects;
mod text;

#[cfg(test)]
mod unit;
#[cfg(test)]
mod unit_verdicts;
#[cfg(test)]
mod unit_world;

use std::collections::{BTreeMap, BTreeSet};

pub use alias::alias;
pub use compare::{Comparison, Difference};
pub use corrected::Urgent;
pub use dates::Day;
pub use sample::{Sample, SampleError};

use catalogue::Catalogue;
use records::Record;
use rows::Dataset;
use subjects::Subjects;

/// One question, as a caller with every right puts it.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Number of the subject.
    pub id: String,
    /// Its kind; without one the number tells.
    pub id_type: Option<String>,
    /// Country of a passport or permit.
    pub country: Option<String>,
    /// Name given with the number.
    pub name: Option<String>,
    /// Code or alias of the matter.
    pub matter: Option<String>,
    /// Stage of the case.
    pub stage: Option<String>,
    /// The client's `unknown_matter = "answer"`.
    pub answer_unknown_matter: bool,
    /// Leave out what is shown of linked subjects.
    pub unlinked: bool,
}

/// How one may ask about a subject that the model knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Number.
    pub id: String,
    /// Its kind, as `id_type`.
    pub id_type: String,
    /// Country of a passport or permit.
    pub country: Option<String>,
    /// Current name.
    pub name: Option<String>,
    /// Whether a register knows the subject.
    pub registered: bool,
}

/// What became of the rows of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All rows.
    pub rows: usize,
    /// That became something.
    pub kept: usize,
    /// That another version outweighed.
    pub merged: usize,
    /// That were refused.
    pub rejected: usize,
}

/// A dataset and a catalogue, held as maps.
pub struct Model {
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
    pub fn with_release(mut self, release: &str) -> Model {
        self.release = release.to_owned();
        self
    }

    /// Every registered subject and stub once, under its current identifier.
    pub fn subjects(&self) -> impl Iterator<Item = Known> + '_ {
        self.subjects.all.iter().filter_map(|subject| Known::of(subject, subject.ids.first()?))
    }

    /// Every identifier that can be sent and is answered, former and older codes too.
    pub fn every_way_to_ask(&self) -> impl Iterator<Item = Known> + '_ {
        let known = |subject: &subjects::Subject| -> Vec<Known> {
            subject.ids.iter().filter_map(|id| Known::of(subject, id)).collect()
        };
        self.subjects.all.iter().flat_map(known)
    }

    /// How one may ask about the subject with this number.
    pub(crate) fn known(&self, id: &numbers::Id) -> Option<Known> {
        Known::of(self.find(id)?, id)
    }

    /// Puts corrections to the records of a subject that have this kind, document, authority and date.
    pub(crate) fn correct(
        &mut self,
        id: &numbers::Id,
        (kind, document, authority, since): (&str, &str, &str, &str),
        corrections: &[(Day, String)],
    ) {
        let places = self.find(id).map(|subject| subject.records.clone()).unwrap_or_default();
        for place in places {
            let record = &mut self.records[place];
            let same =
                |ours: &Option<String>, theirs: &str| text::plain(ours.as_deref().unwrap_or("")) == theirs;
            if record.kind == kind
                && same(&record.document, document)
                && same(&record.authority, authority)
                && record.since.to_string() == since
                && record.corrections.is_empty()
            {
                record.corrections.extend_from_slice(corrections);
                return;
            }
        }
    }

    /// The codes of the catalogue's matters.
    pub fn matters(&self) -> Vec<String> {
        self.catalogue.matters.iter().map(|matter| matter.code.clone()).collect()
    }

    /// Rows kept, merged and rejected, source by source in the order of `dataset.toml`.
    pub fn accounting(&self) -> &[Counts] {
        &self.counts
    }

    /// How many rows of a source were rejected for which reason. The reasons are this model's own words.
    pub fn reject_reasons(&self) -> &BTreeMap<(usize, &'static str), usize> {
        &self.reasons
    }

    /// Days on which something begins to be seen, and last days: a test asks on them, and on their neighbours.
    pub fn days_that_matter(&self) -> BTreeSet<Day> {
        self.records.iter().flat_map(|record| record.visible_from.into_iter().chain(record.until)).collect()
    }

    /// Ids of correction rows that no given alias leads to a record.
    pub fn orphan_corrections(&self) -> &[String] {
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
