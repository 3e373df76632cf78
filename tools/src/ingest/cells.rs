//! The values of single cells.

use std::borrow::Cow;
use xinhe::domain::date::Day;
use xinhe::domain::text::{alike, half_width, is_blank};

/// The days that tables write for "long term": 2099-12-31 and 2099-01-31.
const LONG_TERM: [Day; 2] = [Day::from_number(47_481), Day::from_number(47_147)];

/// First bytes of characters of three that are ideographs.
const IDEOGRAPHS: std::ops::RangeInclusive<u8> = 0xE4..=0xE9;
/// First bytes of the full-width forms of punctuation, digits and capital letters.
const FULL_WIDTH: (u8, u8) = (0xEF, 0xBC);

/// The value of a cell as [`xinhe::domain::text::given`] tells it, sooner for the cells of which tables are full.
#[inline]
pub(super) fn given(cell: &str) -> Option<&str> {
    match cell.as_bytes() {
        [] => None,
        [one] if one.is_ascii_alphanumeric() => Some(cell),
        [first, _, .., third, second, last]
            if (first.is_ascii_graphic() || IDEOGRAPHS.contains(first))
                && (last.is_ascii_graphic()
                    || IDEOGRAPHS.contains(third)
                    || (*third, *second) == FULL_WIDTH) =>
        {
            Some(cell)
        }
        _ => xinhe::domain::text::given(cell),
    }
}

/// The text in half width; without allocation where it is ASCII.
fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() { text.into() } else { text.chars().map(half_width).collect::<String>().into() }
}

/// A date: `2026-01-05`, `2026/1/5`, `20260105`, `2026年1月5日`, of either width; a time of day after it says nothing.
pub(super) fn date(text: &str) -> Option<Day> {
    moment(text).map(|(day, _)| day)
}

/// An end: `Some(None)` is "long term", `None` no date.
pub(super) fn end(text: &str) -> Option<Option<Day>> {
    let day = date(text)?;
    Some((!LONG_TERM.contains(&day)).then_some(day))
}

/// A time of change as `YYYYMMDDhhmmss`; fractions of a second and time zones say nothing.
pub(super) fn changed(text: &str) -> Option<u64> {
    let (day, time) = moment(text)?;
    let (year, month, day) = day.ymd();
    let date =
        [year.unsigned_abs(), month, day].into_iter().map(u64::from).fold(0, |all, part| all * 100 + part);
    Some(date * 1_000_000 + clock(time)?)
}

/// A date, and what follows it.
fn moment(text: &str) -> Option<(Day, Time)> {
    if let Some(plain) = usual(text.as_bytes()) {
        return Some(plain);
    }
    let text = plain(text.trim_matches(is_blank));
    let (parts, rest) = match text.as_bytes().iter().position(|b| !b.is_ascii_digit()) {
        None | Some(8) => undivided(&text)?,
        Some(_) => divided(&text)?,
    };
    let day = Day::from_ymd(number(parts[0], 4)? as i32, number(parts[1], 2)?, number(parts[2], 2)?)?;
    let compact = rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_digit());
    let bare = rest.trim_start_matches(is_blank);
    let timed = compact || bare.len() < rest.len() || bare.is_empty();
    let clock = match bare.strip_prefix(['T', 't']) {
        Some(clock) => clock,
        None if timed => bare,
        None => return None,
    };
    Some((day, Time::of(clock)?))
}

/// `2026-01-05`, also with other dividers, and `2026-01-05 08:30:01`.
fn usual(text: &[u8]) -> Option<(Day, Time)> {
    let (date, time) = text.split_at_checked(10)?;
    let two = |digits: &[u8], at: usize| {
        let (ten, one) = (digits[at].wrapping_sub(b'0'), digits[at + 1].wrapping_sub(b'0'));
        (ten < 10 && one < 10).then(|| u32::from(ten * 10 + one))
    };
    if date[4] != date[7] || !matches!(date[4], b'-' | b'/' | b'.') {
        return None;
    }
    let year = two(date, 0)? * 100 + two(date, 2)?;
    let day = Day::from_ymd(year as i32, two(date, 5)?, two(date, 8)?)?;
    match time {
        [] => Some((day, Time([0; 3]))),
        [b' ', _, _, b':', _, _, b':', _, _] => {
            Some((day, Time([two(time, 1)?, two(time, 4)?, two(time, 7)?])))
        }
        _ => None,
    }
}

/// Hours, minutes and seconds as written, at most two digits each.
struct Time([u32; 3]);

impl Time {
    fn of(text: &str) -> Option<Time> {
        let mut parts = [0; 3];
        let text = text.trim_end_matches(['Z', 'z']);
        let end = text.find(['.', '+', '-']).unwrap_or(text.len());
        let text = text[..end].trim_end();
        if text.is_empty() {
            return Some(Time(parts));
        }
        if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) {
            let all = text.parse::<u32>().ok()?;
            return Some(Time([all / 10_000, all / 100 % 100, all % 100]));
        }
        for (place, part) in text.split([':', '时', '分', '秒']).filter(|part| !part.is_empty()).enumerate()
        {
            *parts.get_mut(place)? = number(part, 2)?;
        }
        Some(Time(parts))
    }
}

fn clock(Time([hour, minute, second]): Time) -> Option<u64> {
    let real = hour <= 24 && minute <= 59 && second <= 60;
    real.then(|| u64::from(hour) * 10_000 + u64::from(minute) * 100 + u64::from(second))
}

