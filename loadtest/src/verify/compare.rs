//! One reply beside the library's.

use xinhe::check::check;
use xinhe::domain::date::Day;
use xinhe::domain::verdict::Workspace;
use xinhe::http::ask;
use xinhe::http::wire::{Reply, request};
use xinhe::live::{Clock, Serving};

use super::Given;
use super::source::{Source, VerifyError};

/// Of both texts, around the first difference.
const SHOWN_BYTES: usize = 60;
/// Around midnight the day before is right as well.
const MIDNIGHT_S: i64 = 30;

/// What a comparison came to.
pub(super) enum Found {
    /// So many answers are right.
    Right(u64),
    /// Where it differs.
    Wrong(String),
    /// The server refused without looking at the question.
    Refusal,
}

/// Compares replies, one after the other.
pub(super) struct Checker {
    source: Source,
    clock: Clock,
    work: Workspace,
    expected: Vec<u8>,
    /// The `data` object of a state on a day.
    data: Option<(String, u64, Day, Vec<u8>)>,
}

impl Checker {
    /// Against this source.
    pub(super) fn new(source: Source, clock: Clock) -> Self {
        Self { source, clock, work: Workspace::default(), expected: Vec::new(), data: None }
    }

    /// How many different states answered.
    pub(super) fn states(&self) -> u64 {
        self.source.opened()
    }

    /// Compares a reply to one check, or to a batch of them.
    pub(super) fn compare(&mut self, given: &Given) -> Result<Found, VerifyError> {
        if matches!(given.status, 429 | 503) {
            return Ok(Found::Refusal);
        }
        if given.status == 200 && given.body.last() == Some(&b'\n') {
            return self.batch(given);
        }
        Ok(match self.one(&given.asked, Some(given.status), &given.body, None)? {
            None => Found::Right(1),
            Some(words) => Found::Wrong(format!("answer to item {}: {words}", given.item)),
        })
    }

    fn batch(&mut self, given: &Given) -> Result<Found, VerifyError> {
        let mut answers = given.body.strip_suffix(b"\n").unwrap_or(&given.body).split(|byte| *byte == b'\n');
        let mut count = 0;
        for asked in given.asked.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Some(answer) = answers.next() else {
                return Ok(Found::Wrong(format!(
                    "batch of item {}: it ends before line {count}",
                    given.item
                )));
            };
            count += 1;
            if let Some(words) = self.one(asked, None, answer, Some(count))? {
                return Ok(Found::Wrong(format!("batch of item {}, line {count}: {words}", given.item)));
            }
        }
        let summary = format!("{{\"summary\":{{\"asked\":{count},");
        match (answers.next(), answers.next()) {
            (Some(last), None) if last.starts_with(summary.as_bytes()) => Ok(Found::Right(count)),
            _ => Ok(Found::Wrong(format!("batch of item {}: no summary of {count} at its end", given.item))),
        }
    }

    /// Says how an answer differs.
    fn one(
        &mut self,
        asked: &[u8],
        status: Option<u16>,
        answer: &[u8],
        line: Option<u64>,
    ) -> Result<Option<String>, VerifyError> {
        let now = self.clock.now();
        let (stripped, serving) = match state_of(answer) {
            Some((release, corrections)) => {
                let state = self.source.state(release, corrections)?;
                (without_check_id(answer), Some(state))
            }
            None => (Some(answer), self.source.any()),
        };
        let Some(serving) = serving else {
            return Ok(Some("it names no release, and none is known yet".to_owned()));
        };
        let Some(stripped) = stripped else { return Ok(Some("it has no check_id".to_owned())) };
        let mut expected_status = self.expect(asked, &serving, now.day, line)?;
        let before = Day::in_china(now.unix_s - MIDNIGHT_S);
        if before != now.day && self.clock == Clock::System && difference(stripped, &self.expected).is_some()
        {
            expected_status = self.expect(asked, &serving, before, line)?;
        }
        if status.is_some_and(|status| status != expected_status) {
            return Ok(Some(format!("found the status {}, expected {expected_status}", status.unwrap_or(0))));
        }
        Ok(difference(stripped, &self.expected))
    }

    /// Writes the right answer, and says its status.
    fn expect(
        &mut self,
        asked: &[u8],
        serving: &Serving,
        day: Day,
        line: Option<u64>,
    ) -> Result<u16, VerifyError> {
        self.expected.clear();
        let snapshot = serving.snapshot();
        let request = match request::check(asked) {
            Ok(request) => request,
            Err(problem) => return Ok(self.refuse(&problem, line)),
        };
        let asked = match ask::check(&request, snapshot.catalogue(), day) {
            Ok(asked) => asked,
            Err(problem) => return Ok(self.refuse(&problem, line)),
        };
        let question = &asked.question();
        let answer = &check(snapshot, question, &mut self.work)?;
        let (name, corrections) = (serving.name(), serving.corrections());
        let known =
            |data: &&(String, u64, Day, Vec<u8>)| (&*data.0, data.1, data.2) == (name, corrections, day);
        if self.data.as_ref().filter(known).is_none() {
            self.data = Some((name.to_owned(), corrections, day, serving.data(day)));
        }
        let data = self.data.as_ref().map(|data| data.3.as_slice()).unwrap_or_default();
        let work = &self.work;
        Reply { check_id: None, serving, data, question, answer, work }.write(&mut self.expected);
        Ok(200)
    }

    fn refuse(&mut self, problem: &xinhe::http::error::Problem, line: Option<u64>) -> u16 {
        match line {
            Some(number) => problem.write_of_line(number, &mut self.expected),
            None => problem.write(&mut self.expected),
        }
        problem.code.status()
    }
}

