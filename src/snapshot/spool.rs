//! Bytes that may outgrow memory: in a buffer while they are few, then in a file that has lost its name.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use xxhash_rust::xxh3::Xxh3;

/// Bytes that wait in memory.
const BUFFER: usize = 256 * 1024;
/// Bytes that are copied at a time.
const COPY: usize = 1024 * 1024;

/// Numbers the files of this process, so that writers may share a folder.
static FILES: AtomicU64 = AtomicU64::new(0);

/// A file that nobody else can open and that is gone with its last handle, however the process ends.
pub(super) fn unnamed(folder: &Path) -> io::Result<File> {
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!(".spool-{}-{number}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
    let file = file.map_err(|error| named(folder, &error))?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// An error that says in which folder it was met: the file has no name.
pub(super) fn named(folder: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
}

/// Bytes that grow, with their sum.
pub(super) struct Spool {
    folder: Arc<Path>,
    buffer: Vec<u8>,
    file: Option<File>,
    length: u64,
    sum: Box<Xxh3>,
}

impl Spool {
    /// Grows in this folder.
    pub(super) fn new(folder: &Arc<Path>) -> Spool {
        let folder = Arc::clone(folder);
        Spool { folder, buffer: Vec::new(), file: None, length: 0, sum: Box::new(Xxh3::new()) }
    }

    /// Bytes so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Adds bytes at the end.
    pub(super) fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len() as u64;
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush_buffer()?;
        }
        if bytes.len() >= BUFFER {
            return self.store(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn flush_buffer(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.store(&buffer)?;
        buffer.clear();
        self.buffer = buffer;
        Ok(())
    }

    fn store(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(unnamed(&self.folder)?),
        };
        file.write_all(bytes).map_err(|error| named(&self.folder, &error))?;
        self.sum.update(bytes);
        Ok(())
    }

    /// The sum of all bytes.
    pub(super) fn sum(&self) -> u64 {
        let mut sum = self.sum.clone();
        sum.update(&self.buffer);
        sum.digest()
    }

    /// Copies everything and frees it.
    pub(super) fn copy_to(self, out: &mut impl Write) -> io::Result<()> {
        if let Some(mut file) = self.file {
            file.seek(SeekFrom::Start(0))?;
            let mut chunk = vec![0; COPY];
            loop {
                match file.read(&mut chunk)? {
                    0 => break,
                    length => out.write_all(&chunk[..length])?,
                }
            }
        }
        out.write_all(&self.buffer)
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
