//! The layout that `src/snapshot/mod.rs` tells, byte by byte. Offsets are written out here by hand on purpose.

use super::drafts::*;
use xinhe::domain::record::{CorrectionKind, RecordId, RecordKind};
use xinhe::domain::subject::StateClass;
use xinhe::snapshot::NamesDraft;
use xxhash_rust::xxh3::xxh3_64;

/// The bytes of a part, read by hand.
struct Bytes(Vec<u8>);

impl Bytes {
    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.0[at..at + 2].try_into().unwrap())
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.0[at..at + 4].try_into().unwrap())
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at..at + 8].try_into().unwrap())
    }

    fn day(&self, at: usize) -> String {
        xinhe::domain::date::Day::from_number(self.u32(at).cast_signed()).to_string()
    }

    /// Offset and length of the section with this number, from 1.
    fn section(&self, number: usize) -> (usize, usize) {
        let row = 64 + 32 * (number - 1);
        (self.u64(row + 8) as usize, self.u64(row + 16) as usize)
    }

    fn section_bytes(&self, number: usize) -> &[u8] {
        let (offset, length) = self.section(number);
        &self.0[offset..offset + length]
    }

    /// A string of the section `strings`, number 8.
    fn string(&self, number: u32) -> &str {
        let (at, _) = self.section(8);
        let count = self.u32(at) as usize;
        let ends = |n: u32| self.u32(at + 4 + 4 * n as usize) as usize;
        let base = at + 8 + 4 * count;
        std::str::from_utf8(&self.0[base + ends(number)..base + ends(number + 1)]).unwrap()
    }
}

/// An organisation with one corrected list entry.
fn one_organisation() -> Bytes {
    let mut draft = enterprise(1, "甲公司");
    draft.subject.names =
        NamesDraft::Organisation { current: "甲公司".into(), former: vec!["乙".into()] };
    draft.subject.state = Some(("吊销".into(), StateClass::Adverse, 2));
    draft.subject.aliases = vec![key_of(&registration_number(1))];
    let events = vec![
        correction(CorrectionKind::ObjectionOpened, "2026-07-01"),
        correction(CorrectionKind::Repaired, "2026-08-01"),
    ];
    listed(&mut draft, 7, "2026-05-01", Some("2029-05-01"), events);
    Bytes(part_of(&[draft]))
}

#[test]
fn the_header_tells_where_sections_lie() {
    let bytes = one_organisation();
    assert_eq!(&bytes.0[..8], b"xinhe\0\r\n");
    assert_eq!((bytes.u16(8), bytes.u16(10)), (2, 14));
    assert_eq!((bytes.u32(12), bytes.u32(16)), (0, 1));
    assert_eq!(bytes.u64(32), bytes.0.len() as u64);
    let mut end = 4096;
    for number in 1..=14 {
        let row = 64 + 32 * (number - 1);
        assert_eq!((bytes.u32(row), bytes.u32(row + 4)), (number as u32, 0));
        let (offset, length) = bytes.section(number);
        assert_eq!(offset, end, "section {number} begins on the page behind the one before");
        assert_eq!(bytes.u64(row + 24), xxh3_64(bytes.section_bytes(number)));
        end = (offset + length).next_multiple_of(4096);
        assert!(bytes.0[offset + length..end].iter().all(|byte| *byte == 0), "padding is zero");
    }
    assert_eq!(end, bytes.0.len());
    assert!(bytes.0[64 + 32 * 14..4088].iter().all(|byte| *byte == 0));
    assert_eq!(bytes.u64(4088), xxh3_64(&bytes.0[..4088]));
}

#[test]
fn a_standing_has_64_bytes() {
    let bytes = one_organisation();
    let (at, length) = bytes.section(4);
    assert_eq!(length, 64);
    let code = unified_code(1);
    let hash = key_of(&code).hash();
    assert_eq!(bytes.0[at], 1, "a unified code");
    assert_eq!(bytes.0[at + 1], 0b10_0100, "enterprise, registered, adverse");
    assert_eq!(bytes.u16(at + 2), 2, "source of the state");
    assert_eq!(bytes.u32(at + 4), (hash >> 32) as u32);
    assert_eq!(&bytes.0[at + 8..at + 26], code.as_bytes());
    assert_eq!(&bytes.0[at + 26..at + 32], [0; 6]);
    let span = bytes.u64(at + 32);
    assert_eq!((span & 0xFFFF_FFFF_FFFF, span >> 48), (0, bytes.section(7).1 as u64));
    assert_eq!(bytes.string(bytes.u32(at + 40)), "吊销");
    assert_eq!((bytes.u32(at + 44), bytes.u32(at + 48)), (1, 0), "one entry, the first");
    assert_eq!(bytes.u32(at + 52) as usize, bytes.section(10).1);
    assert_eq!(bytes.u64(at + 56), 0);
    let (directory, length) = bytes.section(3);
    assert_eq!((length, bytes.u32(directory), bytes.u32(directory + 4)), (8, 0, 1));
}

