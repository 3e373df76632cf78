//! Looking ahead in a batch: what the release holds of the next lines is read for all of them together, so that they wait
//! for memory once, and not one after the other. Nothing depends on it: a line that is not understood here is answered,
//! or refused, like any other when its turn comes.

use super::wire::request::{self, Text};
use super::worker::Desk;
use crate::domain::date::Day;
use crate::domain::identifier::Identifier;
use crate::live::Clock;
use memchr::memchr_iter;

/// Lines that are looked at together.
const LINES: usize = 16;

/// What was looked at of a piece.
#[derive(Debug, Default)]
pub(super) struct Outlook {
    lines: usize,
}

impl Outlook {
    /// Before each line of a piece, `left` being what begins with it.
    pub(super) fn next(&mut self, desk: &mut Desk, clock: Clock, left: &[u8]) {
        if self.lines == 0 {
            self.lines = LINES;
            let now = clock.now();
            if let Ok((serving, _)) = desk.live.current(now) {
                serving.snapshot().anticipate(asked(left, now.day));
            }
        }
        self.lines -= 1;
    }
}

/// Whom the next lines ask for, as far as they are plain.
fn asked(left: &[u8], day: Day) -> impl Iterator<Item = Identifier> {
    let mut begin = 0;
    memchr_iter(b'\n', left).take(LINES).filter_map(move |end| {
        let line = &left[begin..end];
        begin = end + 1;
        let Text(number) = request::plain(line)?.subject?.id?;
        Identifier::read(&number, day).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_lines_are_seen_as_far_as_they_are_plain_and_whole() {
        let day = "2026-11-20".parse().unwrap();
        let found =
            |text: &str| asked(text.as_bytes(), day).map(|one| one.as_str().to_owned()).collect::<Vec<_>>();
        let (code, person) = ("91110000600037341L", "360426199101010071");
        let line = |number: &str| format!(r#"{{"subject":{{"id":"{number}","name":"试"}},"matter":"m-1"}}"#);
        let others = ["", "{}", "x", r#"{"subject":{"id":"91110000600037341X"}}"#, "\u{7}"].join("\n");
        let text = format!("{}\n{others}\n{}\n{}", line(code), line(person), line(code));
        assert_eq!(found(&text), [code, person]);
        assert_eq!(found(&format!("{}\n", line(code)).repeat(LINES + 1)).len(), LINES);
    }
}
