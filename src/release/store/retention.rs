//! Which corrections a release needs, as rules over numbers.

use std::ops::RangeInclusive;

/// Folder of the corrections in a store; each is a file named by its number.
pub const CORRECTIONS: &str = "corrections";

/// The number in the path of a correction, `corrections/0000000007.json`.
pub fn correction_number(path: &str) -> Option<u64> {
    path.strip_prefix(CORRECTIONS)?.strip_prefix('/')?.strip_suffix(".json")?.parse().ok()
}

/// The first numbers that are missing from what is served beside a release that folds in all up to `folded`.
///
/// Without them a record that they repaired would show again. A store that ends before `folded` lacks numbers too: the
/// next correction there would take a number that passes for folded in. `numbers` rise.
pub fn missing_corrections(folded: u64, numbers: &[u64]) -> Option<RangeInclusive<u64>> {
    let newest = numbers.last().copied().unwrap_or(0);
    if newest < folded {
        return Some(newest + 1..=folded);
    }
    let mut expected = folded.checked_add(1)?;
    for number in numbers.iter().copied().filter(|number| *number > folded) {
        if number != expected {
            return Some(expected..=number - 1);
        }
        expected = number.saturating_add(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_needs_every_correction_since_it_was_built() {
        assert_eq!(missing_corrections(0, &[]), None);
        assert_eq!(missing_corrections(0, &[1, 2, 3]), None);
        assert_eq!(missing_corrections(2, &[2, 3]), None);
        assert_eq!(missing_corrections(0, &[2, 3]), Some(1..=1));
        assert_eq!(missing_corrections(2, &[1, 2, 5, 7]), Some(3..=4));
        assert_eq!(missing_corrections(9, &[1, 2]), Some(3..=9), "another store's");
        assert_eq!(missing_corrections(u64::MAX, &[u64::MAX]), None);
    }

    #[test]
    fn a_correction_is_named_by_its_number() {
        assert_eq!(correction_number("corrections/0000000007.json"), Some(7));
        assert_eq!(correction_number("corrections/seven.json"), None);
        assert_eq!(correction_number("releases/0000000007.json"), None);
    }
}
