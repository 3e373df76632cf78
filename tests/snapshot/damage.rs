//! A damaged part is refused by name, or answers as if it were whole: never a panic, never a wrong answer.

use super::drafts::*;
use xinhe::domain::record::{RecordId, RecordKind};
use xinhe::snapshot::{FiledDraft, Origins, Part, Section, SnapshotError, Trust, verify};

/// All that a part answers about the subjects of [`of_everything`].
fn answers(part: &Part<&[u8]>, drafts: &[Draft]) -> String {
    let mut told = format!("{:?} {:?}", part.place(), part.subjects());
    for draft in drafts {
        let standing = part.find(&draft.key, draft.key.hash()).unwrap();
        let dossier = part.dossier(&standing).unwrap();
        let entries: Vec<_> = part.entries_of(&standing).unwrap().collect();
        told += &format!("{standing:?} {entries:?} {:?} {dossier:?}", part.shown_name(&standing));
        for filed in &dossier.records {
            told += &format!("{:?}", part.texts(filed.text, filed.text_length).unwrap());
            told += &format!("{:?}", part.events(filed.events, filed.events_count).collect::<Vec<_>>());
        }
        for alias in &draft.subject.aliases {
            told += &format!("{:?}", part.find_alias(alias).unwrap().map(|standing| standing.place));
        }
    }
    told += &format!("{:?}", part.search_names("枣庄", 10).unwrap());
    told += &format!("{:?} {:?}", part.meta().unwrap(), part.catalogue().unwrap());
    told
}

/// Says what it found and where.
fn is_named(error: &SnapshotError) -> bool {
    match error {
        SnapshotError::Corrupt { section, what, .. } => !section.is_empty() && !what.is_empty(),
        SnapshotError::Magic { .. }
        | SnapshotError::Version { .. }
        | SnapshotError::Fingerprint { .. }
        | SnapshotError::Length { .. } => true,
        _ => false,
    }
}

#[test]
fn a_part_cut_at_any_byte_is_refused_by_name() {
    let bytes = part_of(&of_everything());
    for end in 0..bytes.len() {
        for trust in [Trust::Nothing, Trust::Sums] {
            let error = Part::open(&bytes[..end], trust).unwrap_err();
            assert!(is_named(&error), "cut at {end}: {error}");
        }
    }
}

#[test]
fn a_part_with_any_bit_flipped_is_refused_by_name_or_answers_rightly() {
    let drafts = of_everything();
    let mut bytes = part_of(&drafts);
    let expected = answers(&Part::open(&bytes[..], Trust::Nothing).unwrap(), &drafts);
    let mut padding = 0;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            match Part::open(&bytes[..], Trust::Nothing) {
                Err(error) => assert!(is_named(&error), "bit {bit} of byte {at}: {error}"),
                // Padding: no answer reads it, so that one bit of a byte tells as much as all.
                Ok(part) if bit == at % 8 => {
                    padding += 1;
                    assert_eq!(answers(&part, &drafts), expected, "bit {bit} of byte {at}");
                }
                Ok(_) => assert_eq!(bytes[at], 1 << bit, "byte {at} is padding"),
            }
            bytes[at] ^= 1 << bit;
        }
    }
    assert!(padding > 0);
}

/// Sums are remembered, so that a part may be damaged after they were compared. The indexes of codes and names are the
/// sections that the crate `fst` reads, which panics where bytes make no sense.
#[test]
fn a_part_damaged_after_its_sums_were_verified_answers_or_names_the_section() {
    let drafts = of_everything();
    let mut bytes = part_of(&drafts);
    let mut refused = 0;
    for section in [Section::Aliases, Section::NameIndex] {
        for (at, bit) in extent(&bytes, section).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            bytes[at] ^= 1 << bit;
            let part = Part::open(&bytes[..], Trust::Sums).unwrap();
            let aliases = drafts.iter().flat_map(|draft| &draft.subject.aliases);
            let codes = aliases.map(|alias| part.find_alias(alias).map(drop));
            let names = ["枣庄", ""].map(|name| part.search_names(name, 3).map(drop));
            for error in codes.chain(names).filter_map(Result::err) {
                refused += 1;
                let told = error.to_string();
                let named = told.starts_with(&format!("section {} at offset", section.name()));
                assert!(named, "bit {bit} of byte {at}: {told}");
            }
            bytes[at] ^= 1 << bit;
        }
    }
    assert!(refused > 0);
}