#[test]
fn an_entry_has_64_bytes_and_an_event_32() {
    let bytes = one_organisation();
    let (at, length) = bytes.section(5);
    assert_eq!(length, 64);
    assert_eq!(&bytes.0[at..at + 16], RecordId([7; 16]).0);
    assert_eq!((bytes.0[at + 16], bytes.0[at + 17]), (0, 0), "a list's, punishing");
    assert_eq!(bytes.u16(at + 18), 0b10, "bars commitment, own, no objection");
    assert_eq!((bytes.u16(at + 20), bytes.u16(at + 22)), (1, 1), "list and source");
    assert_eq!(bytes.day(at + 24), "2026-05-01");
    assert_eq!(bytes.day(at + 28), "2026-05-01");
    assert_eq!(bytes.day(at + 32), "2029-05-01");
    assert_eq!(bytes.string(bytes.u32(at + 40)), "某局");
    assert_eq!(bytes.u32(at + 44), u32::MAX, "the list's title");
    let label = bytes.u64(at + 48);
    assert_eq!((label & 0xFFFF_FFFF_FFFF, label >> 48), (0, "某列〔2026〕1号".len() as u64));
    assert_eq!(bytes.section_bytes(9), "某列〔2026〕1号".as_bytes());
    assert_eq!((bytes.u32(at + 56), bytes.u16(at + 60)), (0, 2), "two events from the first");
    assert_eq!(bytes.u16(at + 62), 0);
    let (events, length) = bytes.section(6);
    assert_eq!(length, 2 * 32, "the entry and its record share them");
    for (place, on, kind) in [(0, "2026-07-01", 5), (1, "2026-08-01", 0)] {
        let at = events + 32 * place;
        assert_eq!((bytes.day(at), bytes.0[at + 4]), (on.to_owned(), kind));
        assert_eq!((bytes.u16(at + 6), bytes.u32(at + 8), bytes.u32(at + 12)), (1, 0, 0));
        assert_eq!(bytes.string(bytes.u32(at + 16)), "某更〔2026〕1号");
        assert_eq!(bytes.string(bytes.u32(at + 20)), "某局");
        assert_eq!(bytes.u64(at + 24), 2 + place as u64, "behind the register's row and the record's");
    }
}

#[test]
fn names_of_organisations_stand_with_their_lengths() {
    let bytes = one_organisation();
    let expected = [&[9, 0][..], "甲公司".as_bytes(), &[1, 3, 0], "乙".as_bytes()].concat();
    assert_eq!(bytes.section_bytes(7), expected);
}

#[test]
fn of_a_person_nothing_is_in_the_clear() {
    let bytes = Bytes(part_of(&[person(4, "欧阳试三")]));
    let (at, _) = bytes.section(4);
    assert_eq!(bytes.0[at], 100);
    assert_eq!(bytes.0[at + 1], 0b00_1111, "person, registered, active");
    assert_eq!(bytes.u32(at + 40), u32::MAX, "a blank state");
    let names = bytes.section_bytes(7);
    let digest = key().name(&key_of(&citizen(4)), "欧阳试三");
    let mask = "欧**三";
    let expected = [&digest[..], &[mask.len() as u8], mask.as_bytes(), &[0]].concat();
    assert_eq!(names, expected);
    let clear = [citizen(4).as_bytes().to_vec(), "欧阳试三".as_bytes().to_vec(), "阳试".as_bytes().to_vec()];
    for words in clear {
        assert!(!bytes.0.windows(words.len()).any(|window| window == words));
    }
    assert_eq!(fst::Map::new(bytes.section_bytes(14)).unwrap().len(), 0, "no person is found by name");
}

#[test]
fn indexes_lead_from_codes_and_names_to_rows() {
    let bytes = one_organisation();
    let aliases = fst::Map::new(bytes.section_bytes(13)).unwrap();
    let alias = [&[3][..], registration_number(1).as_bytes()].concat();
    assert_eq!((aliases.len(), aliases.get(alias)), (1, Some(0)));
    let names = fst::Map::new(bytes.section_bytes(14)).unwrap();
    let name = |name: &str| names.get([name.as_bytes(), &[0, 0, 0, 0, 0]].concat());
    assert_eq!((names.len(), name("甲公司"), name("乙")), (2, Some(0), Some(1)));
}

