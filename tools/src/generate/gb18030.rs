//! GB18030 at the speed of the rows: what encoding_rs says of each character, looked up.

use encoding_rs::GB18030;

/// Two bytes for every character of the basic plane that has two; zeros for the others.
pub(super) struct Table(Vec<[u8; 2]>);

impl Table {
    pub(super) fn new() -> Table {
        let pair = |code: u32| {
            let mut buffer = [0; 4];
            let text = char::from_u32(code).map(|c| &*c.encode_utf8(&mut buffer));
            let (bytes, _, _) = GB18030.encode(text.unwrap_or_default());
            <[u8; 2]>::try_from(&*bytes).unwrap_or_default()
        };
        Table((0..0x10000).map(pair).collect())
    }

    /// Appends the text in GB18030.
    pub(super) fn encode(&self, text: &str, out: &mut Vec<u8>) {
        for c in text.chars() {
            if c.is_ascii() {
                out.push(c as u8);
                continue;
            }
            match self.0.get(c as usize) {
                Some(pair) if *pair != [0; 2] => out.extend_from_slice(pair),
                _ => out.extend_from_slice(&GB18030.encode(c.encode_utf8(&mut [0; 4])).0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_encoded_as_encoding_rs_does() {
        let text: String =
            ('\0'..'\u{2FFFF}').step_by(7).chain("㐀枣庄〔2026〕①€·𠀀\u{FEFF}".chars()).collect();
        let mut ours = Vec::new();
        Table::new().encode(&text, &mut ours);
        assert!(ours == *GB18030.encode(&text).0);
    }
}
