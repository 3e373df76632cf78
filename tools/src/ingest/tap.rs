//! Rows as they stand in their tables, shown to whoever wants them before they are judged.

use super::columns::Columns;
use super::row::Laid;
use super::table::Record;
use super::tables::{Slot, table};
use crate::dataset::SourceKind;
use crate::facts::Origin;
use arrayvec::ArrayVec;

/// Slots that hold a number of a row's subject.
const NUMBERS: [Slot; 9] = [
    Slot::Uscc,
    Slot::FormerCodes,
    Slot::Successor,
    Slot::OrganisationCode,
    Slot::Registration,
    Slot::Tax,
    Slot::InstitutionCertificate,
    Slot::SocialCertificate,
    Slot::PersonNumber,
];

/// The numbers of a row's subject, as the table writes them, by what they are; blank ones are empty.
#[derive(Debug, Clone, Default)]
pub struct Numbers<'r> {
    /// Unified code.
    pub current: &'r str,
    /// Former codes, and the successor's.
    pub linked: [&'r str; 2],
    /// Organisation code, registration, tax, certificates.
    pub older: [&'r str; 5],
    /// A person's document.
    pub person: &'r str,
}

impl<'r> Numbers<'r> {
    /// Those that are given.
    pub fn all(&self) -> impl Iterator<Item = &'r str> {
        let all = std::iter::once(self.current).chain(self.linked).chain(self.older).chain([self.person]);
        all.filter(|number| !number.is_empty())
    }
}

/// Is shown rows by the threads that read them, in any order.
pub trait Tap: Sync {
    /// Whether a row with these numbers is to be shown. Asked for every row that has as many cells as its header.
    fn wants(&self, kind: SourceKind, numbers: &Numbers<'_>) -> bool;
    /// A row: every column of the contract in the contract's order, with the text of its cell; blank ones are empty.
    fn row(&self, kind: SourceKind, origin: Origin, cells: &[(&'static str, &str)]);
}

/// Shows a row that is laid out.
pub(super) fn show(
    tap: &dyn Tap,
    kind: SourceKind,
    origin: Origin,
    (laid, record, columns): (&Laid, Record<'_>, &Columns),
) {
    let of = |place: usize| laid.get(NUMBERS[place]).unwrap_or_default();
    let numbers = Numbers {
        current: of(0),
        linked: [of(1), of(2)],
        older: [of(3), of(4), of(5), of(6), of(7)],
        person: of(8),
    };
    if !tap.wants(kind, &numbers) {
        return;
    }
    let mut cells: ArrayVec<(&'static str, &str), { Slot::COUNT }> = ArrayVec::new();
    for column in table(kind) {
        let found = columns.find(column.slot, |place| record.get(place));
        cells.push((column.code, found.map_or("", |(text, _)| text)));
    }
    tap.row(kind, origin, &cells);
}

/// The columns in which [`Tap::row`] shows the cells of a table of this kind.
pub fn columns_of(kind: SourceKind) -> impl Iterator<Item = &'static str> {
    table(kind).iter().map(|column| column.code)
}
