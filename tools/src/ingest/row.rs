//! One row under judgment: its cells by meaning, the faults that refuse it, the oddities that do not.

use super::cells;
use super::columns::Columns;
use super::csv::Record;
use super::mask::{self, Persons};
use super::tables::Slot;
use crate::facts::{Reject, Version};
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;
use xinhe::domain::text::is_blank;

/// Divides the cells of [`Version::row`]: no table holds this control character.
const CELL_DIVIDER: u8 = 0x1F;

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
    pub(super) fn at(self, origin: crate::facts::Origin) -> Reject {
        Reject { origin, column: self.column, reason: self.reason, value: self.value }
    }
}

/// Something odd about a row that is kept: stable code and words.
pub(super) type Odd = (&'static str, String);

/// A row.
pub(super) struct Row<'a> {
    pub(super) record: Record<'a>,
    pub(super) columns: &'a Columns,
    pub(super) rules: Rules<'a>,
    pub(super) odd: &'a mut Vec<Odd>,
}

impl<'a> Row<'a> {
    /// The value of a slot, if it is given.
    #[inline]
    pub(super) fn get(&self, slot: Slot) -> Option<&'a str> {
        self.find(slot).map(|(value, _)| value)
    }

    fn find(&self, slot: Slot) -> Option<(&'a str, usize)> {
        let record = self.record;
        self.columns.find(slot, move |place| record.get(place))
    }

    /// The value of a slot as it is kept.
    pub(super) fn owned(&self, slot: Slot) -> Option<String> {
        self.get(slot).map(str::to_owned)
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

    pub(super) fn warn(&mut self, reason: &'static str, detail: String) {
        self.odd.push((reason, detail));
    }

    /// A value that should be there.
    pub(super) fn missing(&self, slot: Slot, reason: &'static str) -> Fault {
        Fault { reason, column: self.columns.name(slot).to_owned(), value: String::new() }
    }

    /// A value that is there and is not what it should be.
    pub(super) fn wrong(&self, slot: Slot, reason: &'static str) -> Fault {
        let Some((value, place)) = self.find(slot) else { return self.missing(slot, reason) };
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
        let value = mask::text(&value, &Persons { numbers: Vec::new(), names: names.collect() }, today);
        Fault { reason, column: self.columns.header(place).to_owned(), value }
    }

    /// What decides between two versions of a thing.
    pub(super) fn version(&mut self) -> Version {
        let changed = self.get(Slot::Changed).and_then(|value| {
            let changed = cells::changed(value);
            if changed.is_none() {
                self.warn("dropped_time", format!("{} is no time", self.columns.name(Slot::Changed)));
            }
            changed
        });
        let mut row = Vec::with_capacity(self.record.bytes + self.columns.table().len());
        for (place, column) in self.columns.table().iter().enumerate() {
            if place > 0 {
                row.push(CELL_DIVIDER);
            }
            let value = self.get(column.slot).unwrap_or_default();
            row.extend_from_slice(value.trim_matches(is_blank).as_bytes());
        }
        Version { changed, row: row.into_boxed_slice() }
    }
}
