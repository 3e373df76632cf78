//! The dossiers of format 1: one archive a subject, with file and line in the part.

#![allow(missing_docs, reason = "the archived forms, which rkyv derives, cannot be documented")]

use rkyv::{Archive, Deserialize, Serialize};

/// What a report shows beside the entries: one archive a subject.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct Dossier {
    /// Former codes in the clear (organisations).
    pub former_codes: Vec<String>,
    /// Older codes in the clear: kind word and code.
    pub older_codes: Vec<(String, String)>,
    /// Division, a string of the part.
    pub division: u32,
    /// Occupation, a string of the part.
    pub occupation: u32,
    /// Masked name of the legal representative; empty if unknown.
    pub representative: String,
    /// Source, file and line of the register's row; file is a string of the part, none for a stub.
    pub source: u16,
    /// File of the register's row.
    pub file: u32,
    /// Line of the register's row.
    pub line: u32,
    /// The records, by kind, date and id.
    pub records: Vec<Filed>,
}

/// A record as it is filed.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub struct Filed {
    /// Name of the record.
    pub record: [u8; 16],
    /// Number of its kind.
    pub kind: u8,
    /// Bit 0 under objection by its table, bit 1 revoked by its table, bit 2 never published.
    pub flags: u8,
    /// What ends it, by the number of [`crate::domain::publication::Ending`].
    pub ending: u8,
    /// Place of the rule that gave its class, 255 none.
    pub rule: u8,
    /// Source.
    pub source: u16,
    /// File, a string of the part.
    pub file: u32,
    /// Line.
    pub line: u32,
    /// Its date.
    pub date: i32,
    /// Its first visible day.
    pub from: i32,
    /// Its last visible day.
    pub until: i32,
    /// Title, a string of the part.
    pub title: u32,
    /// Authority, a string of the part.
    pub authority: u32,
    /// First of its events.
    pub events: u32,
    /// Number of its events.
    pub events_count: u16,
    /// Offset of its texts in the raw stream.
    pub text: u64,
    /// Bytes of its texts.
    pub text_length: u32,
}
