//! An explanation as it is printed.

use serde::Serialize;

/// Why a check answers as it does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The day of the check.
    pub on: String,
    /// The state of registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<StateExplained>,
    /// All records of the subject, by kind, date and id; then those of linked subjects.
    pub records: Vec<RecordExplained>,
    /// The measures that bind, by code.
    pub measures: Vec<MeasureExplained>,
}

/// Where the state comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StateExplained {
    /// As written; empty if blank.
    pub state: String,
    /// What it means.
    pub class: &'static str,
    /// It is adverse or terminal, and so a hit of its own.
    pub counts: bool,
    /// The row of the register.
    #[serde(flatten)]
    pub origin: Origin,
}

/// Where something comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Origin {
    /// Unified code of the provider.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub provider: String,
    /// File below the dataset folder; none of what a linked subject's dossier files, and of corrections of a store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// A record, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordExplained {
    /// Its name.
    pub record: String,
    /// Its kind.
    pub kind: &'static str,
    /// Whose it is, if not the subject's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<&'static str>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its authority.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub authority: String,
    /// Where it comes from.
    #[serde(flatten)]
    pub origin: Origin,
    /// Its own date.
    pub date: String,
    /// The first day on which it may be seen.
    pub from: String,
    /// The last day; absent: open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What sets the last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_by: Option<&'static str>,
    /// The rule that applies to it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// It may be seen on the day.
    pub visible: bool,
    /// It is a hit, or a grade that measures look at.
    pub counts: bool,
    /// It is under objection on the day.
    pub objection: bool,
    /// Why it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// Its corrections, by effective day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<CorrectionExplained>,
}

/// A correction of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CorrectionExplained {
    /// What it does.
    pub kind: &'static str,
    /// From which day.
    pub effective: String,
    /// It is in effect on the day.
    pub in_effect: bool,
    /// Its instrument.
    pub document: String,
    /// Its authority.
    pub authority: String,
    /// Its number in the store; none if it came as a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// Its row, if it came as a table.
    #[serde(flatten)]
    pub origin: Origin,
}

/// A measure that binds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasureExplained {
    /// Its code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// What it does.
    pub effect: &'static str,
    /// How it binds.
    pub binding: &'static str,
    /// The words that direct it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Legal bases.
    pub basis: Vec<String>,
    /// The authority in charge.
    pub authority: String,
    /// The records that trigger it.
    pub triggered_by: Vec<String>,
}
