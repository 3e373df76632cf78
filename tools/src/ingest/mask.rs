//! Persons' numbers and names taken out of texts, and out of what is told about rows.

use super::cells;
use arrayvec::{ArrayString, ArrayVec};
use std::borrow::Cow;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::text::{half_width, is_blank, mask_name, mask_number, name_alike};

/// Longest value that a reject quotes, in characters.
const QUOTED_CHARS_MAX: usize = 120;
/// Shorter numbers of the row are too likely to be something else.
const NUMBER_CHARS_MIN: usize = 5;
/// No number of a person's document has a shorter run of digits.
const DIGITS_MIN: usize = 12;

/// Short words that are met where figures should be, and are nobody's name.
const HARMLESS: [&str; 14] = [
    "长期",
    "长期有效",
    "永久",
    "永久有效",
    "无期限",
    "正常",
    "有效",
    "撤销",
    "已撤销",
    "异议",
    "不详",
    "未知",
    "待定",
    "中国",
];
const NUMERALS: &str = "〇零一二三四五六七八九十百千万亿元整年月日壹贰叁肆伍陆柒捌玖拾佰仟";

/// A character that compares, with its bytes in the text.
#[derive(Clone, Copy)]
struct Glyph {
    c: char,
    start: usize,
    end: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Number,
    Name,
}

type Found = (usize, usize, What);

/// What a row says about persons: to be masked wherever its texts repeat it.
#[derive(Default)]
pub(super) struct Persons<'a> {
    pub(super) numbers: ArrayVec<Own<'a>, 2>,
    /// Cells of names.
    pub(super) names: ArrayVec<&'a str, 2>,
    /// What divides names in a cell.
    pub(super) dividers: &'static [char],
}

/// A number that the row gives.
pub(super) struct Own<'a> {
    text: &'a str,
    /// Its letters and digits.
    figures: usize,
}

impl<'a> From<&'a str> for Own<'a> {
    fn from(text: &'a str) -> Own<'a> {
        Own { text, figures: figures(text) }
    }
}

/// The text without the numbers of persons' documents.
pub(super) fn numbers<'t>(text: &'t str, persons: &Persons<'_>, today: Day) -> Cow<'t, str> {
    let mut found = Vec::new();
    find_numbers(text, &persons.numbers, today, &mut found);
    write(text, found)
}

/// The text without the numbers of persons' documents and without the row's persons' names.
pub(super) fn text<'t>(text: &'t str, persons: &Persons<'_>, today: Day) -> Cow<'t, str> {
    let mut found = Vec::new();
    find_numbers(text, &persons.numbers, today, &mut found);
    let names = persons.names.iter().flat_map(|cell| cells::parts(cell, persons.dividers));
    for name in names.filter(|name| name.chars().nth(1).is_some()) {
        // A Han character has one form: where the first is not, the name is not.
        let absent = name_alike(name).next().is_none_or(|c| is_han(c) && !text.contains(c));
        if absent {
            continue;
        }
        let needle: Vec<char> = name_alike(name).collect();
        if needle.len() > 1 {
            let glyphs = glyphs(text, |c| name_alike(c.encode_utf8(&mut [0; 4])).next());
            find(&glyphs, &needle, What::Name, &mut found);
        }
    }
    write(text, found)
}

/// A value as a reject may quote it. `number`: the column is one of persons' numbers.
pub(super) fn quoted(value: &str, number: bool, today: Day) -> String {
    let short: Cow<'_, str> = match value.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &value[..end]).into(),
        None => value.into(),
    };
    if number || like_a_person(value) {
        let mut masked = String::new();
        mask_number(&short, &mut masked);
        return masked;
    }
    numbers(&short, &Persons::default(), today).into_owned()
}

