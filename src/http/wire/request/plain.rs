//! The body of a check as nearly all write it: an object of strings without escapes, on one line. Read without a parser,
//! in one pass over bytes that were found to be UTF-8 before. Whatever is less plain, and whatever is wrong, is `None`
//! here and read again by serde, which alone refuses.

use super::{Check, Subject, Text};
use memchr::memchr2;
use std::borrow::Cow;

/// Reads a plain check.
pub(super) fn check(body: &[u8]) -> Option<Check<'_>> {
    if body.iter().fold(false, |found, byte| found | (*byte < b' ')) {
        // A control character, which no string may hold, or a body that is set out in lines.
        return None;
    }
    let mut source = Source { text: std::str::from_utf8(body).ok()?, at: 0 };
    let mut check = Check::default();
    source.object(|source, key| {
        let slot = match key {
            "subject" => {
                let subject = source.subject()?;
                return check.subject.replace(subject).is_none().then_some(());
            }
            "matter" => &mut check.matter,
            "stage" => &mut check.stage,
            "case" => &mut check.case,
            "purpose" => &mut check.purpose,
            "operator" => &mut check.operator,
            "authorization" => &mut check.authorization,
            "request_id" => &mut check.request_id,
            _ => return None,
        };
        source.once(slot)
    })?;
    source.blank();
    (source.at == body.len()).then_some(check)
}

struct Source<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Source<'a> {
    fn subject(&mut self) -> Option<Subject<'a>> {
        let mut subject = Subject::default();
        self.object(|source, key| {
            let slot = match key {
                "id" => &mut subject.id,
                "id_type" => &mut subject.id_type,
                "country" => &mut subject.country,
                "name" => &mut subject.name,
                _ => return None,
            };
            source.once(slot)
        })?;
        Some(subject)
    }

    /// An object, whose values are taken one by one.
    fn object(&mut self, mut value: impl FnMut(&mut Source<'a>, &'a str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.take(b'}').is_some() {
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.take(b':')?;
            value(self, key)?;
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
        }
    }

    /// A string for a field that has none yet.
    fn once(&mut self, slot: &mut Option<Text<'a>>) -> Option<()> {
        let text = Text(Cow::Borrowed(self.string()?));
        slot.replace(text).is_none().then_some(())
    }

    /// A string without escapes.
    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let rest = &self.text.as_bytes()[self.at..];
        let length = memchr2(b'"', b'\\', rest)?;
        let text = self.text.get(self.at..self.at + length).filter(|_| rest[length] == b'"')?;
        self.at += length + 1;
        Some(text)
    }

    /// This byte, behind blanks.
    fn take(&mut self, wanted: u8) -> Option<()> {
        self.blank();
        let found = self.text.as_bytes().get(self.at) == Some(&wanted);
        self.at += usize::from(found);
        found.then_some(())
    }

    fn blank(&mut self) {
        while self.text.as_bytes().get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }
}
