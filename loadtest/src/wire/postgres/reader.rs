//! What a query came to: whether there was a row.

use super::words;
use crate::wire::{Malformed, Progress};

/// The type of a message, and its length.
const HEAD_BYTES: usize = 5;
/// Of an error so much is kept; what an error says is shorter.
const ERROR_BYTES_MAX: u64 = 64 << 10;

/// The messages that answer one request, up to ReadyForQuery.
#[derive(Debug)]
pub(crate) struct RowReader {
    /// The head of a message, as far as it has come.
    head: [u8; HEAD_BYTES],
    head_came: usize,
    /// What is still to come of the message.
    left: u64,
    /// An error as a whole message, or nothing.
    error: Vec<u8>,
    complaint: String,
    /// 200 for a row, 404 for none, 500 for an error.
    pub(crate) status: u16,
    /// Bytes of this answer so far.
    pub(crate) bytes: u64,
}

impl RowReader {
    /// Waits for an answer.
    pub(crate) fn new() -> Self {
        let (error, complaint) = (Vec::new(), String::new());
        Self { head: [0; HEAD_BYTES], head_came: 0, left: 0, error, complaint, status: 404, bytes: 0 }
    }

    /// Forgets everything, for the answer to a new request.
    pub(crate) fn begin(&mut self) {
        self.error.clear();
        self.complaint.clear();
        (self.head_came, self.left, self.status, self.bytes) = (0, 0, 404, 0);
    }

    /// The words of an error.
    pub(crate) fn complaint(&self) -> &str {
        &self.complaint
    }

    /// Takes bytes. Those behind a whole answer are left.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Progress, Malformed> {
        let mut at = 0;
        let mut done = false;
        while !done && at < bytes.len() {
            let rest = &bytes[at..];
            if self.head_came < HEAD_BYTES {
                let used = rest.len().min(HEAD_BYTES - self.head_came);
                self.head[self.head_came..self.head_came + used].copy_from_slice(&rest[..used]);
                self.head_came += used;
                at += used;
                if self.head_came < HEAD_BYTES {
                    break;
                }
                self.begin_message()?;
            }
            let rest = &bytes[at..];
            let used = usize::try_from(self.left).unwrap_or(usize::MAX).min(rest.len());
            if !self.error.is_empty() {
                self.error.extend_from_slice(&rest[..used]);
            }
            self.left -= used as u64;
            at += used;
            if self.left == 0 {
                done = self.end_message();
            }
        }
        self.bytes += at as u64;
        Ok(if done { Progress::Whole(at) } else { Progress::More })
    }

    fn begin_message(&mut self) -> Result<(), Malformed> {
        let [kind, length @ ..] = self.head;
        // The length counts itself.
        self.left = u64::from(u32::from_be_bytes(length)).checked_sub(4).ok_or(Malformed::Message)?;
        match kind {
            b'D' => self.status = 200,
            b'E' if self.left <= ERROR_BYTES_MAX => self.error.extend_from_slice(&self.head),
            // The end of Bind, of the rows, of all; words and settings that come unasked.
            b'2' | b'C' | b'I' | b'N' | b'S' | b'Z' => {}
            _ => return Err(Malformed::Message),
        }
        Ok(())
    }

    /// Whether that was the last one.
    fn end_message(&mut self) -> bool {
        self.head_came = 0;
        if !self.error.is_empty() {
            self.status = 500;
            self.complaint = words(&self.error);
            self.error.clear();
        }
        self.head[0] == b'Z'
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::pieces::read;
    use crate::wire::protocol::Reader;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u32 + 4).to_be_bytes();
        [&[kind][..], &length, body].concat()
    }

    fn told(messages: &[Vec<u8>]) -> Result<(u16, String), Malformed> {
        read(|| Reader::Postgres(RowReader::new()), &messages.concat())
    }

    #[test]
    fn a_row_is_found_and_none_is_missing() {
        let (bound, ready) = (message(b'2', b""), message(b'Z', b"I"));
        let row = message(b'D', b"\0\x01\0\0\0\x05hello");
        let found = [bound.clone(), row, message(b'C', b"SELECT 1\0"), ready.clone()];
        assert_eq!(told(&found), Ok((200, String::new())));
        let notice = message(b'N', b"SNOTICE\0C00000\0Mhear\0\0");
        let missing = [notice, bound.clone(), message(b'C', b"SELECT 0\0"), ready.clone()];
        assert_eq!(told(&missing), Ok((404, String::new())));
        let error = message(b'E', b"SERROR\0C42P01\0Mrelation \"x\" does not exist\0Ddetails\0\0");
        let (status, said) = told(&[bound, error, ready]).unwrap();
        assert_eq!(status, 500);
        assert!(said.starts_with("PostgreSQL says 42P01: relation \"x\" does not exist; "), "{said}");
        assert!(said.contains("xinhe-load fill") && !said.contains("details"), "{said}");
    }

    #[test]
    fn what_is_no_message_of_a_query_is_told() {
        for wrong in
            [message(b'T', b""), message(b'H', b""), b"D\0\0\0\x03".to_vec(), b"HTTP/1.1 400 Bad".to_vec()]
        {
            assert_eq!(told(&[wrong]), Err(Malformed::Message));
        }
        let long = [&b"E"[..], &u32::MAX.to_be_bytes()].concat();
        assert_eq!(told(&[long]), Err(Malformed::Message));
    }

    #[test]
    fn a_request_is_three_messages_of_the_lengths_they_say() {
        let mut out = Vec::new();
        super::super::write_select(b"91110000600037341L", &mut out);
        let mut kinds = Vec::new();
        let mut rest = &out[..];
        while let Some((kind, behind)) = rest.split_first() {
            kinds.push(*kind);
            rest = &behind[u32::from_be_bytes(behind[..4].try_into().unwrap()) as usize..];
        }
        assert_eq!(kinds, b"BES");
    }
}
