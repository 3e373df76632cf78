//! Strings that recur in a part, each kept once.

use super::layout::{NO_STRING, u32_at};
use std::io::{self, Write};
use xxhash_rust::xxh3::xxh3_64;

/// Gives each different string a number, in the order of first use. A table of numbers over one run of bytes: a string
/// that is known costs a sum and a comparison, and none an allocation of its own.
#[derive(Default)]
pub(super) struct Interner {
    /// Number + 1 by the sum of the string, 0 for a free place; a power of two, at most half full.
    slots: Vec<u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Interner {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if self.slots.len() < 2 * (self.ends.len() + 1) {
            self.grow();
        }
        let mut slot = self.first_slot(text.as_bytes());
        loop {
            match self.slots[slot].checked_sub(1) {
                None => break,
                Some(number) if self.at(number) == text.as_bytes() => return number,
                Some(_) => slot = (slot + 1) & (self.slots.len() - 1),
            }
        }
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len() as u32);
        self.slots[slot] = number + 1;
        number
    }

    fn first_slot(&self, text: &[u8]) -> usize {
        xxh3_64(text) as usize & (self.slots.len() - 1)
    }

    fn at(&self, number: u32) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        // Past 4 GiB the ends are wrong; `size` lets the writer refuse that.
        self.bytes.get(start as usize..self.ends[number as usize] as usize).unwrap_or_default()
    }

    fn grow(&mut self) {
        self.slots = vec![0; (4 * (self.ends.len() + 1)).next_power_of_two().max(1024)];
        for number in 0..self.ends.len() as u32 {
            let mut slot = self.first_slot(self.at(number));
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (self.slots.len() - 1);
            }
            self.slots[slot] = number + 1;
        }
    }

    pub(super) fn number_if(&mut self, text: Option<&str>) -> u32 {
        text.map_or(NO_STRING, |text| self.number(text))
    }

    pub(super) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(super) fn encode(&self, section: &mut impl Write) -> io::Result<()> {
        section.write_all(&(self.ends.len() as u32).to_le_bytes())?;
        section.write_all(&0u32.to_le_bytes())?;
        for end in &self.ends {
            section.write_all(&end.to_le_bytes())?;
        }
        section.write_all(&self.bytes)
    }
}

/// The string with this number; `None` for "no string" and for numbers that the section lacks.
pub(super) fn string(section: &[u8], number: u32) -> Option<&str> {
    if number == NO_STRING || section.len() < 8 {
        return None;
    }
    let count = u32_at(section, 0);
    if number >= count {
        return None;
    }
    let end_at = |place: u32| u32_at(section, 4 + 4 * place as usize) as usize;
    let base = 8 + 4 * count as usize;
    let bytes = section.get(base..)?.get(end_at(number)..end_at(number + 1))?;
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_by_number() {
        let mut interner = Interner::default();
        let words = ["存续", "", "某局", "存续"];
        let numbers: Vec<u32> = words.iter().map(|word| interner.number(word)).collect();
        assert_eq!(numbers, [0, 1, 2, 0]);
        let mut section = Vec::new();
        interner.encode(&mut section).unwrap();
        for (word, number) in words.iter().zip(numbers) {
            assert_eq!(string(&section, number), Some(*word));
        }
        assert_eq!(string(&section, 3), None);
        assert_eq!(string(&section, NO_STRING), None);
        assert_eq!(string(&[], 0), None);
    }

    #[test]
    fn many_strings_keep_their_numbers() {
        let mut interner = Interner::default();
        for round in 0..2 {
            for n in 0..5000u32 {
                assert_eq!(interner.number(&format!("局{n}")), n, "round {round}");
            }
        }
    }
}
