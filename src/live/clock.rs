//! What time it is for checks.

use crate::domain::date::Day;
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds between midnight in UTC+8 and midnight in UTC.
const CHINA_AHEAD_S: i64 = 8 * 3600;
const DAY_S: i64 = 86_400;

/// What time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The system's, in UTC+8.
    System,
    /// Always the beginning of this day, for trials.
    Fixed(Day),
}

/// A moment, and its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The day in UTC+8.
    pub day: Day,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_s: i64,
}

impl Clock {
    /// The moment of a check that is asked now.
    pub fn now(self) -> Now {
        match self {
            Clock::Fixed(day) => Now { day, unix_s: begin_of(day) },
            Clock::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let unix_s = i64::try_from(since.as_secs()).unwrap_or(i64::MAX / 2);
                Now { day: Day::in_china(unix_s), unix_s }
            }
        }
    }

    /// The day of a check that is asked now.
    pub fn today(self) -> Day {
        self.now().day
    }
}

/// Seconds that passed since a day of data was over in UTC+8; 0 before. So data of a day that is not over has no age, and
/// an age of 24 h begins where a source that may be one day old turns stale.
pub fn age_s(as_of: Day, now: Now) -> i64 {
    now.unix_s.saturating_sub(begin_of(as_of.next())).max(0)
}

/// Midnight in UTC+8 at the beginning of a day.
fn begin_of(day: Day) -> i64 {
    i64::from(day.number()) * DAY_S - CHINA_AHEAD_S
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_data_ages_from_its_end_in_china() {
        let day = |text: &str| Day::parse_iso(text).unwrap();
        let at = |text: &str| Clock::Fixed(day(text)).now();
        assert_eq!(age_s(day("2026-11-20"), at("2026-11-19")), 0);
        assert_eq!(age_s(day("2026-11-20"), at("2026-11-20")), 0);
        assert_eq!(age_s(day("2026-11-20"), at("2026-11-21")), 0);
        assert_eq!(age_s(day("2026-11-20"), at("2026-11-22")), DAY_S);
        let late = Now { unix_s: at("2026-11-21").unix_s - 1, ..at("2026-11-20") };
        assert_eq!(Day::in_china(late.unix_s), day("2026-11-20"), "a second before midnight in UTC+8");
        assert_eq!(Day::in_china(late.unix_s + 1), day("2026-11-21"));
    }
}
