//! Removing releases that nothing names any more.

use super::{Done, Step, Steps};
use std::collections::BTreeSet;
use xinhe::release::MANIFEST_FILE;
use xinhe::release::pointer::sequence_of;
use xinhe::release::store::{Store, StoreError};
use xinhe::release::verify::SIGNATURE_FILE;

/// Removes what `current` no longer names, and what publishers that failed left behind. What fails is a remark: the next
/// `--keep` tries again.
pub(super) fn retire(store: &Store, done: &mut Done, gone: Vec<String>, steps: &mut dyn Steps) {
    let mut folders: BTreeSet<String> = gone.into_iter().collect();
    match store.list("releases") {
        Ok(paths) => folders.extend(left_behind(&paths, done)),
        Err(error) => done.remarks.push(format!("what others left behind cannot be listed: {error}")),
    }
    for folder in folders {
        match remove(store, &folder) {
            Ok(()) => done.removed.push(folder.clone()),
            Err(error) => done.remarks.push(format!("{folder} could not be removed: {error}")),
        }
        if steps.reached(Step::Removed(&folder)).is_err() {
            return;
        }
    }
}

/// A publisher at work uploads under a sequence that is not yet used; one under a sequence that is has lost, or is dead.
fn left_behind(paths: &[String], done: &Done) -> Vec<String> {
    let folders = paths.iter().filter_map(|path| path.split('/').nth(1));
    let named = |folder: &str| done.pointer.releases.iter().any(|release| release.release == folder);
    let over = |folder: &str| sequence_of(folder).is_some_and(|sequence| sequence <= done.pointer.sequence);
    folders.filter(|folder| !named(folder) && over(folder)).map(str::to_owned).collect()
}

/// Removes a release: the manifest first, so that no half of one is taken for a release; the signature, which keeps the
/// name taken, last.
pub(super) fn remove(store: &Store, folder: &str) -> Result<(), StoreError> {
    let path = |file: &str| format!("releases/{folder}/{file}");
    let (manifest, signature) = (path(MANIFEST_FILE), path(SIGNATURE_FILE));
    store.delete(&manifest)?;
    for file in store.list(&format!("releases/{folder}"))? {
        if file != signature {
            store.delete(&file)?;
        }
    }
    store.delete(&signature)
}
