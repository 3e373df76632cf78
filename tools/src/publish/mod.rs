//! From a release folder to the release that is served: verify, ask the guardrails, sign, upload, move `current`.
//!
//! Whatever step it ends at, the store serves what it served: only the last step changes that, and it is one write.

pub mod guardrail;
mod release;
mod retire;

use guardrail::Guardrail;
use release::Checked;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use xinhe::domain::date::Day;
use xinhe::release::pointer::{self, Current, Pointer, PointerError, Published, folder_name};
use xinhe::release::signature::{Purpose, SignatureError, SigningKey};
use xinhe::release::store::{Store, StoreError};
use xinhe::release::verify::{Finding, SIGNATURE_FILE};
use xinhe::release::{MANIFEST_FILE, ReleaseError};

/// Folders that failed at one sequence with one release, before somebody has to look.
const TURNS_MAX: u32 = 1000;

/// What to publish, and where.
pub struct Plan<'a> {
    /// The release folder.
    pub release: &'a Path,
    /// The store.
    pub store: &'a Store,
    /// Signs manifest and pointer.
    pub key: &'a SigningKey,
    /// Names of guardrails that may be tripped.
    pub accept: &'a [String],
    /// Number of releases to keep; `None`: all.
    pub keep: Option<usize>,
}

/// A step that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// The release is whole.
    Verified,
    /// `current` is read, and no guardrail stands against it.
    Allowed,
    /// This file is in the store.
    Uploaded(&'a str),
    /// `current` names the release.
    Moved,
    /// This release that is no longer kept is gone.
    Removed(&'a str),
}

/// Not to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// Take back what was uploaded.
    Interrupted,
    /// Leave all as it is, like a program that is killed.
    Killed,
}

