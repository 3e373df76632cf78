//! Every sum, order and reference of a part: what opening leaves out because it would walk the whole file.

mod dossiers;
mod indexes;
mod rows;

use super::layout::{PAGE, Section, u32_at};
use super::schema::{Counts, Meta};
use super::texts::TextReader;
use super::{NO_SOURCE, Part, RowPlace, SnapshotError};
use crate::domain::catalogue::Catalogue;
use xxhash_rust::xxh3::xxh3_64;

/// More findings than this a part are only counted.
const FINDINGS_MAX: usize = 100;

/// Something wrong with a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Name of the section.
    pub section: &'static str,
    /// Offset in the file.
    pub offset: u64,
    /// What is wrong.
    pub what: String,
}

/// What [`verify`] found.
#[derive(Debug, Clone, Default)]
pub struct Verified {
    /// What is wrong, in the order of the file as far as it was read so.
    pub findings: Vec<Finding>,
    /// Findings beyond the first hundred.
    pub left_off: u64,
    /// What the part really holds.
    pub counts: Counts,
    /// Rows that its origins file must hold; none of a part of format 1.
    pub rows: u64,
}

/// Reads all of a part and compares every sum, order, reference and count.
pub fn verify<B: AsRef<[u8]>>(part: &Part<B>) -> Verified {
    let mut found = Verified::default();
    sections(part, &mut found);
    match part.meta().and_then(|meta| Ok((meta, Catalogue::new(part.catalogue()?)))) {
        Err(error) => {
            found.add_error(&error);
            found
        }
        Ok((meta, catalogue)) => Examiner::new(part, meta, catalogue, found).run(),
    }
}

/// The sums, and that sections follow each other without overlap.
fn sections<B: AsRef<[u8]>>(part: &Part<B>, found: &mut Verified) {
    let mut end = PAGE as u64;
    for section in Section::ALL {
        let extent = part.header.sections[section.place()];
        if extent.offset != end {
            let what = format!("it should begin at {end}, behind the section before");
            found.push(Finding { section: section.name(), offset: extent.offset, what });
        }
        end = (extent.offset + extent.length).next_multiple_of(PAGE as u64);
        let sum = xxh3_64(part.section(section));
        if sum != extent.sum {
            let what = format!("its sum is {sum:016x}, the header says {:016x}", extent.sum);
            found.push(Finding { section: section.name(), offset: extent.offset, what });
        }
    }
    if end != part.header.file_length {
        let what = format!("the last section ends at {end}, the file at {}", part.header.file_length);
        found.push(Finding { section: "header", offset: 32, what });
    }
}

impl Verified {
    fn push(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.left_off += 1;
        }
    }

    fn add_error(&mut self, error: &SnapshotError) {
        self.push(match error {
            SnapshotError::Corrupt { section, offset, what } => {
                Finding { section, offset: *offset, what: what.clone() }
            }
            other => Finding { section: "header", offset: 0, what: other.to_string() },
        });
    }
}

/// Rows are written one behind the other; where each kind of them has got to.
#[derive(Default)]
struct Ends {
    entries: u64,
    events: u64,
    names: u64,
    labels: u64,
    dossiers: u64,
    texts: u64,
}

/// Walks a part, subject by subject.
struct Examiner<'p, B> {
    part: &'p Part<B>,
    meta: Meta,
    catalogue: Catalogue,
    strings: u32,
    texts: TextReader<'p>,
    ends: Ends,
    /// Rows of the corrections of the subject that is examined, and where these stand.
    event_rows: Vec<(RowPlace, u64)>,
    /// Names that the name index must hold.
    names_indexed: u64,
    found: Verified,
}

impl<'p, B: AsRef<[u8]>> Examiner<'p, B> {
    fn new(part: &'p Part<B>, meta: Meta, catalogue: Catalogue, found: Verified) -> Examiner<'p, B> {
        let texts = TextReader::new(part.section(Section::TextIndex), part.section(Section::Texts));
        let strings = part.section(Section::Strings);
        let strings = if strings.len() < 8 { 0 } else { u32_at(strings, 0) };
        let (ends, event_rows) = (Ends::default(), Vec::new());
        Examiner { part, meta, catalogue, strings, texts, ends, event_rows, names_indexed: 0, found }
    }

    fn run(mut self) -> Verified {
        self.strings();
        self.directory();
        self.text_blocks();
        for place in 0..self.part.subjects() {
            if let Some(standing) = self.part.standing(place) {
                self.subject(&standing);
            }
        }
        self.ends();
        self.aliases();
        self.name_index();
        if self.found.counts != self.meta.counts {
            let what = format!("it counts {:?}, the part holds {:?}", self.meta.counts, self.found.counts);
            self.find(Section::Meta, 0, what);
        }
        self.found
    }

    /// Notes what is wrong `within` bytes from the start of a section.
    fn find(&mut self, section: Section, within: u64, what: impl Into<String>) {
        let start = self.part.header.sections[section.place()].offset;
        let finding =
            Finding { section: section.name(), offset: start.saturating_add(within), what: what.into() };
        self.found.push(finding);
    }

    fn want(&mut self, holds: bool, section: Section, within: u64, what: &str) {
        if !holds {
            self.find(section, within, what);
        }
    }

    /// A string must be there; `or_none`: or be left out.
    fn string(&mut self, number: u32, or_none: bool, section: Section, within: u64, field: &str) {
        if number >= self.strings && !(or_none && number == super::layout::NO_STRING) {
            let what = format!("its {field} is string {number} of {}", self.strings);
            self.find(section, within, what);
        }
    }

    fn source(&mut self, number: u16, section: Section, within: u64) {
        // What an urgent entry or a correction of a store gave has no source.
        if number != NO_SOURCE && usize::from(number) >= self.meta.sources.len() {
            let what = format!("its source is {number} of {}", self.meta.sources.len());
            self.find(section, within, what);
        }
    }

    /// What lies between the last row that something leads to and the end of a section belongs to nobody.
    fn ends(&mut self) {
        let Ends { entries, events, names, labels, dossiers, texts } = self.ends;
        for (section, row, end) in [
            (Section::Entries, super::ENTRY_SIZE as u64, entries),
            (Section::Events, super::EVENT_SIZE as u64, events),
            (Section::Names, 1, names),
            (Section::Labels, 1, labels),
            (Section::Dossiers, 1, dossiers),
        ] {
            let length = self.part.section_length(section);
            if end * row != length {
                let what = format!("subjects lead to {} bytes of it, it has {length}", end * row);
                self.find(section, (end * row).min(length), what);
            }
        }
        let raw = self.raw_texts();
        if texts != raw {
            self.find(Section::Texts, 0, format!("records lead to {texts} raw bytes of it, it has {raw}"));
        }
    }
}
