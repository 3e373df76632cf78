//! The writer: one thread that takes what has gathered, commits it, answers for it, and begins again. It also seals
//! segments, and brings the log back by itself when the disk is back.

use super::ahead::Ahead;
use super::book::Book;
use super::checkpoint::{Checkpoint, Saying};
use super::disk::{Disk, DiskFile, remove_if_there};
use super::frame::{self, Link};
use super::id::Place;
use super::queue::{Next, Queue, Taken};
use super::reserve::Reserve;
use super::segment::{self, CHECKPOINT, HEAD_BYTES, Head, INDEX, LOG};
use super::{Acknowledge, Settings, retention};
use crate::domain::date::Day;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the writer looks around when there is nothing to write.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rests between attempts to bring the log back.
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LAST: Duration = Duration::from_secs(1);
/// A buffer that once had to be large is not kept.
const SPARE_BYTES_MAX: usize = 1 << 20;

/// The writer, with the segment that it writes.
pub(super) struct Writer {
    pub(super) queue: Arc<Queue>,
    pub(super) book: Arc<Mutex<Book>>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) settings: Settings,
    pub(super) dir: PathBuf,
    pub(super) head: Head,
    pub(super) file: Box<dyn DiskFile>,
    /// Where the segment ends: all before is committed.
    pub(super) end: u32,
    pub(super) link: Link,
    /// Entries of the segment.
    pub(super) entries: u64,
    pub(super) reserve: Reserve,
    /// The file of the next segment.
    pub(super) ahead: Ahead,
    /// Where the segment ended when it was begun or found.
    pub(super) grown_from: u32,
    /// There is room in the file behind the end.
    pub(super) has_room: bool,
    /// Writes the index of the segment before.
    pub(super) indexing: Option<JoinHandle<()>>,
}

impl Writer {
    /// Writes until the queue is stopped and empty, then closes the log.
    pub(super) fn run(mut self) {
        let mut spare = Vec::new();
        loop {
            let next = self.queue.take(&mut spare, LOOK_EVERY, |bytes| self.after(bytes));
            match next {
                Next::Batch(mut taken) => {
                    self.commit(&mut taken);
                    if taken.bytes.capacity() <= SPARE_BYTES_MAX {
                        spare = taken.bytes;
                    }
                }
                Next::Nothing => self.look_around(),
                Next::Stop => break,
            }
        }
        if let Err(error) = self.close() {
            tell(&self.settings, &format!("the log of receipts cannot be closed: {error}"));
        }
    }

    /// Where the batch after one of so many bytes, its header included, will stand.
    fn after(&self, bytes: usize) -> Place {
        let end = self.end.saturating_add((bytes + frame::LINK_BYTES) as u32);
        let is_full = u64::from(end) >= self.settings.segment_bytes;
        // A segment that grows as it is written, as after a start, is left for one with room.
        let is_left = !self.has_room && self.ahead.is_ready();
        if is_full || is_left || self.today() != self.head.day {
            self.first_of_next()
        } else {
            Place { segment: self.head.number, offset: end }
        }
    }

    fn first_of_next(&self) -> Place {
        Place { segment: self.head.number + 1, offset: HEAD_BYTES as u32 }
    }

    fn here(&self) -> Place {
        Place { segment: self.head.number, offset: self.end }
    }

    fn today(&self) -> Day {
        Day::in_china(((self.settings.now_us)() / 1_000_000).cast_signed())
    }

