//! The second pass: partition by partition is read and sorted on one thread, resolved and written on another.

use super::partition::Partition;
use super::spill::Spill;
use super::work::{Work, panicked};
use super::write::{SubjectWriter, WriteError};
use std::io;
use std::sync::mpsc::sync_channel;
use std::sync::{Condvar, Mutex, PoisonError};

/// Of the memory, the share that partitions under work may take together: one alone may be larger.
const UNPACKED_SHARE: u64 = 3;

/// Writes the subjects of one part in order. `each` is told how many partitions are done.
pub(crate) fn write(
    work: &Work<'_>,
    part: u32,
    rows: &Spill,
    heads: &Spill,
    writer: &mut SubjectWriter<'_>,
    each: &dyn Fn(u32),
) -> Result<(), WriteError> {
    let first = part as usize * work.ranges as usize;
    let partitions = first..first + work.ranges as usize;
    if work.threads < 2 {
        for (done, partition) in (1..).zip(partitions) {
            writer.partition(&Partition::read(rows, heads, partition)?)?;
            each(done);
        }
        return Ok(());
    }
    let room = Room { taken: Mutex::new(0), freed: Condvar::new(), most: work.memory / UNPACKED_SHARE };
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel::<(u64, Partition)>(1);
        let room = &room;
        let reader = scope.spawn(move || -> io::Result<()> {
            for partition in partitions {
                // Places cost about a quarter of what they lead to.
                let bytes = (rows.raw_bytes(partition) + heads.raw_bytes(partition)) * 5 / 4;
                room.take(bytes);
                // The other side is gone if it failed: its error is told.
                if sender.send((bytes, Partition::read(rows, heads, partition)?)).is_err() {
                    break;
                }
            }
            Ok(())
        });
        let mut written = Ok(());
        for (done, (bytes, partition)) in (1..).zip(receiver) {
            written = writer.partition(&partition);
            drop(partition);
            room.give(bytes);
            if written.is_err() {
                break;
            }
            each(done);
        }
        room.give(u64::MAX);
        let read = reader.join().unwrap_or_else(|_| Err(panicked()));
        written.and(read.map_err(WriteError::from))
    })
}

/// Bytes that are taken by partitions in memory.
struct Room {
    taken: Mutex<u64>,
    freed: Condvar,
    most: u64,
}

impl Room {
    /// Waits until so many bytes are free, or nothing is taken.
    fn take(&self, bytes: u64) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |taken: &mut u64| *taken > 0 && *taken + bytes > self.most;
        let mut taken = self.freed.wait_while(taken, is_full).unwrap_or_else(PoisonError::into_inner);
        *taken += bytes;
    }

    fn give(&self, bytes: u64) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = taken.saturating_sub(bytes);
        self.freed.notify_all();
    }
}
