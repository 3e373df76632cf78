//! Whom a code names, for all codes of the register at once: a hash of the code against a number of its group.

use xxhash_rust::xxh3::xxh3_64;

/// Open addressing with linear probing over 64-bit hashes. Two codes may share a hash: who finds a group by it compares
/// the codes themselves before anything is kept.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Key, 0 where there is none, beside its value: both lie in one line of the cache.
    slots: Vec<(u64, u32)>,
    len: usize,
}

impl Table {
    /// With room for so many keys.
    pub(crate) fn with_capacity(keys: usize) -> Table {
        let places = (keys * 4 / 3 + 16).next_multiple_of(16);
        Table { slots: vec![(0, 0); places], len: 0 }
    }

    fn place(&self, key: u64) -> usize {
        ((u128::from(key) * self.slots.len() as u128) >> 64) as usize
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: u64) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let key = key.max(1);
        let mut at = self.place(key);
        loop {
            match self.slots[at] {
                (0, _) => return None,
                (found, value) if found == key => return Some(value),
                _ => at = if at + 1 == self.slots.len() { 0 } else { at + 1 },
            }
        }
    }

    /// The value of a key, which is put there if it is new.
    pub(crate) fn entry(&mut self, key: u64, value: u32) -> &mut u32 {
        if (self.len + 1) * 5 > self.slots.len() * 4 {
            self.grow();
        }
        let key = key.max(1);
        let mut at = self.place(key);
        while self.slots[at].0 != 0 && self.slots[at].0 != key {
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
        if self.slots[at].0 == 0 {
            self.slots[at] = (key, value);
            self.len += 1;
        }
        &mut self.slots[at].1
    }

    fn grow(&mut self) {
        let mut larger = Table::with_capacity((self.slots.len() * 3 / 2).max(64));
        for (key, value) in self.slots.iter().filter(|(key, _)| *key != 0) {
            larger.entry(*key, *value);
        }
        *self = larger;
    }
}

/// The hash of a code by its kind, country and text.
pub(crate) fn code_hash(kind: u8, country: &[u8], text: &[u8]) -> u64 {
    let mut bytes = [0; 40];
    bytes[0] = kind;
    let end = 1 + country.len() + text.len();
    match bytes.get_mut(1..end) {
        Some(room) => {
            room[..country.len()].copy_from_slice(country);
            room[country.len()..].copy_from_slice(text);
            xxh3_64(&bytes[..end])
        }
        None => xxh3_64(&[&[kind], country, text].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_first_value_through_growth() {
        let mut table = Table::default();
        let key = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for n in 0..50_000u64 {
            assert_eq!(*table.entry(key(n), n as u32), n as u32);
        }
        for n in 0..50_000u64 {
            assert_eq!(*table.entry(key(n), 7), n as u32);
            assert_eq!(table.get(key(n)), Some(n as u32));
        }
        assert_eq!(table.get(key(50_000)), None);
        assert_eq!(*table.entry(0, 9), 0, "key 0 stands for key 1 in the table and was put at n = 0");
    }
}
