//! A file that is written while a thread beside it reckons its SHA-256.

use super::work::panicked;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use xinhe::domain::text::hex;
use xinhe::snapshot::mapping::HUGE_PAGE;

/// Pieces that wait for the thread.
const WAITING: usize = 2;

/// Everything that is written goes to the file and to the digest.
pub(super) struct Digesting {
    file: File,
    path: PathBuf,
    /// At most a huge page, which is written whole.
    pending: Vec<u8>,
    pieces: SyncSender<Vec<u8>>,
    digest: JoinHandle<Sha256>,
}

impl Digesting {
    /// Begins; errors tell this path.
    pub(super) fn new(file: File, path: &Path) -> io::Result<Digesting> {
        let (pieces, handed) = sync_channel::<Vec<u8>>(WAITING);
        let digest = Builder::new().name("digest".to_owned()).spawn(move || {
            let mut digest = Sha256::new();
            handed.iter().for_each(|piece| digest.update(&piece));
            digest
        })?;
        Ok(Digesting { file, path: path.to_path_buf(), pending: Vec::new(), pieces, digest })
    }

    /// Syncs the file and tells its SHA-256, in hex.
    pub(super) fn synced(mut self) -> io::Result<String> {
        self.store()?;
        drop(self.pieces);
        self.file.sync_all()?;
        let digest = self.digest.join().map_err(|_| panicked())?;
        Ok(hex(&digest.finalize()))
    }

    fn store(&mut self) -> io::Result<()> {
        // Whoever writes knows no names.
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.path.display()));
        self.file.write_all(&self.pending).map_err(named)?;
        let piece = std::mem::take(&mut self.pending);
        self.pieces.send(piece).map_err(|_| panicked())
    }
}

impl Write for Digesting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.pending.len() == HUGE_PAGE {
            self.store()?;
        }
        if self.pending.is_empty() {
            self.pending.reserve_exact(HUGE_PAGE);
        }
        let taken = bytes.len().min(HUGE_PAGE - self.pending.len());
        self.pending.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.store()
    }
}