/// Which release, under how many corrections, answered: the last object of a reply says so.
fn state_of(answer: &[u8]) -> Option<(&str, u64)> {
    const DATA: &[u8] = b"\"data\":{\"release\":\"";
    const CORRECTIONS: &str = "\"corrections\":";
    let at = memchr::memmem::rfind(answer, DATA)? + DATA.len();
    let rest = std::str::from_utf8(answer.get(at..)?).ok()?;
    let (release, rest) = rest.split_once('"')?;
    let digits = &rest[rest.find(CORRECTIONS)? + CORRECTIONS.len()..];
    let end = digits.find(|c: char| !c.is_ascii_digit())?;
    Some((release, digits[..end].parse().ok()?))
}

/// The reply as `xinhe check` writes it: only the server can name a check. The name itself must be there.
fn without_check_id(answer: &[u8]) -> Option<&[u8]> {
    // `{"check_id":"…",` and what follows, of which only the opening brace is put back by the comparison.
    let rest = answer.strip_prefix(b"{\"check_id\":\"")?;
    let end = memchr::memchr(b'"', rest).filter(|end| *end > 0)?;
    rest.get(end + 1..)?.strip_prefix(b",")
}

/// `found` may lack the opening brace.
fn difference(found: &[u8], expected: &[u8]) -> Option<String> {
    let expected =
        if found.first() == Some(&b'{') { expected } else { expected.get(1..).unwrap_or_default() };
    if found == expected {
        return None;
    }
    let same = found.iter().zip(expected).take_while(|(one, other)| one == other).count();
    let shown = |text: &[u8]| {
        let from = same.saturating_sub(SHOWN_BYTES / 2);
        let to = (same + SHOWN_BYTES / 2).min(text.len());
        String::from_utf8_lossy(text.get(from..to).unwrap_or_default()).into_owned()
    };
    Some(format!("differs at byte {same}: found `…{}…`, expected `…{}…`", shown(found), shown(expected)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_that_answered_is_told_by_the_end_of_a_reply() {
        let reply = br#"{"check_id":"x","verdict":"clear","data":{"release":"2026-11-20.1","as_of":"2026-11-20","corrections":42,"stale":[]}}"#;
        assert_eq!(state_of(reply), Some(("2026-11-20.1", 42)));
        assert_eq!(state_of(br#"{"type":"urn:xinhe:problem:overloaded"}"#), None);
    }

    #[test]
    fn a_reply_is_compared_without_its_name_and_must_have_one() {
        let stripped = without_check_id(br#"{"check_id":"01J","verdict":"clear"}"#).unwrap();
        assert_eq!(difference(stripped, br#"{"verdict":"clear"}"#), None);
        assert!(difference(stripped, br#"{"verdict":"unknown"}"#).unwrap().contains("at byte 11"));
        assert_eq!(without_check_id(br#"{"verdict":"clear"}"#), None);
        assert_eq!(without_check_id(br#"{"check_id":"","verdict":"clear"}"#), None);
    }
}
