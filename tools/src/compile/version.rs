//! Of two versions of one thing: higher priority, then later SJC, later date, bytewise smaller row (`data.md` §2).

use std::cmp::Ordering;
use xinhe::domain::date::Day;

/// What decides between versions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rank<'a> {
    /// Of the source.
    pub priority: i64,
    /// SJC.
    pub changed: Option<u64>,
    /// The record's own date; none for subjects.
    pub date: Option<Day>,
    /// The row.
    pub row: &'a [u8],
}

/// The better version is `Less`.
pub(crate) fn by_rank(a: &Rank<'_>, b: &Rank<'_>) -> Ordering {
    b.priority
        .cmp(&a.priority)
        .then(b.changed.cmp(&a.changed))
        .then(b.date.cmp(&a.date))
        .then(a.row.cmp(b.row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_then_change_then_date_then_row() {
        let rank = |priority, changed, date: Option<i32>, row| Rank {
            priority,
            changed,
            date: date.map(Day::from_number),
            row,
        };
        let better = [
            (rank(2, None, None, b"z".as_slice()), rank(1, Some(9), Some(9), b"a".as_slice())),
            (rank(1, Some(2), Some(1), b"z"), rank(1, Some(1), Some(9), b"a")),
            (rank(1, Some(1), None, b"z"), rank(1, None, Some(9), b"a")),
            (rank(1, None, Some(2), b"z"), rank(1, None, Some(1), b"a")),
            (rank(1, None, Some(1), b"a"), rank(1, None, Some(1), b"b")),
        ];
        for (a, b) in better {
            assert_eq!(by_rank(&a, &b), Ordering::Less);
            assert_eq!(by_rank(&b, &a), Ordering::Greater);
        }
    }
}
