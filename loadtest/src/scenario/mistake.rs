//! A mistake in a scenario file: where it stands and what was expected.

use std::io;

/// Why a scenario cannot be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScenarioError {
    /// It cannot be read.
    #[error("cannot read the scenario {file}: {source}")]
    Read {
        /// As given.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// Something in it is wrong.
    #[error("{file}:{line}:{column}: {what}\n    {shown}\n    {caret:>place$}", caret = "^", place = shown_columns(.shown, *.column))]
    Mistake {
        /// As given.
        file: String,
        /// From 1.
        line: usize,
        /// In characters, from 1.
        column: usize,
        /// What was found and what was expected.
        what: String,
        /// The line itself.
        shown: String,
    },
}

/// The place of the caret: characters of East Asia take two columns of a terminal.
fn shown_columns(shown: &str, column: usize) -> usize {
    let wide = |c: char| c as u32 >= 0x1100;
    shown.chars().take(column - 1).map(|c| 1 + usize::from(wide(c))).sum::<usize>() + 1
}

/// A file with its name, to tell mistakes in.
pub(super) struct Text {
    /// As given.
    pub(super) file: String,
    /// What is in it.
    pub(super) text: String,
}

impl Text {
    /// What the parser found.
    pub(super) fn mistake(&self, error: &toml::de::Error) -> ScenarioError {
        let at = error.span().map_or(0, |span| span.start);
        self.at(at, error.message())
    }

    /// Something wrong at a byte.
    pub(super) fn at(&self, at: usize, what: impl Into<String>) -> ScenarioError {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let begin = before.rfind('\n').map_or(0, |end| end + 1);
        let line = before.matches('\n').count() + 1;
        let shown = self.text.get(begin..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        ScenarioError::Mistake {
            file: self.file.clone(),
            line,
            column: before.get(begin..).unwrap_or_default().chars().count() + 1,
            what: what.into().trim_end().replace('\n', ": "),
            shown: shown.to_owned(),
        }
    }
}
