//! How texts are made comparable: width, blanks, brackets, middle dots.

/// Full width to half width.
pub(crate) fn half_width(text: &str) -> String {
    let half = |c: char| match u32::from(c) {
        0x3000 => ' ',
        code @ 0xFF01..=0xFF5E => char::from_u32(code - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    text.chars().map(half).collect()
}

fn is_blank_char(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}' || c == '\u{200b}'
}

/// A cell without the blanks around it; nothing if it says nothing.
pub(crate) fn cell(raw: &str) -> Option<String> {
    let trimmed = raw.trim_matches(is_blank_char);
    let folded = half_width(trimmed).to_lowercase();
    let says_nothing = matches!(folded.as_str(), "" | "无" | "/" | "-" | "null");
    (!says_nothing).then(|| trimmed.to_owned())
}

/// Headers, document numbers and authorities: width, brackets and blanks are alike.
pub(crate) fn plain(text: &str) -> String {
    let bracket = |c: char| match c {
        '〔' | '［' | '【' | '[' => '(',
        '〕' | '］' | '】' | ']' => ')',
        _ => c,
    };
    half_width(text).chars().filter(|c| !is_blank_char(*c)).map(bracket).collect()
}

/// Names: as [`plain`], and every middle dot alike.
pub(crate) fn plain_name(text: &str) -> String {
    let dot = |c: char| if "·•‧∙⋅・･".contains(c) { '·' } else { c };
    plain(text).chars().map(dot).collect()
}

/// Identifiers: half width, upper case, no blanks, no hyphens.
pub(crate) fn plain_number(text: &str) -> String {
    half_width(text).chars().filter(|c| !is_blank_char(*c) && *c != '-').collect::<String>().to_uppercase()
}

/// `3704**********1012`.
pub(crate) fn mask_number(number: &str) -> String {
    let chars: Vec<char> = number.chars().collect();
    let keep = if chars.len() >= 15 { 4 } else { 2 };
    let masked = |(at, c): (usize, &char)| if at < keep || at + keep >= chars.len() { *c } else { '*' };
    chars.iter().enumerate().map(masked).collect()
}

/// `张*三`.
pub(crate) fn mask_name(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let last = chars.len().saturating_sub(1);
    let shown = |at: usize| chars.len() > 1 && (at == 0 || (at == last && chars.len() > 2));
    chars.iter().enumerate().map(|(at, c)| if shown(at) { *c } else { '*' }).collect()
}

/// Several values in one cell.
pub(crate) fn parts(text: &str, separators: &str) -> Vec<String> {
    text.split(|c| separators.contains(c)).filter_map(cell).collect()
}
