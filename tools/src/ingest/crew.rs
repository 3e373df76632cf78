//! Threads that read the files of a dataset: each opens files of its own while there are any, then helps with those
//! of the others.

use super::judge::{Judge, Sheet};
use super::row::Rules;
use super::table::{Batch, Table};
use super::tap::Tap;
use super::{Files, IngestError, Progress, SourceCount, Which};
use crate::dataset::{Dataset, SourceKind};
use crate::facts::Sink;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// No file.
const NONE: u32 = u32::MAX;

/// What the threads share.
pub(super) struct Crew<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) files: &'a Files,
    pub(super) rules: Rules<'a>,
    pub(super) progress: &'a dyn Progress,
    which: Which,
    tap: Option<&'a dyn Tap>,
    /// Files to read with the places of their sources, in rising order.
    queue: Vec<(u32, u16)>,
    board: Mutex<Board>,
    /// Something on the board has changed.
    changed: Condvar,
    /// Files from this one on need not be read any more: it cannot be, or nothing can be kept (0).
    failed: AtomicU32,
    /// By source.
    told: Vec<AtomicU64>,
    /// Rows and bytes read, by source.
    done: Vec<(AtomicU64, AtomicU64)>,
}

/// What there is to do.
#[derive(Default)]
struct Board {
    /// Files of the queue that were taken.
    taken: usize,
    /// Files that are being opened.
    opening: usize,
    open: Vec<Arc<Open>>,
    /// The failure of the first file that failed.
    failure: Option<(u32, IngestError)>,
}

/// A file under way.
struct Open {
    sheet: Sheet,
    /// None: read to its end. With the bytes told of as progress.
    table: Mutex<Option<(Box<dyn Table>, u64)>>,
}

enum Task {
    Open(u32, u16),
    Help(Arc<Open>),
}

/// A file that is being opened: said on the board, even if the opening panics.
struct Opening<'c, 'a>(&'c Crew<'a>);

impl Drop for Opening<'_, '_> {
    fn drop(&mut self) {
        self.0.board().opening -= 1;
        self.0.changed.notify_all();
    }
}

