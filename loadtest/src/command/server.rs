//! One side of a comparison: a server that runs, or a command that starts one and says where.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;

use crate::error::LoadError;
use crate::wire::Target;

/// What `xinhe-server` and `xinhe demo --json` say when they are ready.
#[derive(Deserialize)]
struct Ready {
    api: String,
}

/// A server, and its process if it was started here.
pub(super) struct OwnServer {
    target: Target,
    child: Option<Child>,
}

impl OwnServer {
    /// A URL, or a command line whose first line of output is the ready line of `xinhe-server`.
    pub(super) fn start(word: &str) -> Result<Self, LoadError> {
        const EXPECTED: &str =
            "expected the URL of a server, or a command that prints the ready line of xinhe-server";
        let failed =
            |found: String| LoadError::Side { side: word.to_owned(), reason: format!("{found}; {EXPECTED}") };
        if word.contains("://") {
            return Ok(Self { target: Target::parse(word).map_err(failed)?, child: None });
        }
        let mut words = word.split_whitespace();
        let program = words.next().ok_or_else(|| failed("found nothing".to_owned()))?;
        let mut command = Command::new(program);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let out = child.stdout.take();
        let mut own = Self { target: Target::parse("http://127.0.0.1").map_err(failed)?, child: Some(child) };
        let mut line = String::new();
        if let Some(out) = out {
            BufReader::new(out).read_line(&mut line).map_err(|error| failed(error.to_string()))?;
        }
        let ready: Ready =
            serde_json::from_str(&line).map_err(|_| failed("it did not say where it listens".to_owned()))?;
        own.target = Target::parse(&format!("http://{}", ready.api)).map_err(failed)?;
        Ok(own)
    }

    /// Where it listens.
    pub(super) fn target(&self) -> &Target {
        &self.target
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            // It may be gone already; then there is nothing to wait for either.
            kill_process(pid, Signal::TERM).unwrap_or_default();
            child.wait().ok();
        }
    }
}
