//! A dataset folder: `dataset.toml` and the tables that it names (`data.md` §1).

mod database;
mod format;

pub use self::database::Database;
pub use self::format::Format;

use self::format::{TABLES, is_lock};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Spanned;
use xinhe::domain::date::{Day, Term};
use xinhe::domain::record::RecordKind;

/// Name of the file that describes a dataset.
pub const DATASET_FILE: &str = "dataset.toml";
/// More sources than this cannot be numbered in a release.
pub const SOURCES_MAX: usize = u16::MAX as usize;

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceKind {
    /// Rows of the register.
    Subject,
    /// Records about subjects.
    Record(RecordKind),
    /// Corrections of records.
    Correction,
}

impl SourceKind {
    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            SourceKind::Subject => "subject",
            SourceKind::Record(kind) => kind.word(),
            SourceKind::Correction => "correction",
        }
    }

    /// The kind by the contract's word.
    pub fn from_word(word: &str) -> Option<SourceKind> {
        match word {
            "subject" => Some(SourceKind::Subject),
            "correction" => Some(SourceKind::Correction),
            _ => RecordKind::from_word(word).map(SourceKind::Record),
        }
    }
}

/// How a source's text is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// A byte-order mark, else what the first text that is not ASCII fits.
    Auto,
    /// With or without byte-order mark.
    Utf8,
    /// Chinese national standard GB 18030.
    Gb18030,
}

impl Encoding {
    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            Encoding::Auto => "auto",
            Encoding::Utf8 => "utf-8",
            Encoding::Gb18030 => "gb18030",
        }
    }

    fn from_word(word: &str) -> Option<Encoding> {
        [Encoding::Auto, Encoding::Utf8, Encoding::Gb18030].into_iter().find(|e| e.word() == word)
    }
}

/// Where a table comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// What it holds.
    pub kind: SourceKind,
    /// Pattern of its files, below the dataset folder; empty if it is a database.
    pub path: String,
    /// The database that it comes from instead of files.
    pub database: Option<Database>,
    /// How its text is encoded.
    pub encoding: Encoding,
    /// Code of the department that provides it.
    pub provider: Option<String>,
    /// One figure, one source (一数一源): the higher wins.
    pub priority: i32,
    /// The day as of which it is true.
    pub as_of: Day,
    /// Codes of the lists of which this source is the authority.
    pub supplies: Vec<String>,
    /// Older than this on the day of a check, its lists are stale.
    pub max_age: Option<Term>,
}

/// A dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Its folder.
    pub folder: PathBuf,
    /// Its name.
    pub name: String,
    /// The day as of which it is true.
    pub as_of: Day,
    /// Division prefixes whose organisations the register holds in full.
    pub coverage: Vec<String>,
    /// Its sources, in the order of the file.
    pub sources: Vec<Source>,
}

/// Why a dataset cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The description cannot be read.
    #[error("cannot read {file}: {error}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The description breaks the contract.
    #[error("{file}:{line}:{column}: {what}")]
    Refused {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What was found, and what was expected.
        what: String,
    },
    /// The folder's path cannot stand in a pattern.
    #[error("the path {0:?} is not UTF-8: move the dataset to another folder")]
    Path(PathBuf),
    /// A folder below the dataset cannot be listed.
    #[error("cannot list the files of `{pattern}`: {error}")]
    Unlisted {
        /// The source's pattern.
        pattern: String,
        /// Why.
        error: glob::GlobError,
    },
    /// A pattern meets a file of a kind that cannot be read.
    #[error("`{pattern}` meets {file}, which is no {TABLES}: save it as one of these, or narrow the pattern")]
    Format {
        /// The source's pattern.
        pattern: String,
        /// The file.
        file: PathBuf,
    },
}

impl Dataset {
    /// Reads `dataset.toml` of a folder. The tables are not looked at yet.
    pub fn open(folder: &Path) -> Result<Dataset, DatasetError> {
        let file = folder.join(DATASET_FILE);
        match std::fs::read_to_string(&file) {
            Ok(text) => Dataset::parse(folder, &text),
            Err(error) => Err(DatasetError::Unreadable { file, error }),
        }
    }

    fn parse(folder: &Path, text: &str) -> Result<Dataset, DatasetError> {
        let refuse = |refusal: Refusal| {
            let (line, column) = place(text, refusal.at);
            DatasetError::Refused { file: folder.join(DATASET_FILE), line, column, what: refusal.what }
        };
        let written: WrittenDataset = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            refuse(Refusal { at, what: error.message().to_owned() })
        })?;
        written.read(folder).map_err(refuse)
    }

    /// The files of a source, sorted. None is no error; a database has none.
    pub fn files(&self, source: &Source) -> Result<Vec<PathBuf>, DatasetError> {
        if source.database.is_some() {
            return Ok(Vec::new());
        }
        let folder = self.folder.to_str().ok_or_else(|| DatasetError::Path(self.folder.clone()))?;
        let pattern = Path::new(&glob::Pattern::escape(folder)).join(&source.path);
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        // The pattern was tried when the description was read; joined to a folder it stays one.
        let found = pattern.to_str().map(|pattern| glob::glob_with(pattern, options));
        let mut files = Vec::new();
        for file in found.into_iter().flatten().flatten() {
            let file =
                file.map_err(|error| DatasetError::Unlisted { pattern: source.path.clone(), error })?;
            if file.is_dir() || is_lock(&file) {
                continue;
            }
            if Format::of(&file).is_none() {
                return Err(DatasetError::Format { pattern: source.path.clone(), file });
            }
            files.push(file);
        }
        files.sort();
        Ok(files)
    }
}

