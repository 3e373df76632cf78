//! What is sent.

mod key;
mod keyed;
mod lines;
mod mix;
mod random;
mod turns;

pub(crate) use key::Key;
pub(crate) use keyed::{Keyed, KeysOfLines};
pub(crate) use lines::Lines;
pub(crate) use mix::{Ingredients, Mix, Subjects, SubjectsError};
pub(crate) use random::Random;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// GET of the target.
    Get,
    /// One check.
    Check,
    /// Many checks in one request.
    Batch,
    /// Organisations by name.
    Search,
    /// What was done about a check.
    Feedback,
    /// What no server should understand.
    Malformed,
}

impl Kind {
    /// Every kind, in the order of their numbers.
    pub(crate) const ALL: [Kind; 6] =
        [Kind::Get, Kind::Check, Kind::Batch, Kind::Search, Kind::Feedback, Kind::Malformed];

    /// As reports call it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Kind::Get => "get",
            Kind::Check => "check",
            Kind::Batch => "batch",
            Kind::Search => "search",
            Kind::Feedback => "feedback",
            Kind::Malformed => "malformed",
        }
    }
}

/// Which answer a request should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// Any below 400.
    Success,
    /// This one.
    Status(u16),
    /// A refusal that blames the request.
    ClientError,
    /// The value under a key. That there is none is a wrong answer: a store that was not filled is fast.
    Found,
}

/// A request, apart from its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Op {
    /// What it asks for.
    pub(crate) kind: Kind,
    /// Which of the workload's items it is made of.
    pub(crate) item: u32,
    /// What should come of it.
    pub(crate) expect: Expect,
    /// The body of the answer is looked at.
    pub(crate) keep: bool,
}

/// Makes requests, and is shown the answers that it asked to see.
pub(crate) trait Workload: Send {
    /// Puts the next request behind what is in the buffer. `at_ns` is when it should start.
    fn next(&mut self, at_ns: u64, out: &mut Vec<u8>) -> Op;

    /// A whole answer to a request with `keep`; or why it is wrong.
    fn answered(&mut self, _op: &Op, _status: u16, _body: &mut Vec<u8>) -> Result<(), &'static str> {
        Ok(())
    }

    /// How it begins, in words for the report.
    fn words(&self) -> String;
}
