//! What service halls ask: checks about subjects of a register, by popularity, and what goes with them.

mod malformed;
mod seen;
mod stage;
mod subjects;
mod zipf;

use std::io::Write;
use std::sync::Arc;

pub(crate) use subjects::{Subjects, SubjectsError};
use zipf::Zipf;

use super::{Expect, Key, Kind, Op, Random, Workload};
use crate::scenario::Portions;
use crate::verify::Verifier;
use crate::wire::{Ask, Head, Method, Target, Token};
use seen::Seen;
use stage::{pick, stage};

/// In the order of the weights.
const KINDS: [Kind; 5] = [Kind::Check, Kind::Batch, Kind::Search, Kind::Feedback, Kind::Malformed];
/// Characters of a name that somebody types to find it.
const TYPED_CHARS: u64 = 6;
/// Questions that wait for their answer to be compared, at most; more than connections can be.
const ASKED_KEPT: usize = 1 << 15;

/// Of the codes of nobody.
const CODE_BYTES: usize = 18;
const CUT: &str = "a batch was answered without a line for every line, or without the summary at its end";
/// How a question begins; the number follows.
const OPENING: &[u8] = b"{\"subject\":{\"id\":\"";

/// Whom a question is about.
#[derive(Debug, Clone, Copy)]
enum Whom {
    /// The code stands in the body, and nobody has it.
    Nobody,
    /// By place.
    Person(u64),
    /// By place.
    Organisation(u64),
}

/// What a mix is made of.
pub(crate) struct Ingredients {
    /// The server.
    pub(crate) target: Target,
    /// Over HTTP/2.
    pub(crate) http2: bool,
    /// The caller.
    pub(crate) token: Option<Token>,
    /// What is asked.
    pub(crate) portions: Portions,
    /// About whom.
    pub(crate) subjects: Arc<Subjects>,
    /// For what.
    pub(crate) matters: Vec<String>,
    /// Chance.
    pub(crate) random: Random,
    /// How long the run is.
    pub(crate) duration_ns: u64,
    /// Compares answers.
    pub(crate) verifier: Option<Verifier>,
}

/// Requests by weight.
pub(crate) struct Mix {
    with: Ingredients,
    /// A store is asked by key: for every check the value of its subject, and nothing else.
    ask: Option<Ask>,
    check: Head,
    batch: Head,
    search: Head,
    organisations: Zipf,
    persons: Zipf,
    seen: Seen,
    body: Vec<u8>,
    /// Bodies whose answers are compared, by item.
    asked: Vec<Vec<u8>>,
    item: u32,
}

impl Mix {
    /// Ready to ask.
    pub(crate) fn new(mut with: Ingredients) -> Self {
        let ask = with.target.is_keyed().then(|| Ask::new(&with.target, with.token.as_ref()));
        if ask.is_some() {
            let [checks, ..] = with.portions.weights;
            with.portions.weights = [checks, 0.0, 0.0, 0.0, 0.0];
        }
        let head = |path: &str, kind| Head::new(&with.target, path, Method::Post(kind), with.token.as_ref());
        let (organisations, persons) = (with.subjects.organisations(), with.subjects.persons());
        let kept = if with.verifier.is_some() { ASKED_KEPT } else { 0 };
        Self {
            check: head("/v1/checks", "application/json"),
            batch: head("/v1/checks/batch", "application/x-ndjson"),
            search: head("/v1/subjects/search", "application/json"),
            organisations: Zipf::new(organisations, with.portions.zipf),
            persons: Zipf::new(persons, with.portions.zipf),
            seen: Seen::default(),
            body: Vec::new(),
            asked: vec![Vec::new(); kept],
            item: 0,
            ask,
            with,
        }
    }

    /// Puts a check behind what is in the body, and says whom it is about and which status it should have.
    fn question(&mut self, of_day: Option<f64>) -> (Whom, u16) {
        let Ingredients { portions, subjects, matters, random, .. } = &mut self.with;
        let body = &mut self.body;
        let drawn = random.unit();
        let (mut whom, mut status) = (Whom::Nobody, 200);
        body.extend_from_slice(OPENING);
        if drawn < portions.invalid {
            // A code whose last character is not the check of the others.
            let begin = body.len();
            subjects::unknown_code(random, body);
            if let Some(last) = body.get_mut(begin + 17) {
                *last = if *last == b'0' { b'1' } else { b'0' };
            }
            status = 422;
        } else if drawn < portions.invalid + portions.misses {
            subjects::unknown_code(random, body);
        } else if random.unit() < portions.persons && subjects.persons() > 0 {
            let place = self.persons.draw(random);
            let (number, name) = subjects.person(place);
            whom = Whom::Person(place);
            body.extend_from_slice(number.as_bytes());
            body.extend_from_slice(b"\",\"id_type\":\"");
            body.extend_from_slice(subjects::kind_of_person(number).as_bytes());
            body.extend_from_slice(b"\",\"name\":\"");
            body.extend_from_slice(name.as_bytes());
        } else {
            let place = self.organisations.draw(random);
            let (code, _) = subjects.organisation(place);
            whom = Whom::Organisation(place);
            body.extend_from_slice(code.as_bytes());
        }
        body.extend_from_slice(b"\"}");
        if !matters.is_empty() {
            let matter = &matters[random.below(matters.len() as u64) as usize];
            body.extend_from_slice(b",\"matter\":\"");
            body.extend_from_slice(matter.as_bytes());
            body.push(b'"');
        }
        body.extend_from_slice(b",\"stage\":\"");
        body.extend_from_slice(stage(of_day, random).as_bytes());
        body.extend_from_slice(b"\"}");
        (whom, status)
    }