    fn commit(&mut self, taken: &mut Taken) {
        let began = Instant::now();
        // Decided once, when the batch was taken; midnight may have passed since.
        let moves_on = self.queue.start().segment != self.head.number;
        let link = frame::close(&mut taken.bytes, taken.entries, &self.link);
        if let Err(error) = self.store(&taken.bytes) {
            return self.lose(Some(taken), &error);
        }
        let board = &self.queue.board;
        self.end += taken.bytes.len() as u32;
        self.entries += u64::from(taken.entries);
        self.link = link;
        board.committed(
            u64::from(taken.entries),
            taken.bytes.len() as u64,
            began.elapsed().as_micros() as u64,
        );
        {
            // Held from before the replies leave until they are counted: who asks for sums afterwards finds them.
            let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
            self.queue.written(taken);
            for (id, entry) in frame::entries_of(&taken.bytes, self.head.node, taken.start) {
                book.enter(&id, entry);
            }
        }
        if moves_on && let Err(error) = self.rotate() {
            self.lose(None, &error);
        }
        self.ahead.make(u64::from(self.end - self.grown_from));
    }

    /// Writes a framed batch behind the last. Where the disk is full, the reserve makes room.
    fn store(&mut self, batch: &[u8]) -> io::Result<()> {
        loop {
            let written = self.file.write_at(batch, u64::from(self.end)).and_then(|()| {
                match self.settings.acknowledge {
                    Acknowledge::Durable => self.file.sync(),
                    Acknowledge::Written => Ok(()),
                }
            });
            let Err(error) = written else { return Ok(()) };
            if !is_full(&error) || !self.reserve.release(&*self.disk, batch.len() as u64) {
                return Err(error);
            }
            self.told_reserve();
            let words = "the disk of the receipts is full: the log lives on its reserve";
            tell(&self.settings, &format!("{words}, of which {} bytes are left", self.reserve.kept()));
            self.cut()?;
        }
    }

    /// Takes away whatever stands behind the end, room too.
    fn cut(&mut self) -> io::Result<()> {
        self.has_room = false;
        self.file.truncate(u64::from(self.end))
    }

    /// Takes away the room behind the end: what is sealed or closed has none.
    fn cut_room(&mut self) -> io::Result<()> {
        if self.has_room { self.cut() } else { Ok(()) }
    }

    /// Answers for a batch that is not in the log, then tries until the log takes entries again.
    fn lose(&mut self, taken: Option<&Taken>, error: &io::Error) {
        self.queue.board.failures.fetch_add(1, Ordering::Relaxed);
        self.queue.lost(taken, self.here());
        tell(
            &self.settings,
            &format!("receipts cannot be written, nobody is answered until they can: {error}"),
        );
        let mut rest = RETRY_FIRST;
        while let Err(error) = self.repair() {
            tell(&self.settings, &format!("receipts still cannot be written: {error}"));
            if self.queue.rest(rest) {
                return;
            }
            rest = (rest * 2).min(RETRY_LAST);
        }
        self.queue.recovered();
        tell(&self.settings, "receipts are written again");
    }

    /// Takes away what was written of a lost batch, and sees whether there is room for the next.
    fn repair(&mut self) -> io::Result<()> {
        self.cut()?;
        self.file.sync()?;
        self.reserve.probe(&*self.disk)?;
        self.told_reserve();
        Ok(())
    }

    fn look_around(&mut self) {
        if self.reserve.refill(&*self.disk) {
            self.told_reserve();
        }
        let begun = self.entries > 0 && self.today() != self.head.day;
        if begun
            && self.queue.move_to(self.first_of_next())
            && let Err(error) = self.rotate()
        {
            self.lose(None, &error);
        }
    }

    fn told_reserve(&self) {
        self.queue.board.reserve.store(self.reserve.kept(), Ordering::Relaxed);
    }

    /// Seals the segment and begins the next.
    fn rotate(&mut self) -> io::Result<()> {
        self.cut_room()?;
        self.checkpoint()?;
        let head = Head {
            node: self.settings.node,
            number: self.head.number + 1,
            day: self.today(),
            made_us: (self.settings.now_us)(),
            entries_before: self.head.entries_before + self.entries,
            link_before: self.link,
        };
        let room = self.ahead.take();
        let (file, link) = begin(&*self.disk, &self.dir, &head, room.as_deref())?;
        self.write_index();
        self.queue.board.sealed.fetch_add(1, Ordering::Relaxed);
        (self.file, self.head, self.link) = (file, head, link);
        (self.end, self.entries) = (HEAD_BYTES as u32, 0);
        (self.grown_from, self.has_room) = (self.end, room.is_some());
        let retired = retention::retire(&*self.disk, &self.dir, &self.settings, self.head.made_us);
        if let Err(error) = retired {
            tell(&self.settings, &format!("old receipts cannot be removed: {error}"));
        }
        Ok(())
    }

