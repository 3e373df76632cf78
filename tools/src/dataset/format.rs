//! The forms of table, by the ends of their files' names.

use std::path::Path;

/// The forms of table that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.csv`
    Plain,
    /// `.csv.gz`
    Gzip,
    /// `.csv.zst`
    Zstd,
    /// `.xlsx`
    Xlsx,
    /// `.parquet`
    Parquet,
}

/// The endings of tables that can be read.
pub(super) const TABLES: &str = ".csv, .csv.gz, .csv.zst, .xlsx or .parquet";

/// Whether a spreadsheet program left it beside a workbook that somebody has open.
pub(super) fn is_lock(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("~$"))
}

impl Format {
    /// The form by the ending of the name.
    pub fn of(file: &Path) -> Option<Format> {
        let name = file.file_name()?.to_str()?.to_ascii_lowercase();
        let endings = [
            (".csv", Format::Plain),
            (".csv.gz", Format::Gzip),
            (".csv.zst", Format::Zstd),
            (".xlsx", Format::Xlsx),
            (".parquet", Format::Parquet),
        ];
        endings.into_iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, format)| format)
    }
}