    /// Asks for the value of a check's subject. The whole check is drawn all the same, so that the next one is about the
    /// same subject as it is over HTTP.
    fn by_key(&mut self, of_day: Option<f64>, out: &mut Vec<u8>) -> Op {
        let (whom, _) = self.question(of_day);
        let subjects = &self.with.subjects;
        let (id, name) = match whom {
            Whom::Person(place) => subjects.person(place),
            Whom::Organisation(place) => subjects.organisation(place),
            Whom::Nobody => {
                let code = self.body.get(OPENING.len()..OPENING.len() + CODE_BYTES).unwrap_or_default();
                (std::str::from_utf8(code).unwrap_or_default(), "")
            }
        };
        let key = Key::of(id, name);
        if let Some(ask) = &self.ask {
            ask.write(key.as_bytes(), out);
        }
        let expect = if matches!(whom, Whom::Nobody) { Expect::Status(404) } else { Expect::Found };
        Op { kind: Kind::Check, item: 0, expect, keep: false }
    }

    fn search(&mut self) {
        let Ingredients { subjects, random, .. } = &mut self.with;
        let (_, name) = subjects.organisation(self.organisations.draw(random));
        let typed = 2 + random.below(TYPED_CHARS) as usize;
        let end = name.char_indices().nth(typed).map_or(name.len(), |(at, _)| at);
        // A buffer in memory takes everything.
        write!(self.body, "{{\"name\":\"{}\",\"limit\":10}}", &name[..end]).unwrap_or_default();
    }

    /// A check instead while no answer has had a hit.
    fn feedback(&mut self, out: &mut Vec<u8>) -> bool {
        let Some((check, record)) = self.seen.take() else { return false };
        let outcome = ["enforced", "granted"][self.with.random.below(2) as usize];
        write!(self.body, "{{\"items\":[{{\"record\":\"{record}\",\"outcome\":\"{outcome}\"}}]}}")
            .unwrap_or_default();
        let path = format!("/v1/checks/{check}/feedback");
        let method = Method::Post("application/json");
        Head::new(&self.with.target, &path, method, self.with.token.as_ref()).write(&self.body, out);
        true
    }

    /// Keeps what was asked, if its answer is to be compared.
    fn keep_asked(&mut self) -> (u32, bool) {
        let item = self.item;
        self.item = self.item.wrapping_add(1);
        let places = self.asked.len();
        if let Some(kept) = self.asked.get_mut(item as usize % places.max(1)) {
            kept.clear();
            kept.extend_from_slice(&self.body);
        }
        (item, places > 0)
    }
}

impl Workload for Mix {
    fn next(&mut self, at_ns: u64, out: &mut Vec<u8>) -> Op {
        self.body.clear();
        let of_day = self.with.portions.is_day.then(|| at_ns as f64 / self.with.duration_ns.max(1) as f64);
        if self.ask.is_some() {
            pick(&self.with.portions.weights, &mut self.with.random);
            return self.by_key(of_day, out);
        }
        let kind = KINDS[pick(&self.with.portions.weights, &mut self.with.random)];
        let op = Op { kind, item: 0, expect: Expect::Success, keep: false };
        match kind {
            Kind::Batch => {
                for _ in 0..self.with.portions.batch_lines {
                    self.question(of_day);
                    self.body.push(b'\n');
                }
                self.batch.write(&self.body, out);
                let (item, _) = self.keep_asked();
                Op { item, keep: true, ..op }
            }
            Kind::Search => {
                self.search();
                self.search.write(&self.body, out);
                op
            }
            Kind::Malformed => {
                malformed::write(&self.with.target, self.with.http2, &mut self.with.random, out);
                Op { expect: Expect::ClientError, ..op }
            }
            Kind::Feedback if self.feedback(out) => op,
            _ => {
                let (_, status) = self.question(of_day);
                self.check.write(&self.body, out);
                let (item, compared) = self.keep_asked();
                let keep = compared || self.with.portions.weights[3] > 0.0;
                Op { kind: Kind::Check, item, expect: Expect::Status(status), keep }
            }
        }
    }

    fn answered(&mut self, op: &Op, status: u16, body: &mut Vec<u8>) -> Result<(), &'static str> {
        if op.kind == Kind::Check && status == 200 && self.with.portions.weights[3] > 0.0 {
            self.seen.look(body);
        }
        let whole = op.kind != Kind::Batch || status != 200 || is_whole(body, self.with.portions.batch_lines);
        let places = self.asked.len();
        if let (Some(verifier), Some(asked)) =
            (&mut self.with.verifier, self.asked.get_mut(op.item as usize % places.max(1)))
        {
            verifier.give(std::mem::take(asked), op.item, status, std::mem::take(body));
        }
        if whole { Ok(()) } else { Err(CUT) }
    }

    fn words(&self) -> String {
        let subjects = &self.with.subjects;
        let checks = if self.ask.is_some() {
            "checks only, each as the key of its subject, and nothing beside them: "
        } else {
            ""
        };
        format!(
            "{checks}{} organisations and {} persons, Zipf exponent {}, {} matters",
            subjects.organisations(),
            subjects.persons(),
            self.with.portions.zipf,
            self.with.matters.len()
        )
    }
}

/// A batch ends with a summary that counts every line.
fn is_whole(body: &[u8], lines: u32) -> bool {
    let text = body.strip_suffix(b"\n").unwrap_or(body);
    let last = text.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    last.starts_with(format!("{{\"summary\":{{\"asked\":{lines},").as_bytes())
        && text.iter().filter(|byte| **byte == b'\n').count() == lines as usize
}

#[cfg(test)]
mod tests;