    /// Writes how far the segment is, signed if there is a key.
    fn checkpoint(&mut self) -> io::Result<()> {
        self.file.sync()?;
        let checkpoint = Checkpoint {
            node: self.head.node,
            end: self.here(),
            entries: self.head.entries_before + self.entries,
            link: self.link,
            time_us: (self.settings.now_us)(),
        };
        let text = checkpoint.text(Saying::Reached, self.settings.key.as_ref());
        self.disk.replace(&segment::file(&self.dir, self.head.number, CHECKPOINT), text.as_bytes())
    }

    /// Writes the index of the sealed segment aside: a start can do without it.
    fn write_index(&mut self) {
        let index = self.book.lock().unwrap_or_else(PoisonError::into_inner).seal();
        let path = segment::file(&self.dir, self.head.number, INDEX);
        let (disk, end, link, settings) =
            (Arc::clone(&self.disk), self.end, self.link, self.settings.clone());
        let write = move || {
            if let Err(error) = disk.replace(&path, &index.encode(end, &link)) {
                tell(&settings, &format!("{}: {error}; the next start reads the segment", path.display()));
            }
        };
        self.await_index();
        match std::thread::Builder::new().name("audit-index".to_owned()).spawn(write) {
            Ok(thread) => self.indexing = Some(thread),
            Err(error) => {
                let what = "no index of a segment; the next start reads the segment";
                tell(&self.settings, &format!("{what}: {error}"));
            }
        }
    }

    /// Waits for the index of the segment before; a thread that panicked has said so itself.
    fn await_index(&mut self) {
        self.indexing.take().map(JoinHandle::join);
    }

    fn close(&mut self) -> io::Result<()> {
        self.await_index();
        self.cut_room()?;
        if self.entries == 0 && self.head.number > 1 {
            // The next start begins it anew: a checkpoint of it would tell of what is there no more.
            return Ok(());
        }
        self.checkpoint()?;
        let index = self.book.lock().unwrap_or_else(PoisonError::into_inner).so_far();
        let path = segment::file(&self.dir, self.head.number, INDEX);
        self.disk.replace(&path, &index.encode(self.end, &self.link))
    }
}

/// Begins a segment, in a file with room if there is one. What an attempt before left of it goes first.
pub(super) fn begin(
    disk: &dyn Disk,
    dir: &Path,
    head: &Head,
    room: Option<&Path>,
) -> io::Result<(Box<dyn DiskFile>, Link)> {
    let path = segment::file(dir, head.number, LOG);
    remove_if_there(disk, &path)?;
    let (bytes, link) = head.encode();
    let put =
        |mut file: Box<dyn DiskFile>| file.write_at(&bytes, 0).and_then(|()| file.sync()).map(|()| file);
    let begun = match room {
        None => disk.create(&path).and_then(put),
        // It bears the name of a segment only once it is one.
        Some(room) => {
            let put = disk.open(room).and_then(put);
            put.and_then(|_| disk.rename(room, &path)).and_then(|()| disk.open(&path))
        }
    };
    let begun = begun.and_then(|file| disk.sync_folder(dir).map(|()| (file, link)));
    if begun.is_err() {
        // The segment before is gone on with. If this one cannot be removed, the next start does.
        for left in [Some(&*path), room].into_iter().flatten() {
            remove_if_there(disk, left).unwrap_or_default();
        }
    }
    begun
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

fn tell(settings: &Settings, what: &str) {
    (settings.tell)(what);
}
