//! `guardrails.toml`, optional, beside `dataset.toml`: the thresholds. `docs/guardrails.toml` shows all with defaults.

use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Name of the file.
pub const GUARDRAILS_FILE: &str = "guardrails.toml";

/// How far a count may move against the release before; 0.1 is a tenth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// Downwards.
    pub fall: f64,
    /// Upwards.
    pub rise: f64,
}

/// How many rows of a source may be refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RejectLimit {
    /// Share of its rows.
    pub ratio: f64,
    /// Measured from so many rows.
    pub from: u64,
}

/// The thresholds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// A difference of fewer things than this trips nothing: one of three subjects is a third of them.
    pub least: u64,
    /// Registered subjects.
    pub subjects: Change,
    /// Records.
    pub records: Change,
    /// Entries of each list.
    pub entries: Change,
    /// Rows of each source.
    pub rows: Change,
    /// Refused rows of each source.
    pub rejects: RejectLimit,
    /// By how much the share of blank or refused cells, or the look of a column, may jump.
    pub columns: f64,
    /// From so many rows a source of a newer day must not have the very same rows.
    pub unchanged_from: u64,
    /// Corrections that may match no record.
    pub orphan_corrections: u64,
    /// Share of subjects whose verdict for a matter may change.
    pub verdicts: f64,
    /// Subjects of the sample that may differ.
    pub sample: u64,
    /// Share of the sample that must have been compared.
    pub sample_least: f64,
    /// Working days after which an arrival is late. Trips nothing.
    pub late_days: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            least: 10,
            subjects: Change { fall: 0.02, rise: 0.1 },
            records: Change { fall: 0.05, rise: 0.2 },
            entries: Change { fall: 0.1, rise: 0.3 },
            rows: Change { fall: 0.2, rise: 1.0 },
            rejects: RejectLimit { ratio: 0.1, from: 1_000 },
            columns: 0.1,
            unchanged_from: 20,
            orphan_corrections: 0,
            verdicts: 0.01,
            sample: 0,
            sample_least: 0.25,
            late_days: 7,
        }
    }
}

/// Why there are no thresholds.
#[derive(Debug, thiserror::Error)]
pub enum LimitsError {
    /// The file is there, and cannot be read.
    #[error("{}: {source}; remove it to use the defaults", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file says what cannot be.
    #[error("{}:{line}: {what}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What was found, and what was expected.
        what: String,
    },
}

impl Limits {
    /// The thresholds of a dataset folder; the defaults where there is no file.
    pub fn read(dataset: &Path) -> Result<Limits, LimitsError> {
        let path = dataset.join(GUARDRAILS_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Limits::parse(&path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Limits::default()),
            Err(source) => Err(LimitsError::Unreadable { path, source }),
        }
    }

    /// Reads the text of a file.
    pub fn parse(path: &Path, text: &str) -> Result<Limits, LimitsError> {
        let refuse = |(at, what): Refusal| LimitsError::Refused {
            path: path.to_owned(),
            line: text.get(..at).unwrap_or(text).matches('\n').count() + 1,
            what,
        };
        let written: Written = toml::from_str(text).map_err(|error| {
            refuse((error.span().map_or(0, |span| span.start), error.message().to_owned()))
        })?;
        written.read().map_err(refuse)
    }
}

