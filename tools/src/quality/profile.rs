//! What the values of a column look like: enough to see that two columns were swapped, though every cell still parses.

use super::ColumnShape;
use super::figures::share;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Every row up to this line is looked at.
const WHOLE_LINES: u32 = 4_096;
/// Beyond it, one row of so many.
const ONE_OF: u32 = 16;
/// Values that can be told apart.
const DISTINCT: usize = 4_096;

/// Whether a row belongs to the sample: by its line, so that threads make no difference.
pub(super) fn is_sampled(line: u32) -> bool {
    line <= WHOLE_LINES || line.is_multiple_of(ONE_OF)
}

/// The shape of one column of one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub(super) struct Profile {
    looked_at: u64,
    with_digits: u64,
    seen: Box<[u64; DISTINCT / 64]>,
}

/// A profile as it is written; of values seen, the words that are not 0 by their place.
#[derive(Serialize, Deserialize)]
struct Written {
    looked_at: u64,
    with_digits: u64,
    seen: Vec<(u16, u64)>,
}

impl From<Profile> for Written {
    fn from(profile: Profile) -> Written {
        let seen = (0..).zip(profile.seen.iter().copied()).filter(|(_, word)| *word != 0).collect();
        Written { looked_at: profile.looked_at, with_digits: profile.with_digits, seen }
    }
}

impl TryFrom<Written> for Profile {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Profile, &'static str> {
        let (looked_at, with_digits) = (written.looked_at, written.with_digits);
        let mut profile = Profile { looked_at, with_digits, ..Profile::default() };
        for (place, word) in written.seen {
            *profile
                .seen
                .get_mut(usize::from(place))
                .ok_or("a column has more values than can be told apart")? = word;
        }
        Ok(profile)
    }
}

impl Default for Profile {
    fn default() -> Profile {
        Profile { looked_at: 0, with_digits: 0, seen: Box::new([0; DISTINCT / 64]) }
    }
}

impl Profile {
    /// Looks at a value.
    pub(super) fn look(&mut self, value: &str) {
        self.looked_at += 1;
        self.with_digits += u64::from(value.bytes().any(|byte| byte.is_ascii_digit()));
        let bit = xxh3_64(value.as_bytes()) as usize % DISTINCT;
        self.seen[bit / 64] |= 1 << (bit % 64);
    }

    /// Takes in what another thread saw.
    pub(super) fn add(&mut self, other: &Profile) {
        self.looked_at += other.looked_at;
        self.with_digits += other.with_digits;
        self.seen.iter_mut().zip(other.seen.iter()).for_each(|(all, more)| *all |= more);
    }

    /// As the report tells it.
    pub(super) fn shape(&self, column: &str) -> ColumnShape {
        let distinct: u64 = self.seen.iter().map(|bits| u64::from(bits.count_ones())).sum();
        ColumnShape {
            column: column.to_owned(),
            looked_at: self.looked_at,
            with_digits: share(self.with_digits, self.looked_at),
            variety: share(distinct, self.looked_at.min(DISTINCT as u64)),
        }
    }
}
