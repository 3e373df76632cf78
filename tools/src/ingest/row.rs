//! One row under judgment: its cells by meaning, the faults that refuse it, the oddities that do not.

use super::cells;
use super::columns::Columns;
use super::mask::{self, Persons};
use super::table::Record;
use super::tables::Slot;
use crate::facts::{Origin, Reject, Version};
use std::borrow::Cow;
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;

/// Divides the cells of [`Version::row`]: no table holds this control character.
const CELL_DIVIDER: char = '\u{1F}';

/// What rows are judged by.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) catalogue: &'a Catalogue,
    /// Bounds birth dates.
    pub(super) today: Day,
}

/// Why a row is refused: the first fault found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) reason: &'static str,
    pub(super) column: String,
    /// Without persons' numbers and names.
    pub(super) value: String,
}

impl Fault {
    /// As the line of a reject.
    pub(super) fn at(self, origin: Origin) -> Reject {
        Reject { origin, column: self.column, reason: self.reason, value: self.value }
    }
}

/// Something odd about a row that is kept: stable code and words.
pub(super) type Odd = (&'static str, String);

/// A row's values in the order of the contract's columns, as versions compare. Used again from row to row, so that
/// facts borrow from it.
pub(super) struct Laid {
    text: String,
    spans: [(u32, u32); Slot::COUNT],
}

impl Default for Laid {
    fn default() -> Laid {
        Laid { text: String::new(), spans: [(0, 0); Slot::COUNT] }
    }
}

impl Laid {
    /// Lays a row out, and counts what is blank. All rows until [`Laid::forget`] have the same columns.
    #[inline]
    pub(super) fn lay(&mut self, record: Record<'_>, columns: &Columns, missing: &mut [u64; Slot::COUNT]) {
        self.text.clear();
        for (slot, value) in columns.values(record) {
            let start = self.text.len() as u32;
            if let Some(value) = value {
                self.text.push_str(value);
            } else {
                missing[slot as usize] += 1;
            }
            self.spans[slot as usize] = (start, self.text.len() as u32);
            self.text.push(CELL_DIVIDER);
        }
        self.text.pop();
        let older = [Slot::ActClass1, Slot::ActClass2];
        if self.get(Slot::ActClass).is_none() && older.into_iter().any(|slot| self.get(slot).is_some()) {
            missing[Slot::ActClass as usize] -= 1;
        }
    }

    /// Makes room for a table with other columns.
    pub(super) fn forget(&mut self) {
        self.spans = [(0, 0); Slot::COUNT];
    }

    #[inline]
    pub(super) fn get(&self, slot: Slot) -> Option<&str> {
        let (start, end) = self.spans[slot as usize];
        if start == end { None } else { self.text.get(start as usize..end as usize) }
    }
}

/// A row.
pub(super) struct Row<'a> {
    pub(super) laid: &'a Laid,
    pub(super) record: Record<'a>,
    pub(super) columns: &'a Columns,
    pub(super) rules: Rules<'a>,
    pub(super) odd: &'a mut Vec<Odd>,
}

impl<'a> Row<'a> {
    /// The value of a slot, if it is given.
    #[inline]
    pub(super) fn get(&self, slot: Slot) -> Option<&'a str> {
        self.laid.get(slot)
    }

    /// The value of a slot as it is kept.
    #[inline]
    pub(super) fn text(&self, slot: Slot) -> Option<Cow<'a, str>> {
        self.get(slot).map(Cow::Borrowed)
    }

    /// The value of a slot that the kind cannot do without.
    pub(super) fn required(&self, slot: Slot, reason: &'static str) -> Result<&'a str, Fault> {
        self.get(slot).ok_or_else(|| self.missing(slot, reason))
    }

    /// The date of a slot that the kind cannot do without.
    pub(super) fn date(&self, slot: Slot) -> Result<Day, Fault> {
        let value = self.required(slot, "missing_date")?;
        cells::date(value).ok_or_else(|| self.wrong(slot, "invalid_date"))
    }

    /// The day that ends the record; none: blank or long term.
    pub(super) fn end(&self, slot: Slot) -> Result<Option<Day>, Fault> {
        match self.get(slot) {
            None => Ok(None),
            Some(value) => cells::end(value).ok_or_else(|| self.wrong(slot, "invalid_date")),
        }
    }

    /// A date that neither starts nor ends the record: dropped with a word if it is none.
    pub(super) fn loose_end(&mut self, slot: Slot) -> Option<Day> {
        let day = cells::end(self.get(slot)?);
        if day.is_none() {
            self.warn("dropped_date", format!("{} is no date", self.columns.name(slot)));
        }
        day.flatten()
    }

    #[cold]
    pub(super) fn warn(&mut self, reason: &'static str, detail: String) {
        self.odd.push((reason, detail));
    }

    /// A value that should be there.
    #[cold]
    pub(super) fn missing(&self, slot: Slot, reason: &'static str) -> Fault {
        Fault { reason, column: self.columns.name(slot).to_owned(), value: String::new() }
    }

    /// A value that is there and is not what it should be.
    #[cold]
    pub(super) fn wrong(&self, slot: Slot, reason: &'static str) -> Fault {
        let found = self.columns.find(slot, |place| self.record.get(place));
        let Some((value, place)) = found else { return self.missing(slot, reason) };
        let today = self.rules.today;
        let value = match slot {
            Slot::PersonNumber | Slot::RepresentativeNumber | Slot::Tax => mask::quoted(value, true, today),
            Slot::PersonType | Slot::List | Slot::Kind | Slot::Fulfilment => {
                mask::quoted(value, false, today)
            }
            _ => mask::quoted_figure(value, today),
        };
        // A row whose cells moved has a name where a code or a date should stand.
        let names = [Slot::Name, Slot::Representative].into_iter().filter_map(|slot| self.get(slot));
        let persons = Persons { names: names.collect(), ..Persons::default() };
        let value = mask::text(&value, &persons, today).into_owned();
        Fault { reason, column: self.columns.header(place).to_owned(), value }
    }

    /// What decides between two versions of a thing.
    pub(super) fn version(&mut self) -> Version<'a> {
        let changed = self.get(Slot::Changed).and_then(|value| {
            let changed = cells::changed(value);
            if changed.is_none() {
                self.warn("dropped_time", format!("{} is no time", self.columns.name(Slot::Changed)));
            }
            changed
        });
        Version { changed, row: self.laid.text.as_bytes() }
    }
}
