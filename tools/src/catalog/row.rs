//! A table of a catalogue file, read key by key, with the line of everything that is wrong in it.

use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use xinhe::domain::catalogue::layers::{Place, Refusal};
use xinhe::domain::catalogue::{
    Barred, Binding, Effect, Extension, Footing, Grant, ListTerm, MeasureEffect, ObjectionMode, Severity,
    Stage,
};
use xinhe::domain::date::{Day, Term};
use xinhe::domain::record::{Fine, Fulfilment};
use xinhe::domain::subject::{StateClass, SubjectKind};

/// Stands for a value that is there but was refused, so that it is not refused again as missing.
const UNREAD: &str = "?";

/// A file's name as told, and where its lines start.
pub(super) struct Source {
    file: String,
    text: String,
    starts: Vec<usize>,
}

impl Source {
    pub(super) fn new(file: String, text: String) -> Source {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(breaks).collect();
        Source { file, text, starts }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn place(&self, offset: usize) -> Place {
        Place { file: self.file.clone(), line: self.starts.partition_point(|start| *start <= offset).max(1) }
    }

    /// The place of a character, with its column from 1.
    pub(super) fn column(&self, offset: usize) -> (Place, usize) {
        let at = self.place(offset);
        let start = self.starts.get(at.line - 1).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(1, |before| before.chars().count() + 1);
        (at, column)
    }
}

/// An enum with the contract's words.
pub(super) trait Word: Copy + 'static {
    /// All values.
    const VALUES: &'static [Self];
    /// The contract's word.
    fn word(self) -> &'static str;
}

macro_rules! words {
    ($($kind:ty),+ $(,)?) => {
        $(impl Word for $kind {
            const VALUES: &'static [Self] = &<$kind>::ALL;
            fn word(self) -> &'static str {
                <$kind>::word(self)
            }
        })+
    };
}
words!(Fulfilment, SubjectKind, StateClass);

macro_rules! word_lists {
    ($($kind:ty),+ $(,)?) => {
        $(impl Word for $kind {
            const VALUES: &'static [Self] = <$kind>::ALL;
            fn word(self) -> &'static str {
                <$kind>::word(self)
            }
        })+
    };
}
word_lists!(
    Effect,
    Severity,
    MeasureEffect,
    Binding,
    Stage,
    Barred,
    Grant,
    Footing,
    Extension,
    ObjectionMode
);

fn word<T: Word>(text: &str) -> Result<T, String> {
    T::VALUES.iter().copied().find(|value| value.word() == text).ok_or_else(|| {
        let allowed: Vec<&str> = T::VALUES.iter().map(|value| value.word()).collect();
        format!("is `{text}`, expected one of {}", allowed.join(", "))
    })
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse_iso(text)
        .ok_or_else(|| format!("is `{text}`, expected a day as YYYY-MM-DD, such as 2026-04-01"))
}

fn term(text: &str) -> Result<Term, String> {
    let expected = |_| format!("is `{text}`, expected a number with d, m or y, such as 7d, 3m or 5y");
    text.parse().map_err(expected)
}

fn list_term(text: &str) -> Result<ListTerm, String> {
    match text {
        "until-removed" => Ok(ListTerm::UntilRemoved),
        _ => {
            term(text).map(ListTerm::For).map_err(|why| why.replace("expected", "expected until-removed or"))
        }
    }
}

fn fine(text: &str) -> Result<Fine, String> {
    let expected =
        || format!("is `{text}`, expected an amount in 万元 with at most six decimals, such as 10");
    Fine::parse(text).ok_or_else(expected)
}

/// A table while its keys are taken; what is left at the end is unknown.
pub(super) struct Row<'s> {
    source: &'s Source,
    at: Place,
    what: String,
    table: DeTable<'s>,
    known: Vec<&'static str>,
    refusals: Vec<Refusal>,
}

