//! Room ahead: the file of the next segment, filled with zeros on a thread of its own before it is needed.
//!
//! To write over what is there changes neither the length of a file nor where it lies on the disk. So a commit waits for
//! the disk alone, and not for the journal of the file system, which whoever else writes keeps busy.

use super::disk::{Disk, remove_if_there};
use super::{Acknowledge, Settings};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// Name of the file until it is a segment.
const FILE: &str = "ahead";
/// Of larger segments only the beginning is made ready.
const ROOM_BYTES_MAX: u64 = 256 << 20;
/// A log that has not grown by this part of a segment since the last one was begun writes too little to need it.
const WORTH: u64 = 64;

/// What the two threads share.
#[derive(Debug, Default)]
struct State {
    ready: AtomicBool,
    unwanted: AtomicBool,
}

impl State {
    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }
}

/// The room of a log.
#[derive(Debug)]
pub(super) struct Ahead {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    bytes: u64,
    making: Option<(Arc<State>, JoinHandle<()>)>,
}

impl Ahead {
    /// None yet. A log that never syncs needs none.
    pub(super) fn new(disk: &Arc<dyn Disk>, dir: &Path, settings: &Settings) -> Ahead {
        let bytes = match settings.acknowledge {
            Acknowledge::Durable => settings.segment_bytes.min(ROOM_BYTES_MAX),
            Acknowledge::Written => 0,
        };
        Ahead { disk: Arc::clone(disk), path: dir.join(FILE), bytes, making: None }
    }

    /// Begins to make room for the next segment, once this one has grown by so much that it pays.
    pub(super) fn make(&mut self, grown: u64) {
        if self.bytes == 0 || self.making.is_some() || grown < self.bytes / WORTH {
            return;
        }
        let state = Arc::new(State::default());
        let (disk, path, bytes, shared) =
            (Arc::clone(&self.disk), self.path.clone(), self.bytes, Arc::clone(&state));
        let make = move || {
            let made = disk.fill(&path, bytes, &|| !shared.unwanted.load(Ordering::Relaxed));
            // Without it the next segment grows as it is written: slower, and no worse.
            shared.ready.store(made.is_ok(), Ordering::Release);
        };
        // Without a thread there is no room either.
        let thread = std::thread::Builder::new().name("audit-ahead".to_owned()).spawn(make);
        self.making = thread.ok().map(|thread| (state, thread));
    }

    /// Whether the next segment can be begun in it.
    pub(super) fn is_ready(&self) -> bool {
        self.making.as_ref().is_some_and(|(state, _)| state.is_ready())
    }

    /// The file, for the next segment; none while it is not ready.
    pub(super) fn take(&mut self) -> Option<PathBuf> {
        let (state, thread) =
            self.making.take_if(|(state, thread)| state.is_ready() || thread.is_finished())?;
        thread.join().ok().filter(|()| state.is_ready()).map(|()| self.path.clone())
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        let Some((state, thread)) = self.making.take() else { return };
        state.unwanted.store(true, Ordering::Relaxed);
        if thread.join().is_ok() {
            // One that stays is made anew by the next start.
            remove_if_there(&*self.disk, &self.path).unwrap_or_default();
        }
    }
}
