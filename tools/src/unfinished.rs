//! Folders for unfinished work: they vanish when the work fails, and when a signal ends the program. What a program
//! that was killed left behind goes when the next one makes its own.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
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
pub(crate) struct Unfinished {
    folder: Option<TempDir>,
    /// The folder, open and locked as long as this process lives: that tells it from those of the dead.
    _lock: File,
}

impl Unfinished {
    /// Makes it in an existing folder; its name begins with the prefix, which nothing else there may bear. Folders with
    /// this prefix that no living process holds are removed.
    pub(crate) fn inside(folder: &Path, prefix: &str) -> io::Result<Unfinished> {
        LISTENING.call_once(listen);
        remove_left_behind(folder, prefix)?;
        loop {
            let mut folders = folders();
            let made = tempfile::Builder::new().prefix(prefix).tempdir_in(folder)?;
            if let Some(lock) = lock(made.path())? {
                folders.push(made.path().to_path_buf());
                return Ok(Unfinished { folder: Some(made), _lock: lock });
            }
            // Another process took it for one of the dead before it was locked, and removes it.
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.as_ref().map_or(Path::new(""), TempDir::path)
    }

    /// Gives it its name, in place of an empty folder or of nothing.
    pub(crate) fn rename(mut self, to: &Path) -> io::Result<()> {
        // A signal waits until the folder has its name; if it came first, what it is removing never gets one.
        let mut folders = folders();
        std::fs::rename(self.path(), to)?;
        if let Some(folder) = self.folder.take() {
            // It is no longer where its guard would look for it.
            let path = folder.keep();
            folders.retain(|other| *other != path);
        }
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(folder) = self.folder.take() {
            let path = folder.path().to_path_buf();
            drop(folder);
            forget(&path);
        }
    }
}

/// Locks a folder of one's own. None: it is gone, or about to go.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let open = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    match open.try_lock() {
        Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
        // A file system without locks: there nobody can lock it, and so nobody removes it.
        Ok(()) | Err(std::fs::TryLockError::Error(_)) => {}
    }
    let meta = open.metadata()?;
    let same =
        std::fs::symlink_metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (meta.dev(), meta.ino()));
    Ok(same.then_some(open))
}

/// Removes folders that were left behind: whoever can lock one knows that its process is dead.
fn remove_left_behind(folder: &Path, prefix: &str) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder || !entry.file_name().to_string_lossy().starts_with(prefix) {
            continue;
        }
        // What another user left cannot be opened or removed; it is in nobody's way.
        if let Ok(open) = File::open(entry.path())
            && open.try_lock().is_ok()
            && let Err(error) = std::fs::remove_dir_all(entry.path())
            && error.kind() != io::ErrorKind::NotFound
        {
            eprintln!("xinhe: {} was left behind and cannot be removed: {error}", entry.path().display());
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_dead_left_goes_and_what_the_living_hold_stays() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        for name in [".xinhe-build-dead", ".xinhe-spill-other", "xinhe"] {
            std::fs::create_dir(path(name)).unwrap();
            std::fs::write(path(name).join("part"), "half").unwrap();
        }
        std::fs::write(path(".xinhe-build-file"), "").unwrap();
        let living = Unfinished::inside(place.path(), ".xinhe-build-").unwrap();
        let second = Unfinished::inside(place.path(), ".xinhe-build-").unwrap();
        assert!(!path(".xinhe-build-dead").exists());
        assert!(living.path().exists() && second.path().exists());
        for name in [".xinhe-spill-other", ".xinhe-build-file", "xinhe"] {
            assert!(path(name).exists(), "{name}");
        }
        let moved = path("release");
        living.rename(&moved).unwrap();
        drop(second);
        let _third = Unfinished::inside(place.path(), ".xinhe-build-").unwrap();
        assert!(moved.exists());
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 5);
    }
}