impl<'s> Row<'s> {
    pub(super) fn new(source: &'s Source, span: Range<usize>, what: &str, table: DeTable<'s>) -> Row<'s> {
        let at = source.place(span.start);
        Row { source, at, what: what.to_owned(), table, known: Vec::new(), refusals: Vec::new() }
    }

    /// The place of the table.
    pub(super) fn at(&self) -> Place {
        self.at.clone()
    }

    /// Refuses the keys that nobody took, and tells all that was refused of this table.
    pub(super) fn finish(mut self, refusals: &mut Vec<Refusal>) {
        for key in self.table.keys() {
            let what = format!(
                "{} has the unknown key `{}`, expected {}",
                self.what,
                key.get_ref(),
                self.known.join(", ")
            );
            self.refusals.push(Refusal { at: self.source.place(key.span().start), what });
        }
        refusals.append(&mut self.refusals);
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'s>>> {
        self.known.push(key);
        self.table.remove(key)
    }

    fn refuse(&mut self, at: Place, what: &str) {
        self.refusals.push(Refusal { at, what: format!("{} {what}", self.what) });
    }

    fn missing(&mut self, key: &str) {
        self.refuse(self.at.clone(), &format!("has no `{key}`"));
    }

    fn read<T>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let read = match value.get_ref() {
            DeValue::String(text) => parse(text),
            other => Err(format!("is {}, expected a text in quotes", type_of(other))),
        };
        read.map_err(|why| {
            self.refuse(self.source.place(value.span().start), &format!("has a `{key}` that {why}"))
        })
        .ok()
    }

    /// A value that may be absent; `fallback` stands for one that was refused.
    fn optional<T>(
        &mut self,
        key: &'static str,
        fallback: Option<T>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(key)?;
        self.read(key, &value, parse).or(fallback)
    }

    /// A value that must be there; `None` is refused already.
    fn required<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match self.take(key) {
            Some(value) => self.read(key, &value, parse),
            None => {
                self.missing(key);
                None
            }
        }
    }

    /// The text by which others name the entry; further refusals tell it.
    pub(super) fn name(&mut self, key: &'static str) -> Option<String> {
        let name = self.required(key, |text| match text.trim() {
            "" => Err("is blank".to_owned()),
            _ => Ok(text.to_owned()),
        })?;
        self.what = format!("{} `{name}`", self.what);
        Some(name)
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        self.required(key, |text| Ok(text.to_owned()))
    }

    pub(super) fn optional_text(&mut self, key: &'static str) -> Option<String> {
        self.optional(key, Some(UNREAD.to_owned()), |text| Ok(text.to_owned()))
    }

    pub(super) fn word<T: Word>(&mut self, key: &'static str) -> Option<T> {
        self.required(key, word)
    }

    pub(super) fn optional_word<T: Word>(&mut self, key: &'static str, refused: T) -> Option<T> {
        self.optional(key, Some(refused), word)
    }

    pub(super) fn optional_day(&mut self, key: &'static str) -> Option<Day> {
        self.optional(key, None, day)
    }

    pub(super) fn term(&mut self, key: &'static str) -> Option<Term> {
        self.required(key, term)
    }

    pub(super) fn optional_term(&mut self, key: &'static str) -> Option<Term> {
        self.optional(key, None, term)
    }

    pub(super) fn list_term(&mut self, key: &'static str) -> Option<ListTerm> {
        self.required(key, list_term)
    }

    pub(super) fn optional_fine(&mut self, key: &'static str) -> Option<Fine> {
        self.optional(key, None, fine)
    }

    /// A flag; absent means false.
    pub(super) fn flag(&mut self, key: &'static str) -> bool {
        self.take(key).is_some_and(|value| self.read_flag(key, &value))
    }

    pub(super) fn required_flag(&mut self, key: &'static str) -> bool {
        match self.take(key) {
            Some(value) => self.read_flag(key, &value),
            None => {
                self.missing(key);
                false
            }
        }
    }

    fn read_flag(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> bool {
        value.get_ref().as_bool().unwrap_or_else(|| {
            let found = type_of(value.get_ref());
            let at = self.source.place(value.span().start);
            self.refuse(at, &format!("has a `{key}` that is {found}, expected true or false"));
            false
        })
    }

    /// Texts with their places; absent means none.
    pub(super) fn located_texts(&mut self, key: &'static str) -> Vec<(String, Place)> {
        self.many(key, |text| Ok(text.to_owned()))
    }

    pub(super) fn texts(&mut self, key: &'static str) -> Vec<String> {
        self.located_texts(key).into_iter().map(|(text, _)| text).collect()
    }

    pub(super) fn words<T: Word>(&mut self, key: &'static str) -> Vec<T> {
        self.many(key, word).into_iter().map(|(value, _)| value).collect()
    }

    /// The legal bases; that there is one is for the joining of layers to say.
    pub(super) fn basis(&mut self) -> Vec<String> {
        let before = self.refusals.len();
        let mut basis = self.texts("basis");
        if self.refusals.len() > before {
            basis.push(UNREAD.to_owned());
        }
        basis
    }

    fn many<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<(T, Place)> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let at = self.source.place(value.span().start);
        let DeValue::Array(values) = value.get_ref() else {
            let found = type_of(value.get_ref());
            self.refuse(at, &format!("has a `{key}` that is {found}, expected a list of texts: [\"…\"]"));
            return Vec::new();
        };
        let read = |value: &Spanned<DeValue<'_>>| {
            let at = self.source.place(value.span().start);
            self.read(key, value, &parse).map(|value| (value, at))
        };
        values.iter().filter_map(read).collect()
    }

    /// The terms by ground, in the order of the file.
    pub(super) fn ground_terms(&mut self, key: &'static str) -> Vec<(String, ListTerm)> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let DeValue::Table(table) = value.get_ref() else {
            let (at, found) = (self.source.place(value.span().start), type_of(value.get_ref()));
            self.refuse(at, &format!("has `{key}` that is {found}, expected {{ \"ground\" = \"term\" }}"));
            return Vec::new();
        };
        let mut grounds: Vec<_> = table.iter().collect();
        grounds.sort_by_key(|(ground, _)| ground.span().start);
        let read = |(ground, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let ground: &std::borrow::Cow<'_, str> = ground.get_ref();
            self.read(&format!("{key}.{ground}"), value, list_term).map(|term| (ground.to_string(), term))
        };
        grounds.into_iter().filter_map(read).collect()
    }

    /// The rows of `[[key]]`, in the order of the file; `what` names one of them.
    pub(super) fn rows(&mut self, key: &'static str, what: &str) -> Vec<Row<'s>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let at = self.source.place(value.span().start);
        let DeValue::Array(values) = value.into_inner() else {
            self.refuse(at, &format!("has a `{key}` that is no [[{key}]]"));
            return Vec::new();
        };
        let mut rows = Vec::with_capacity(values.len());
        for value in values {
            let span = value.span();
            match value.into_inner() {
                DeValue::Table(table) => rows.push(Row::new(self.source, span, what, table)),
                other => {
                    let found = type_of(&other);
                    let at = self.source.place(span.start);
                    self.refuse(at, &format!("has in `{key}` {found}, expected [[{key}]]"));
                }
            }
        }
        rows
    }

    /// The table `[key]`, if there is one; `what` names it.
    pub(super) fn row(&mut self, key: &'static str, what: &str) -> Option<Row<'s>> {
        let value = self.take(key)?;
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Some(Row::new(self.source, span, what, table)),
            _ => {
                let at = self.source.place(span.start);
                self.refuse(at, &format!("has a `{key}` that is no [{key}]"));
                None
            }
        }
    }
}

fn type_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date without quotes",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
