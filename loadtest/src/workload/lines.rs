//! GET of the target, or the bodies of `--ids` in turn.

use std::fs::File;
use std::io::{self, Read};

use serde::de::IgnoredAny;

use super::turns::Turns;
use super::{Expect, Kind, Op, Workload};
use crate::error::LoadError;
use crate::verify::Verifier;
use crate::wire::{Head, Method, Target, Token};

/// A longer line is no identifier.
const ID_BYTES_MAX: usize = 32;
/// All bodies are held in memory.
const IDS_BYTES_MAX: u64 = 1 << 30;
const CHECKS_PATH: &str = "/v1/checks";

/// The same requests over and over, in order.
pub(crate) struct Lines {
    head: Head,
    /// A GET has one of no bytes.
    bodies: Turns,
    kind: Kind,
    verifier: Option<Verifier>,
}

impl Lines {
    /// GET of the target's path.
    pub(crate) fn get(target: &Target, token: Option<&Token>) -> Self {
        let head = Head::new(target, &target.path, Method::Get, token);
        Self { head, bodies: Turns::nothing(), kind: Kind::Get, verifier: None }
    }

    /// POST of every line of a file, `-` being standard input.
    pub(crate) fn post(
        target: &Target,
        token: Option<&Token>,
        file: &str,
        verifier: Option<Verifier>,
    ) -> Result<Self, LoadError> {
        let bodies = split(file, &read(file)?)?;
        let path = target.path_or(CHECKS_PATH);
        let head = Head::new(target, path, Method::Post("application/json"), token);
        Ok(Self { head, bodies, kind: Kind::Check, verifier })
    }
}

impl Workload for Lines {
    fn next(&mut self, _at_ns: u64, out: &mut Vec<u8>) -> Op {
        let item = self.bodies.turn();
        self.head.write(self.bodies.at(item), out);
        let expect = Expect::Success;
        Op { kind: self.kind, item: item as u32, expect, keep: self.verifier.is_some() }
    }

    fn answered(&mut self, op: &Op, status: u16, body: &mut Vec<u8>) -> Result<(), &'static str> {
        let asked = self.bodies.at(op.item as usize).to_vec();
        if let Some(verifier) = &mut self.verifier {
            verifier.give(asked, op.item, status, std::mem::take(body));
        }
        Ok(())
    }

    fn words(&self) -> String {
        match self.kind {
            Kind::Get => "GET of the target".to_owned(),
            _ => format!("{} bodies in turn", self.bodies.count()),
        }
    }
}

fn read(file: &str) -> Result<Vec<u8>, LoadError> {
    let failed = |source| LoadError::Ids { file: file.to_owned(), source };
    let input: Box<dyn Read> =
        if file == "-" { Box::new(io::stdin()) } else { Box::new(File::open(file).map_err(failed)?) };
    let mut text = Vec::new();
    input.take(IDS_BYTES_MAX + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > IDS_BYTES_MAX {
        return Err(LoadError::IdsTooLarge { file: file.to_owned(), max: IDS_BYTES_MAX });
    }
    Ok(text)
}

/// One body or one identifier a line; blank lines are passed over.
fn split(file: &str, text: &[u8]) -> Result<Turns, LoadError> {
    let lines = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let (mut bodies, mut ends) = (Vec::with_capacity(lines.len()), Vec::new());
    for (index, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        let body = line.trim_ascii();
        if body.is_empty() {
            continue;
        }
        if is_identifier(body) {
            bodies.extend_from_slice(b"{\"subject\":{\"id\":\"");
            bodies.extend_from_slice(body);
            bodies.extend_from_slice(b"\"}}");
        } else if body.first() == Some(&b'{') && serde_json::from_slice::<IgnoredAny>(body).is_ok() {
            bodies.extend_from_slice(body);
        } else {
            return Err(LoadError::IdsLine { file: file.to_owned(), line: index + 1 });
        }
        ends.push(bodies.len());
    }
    Turns::new(bodies, ends).ok_or_else(|| LoadError::IdsEmpty { file: file.to_owned() })
}

/// Has the form of an identifier of a subject; whether it is one is for the server to say.
pub(super) fn is_identifier(line: &[u8]) -> bool {
    line.len() <= ID_BYTES_MAX
        && line.iter().any(u8::is_ascii_digit)
        && line.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Lines {
        let bodies = split("f", text.as_bytes()).ok().unwrap();
        let target = Target::parse("http://hall").unwrap();
        let head = Head::new(&target, "/", Method::Post("application/json"), None);
        Lines { head, bodies, kind: Kind::Check, verifier: None }
    }

    #[test]
    fn an_identifier_alone_is_asked_about() {
        let lines = lines("91110000600037341L\r\n\n{\"subject\":{}}\n");
        assert_eq!(lines.bodies.at(0), b"{\"subject\":{\"id\":\"91110000600037341L\"}}");
        assert_eq!(lines.bodies.at(1), b"{\"subject\":{}}");
        for line in ["91110000600037341L,x", "null", "\"91110000600037341L\""] {
            assert!(split("f", line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn bodies_are_lines_in_order_and_are_sent_in_turn() {
        let mut lines = lines("\u{feff}{\"a\":1}\r\n\n {\"b\":2} \n{\"c\":3}");
        for expected in ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "{\"a\":1}"] {
            let mut out = Vec::new();
            lines.next(0, &mut out);
            assert!(out.ends_with(expected.as_bytes()), "{expected}");
        }
    }

    #[test]
    fn a_line_that_is_no_object_is_named_by_number_and_not_repeated() {
        for bad in ["110108002734659,x", "{\"subject\":", "[]", "\"x\""] {
            let error = split("f", format!("{{}}\n{bad}\n").as_bytes()).err().unwrap();
            assert!(matches!(error, LoadError::IdsLine { line: 2, .. }), "{bad}");
            assert!(!error.to_string().contains("110108"));
        }
        assert!(matches!(split("f", b"\n \n"), Err(LoadError::IdsEmpty { .. })));
    }
}
