//! The value of a spreadsheet's cell as text.

use super::super::heading::{plain_number, push_day};
use calamine::DataRef;
use std::fmt::Write;
use xinhe::domain::date::Day;

/// Numbers from here on have 16 or more digits; a spreadsheet keeps 15.
const EXACT_BELOW: f64 = 1e15;
/// Serial numbers of days that a date column may hold bare: from 1954 to 2119.
const BARE_DAYS: std::ops::Range<f64> = 20_000.0..80_000.0;
/// The first serial number after 9999.
const DAYS_END: f64 = 2_958_466.0;
/// 1899-12-30: with the false leap day of 1900 behind it, where the calendar of 1900 counts from.
const EPOCH_1900: i32 = -25_569;
/// 1904-01-01.
const EPOCH_1904: i32 = -24_107;
const DAY_SECONDS: i64 = 86_400;

/// A cell as it is kept until its column is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kept {
    Blank,
    Text(String),
    Number(f64),
    /// A number that is shown as a date.
    Date(f64),
    /// `#N/A` and the like.
    Error,
    /// A formula that nobody has computed.
    NoValue,
}

impl Kept {
    /// The value as read; `formula`: of a formula.
    pub(super) fn of(value: DataRef<'_>, formula: bool) -> Kept {
        match value {
            DataRef::Empty if formula => Kept::NoValue,
            DataRef::Empty => Kept::Blank,
            DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
                Kept::text(text)
            }
            DataRef::SharedString(text) => Kept::text(text.to_owned()),
            DataRef::Bool(value) => Kept::Text(if value { "1" } else { "0" }.to_owned()),
            DataRef::Int(number) => Kept::Text(number.to_string()),
            DataRef::Float(number) => Kept::Number(number),
            DataRef::DateTime(date) if date.is_datetime() => Kept::Date(date.as_f64()),
            DataRef::DateTime(duration) => Kept::Number(duration.as_f64()),
            DataRef::Error(_) => Kept::Error,
        }
    }

    fn text(text: String) -> Kept {
        if text.trim().is_empty() { Kept::Blank } else { Kept::Text(text) }
    }

    pub(super) fn is_blank(&self) -> bool {
        *self == Kept::Blank
    }

    /// Writes it as text. `dates`: a bare number is a day; `epoch_1904`: days count from 1904.
    pub(super) fn push(&self, out: &mut String, dates: bool, epoch_1904: bool) {
        match self {
            Kept::Blank | Kept::Error | Kept::NoValue => {}
            Kept::Text(text) => out.push_str(text),
            Kept::Date(serial) => push_serial(out, *serial, epoch_1904),
            Kept::Number(number) if dates && BARE_DAYS.contains(number) => {
                push_serial(out, *number, epoch_1904)
            }
            Kept::Number(number) => push_number(out, *number),
        }
    }
}

/// Whether a number has more digits than a spreadsheet keeps.
pub(super) fn has_lost_digits(number: f64) -> bool {
    number.abs() >= EXACT_BELOW
}

/// As the program shows it: 15 digits, no `.0`; one that has lost digits with its exponent, which no code reads.
fn push_number(out: &mut String, number: f64) {
    if has_lost_digits(number) || !number.is_finite() {
        let shown = format!("{number:.5E}").replace('E', "E+");
        return out.push_str(&shown);
    }
    if number.fract() == 0.0 {
        return plain_number(out, number);
    }
    // 0.1 + 0.2 is kept as 0.30000000000000004 and shown as 0.3.
    let shown = format!("{number:.14e}").parse().unwrap_or(number);
    plain_number(out, shown);
}

/// A day, and the time of it where there is one.
fn push_serial(out: &mut String, serial: f64, epoch_1904: bool) {
    if !(0.0..DAYS_END).contains(&serial) {
        return push_number(out, serial);
    }
    let seconds = (serial * DAY_SECONDS as f64).round() as i64;
    let (days, time) = ((seconds / DAY_SECONDS) as i32, seconds % DAY_SECONDS);
    let first = match epoch_1904 {
        true => EPOCH_1904,
        // The day before the false 29 February 1900 counts from one day later.
        false if days < 60 => EPOCH_1900 + 1,
        false => EPOCH_1900,
    };
    push_day(out, Day::from_number(first + days));
    if time > 0 {
        write!(out, " {:02}:{:02}:{:02}", time / 3600, time / 60 % 60, time % 60).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kept: &Kept, dates: bool, epoch_1904: bool) -> String {
        let mut out = String::new();
        kept.push(&mut out, dates, epoch_1904);
        out
    }

    #[test]
    fn dates_are_numbers_of_either_calendar() {
        for (serial, epoch_1904, text) in [
            (46_027.0, false, "2026-01-05"),
            (44_565.0, true, "2026-01-05"),
            (46_027.354_178_240_74, false, "2026-01-05 08:30:01"),
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            (61.0, false, "1900-03-01"),
            (0.0, true, "1904-01-01"),
            (2_958_465.0, false, "9999-12-31"),
            (20_260_105.0, false, "20260105"),
            (-1.0, false, "-1"),
        ] {
            assert_eq!(shown(&Kept::Date(serial), false, epoch_1904), text);
        }
        assert_eq!(shown(&Kept::Number(46_027.0), true, false), "2026-01-05");
        assert_eq!(shown(&Kept::Number(46_027.0), false, false), "46027");
        assert_eq!(shown(&Kept::Number(20_260_105.0), true, false), "20260105");
    }

    #[test]
    fn numbers_have_no_exponent_until_digits_are_lost() {
        for (number, text) in [
            (370_402.0, "370402"),
            (370_402_199_001_011.0, "370402199001011"),
            (999_999_999_999_999.0, "999999999999999"),
            (12.5, "12.5"),
            (0.1 + 0.2, "0.3"),
            (-0.0, "0"),
            (0.000_01, "0.00001"),
            (1e15, "1.00000E+15"),
            (370_402_199_001_011_234.0, "3.70402E+17"),
        ] {
            assert_eq!(shown(&Kept::Number(number), false, false), text);
        }
    }
}
