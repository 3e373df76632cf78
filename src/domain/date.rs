//! Days and terms as the law counts them.
//!
//! A day is a date in China (UTC+8). Terms follow the Civil Code, art. 201 and 202: the first day is not
//! counted; a term of months or years ends on the corresponding day, or on the month's last day where there is none.

use std::fmt;
use std::str::FromStr;

/// A calendar day, as the number of days since 1970-01-01 in the proleptic Gregorian calendar.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// Stands for "no end" where a fixed-size field must hold a day.
    pub const OPEN: Day = Day(i32::MAX);
    /// Stands for "since ever" where a fixed-size field must hold a day.
    pub const EVER: Day = Day(i32::MIN);

    /// The day with this number of days since 1970-01-01.
    pub const fn from_number(number: i32) -> Day {
        Day(number)
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The day in UTC+8 at a moment given in seconds since 1970-01-01T00:00:00Z.
    pub fn in_china(unix_seconds: i64) -> Day {
        Day(i32::try_from((unix_seconds + 8 * 3600).div_euclid(86_400)).unwrap_or(i32::MAX - 1))
    }

    /// A date of the calendar, years 1 to 9999; `None` where there is no such day.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Day> {
        let real = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && day >= 1
            && day <= month_length(year, month);
        real.then(|| Day(days_from_civil(year, month, day)))
    }

    /// Year, month (1 to 12) and day of the month.
    pub fn ymd(self) -> (i32, u32, u32) {
        civil_from_days(self.0)
    }

    /// `YYYY-MM-DD` only, as the contract writes days.
    pub fn parse_iso(text: &str) -> Option<Day> {
        let bytes = text.as_bytes();
        let shaped = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
        if !shaped {
            return None;
        }
        Day::from_ymd(digits(&bytes[..4])? as i32, digits(&bytes[5..7])?, digits(&bytes[8..])?)
    }

    /// The last day of a term that starts with this day (Civil Code art. 201, 202).
    pub fn plus(self, term: Term) -> Day {
        match term {
            Term::Days(n) => Day(self.0.saturating_add_unsigned(n)),
            Term::Months(n) => self.plus_months(i64::from(n)),
            Term::Years(n) => self.plus_months(i64::from(n) * 12),
        }
    }

    /// The same day of the month so many months earlier, or that month's last day.
    pub fn minus_years(self, years: u32) -> Day {
        self.plus_months(-i64::from(years) * 12)
    }

    fn plus_months(self, months: i64) -> Day {
        let (year, month, day) = self.ymd();
        let total = i64::from(year) * 12 + i64::from(month) - 1 + months;
        let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
        if year > 9999 {
            return Day::OPEN;
        }
        let year = year as i32;
        Day(days_from_civil(year, month, day.min(month_length(year, month))))
    }

    /// The day after.
    pub fn next(self) -> Day {
        Day(self.0.saturating_add(1))
    }

    /// The day before.
    pub fn previous(self) -> Day {
        Day(self.0.saturating_sub(1))
    }

    /// Whole days from `earlier` to this day; negative if `earlier` is later.
    pub fn days_since(self, earlier: Day) -> i64 {
        i64::from(self.0) - i64::from(earlier.0)
    }

    /// `YYYY-MM-DD` without allocation.
    pub fn iso(self) -> [u8; 10] {
        let (year, month, day) = self.ymd();
        let digit = |n: i32| b'0' + n.rem_euclid(10) as u8;
        let (month, day) = (month as i32, day as i32);
        [
            digit(year / 1000),
            digit(year / 100),
            digit(year / 10),
            digit(year),
            b'-',
            digit(month / 10),
            digit(month),
            b'-',
            digit(day / 10),
            digit(day),
        ]
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Day::OPEN => f.write_str("open"),
            Day::EVER => f.write_str("ever"),
            _ => fmt::Display::fmt(self, f),
        }
    }
}

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Day, NotADay> {
        Day::parse_iso(text).ok_or_else(|| NotADay(text.to_owned()))
    }
}