/// A value that stands where a code, a date or an amount should, and may be a person's name in the wrong column.
pub(super) fn quoted_figure(value: &str, today: Day) -> String {
    let dotted = value.contains(['·', '•']);
    let nameable = value.chars().all(|c| is_han(c) || matches!(c, '·' | '•'));
    let spelled = value.chars().all(|c| NUMERALS.contains(c));
    let few = (2..=4).contains(&value.chars().count());
    if nameable && (few || dotted) && !spelled && !HARMLESS.contains(&value) {
        let mut masked = String::new();
        mask_name(value, &mut masked);
        return masked;
    }
    quoted(value, false, today)
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Has the shape of a citizen's number, right or wrong in its check: digits with a date where the birth stands.
fn like_a_person(value: &str) -> bool {
    let digits: Vec<u8> = glyphs(value, number_char).iter().map(|glyph| glyph.c as u8).collect();
    let dated = |at: usize| {
        let pair = |at: usize| (digits[at] & 15) * 10 + (digits[at + 1] & 15);
        (1..=12).contains(&pair(at)) && (1..=31).contains(&pair(at + 2))
    };
    let figures = |length: usize| digits[..length].iter().all(u8::is_ascii_digit);
    match digits.len() {
        15 => figures(15) && dated(8),
        17..=20 => figures(17) && dated(10),
        _ => false,
    }
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Letters and digits as they count in numbers; blanks and hyphens do not.
fn number_char(c: char) -> Option<char> {
    let c = half_width(c).to_ascii_uppercase();
    (!is_blank(c) && !is_hyphen(c)).then_some(if c.is_ascii() { c } else { '\u{7F}' })
}

fn glyphs(text: &str, compare: impl Fn(char) -> Option<char>) -> Vec<Glyph> {
    let glyph = |(start, c): (usize, char)| {
        compare(c).map(|same| Glyph { c: same, start, end: start + c.len_utf8() })
    };
    text.char_indices().filter_map(glyph).collect()
}

fn find(glyphs: &[Glyph], needle: &[char], what: What, found: &mut Vec<Found>) {
    if needle.is_empty() || needle.len() > glyphs.len() {
        return;
    }
    for window in glyphs.windows(needle.len()) {
        if window.iter().zip(needle).all(|(glyph, c)| glyph.c == *c) {
            found.push((window[0].start, window[needle.len() - 1].end, what));
        }
    }
}

fn find_numbers(text: &str, own: &[Own<'_>], today: Day, found: &mut Vec<Found>) {
    // A text with fewer letters and digits than any number holds none: so are most.
    let most = figures_at_most(text);
    let needed = own.iter().map(|number| number.figures).min().unwrap_or(DIGITS_MIN).min(DIGITS_MIN);
    if most < needed {
        return;
    }
    let figures = if text.is_ascii() { most } else { figures(text) };
    let of_others = figures >= DIGITS_MIN && may_hold_number(text);
    if !of_others && !own.iter().any(|number| figures >= number.figures) {
        return;
    }
    let glyphs = glyphs(text, number_char);
    for number in own {
        let needle: Vec<char> = number.text.chars().filter_map(number_char).collect();
        if needle.len() >= NUMBER_CHARS_MIN && needle.iter().all(char::is_ascii_graphic) {
            find(&glyphs, &needle, What::Number, found);
        }
    }
    if !of_others {
        return;
    }
    let mut at = 0;
    while at < glyphs.len() {
        let run = glyphs[at..].iter().take_while(|glyph| glyph.c.is_ascii_digit()).count();
        if run >= DIGITS_MIN {
            find_in_run(&glyphs, at, run, today, found);
        }
        at += run.max(1);
    }
}

/// No fewer than the letters and digits of a text, at a glance: those of full width begin with a byte that others share.
#[inline]
fn figures_at_most(text: &str) -> usize {
    // Sums of a byte each, which processors add by the dozen.
    let is_one = |b: &u8| u8::from(b.is_ascii_alphanumeric() || *b == 0xEF);
    let few = |bytes: &[u8]| usize::from(bytes.iter().map(is_one).sum::<u8>());
    text.as_bytes().chunks(usize::from(u8::MAX)).map(few).sum()
}

/// Letters and digits of a text, of half or full width.
fn figures(text: &str) -> usize {
    text.chars().filter(|c| half_width(*c).is_ascii_alphanumeric()).count()
}

/// Whether a run of digits may be a number of a person: by its length, and by what stands beside it.
fn may_hold_number(text: &str) -> bool {
    let (mut run, mut before, mut beside) = (0, '\0', '\0');
    for c in text.chars().filter_map(number_char).chain(['\0']) {
        if c.is_ascii_digit() {
            if run == 0 {
                before = beside;
            }
            run += 1;
        } else {
            if run >= 17 || run == 15 || (run == DIGITS_MIN && before.is_ascii_uppercase()) {
                return true;
            }
            run = 0;
        }
        beside = c;
    }
    false
}

/// Numbers among `run` digits from `at` on, and the letters next to them.
fn find_in_run(glyphs: &[Glyph], at: usize, run: usize, today: Day, found: &mut Vec<Found>) {
    let mut push = |from: usize, length: usize, kind: IdKind| {
        let Some(window) = glyphs.get(from..from + length) else { return };
        let mut number = ArrayString::<18>::new();
        window.iter().for_each(|glyph| number.push(glyph.c));
        if Identifier::parse(kind, &number, today).is_ok() {
            found.push((window[0].start, window[length - 1].end, What::Number));
        }
    };
    let closed = run >= 17 && glyphs.get(at + run).is_some_and(|glyph| glyph.c == 'X');
    let last = run + usize::from(closed);
    for (place, glyph) in glyphs[at..at + last].iter().enumerate().take((last + 1).saturating_sub(18)) {
        let kind = if glyph.c == '9' { IdKind::ForeignResident } else { IdKind::Citizen };
        push(at + place, 18, kind);
    }
    let together = |from: usize, length: usize| {
        glyphs.get(from..from + length).is_some_and(|w| w.windows(2).all(|pair| pair[0].end == pair[1].start))
    };
    if run == 15 && together(at, 15) {
        push(at, 15, IdKind::Citizen);
    }
    let lettered = |from: usize| glyphs[from..from + 3].iter().all(|glyph| glyph.c.is_ascii_uppercase());
    if run == 12 && at >= 3 && lettered(at - 3) && together(at - 3, 15) {
        push(at - 3, 15, IdKind::ForeignResident);
    }
}

fn write(text: &str, mut found: Vec<Found>) -> Cow<'_, str> {
    if found.is_empty() {
        return text.into();
    }
    // Of two that overlap the longer first, so that nothing of it is left.
    found.sort_by_key(|(start, end, _)| (*start, std::cmp::Reverse(*end)));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (start, end, what) in found {
        if end <= at {
            continue;
        }
        let start = start.max(at);
        out.push_str(&text[at..start]);
        match what {
            What::Number => mask_number(&text[start..end], &mut out),
            What::Name => mask_name(&text[start..end], &mut out),
        }
        at = end;
    }
    out.push_str(&text[at..]);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> Day {
        "2026-11-21".parse().unwrap()
    }

    fn masked(words: &str, numbers: &[&str], names: &[&str]) -> String {
        let numbers = numbers.iter().copied().map(Own::from).collect();
        let names = names.iter().copied().collect();
        text(words, &Persons { numbers, names, dividers: &[] }, today()).into_owned()
    }

    #[test]
    fn numbers_of_persons_are_masked_wherever_they_stand() {
        for (words, expected) in [
            ("当事人360426199101010071，罚", "当事人3604**********0071，罚"),
            ("ID360426199101010071号", "ID3604**********0071号"),
            ("３６０４２６１９９１０１０１００７１", "３６０４**********００７１"),
            ("360426 19910101 0071", "3604************0071"),
            ("旧号360426910101007。", "旧号3604*******1007。"),
            ("电话06321234567转360426199101010071", "电话06321234567转3604**********0071"),
            ("证USA123456789012，", "证USA1*******9012，"),
        ] {
            assert_eq!(masked(words, &[], &[]), expected);
        }
    }

    #[test]
    fn other_numbers_stay() {
        for words in [
            "统一代码91110000600037341L",
            "鲁枣市监罚〔2026〕12号",
            "360426199101010072",
            "2026-11-20 12:30:00 3000元",
            "罚款100000000000000000元",
            "短",
        ] {
            assert_eq!(masked(words, &[], &[]), words);
        }
    }

    #[test]
    fn what_the_row_says_about_persons_is_masked_in_its_texts() {
        assert_eq!(masked("护照E1234567持有人", &["e1234567"], &[]), "护照E1****67持有人");
        assert_eq!(masked("号码3704021990*1", &["3704021990*1"], &[]), "号码37*********1");
        assert_eq!(masked("法定代表人张试三、张 试三", &[], &["张试三"]), "法定代表人张*三、张**三");
        assert_eq!(masked("负责人阿依·示例", &[], &["阿依•示例"]), "负责人阿***例");
        assert_eq!(masked("张", &[], &["张"]), "张");
    }

    #[test]
    fn rejects_quote_no_person() {
        assert_eq!(quoted("E12345678", true, today()), "E1*****78");
        assert_eq!(quoted("360426199101010072", false, today()), "3604**********0072");
        assert_eq!(quoted("36042619910101007201", false, today()), "3604************7201");
        assert_eq!(quoted("9111000060003734AA", false, today()), "9111000060003734AA");
        assert_eq!(quoted_figure("张试三", today()), "张*三");
        for value in ["2026-13-01", "长期", "十二万元", "枣庄示例一号公司"] {
            assert_eq!(quoted_figure(value, today()), value);
        }
        assert_eq!(quoted(&"x".repeat(500), false, today()).chars().count(), QUOTED_CHARS_MAX + 1);
    }
}
