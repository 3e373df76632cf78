//! What a store serves now, as a server would see it: the current release and the corrections since.

use crate::command::Failure;
use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use xinhe::domain::text::hex;
use xinhe::live::Serving;
use xinhe::release::corrections::{lay_over, read_after};
use xinhe::release::pointer::{Pointer, find};
use xinhe::release::signature::PublicKeys;
use xinhe::release::store::fetch_release;
use xinhe::release::verify::verify_signature;
use xinhe::release::{Release, Store};
use xinhe::snapshot::{PersonKeys, Trust};

/// The release that a store serves, in a folder of this machine.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// What is served.
    pub(crate) pointer: Pointer,
    /// Its folder in the cache.
    pub(crate) folder: PathBuf,
}

/// Brings in what a store serves; `None` if nothing is published. Without public keys signatures are not compared.
pub(crate) fn fetch(store: &Store, keys: Option<&PublicKeys>) -> Result<Option<Fetched>, Failure> {
    let Some(current) = find(store, keys).map_err(Failure::work)? else { return Ok(None) };
    let pointer = current.pointer;
    let cache = cache(store.url());
    let folder = fetch_release(store, &pointer.release, &cache).map_err(Failure::work)?;
    forget(&cache, &pointer);
    if let Some(keys) = keys {
        verify_signature(&folder, keys).map_err(Failure::work)?;
    }
    Ok(Some(Fetched { pointer, folder }))
}

/// What a store serves, ready for checks: the current or pinned release under the corrections since it was built; and
/// the folder of the release.
pub(crate) fn open(
    url: &str,
    person_keys: &PersonKeys,
    public_keys: Option<&PublicKeys>,
) -> Result<(Serving, PathBuf), Failure> {
    let store = Store::open(url).map_err(Failure::work)?;
    let nothing = || Failure::Work(format!("{url}: nothing is published there yet; `xinhe publish` does"));
    let fetched = fetch(&store, public_keys)?.ok_or_else(nothing)?;
    let release = Release::open(&fetched.folder, person_keys, Trust::Nothing).map_err(Failure::work)?;
    let folded = release.manifest.corrections.last;
    let since = read_after(&store, public_keys, folded).map_err(Failure::work)?;
    let snapshot = lay_over(&release.snapshot, folded, &since).map_err(Failure::work)?;
    for idle in snapshot.overlay().idle() {
        eprintln!("correction {} does nothing here: {}", idle.number, idle.why);
    }
    Ok((Serving::new(Release { manifest: release.manifest, snapshot }), fetched.folder))
}

/// A folder of this user for releases of a store: below `XDG_CACHE_HOME`, else `~/.cache`, else that for temporary files.
fn cache(url: &str) -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    let digest = Sha256::digest(url.as_bytes());
    let name = hex(&digest[..8]);
    base.unwrap_or_else(std::env::temp_dir).join("xinhe").join(name)
}

/// Removes releases from the cache that the store no longer has. One that somebody still reads stays until it is closed.
fn forget(cache: &Path, pointer: &Pointer) {
    let is_there = |name: &OsStr| pointer.releases.iter().any(|one| OsStr::new(&one.release) == name);
    for entry in std::fs::read_dir(cache).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if !is_there(&name) && !name.to_string_lossy().starts_with('.') {
            // What cannot be removed takes room and nothing else.
            std::fs::remove_dir_all(entry.path()).unwrap_or_default();
        }
    }
}