/// A text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no day: expected YYYY-MM-DD, such as 2026-11-20")]
pub struct NotADay(String);

/// A length of time as the catalogue writes it: `10d`, `3m`, `5y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Term {
    /// Days.
    Days(u32),
    /// Calendar months.
    Months(u32),
    /// Calendar years.
    Years(u32),
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Days(n) => write!(f, "{n}d"),
            Term::Months(n) => write!(f, "{n}m"),
            Term::Years(n) => write!(f, "{n}y"),
        }
    }
}

impl FromStr for Term {
    type Err = NotATerm;

    fn from_str(text: &str) -> Result<Term, NotATerm> {
        let refuse = || NotATerm(text.to_owned());
        let (number, unit) = text.split_at_checked(text.len().wrapping_sub(1)).ok_or_else(refuse)?;
        if number.is_empty() || number.len() > 6 {
            return Err(refuse());
        }
        let n = digits(number.as_bytes()).ok_or_else(refuse)?;
        match unit {
            "d" => Ok(Term::Days(n)),
            "m" => Ok(Term::Months(n)),
            "y" => Ok(Term::Years(n)),
            _ => Err(refuse()),
        }
    }
}

/// A text that is no term.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no term: expected a number with d, m or y, such as 7d, 3m or 5y")]
pub struct NotATerm(String);

/// The value of up to nine ASCII digits; `None` for anything else, and for nothing at all.
pub(crate) fn digits(bytes: &[u8]) -> Option<u32> {
    if bytes.is_empty() || bytes.len() > 9 {
        return None;
    }
    bytes.iter().try_fold(0u32, |value, b| b.is_ascii_digit().then(|| value * 10 + u32::from(b - b'0')))
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts in years that start on 1 March, so that the leap day is the last of its year.
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = (month as i32 + 9) % 12;
    let day_of_year = (153 * shifted + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(number: i32) -> (i32, u32, u32) {
    let days = i64::from(number) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn every_day_of_five_centuries_converts_both_ways() {
        let (first, last) = (day("1700-01-01"), day("2200-12-31"));
        let mut before = (0, 0, 0);
        for number in first.number()..=last.number() {
            let civil = Day(number).ymd();
            assert!(civil > before);
            assert_eq!(Day::from_ymd(civil.0, civil.1, civil.2), Some(Day(number)));
            assert_eq!(std::str::from_utf8(&Day(number).iso()).unwrap(), Day(number).to_string());
            before = civil;
        }
        assert_eq!(day("1970-01-01").number(), 0);
        assert_eq!(day("2000-03-01").number(), 11_017);
    }

    #[test]
    fn months_end_on_the_corresponding_day_or_the_last() {
        assert_eq!(day("2025-11-30").plus(Term::Months(3)), day("2026-02-28"));
        assert_eq!(day("2024-02-29").plus(Term::Years(1)), day("2025-02-28"));
        assert_eq!(day("2026-01-31").plus(Term::Months(1)), day("2026-02-28"));
        assert_eq!(day("2026-11-20").plus(Term::Days(7)), day("2026-11-27"));
        assert_eq!(day("2026-11-20").plus(Term::Days(0)), day("2026-11-20"));
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "2026/01/01", "", "0000-01-01"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_day_in_china_starts_eight_hours_early() {
        let midnight = i64::from(day("2026-11-21").number()) * 86_400;
        assert_eq!(Day::in_china(midnight - 8 * 3600), day("2026-11-21"));
        assert_eq!(Day::in_china(midnight - 8 * 3600 - 1), day("2026-11-20"));
    }

    #[test]
    fn terms_are_a_number_and_a_unit() {
        assert_eq!("3m".parse(), Ok(Term::Months(3)));
        assert_eq!("0d".parse(), Ok(Term::Days(0)));
        for text in ["", "m", "3", "3w", "-1d", "1.5y", "期", "3 m"] {
            assert!(text.parse::<Term>().is_err(), "{text}");
        }
    }
}
