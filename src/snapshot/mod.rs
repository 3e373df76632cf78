//! The file that checks are answered from. The layout is told here, once, and tested in `tests/snapshot/layout.rs`.
//!
//! # A part
//!
//! A release has one or more parts; a subject lives in the part that the hash of its key chooses
//! ([`SubjectKey::part`]). A part is one file: a header of 4096 bytes, then sections, each beginning at a multiple of 4096.
//! All numbers are little-endian.
//!
//! ```text
//! header    0  magic  "xinhe\0\r\n"            a text-mode copy breaks it visibly
//!           8  u16    format version, 2
//!          10  u16    number of sections
//!          12  u32    place of this part, from 0
//!          16  u32    number of parts
//!          24  u64    fingerprint of the archive settings and row sizes
//!          32  u64    length of the file
//!          64  ...    section table, 32 bytes each: u32 id, u32 0, u64 offset, u64 length, u64 xxh3 of the section
//!        4088  u64    xxh3 of bytes 0..4088
//! ```
//!
//! | section | holds |
//! |---|---|
//! | meta | rkyv [`schema::Meta`]: dataset, sources, coverage, algorithm and key ids |
//! | catalogue | rkyv [`schema::CatalogueFile`] |
//! | directory | u32 × (buckets + 1): the first row of each bucket of hashes |
//! | standings | rows of 64 bytes, one a subject, by hash and key |
//! | entries | rows of 64 bytes: list entries, penalties, commitments, evaluations, a subject's together |
//! | events | rows of 32 bytes: corrections of entries, then of records without an entry; a record's together, by day and kind |
//! | names | one record a subject: names of organisations, digests and mask of persons |
//! | strings | strings that recur (authorities, titles, states): u32 count, u32 × (count + 1) ends, bytes |
//! | labels | document numbers of entries |
//! | dossiers | one a subject, packed: what reports show beside the entries |
//! | text-index, texts | the describing texts, zstd in blocks of 64 KiB, and u64 × (blocks + 1) offsets |
//! | aliases | FST: kind and older or former code → row |
//! | name-index | FST: normalised name of an organisation, 0x00, row → 1 if a former name |
//!
//! ```text
//! standing  0  u8     kind of the key: IdKind, or 100 a person's digest, 101 another digest
//!           1  u8     bits 0-1 subject kind, bit 2 registered, bits 3-5 state class + 1 (0: none)
//!           2  u16    source of the state
//!           4  u32    top half of the key's hash
//!           8  [24]   key: the code in ASCII and zeros, or a digest
//!          32  u48    offset in names      38  u16  length
//!          40  u32    state, a string      44  u32  number of entries
//!          48  u32    first entry          52  u32  length of the dossier
//!          56  u64    offset in dossiers
//!
//! entry     0  [16]   record id
//!          16  u8     0 list, 1 penalty, 2 commitment, 3 evaluation
//!          17  u8     effect
//!          18  u16    bit 0 objection, bits 1-2 bars, bits 3-4 relation, bits 5-6 fulfilment
//!          20  u16    list, or trigger of the grade (0xFFFF none)
//!          22  u16    source
//!          24  i32    its date             28  i32  first visible day     32  i32  last visible day
//!          36  u32    bits of the kinds of penalty that trigger measures; of an evaluation the grade, a string
//!          40  u32    authority, a string  44  u32  title, a string (u32::MAX: the list's)
//!          48  u48    offset in labels     54  u16  length
//!          56  u32    first event          60  u16  number of events
//!
//! event     0  i32    effective day         4  u8   kind                   6  u16  source
//!           8  u32    0                    12  u32  number, 0 if from a table
//!          16  u32    instrument, a string 20  u32  authority, a string
//!          24  u64    row in the origins file, u64::MAX if from the store
//!
//! name      organisation: u16 length, current name, u8 number of former names, each u16 length and name
//!           person: [16] digest of the name, u8 length, masked name, u8 number of former names, each [16] digest
//! ```
//!
//! # A dossier
//!
//! A number is in base 128, the lowest seven bits first, the top bit set in all bytes but the last. A day is a number:
//! the days between, doubled, with bit 0 for those before (-1 is 1, 1 is 2). A text is a number, its length, and bytes.
//!
//! ```text
//! head      u8      bits: 0 a row of the register, 1 division, 2 occupation, 3 representative, 4 codes, 5 records
//!           then, where its bit is set: source of the row of the register; division, a string; occupation, a string;
//!           representative, a text; number of former codes, each a text, number of older ones, each kind and code;
//!           with bit 0 or 5: the first of its rows in the origins file; number of records, offset of their texts
//!
//! record    u8      bit 0 it has an entry, bits 1-3 its kind (0 with an entry), 4 objection, 5 revoked, 6 unpublished
//!           u8      bits 0-2 what ends it, 3 rule, 4 title, 5 first day, 6 last day, 7 corrections
//!           with an entry its place among those of the subject; else [16] id, source, date counted from 2020-01-01,
//!           authority, a string
//!           then, where its bit is set: rule; title, a string + 1, or 0 for none (else the title is the entry's, or
//!           none); first visible day (else the date) and last (else open), counted from the date; first correction
//!           and number of corrections; always length of its texts
//! ```
//!
//! The rows of a dossier follow each other in the origins file: the register's, then one a record; those of the
//! corrections are told in events. Texts of its records follow each other too. An entry and its record share their
//! corrections. In format 1 a dossier is an archive (`schema/v1.rs`) which tells file and line itself, as do events.
//!
//! # Persons
//!
//! Nothing of a person is in the clear: keys and names are HMAC-SHA-256 under a secret of the deployment
//! ([`PersonKeys`]), shown names are masked.
//!
//! # Why not one archive
//!
//! rkyv's relative pointers have 32 bits and validation walks the whole archive, so that one archive for a city
//! would end at 2 GiB and start slowly. A check needs rows of fixed size. Dossiers were archives in format 1, at about 60
//! bytes a record; packed they take 6 bytes a record with an entry and about 30 without.

mod ahead;
mod convert;
mod digest;
mod dossier;
mod drafts;
mod edits;
mod error;
mod index;
mod layout;
pub mod mapping;
mod names;
mod naming;
mod origins;
pub mod overlay;
mod packed;
mod part;
mod rows;
pub mod schema;
mod sort;
mod spool;
mod strings;
mod texts;
mod verify;
mod whole;
mod writer;

pub use digest::{Digest, KeyError, KeyId, PersonKey, PersonKeys, SubjectKey};
pub use dossier::{Dossier, Filed, RowPlace};
pub use drafts::{Draft, EntryDraft, EventDraft, FiledDraft, NamesDraft, Provenance, SubjectDraft};
pub use error::SnapshotError;
pub use layout::{ENTRY_SIZE, EVENT_SIZE, FORMAT_OLDEST, FORMAT_VERSION, STANDING_SIZE, Section};
pub use names::{NameHit, NameRank};
pub use naming::{apart_from_authority, put_same_record, record_id, same_record};
pub use origins::Origins;
pub use overlay::Overlay;
pub use part::{Part, Trust};
pub use rows::{EntryCategory, EntryRow, EventRow, NO_SOURCE, Standing};
pub use texts::Tag;
pub use verify::{Finding, Verified, verify};
pub use whole::{Located, Snapshot};
pub use writer::{PartWriter, Written, catalogue_digest};
