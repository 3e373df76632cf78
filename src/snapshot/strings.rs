//! Strings that recur in a part, each kept once.

use super::layout::{NO_STRING, u32_at};
use std::collections::HashMap;

/// Gives each different string a number, in the order of first use.
#[derive(Default)]
pub(super) struct Interner {
    numbers: HashMap<Box<str>, u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

impl Interner {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.ends.len() as u32;
        self.numbers.insert(text.into(), number);
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends.push(self.bytes.len() as u32);
        number
    }

    pub(super) fn number_if(&mut self, text: Option<&str>) -> u32 {
        text.map_or(NO_STRING, |text| self.number(text))
    }

    pub(super) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut section = Vec::with_capacity(8 + self.ends.len() * 4 + self.bytes.len());
        section.extend_from_slice(&(self.ends.len() as u32).to_le_bytes());
        section.extend_from_slice(&0u32.to_le_bytes());
        for end in &self.ends {
            section.extend_from_slice(&end.to_le_bytes());
        }
        section.extend_from_slice(&self.bytes);
        section
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
        let section = interner.encode();
        for (word, number) in words.iter().zip(numbers) {
            assert_eq!(string(&section, number), Some(*word));
        }
        assert_eq!(string(&section, 3), None);
        assert_eq!(string(&section, NO_STRING), None);
        assert_eq!(string(&[], 0), None);
    }
}
