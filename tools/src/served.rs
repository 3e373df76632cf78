//! What a store serves now, as a server would see it: the current release and the corrections since.

use crate::cache;
use crate::command::Failure;
use std::path::PathBuf;
use xinhe::live::Serving;
use xinhe::release::corrections::{lay_over, read_after};
use xinhe::release::pointer::{Pointer, find};
use xinhe::release::signature::PublicKeys;
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
    let folder = cache::bring(store, &pointer).map_err(Failure::work)?;
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
