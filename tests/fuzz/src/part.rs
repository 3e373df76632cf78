//! Inputs of the target `snapshot`: a part without its padding, or changes of the golden part.
//!
//! A part is mostly padding, and its sums refuse nearly every change, so that a fuzzer that changed whole files would
//! hardly get past the header. The first byte of an input says what the rest is.
//!
//! ```text
//! bit 0 clear   sections, in the order of the file: u16 length, bytes; those that are missing are empty
//! bit 0 set     changes of the golden part: u16 place, u8 that is added to the byte there
//!       bit 1   afterwards the sum of the header is made to fit
//! ```

use super::GOLDEN;
use xinhe::snapshot::Section;
use xxhash_rust::xxh3::xxh3_64;

const PAGE: usize = 4096;
const TABLE_AT: usize = 64;
const TABLE_ROW: usize = 32;
const LENGTH_AT: usize = 32;
const SUM_AT: usize = PAGE - 8;

/// The bytes of a part file for an input.
pub fn of_input(input: &[u8]) -> Vec<u8> {
    match input.split_first() {
        Some((form, rest)) if form & 1 != 0 => changed(rest, form & 2 != 0),
        Some((_, rest)) => of_sections(rest),
        None => Vec::new(),
    }
}

/// The input of which [`of_input`] makes the golden part again.
pub fn golden_input() -> Vec<u8> {
    let mut input = vec![0];
    for place in 0..Section::COUNT {
        let (offset, length) = (table(GOLDEN, place, 8), table(GOLDEN, place, 16));
        input.extend_from_slice(&(length as u16).to_le_bytes());
        input.extend_from_slice(&GOLDEN[offset..offset + length]);
    }
    input
}

fn table(file: &[u8], place: usize, field: usize) -> usize {
    let at = TABLE_AT + place * TABLE_ROW + field;
    u64::from_le_bytes(file[at..at + 8].try_into().expect("eight bytes")) as usize
}

fn of_sections(mut rest: &[u8]) -> Vec<u8> {
    let mut file = GOLDEN[..PAGE].to_vec();
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
    mend(&mut file);
    file
}

fn changed(changes: &[u8], mended: bool) -> Vec<u8> {
    let mut file = GOLDEN.to_vec();
    for change in changes.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]]));
        if let Some(byte) = file.get_mut(place) {
            *byte = byte.wrapping_add(change[2]);
        }
    }
    if mended {
        mend(&mut file);
    }
    file
}

fn mend(file: &mut [u8]) {
    let sum = xxh3_64(&file[..SUM_AT]);
    file[SUM_AT..PAGE].copy_from_slice(&sum.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_golden_part_comes_back() {
        assert!(of_input(&golden_input()) == GOLDEN);
        assert!(of_input(&[1]) == GOLDEN);
        assert!(of_input(&[3]) == GOLDEN);
    }
}
