//! What counts as the same name, number or header, and how a person's name and number are masked.

/// A full-width character as its half-width counterpart (GB/T 18030 rows 3 and the ideographic blank).
pub fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Blank in any script, and the marks that stand for nothing (zero-width blanks, byte-order mark).
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
}

fn same_bracket(c: char) -> char {
    match c {
        '[' | '〔' | '【' | '〈' | '《' | '「' | '﹝' => '(',
        ']' | '〕' | '】' | '〉' | '》' | '」' | '﹞' => ')',
        _ => c,
    }
}

fn same_dot(c: char) -> char {
    match c {
        '•' | '‧' | '∙' | '⋅' | '・' | '･' | '●' => '·',
        _ => c,
    }
}

/// The characters by which document numbers, authorities and headers compare: width, brackets and blanks alike.
pub fn alike(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().map(half_width).filter(|c| !is_blank(*c)).map(same_bracket)
}

/// Appends [`alike`] of a text.
pub fn push_alike(text: &str, out: &mut String) {
    // Most texts are Chinese characters, letters and digits, which stand for themselves: the first bytes of others are
    // those of blanks, brackets and full-width forms.
    let is_plain = |byte: u8| matches!(byte, b'!'..=b'Z' | b'\\' | b'^'..=b'~' | 0x80..=0xBF | 0xE4..=0xE9);
    if text.bytes().all(is_plain) { out.push_str(text) } else { out.extend(alike(text)) }
}

/// The characters by which names compare: as [`alike`], and middle dots alike. Case is kept.
pub fn name_alike(name: &str) -> impl Iterator<Item = char> + '_ {
    alike(name).map(same_dot)
}

/// Whether two names are the same after normalising; without allocation.
pub fn same_name(a: &str, b: &str) -> bool {
    a == b || name_alike(a).eq(name_alike(b))
}

/// The value of a cell without surrounding blanks; `None` where the tables mean "nothing": empty,
/// `无`, `/`, `-`, `null` and blanks of any width.
pub fn given(cell: &str) -> Option<&str> {
    let value = cell.trim_matches(is_blank);
    let nothing =
        matches!(value, "" | "无" | "/" | "／" | "-" | "－" | "—") || value.eq_ignore_ascii_case("null");
    (!nothing).then_some(value)
}

/// A person's name as it may be shown: `张*三`. The first and the last character, a star for each between;
/// of two characters only the first; of one, none.
pub fn mask_name(name: &str, out: &mut String) {
    let count = name.chars().count();
    for (place, c) in name.chars().enumerate() {
        let shown = (place == 0 && count > 1) || (place + 1 == count && count > 2);
        out.push(if shown { c } else { '*' });
    }
}

/// A person's number as it may be shown: `3704**********1012`. Numbers under 15 characters keep two at each end.
pub fn mask_number(number: &str, out: &mut String) {
    let count = number.chars().count();
    let kept = if count >= 15 { 4 } else { 2 };
    for (place, c) in number.chars().enumerate() {
        let shown = count > 2 * kept && (place < kept || place >= count - kept);
        out.push(if shown { c } else { '*' });
    }
}

/// Bytes in hex, as digests and names of keys are written.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| DIGITS[usize::from(digit)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_two_digits_each() {
        assert_eq!(hex(&[0, 0x0f, 0xa5, 0xff]), "000fa5ff");
        assert_eq!(hex(&[]), "");
    }

    #[test]
    fn names_compare_without_width_brackets_blanks_and_dots() {
        assert!(same_name("枣庄（试验）有限公司", "枣庄(试验) 有限公司"));
        assert!(same_name("阿依·示例", "阿依•示例"));
        assert!(same_name("ＡＢＣ　公司", "ABC公司"));
        assert!(!same_name("abc公司", "ABC公司"));
        assert!(!same_name("枣庄甲", "枣庄乙"));
    }

    #[test]
    fn document_numbers_compare_without_brackets_and_blanks() {
        let plain: String = alike("鲁枣市监罚〔2026〕 12号").collect();
        for other in ["鲁枣市监罚[2026]12号", "鲁枣市监罚（2026）12号", "鲁枣市监罚(2026) 12号"]
        {
            assert_eq!(alike(other).collect::<String>(), plain);
        }
    }

    #[test]
    fn cells_that_mean_nothing_are_not_given() {
        for cell in ["", "  ", "\u{3000}", "无", " / ", "-", "NULL", "null"] {
            assert_eq!(given(cell), None, "{cell:?}");
        }
        assert_eq!(given(" 无锡 "), Some("无锡"));
    }

    #[test]
    fn masks_keep_the_ends() {
        let mask = |f: fn(&str, &mut String), text: &str| {
            let mut out = String::new();
            f(text, &mut out);
            out
        };
        assert_eq!(mask(mask_name, "张试三"), "张*三");
        assert_eq!(mask(mask_name, "张三"), "张*");
        assert_eq!(mask(mask_name, "欧阳试三"), "欧**三");
        assert_eq!(mask(mask_name, "张"), "*");
        assert_eq!(mask(mask_number, "370402199001011012"), "3704**********1012");
        assert_eq!(mask(mask_number, "E12345678"), "E1*****78");
        assert_eq!(mask(mask_number, "123"), "***");
    }
}
