//! Many checks in one request: NDJSON in, NDJSON out, in the same order, in memory that does not grow.
//!
//! Nothing runs beside the connection: the next lines are read when the reply has room for their answers, while the
//! receipts of the last ones are committed. So a caller that stops reading is not read from either, and is cut like any
//! other that is too slow.

use super::caller::Caller;
use super::error::{Code, Problem};
use super::outlook::Outlook;
use super::pace::{Pace, Waits};
use super::receipts::Trace;
use super::routes;
use super::wire::{Line, Lines, push_number};
use super::worker::{Desk, Worker};
use crate::audit::{Commit, Unavailable};
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Answers are handed on once there are so many bytes of them.
const ANSWERS_BYTES: usize = 64 << 10;
/// Pieces whose receipts may be on their way into the log while the next one is answered.
const PIECES_WAITING: usize = 4;

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
    fn count(&mut self, told: Result<Outcome, Code>) {
        self.asked += 1;
        *match told {
            Ok(Outcome::Unknown) => &mut self.unknown,
            Ok(Outcome::Clean) => &mut self.clean,
            Ok(Outcome::Hits) => &mut self.hits,
            Err(_) => &mut self.invalid,
        } += 1;
    }

    fn add(&mut self, other: &Summary) {
        self.asked += other.asked;
        self.clean += other.clean;
        self.hits += other.hits;
        self.unknown += other.unknown;
        self.invalid += other.invalid;
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
    /// What was answered and handed on.
    summary: Summary,
    ended: bool,
}

/// What the connection sends next; the work rests until it is taken.
type Tray = RefCell<Option<Result<Bytes, CutShort>>>;

/// The reply: it is made as it is read.
pub(super) struct Answers {
    /// None: done.
    work: Option<Pin<Box<dyn Future<Output = ()>>>>,
    tray: Rc<Tray>,
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
    let batch = Batch {
        worker: Rc::clone(worker),
        caller,
        pace: Rc::clone(pace),
        trace,
        body,
        lines,
        piece: Bytes::new(),
        summary: Summary::default(),
        ended: false,
    };
    let tray = Rc::new(Tray::default());
    Answers { work: Some(Box::pin(batch.run(Rc::clone(&tray)))), tray }
}

impl Batch {
    /// Answers the lines piece by piece, and lays the answers of each on the tray once its receipts are in the log.
    async fn run(mut self, tray: Rc<Tray>) {
        let worker = Rc::clone(&self.worker);
        let mut waiting: VecDeque<Piece<'_>> = VecDeque::new();
        let mut cut = false;
        while !self.ended || !waiting.is_empty() {
            let reads = !self.ended && waiting.len() < PIECES_WAITING;
            let is_owed = !waiting.is_empty();
            tokio::select! {
                biased;
                piece = committed(&mut waiting), if is_owed => {
                    let answers = self.hand_on(piece);
                    if !answers.is_empty() {
                        lay(&tray, Ok(answers)).await;
                    }
                }
                more = self.more(is_owed), if reads => {
                    // While the caller is waited for, answers may have become due.
                    self.pace.set(Waits::Nothing);
                    match more {
                        Ok(()) => waiting.push_back(self.answer_piece(&worker)),
                        Err(CutShort) => (self.ended, cut) = (true, true),
                    }
                }
            }
        }
        let mut summary = Vec::new();
        self.summary.write(&mut summary);
        lay(&tray, if cut { Err(CutShort) } else { Ok(summary.into()) }).await;
        self.pace.answered();
    }

    /// Comes back when there are lines to answer, or none will come. It may be dropped at any time.
    async fn more(&mut self, is_owed: bool) -> Result<(), CutShort> {
        // Others on this worker have their turn between two pieces.
        tokio::task::yield_now().await;
        if !self.piece.is_empty() {
            return Ok(());
        }
        // A caller that waits for answers is not late.
        self.pace.set(if is_owed { Waits::Nothing } else { Waits::Body });
        match self.body.frame().await {
            None => self.ended = true,
            Some(Err(_)) => return Err(CutShort),
            Some(Ok(frame)) => self.piece = frame.into_data().unwrap_or_default(),
        }
        Ok(())
    }

