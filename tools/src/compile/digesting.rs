//! A file that is written while a thread beside it reckons its SHA-256.

use super::work::panicked;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use xinhe::domain::text::hex;

/// Bytes that are handed to the thread at a time.
const CHUNK: usize = 256 << 10;
/// Chunks that wait for it.
const WAITING: usize = 4;

/// Everything that is written goes to the file and to the digest.
pub(super) struct Digesting {
    out: BufWriter<File>,
    path: PathBuf,
    pending: Vec<u8>,
    chunks: SyncSender<Vec<u8>>,
    digest: JoinHandle<Sha256>,
}

impl Digesting {
    /// Begins; errors tell this path.
    pub(super) fn new(out: BufWriter<File>, path: &Path) -> io::Result<Digesting> {
        let (chunks, handed) = sync_channel::<Vec<u8>>(WAITING);
        let digest = Builder::new().name("digest".to_owned()).spawn(move || {
            let mut digest = Sha256::new();
            handed.iter().for_each(|chunk| digest.update(&chunk));
            digest
        })?;
        Ok(Digesting { out, path: path.to_path_buf(), pending: Vec::new(), chunks, digest })
    }

    /// Syncs the file and tells its SHA-256, in hex.
    pub(super) fn synced(mut self) -> io::Result<String> {
        self.hand_on()?;
        drop(self.chunks);
        self.out.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        let digest = self.digest.join().map_err(|_| panicked())?;
        Ok(hex(&digest.finalize()))
    }

    fn hand_on(&mut self) -> io::Result<()> {
        let chunk = std::mem::take(&mut self.pending);
        self.chunks.send(chunk).map_err(|_| panicked())
    }
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Whoever writes knows no names.
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display()));
        let written = self.out.write(bytes).map_err(named)?;
        self.pending.extend_from_slice(&bytes[..written]);
        if self.pending.len() >= CHUNK {
            self.hand_on()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
