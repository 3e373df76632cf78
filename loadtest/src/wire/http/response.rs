//! Reads answers of HTTP/1.1, strictly: what is not an answer is told, never guessed at.

use memchr::memmem;

use crate::wire::{Malformed, Progress};

/// A head longer than this is none.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// A line of a chunk's size is not longer.
const CHUNK_LINE_BYTES_MAX: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Fixed(u64),
    ChunkSize,
    Chunk(u64),
    /// The line end behind a chunk.
    ChunkEnd,
    Trailer,
    UntilClose,
}

/// One answer at a time.
#[derive(Debug)]
pub(crate) struct ResponseReader {
    state: State,
    /// A head, or a line of chunks, that has come in part.
    partial: Vec<u8>,
    /// Of the last whole head.
    pub(crate) status: u16,
    /// The server closes behind this answer.
    pub(crate) close: bool,
    /// The body, where it is kept.
    pub(crate) body: Vec<u8>,
    keep: bool,
    /// Bytes of this answer so far.
    pub(crate) bytes: u64,
}

impl ResponseReader {
    /// Waits for an answer.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Head,
            partial: Vec::new(),
            status: 0,
            close: false,
            body: Vec::new(),
            keep: false,
            bytes: 0,
        }
    }

    /// Forgets everything, for the answer to a new request; `keep` its body.
    pub(crate) fn begin(&mut self, keep: bool) {
        self.state = State::Head;
        self.partial.clear();
        self.body.clear();
        (self.status, self.close, self.keep, self.bytes) = (0, false, keep, 0);
    }

    /// Takes bytes. Those behind a whole answer are left.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Progress, Malformed> {
        let mut at = 0;
        let done = loop {
            let rest = &bytes[at..];
            let (used, done) = match self.state {
                State::Head => self.head(rest)?,
                State::Fixed(left) => {
                    let used = self.take(rest, left);
                    self.state = State::Fixed(left - used as u64);
                    (used, left == used as u64)
                }
                State::Chunk(left) => {
                    let used = self.take(rest, left);
                    let left = left - used as u64;
                    self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
                    (used, false)
                }
                State::ChunkSize | State::ChunkEnd | State::Trailer => self.line(rest)?,
                State::UntilClose => (self.take(rest, u64::MAX), false),
            };
            at += used;
            if done || at == bytes.len() {
                break done;
            }
        };
        self.bytes += at as u64;
        Ok(if done { Progress::Whole(at) } else { Progress::More })
    }

    /// The server has closed; whether that made the answer whole.
    pub(crate) fn end(&self) -> bool {
        self.state == State::UntilClose
    }

    fn take(&mut self, bytes: &[u8], most: u64) -> usize {
        let count = usize::try_from(most).unwrap_or(usize::MAX).min(bytes.len());
        if self.keep {
            self.body.extend_from_slice(&bytes[..count]);
        }
        count
    }

    /// Uses up the head if it is whole; answers without a body end here.
    fn head(&mut self, bytes: &[u8]) -> Result<(usize, bool), Malformed> {
        if self.partial.is_empty()
            && let Some(end) = memmem::find(bytes, b"\r\n\r\n")
        {
            return Ok((end + 4, self.begin_body(&bytes[..end])?));
        }
        let known = self.partial.len();
        self.partial.extend_from_slice(bytes);
        // The end may lie across what was there and what came.
        let from = known.saturating_sub(3);
        let Some(end) = memmem::find(&self.partial[from..], b"\r\n\r\n").map(|end| from + end) else {
            let long = self.partial.len() > HEAD_BYTES_MAX;
            return if long { Err(Malformed::HeadTooLong) } else { Ok((bytes.len(), false)) };
        };
        let head = std::mem::take(&mut self.partial);
        let done = self.begin_body(&head[..end])?;
        self.partial = head;
        self.partial.clear();
        Ok((end + 4 - known, done))
    }

    fn begin_body(&mut self, head: &[u8]) -> Result<bool, Malformed> {
        let line_end = memchr::memchr(b'\r', head).unwrap_or(head.len());
        let (line, mut rest) = head.split_at(line_end);
        let (minor, status) = status_line(line).ok_or(Malformed::StatusLine)?;
        let (mut length, mut chunked) = (None, false);
        let mut close = minor == b'0';
        while let Some(after) = rest.strip_prefix(b"\r\n") {
            let end = memchr::memchr(b'\r', after).unwrap_or(after.len());
            let colon = memchr::memchr(b':', &after[..end]).filter(|at| *at > 0).ok_or(Malformed::Header)?;
            let (name, value) = (&after[..colon], after[colon + 1..end].trim_ascii());
            if name.eq_ignore_ascii_case(b"content-length") {
                let read = number(value, 10).ok_or(Malformed::Length)?;
                if length.is_some_and(|known| known != read) {
                    return Err(Malformed::Length);
                }
                length = Some(read);
            } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                chunked = value.eq_ignore_ascii_case(b"chunked");
                if !chunked {
                    return Err(Malformed::Length);
                }
            } else if name.eq_ignore_ascii_case(b"connection") {
                close = value.eq_ignore_ascii_case(b"close");
            }
            rest = &after[end..];
        }
        if !rest.is_empty() {
            return Err(Malformed::Header);
        }
        // Words before the answer, such as 100 Continue.
        if (100..200).contains(&status) {
            self.state = State::Head;
            return Ok(false);
        }
        (self.status, self.close) = (status, close);
        self.state = match (chunked, length) {
            (true, Some(_)) => return Err(Malformed::Length),
            _ if matches!(status, 204 | 304) => return Ok(true),
            (true, None) => State::ChunkSize,
            (false, Some(0)) => return Ok(true),
            (false, Some(length)) => State::Fixed(length),
            (false, None) => {
                self.close = true;
                State::UntilClose
            }
        };
        Ok(false)
    }

    /// A line of the framing of chunks.
    fn line(&mut self, bytes: &[u8]) -> Result<(usize, bool), Malformed> {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            self.partial.extend_from_slice(bytes);
            let long = self.partial.len() > CHUNK_LINE_BYTES_MAX;
            return if long { Err(Malformed::Chunk) } else { Ok((bytes.len(), false)) };
        };
        self.partial.extend_from_slice(&bytes[..=end]);
        let line = self.partial.strip_suffix(b"\r\n").ok_or(Malformed::Chunk)?;
        let mut done = false;
        self.state = match self.state {
            State::ChunkEnd if line.is_empty() => State::ChunkSize,
            State::ChunkSize => {
                let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
                match number(digits, 16).ok_or(Malformed::Chunk)? {
                    0 => State::Trailer,
                    size => State::Chunk(size),
                }
            }
            State::Trailer => {
                done = line.is_empty();
                State::Trailer
            }
            _ => return Err(Malformed::Chunk),
        };
        self.partial.clear();
        Ok((end + 1, done))
    }
}

