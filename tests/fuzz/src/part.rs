//! Inputs of the target `snapshot`: a part without its padding, or changes of the golden part.
//!
//! A part is mostly padding, and its sums refuse nearly every change, so that a fuzzer that changed whole files would
//! hardly get past the header. The first byte of an input says what the rest is.
//!
//! ```text
//! bit 0 clear   sections, in the order of the file: u16 length, bytes; those that are missing are empty
//! bit 0 set     changes of the golden part: u16 place, u8 that is added to the byte there
//!       bit 1   afterwards the sum of the header is made to fit
//! bit 2 set     the golden part of the format before, with its header
//! bit 3 set     changes of the golden origins file instead, as of a part
//!       bit 1   afterwards the sum of its header is made to fit
//! ```

use super::{GOLDEN, GOLDEN_BEFORE, GOLDEN_ORIGINS};
use xinhe::snapshot::Section;
use xxhash_rust::xxh3::xxh3_64;

const PAGE: usize = 4096;
const TABLE_AT: usize = 64;
const TABLE_ROW: usize = 32;
const LENGTH_AT: usize = 32;
const SUM_AT: usize = PAGE - 8;
const ORIGINS_SUM_AT: usize = 80;

/// The bytes of a part file for an input.
pub fn of_input(input: &[u8]) -> Vec<u8> {
    let Some((form, rest)) = input.split_first() else { return Vec::new() };
    let golden = if form & 4 != 0 { GOLDEN_BEFORE } else { GOLDEN };
    if form & 1 == 0 {
        return of_sections(golden, rest);
    }
    let mut file = changed(golden, rest);
    if form & 2 != 0 {
        mend(&mut file, SUM_AT);
    }
    file
}

/// The bytes of an origins file, if the input asks for one.
pub fn origins_of_input(input: &[u8]) -> Option<Vec<u8>> {
    let (form, rest) = input.split_first().filter(|(form, _)| *form & 8 != 0)?;
    let mut file = changed(GOLDEN_ORIGINS, rest);
    if form & 2 != 0 {
        mend(&mut file, ORIGINS_SUM_AT);
    }
    Some(file)
}

/// The input of which [`of_input`] makes the golden part again, or that of the format before.
pub fn golden_input(before: bool) -> Vec<u8> {
    let (golden, form) = if before { (GOLDEN_BEFORE, 4) } else { (GOLDEN, 0) };
    let mut input = vec![form];
    for place in 0..Section::COUNT {
        let (offset, length) = (table(golden, place, 8), table(golden, place, 16));
        input.extend_from_slice(&(length as u16).to_le_bytes());
        input.extend_from_slice(&golden[offset..offset + length]);
    }
    input
}

fn table(file: &[u8], place: usize, field: usize) -> usize {
    let at = TABLE_AT + place * TABLE_ROW + field;
    u64::from_le_bytes(file[at..at + 8].try_into().expect("eight bytes")) as usize
}

fn of_sections(golden: &[u8], mut rest: &[u8]) -> Vec<u8> {
    let mut file = golden[..PAGE].to_vec();
    for place in 0..Section::COUNT {
        let (length, after) = rest.split_first_chunk::<2>().unwrap_or((&[0; 2], &[]));
        let (section, after) = after.split_at(usize::from(u16::from_le_bytes(*length)).min(after.len()));
        rest = after;
        let fields = [file.len() as u64, section.len() as u64, xxh3_64(section)];
        for (field, value) in fields.into_iter().enumerate() {
            let at = TABLE_AT + place * TABLE_ROW + 8 + 8 * field;
            file[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        file.extend_from_slice(section);
        file.resize(file.len().next_multiple_of(PAGE), 0);
    }
    let length = file.len() as u64;
    file[LENGTH_AT..LENGTH_AT + 8].copy_from_slice(&length.to_le_bytes());
    mend(&mut file, SUM_AT);
    file
}

fn changed(golden: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut file = golden.to_vec();
    for change in changes.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]]));
        if let Some(byte) = file.get_mut(place) {
            *byte = byte.wrapping_add(change[2]);
        }
    }
    file
}

/// Makes the sum that stands at the end of a header fit.
fn mend(file: &mut [u8], at: usize) {
    let sum = xxh3_64(&file[..at]);
    file[at..at + 8].copy_from_slice(&sum.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_parts_come_back() {
        for (before, golden) in [(false, GOLDEN), (true, GOLDEN_BEFORE)] {
            let form = if before { 4 } else { 0 };
            assert!(of_input(&golden_input(before)) == golden);
            assert!(of_input(&[form | 1]) == golden);
            assert!(of_input(&[form | 3]) == golden);
        }
        assert!(origins_of_input(&[8]).as_deref() == Some(GOLDEN_ORIGINS));
        assert!(origins_of_input(&[10]).as_deref() == Some(GOLDEN_ORIGINS));
    }
}
