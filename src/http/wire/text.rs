//! The pieces of JSON that replies are written with, straight into the buffer.

/// What stands for a byte in a JSON string: nothing, a letter after a backslash, or `u` for `\u00XX`.
const fn escape_of(byte: u8) -> u8 {
    match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0C => b'f',
        0..=0x1F => b'u',
        _ => 0,
    }
}

const ESCAPES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = escape_of(byte as u8);
        byte += 1;
    }
    table
};

/// A string with its quotes.
pub(in crate::http) fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_inner(out, text);
    out.push(b'"');
}

/// Whether a byte of these eight needs an escape.
const fn any_needs_escape(eight: [u8; 8]) -> bool {
    const EACH: u64 = 0x0101_0101_0101_0101;
    /// Where a byte of this word is zero, its highest bit is set; also, harmlessly, of bytes above one that is.
    const fn zeroes(word: u64) -> u64 {
        word.wrapping_sub(EACH) & !word
    }
    let word = u64::from_le_bytes(eight);
    let controls = word.wrapping_sub(EACH * 0x20) & !word;
    let quotes = zeroes(word ^ (EACH * b'"' as u64));
    let backslashes = zeroes(word ^ (EACH * b'\\' as u64));
    (controls | quotes | backslashes) & (EACH * 0x80) != 0
}

/// The inside of a string. Bytes above 0x7F are UTF-8 and stand as they are.
pub(in crate::http) fn push_inner(out: &mut Vec<u8>, text: &str) {
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    let mut last = [b' '; 8];
    last[..rest.len()].copy_from_slice(rest);
    if eights.iter().chain([&last]).any(|eight| any_needs_escape(*eight)) {
        push_escaped(out, text);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape = ESCAPES[usize::from(*byte)];
        if escape == 0 {
            continue;
        }
        out.extend_from_slice(&bytes[from..at]);
        from = at + 1;
        if escape == b'u' {
            let hex = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
        } else {
            out.extend_from_slice(&[b'\\', escape]);
        }
    }
    out.extend_from_slice(&bytes[from..]);
}

/// A whole number.
pub(in crate::http) fn push_number(out: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut rest = number;
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

/// `true` or `false`.
pub(in crate::http) fn push_bool(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_what_serde_writes() {
        let every: String = (0..=0x7Fu8).map(char::from).collect();
        for place in 0..20 {
            for byte in (0..=0x7Fu8).map(char::from) {
                let text = format!("{}{byte}{}", "枣".repeat(place), "庄x".repeat(place % 7));
                let mut out = Vec::new();
                push_text(&mut out, &text);
                assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&text).unwrap());
            }
        }
        for text in ["", "枣庄\"试\\验\"", "a\nb\u{1}c", "\u{7f}·\u{2028}", &every] {
            let mut out = Vec::new();
            push_text(&mut out, text);
            assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(text).unwrap());
        }
    }

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 7, 10, 1_234_567_890, u64::MAX] {
            let mut out = Vec::new();
            push_number(&mut out, number);
            assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
        }
    }
}
