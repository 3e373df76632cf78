//! The quality report (数据质量报告): what came in, what was thrown away and why, what is missing, odd or about to end.
//!
//! [`Census`] counts while the build encodes, a record at a time, one census a thread; [`assemble`] turns the joined
//! census and what ingest counted into [`Quality`], which is `quality.json` as it stands; [`html`] shows the same as
//! a page. [`crate::guardrail`] judges a [`Quality`] against the one of the release before.

mod assemble;
mod census;
mod comparison;
mod counted;
mod differences;
mod figures;
mod page;
mod profile;
mod tally;
#[cfg(test)]
pub(crate) mod tests;

pub use assemble::{About, SourceAbout, assemble};
pub use census::Census;
pub use comparison::{Pair, source_pairs};
pub(crate) use counted::Counted;
pub use figures::*;
pub use page::html;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Name of the file.
pub const QUALITY_FILE: &str = "quality.json";
/// Name of the page.
pub const PAGE_FILE: &str = "quality.html";

/// Why the report of a release cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum QualityError {
    /// The file cannot be read.
    #[error("{}: {source}; a release without its quality report cannot be compared with, build it again", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no quality report.
    #[error("{} is no quality report: {source}; fetch or build the release again", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl Quality {
    /// Reads the report of a release. Keys that an older report lacks read as nothing.
    pub fn read(release: &Path) -> Result<Quality, QualityError> {
        let path = release.join(QUALITY_FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(source) => return Err(QualityError::Unreadable { path, source }),
        };
        Quality::parse(&bytes).map_err(|source| QualityError::Malformed { path, source })
    }

    /// Reads the bytes of a report.
    pub fn parse(bytes: &[u8]) -> serde_json::Result<Quality> {
        let mut quality: Quality = serde_json::from_slice(bytes)?;
        for (at, source) in
            quality.sources.iter_mut().enumerate().filter(|(_, source)| source.name.is_empty())
        {
            source.name = source_name(at, &source.source.kind);
        }
        Ok(quality)
    }

    /// Writes `quality.json`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

/// Place in the dataset from 1, and kind.
fn source_name(at: usize, kind: &str) -> String {
    format!("{}-{kind}", at + 1)
}

/// What a row adds to its source's `content`: a wrapping sum over all rows, so that it depends on no order.
/// `row` are the cells as [`crate::facts::Version`] holds them.
pub fn content(row: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(row)
}
