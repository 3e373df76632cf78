//! What can go wrong in a run, and the exit code it ends with.

use std::io;
use std::process::ExitCode;

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
        "cannot connect to {authority}: {reason}; expected an HTTP/1.1 server there: start it, or correct --target"
    )]
    Unreachable {
        /// Host and port.
        authority: String,
        /// What the system said.
        reason: String,
    },
    /// Connections, but no answer.
    #[error(
        "{authority} answered none of the requests ({timeouts} timed out, {errors} failed{first}); expected an HTTP/1.1 server there: look at its log, or correct --target"
    )]
    NothingAnswered {
        /// Host and port.
        authority: String,
        /// Requests that waited too long.
        timeouts: u64,
        /// Requests whose connection broke.
        errors: u64,
        /// The first failure, ready to be appended.
        first: String,
    },
    /// The asynchronous runtime or its signal handlers did not start.
    #[error("cannot start: {0}; look at the process's limits on open files and memory")]
    Start(io::Error),
    /// The histograms refused their bounds.
    #[error("cannot create the latency histograms: {0}")]
    Histogram(#[from] hdrhistogram::CreationError),
    /// The result cannot be written.
    #[error("cannot write the result to standard output: {0}")]
    Output(io::Error),
}

impl LoadError {
    /// 2 for wrong usage, 1 for everything else.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Token | Self::TwoFromStdin => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}