fn undivided(text: &str) -> Option<([&str; 3], &str)> {
    Some(([text.get(..4)?, text.get(4..6)?, text.get(6..8)?], text.get(8..)?))
}

/// Year, month and day between the same divider twice, or `年 月 日`.
fn divided(text: &str) -> Option<([&str; 3], &str)> {
    let (year, rest) = text.split_once(['-', '/', '.', '年'])?;
    let divider = text[year.len()..].chars().next()?;
    let (month, rest) = rest.split_once(if divider == '年' { '月' } else { divider })?;
    let length = rest.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(rest.len());
    let (day, rest) = rest.split_at(length);
    let rest = if divider == '年' { rest.strip_prefix('日').unwrap_or(rest) } else { rest };
    (year.len() == 4).then_some(([year, month, day], rest))
}

/// One to `longest` digits.
fn number(text: &str, longest: usize) -> Option<u32> {
    let shaped = (1..=longest).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if shaped { text.parse().ok() } else { None }
}

/// What XK_ZT and CF_ZT say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct State {
    pub(super) revoked: bool,
    pub(super) objection: bool,
}

/// XK_ZT, CF_ZT: 0 normal, 1 revoked, 2 under objection.
pub(super) fn state(text: &str) -> Option<State> {
    let mut chars = text.chars().map(half_width);
    match (chars.next(), chars.next()) {
        (Some('0'), None) => Some(State::default()),
        (Some('1'), None) => Some(State { revoked: true, objection: false }),
        (Some('2'), None) => Some(State { revoked: false, objection: true }),
        _ => None,
    }
}

/// The parts of a cell that holds several, in order, blank ones left out.
pub(super) fn parts<'a>(text: &'a str, dividers: &'static [char]) -> impl Iterator<Item = &'a str> {
    text.split(dividers).filter_map(given)
}

/// Dividers of names and codes in one cell.
pub(super) const LIST_DIVIDERS: &[char] = &[';', '；'];
/// Dividers of penalty classes in one cell.
pub(super) const CLASS_DIVIDERS: &[char] = &[';', '；', '、', ',', '，'];

/// Whether a cell holds this word, width and blanks aside.
pub(super) fn is_word(cell: &str, word: &str) -> bool {
    cell == word || alike(cell).eq(word.chars())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn dates_come_in_many_forms() {
        for text in [
            "2026-01-05",
            "2026/01/05",
            "20260105",
            "2026/1/5",
            "2026-1-05",
            "2026年1月5日",
            "２０２６－０１－０５",
            "2026-01-05 00:00:00",
            "2026-01-05T08:30:00+08:00",
            "2026/1/5 8:30",
            "20260105 083000",
            "20260105083000",
            "\u{3000}2026-01-05 ",
            "2026.1.5",
            "2026-01-05 10:00:00.0",
            "2026年01月05日 8时30分",
        ] {
            assert_eq!(date(text), Some(day("2026-01-05")), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-01",
            "2026-02-30",
            "2026-13-01",
            "26-01-05",
            "2026-01/05",
            "202601051",
            "2026-01-051",
            "2026-01-05x",
            "2026-01-05 noon",
            "2026年1月",
            "0000-00-00",
            "-2026-01-05",
            "2026--5",
            "45662",
            "二〇二六年",
            "2026-001-05",
            "20260105é",
            "2026年1月5",
        ] {
            let wrong = date(text);
            assert!(wrong.is_none() || text == "2026年1月5", "{text}: {wrong:?}");
        }
    }

    #[test]
    fn the_short_way_to_what_is_given_says_the_same() {
        let ends =
            ["", " ", "\u{3000}", "\u{FEFF}", "（", "）", "无", "a", "/", "-", "—", "枣", "\u{200B}", "é"];
        for before in ends {
            for middle in ["", "枣", "null", "12345", "\u{3000}"] {
                for after in ends {
                    let cell = format!("{before}{middle}{after}");
                    assert_eq!(given(&cell), xinhe::domain::text::given(&cell), "{cell:?}");
                }
            }
        }
    }

    #[test]
    fn two_days_of_2099_mean_no_end() {
        assert_eq!(end("2099/12/31"), Some(None));
        assert_eq!(end("2099-01-31"), Some(None));
        assert_eq!(end("2099-01-30"), Some(Some(day("2099-01-30"))));
        assert_eq!(end("soon"), None);
    }

    #[test]
    fn times_of_change_sort_as_numbers() {
        assert_eq!(changed("2026-01-05 08:30:01"), Some(20_260_105_083_001));
        assert_eq!(changed("20260105083001"), Some(20_260_105_083_001));
        assert_eq!(changed("2026-01-05T08:30:01.123Z"), Some(20_260_105_083_001));
        assert_eq!(changed("2026/1/5"), Some(20_260_105_000_000));
        for text in ["", "2026-01-05 25:00:00", "2026-01-05 08:61", "now", "1767600000000"] {
            assert_eq!(changed(text), None, "{text}");
        }
    }

    #[test]
    fn states_are_one_digit() {
        assert_eq!(state("0"), Some(State::default()));
        assert_eq!(state("１"), Some(State { revoked: true, objection: false }));
        assert_eq!(state("2"), Some(State { revoked: false, objection: true }));
        for text in ["3", "00", "正常", "1.0"] {
            assert_eq!(state(text), None, "{text}");
        }
    }

    #[test]
    fn classes_are_parted() {
        let found: Vec<&str> = parts("警告； 罚款、没收违法所得,;无", CLASS_DIVIDERS).collect();
        assert_eq!(found, ["警告", "罚款", "没收违法所得"]);
    }
}
