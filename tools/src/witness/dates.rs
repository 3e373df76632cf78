//! Days and terms, counted by Civil Code art. 201 and 202 with nothing but a table of months.

use std::fmt;

/// A calendar day. Comparing two of them compares year, then month, then day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    year: u32,
    month: u32,
    day: u32,
}

impl Day {
    /// The day, if the calendar has it.
    pub(crate) fn new(year: u32, month: u32, day: u32) -> Option<Day> {
        let real = (1..=9999).contains(&year) && day >= 1 && day <= days_in_month(year, month);
        real.then_some(Day { year, month, day })
    }

    /// Reads `YYYY-MM-DD`, `YYYY/MM/DD` or `YYYYMMDD`; months and days may have one digit where they are parted.
    pub fn read(text: &str) -> Option<Day> {
        let parted: Vec<&str> = text.split(['-', '/']).collect();
        let number = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
            let plain = lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| text.parse::<u32>().ok()).flatten()
        };
        match parted[..] {
            [year, month, day] => Day::new(number(year, 4..=4)?, number(month, 1..=2)?, number(day, 1..=2)?),
            [whole] if whole.len() == 8 && whole.is_ascii() => Day::new(
                number(&whole[..4], 4..=4)?,
                number(&whole[4..6], 2..=2)?,
                number(&whole[6..], 2..=2)?,
            ),
            _ => None,
        }
    }

    /// The two ways in which the national tables write "long term".
    pub(crate) fn is_long_term(self) -> bool {
        self.year == 2099 && ((self.month, self.day) == (12, 31) || (self.month, self.day) == (1, 31))
    }

    pub(crate) fn year(self) -> u32 {
        self.year
    }

    pub(crate) fn next(self) -> Day {
        if self.day < days_in_month(self.year, self.month) {
            Day { day: self.day + 1, ..self }
        } else if self.month < 12 {
            Day { month: self.month + 1, day: 1, ..self }
        } else {
            Day { year: self.year + 1, month: 1, day: 1 }
        }
    }

    fn plus_months(self, months: u32) -> Day {
        let total = self.year * 12 + (self.month - 1) + months;
        let (year, month) = (total / 12, total % 12 + 1);
        Day { year, month, day: self.day.min(days_in_month(year, month)) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn days_in_month(year: u32, month: u32) -> u32 {
    let leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    }
}

/// A term such as `7d`, `3m` or `5y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Days(u32),
    Months(u32),
    Years(u32),
}

impl Term {
    pub(crate) fn read(text: &str) -> Option<Term> {
        let unit = text.chars().last()?;
        let number: u32 = text.get(..text.len() - unit.len_utf8())?.parse().ok()?;
        match unit {
            'd' => Some(Term::Days(number)),
            'm' => Some(Term::Months(number)),
            'y' => Some(Term::Years(number)),
            _ => None,
        }
    }

    /// The last day of a term that starts on `first`: the first day is not counted.
    pub(crate) fn last_day(self, first: Day) -> Day {
        match self {
            Term::Days(n) => (0..n).fold(first, |day, _| day.next()),
            Term::Months(n) => first.plus_months(n),
            Term::Years(n) => first.plus_months(12 * n),
        }
    }
}
