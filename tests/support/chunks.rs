//! Bodies without a length (RFC 9112 §7.1), so that tests can send and read them bit by bit.

use std::io::{self, BufRead, BufReader, Read};

/// A piece of a body.
pub(crate) fn chunk(bytes: &str) -> String {
    format!("{:x}\r\n{bytes}\r\n", bytes.len())
}

/// The end of a body.
pub(crate) const END: &str = "0\r\n\r\n";

/// The body of a reply, behind its head.
pub(crate) struct Body<R: Read> {
    stream: BufReader<R>,
    left: usize,
    ended: bool,
}

impl<R: Read> Body<R> {
    /// Reads the head; it must be of status 200.
    pub(crate) fn behind_head(stream: R) -> Body<R> {
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = stream.read_line(&mut head).unwrap_or_else(|error| panic!("{error}: {head}"));
            assert!(read > 0, "no reply: {head}");
        }
        assert!(head.starts_with("HTTP/1.1 200 ") && head.to_lowercase().contains("chunked"), "{head}");
        Body { stream, left: 0, ended: false }
    }
}

impl<R: Read> Read for Body<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.ended {
            let mut size = String::new();
            self.stream.read_line(&mut size)?;
            if size.trim().is_empty() {
                size.clear();
                self.stream.read_line(&mut size)?;
            }
            let size = usize::from_str_radix(size.trim(), 16).ok();
            self.left = size.ok_or(io::ErrorKind::UnexpectedEof)?;
            self.ended = self.left == 0;
        }
        let most = buffer.len().min(self.left);
        let read = self.stream.read(&mut buffer[..most])?;
        if most > 0 && read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read;
        Ok(read)
    }
}
