//! Many checks in one request: NDJSON in, NDJSON out, in the same order, in memory that does not grow.
//!
//! Nothing runs beside the connection: the next lines are read when the reply has room for their answers. So a caller
//! that stops reading is not read from either, and is cut like any other that is too slow.

use super::caller::Caller;
use super::connection::{Pace, Waits};
use super::error::{Code, Problem};
use super::receipts::Trace;
use super::routes;
use super::wire::{Line, Lines, push_number};
use super::worker::{Desk, Worker};
use crate::audit::Commit;
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Answers are handed on once there are so many bytes of them.
const ANSWERS_BYTES: usize = 64 << 10;

/// The caller was cut off in the midst of its lines.
#[derive(Debug, thiserror::Error)]
#[error("the lines did not arrive whole")]
pub(super) struct CutShort;

/// What came of the lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Summary {
    asked: u64,
    clean: u64,
    hits: u64,
    unknown: u64,
    invalid: u64,
}

/// What came of one line that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The subject was not found.
    Unknown,
    /// It was found, and nothing is to be seen of it.
    Clean,
    /// It was found, with hits.
    Hits,
}

impl Summary {
    fn count(&mut self, told: Option<Result<Outcome, Code>>) {
        let Some(told) = told else { return };
        self.asked += 1;
        *match told {
            Ok(Outcome::Unknown) => &mut self.unknown,
            Ok(Outcome::Clean) => &mut self.clean,
            Ok(Outcome::Hits) => &mut self.hits,
            Err(_) => &mut self.invalid,
        } += 1;
    }

    fn write(&self, out: &mut Vec<u8>) {
        let found = self.clean + self.hits;
        let counts = [
            ("{\"summary\":{\"asked\":", self.asked),
            (",\"found\":", found),
            (",\"clean\":", self.clean),
            (",\"hits\":", self.hits),
            (",\"unknown\":", self.unknown),
            (",\"invalid\":", self.invalid),
        ];
        for (key, count) in counts {
            out.extend_from_slice(key.as_bytes());
            push_number(out, count);
        }
        out.extend_from_slice(b"}}\n");
    }
}

/// A batch at work.
struct Batch {
    worker: Rc<Worker>,
    caller: Caller,
    pace: Rc<Pace>,
    trace: Trace,
    body: Incoming,
    lines: Lines,
    /// What was read and not answered.
    piece: Bytes,
    summary: Summary,
    ended: bool,
}

/// The reply: it is made as it is read.
pub(super) struct Answers(Work);

type Step = (Batch, Option<Result<Bytes, CutShort>>);

enum Work {
    Rests(Box<Batch>),
    Goes(Pin<Box<dyn Future<Output = Step>>>),
    Done,
}

/// Begins to answer the lines of a body.
pub(super) fn answer(
    worker: &Rc<Worker>,
    caller: Caller,
    pace: &Rc<Pace>,
    trace: Trace,
    body: Incoming,
) -> Answers {
    let lines = Lines::new(worker.limits.body_bytes_max.bytes());
    Answers(Work::Rests(Box::new(Batch {
        worker: Rc::clone(worker),
        caller,
        pace: Rc::clone(pace),
        trace,
        body,
        lines,
        piece: Bytes::new(),
        summary: Summary::default(),
        ended: false,
    })))
}

impl Batch {
    /// Answers some lines; none: all are answered.
    async fn next(mut self) -> Step {
        while !self.ended {
            if self.piece.is_empty() {
                self.pace.set(Waits::Body);
                let frame = self.body.frame().await;
                self.pace.set(Waits::Nothing);
                match frame {
                    None => self.ended = true,
                    Some(Err(_)) => {
                        self.ended = true;
                        return (self, Some(Err(CutShort)));
                    }
                    Some(Ok(frame)) => self.piece = frame.into_data().unwrap_or_default(),
                }
            }
            // Others on this worker have their turn between two pieces.
            tokio::task::yield_now().await;
            let worker = Rc::clone(&self.worker);
            let before = self.summary;
            let Piece { mut answers, numbers, commits } = self.answer_piece(&worker);
            let mut lost = None;
            // The lines of a piece are answered without waiting; their receipts are awaited here, once for all of them.
            for commit in commits {
                lost = commit.await.err().or(lost);
            }
            if let Some(lost) = lost {
                self.summary = before;
                answers = self.without_receipts(&Problem::from(lost), &numbers);
            }
            if !answers.is_empty() {
                return (self, Some(Ok(answers)));
            }
        }
        self.pace.set(Waits::Idle);
        (self, None)
    }