#[test]
fn a_dossier_past_the_end_of_all_numbers_is_refused_by_name() {
    let mut bytes = part_of(&of_everything());
    let rows = extent(&bytes, Section::Standings);
    bytes[rows.start + 56..rows.start + 64].fill(0xFF);
    let part = Part::open(&bytes[..], Trust::Sums).unwrap();
    let error = part.dossier(&part.standing(0).unwrap()).unwrap_err();
    assert!(error.to_string().starts_with("section dossiers at offset"), "{error}");
    assert!(!verify(&part).findings.is_empty());
}

/// Rows of an origins file that takes two blocks, as they are read back.
fn rows_of(origins: &Origins<&[u8]>) -> Result<String, SnapshotError> {
    origins.verify()?;
    let rows = (0..origins.rows()).step_by(61).map(|row| origins.row(row));
    rows.map(|row| row.map(|(file, line)| format!("{file}:{line} "))).collect()
}

fn some_origins() -> Vec<u8> {
    let mut draft = enterprise(1, "");
    let template = filed(RecordKind::Licence, 1, "2026-05-01", None, vec![]);
    draft.records = (0..8200)
        .map(|n: u32| {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&n.to_be_bytes());
            FiledDraft { record: RecordId(id), from_row: row(2, n / 64), ..template.clone() }
        })
        .collect();
    written(&[draft], 1, 0).remove(0).1
}

#[test]
fn an_origins_file_cut_at_any_byte_is_refused_by_name() {
    let bytes = some_origins();
    assert!(rows_of(&Origins::open(&bytes[..]).unwrap()).is_ok());
    for end in 0..bytes.len() {
        let error = Origins::open(&bytes[..end]).unwrap_err();
        assert!(is_named(&error), "cut at {end}: {error}");
    }
}

#[test]
fn an_origins_file_with_any_bit_flipped_is_refused_by_name() {
    let mut bytes = some_origins();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            let error = Origins::open(&bytes[..]).and_then(|origins| rows_of(&origins)).unwrap_err();
            assert!(is_named(&error), "bit {bit} of byte {at}: {error}");
            bytes[at] ^= 1 << bit;
        }
    }
}

/// Dossiers are unpacked by hand: whatever they hold ends in a dossier or an error, also where no sum was compared.
#[test]
fn a_dossier_damaged_after_its_sums_were_verified_unpacks_or_names_the_section() {
    let mut bytes = part_of(&of_everything());
    let mut refused = 0;
    for at in extent(&bytes, Section::Dossiers) {
        for flip in 1..=255 {
            bytes[at] ^= flip;
            let part = Part::open(&bytes[..], Trust::Sums).unwrap();
            for place in 0..part.subjects() {
                let Err(error) = part.dossier(&part.standing(place).unwrap()) else { continue };
                refused += 1;
                assert!(error.to_string().starts_with("section dossiers at offset"), "{error}");
            }
            bytes[at] ^= flip;
        }
    }
    assert!(refused > 0);
}

/// The bytes of a section, by the table in the header.
fn extent(file: &[u8], section: Section) -> std::ops::Range<usize> {
    let at = 64 + 32 * (section as usize - 1) + 8;
    let number = |at: usize| u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
    number(at)..number(at) + number(at + 8)
}

#[test]
fn verify_finds_every_flipped_bit_that_opening_on_trust_does_not() {
    let mut bytes = part_of(&of_everything());
    assert!(verify(&Part::open(&bytes[..], Trust::Nothing).unwrap()).findings.is_empty());
    for at in (0..bytes.len()).filter(|at| at % 4096 < 1536) {
        let bit = at % 8;
        bytes[at] ^= 1 << bit;
        let padding = Part::open(&bytes[..], Trust::Nothing).is_ok();
        if let (Ok(part), false) = (Part::open(&bytes[..], Trust::Sums), padding) {
            let verified = verify(&part);
            assert!(!verified.findings.is_empty(), "bit {bit} of byte {at}");
        }
        bytes[at] ^= 1 << bit;
    }
}
