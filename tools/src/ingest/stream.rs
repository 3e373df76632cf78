//! Batches from a thread of their own: for readers that borrow from what they read, and so cannot be held.

use super::IngestError;
use super::table::Batch;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// What comes through; `None` ends it.
type Passed = Result<Option<Batch>, IngestError>;

/// The end that is read.
pub(super) struct Stream {
    batches: Receiver<Passed>,
    ended: bool,
}

/// Why a stream gives nothing.
pub(super) enum Silence {
    /// Its thread said why.
    Failed(IngestError),
    /// Nothing came for as long as was waited.
    Late,
    /// Its thread ended without a word.
    Gone,
}

/// The end that is written.
pub(super) struct Outlet {
    batches: SyncSender<Passed>,
    batch: Batch,
}

/// Nobody reads the stream any more.
pub(super) struct Unread;

impl Stream {
    /// Runs the work on a thread of its own. At most two batches wait.
    pub(super) fn start(
        work: impl FnOnce(&mut Outlet) -> Result<(), IngestError> + Send + 'static,
    ) -> std::io::Result<Stream> {
        let (sender, batches) = sync_channel(1);
        thread::Builder::new().name("table".to_owned()).spawn(move || {
            let mut outlet = Outlet { batches: sender, batch: Batch::default() };
            let last = work(&mut outlet);
            let ended = last.map(|()| None);
            if ended.is_err() || outlet.pass().is_ok() {
                // A reader that has gone needs no end.
                outlet.batches.send(ended).unwrap_or_default();
            }
        })?;
        Ok(Stream { batches, ended: false })
    }

    /// Takes the next batch; `false`: there is none left.
    pub(super) fn fill(&mut self, batch: &mut Batch, wait: Duration) -> Result<bool, Silence> {
        if self.ended {
            return Ok(false);
        }
        match self.batches.recv_timeout(wait) {
            Ok(Ok(Some(next))) => {
                *batch = next;
                Ok(true)
            }
            Ok(Ok(None)) => {
                self.ended = true;
                Ok(false)
            }
            Ok(Err(error)) => Err(Silence::Failed(error)),
            Err(RecvTimeoutError::Timeout) => Err(Silence::Late),
            Err(RecvTimeoutError::Disconnected) => Err(Silence::Gone),
        }
    }

    /// Whether the last batch was taken.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }
}

impl Outlet {
    /// The batch under way.
    pub(super) fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Hands the batch over if it is full.
    pub(super) fn pass_full(&mut self) -> Result<(), Unread> {
        if self.batch.is_full() { self.pass() } else { Ok(()) }
    }

    fn pass(&mut self) -> Result<(), Unread> {
        if self.batch.rows().next().is_none() {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.batches.send(Ok(Some(batch))).map_err(|_| Unread)
    }
}
