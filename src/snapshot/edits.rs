//! Names that are a few characters apart, as an automaton over UTF-8. The one of the `fst` crate (0.4.7) misses words
//! whose characters share leading bytes, as Chinese ones do.

use fst::Automaton;

/// Longest name that is compared; longer ones are searched by prefix only.
pub(super) const CHARS_MAX: usize = 48;

/// Words at most so many insertions, deletions and substitutions of characters from one word.
pub(super) struct Edits {
    wanted: Vec<char>,
    edits_max: u8,
}

/// What was read so far: the distances from each beginning of the wanted word, and the character that is being read.
#[derive(Clone, Copy)]
pub(super) struct Read {
    row: [u8; CHARS_MAX + 1],
    character: u32,
    bytes_missing: u8,
}

impl Edits {
    /// None if the word is too long to be compared.
    pub(super) fn new(word: &str, edits_max: u8) -> Option<Edits> {
        let wanted: Vec<char> = word.chars().collect();
        (wanted.len() <= CHARS_MAX).then_some(Edits { wanted, edits_max })
    }

    fn distances<'a>(&self, read: &'a Read) -> &'a [u8] {
        &read.row[..=self.wanted.len()]
    }

    /// The next row of the table of Wagner and Fischer. Distances are cut at one past the greatest that counts.
    fn step(&self, row: &[u8; CHARS_MAX + 1], character: u32) -> [u8; CHARS_MAX + 1] {
        let beyond = self.edits_max + 1;
        let mut next = [beyond; CHARS_MAX + 1];
        next[0] = (row[0] + 1).min(beyond);
        for (at, wanted) in self.wanted.iter().enumerate() {
            let substituted = row[at] + u8::from(u32::from(*wanted) != character);
            next[at + 1] = substituted.min(row[at + 1] + 1).min(next[at] + 1).min(beyond);
        }
        next
    }
}

impl Automaton for Edits {
    type State = Read;

    fn start(&self) -> Read {
        let beyond = usize::from(self.edits_max) + 1;
        let row = std::array::from_fn(|at| u8::try_from(at.min(beyond)).unwrap_or(u8::MAX));
        Read { row, character: 0, bytes_missing: 0 }
    }

    fn is_match(&self, read: &Read) -> bool {
        read.bytes_missing == 0 && self.distances(read).last().is_some_and(|last| *last <= self.edits_max)
    }

    fn can_match(&self, read: &Read) -> bool {
        self.distances(read).iter().any(|distance| *distance <= self.edits_max)
    }

    fn accept(&self, read: &Read, byte: u8) -> Read {
        let (character, bytes_missing) = match byte {
            0x80..=0xBF => {
                (read.character << 6 | u32::from(byte & 0x3F), read.bytes_missing.saturating_sub(1))
            }
            0xC0..=0xDF => (u32::from(byte & 0x1F), 1),
            0xE0..=0xEF => (u32::from(byte & 0x0F), 2),
            0xF0..=0xFF => (u32::from(byte & 0x07), 3),
            _ => (u32::from(byte), 0),
        };
        let row = if bytes_missing == 0 { self.step(&read.row, character) } else { read.row };
        Read { row, character, bytes_missing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fst::{IntoStreamer, Set};
    use proptest::prelude::*;

    fn finds(wanted: &str, name: &str, edits_max: u8) -> bool {
        let set = Set::from_iter([name]).unwrap();
        let found = set.search(Edits::new(wanted, edits_max).unwrap()).into_stream().into_strs().unwrap();
        !found.is_empty()
    }

    fn distance(a: &str, b: &str) -> usize {
        let b: Vec<char> = b.chars().collect();
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.chars().enumerate() {
            let mut next = vec![i + 1];
            for (j, y) in b.iter().enumerate() {
                next.push((row[j + 1] + 1).min(next[j] + 1).min(row[j] + usize::from(x != *y)));
            }
            row = next;
        }
        row[b.len()]
    }

    #[test]
    fn one_wrong_missing_or_doubled_character_of_a_company_is_forgiven() {
        let name = "枣庄试例物业管理有限公司";
        for slip in ["枣庄试例物业管理有限公同", "枣庄试例物业管理有限司", "枣庄试例物业管理有限公司司"]
        {
            assert!(finds(slip, name, 2), "{slip}");
        }
        assert!(!finds("枣庄试样物业服务有限公司", name, 2));
    }

    #[test]
    fn a_word_that_is_too_long_is_not_compared() {
        assert!(Edits::new(&"长".repeat(CHARS_MAX), 2).is_some());
        assert!(Edits::new(&"长".repeat(CHARS_MAX + 1), 2).is_none());
    }

    proptest! {
        /// Characters of one, two, three and four bytes, several of which begin with the same bytes.
        #[test]
        fn what_is_found_is_what_the_table_says(
            wanted in "[a\u{b7}公司同限\u{20000}]{0,8}",
            name in "[a\u{b7}公司同限\u{20000}]{0,8}",
            edits_max in 0..=3_u8,
        ) {
            let near = distance(&wanted, &name) <= usize::from(edits_max);
            prop_assert_eq!(finds(&wanted, &name, edits_max), near);
        }
    }
}
