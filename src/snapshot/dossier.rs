//! What a report shows of a subject beside its entries, as readers see it, whatever the format of the part.

use super::layout::{NO_STRING, Section, u32_at, u64_at};
use super::schema::v1;
use super::{Part, SnapshotError, Standing, packed};
use crate::domain::date::Day;
use crate::domain::publication::Ending;
use crate::domain::record::{RecordId, RecordKind};

/// Where a row of a table is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowPlace {
    /// In the part itself, which is of format 1.
    Here {
        /// The file, a string of the part.
        file: u32,
        /// Line, from 1.
        line: u32,
    },
    /// In the origins file of the part, under this number.
    Origins(u64),
}

/// The dossier of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dossier {
    /// Former codes in the clear (organisations).
    pub former_codes: Vec<String>,
    /// Older codes in the clear: kind word and code.
    pub older_codes: Vec<(String, String)>,
    /// Division, a string of the part, or none.
    pub division: u32,
    /// Occupation, a string of the part, or none.
    pub occupation: u32,
    /// Masked name of the legal representative; empty if unknown.
    pub representative: String,
    /// Source and row of the register; none for a stub.
    pub register: Option<(u16, RowPlace)>,
    /// The records, by kind, date and id.
    pub records: Vec<Filed>,
}

/// A record as it is filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// Name of the record.
    pub record: RecordId,
    /// Its kind.
    pub kind: RecordKind,
    /// Under objection by its table.
    pub objection: bool,
    /// Revoked by its table.
    pub revoked: bool,
    /// Never published.
    pub unpublished: bool,
    /// What ends it.
    pub ending: Ending,
    /// Place of the rule that gave its class.
    pub rule: Option<u16>,
    /// Source.
    pub source: u16,
    /// Its row.
    pub row: RowPlace,
    /// Its date.
    pub date: Day,
    /// Its first visible day.
    pub from: Day,
    /// Its last visible day; [`Day::OPEN`] if it is open.
    pub until: Day,
    /// Title, a string of the part, or none.
    pub title: u32,
    /// Authority, a string of the part.
    pub authority: u32,
    /// First of its corrections.
    pub events: u32,
    /// Number of its corrections.
    pub events_count: u16,
    /// Offset of its texts in the raw stream.
    pub text: u64,
    /// Bytes of its texts.
    pub text_length: u32,
}

impl Filed {
    /// The last visible day; none: open.
    pub fn last_day(&self) -> Option<Day> {
        Some(self.until).filter(|day| *day != Day::OPEN)
    }
}

impl<B: AsRef<[u8]>> Part<B> {
    /// The subject's dossier.
    pub fn dossier(&self, standing: &Standing<'_>) -> Result<Dossier, SnapshotError> {
        if u32_at(standing.row, 52) == 0 {
            // A subject that only urgent entries of the store name.
            return Ok(Dossier { division: NO_STRING, occupation: NO_STRING, ..Dossier::default() });
        }
        let start = u64_at(standing.row, 56);
        let end = start.saturating_add(u64::from(u32_at(standing.row, 52)));
        let bytes = self.section(Section::Dossiers).get(start as usize..end as usize);
        let bytes = bytes.ok_or_else(|| self.corrupt(Section::Dossiers, start, "a dossier lies outside"))?;
        if self.format() == 1 {
            let dossier = rkyv::from_bytes::<v1::Dossier, rkyv::rancor::Error>(bytes)
                .map_err(|e| self.corrupt(Section::Dossiers, start, &e.to_string()))?;
            return of_format_1(dossier)
                .ok_or_else(|| self.corrupt(Section::Dossiers, start, "a record has a word out of range"));
        }
        let entries: Vec<_> = self.entries_of(standing)?.collect();
        packed::unpack(bytes, &entries).map_err(|what| {
            self.corrupt(Section::Dossiers, start, &format!("a dossier does not unpack: {what}"))
        })
    }
}

fn of_format_1(dossier: v1::Dossier) -> Option<Dossier> {
    let row = RowPlace::Here { file: dossier.file, line: dossier.line };
    Some(Dossier {
        former_codes: dossier.former_codes,
        older_codes: dossier.older_codes,
        division: dossier.division,
        occupation: dossier.occupation,
        representative: dossier.representative,
        register: (dossier.file != NO_STRING).then_some((dossier.source, row)),
        records: dossier.records.into_iter().map(filed_of_format_1).collect::<Option<_>>()?,
    })
}

fn filed_of_format_1(filed: v1::Filed) -> Option<Filed> {
    if filed.flags > 7 {
        return None;
    }
    Some(Filed {
        record: RecordId(filed.record),
        kind: RecordKind::from_code(filed.kind)?,
        objection: filed.flags & 1 != 0,
        revoked: filed.flags & 2 != 0,
        unpublished: filed.flags & 4 != 0,
        ending: Ending::ALL.get(usize::from(filed.ending)).copied()?,
        rule: Some(u16::from(filed.rule)).filter(|rule| *rule != u16::from(u8::MAX)),
        source: filed.source,
        row: RowPlace::Here { file: filed.file, line: filed.line },
        date: Day::from_number(filed.date),
        from: Day::from_number(filed.from),
        until: Day::from_number(filed.until),
        title: filed.title,
        authority: filed.authority,
        events: filed.events,
        events_count: filed.events_count,
        text: filed.text,
        text_length: filed.text_length,
    })
}
