//! Checks whose answers had hits, about which feedback can be given.

use std::collections::VecDeque;

/// More are forgotten, the oldest first.
const KEPT_MAX: usize = 4096;

/// Names of checks, each with a record that it showed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    checks: VecDeque<(String, String)>,
}

impl Seen {
    /// Looks at an answer.
    pub(super) fn look(&mut self, body: &[u8]) {
        let Some(check) = between(body, b"{\"check_id\":\"", b"\"") else { return };
        let Some(record) = between(body, b"\"record\":\"r-", b"\"") else { return };
        if self.checks.len() == KEPT_MAX {
            self.checks.pop_front();
        }
        self.checks.push_back((check, format!("r-{record}")));
    }

    /// The next to be given feedback about.
    pub(super) fn take(&mut self) -> Option<(String, String)> {
        self.checks.pop_front()
    }
}

fn between(body: &[u8], before: &[u8], after: &[u8]) -> Option<String> {
    let begin = memchr::memmem::find(body, before)? + before.len();
    let rest = body.get(begin..)?;
    let end = memchr::memmem::find(rest, after)?;
    String::from_utf8(rest.get(..end)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_with_a_hit_is_kept_with_its_record() {
        let mut seen = Seen::default();
        seen.look(br#"{"check_id":"01A","hits":[]}"#);
        seen.look(br#"{"check_id":"01B","hits":[{"record":"state"},{"record":"r-12","x":1}]}"#);
        assert_eq!(seen.take(), Some(("01B".to_owned(), "r-12".to_owned())));
        assert_eq!(seen.take(), None);
    }
}