/// What is wrong at a byte of the description.
struct Refusal {
    at: usize,
    what: String,
}

impl Refusal {
    fn of<T>(found: &Spanned<T>, what: impl ToString) -> Refusal {
        Refusal { at: found.span().start, what: what.to_string() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDataset {
    name: Spanned<String>,
    as_of: Spanned<String>,
    #[serde(default)]
    coverage: Vec<Spanned<String>>,
    #[serde(default)]
    source: Vec<Spanned<WrittenSource>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSource {
    kind: Spanned<String>,
    path: Option<Spanned<String>>,
    postgres: Option<Spanned<String>>,
    query: Option<Spanned<String>>,
    encoding: Option<Spanned<String>>,
    provider: Option<String>,
    #[serde(default)]
    priority: i32,
    as_of: Option<Spanned<String>>,
    #[serde(default)]
    supplies: Vec<String>,
    max_age: Option<Spanned<String>>,
}

impl WrittenDataset {
    fn read(self, folder: &Path) -> Result<Dataset, Refusal> {
        if self.name.get_ref().trim().is_empty() {
            return Err(Refusal::of(&self.name, "the name is empty: give the dataset a name"));
        }
        if let Some(source) = self.source.get(SOURCES_MAX) {
            return Err(Refusal::of(source, format!("more than {SOURCES_MAX} sources: join some")));
        }
        let as_of = day(&self.as_of)?;
        let coverage = self.coverage.into_iter().map(prefix).collect::<Result<_, _>>()?;
        let sources = self.source.into_iter().map(|source| read_source(source, as_of));
        Ok(Dataset {
            folder: folder.to_owned(),
            name: self.name.into_inner(),
            as_of,
            coverage,
            sources: sources.collect::<Result<_, _>>()?,
        })
    }
}

fn read_source(written: Spanned<WrittenSource>, as_of: Day) -> Result<Source, Refusal> {
    let at = written.span().start;
    let source = written.into_inner();
    let kind = SourceKind::from_word(source.kind.get_ref()).ok_or_else(|| {
        let found = source.kind.get_ref();
        let mut kinds = vec!["subject"];
        kinds.extend(RecordKind::ALL.map(RecordKind::word));
        Refusal::of(
            &source.kind,
            format!("`{found}` is no kind of source: expected {} or correction", kinds.join(", ")),
        )
    })?;
    let encoding = match &source.encoding {
        None => Encoding::Auto,
        Some(found) => Encoding::from_word(found.get_ref()).ok_or_else(|| {
            let word = found.get_ref();
            Refusal::of(found, format!("`{word}` is no encoding: expected utf-8, gb18030 or auto"))
        })?,
    };
    let max_age = source.max_age.as_ref().map(|found| {
        found.get_ref().parse::<Term>().map_err(|error| Refusal::of(found, format!("max_age: {error}")))
    });
    let (path, database) = origin(at, &source)?;
    Ok(Source {
        kind,
        path,
        database,
        encoding,
        provider: source.provider,
        priority: source.priority,
        as_of: source.as_of.as_ref().map_or(Ok(as_of), day)?,
        supplies: source.supplies,
        max_age: max_age.transpose()?,
    })
}

/// Where a source comes from: a pattern of files, or a database and a query.
fn origin(at: usize, source: &WrittenSource) -> Result<(String, Option<Database>), Refusal> {
    match (&source.path, &source.postgres, &source.query) {
        (Some(_), Some(found), _) | (Some(_), None, Some(found)) => {
            let what = "a source has a path, or postgres and query, never both: remove one";
            Err(Refusal::of(found, what))
        }
        (None, Some(postgres), None) => Err(Refusal::of(postgres, "postgres needs a query beside it")),
        (None, None, Some(query)) => Err(Refusal::of(query, "a query needs postgres beside it")),
        (None, Some(url), Some(query)) => {
            if query.get_ref().trim().is_empty() {
                return Err(Refusal::of(query, "the query is empty: expected one select"));
            }
            let database = Database { url: url.get_ref().clone(), query: query.get_ref().clone() };
            Ok((String::new(), Some(database)))
        }
        (None, None, None) => Err(Refusal {
            at,
            what: "the source has no path: expected path = \"penalties/*.csv\", or postgres and query".into(),
        }),
        (Some(path), None, None) => Ok((table_path(path)?, None)),
    }
}

fn table_path(path: &Spanned<String>) -> Result<String, Refusal> {
    let pattern = path.get_ref();
    if let Err(error) = glob::Pattern::new(pattern) {
        return Err(Refusal::of(path, format!("`{pattern}` is no pattern of files: {error}")));
    }
    if pattern.to_ascii_lowercase().ends_with(".xls") {
        let what = format!("`{pattern}`: workbooks in the old form .xls cannot be read: save them as .xlsx");
        return Err(Refusal::of(path, what));
    }
    Ok(pattern.clone())
}

fn day(written: &Spanned<String>) -> Result<Day, Refusal> {
    written.get_ref().parse().map_err(|error| Refusal::of(written, format!("as_of: {error}")))
}

fn prefix(written: Spanned<String>) -> Result<String, Refusal> {
    let found = written.get_ref();
    if (1..=6).contains(&found.len()) && found.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(written.into_inner());
    }
    let what = format!("`{found}` is no prefix of a division: expected one to six digits, such as 3704");
    Err(Refusal::of(&written, what))
}

/// Line and column, from 1, of a byte.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests;
