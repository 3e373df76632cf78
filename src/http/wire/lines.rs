//! NDJSON as it comes in: pieces of any size to lines of bounded length.

use memchr::memchr;

/// A line without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// It has more bytes than a line may have; they are gone.
    TooLong,
}

/// Cuts pieces into lines. Holds no more than one line, of at most `bytes_max`.
#[derive(Debug)]
pub struct Lines {
    bytes_max: usize,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    /// That line was told, and is to be forgotten.
    told: bool,
    /// The line at hand is too long; its end has not come.
    skips: bool,
    number: u64,
}

impl Lines {
    /// Lines of at most so many bytes.
    pub fn new(bytes_max: usize) -> Lines {
        Lines { bytes_max, begun: Vec::new(), told: false, skips: false, number: 0 }
    }

    /// The next line that ends in this piece, which is moved past it. None: the piece is used up.
    pub fn next<'s, 'p: 's>(&'s mut self, piece: &mut &'p [u8]) -> Option<Line<'s>> {
        self.forget();
        let all = *piece;
        let Some(end) = memchr(b'\n', all) else {
            *piece = &[];
            self.keep(all);
            return None;
        };
        *piece = &all[end + 1..];
        Some(self.end(&all[..end]))
    }

    /// The line that nothing ends, once everything has come.
    pub fn last(&mut self) -> Option<Line<'_>> {
        self.forget();
        (self.skips || !self.begun.is_empty()).then(|| self.end(&[]))
    }

    /// The number of the line that was told last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    fn forget(&mut self) {
        if std::mem::take(&mut self.told) {
            self.begun.clear();
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.begun.len() + bytes.len() > self.bytes_max {
            self.skips = true;
            self.begun.clear();
        }
        if !self.skips {
            self.begun.extend_from_slice(bytes);
        }
    }

    fn end<'a>(&'a mut self, bytes: &'a [u8]) -> Line<'a> {
        self.number += 1;
        if !self.begun.is_empty() {
            self.keep(bytes);
            self.told = true;
        } else if bytes.len() > self.bytes_max {
            self.skips = true;
        }
        if std::mem::take(&mut self.skips) {
            Line::TooLong
        } else if self.told {
            Line::Whole(&self.begun)
        } else {
            Line::Whole(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&str], bytes_max: usize) -> Vec<Option<String>> {
        let (mut lines, mut found) = (Lines::new(bytes_max), Vec::new());
        let told = |line: Line<'_>| match line {
            Line::Whole(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Line::TooLong => None,
        };
        for piece in pieces {
            let mut piece = piece.as_bytes();
            while let Some(line) = lines.next(&mut piece) {
                found.push(told(line));
            }
            assert!(piece.is_empty() && lines.begun.len() <= bytes_max);
        }
        found.extend(lines.last().map(told));
        assert_eq!(lines.number(), found.len() as u64);
        found
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut_up() {
        let text = "a\nbcd\n\nlonglonglong\nefgh\nlonglong\nx";
        let whole = cut(&[text], 5);
        let expected = [Some("a"), Some("bcd"), Some(""), None, Some("efgh"), None, Some("x")];
        assert_eq!(whole, expected.map(|line| line.map(str::to_owned)));
        for size in 1..text.len() {
            let pieces: Vec<&str> =
                text.as_bytes().chunks(size).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
            assert_eq!(cut(&pieces, 5), whole, "{size}");
        }
    }

    #[test]
    fn the_last_line_needs_no_end() {
        assert_eq!(cut(&["a"], 5), [Some("a".to_owned())]);
        assert_eq!(cut(&["a\n"], 5), [Some("a".to_owned())]);
        assert_eq!(cut(&["longlong"], 5), [None]);
        assert_eq!(cut(&["lon", "glong"], 5), [None]);
        assert!(cut(&[], 5).is_empty() && cut(&[""], 5).is_empty());
    }
}
