//! From bytes on disk to valid text, chunk by chunk: decompressed, its encoding told or found, never guessed into garbage.

use crate::dataset::{Encoding, Format};
use encoding_rs::{Decoder, DecoderResult, GB18030};
use memchr::{memchr_iter, memmem};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes decoded at a time; also what an encoding is found by, from the first byte that is not ASCII.
const CHUNK_BYTES: usize = 256 * 1024;
/// GB 18030 text reads by chance as UTF-8 with so many three-byte characters less than once in 10^10 lines.
const UTF8_PROOF_CHARS: usize = 5;
/// U+FFFD in UTF-8.
const LOST: &[u8] = "\u{FFFD}".as_bytes();

/// Why a file's text ends early.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file, or its compressed stream, cannot be read; a truncated one ends here too.
    #[error("cannot be read to its end: {0}; is the file whole?")]
    Read(#[from] io::Error),
    /// A byte sequence that the encoding does not have.
    #[error(
        "line {line}: the bytes are no {encoding}; write the file again, or name its encoding in dataset.toml"
    )]
    Undecodable {
        /// Line of the bytes.
        line: u32,
        /// The encoding told or found.
        encoding: &'static str,
    },
    /// Text that an earlier program could not decode.
    #[error(
        "line {line}: holds U+FFFD, which stands for text lost in an earlier conversion; export the file again"
    )]
    Lost {
        /// Line of the character.
        line: u32,
    },
    /// Text in UTF-8 in a file of GB 18030.
    #[error(
        "line {line}: is UTF-8 in a file taken for GB 18030; name its encoding in dataset.toml, or mend the line"
    )]
    Mixed {
        /// Line of the text.
        line: u32,
    },
    /// A byte-order mark of another encoding.
    #[error("line 1: the byte-order mark is that of {found}, expected {expected}; save the file as UTF-8")]
    Mark {
        /// Encoding of the mark.
        found: &'static str,
        /// The encoding told.
        expected: &'static str,
    },
}

enum Mode {
    /// Nothing but ASCII so far.
    Undecided,
    Utf8,
    Gb18030(Box<Decoder>),
}

/// A file's text in order.
pub(super) struct Text {
    reader: Box<dyn Read + Send>,
    /// Bytes of the file read so far.
    bytes: Arc<AtomicU64>,
    told: Encoding,
    mode: Mode,
    /// Bytes read; the first `held` are not yet decoded.
    raw: Vec<u8>,
    held: usize,
    started: bool,
    ended: bool,
    /// The decoder was told that nothing follows, and must not be used again.
    finished: bool,
    /// Line of the first byte of `raw`.
    line: u32,
}