/// Byte, and what is wrong there.
type Refusal = (usize, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Written {
    least: Option<u64>,
    subjects: WrittenChange,
    records: WrittenChange,
    entries: WrittenChange,
    rows: WrittenChange,
    rejects: WrittenRejects,
    columns: WrittenColumns,
    unchanged: WrittenFrom,
    orphan_corrections: WrittenMost,
    verdicts: WrittenVerdicts,
    sample: WrittenSample,
    late: WrittenLate,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenChange {
    fall: Option<Spanned<f64>>,
    rise: Option<Spanned<f64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenRejects {
    ratio: Option<Spanned<f64>>,
    from: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenColumns {
    jump: Option<Spanned<f64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenFrom {
    from: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenMost {
    most: Option<u64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenSample {
    most: Option<u64>,
    least: Option<Spanned<f64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenVerdicts {
    changed: Option<Spanned<f64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenLate {
    working_days: Option<u32>,
}

impl Written {
    fn read(self) -> Result<Limits, Refusal> {
        let default = Limits::default();
        Ok(Limits {
            least: self.least.unwrap_or(default.least),
            subjects: self.subjects.read(default.subjects)?,
            records: self.records.read(default.records)?,
            entries: self.entries.read(default.entries)?,
            rows: self.rows.read(default.rows)?,
            rejects: RejectLimit {
                ratio: share(self.rejects.ratio, "ratio", default.rejects.ratio)?,
                from: self.rejects.from.unwrap_or(default.rejects.from),
            },
            columns: share(self.columns.jump, "jump", default.columns)?,
            unchanged_from: self.unchanged.from.unwrap_or(default.unchanged_from),
            orphan_corrections: self.orphan_corrections.most.unwrap_or(default.orphan_corrections),
            verdicts: share(self.verdicts.changed, "changed", default.verdicts)?,
            sample: self.sample.most.unwrap_or(default.sample),
            sample_least: share(self.sample.least, "least", default.sample_least)?,
            late_days: self.late.working_days.unwrap_or(default.late_days),
        })
    }
}

impl WrittenChange {
    fn read(self, default: Change) -> Result<Change, Refusal> {
        let rise = match self.rise {
            None => default.rise,
            Some(found) if found.get_ref().is_finite() && *found.get_ref() >= 0.0 => *found.get_ref(),
            Some(found) => {
                let what = format!("rise = {}: expected 0 or more, such as 0.1 for a tenth", found.get_ref());
                return Err((found.span().start, what));
            }
        };
        Ok(Change { fall: share(self.fall, "fall", default.fall)?, rise })
    }
}

/// A share of a whole.
fn share(written: Option<Spanned<f64>>, key: &str, default: f64) -> Result<f64, Refusal> {
    match written {
        None => Ok(default),
        Some(found) if (0.0..=1.0).contains(found.get_ref()) => Ok(*found.get_ref()),
        Some(found) => {
            let what = format!("{key} = {}: expected 0 to 1, such as 0.1 for a tenth", found.get_ref());
            Err((found.span().start, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Limits, String> {
        Limits::parse(Path::new("guardrails.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn no_file_and_an_empty_one_mean_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Limits::read(folder.path()).unwrap(), Limits::default());
        assert_eq!(parse(""), Ok(Limits::default()));
        std::fs::create_dir(folder.path().join(GUARDRAILS_FILE)).unwrap();
        assert!(matches!(Limits::read(folder.path()), Err(LimitsError::Unreadable { .. })));
    }

    #[test]
    fn the_sample_in_the_docs_shows_the_defaults() {
        let sample = include_str!("../../../docs/guardrails.toml");
        assert_eq!(parse(sample), Ok(Limits::default()));
        let shown = |key: &str| sample.lines().any(|line| line.starts_with(key));
        for key in ["least", "fall", "rise", "ratio", "from", "jump", "most", "changed", "working_days"] {
            assert!(shown(key), "{key}");
        }
    }

    #[test]
    fn a_key_that_is_given_counts_alone() {
        let limits = parse("[subjects]\nfall = 0.5\n[sample]\nmost = 2\n").unwrap();
        let default = Limits::default();
        assert_eq!(limits.subjects, Change { fall: 0.5, ..default.subjects });
        assert_eq!(Limits { subjects: default.subjects, sample: default.sample, ..limits }, default);
        assert_eq!(parse("[rows]\nrise = 3\n").unwrap().rows.rise, 3.0);
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_line() {
        for (text, line, words) in [
            ("least = 1\nlimit = 3\n", 2, "unknown field `limit`"),
            ("[subjects]\nfal = 0.1\n", 2, "unknown field `fal`"),
            ("[entries]\n\nfall = 1.5\n", 3, "expected 0 to 1"),
            ("[verdicts]\nchanged = -0.1\n", 2, "expected 0 to 1"),
            ("[rows]\nrise = -1.0\n", 2, "expected 0 or more"),
            ("[rows]\nrise = nan\n", 2, "expected 0 or more"),
            ("[columns]\njump = nan\n", 2, "expected 0 to 1"),
            ("[rejects]\nfrom = -1\n", 2, ""),
            ("[rejects]\nratio = \"5 %\"\n", 2, ""),
            ("[source.3-penalty]\nrejects = 0.2\n", 1, "unknown field `source`"),
            ("[subjects\n", 1, ""),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("guardrails.toml:{line}: ")), "{text:?}: {error}");
            assert!(error.contains(words), "{text:?}: {error}");
        }
    }
}
