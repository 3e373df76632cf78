//! A set of codes that may take a stranger for a member, and never a member for a stranger.

/// A Bloom filter of hashes: two bits of one word for each.
pub(super) struct Filter(Vec<u64>);

impl Filter {
    /// Of a fixed size, in words of 8 bytes; a power of two.
    pub(super) fn new(words: usize) -> Filter {
        Filter(vec![0; words.next_power_of_two()])
    }

    pub(super) fn insert(&mut self, code: u64) {
        let (word, bits) = self.place(code);
        self.0[word] |= bits;
    }

    pub(super) fn may_hold(&self, code: u64) -> bool {
        let (word, bits) = self.place(code);
        self.0[word] & bits == bits
    }

    fn place(&self, code: u64) -> (usize, u64) {
        ((code >> 12) as usize & (self.0.len() - 1), 1 << (code & 63) | 1 << ((code >> 6) & 63))
    }
}
