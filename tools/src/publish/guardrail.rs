//! What stops a release from being published unless somebody accepts it by name.

use super::PublishError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;
use xinhe::domain::text::hex;
use xinhe::release::pointer::{Current, Pointer};
use xinhe::release::signature::{PublicKeys, SigningKey};
use xinhe::release::store::{CORRECTIONS, Store, correction_number, missing_corrections};
use xinhe::release::{MANIFEST_FILE, Manifest};

/// The report that the build writes beside the parts.
pub const QUALITY_FILE: &str = "quality.json";

/// The build measured nothing.
const UNMEASURED: &str = "unmeasured";
/// Persons are kept under another key than before.
const PERSON_KEY: &str = "person_key";
/// `current` was signed by somebody else.
const SIGNING_KEY: &str = "signing_key";
/// Corrections that the release needs are not in the store.
const CORRECTIONS_MISSING: &str = "corrections";
/// What the release before held cannot be told.
const PREVIOUS: &str = "previous";
/// All that are measured against the store.
const OWN: [&str; 5] = [UNMEASURED, PERSON_KEY, SIGNING_KEY, CORRECTIONS_MISSING, PREVIOUS];

/// One thing that was measured, as `quality.json` tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guardrail {
    /// By which it is accepted.
    pub name: String,
    /// Is it beyond the limit?
    pub tripped: bool,
    /// What was found.
    #[serde(default)]
    pub found: Value,
    /// What was expected at most or at least.
    #[serde(default)]
    pub limit: Value,
    /// Words about it.
    #[serde(default)]
    pub detail: String,
}

impl std::fmt::Display for Guardrail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let Guardrail { name, found, limit, detail, .. } = self;
        write!(f, "{name}: found {}, limit {}; {detail}", word(found), word(limit))
    }
}

fn tripped(name: &str, found: impl Into<Value>, limit: impl Into<Value>, detail: &str) -> Guardrail {
    Guardrail {
        name: name.to_owned(),
        tripped: true,
        found: found.into(),
        limit: limit.into(),
        detail: detail.to_owned(),
    }
}

/// What the build measured.
pub fn of_build(dir: &Path, manifest: &Manifest) -> Result<Vec<Guardrail>, PublishError> {
    #[derive(Deserialize)]
    struct Quality {
        release: String,
        guardrails: Option<Vec<Guardrail>>,
    }
    let path = dir.join(QUALITY_FILE);
    let fault = |why: String| PublishError::Quality { path: path.clone(), why };
    let bytes = std::fs::read(&path).map_err(|error| fault(error.to_string()))?;
    let sha256 = hex(&Sha256::digest(&bytes));
    if manifest.quality_sha256.as_ref().is_some_and(|wanted| *wanted != sha256) {
        return Err(fault("it was changed after the build: the manifest has another SHA-256".to_owned()));
    }
    let quality: Quality = serde_json::from_slice(&bytes).map_err(|error| fault(error.to_string()))?;
    if quality.release != manifest.release {
        return Err(fault(format!("it is of {}, the manifest of {}", quality.release, manifest.release)));
    }
    let help = "it cannot be told whether this night's tables were sound; build the release again";
    Ok(quality.guardrails.unwrap_or_else(|| vec![tripped(UNMEASURED, "no guardrails", "measured", help)]))
}

/// What is measured against the store.
pub fn of_store(
    store: &Store,
    manifest: &Manifest,
    before: Option<&Current>,
    key: &SigningKey,
) -> Result<Vec<Guardrail>, PublishError> {
    let mut found = Vec::new();
    if let Some(before) = before {
        found.extend(other_signer(store, key)?);
        found.extend(other_person_key(store, manifest, &before.pointer)?);
    }
    found.extend(corrections(store, manifest.corrections.last)?);
    Ok(found)
}

/// Servers that know only the key before would refuse what comes now.
fn other_signer(store: &Store, key: &SigningKey) -> Result<Option<Guardrail>, PublishError> {
    let public = key.public();
    let keys = PublicKeys::parse(&public.line())?;
    let help = "servers that have only the key before refuse this release; give them both public keys first";
    Ok(match xinhe::release::pointer::find(store, Some(&keys)) {
        Ok(_) => None,
        Err(xinhe::release::store::PointerError::Signature { source, .. }) => {
            Some(tripped(SIGNING_KEY, source.to_string(), public.id(), help))
        }
        Err(error) => return Err(error.into()),
    })
}

fn other_person_key(
    store: &Store,
    manifest: &Manifest,
    before: &Pointer,
) -> Result<Option<Guardrail>, PublishError> {
    let Some(newest) = before.newest() else { return Ok(None) };
    let path = format!("releases/{}/{MANIFEST_FILE}", newest.release);
    let bytes = store.get(&path)?;
    Ok(match bytes.as_deref().map(Manifest::parse) {
        Some(Ok(previous)) if previous.persons.key == manifest.persons.key => None,
        Some(Ok(previous)) => {
            let help = "no person is found until servers have the new person.key too";
            Some(tripped(PERSON_KEY, manifest.persons.key.as_str(), previous.persons.key, help))
        }
        Some(Err(error)) => Some(tripped(PREVIOUS, error.to_string(), path, "the release before is damaged")),
        None => Some(tripped(PREVIOUS, "no manifest", path, "the release before is not in the store")),
    })
}

fn corrections(store: &Store, folded: u64) -> Result<Option<Guardrail>, PublishError> {
    let paths = store.list(CORRECTIONS)?;
    let mut numbers: Vec<u64> = paths.iter().filter_map(|path| correction_number(path)).collect();
    numbers.sort_unstable();
    let help = "a record that they repaired would show again; put them back, or build with --corrections of this store";
    Ok(missing_corrections(folded, &numbers).map(|missing| {
        let found = format!("{} to {} are missing", missing.start(), missing.end());
        tripped(CORRECTIONS_MISSING, found, json!(format!("all after {folded}")), help)
    }))
}

/// Refuses a pin that would show a repaired record.
pub fn corrections_for_pin(store: &Store, folded: u64) -> Result<(), PublishError> {
    corrections(store, folded)?.map_or(Ok(()), |tripped| Err(PublishError::Pin(tripped.to_string())))
}

/// What was accepted, if nothing else is tripped.
pub fn accept(guardrails: &[Guardrail], accepted: &[String]) -> Result<Vec<String>, PublishError> {
    let known = |name: &String| {
        OWN.contains(&name.as_str()) || guardrails.iter().any(|guardrail| guardrail.name == *name)
    };
    if let Some(name) = accepted.iter().find(|name| !known(name)) {
        let names = guardrails.iter().map(|guardrail| guardrail.name.as_str()).chain(OWN);
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names.dedup();
        return Err(PublishError::Accept { name: name.clone(), known: names.join(", ") });
    }
    let (taken, left): (Vec<_>, Vec<_>) = guardrails
        .iter()
        .filter(|guardrail| guardrail.tripped)
        .partition(|guardrail| accepted.contains(&guardrail.name));
    if left.is_empty() {
        let mut names: Vec<_> = taken.into_iter().map(|guardrail| guardrail.name.clone()).collect();
        names.dedup();
        Ok(names)
    } else {
        Err(PublishError::Tripped(left.into_iter().cloned().collect()))
    }
}