    /// Answers the lines that end in the piece at hand, or as many as make enough answers; at the end the last line
    /// and the summary.
    fn answer_piece<'w>(&mut self, worker: &'w Worker) -> Piece<'w> {
        let Batch { caller, lines, summary, .. } = self;
        let desk = &mut *worker.desk.borrow_mut();
        desk.out.clear();
        desk.draft.trace = self.trace;
        let mut piece = Piece { answers: Bytes::new(), numbers: Vec::new(), commits: Vec::new() };
        let mut left = &self.piece[..];
        while desk.out.len() < ANSWERS_BYTES {
            let number = lines.number() + 1;
            let Some(line) = lines.next(&mut left) else { break };
            summary.count(piece.answer(worker, desk, caller, line, number));
        }
        let answered = self.piece.len() - left.len();
        self.piece = self.piece.slice(answered..);
        if self.ended {
            let number = lines.number() + 1;
            if let Some(line) = lines.last() {
                summary.count(piece.answer(worker, desk, caller, line, number));
            }
            summary.write(&mut desk.out);
        }
        piece.answers = Bytes::copy_from_slice(&desk.out);
        piece
    }

    /// What is answered of lines whose receipts did not come into the log: that they are not answered.
    fn without_receipts(&mut self, problem: &Problem, numbers: &[u64]) -> Bytes {
        let mut out = Vec::new();
        for number in numbers {
            routes::count(&self.worker, Some(&self.caller), problem);
            self.summary.count(Some(Err(problem.code)));
            problem.write_of_line(*number, &mut out);
            out.push(b'\n');
        }
        if self.ended {
            self.summary.write(&mut out);
        }
        out.into()
    }
}

/// Lines that were answered without waiting.
struct Piece<'w> {
    answers: Bytes,
    /// The lines that have an answer.
    numbers: Vec<u64>,
    /// What their answers wait for, each once.
    commits: Vec<Commit<'w>>,
}

impl<'w> Piece<'w> {
    /// Answers a line. A blank one has no answer.
    fn answer(
        &mut self,
        worker: &'w Worker,
        desk: &mut Desk,
        caller: &Caller,
        line: Line<'_>,
        number: u64,
    ) -> Option<Result<Outcome, Code>> {
        let told = answer_line(worker, desk, caller, line, number)?;
        self.numbers.push(number);
        Some(told.map(|(outcome, commit)| {
            if self.commits.last().is_none_or(|last| !last.is_with(&commit)) {
                self.commits.push(commit);
            }
            outcome
        }))
    }
}

/// Writes the answer of a line behind what stands in the buffer. A blank line has none.
fn answer_line<'w>(
    worker: &'w Worker,
    desk: &mut Desk,
    caller: &Caller,
    line: Line<'_>,
    number: u64,
) -> Option<Result<(Outcome, Commit<'w>), Code>> {
    let before = desk.out.len();
    let told = match line {
        Line::Whole(line) if line.trim_ascii().is_empty() => return None,
        Line::Whole(line) => routes::check_line(worker, desk, caller, line),
        Line::TooLong => {
            let bytes_max = worker.limits.body_bytes_max.bytes();
            Err(Problem::new(Code::PayloadTooLarge, format!("a line may have {bytes_max} bytes")))
        }
    };
    let told = told.map_err(|problem| {
        routes::count(worker, Some(caller), &problem);
        desk.out.truncate(before);
        problem.write_of_line(number, &mut desk.out);
        problem.code
    });
    desk.out.push(b'\n');
    Some(told)
}

impl Body for Answers {
    type Data = Bytes;
    type Error = CutShort;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutShort>>> {
        let mut going = match std::mem::replace(&mut self.0, Work::Done) {
            Work::Rests(batch) => Box::pin(batch.next()),
            Work::Goes(going) => going,
            Work::Done => return Poll::Ready(None),
        };
        match going.as_mut().poll(cx) {
            Poll::Pending => {
                self.0 = Work::Goes(going);
                Poll::Pending
            }
            Poll::Ready((batch, Some(Ok(answers)))) => {
                self.0 = Work::Rests(Box::new(batch));
                Poll::Ready(Some(Ok(Frame::data(answers))))
            }
            Poll::Ready((_, Some(Err(cut)))) => Poll::Ready(Some(Err(cut))),
            Poll::Ready((_, None)) => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_has_the_contracts_fields() {
        let mut summary = Summary::default();
        let outcomes = [
            Some(Ok(Outcome::Clean)),
            Some(Ok(Outcome::Clean)),
            Some(Ok(Outcome::Hits)),
            Some(Ok(Outcome::Unknown)),
            Some(Err(Code::InvalidJson)),
            None,
        ];
        outcomes.into_iter().for_each(|outcome| summary.count(outcome));
        let mut out = Vec::new();
        summary.write(&mut out);
        let expected =
            "{\"summary\":{\"asked\":5,\"found\":3,\"clean\":2,\"hits\":1,\"unknown\":1,\"invalid\":1}}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
