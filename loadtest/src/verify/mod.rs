//! Is the answer right? Each reply is compared, byte for byte, with what the library decides offline from the same
//! release under the same corrections.

mod compare;
mod source;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use serde::Serialize;
use xinhe::domain::date::Day;
use xinhe::live::Clock;

use crate::background::Demo;
use crate::error::LoadError;
use compare::Checker;
use source::Source;
pub(crate) use source::VerifyError;

/// Replies that wait for their comparison; more are counted as not compared.
const WAITING_MAX: usize = 200_000;
/// Wrong answers that are told in words.
const TOLD_MAX: usize = 5;

/// Where the right answers come from.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct VerifyArgs {
    /// Compare every reply with the offline decision of this release folder, of the store at this URL, which may change, or
    /// of the demo that runs (the word `demo`)
    #[arg(long, value_name = "DIR|URL|demo")]
    pub(crate) verify: Option<String>,
    /// The secret under which persons are kept, for --verify
    #[arg(long, value_name = "FILE")]
    pub(crate) person_key: Option<PathBuf>,
    /// The day on which the server answers, for --verify; absent: today in UTC+8
    #[arg(long, value_name = "DATE", requires = "verify", value_parser = parse_day)]
    pub(crate) on: Option<Day>,
}

fn parse_day(text: &str) -> Result<Day, String> {
    text.parse().map_err(|error: xinhe::domain::date::NotADay| error.to_string())
}

/// A reply to compare.
struct Given {
    asked: Vec<u8>,
    item: u32,
    status: u16,
    body: Vec<u8>,
}

/// What came of the comparisons.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Verified {
    /// Replies that were compared.
    pub(crate) compared: u64,
    /// Of these, not what the library says.
    pub(crate) wrong: u64,
    /// Refusals of the whole server (429, 503), which say nothing about the question.
    pub(crate) refusals: u64,
    /// Replies that came too fast to be compared.
    pub(crate) skipped: u64,
    /// Different states (release and corrections) that answered.
    pub(crate) states: u64,
    /// The first wrong ones, in words.
    pub(crate) told: Vec<String>,
}

#[derive(Default)]
struct Shared {
    waiting: AtomicUsize,
    skipped: AtomicU64,
    verified: Mutex<Verified>,
}

/// Takes replies to a thread that compares them.
pub(crate) struct Verifier {
    given: Sender<Given>,
    shared: Arc<Shared>,
}

/// The thread that compares, and what it found.
pub(crate) struct Verifying {
    shared: Arc<Shared>,
    thread: JoinHandle<Result<(), VerifyError>>,
}

/// Opens the source of right answers, and begins to compare.
pub(crate) fn start(
    args: &VerifyArgs,
    demo: Option<&Demo>,
) -> Result<Option<(Verifier, Verifying)>, LoadError> {
    let Some(at) = &args.verify else { return Ok(None) };
    let source = match (at.as_str(), &args.person_key) {
        ("demo", None) => {
            let demo =
                demo.ok_or(LoadError::Usage("--verify demo needs a --scenario that asks about a demo"))?;
            Source::open(&demo.store(), &demo.person_key())?
        }
        (at, Some(key)) => Source::open(at, key)?,
        (_, None) => {
            return Err(LoadError::Usage(
                "--verify needs --person-key FILE, the person.key of the deployment",
            ));
        }
    };
    let clock = args.on.map_or(Clock::System, Clock::Fixed);
    let shared = Arc::new(Shared::default());
    let (given, replies) = channel::<Given>();
    let mine = Arc::clone(&shared);
    let thread = std::thread::Builder::new().name("verifier".to_owned()).spawn(move || {
        let mut checker = Checker::new(source, clock);
        for reply in replies {
            mine.waiting.fetch_sub(1, Ordering::Relaxed);
            let found = checker.compare(&reply)?;
            let mut verified = mine.verified.lock().unwrap_or_else(PoisonError::into_inner);
            verified.states = checker.states();
            match found {
                compare::Found::Refusal => verified.refusals += 1,
                compare::Found::Right(count) => verified.compared += count,
                compare::Found::Wrong(words) => {
                    verified.compared += 1;
                    verified.wrong += 1;
                    if verified.told.len() < TOLD_MAX {
                        verified.told.push(words);
                    }
                }
            }
        }
        Ok(())
    });
    let thread = thread.map_err(LoadError::Start)?;
    Ok(Some((Verifier { given, shared: Arc::clone(&shared) }, Verifying { shared, thread })))
}

impl Verifier {
    /// Hands a reply over; `item` names the question in words.
    pub(crate) fn give(&mut self, asked: Vec<u8>, item: u32, status: u16, body: Vec<u8>) {
        if self.shared.waiting.load(Ordering::Relaxed) >= WAITING_MAX {
            self.shared.skipped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        if self.given.send(Given { asked, item, status, body }).is_err() {
            // The thread has given up; its reason is told at the end.
            self.shared.skipped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Verifying {
    /// Waits until everything that was handed over is compared. The [`Verifier`] must be gone.
    pub(crate) fn finish(self) -> Result<Verified, LoadError> {
        self.thread.join().map_err(|_| LoadError::Broken)??;
        let mut verified =
            std::mem::take(&mut *self.shared.verified.lock().unwrap_or_else(PoisonError::into_inner));
        verified.skipped = self.shared.skipped.load(Ordering::Relaxed);
        Ok(verified)
    }
}