/// The minor version and the status.
fn status_line(line: &[u8]) -> Option<(u8, u16)> {
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let (minor, rest) = rest.split_first()?;
    let rest = rest.strip_prefix(b" ")?;
    let (digits, reason) = rest.split_at_checked(3)?;
    let status = number(digits, 10)?;
    let fits = matches!(minor, b'0' | b'1')
        && (100..600).contains(&status)
        && (reason.is_empty() || reason.starts_with(b" "));
    fits.then_some((*minor, u16::try_from(status).ok()?))
}

/// Digits and nothing else.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, radix).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole at once, and the same in every two pieces and byte by byte.
    fn read(answer: &str) -> Result<(u16, bool, String), Malformed> {
        let bytes = answer.as_bytes();
        let in_pieces = |pieces: &[&[u8]]| {
            let mut reader = ResponseReader::new();
            reader.begin(true);
            let mut done = false;
            for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
                assert!(!done, "bytes are left behind {answer:?}");
                done = match reader.feed(piece)? {
                    Progress::More => false,
                    Progress::Whole(used) => {
                        assert_eq!(used, piece.len());
                        true
                    }
                };
            }
            assert!(done || reader.end(), "{answer:?} does not end");
            Ok((reader.status, reader.close, String::from_utf8(reader.body).unwrap()))
        };
        let whole = in_pieces(&[bytes])?;
        for cut in 0..bytes.len() {
            assert_eq!(in_pieces(&[&bytes[..cut], &bytes[cut..]]).as_ref(), Ok(&whole), "cut at {cut}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(in_pieces(&single).as_ref(), Ok(&whole));
        Ok(whole)
    }

    fn told(status: u16, close: bool, body: &str) -> Result<(u16, bool, String), Malformed> {
        Ok((status, close, body.to_owned()))
    }

    #[test]
    fn bodies_end_by_length_by_chunks_or_by_the_end() {
        assert_eq!(read("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"), told(200, false, "{}"));
        assert_eq!(
            read("HTTP/1.1 503 X\r\nContent-Length:0\r\nConnection: Close\r\n\r\n"),
            told(503, true, "")
        );
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na;x=y\r\n, world !!\r\n0\r\nt: v\r\n\r\n";
        assert_eq!(read(chunked), told(200, false, "hello, world !!"));
        assert_eq!(read("HTTP/1.0 200 OK\r\n\r\nuntil the end"), told(200, true, "until the end"));
        assert_eq!(read("HTTP/1.1 204 \r\nx: y\r\n\r\n"), told(204, false, ""));
        assert_eq!(
            read("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n!"),
            told(200, false, "!")
        );
    }

    #[test]
    fn what_stands_behind_an_answer_is_left() {
        let mut reader = ResponseReader::new();
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1";
        assert_eq!(reader.feed(bytes), Ok(Progress::Whole(bytes.len() - 8)));
    }

    #[test]
    fn what_is_no_answer_is_told() {
        for (answer, expected) in [
            ("HTP/1.1 200 OK\r\n\r\n", Malformed::StatusLine),
            ("HTTP/2.0 200 OK\r\n\r\n", Malformed::StatusLine),
            ("HTTP/1.1 2000 OK\r\n\r\n", Malformed::StatusLine),
            ("HTTP/1.1 +20 OK\r\n\r\n", Malformed::StatusLine),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", Malformed::Header),
            ("HTTP/1.1 200 OK\r\n: no name\r\n\r\n", Malformed::Header),
            ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", Malformed::Length),
            ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", Malformed::Length),
            ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", Malformed::Length),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n", Malformed::Chunk),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n", Malformed::Chunk),
        ] {
            assert_eq!(ResponseReader::new().feed(answer.as_bytes()).err(), Some(expected), "{answer:?}");
        }
        let long = vec![b'a'; HEAD_BYTES_MAX + 1];
        assert_eq!(ResponseReader::new().feed(&long), Err(Malformed::HeadTooLong));
    }
}
