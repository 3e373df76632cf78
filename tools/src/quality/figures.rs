//! The shape of `quality.json`. Keys may be added, none is renamed: the next build and tests read them.

mod source;

pub use source::{ColumnShape, Late, SourceFigures, SourceQuality};

use crate::guardrail::Guardrail;
use serde::{Deserialize, Serialize};

/// The report of a build.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// Name of the release.
    pub release: String,
    /// Name of the dataset.
    pub dataset: String,
    /// Day of the data, `YYYY-MM-DD`.
    pub as_of: String,
    /// The release that this one is compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// What publishing looks at, those that are not tripped too.
    pub guardrails: Vec<Guardrail>,
    /// Subjects by kind, those that only records name included.
    pub subjects: Subjects,
    /// Records by kind.
    pub records: Vec<KindCount>,
    /// How much of the register has records and evaluations.
    pub coverage: Coverage,
    /// By source, in the order of the dataset.
    pub sources: Vec<SourceQuality>,
    /// By list, in the order of the catalogue.
    pub lists: Vec<ListFigures>,
    /// Several rows for one thing, and which counted.
    pub conflicts: Conflicts,
    /// Penalties by the rule that gave their class.
    pub penalties: Penalties,
    /// What stops being visible soon.
    pub terms: Terms,
    /// What is odd about the catalogue.
    pub catalogue: CatalogueFigures,
    /// How many corrections match no record.
    pub orphan_corrections: u64,
    /// The first thousand of them, by file and line.
    pub orphan_correction: Vec<Orphan>,
    /// Corrections that found their record under another authority, by its subject, document and date: the authority was
    /// renamed, or two of them tell of one document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renamed_authorities: Vec<Renamed>,
    /// Words of the catalogue's reader.
    pub catalogue_remarks: Vec<String>,
    /// Every figure beside that of the release before.
    pub comparison: Vec<Compared>,
    /// What the naive model says of a random sample of subjects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<SampleFigures>,
}

/// A correction that found its record under another authority.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Renamed {
    /// The record that the correction names.
    pub correction_of: String,
    /// The record that it was put to.
    pub found: String,
}

/// A random sample of subjects, asked of the release and of the naive model. Names and whole numbers are told nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SampleFigures {
    /// Subjects compared.
    pub subjects: u64,
    /// Subjects drawn that could not be compared: too many rows, rows that others may claim, rows carried forward.
    pub left_out: u64,
    /// Questions put to both.
    pub questions: u64,
    /// Subjects for which the two disagree.
    pub differing: u64,
    /// Where they disagree, the first hundred.
    pub differences: Vec<SampleDifference>,
}

/// A question to which the release and the naive model give different answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SampleDifference {
    /// The subject's number, masked.
    pub subject: String,
    /// The matter; none: asked without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matter: Option<String>,
    /// What differs: subject, verdict, entry or evaluation.
    pub what: String,
    /// The record, if the release has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
}

/// Subjects by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Subjects {
    /// Enterprises (企业法人).
    pub enterprise: u64,
    /// Other organisations (非企业法人).
    pub organisation: u64,
    /// Individual businesses (个体工商户).
    #[serde(rename = "individual-business")]
    pub individual_business: u64,
    /// Persons (自然人).
    pub person: u64,
    /// Of all of them, those that no register names.
    pub not_registered: u64,
}

/// A kind and how many.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KindCount {
    /// The contract's word.
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// Coverage against the register.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Coverage {
    /// By kind of subject.
    pub kinds: Vec<KindCoverage>,
    /// Registered subjects that are no persons.
    pub registered_organisations: u64,
    /// Of these, those with a visible evaluation of any kind.
    pub evaluated_organisations: u64,
    /// Share of these, 0 to 1.
    pub evaluated_share: f64,
    /// By kind of evaluation.
    pub evaluations: Vec<EvaluationCoverage>,
}

/// Coverage of a kind of subject.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct KindCoverage {
    /// The contract's word.
    pub kind: String,
    /// Subjects of the register.
    pub registered: u64,
    /// Of these, those with any record.
    pub registered_with_records: u64,
    /// Share of these, 0 to 1.
    pub share: f64,
    /// Subjects that only records name.
    pub stubs: u64,
}

