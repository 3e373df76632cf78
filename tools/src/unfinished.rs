//! Folders for unfinished work: they vanish when the work fails, and when a signal ends the program.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

/// Folders that a signal removes.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static LISTENING: Once = Once::new();

/// Times that the removal of a folder begins again, because the work still wrote into it.
const REMOVALS_MAX: u32 = 100;
const REMOVAL_WAIT: Duration = Duration::from_millis(10);

/// A hidden folder, removed unless it is moved to its place.
pub(crate) struct Unfinished(Option<TempDir>);

impl Unfinished {
    /// Makes it in an existing folder; its name begins with the prefix.
    pub(crate) fn inside(folder: &Path, prefix: &str) -> io::Result<Unfinished> {
        LISTENING.call_once(listen);
        let mut folders = folders();
        let made = tempfile::Builder::new().prefix(prefix).tempdir_in(folder)?;
        folders.push(made.path().to_path_buf());
        Ok(Unfinished(Some(made)))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.0.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// Gives it its name, in place of an empty folder or of nothing.
    pub(crate) fn rename(mut self, to: &Path) -> io::Result<()> {
        std::fs::rename(self.path(), to)?;
        if let Some(folder) = self.0.take() {
            // It is no longer where its guard would look for it.
            forget(&folder.keep());
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(folder) = self.0.take() {
            let path = folder.path().to_path_buf();
            drop(folder);
            forget(&path);
        }
    }
}

/// Held from the signal to the end of the program, so that no work tells of the folder that it lost.
fn folders() -> MutexGuard<'static, Vec<PathBuf>> {
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget(path: &Path) {
    folders().retain(|other| other != path);
}

/// Without signals to listen to, the system ends the program as ever.
fn listen() {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let entered = runtime.enter();
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    drop(entered);
    std::thread::spawn(move || {
        loop {
            let (name, number) = runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => ("SIGINT", 2),
                    _ = terminate.recv() => ("SIGTERM", 15),
                }
            });
            let folders = folders();
            // With nothing unfinished the command is at its end, or serves and listens itself.
            if !folders.is_empty() {
                folders.iter().for_each(|folder| remove(folder));
                eprintln!("xinhe: {name}: unfinished work is removed");
                std::process::exit(128 + number);
            }
        }
    });
}

fn remove(folder: &Path) {
    for _ in 0..REMOVALS_MAX {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => std::thread::sleep(REMOVAL_WAIT),
            _ => return,
        }
    }
    eprintln!("xinhe: {} cannot be removed; remove it by hand", folder.display());
}
