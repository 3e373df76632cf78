//! What can go wrong in a run, and the exit code it ends with.

use std::io;
use std::process::ExitCode;

use crate::background::DemoError;
use crate::fill::FillError;
use crate::pace::RecordedError;
use crate::scenario::ScenarioError;
use crate::verify::VerifyError;
use crate::wire::TlsError;
use crate::workload::SubjectsError;

/// Why a run failed. No message repeats a token or a line of `--ids`: both may be secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The token cannot stand in a header.
    #[error(
        "--token holds a character that no HTTP header may hold, or is empty; expected visible ASCII: check it for line ends"
    )]
    Token,
    /// Two options want the same standard input.
    #[error("--ids and --token both say `-`, and there is one standard input; give one of them otherwise")]
    TwoFromStdin,
    /// Standard input did not give the token.
    #[error("cannot read the token from standard input: {0}")]
    TokenInput(io::Error),
    /// The bodies cannot be read.
    #[error("cannot read --ids {file}: {source}; expected a file with one identifier or JSON body a line")]
    Ids {
        /// The file as given.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The bodies are too many for memory.
    #[error("--ids {file} is larger than {max} bytes; split it and run the parts one after the other")]
    IdsTooLarge {
        /// The file as given.
        file: String,
        /// The limit.
        max: u64,
    },
    /// A line is not a JSON object.
    #[error(
        "--ids {file}, line {line}: neither an identifier nor a JSON object; expected a code such as 91110000600037341L, or a body of POST /v1/checks such as {{\"subject\":{{\"id\":\"…\"}}}}: mend or remove the line"
    )]
    IdsLine {
        /// The file as given.
        file: String,
        /// Counted from 1.
        line: usize,
    },
    /// There is no line to send.
    #[error("--ids {file} holds no line; expected one identifier or JSON body of POST /v1/checks a line")]
    IdsEmpty {
        /// The file as given.
        file: String,
    },
    /// The target's name has no address.
    #[error("cannot find an address for {authority}: {reason}; check the host in --target")]
    Unresolved {
        /// Host and port.
        authority: String,
        /// What the resolver said.
        reason: String,
    },
    /// No connection at all.
    #[error(
        "cannot connect to {authority}: {reason}; expected a server of {kind} there: start it, or correct --target"
    )]
    Unreachable {
        /// Host and port.
        authority: String,
        /// What should answer there.
        kind: &'static str,
        /// What the system said.
        reason: String,
    },
    /// Connections, but no answer.
    #[error(
        "{authority} answered none of the requests ({timeouts} timed out, {errors} failed{first}); expected a server of {kind} there: look at its log, or correct --target"
    )]
    NothingAnswered {
        /// Host and port.
        authority: String,
        /// What should answer there.
        kind: &'static str,
        /// Requests that waited too long.
        timeouts: u64,
        /// Requests whose connection broke.
        errors: u64,
        /// The first failure, ready to be appended.
        first: String,
    },
    /// The loop or the handlers of signals did not start.
    #[error("cannot start: {0}; look at the process's limits on open files and memory")]
    Start(io::Error),
    /// A thread cannot stay on a processor.
    #[error("cannot stay on processor {0}: {1}; give a --pin that this process may use")]
    Pin(usize, io::Error),
    /// Whom to trust under TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Replies cannot be compared.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Values were missing.
    #[error("{wrong} of {answered} answers are wrong: {reason}")]
    Missing {
        /// How many.
        wrong: u64,
        /// Of how many.
        answered: u64,
        /// Why.
        reason: String,
    },
    /// Values cannot be put into a store.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// Answers were wrong.
    #[error("{wrong} of {compared} compared answers are wrong; the first: {first}")]
    Wrong {
        /// How many.
        wrong: u64,
        /// Of how many.
        compared: u64,
        /// Where it differs.
        first: String,
    },
    /// The thread that sends ended by a panic.
    #[error("the thread that sends has broken off; this is a mistake in xinhe-load")]
    Broken,
    /// The histograms refused their bounds.
    #[error("cannot create the latency histograms: {0}")]
    Histogram(#[from] hdrhistogram::CreationError),
    /// The report cannot be written.
    #[error("cannot write the report to {folder}: {source}; give another --out")]
    Files {
        /// The folder as given.
        folder: String,
        /// What the system said.
        source: io::Error,
    },
    /// A recording cannot be followed.
    #[error("{file}: {source}")]
    Recorded {
        /// The file as given.
        file: String,
        /// What is wrong.
        source: RecordedError,
    },
    /// A scenario is wrong.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A dataset gives no subjects.
    #[error(transparent)]
    Subjects(#[from] SubjectsError),
    /// There is no demo.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// Options that do not go together.
    #[error("{0}")]
    Usage(&'static str),
    /// One side of a comparison.
    #[error("{side}: {reason}")]
    Side {
        /// As given.
        side: String,
        /// What went wrong.
        reason: String,
    },
    /// A comparison without answers.
    #[error("neither of the two servers answered anything")]
    NothingCompared,
    /// The log of histograms refused one.
    #[error("cannot write the log of histograms: {0}")]
    Log(String),
    /// The result cannot be written.
    #[error("cannot write the result to standard output: {0}")]
    Output(io::Error),
}

impl LoadError {
    /// 2 for wrong usage, 1 for everything else.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Token
            | Self::TwoFromStdin
            | Self::Usage(_)
            | Self::Scenario(_)
            | Self::Fill(FillError::NoStore)
            | Self::Tls(TlsError::NoTrust | TlsError::Host(_)) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}