/// Counts the bytes of the file itself, before decompression.
struct Counted {
    file: File,
    bytes: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(out)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Text {
    /// Opens a file.
    pub(super) fn open(path: &Path, format: Format, told: Encoding) -> Result<Text, DecodeError> {
        let bytes = Arc::new(AtomicU64::new(0));
        let file = Counted { file: File::open(path)?, bytes: bytes.clone() };
        let reader: Box<dyn Read + Send> = match format {
            // A workbook or a Parquet file has a reader of its own.
            Format::Plain | Format::Xlsx | Format::Parquet => Box::new(file),
            Format::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered(file))),
            Format::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(buffered(file))?),
        };
        Ok(Text { bytes, ..Text::new(reader, told) })
    }

    /// Bytes of the file read so far, as they are on disk.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn new(reader: Box<dyn Read + Send>, told: Encoding) -> Text {
        let mode = match told {
            Encoding::Auto => Mode::Undecided,
            Encoding::Utf8 => Mode::Utf8,
            Encoding::Gb18030 => gb18030(),
        };
        let (bytes, raw) = (Arc::default(), vec![0; CHUNK_BYTES]);
        let (started, ended, finished) = (false, false, false);
        Text { reader, bytes, told, mode, raw, held: 0, started, ended, finished, line: 1 }
    }

    /// Appends more text; `false` at the end.
    pub(super) fn more(&mut self, out: &mut String) -> Result<bool, DecodeError> {
        self.fill()?;
        if !self.started {
            self.started = true;
            self.mark()?;
        }
        if self.held == 0 && self.ended {
            // A decoder may still hold half a character.
            self.gb18030(out)?;
            return Ok(false);
        }
        if matches!(self.mode, Mode::Undecided) && !self.decide(out) {
            return Ok(true);
        }
        match self.mode {
            Mode::Gb18030(_) => self.gb18030(out)?,
            _ => self.utf8(out)?,
        }
        Ok(true)
    }

    /// Reads until a chunk is full, so that compressed streams that give little at a time decide nothing.
    fn fill(&mut self) -> Result<(), DecodeError> {
        while !self.ended && self.held < self.raw.len() {
            match self.reader.read(&mut self.raw[self.held..]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.held += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Takes a byte-order mark off, or refuses that of another encoding.
    fn mark(&mut self) -> Result<(), DecodeError> {
        let found = match &self.raw[..self.held] {
            [0xEF, 0xBB, 0xBF, ..] => {
                if self.told == Encoding::Gb18030 {
                    return Err(DecodeError::Mark { found: "UTF-8", expected: "GB 18030" });
                }
                self.mode = Mode::Utf8;
                self.consume(3);
                return Ok(());
            }
            [0x84, 0x31, 0x95, 0x33, ..] if self.told != Encoding::Utf8 => {
                self.mode = gb18030();
                self.consume(4);
                return Ok(());
            }
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "UTF-16",
            _ => return Ok(()),
        };
        Err(DecodeError::Mark { found, expected: self.told.word() })
    }

    /// Finds the encoding by a chunk with text that is not ASCII. `false`: there is none yet, what was there is passed on.
    fn decide(&mut self, out: &mut String) -> bool {
        let raw = self.held();
        let plain = raw.iter().position(|b| !b.is_ascii()).unwrap_or(raw.len());
        let error = match std::str::from_utf8(raw) {
            Ok(_) if plain < raw.len() => {
                self.mode = Mode::Utf8;
                return true;
            }
            Ok(_) => None,
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            let cut = error.error_len().is_none() && !self.ended;
            if !cut || error.valid_up_to() > plain {
                self.mode = if cut { Mode::Utf8 } else { gb18030() };
                return true;
            }
        }
        // All ASCII, or ASCII and the first half of a character.
        out.push_str(std::str::from_utf8(&raw[..plain]).unwrap_or_default());
        self.consume(plain);
        false
    }

    fn utf8(&mut self, out: &mut String) -> Result<(), DecodeError> {
        // The rest of a character that a chunk cuts comes with the next.
        let held = self.held();
        let cut = if self.ended { 0 } else { begun(held) };
        let (text, whole) = match simdutf8::compat::from_utf8(&held[..held.len() - cut]) {
            Ok(text) => (text, true),
            Err(error) => (std::str::from_utf8(&held[..error.valid_up_to()]).unwrap_or_default(), false),
        };
        if let Some(at) = memmem::find(text.as_bytes(), LOST) {
            return Err(DecodeError::Lost { line: self.line_at(at) });
        }
        let valid = text.len();
        if !whole {
            return Err(DecodeError::Undecodable { line: self.line_at(valid), encoding: "UTF-8" });
        }
        out.push_str(text);
        self.consume(valid);
        Ok(())
    }

    fn gb18030(&mut self, out: &mut String) -> Result<(), DecodeError> {
        let mut line = self.line;
        for bytes in self.held().split(|b| *b == b'\n') {
            if is_surely_utf8(bytes) {
                return Err(DecodeError::Mixed { line });
            }
            line = line.saturating_add(1);
        }
        let Mode::Gb18030(decoder) = &mut self.mode else { return Ok(()) };
        if self.finished {
            return Ok(());
        }
        self.finished = self.ended;
        let from = out.len();
        let raw = &self.raw[..self.held];
        out.reserve(decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(0));
        let (result, read) = decoder.decode_to_string_without_replacement(raw, out, self.ended);
        if let DecoderResult::Malformed(..) = result {
            let line = self.line_at(read.saturating_sub(1));
            return Err(DecodeError::Undecodable { line, encoding: "GB 18030" });
        }
        if let Some(at) = out[from..].find('\u{FFFD}') {
            let lines = out[from..from + at].matches('\n').count();
            return Err(DecodeError::Lost { line: self.line.saturating_add(lines as u32) });
        }
        self.consume(read);
        Ok(())
    }

    fn line_at(&self, at: usize) -> u32 {
        self.line.saturating_add(newlines(&self.raw[..at.min(self.held)]))
    }

    fn consume(&mut self, bytes: usize) {
        self.line = self.line_at(bytes);
        self.raw.copy_within(bytes..self.held, 0);
        self.held -= bytes;
    }

    /// Bytes read and not yet decoded.
    fn held(&self) -> &[u8] {
        &self.raw[..self.held]
    }
}

fn buffered(file: Counted) -> io::BufReader<Counted> {
    io::BufReader::with_capacity(CHUNK_BYTES, file)
}

fn gb18030() -> Mode {
    Mode::Gb18030(Box::new(GB18030.new_decoder_without_bom_handling()))
}

/// No other byte of UTF-8 or GB 18030 is that of a newline.
fn newlines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

fn is_surely_utf8(line: &[u8]) -> bool {
    let three_bytes = |text: &str| text.chars().filter(|c| c.len_utf8() == 3).count();
    !line.is_ascii() && std::str::from_utf8(line).is_ok_and(|text| three_bytes(text) >= UTF8_PROOF_CHARS)
}

/// Bytes at the end of a chunk that begin a character and do not end it.
fn begun(bytes: &[u8]) -> usize {
    let tail = bytes.len().min(3);
    let begins = (1..=tail).find(|back| bytes[bytes.len() - back] & 0xC0 != 0x80);
    let Some(back) = begins else { return 0 };
    let wanted = match bytes[bytes.len() - back] {
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
        _ => 1,
    };
    if wanted > back { back } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8], told: Encoding) -> Result<String, DecodeError> {
        let mut text = Text::new(Box::new(io::Cursor::new(bytes.to_vec())), told);
        let mut out = String::new();
        while text.more(&mut out)? {}
        Ok(out)
    }

    fn gb(text: &str) -> Vec<u8> {
        GB18030.encode(text).0.into_owned()
    }

    const TEXT: &str = "名称,备注\n枣庄示例一号有限公司,𠀀镕·\u{3000}①\n";

    #[test]
    fn encodings_are_told_or_found() {
        for told in [Encoding::Auto, Encoding::Utf8] {
            assert_eq!(decode(TEXT.as_bytes(), told).unwrap(), TEXT);
            assert_eq!(decode(format!("\u{FEFF}{TEXT}").as_bytes(), told).unwrap(), TEXT);
            assert_eq!(decode(b"", told).unwrap(), "");
        }
        for told in [Encoding::Auto, Encoding::Gb18030] {
            assert_eq!(decode(&gb(TEXT), told).unwrap(), TEXT);
            assert_eq!(decode(&gb(&format!("\u{FEFF}{TEXT}")), told).unwrap(), TEXT);
        }
    }

    #[test]
    fn an_encoding_is_found_by_the_first_text_that_is_not_ascii() {
        for plain in [CHUNK_BYTES - 1, CHUNK_BYTES - 2, CHUNK_BYTES - 3, CHUNK_BYTES, 3 * CHUNK_BYTES + 7] {
            let long = "a".repeat(plain) + TEXT;
            assert!(decode(long.as_bytes(), Encoding::Auto).unwrap() == long, "{plain}");
            assert!(decode(&gb(&long), Encoding::Auto).unwrap() == long, "{plain}");
        }
    }

    #[test]
    fn characters_across_chunks_stay_whole() {
        let long = "枣a".repeat(CHUNK_BYTES);
        assert!(decode(long.as_bytes(), Encoding::Utf8).unwrap() == long);
        assert!(decode(&gb(&long), Encoding::Gb18030).unwrap() == long);
    }

    #[test]
    fn a_wrong_encoding_is_an_error_with_its_line() {
        let is = |bytes: &[u8], told, words: &str| {
            let error = decode(bytes, told).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        is(&gb(TEXT), Encoding::Utf8, "line 1: the bytes are no UTF-8");
        is(TEXT.as_bytes(), Encoding::Gb18030, "line 2: is UTF-8");
        let late = |first: Vec<u8>, then: &[u8]| [first.as_slice(), then].concat();
        is(
            &late(TEXT.repeat(9000).into(), &gb("枣庄")),
            Encoding::Auto,
            "line 18001: the bytes are no UTF-8",
        );
        is(&late(gb(&TEXT.repeat(9000)), TEXT.as_bytes()), Encoding::Auto, "line 18002: is UTF-8");
        is(&late(gb(TEXT), b"\n\xFF\n"), Encoding::Auto, "line 4: the bytes are no GB 18030");
        is(&late(gb(TEXT), b"\xD0"), Encoding::Auto, "line 3: the bytes are no GB 18030");
        is(&late(TEXT.into(), b"\xE6\x9E"), Encoding::Utf8, "line 3: the bytes are no UTF-8");
        is("a\nb\u{FFFD}\n".as_bytes(), Encoding::Auto, "line 2: holds U+FFFD");
        is(b"\xFF\xFEa\0", Encoding::Auto, "UTF-16");
        is(b"\xEF\xBB\xBFa", Encoding::Gb18030, "expected GB 18030");
    }

    #[test]
    fn one_broken_character_does_not_turn_a_file_into_another_encoding() {
        let broken = [TEXT.as_bytes(), b"\xE6,\n", TEXT.as_bytes()].concat();
        assert!(decode(&broken, Encoding::Auto).is_err());
    }
}