/// Coverage of a kind of evaluation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EvaluationCoverage {
    /// PJ_LX as written.
    pub kind: String,
    /// Registered organisations with a visible one.
    pub organisations: u64,
    /// Their share of registered organisations, 0 to 1.
    pub share: f64,
    /// Registered persons with a visible one.
    pub persons: u64,
}

/// A list and its entries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListFigures {
    /// Its code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Entries kept, expired ones for the years that checks may ask for included.
    pub entries: u64,
    /// Entries visible on the day of the data.
    pub visible: u64,
    /// Sources that are its authority.
    pub supplied_by: Vec<String>,
}

/// Several rows for one thing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Conflicts {
    /// Rows that say the same as the row that counts.
    pub duplicates: u64,
    /// Rows that say something else.
    pub conflicts: u64,
    /// By the source that won and the one that lost.
    pub pairs: Vec<PairCount>,
    /// By field too.
    pub fields: Vec<FieldCount>,
}

/// Rows of one source that those of another outweighed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PairCount {
    /// Name of the source whose row counts.
    pub winner: String,
    /// Name of the source whose row does not.
    pub loser: String,
    /// Rows that say the same.
    pub duplicates: u64,
    /// Rows that say something else.
    pub conflicts: u64,
}

/// A field in which rows differ.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldCount {
    /// Name of the source whose row counts.
    pub winner: String,
    /// Name of the source whose row does not.
    pub loser: String,
    /// The field.
    pub field: String,
    /// Rows.
    pub count: u64,
}

/// Penalties by what gave their class.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Penalties {
    /// By rule, in the order in which they are tried.
    pub by_rule: Vec<RuleCount>,
    /// Those that only a default rule takes.
    pub by_default: u64,
    /// Those that no rule takes: only their own end and the cap end them.
    pub unmatched: u64,
}

/// A rule of publication.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleCount {
    /// Its place in the catalogue, from 1.
    pub rule: u64,
    /// The class that it gives.
    pub class: String,
    /// Penalties.
    pub count: u64,
}

/// What is visible on the day of the data and ends soon; `within_7`: on that day or one of the six after it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Terms {
    /// In the next 7 days.
    pub within_7: u64,
    /// In the next 30 days.
    pub within_30: u64,
    /// By list or kind.
    pub by: Vec<TermCount>,
    /// By last day.
    pub by_day: Vec<DayCount>,
}

/// What ends of a list or kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TermCount {
    /// `list` or another kind of record.
    pub kind: String,
    /// Code of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// In the next 7 days.
    pub within_7: u64,
    /// In the next 30 days.
    pub within_30: u64,
}

/// A day and how many.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DayCount {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// How many.
    pub count: u64,
}

/// What is odd about the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CatalogueFigures {
    /// Its SHA-256.
    pub sha256: String,
    /// Lists that no source supplies.
    pub lists_without_source: Vec<String>,
    /// Measures that bind no matter of the catalogue.
    pub measures_without_matter: Vec<String>,
    /// Measures that nothing triggers.
    pub measures_without_trigger: Vec<String>,
    /// Measures that end before they begin.
    pub measures_from_after_to: Vec<String>,
}

/// A correction that matches no record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Orphan {
    /// The record that it names.
    pub record: String,
    /// What it would do.
    pub kind: String,
    /// First day.
    pub effective: String,
    /// Number in the store; none: it came in a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// File of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// A figure of this release and of the one before.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Compared {
    /// Its name.
    pub figure: String,
    /// In the release before.
    pub before: u64,
    /// In this one.
    pub now: u64,
    /// The difference.
    pub difference: i64,
    /// In percent of the figure before; none where that is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
}

/// A share, rounded so that it prints alike everywhere.
pub(crate) fn share(part: u64, of: u64) -> f64 {
    if of == 0 {
        return 0.0;
    }
    (part as f64 / of as f64 * 1e6).round() / 1e6
}
