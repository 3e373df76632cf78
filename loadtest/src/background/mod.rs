//! What goes on beside the load: commands on a period, and clients that take their time.

mod demo;
mod slow;

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

pub(crate) use demo::{Demo, DemoError};
pub(crate) use slow::{SlowClients, SlowCounts};

use crate::error::LoadError;
use crate::scenario::Background;

/// So often it is looked whether it is time, or over.
const LOOK: Duration = Duration::from_millis(20);
/// Of what a failed command said.
const SAID_CHARS_MAX: usize = 300;

/// Something that happened beside the load, for the time axis of plots.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Mark {
    /// Seconds of the run when it began.
    pub(crate) from_s: f64,
    /// Seconds of the run when it was done.
    pub(crate) to_s: f64,
    /// As the scenario calls it.
    pub(crate) name: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
}

/// Commands that run on their periods, until stopped.
pub(crate) struct Commands {
    over: Arc<AtomicBool>,
    marks: Arc<Mutex<Vec<Mark>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Commands {
    /// Begins; `words` stand for `{…}` in the commands, `{n}` for the number of the turn, `{before}` for that of the one
    /// before, and `{organisation}` for another one each turn.
    pub(crate) fn start(
        commands: &[Background],
        words: &BTreeMap<&'static str, String>,
        organisations: &Arc<Vec<(String, String)>>,
    ) -> Result<Self, LoadError> {
        let (over, marks) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let started = Instant::now();
        let mut threads = Vec::new();
        for command in commands {
            let (command, words) = (command.clone(), words.clone());
            let (over, marks, organisations) =
                (Arc::clone(&over), Arc::clone(&marks), Arc::clone(organisations));
            let thread = std::thread::Builder::new().name(format!("background {}", command.name));
            let repeat = move || repeat(&command, words, &organisations, started, (&over, &marks));
            threads.push(thread.spawn(repeat).map_err(LoadError::Start)?);
        }
        Ok(Self { over, marks, threads })
    }

    /// Waits for what is under way, and tells what happened.
    pub(crate) fn finish(self) -> Vec<Mark> {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().unwrap_or_default();
        }
        let mut marks = std::mem::take(&mut *self.marks.lock().unwrap_or_else(PoisonError::into_inner));
        marks.sort_by(|one, other| one.from_s.total_cmp(&other.from_s));
        marks
    }
}

fn repeat(
    command: &Background,
    mut words: BTreeMap<&'static str, String>,
    organisations: &[(String, String)],
    started: Instant,
    (over, marks): (&AtomicBool, &Mutex<Vec<Mark>>),
) {
    let mut due = command.after();
    for number in 1_u64.. {
        while started.elapsed() < due {
            if over.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        words.insert("n", number.to_string());
        words.insert("before", (number - 1).to_string());
        if let Some((code, name)) = organisations.get((number - 1) as usize % organisations.len().max(1)) {
            words.insert("organisation", code.clone());
            words.insert("organisation-name", name.clone());
        }
        let from_s = started.elapsed().as_secs_f64();
        let failure = command.run.iter().find_map(|line| once(line, &words).err());
        let mark =
            Mark { from_s, to_s: started.elapsed().as_secs_f64(), name: command.name.clone(), failure };
        marks.lock().unwrap_or_else(PoisonError::into_inner).push(mark);
        // Where a command takes longer than its period, turns are left out.
        while due <= started.elapsed() {
            due += command.every();
        }
    }
}

fn once(line: &[String], words: &BTreeMap<&'static str, String>) -> Result<(), String> {
    let mut line = line.iter().map(|word| fill(word, words));
    let Some(program) = line.next() else { return Err("the command has no words".to_owned()) };
    let mut command = Command::new(&program);
    let output = command.args(line).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {}", output.status, said.trim().chars().take(SAID_CHARS_MAX).collect::<String>()))
}

/// Puts in what `{…}` stand for; what is not known stays.
fn fill(word: &str, words: &BTreeMap<&'static str, String>) -> String {
    words.iter().fold(word.to_owned(), |word, (name, value)| word.replace(&format!("{{{name}}}"), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn background(toml: &str) -> Background {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn commands_run_on_their_period_and_failures_are_told() {
        let words = BTreeMap::from([("code", "3".to_owned())]);
        let good = background("name = \"a\"\nevery = \"10ms\"\nrun = [[\"true\", \"{n}\"]]");
        let bad = background(
            "name = \"b\"\nevery = \"1h\"\nafter = \"1ms\"\nrun = [[\"true\"], [\"sh\", \"-c\", \"echo no >&2; exit {code}\"], [\"false\"]]",
        );
        let commands = Commands::start(&[good, bad], &words, &Arc::default()).unwrap();
        while commands.marks.lock().unwrap().len() < 4 {
            std::thread::sleep(LOOK);
        }
        let marks = commands.finish();
        let failed: Vec<_> = marks.iter().filter_map(|mark| mark.failure.as_deref()).collect();
        assert_eq!(failed.len(), 1);
        assert!(failed[0].contains('3') && failed[0].ends_with(": no"), "{failed:?}");
        assert!(marks.iter().filter(|mark| mark.name == "a").count() >= 3);
    }
}
