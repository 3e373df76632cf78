//! What a header means to a reader that must choose: which columns to decode, what a bare number is.

use xinhe::domain::date::Day;

/// What a column is, as far as a format's reader needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// Not of this kind of table: its cells are not read.
    Unknown,
    /// A day or a moment: a bare number in a spreadsheet is a date of its calendar.
    Date,
    /// A code that is checked when it is read: a number that has lost digits is refused there by itself.
    Checked,
    /// Anything else: a number that has lost digits breaks its row.
    Free,
}

impl Heading {
    /// Whether the table's kind has this column.
    pub(super) fn is_known(self) -> bool {
        self != Heading::Unknown
    }
}

/// Tells headings by headers, as the kind of table knows them.
pub(super) type Headings<'a> = &'a dyn Fn(&str) -> Heading;

/// A day as `YYYY-MM-DD`.
pub(super) fn push_day(out: &mut String, day: Day) {
    out.extend(day.iso().iter().map(|byte| char::from(*byte)));
}

/// A number as its digits: no exponent and no `.0`.
pub(super) fn plain_number(out: &mut String, number: f64) {
    use std::fmt::Write;
    // Writing to a string cannot fail; `-0` is 0.
    write!(out, "{}", if number == 0.0 { 0.0 } else { number }).unwrap_or_default();
}
