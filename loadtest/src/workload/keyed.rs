//! What a file of subjects asks of a store: the value under the key of each, in turn.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use serde::Deserialize;

use super::lines::is_identifier;
use super::turns::Turns;
use super::{Expect, Key, Kind, Op, Workload};
use crate::error::LoadError;
use crate::wire::{Ask, Target, Token};

/// All keys of a run are held in memory.
const KEYS_BYTES_MAX: usize = 1 << 30;

/// The same keys over and over, in order.
pub(crate) struct Keyed {
    ask: Ask,
    keys: Turns,
}

impl Keyed {
    /// Of the lines of a file, `-` being standard input.
    pub(crate) fn read(target: &Target, token: Option<&Token>, file: &str) -> Result<Self, LoadError> {
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        for key in KeysOfLines::open(file)? {
            text.extend_from_slice(key?.as_bytes());
            ends.push(text.len());
            if text.len() > KEYS_BYTES_MAX {
                return Err(LoadError::IdsTooLarge { file: file.to_owned(), max: KEYS_BYTES_MAX as u64 });
            }
        }
        let keys = Turns::new(text, ends).ok_or_else(|| LoadError::IdsEmpty { file: file.to_owned() })?;
        Ok(Self { ask: Ask::new(target, token), keys })
    }
}

impl Workload for Keyed {
    fn next(&mut self, _at_ns: u64, out: &mut Vec<u8>) -> Op {
        let item = self.keys.turn();
        self.ask.write(self.keys.at(item), out);
        Op { kind: Kind::Get, item: item as u32, expect: Expect::Found, keep: false }
    }

    fn words(&self) -> String {
        format!("{} keys in turn", self.keys.count())
    }
}

/// The subject of a body.
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    subject: Asked<'a>,
}

#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    id: std::borrow::Cow<'a, str>,
    #[serde(borrow, default)]
    name: std::borrow::Cow<'a, str>,
}

/// The keys of a file's lines, read as they are wanted. Blank lines are passed over.
pub(crate) struct KeysOfLines {
    file: String,
    input: Box<dyn BufRead>,
    line: Vec<u8>,
    number: usize,
}

impl KeysOfLines {
    /// `-` is standard input.
    pub(crate) fn open(file: &str) -> Result<Self, LoadError> {
        let failed = |source| LoadError::Ids { file: file.to_owned(), source };
        let input: Box<dyn BufRead> = if file == "-" {
            Box::new(BufReader::new(io::stdin()))
        } else {
            Box::new(BufReader::new(File::open(file).map_err(failed)?))
        };
        Ok(Self { file: file.to_owned(), input, line: Vec::new(), number: 0 })
    }

    fn key(&self) -> Option<Result<Key, LoadError>> {
        let line = self.line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&self.line).trim_ascii();
        if line.is_empty() {
            return None;
        }
        let key = match std::str::from_utf8(line) {
            Ok(id) if is_identifier(line) => Some(Key::of(id, "")),
            Ok(body) => serde_json::from_str::<Body>(body)
                .ok()
                .map(|body| Key::of(&body.subject.id, &body.subject.name)),
            Err(_) => None,
        };
        Some(key.ok_or_else(|| LoadError::IdsLine { file: self.file.clone(), line: self.number }))
    }
}

impl Iterator for KeysOfLines {
    type Item = Result<Key, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.line.clear();
            self.number += 1;
            match self.input.read_until(b'\n', &mut self.line) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(source) => return Some(Err(LoadError::Ids { file: self.file.clone(), source })),
            }
            if let Some(key) = self.key() {
                return Some(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_one_key_however_it_is_asked_about() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ids");
        let lines = "\u{feff}91110000600037341L\r\n\n{\"subject\":{\"id\":\"91110000600037341L\",\"name\":\"某公司\"},\"stage\":\"award\"}\n\
                     {\"subject\":{\"id\":\"370491199608074890\",\"name\":\"杨\\u5e7b仿\"}}\n";
        std::fs::write(&file, lines).unwrap();
        let mut keyed =
            Keyed::read(&Target::parse("http://files/a/{key}").unwrap(), None, file.to_str().unwrap())
                .unwrap();
        let person = Key::of("370491199608074890", "杨幻仿");
        for key in ["91110000600037341L", "91110000600037341L", person.as_str(), "91110000600037341L"] {
            let mut out = Vec::new();
            let op = keyed.next(0, &mut out);
            assert_eq!(op.expect, Expect::Found);
            let text = String::from_utf8(out).unwrap();
            assert!(text.starts_with(&format!("GET /a/{key} HTTP/1.1\r\nhost: files\r\n")), "{text}");
        }
    }

    #[test]
    fn a_line_without_a_subject_is_named_by_number_and_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        for bad in ["110108002734659,x", "{\"subject\":{}}", "[]"] {
            let file = folder.path().join("ids");
            std::fs::write(&file, format!("91110000600037341L\n{bad}\n")).unwrap();
            let found: Result<Vec<Key>, LoadError> =
                KeysOfLines::open(file.to_str().unwrap()).unwrap().collect();
            let error = found.err().unwrap();
            assert!(matches!(error, LoadError::IdsLine { line: 2, .. }), "{bad}");
            assert!(!error.to_string().contains("110108"));
        }
    }
}
