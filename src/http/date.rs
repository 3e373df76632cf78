//! The `date` of a reply, made anew once a second.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The line of the second at hand.
#[derive(Debug, Default)]
pub(super) struct DateLine {
    second: u64,
    line: Vec<u8>,
}

impl DateLine {
    /// Writes the field between two line ends.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) {
        let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if second != self.second || self.line.is_empty() {
            let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(second));
            self.second = second;
            self.line.clear();
            self.line.extend_from_slice(b"\r\ndate: ");
            self.line.extend_from_slice(date.as_bytes());
            self.line.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(&self.line);
    }
}
