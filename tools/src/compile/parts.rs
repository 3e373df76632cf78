//! The second pass: one thread reads, sorts and resolves partition by partition, another writes, in the order of the file.

use super::partition::Partition;
use super::resolve::{Resolved, Resolver};
use super::spill::Spill;
use super::work::{Work, panicked};
use super::write::{SubjectWriter, WriteError};
use std::io;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Of the memory, the share that partitions under work may take together: one alone may be larger.
const UNPACKED_SHARE: u64 = 3;
/// Partitions of more than so many times the usual bytes stay as they were read.
const LAID_SHARE: u64 = 4;
/// A partition takes so many times its bytes: as it was read, laid in order, and where all stands. One that took more is not
/// kept for the next.
const KEPT_SHARE: u64 = 4;
/// Records and subjects that are resolved before they are handed on.
const BATCH: usize = 4096;
/// Batches that wait to be written: enough to last while the next partition is read and sorted.
const BATCHES_WAITING: usize = 32;

/// Subjects of a partition that are resolved.
struct Batch {
    partition: Arc<Partition>,
    subjects: Vec<Resolved>,
    /// It is the last of its partition.
    is_last: bool,
}

/// The partitions of one part.
pub(crate) struct Rows<'a> {
    pub(crate) work: &'a Work<'a>,
    pub(crate) part: u32,
    pub(crate) rows: &'a Spill,
    pub(crate) heads: &'a Spill,
}

impl Rows<'_> {
    /// Writes the subjects of the part in order. `each` is told how many partitions are done.
    pub(crate) fn write(
        &self,
        resolver: &mut Resolver<'_>,
        writer: &mut SubjectWriter<'_>,
        each: &dyn Fn(u32),
    ) -> Result<(), WriteError> {
        let room = Room::new(self.work.memory / UNPACKED_SHARE, self.work.partition_bytes() * KEPT_SHARE);
        let mut done = 0;
        let mut write = |batch: Batch| {
            writer.subjects(&batch.partition, &batch.subjects)?;
            if batch.is_last {
                done += 1;
                each(done);
                room.give(batch.partition);
            }
            Ok(())
        };
        if self.work.threads < 2 {
            let mut written = Ok(());
            let read = self.resolve(resolver, &room, &mut |batch| {
                written = write(batch);
                written.is_ok()
            });
            return written.and(read.map_err(WriteError::from));
        }
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel::<Batch>(BATCHES_WAITING);
            let room = &room;
            // The other side is gone if it failed: its error is told.
            let reader =
                scope.spawn(move || self.resolve(resolver, room, &mut |batch| sender.send(batch).is_ok()));
            let written = receiver.iter().try_for_each(write);
            drop(receiver);
            room.give_up();
            let read = reader.join().unwrap_or_else(|_| Err(panicked()));
            written.and(read.map_err(WriteError::from))
        })
    }

    /// Reads and resolves, and hands on until nobody takes it.
    fn resolve(
        &self,
        resolver: &mut Resolver<'_>,
        room: &Room,
        emit: &mut dyn FnMut(Batch) -> bool,
    ) -> io::Result<()> {
        let first = self.part as usize * self.work.ranges as usize;
        let laid_most = self.work.partition_bytes() * LAID_SHARE;
        for partition in first..first + self.work.ranges as usize {
            // Places cost about a quarter of what they lead to, and rows laid in order what they took unsorted.
            let (rows, heads) = (self.rows.raw_bytes(partition), self.heads.raw_bytes(partition));
            let laid = if rows <= laid_most { rows } else { 0 };
            let bytes = (rows + heads) * 5 / 4 + laid;
            let spare = room.take(bytes);
            let partition = Arc::new(Partition::read(self.rows, self.heads, partition, (spare, laid_most))?);
            let (mut subjects, mut size) = (Vec::new(), 0);
            for spot in partition.spots() {
                let Some(resolved) = resolver.resolve(&partition, spot?)? else { continue };
                size += 1 + resolved.standing.len();
                subjects.push(resolved);
                if size >= BATCH {
                    size = 0;
                    let subjects = std::mem::take(&mut subjects);
                    if !emit(Batch { partition: Arc::clone(&partition), subjects, is_last: false }) {
                        return Ok(());
                    }
                }
            }
            if !emit(Batch { partition, subjects, is_last: true }) {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Bytes that partitions in memory take, and the last one that was done with, to be used again.
struct Room {
    taken: Mutex<Taken>,
    freed: Condvar,
    most: u64,
    spare_most: u64,
}

#[derive(Default)]
struct Taken {
    /// By partition in the order in which they were taken.
    bytes: std::collections::VecDeque<u64>,
    spare: Option<Partition>,
    given_up: bool,
}

impl Room {
    fn new(most: u64, spare_most: u64) -> Room {
        Room { taken: Mutex::default(), freed: Condvar::new(), most, spare_most }
    }

    /// Waits until so many bytes are free, or nothing is taken.
    fn take(&self, bytes: u64) -> Partition {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |taken: &mut Taken| {
            let sum: u64 = taken.bytes.iter().sum();
            !taken.given_up && sum > 0 && sum + bytes > self.most
        };
        let mut taken = self.freed.wait_while(taken, is_full).unwrap_or_else(PoisonError::into_inner);
        taken.bytes.push_back(bytes);
        taken.spare.take().unwrap_or_default()
    }

    /// The oldest partition is written.
    fn give(&self, partition: Arc<Partition>) {
        let spare = Arc::into_inner(partition).filter(|spare| spare.bytes() as u64 <= self.spare_most);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.bytes.pop_front();
        taken.spare = spare;
        self.freed.notify_all();
    }

    /// Nothing is written any more: whoever waits goes on, and finds that out.
    fn give_up(&self) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).given_up = true;
        self.freed.notify_all();
    }
}