#[test]
fn a_dossier_is_packed() {
    let bytes = one_organisation();
    let expected: &[&[u8]] = &[
        // Register, division, representative, records; the register's source; the division; the mask.
        &[0b10_1011, 0, 2, 7],
        "张*三".as_bytes(),
        // First row, number of records, offset of their texts.
        &[0, 1, 0],
        // A record with an entry, which ends by the list's term: entry 0, no title, length of its texts.
        &[0b1, 0b10, 0, (10 + "某列〔2026〕1号某法 第一条".len()) as u8],
    ];
    assert_eq!(bytes.section_bytes(10), expected.concat());
    assert_eq!(bytes.string(2), "370402");
}

#[test]
fn a_record_without_an_entry_is_packed() {
    let mut draft = enterprise(1, "");
    (draft.subject.from_row, draft.subject.division) = (None, None);
    draft.subject.representative = "".into();
    let mut record = filed(RecordKind::Licence, 7, "2019-12-31", Some(day("2020-01-02")), vec![]);
    record.title = Some("甲".into());
    record.events = vec![correction(CorrectionKind::Repaired, "2026-08-01")];
    draft.records.push(record);
    let bytes = Bytes(part_of(&[draft]));
    let expected: &[&[u8]] = &[
        &[0b10_0000, 0, 1, 0],
        // A licence, open by law, with title, last day and corrections; id; source; a day before 2020; authority.
        &[0, 0b1101_0000],
        &[7; 16],
        &[2, 1, 1],
        // Title, a last day two days on, the first correction and only one, no texts.
        &[1, 4, 0, 1, 0],
    ];
    assert_eq!(bytes.section_bytes(10), expected.concat());
    assert_eq!((bytes.string(0), bytes.string(1)), ("甲", "某局"));
}

#[test]
fn an_origins_file_tells_file_and_line_of_every_row() {
    let mut draft = enterprise(1, "甲公司");
    listed(&mut draft, 7, "2026-05-01", None, vec![correction(CorrectionKind::Repaired, "2026-08-01")]);
    let (part, origins) = written(&[draft], 1, 0).remove(0);
    let bytes = Bytes(origins);
    assert_eq!(&bytes.0[..8], b"xinho\0\r\n");
    assert_eq!((bytes.u16(8), bytes.u16(10), bytes.u32(12), bytes.u32(16)), (1, 0, 0, 1));
    assert_eq!((bytes.u32(20), bytes.u64(24)), (3, 3), "files and rows");
    assert_eq!(bytes.u64(32), xxh3_64(&part[..4096]));
    let names: Vec<u8> = FILES
        .iter()
        .flat_map(|file| [&(file.len() as u32).to_le_bytes(), file.as_bytes()].concat())
        .collect();
    assert_eq!((bytes.u64(40), bytes.u64(48)), (names.len() as u64, xxh3_64(&names)));
    let (index, blocks) = (88 + names.len(), 88 + names.len() + 16);
    assert_eq!(bytes.0[88..index], names);
    assert_eq!((bytes.u64(56), bytes.u64(64)), (16, xxh3_64(&bytes.0[index..blocks])));
    assert_eq!(bytes.u64(72) as usize, bytes.0.len() - blocks);
    assert_eq!(bytes.u64(80), xxh3_64(&bytes.0[..80]));
    assert_eq!((bytes.u64(index), bytes.u64(index + 8)), (bytes.u64(72), xxh3_64(&bytes.0[blocks..])));
    let rows = zstd::bulk::decompress(&bytes.0[blocks..], 65536).unwrap();
    let files = [[0, 1, 1], [0; 3], [0; 3], [0; 3]].concat();
    let lines = [[3, 7, 9], [0; 3], [0; 3], [0; 3]].concat();
    assert_eq!(rows, [files, lines].concat());
}

#[test]
fn texts_are_zstd_blocks_with_their_offsets() {
    let bytes = one_organisation();
    let (index, length) = bytes.section(11);
    assert_eq!(length, 16);
    assert_eq!((bytes.u64(index), bytes.u64(index + 8) as usize), (0, bytes.section(12).1));
    let raw = zstd::bulk::decompress(bytes.section_bytes(12), 65536).unwrap();
    let text =
        |tag: u8, text: &str| [&[tag][..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    assert_eq!(raw, [text(0, "某列〔2026〕1号"), text(7, "某法 第一条")].concat());
}