impl<'a> Crew<'a> {
    pub(super) fn new(
        (dataset, files): (&'a Dataset, &'a Files),
        which: Which,
        rules: Rules<'a>,
        progress: &'a dyn Progress,
    ) -> Crew<'a> {
        let mut queue = Vec::new();
        for (place, source) in dataset.sources.iter().enumerate() {
            if which.has(source.kind) {
                let files = files.of_source.get(place).cloned().unwrap_or_default();
                queue.extend(files.map(|file| (file, place as u16)));
            }
        }
        Crew {
            dataset,
            files,
            rules,
            progress,
            which,
            tap: None,
            queue,
            board: Mutex::default(),
            changed: Condvar::new(),
            failed: AtomicU32::new(NONE),
            told: dataset.sources.iter().map(|_| AtomicU64::new(0)).collect(),
            done: dataset.sources.iter().map(|_| Default::default()).collect(),
        }
    }

    /// Shows rows to a tap.
    pub(super) fn tapped(self, tap: Option<&'a dyn Tap>) -> Crew<'a> {
        Crew { tap, ..self }
    }

    /// Reads everything with one thread a sink. One count a source.
    pub(super) fn read<S: Sink>(self, sinks: &mut [S]) -> Result<Vec<SourceCount>, IngestError> {
        let mut counts = vec![SourceCount::default(); self.dataset.sources.len()];
        let of_threads = match sinks {
            [sink] => vec![self.work(sink)],
            sinks => std::thread::scope(|scope| {
                let crew = &self;
                let threads: Vec<_> =
                    sinks.iter_mut().map(|sink| scope.spawn(move || crew.work(sink))).collect();
                let joined = threads.into_iter().map(|thread| thread.join());
                joined.map(|counts| counts.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
            }),
        };
        if let Some((_, error)) = self.board().failure.take() {
            return Err(error);
        }
        for (sum, count) in of_threads.into_iter().flat_map(|counts| counts.into_iter().enumerate()) {
            counts[sum].add(count);
        }
        for (place, _) in self.dataset.sources.iter().enumerate().filter(|(_, one)| self.which.has(one.kind))
        {
            self.tell(place, 0, 0);
        }
        Ok(counts)
    }

    fn work<S: Sink>(&self, sink: &mut S) -> Vec<SourceCount> {
        let mut judge = Judge::new(self.rules, sink, &self.told).tapped(self.tap);
        let mut batch = Batch::default();
        while let Some(task) = self.task() {
            match task {
                Task::Open(file, place) => {
                    let open = self.open(file, place, &mut judge);
                    while open.as_ref().is_some_and(|open| self.step(open, &mut judge, &mut batch)) {}
                }
                Task::Help(open) => {
                    self.step(&open, &mut judge, &mut batch);
                }
            }
        }
        judge.into_counts()
    }

    /// What to do next; `None`: no more than others are about to end.
    fn task(&self) -> Option<Task> {
        let mut board = self.board();
        loop {
            let failed = self.failed.load(Ordering::Relaxed);
            if let Some((file, place)) = self.queue.get(board.taken).filter(|(file, _)| *file < failed) {
                board.taken += 1;
                board.opening += 1;
                return Some(Task::Open(*file, *place));
            }
            // The first of the list goes to its end, so that all who wait for work go on with the next together.
            let turn = usize::from(board.open.len() > 1);
            board.open.rotate_left(turn);
            if let Some(open) = board.open.iter().find(|open| open.sheet.file < failed) {
                return Some(Task::Help(open.clone()));
            }
            if board.opening == 0 {
                return None;
            }
            board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Opens a file and puts it on the board.
    fn open<S: Sink>(&self, file: u32, place: u16, judge: &mut Judge<'_, S>) -> Option<Arc<Open>> {
        let _opening = Opening(self);
        let source = &self.dataset.sources[usize::from(place)];
        let name = self.files.name(file);
        let opened = self.files.open(source, file).and_then(|mut table| {
            let header = table.header()?;
            let sheet = judge.header((place, source.kind), (file, name), header)?;
            judge.odd(place, file, table.odd())?;
            Ok((sheet, table))
        });
        match opened {
            Ok((Some(sheet), table)) => {
                let open = Arc::new(Open { sheet, table: Mutex::new(Some((table, 0))) });
                self.board().open.push(open.clone());
                Some(open)
            }
            Ok((None, _)) => None,
            Err(error) => {
                self.fail(file, error);
                None
            }
        }
    }

    /// Reads and judges one batch of a file; `false`: there is nothing more to read of it.
    fn step<S: Sink>(&self, open: &Arc<Open>, judge: &mut Judge<'_, S>, batch: &mut Batch) -> bool {
        let file = open.sheet.file;
        let stepped = if file < self.failed.load(Ordering::Relaxed) {
            self.fill(open, judge, batch).and_then(|(any, bytes)| {
                let rows = if any { judge.rows(&open.sheet, batch)? } else { 0 };
                self.tell(usize::from(open.sheet.source), rows, bytes);
                Ok(any)
            })
        } else {
            Ok(false)
        };
        let more = stepped.unwrap_or_else(|error| {
            self.fail(file, error);
            false
        });
        if !more {
            self.board().open.retain(|other| !Arc::ptr_eq(other, open));
        }
        more
    }

    /// Whether a batch was filled, and the bytes read for it.
    fn fill<S: Sink>(
        &self,
        open: &Open,
        judge: &mut Judge<'_, S>,
        batch: &mut Batch,
    ) -> Result<(bool, u64), IngestError> {
        // Poisoned: another thread panics, and nobody asks for the rest.
        let Ok(mut slot) = open.table.lock() else { return Ok((false, 0)) };
        let Some((mut table, told)) = slot.take() else { return Ok((false, 0)) };
        batch.clear();
        let any = table.fill(batch)?;
        let done = table.done();
        if any {
            *slot = Some((table, done));
        } else {
            judge.ended(&open.sheet, done);
        }
        Ok((any, done.saturating_sub(told)))
    }

    fn fail(&self, file: u32, error: IngestError) {
        let file = if matches!(error, IngestError::Sink(_)) { 0 } else { file };
        let mut board = self.board();
        if board.failure.as_ref().is_none_or(|(first, _)| file < *first) {
            board.failure = Some((file, error));
        }
        self.failed.fetch_min(file, Ordering::Relaxed);
        self.changed.notify_all();
    }

    fn tell(&self, source: usize, rows: u64, bytes: u64) {
        let (all_rows, all_bytes) = &self.done[source];
        let rows = rows + all_rows.fetch_add(rows, Ordering::Relaxed);
        let bytes = bytes + all_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.progress.advance(source, rows, bytes, self.files.bytes_of(source).max(bytes));
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Which {
    fn has(self, kind: SourceKind) -> bool {
        matches!(kind, SourceKind::Record(_)) == (self == Which::Records)
    }
}
