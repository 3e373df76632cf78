//! Files that are read again without a restart. A bad one changes nothing: what was read before stays in force.

use crate::ops::metrics::{Board, Reload};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_millis(500);

/// What makes use of the files, or says what is wrong with them.
type Apply = Box<dyn Fn() -> Result<(), String> + Send>;

/// Files that belong together.
struct Files {
    what: &'static str,
    paths: Vec<PathBuf>,
    seen: [u8; 32],
    apply: Apply,
    /// Counts how it went.
    told: fn(&Board) -> &Reload,
}

/// A thread that looks at files; it ends when this is dropped.
#[derive(Debug)]
pub(in crate::http) struct Watch {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Which files are watched, before the watching begins.
#[derive(Default)]
pub(in crate::http) struct Watched(Vec<Files>);

impl Watched {
    /// Adds files that were just read.
    pub(in crate::http) fn add(
        &mut self,
        what: &'static str,
        paths: Vec<PathBuf>,
        told: fn(&Board) -> &Reload,
        apply: impl Fn() -> Result<(), String> + Send + 'static,
    ) {
        let seen = digest(&paths);
        self.0.push(Files { what, paths, seen, apply: Box::new(apply), told });
    }

    /// Watches, on a thread of its own if there is anything to watch.
    pub(in crate::http) fn start(self, board: Arc<Board>) -> std::io::Result<Watch> {
        let mut files = self.0;
        if files.is_empty() {
            return Ok(Watch { stop: None, thread: None });
        }
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                files.iter_mut().for_each(|files| files.look(&board));
            }
        })?;
        Ok(Watch { stop: Some(stop), thread: Some(thread) })
    }
}

impl Files {
    fn look(&mut self, board: &Board) {
        let seen = digest(&self.paths);
        if seen == self.seen {
            return;
        }
        self.seen = seen;
        let told = (self.told)(board);
        match (self.apply)() {
            Ok(()) => {
                told.done();
                tracing::info!(what = self.what, "read again, in force from now on");
            }
            Err(why) => {
                told.refused();
                tracing::error!(what = self.what, why, "refused; what was read before stays in force");
            }
        }
    }
}

/// Of the contents: a file may be written twice within the exactness of its time. One that is not there counts too.
fn digest(paths: &[PathBuf]) -> [u8; 32] {
    let mut sum = Sha256::new();
    for path in paths {
        let content = std::fs::read(path as &Path);
        sum.update([u8::from(content.is_ok())]);
        let content = content.unwrap_or_default();
        sum.update((content.len() as u64).to_le_bytes());
        sum.update(&content);
    }
    sum.finalize().into()
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(Err(_)) = self.thread.take().map(JoinHandle::join) {
            tracing::error!("the thread that watches files ended by a panic");
        }
    }
}