/// Is told of every step, and may stop there.
pub trait Steps {
    /// This step is done.
    fn reached(&mut self, step: Step<'_>) -> Result<(), Halt>;
}

/// What became of it.
#[derive(Debug)]
pub struct Done {
    /// What `current` says now.
    pub pointer: Pointer,
    /// Guardrails that were tripped and accepted.
    pub accepted: Vec<String>,
    /// Folders of releases that were removed.
    pub removed: Vec<String>,
    /// What could not be done afterwards; the release is published all the same.
    pub remarks: Vec<String>,
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The release folder.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// It is not whole.
    #[error("{}: {} findings, the first: {}; build it again", path.display(), count, first(found))]
    Damaged {
        /// The folder.
        path: PathBuf,
        /// How many in all.
        count: u64,
        /// What was found.
        found: Vec<Finding>,
    },
    /// The report of the build.
    #[error("{}: {why}; a release without its report is not published, build it again", path.display())]
    Quality {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Something stands against it.
    #[error("not published: {}", told(.0))]
    Tripped(Vec<Guardrail>),
    /// No such guardrail.
    #[error("--accept {name}: no guardrail has this name; there are {known}")]
    Accept {
        /// What was given.
        name: String,
        /// All names.
        known: String,
    },
    /// A pin that cannot be served safely.
    #[error("not pinned: {0}")]
    Pin(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is served.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// The key.
    #[error(transparent)]
    Key(#[from] SignatureError),
    /// It was told to stop.
    #[error("interrupted; what was uploaded is taken back, and what was served is served")]
    Interrupted,
    /// It was told to stop at once.
    #[error("stopped at once; what was served is served")]
    Killed,
}

impl From<Halt> for PublishError {
    fn from(halt: Halt) -> PublishError {
        match halt {
            Halt::Interrupted => PublishError::Interrupted,
            Halt::Killed => PublishError::Killed,
        }
    }
}

/// Publishes a release. An error means that `current` was not moved.
pub fn publish(plan: &Plan<'_>, steps: &mut dyn Steps) -> Result<Done, PublishError> {
    let release = Checked::read(plan.release)?;
    steps.reached(Step::Verified)?;
    let mut guardrails = guardrail::of_build(plan.release, &release.manifest)?;
    plan.store.prepare()?;
    let before = pointer::find(plan.store, None)?;
    guardrails.extend(guardrail::of_store(plan.store, &release.manifest, before.as_ref(), plan.key)?);
    let accepted = guardrail::accept(&guardrails, plan.accept)?;
    steps.reached(Step::Allowed)?;

    let signature = plan.key.sign(Purpose::Manifest, &release.bytes);
    let sequence = Pointer::next_sequence(before.as_ref().map(|before| &before.pointer))?;
    let folder = reserve(plan.store, &release, sequence, &signature)?;
    if let Err(error) = upload(plan.store, &release, &folder, steps) {
        if !matches!(error, PublishError::Killed) {
            take_back(plan.store, &folder);
        }
        return Err(error);
    }
    let (pointer, gone) = move_current(plan, &release, &folder, before.as_ref())?;

    let mut done = Done { pointer, accepted, removed: Vec::new(), remarks: Vec::new() };
    if steps.reached(Step::Moved).is_err() {
        return Ok(done);
    }
    if let Err(error) = release.keep_signature(&signature) {
        done.remarks.push(format!("{SIGNATURE_FILE} could not be written beside the release: {error}"));
    }
    if plan.keep.is_some() {
        let gone: Vec<String> = gone.into_iter().map(|release| release.release).collect();
        retire::retire(plan.store, &mut done, gone, steps);
    }
    Ok(done)
}

/// Takes a folder that nobody has used, by putting the signature there: the release begins with its signature and ends
/// with its manifest.
fn reserve(store: &Store, release: &Checked, sequence: u64, signature: &str) -> Result<String, PublishError> {
    for turn in 0..TURNS_MAX {
        let folder = folder_name(&release.manifest.release, sequence, &release.digest, turn);
        match store.create(&format!("releases/{folder}/{SIGNATURE_FILE}"), signature.as_bytes()) {
            Err(StoreError::Exists(_)) => {}
            other => return Ok(other.map(|()| folder)?),
        }
    }
    let last = folder_name(&release.manifest.release, sequence, &release.digest, TURNS_MAX - 1);
    Err(StoreError::Exists(format!("releases/{last}")).into())
}

fn upload(store: &Store, release: &Checked, folder: &str, steps: &mut dyn Steps) -> Result<(), PublishError> {
    steps.reached(Step::Uploaded(SIGNATURE_FILE))?;
    for file in &release.files {
        store.upload(&format!("releases/{folder}/{file}"), &release.dir.join(file))?;
        steps.reached(Step::Uploaded(file))?;
    }
    store.create(&format!("releases/{folder}/{MANIFEST_FILE}"), &release.bytes)?;
    Ok(steps.reached(Step::Uploaded(MANIFEST_FILE))?)
}

fn move_current(
    plan: &Plan<'_>,
    release: &Checked,
    folder: &str,
    before: Option<&Current>,
) -> Result<(Pointer, Vec<Published>), PublishError> {
    let new = Published {
        release: folder.to_owned(),
        manifest_sha256: release.digest.clone(),
        corrections: release.manifest.corrections.last,
    };
    let earlier = before.map(|before| &before.pointer);
    let (pointer, gone) = Pointer::publishing(earlier, new, plan.keep, now())?;
    match pointer::replace(plan.store, before, &pointer, plan.key) {
        Ok(()) => Ok((pointer, gone)),
        Err(lost @ PointerError::Lost) => {
            // Whoever won may have built on a write of ours whose answer got lost.
            if pointer::current(plan.store, None)?.pointer.find(folder).is_err() {
                take_back(plan.store, folder);
            }
            Err(lost.into())
        }
        // Perhaps it was moved all the same: the upload stays until `current` can be read again.
        Err(error) => Err(error.into()),
    }
}

/// What cannot be taken back is named by nothing, and a later `--keep` removes it.
fn take_back(store: &Store, folder: &str) {
    retire::remove(store, folder).unwrap_or_default();
}

/// The time in UTC+8, as a pointer tells it.
pub fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX / 2);
    let of_day = (seconds + 8 * 3600).rem_euclid(86_400);
    let (hours, minutes, seconds_left) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{}T{hours:02}:{minutes:02}:{seconds_left:02}+08:00", Day::in_china(seconds))
}

fn first(found: &[Finding]) -> String {
    found.first().map(|finding| format!("{}: {}", finding.file, finding.what)).unwrap_or_default()
}

fn told(tripped: &[Guardrail]) -> String {
    let mut text = format!("{} guardrails are tripped (see quality.html)", tripped.len());
    for guardrail in tripped {
        text.push_str(&format!("\n  {guardrail}\n    to publish all the same: --accept {}", guardrail.name));
    }
    text
}
