//! The archived types: the only rkyv derives of the house. Plain structs, integers, strings and lists of them,
//! so that the bytes mean the same on every machine.

#![allow(missing_docs, reason = "the archived forms, which rkyv derives, cannot be documented")]

pub(crate) mod v1;

use rkyv::{Archive, Deserialize, Serialize};

/// What a part says of itself.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct Meta {
    /// Name of the dataset.
    pub dataset: String,
    /// Day of the data, in days since 1970-01-01.
    pub as_of: i32,
    /// Division prefixes whose organisations the register holds in full.
    pub coverage: Vec<String>,
    /// Algorithm of the digests of persons.
    pub person_algorithm: String,
    /// Name of the secret of those digests.
    pub person_key: [u8; 8],
    /// The sources, in the order of the dataset.
    pub sources: Vec<SourceMeta>,
    /// What the part holds.
    pub counts: Counts,
}

/// A source of the dataset.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct SourceMeta {
    /// Kind of its tables.
    pub kind: String,
    /// Unified code of its provider.
    pub provider: String,
    /// Day of its data.
    pub as_of: i32,
    /// Codes of the lists of which it is the authority.
    pub supplies: Vec<String>,
    /// Last day on which its lists are fresh.
    pub fresh_until: i32,
}

/// What a part holds.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Subjects, by the number of their kind.
    pub subjects: [u64; 4],
    /// Of them, those that only records name.
    pub stubs: u64,
    /// Records, by the number of their kind.
    pub records: [u64; 8],
    /// Codes beside the current ones.
    pub aliases: u64,
}

impl Counts {
    /// Adds what another part holds. A damaged part may count anything, so sums stop at the largest number.
    pub fn add(&mut self, part: &Counts) {
        for (sum, more) in self.subjects.iter_mut().zip(part.subjects) {
            *sum = sum.saturating_add(more);
        }
        for (sum, more) in self.records.iter_mut().zip(part.records) {
            *sum = sum.saturating_add(more);
        }
        self.stubs = self.stubs.saturating_add(part.stubs);
        self.aliases = self.aliases.saturating_add(part.aliases);
    }
}

/// A catalogue as the part keeps it: words and days as the contract writes them.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct CatalogueFile {
    pub layers: Vec<String>,
    pub objection: u8,
    pub lists: Vec<ListFile>,
    pub measures: Vec<MeasureFile>,
    pub matters: Vec<MatterFile>,
    pub classes: Vec<ClassFile>,
    pub rules: Vec<RuleFile>,
    pub cap: Vec<CapFile>,
    pub states: Vec<(String, u8)>,
}

/// A list; an empty term stands until removed.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct ListFile {
    pub code: String,
    pub title: String,
    pub effect: u8,
    pub severity: Vec<u8>,
    pub term: String,
    pub ground_terms: Vec<(String, String)>,
    pub extends_to: Vec<u8>,
    pub bars: Vec<u8>,
    pub authority: String,
    pub basis: Vec<String>,
    pub verified: bool,
}

/// A measure.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct MeasureFile {
    pub code: String,
    pub title: String,
    pub effect: u8,
    pub binding: u8,
    pub clause: String,
    pub lists: Vec<String>,
    pub penalties: Vec<String>,
    pub grades: Vec<String>,
    pub commitments: Vec<u8>,
    pub matters: Vec<String>,
    pub tags: Vec<String>,
    pub stages: Vec<u8>,
    pub kinds: Vec<u8>,
    pub grants: Vec<u8>,
    pub from: Vec<i32>,
    pub to: Vec<i32>,
    pub authority: String,
    pub basis: Vec<String>,
}

/// A matter.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct MatterFile {
    pub code: String,
    pub aliases: Vec<String>,
    pub title: String,
    pub department: String,
    pub tags: Vec<String>,
    pub commitment: bool,
    pub tolerance: bool,
    pub persons: u8,
}

/// A class of publication.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct ClassFile {
    pub name: String,
    pub published: bool,
    pub shortest: String,
    pub longest: String,
    pub bars: Vec<u8>,
    pub from: Vec<i32>,
}

/// A rule of publication.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct RuleFile {
    pub penalties: Vec<String>,
    pub procedure: Vec<String>,
    pub fine_from: Vec<i64>,
    pub fine_below: Vec<i64>,
    pub class: String,
    pub default: bool,
}

/// The cap.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct CapFile {
    pub longest: String,
    pub basis: Vec<String>,
}
