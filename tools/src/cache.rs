//! Releases of stores on this machine, for commands that look into what is served: a folder for each store, as long as it
//! is of use.

use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use xinhe::domain::text::hex;
use xinhe::release::Store;
use xinhe::release::pointer::Pointer;
use xinhe::release::store::{FetchError, fetch_release};

/// Says of which store a folder is; written whenever it is used.
const STORE_FILE: &str = ".store";
/// What was not used for so long is removed.
const KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Brings in the release that a store serves, and tells its folder. What is of no use any more is removed: releases that
/// the store no longer has, and those of stores that are gone or were not asked for long.
pub(crate) fn bring(store: &Store, pointer: &Pointer) -> Result<PathBuf, FetchError> {
    let all = base();
    let digest = Sha256::digest(store.url().as_bytes());
    let own = all.join(hex(&digest[..8]));
    let folder = fetch_release(store, &pointer.release, &own)?;
    // What cannot be noted takes room and nothing else.
    fs::write(own.join(STORE_FILE), store.url()).unwrap_or_default();
    forget_releases(&own, pointer);
    forget_stores(&all, SystemTime::now());
    Ok(folder)
}

/// A folder of this user: below `XDG_CACHE_HOME`, else `~/.cache`, else that for temporary files.
fn base() -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("xinhe")
}

/// One that somebody still reads stays until it is closed.
fn forget_releases(own: &Path, pointer: &Pointer) {
    let is_there = |name: &OsStr| pointer.releases.iter().any(|one| OsStr::new(&one.release) == name);
    forget(own, |release| {
        release.file_name().is_some_and(|name| !is_there(name) && !name.to_string_lossy().starts_with('.'))
    });
}

fn forget_stores(all: &Path, now: SystemTime) {
    forget(all, |own| {
        let file = own.join(STORE_FILE);
        fs::read_to_string(&file).is_ok_and(|url| is_gone(&url) || !is_fresh(&file, now))
    });
}

/// Removes what is of no use in a folder. One that cannot be removed takes room, and keeps no other from going.
fn forget(folder: &Path, is_useless: impl Fn(&Path) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if is_useless(&entry.path()) {
            fs::remove_dir_all(entry.path()).unwrap_or_default();
        }
    }
}

/// Whether it was a folder, which is there no more. A bucket may be out of reach only.
fn is_gone(url: &str) -> bool {
    url.starts_with("file://")
        && Store::open(url).is_ok_and(|store| store.folder().is_some_and(|folder| !folder.exists()))
}

fn is_fresh(file: &Path, now: SystemTime) -> bool {
    let age = |used| now.duration_since(used).unwrap_or_default();
    fs::metadata(file).and_then(|file| file.modified()).is_ok_and(|used| age(used) < KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caches_go_with_their_stores_and_with_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        fs::create_dir(&store).unwrap();
        let cache = |name: &str, url: Option<&str>| {
            let own = dir.path().join("cache").join(name);
            fs::create_dir_all(own.join("release")).unwrap();
            if let Some(url) = url {
                fs::write(own.join(STORE_FILE), url).unwrap();
            }
        };
        let left = |now| {
            forget_stores(&dir.path().join("cache"), now);
            let names = fs::read_dir(dir.path().join("cache")).unwrap();
            let mut names: Vec<String> =
                names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        cache("bucket", Some("s3://credit/releases"));
        cache("folder", Some(&format!("file://{}", store.display())));
        cache("gone", Some("file:///nowhere/store"));
        // Of somebody who is just beginning.
        cache("unnamed", None);
        let now = SystemTime::now();
        assert_eq!(left(now), ["bucket", "folder", "unnamed"]);
        assert_eq!(left(now + KEPT - Duration::from_secs(3600)), ["bucket", "folder", "unnamed"]);
        assert_eq!(left(now + KEPT + Duration::from_secs(3600)), ["unnamed"]);
    }
}