    /// Answers the lines that end in the piece at hand, or as many as make enough answers; at the end the last line.
    fn answer_piece<'w>(&mut self, worker: &'w Worker) -> Piece<'w> {
        let Batch { caller, lines, .. } = self;
        let desk = &mut *worker.desk.borrow_mut();
        desk.out.clear();
        desk.draft.trace = self.trace;
        let mut piece = Piece::default();
        let mut left = &self.piece[..];
        let mut outlook = Outlook::default();
        while desk.out.len() < ANSWERS_BYTES {
            outlook.next(desk, worker.clock, left);
            let number = lines.number() + 1;
            let Some(line) = lines.next(&mut left) else { break };
            piece.answer(worker, desk, caller, line, number);
        }
        let answered = self.piece.len() - left.len();
        self.piece = self.piece.slice(answered..);
        if self.ended {
            let number = lines.number() + 1;
            if let Some(line) = lines.last() {
                piece.answer(worker, desk, caller, line, number);
            }
        }
        piece.answers = Bytes::copy_from_slice(&desk.out);
        piece
    }

    /// What is sent of a piece whose receipts are decided.
    fn hand_on(&mut self, piece: Piece<'_>) -> Bytes {
        let Some(lost) = piece.lost else {
            self.summary.add(&piece.summary);
            return piece.answers;
        };
        // Without a receipt nothing is answered.
        let (problem, mut out) = (Problem::from(lost), Vec::new());
        for number in piece.numbers {
            routes::count(&self.worker, Some(&self.caller), &problem);
            self.summary.count(Err(problem.code));
            problem.write_of_line(number, &mut out);
            out.push(b'\n');
        }
        out.into()
    }
}

/// Waits until the tray is empty, and lays this on it.
async fn lay(tray: &Tray, told: Result<Bytes, CutShort>) {
    // Whoever takes from the tray looks at the work again.
    poll_fn(|_| if tray.borrow().is_none() { Poll::Ready(()) } else { Poll::Pending }).await;
    tray.replace(Some(told));
}

/// The oldest piece, once its receipts are decided. It may be dropped at any time.
async fn committed<'w>(waiting: &mut VecDeque<Piece<'w>>) -> Piece<'w> {
    if let Some(oldest) = waiting.front_mut() {
        while let Some(commit) = oldest.commits.last_mut() {
            if let Err(lost) = commit.await {
                oldest.lost = Some(lost);
            }
            oldest.commits.pop();
        }
    }
    waiting.pop_front().unwrap_or_default()
}

/// Lines that were answered without waiting.
#[derive(Default)]
struct Piece<'w> {
    answers: Bytes,
    /// The lines that have an answer.
    numbers: Vec<u64>,
    summary: Summary,
    /// What their answers wait for, each once.
    commits: Vec<Commit<'w>>,
    /// Some of their receipts did not come into the log.
    lost: Option<Unavailable>,
}

impl<'w> Piece<'w> {
    /// Answers a line. A blank one has no answer.
    fn answer(&mut self, worker: &'w Worker, desk: &mut Desk, caller: &Caller, line: Line<'_>, number: u64) {
        let Some(told) = answer_line(worker, desk, caller, line, number) else { return };
        self.numbers.push(number);
        self.summary.count(told.map(|(outcome, commit)| {
            if self.commits.last().is_none_or(|last| !last.is_with(&commit)) {
                self.commits.push(commit);
            }
            outcome
        }));
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
        loop {
            if let Some(told) = self.tray.take() {
                return Poll::Ready(Some(told.map(Frame::data)));
            }
            let Some(work) = &mut self.work else { return Poll::Ready(None) };
            match work.as_mut().poll(cx) {
                Poll::Ready(()) => self.work = None,
                Poll::Pending if self.tray.borrow().is_none() => return Poll::Pending,
                Poll::Pending => {}
            }
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
            Ok(Outcome::Clean),
            Ok(Outcome::Clean),
            Ok(Outcome::Hits),
            Ok(Outcome::Unknown),
            Err(Code::InvalidJson),
        ];
        outcomes.into_iter().for_each(|outcome| summary.count(outcome));
        let mut out = Vec::new();
        summary.write(&mut out);
        let expected =
            "{\"summary\":{\"asked\":5,\"found\":3,\"clean\":2,\"hits\":1,\"unknown\":1,\"invalid\":1}}\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
