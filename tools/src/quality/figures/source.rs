//! What is to be said of a source.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A source, and what is to be said of its rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceQuality {
    /// Place in the dataset from 1, and kind: `3-penalty`. Guardrails are named by it.
    pub name: String,
    /// As the manifest says it; rows = kept + merged + rejected.
    pub source: SourceFigures,
    /// Sum over its rows, whatever their order: 16 hex digits.
    pub content: String,
    /// Its rows come from the release before, and are of this day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried_from: Option<String>,
    /// Rows refused, by reason.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Rows refused, by reason and header as written; a row that is refused whole has no header.
    pub rejected_by_column: BTreeMap<String, BTreeMap<String, u64>>,
    /// Oddities, by reason.
    pub warnings_by_reason: BTreeMap<String, u64>,
    /// Rows in which a column of the contract is blank or absent.
    pub missing_fields: BTreeMap<String, u64>,
    /// What took long to come.
    pub late: Late,
    /// Records that end before they begin.
    pub from_after_to: u64,
    /// Records dated after the day of the data.
    pub in_future: u64,
    /// What its columns look like.
    pub columns: Vec<ColumnShape>,
}

/// What the manifest says of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceFigures {
    /// Kind of its tables.
    pub kind: String,
    /// Path pattern, or `postgres`.
    pub path: String,
    /// Unified code of its provider.
    pub provider: String,
    /// Day of its data.
    pub as_of: String,
    /// Age at which its lists turn stale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<String>,
    /// Lists of which it is the authority.
    pub supplies: Vec<String>,
    /// Files read.
    pub files: u64,
    /// Rows read.
    pub rows: u64,
    /// Rows that became a record, a subject or a correction.
    pub kept: u64,
    /// Rows that another version of the same outweighed.
    pub merged: u64,
    /// Rows refused.
    pub rejected: u64,
    /// Records or corrections carried forward from the release before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried: Option<u64>,
}

/// Late arrivals (迟报) among a source's records, in working days from the record's date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Late {
    /// More working days than this are late.
    pub limit_days: u32,
    /// Records that say when they were last changed (SJC).
    pub timed: u64,
    /// Of these, those changed late.
    pub late: u64,
    /// Records that do not.
    pub untimed: u64,
    /// Of these, those so much older than the source's `as_of`: late, or just old.
    pub older: u64,
}

/// What the values of a column look like, as shares from 0 to 1 of a fixed sample of rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnShape {
    /// `name`, `document` or `authority`.
    pub column: String,
    /// Rows looked at.
    pub looked_at: u64,
    /// Share that holds a digit.
    pub with_digits: f64,
    /// Distinct values against rows, estimated; at most 1.
    pub variety: f64,
}
