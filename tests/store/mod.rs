//! The release store: what is published is served whole or not at all, whatever happens on the way.

mod backend;
mod kill;
mod publish;
pub(crate) mod s3;

use crate::support::copy;
use crate::support::example::example;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use xinhe::release::signature::{PublicKeys, SigningKey};
use xinhe::release::store::{Current, Store, current};
use xinhe_tools::publish::{Done, Halt, Plan, PublishError, Step, Steps, publish};

pub(crate) fn folder_store(path: &Path) -> Store {
    Store::open(&format!("file://{}", path.display())).unwrap()
}

pub(crate) fn signing_key() -> SigningKey {
    SigningKey::new(&[5; 32])
}

fn public_keys() -> PublicKeys {
    PublicKeys::parse(&signing_key().public().line()).unwrap()
}

/// A release that may be published: the worked example, with these guardrails.
fn release(folder: &Path, guardrails: &Value) -> PathBuf {
    let dir = folder.join("release");
    copy(&example().release(), &dir);
    let path = dir.join("quality.json");
    let mut quality: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    quality["guardrails"] = guardrails.clone();
    fs::write(&path, quality.to_string()).unwrap();
    let mut manifest = xinhe::release::read_manifest(&dir).unwrap();
    manifest.quality_sha256 = Some(xinhe::release::sha256_file(&path).unwrap());
    fs::write(dir.join("manifest.json"), manifest.to_bytes().unwrap()).unwrap();
    dir
}

pub(crate) fn sound(folder: &Path) -> PathBuf {
    release(
        folder,
        &json!([{"name": "rejects", "tripped": false, "found": 0.01, "limit": 0.05, "detail": "few"}]),
    )
}

/// Stops as if it was killed after so many steps, and does something at one of them.
pub(crate) struct Script<'a> {
    left: usize,
    at_allowed: Option<&'a dyn Fn()>,
}

impl Steps for Script<'_> {
    fn reached(&mut self, step: Step<'_>) -> Result<(), Halt> {
        if step == Step::Allowed
            && let Some(act) = self.at_allowed
        {
            act();
        }
        self.left = self.left.checked_sub(1).ok_or(Halt::Killed)?;
        Ok(())
    }
}

pub(crate) fn to_the_end() -> Script<'static> {
    Script { left: usize::MAX, at_allowed: None }
}

pub(crate) fn publish_to(
    store: &Store,
    release: &Path,
    keep: Option<usize>,
    steps: &mut Script<'_>,
) -> Result<Done, PublishError> {
    publish(&Plan { release, store, key: &signing_key(), accept: &[], keep }, steps)
}

/// What is served; it was signed, and all of it is there.
pub(crate) fn served(store: &Store, cache: &Path) -> Current {
    let current = current(store, Some(&public_keys())).unwrap();
    let home = xinhe::release::store::fetch_release(store, &current.pointer.release, cache).unwrap();
    xinhe::release::verify::verify_signature(&home, &public_keys()).unwrap();
    let sum = xinhe::release::sha256_file(&home.join("manifest.json")).unwrap();
    assert_eq!(sum, current.pointer.manifest_sha256);
    current
}
