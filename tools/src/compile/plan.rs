//! What a build is asked for, what it tells while it works, and what comes of it.

use super::carry::CarryError;
use super::disk::Room;
use super::fragment::PartError;
use super::measure::MeasureError;
use super::output::OutputError;
use super::tally::Account;
use super::write::WriteError;
use crate::catalog::CatalogError;
use crate::dataset::DatasetError;
use crate::guardrail::{Guardrail, LimitsError};
use crate::ingest::{IngestError, Progress};
use crate::quality::QualityError;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xinhe::domain::catalogue::layers::Remark;
use xinhe::release::corrections::Correction;
use xinhe::release::{Manifest, ReleaseError};
use xinhe::snapshot::schema::Counts;
use xinhe::snapshot::{PersonKey, SnapshotError};

/// Bytes of memory that a build keeps within unless it is told otherwise.
pub const MEMORY: u64 = 1280 << 20;

/// What a build is made of.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Dataset folder.
    pub input: &'a Path,
    /// Catalogue folder.
    pub catalog: &'a Path,
    /// Release folder; must not exist, or be empty.
    pub out: &'a Path,
    /// The secret under which persons are kept.
    pub key: &'a PersonKey,
    /// The release before this one.
    pub previous: Option<&'a Path>,
    /// Number of parts.
    pub parts: u32,
    /// Bytes of memory to keep within.
    pub memory: u64,
    /// Threads to use.
    pub threads: usize,
    /// Corrections of the store, all of them in order, which are folded in.
    pub stored: &'a [Correction],
    /// Sources that are missing and carried forward, by name or path.
    pub carry: &'a [String],
}

impl<'a> Plan<'a> {
    /// All parts in one, with the memory and threads that are usual.
    pub fn new(input: &'a Path, catalog: &'a Path, out: &'a Path, key: &'a PersonKey) -> Plan<'a> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Plan {
            input,
            catalog,
            out,
            key,
            previous: None,
            parts: 1,
            memory: MEMORY,
            threads,
            stored: &[],
            carry: &[],
        }
    }
}

/// What was built.
#[derive(Debug)]
pub struct Built {
    /// The manifest.
    pub manifest: Manifest,
    /// What the release holds.
    pub counts: Counts,
    /// By source.
    pub accounts: Vec<Account>,
    /// Rejects by reason.
    pub rejects: BTreeMap<&'static str, u64>,
    /// Warnings by reason.
    pub warnings: BTreeMap<&'static str, u64>,
    /// Corrections that match no record.
    pub orphans: u64,
    /// Corrections that found their record under another authority.
    pub renamed: u64,
    /// What is odd about the catalogue.
    pub remarks: Vec<Remark>,
    /// Corrections of the store that could not be folded in, and why.
    pub unusable: Vec<(u32, &'static str)>,
    /// What publishing will look at.
    pub guardrails: Vec<Guardrail>,
}

/// Is told how far a build is.
pub trait Watch: Progress {
    /// What it needs on the disk, before it starts.
    fn room(&self, _room: &Room) {}

    /// So many partitions of all are resolved and written.
    fn partition(&self, _done: u64, _all: u64) {}

    /// So many subjects of all are compared with the release before.
    fn compared(&self, _done: u64, _all: u64) {}

    /// Something to know, in a sentence.
    fn remark(&self, _words: &str) {}
}

/// Nobody watches.
impl Watch for () {}

/// Why a build failed.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The dataset folder.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The catalogue.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The thresholds of guardrails.
    #[error(transparent)]
    Limits(#[from] LimitsError),
    /// The report of the release before.
    #[error(transparent)]
    Quality(#[from] QualityError),
    /// A table.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The release before.
    #[error("the previous release: {0}")]
    Previous(ReleaseError),
    /// A part.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Too little room on the disk.
    #[error(
        "{}: the build may need {} MiB there, and {} MiB are free: free some, or give --out on another disk",
        folder.display(), room.needed >> 20, room.free >> 20
    )]
    Room {
        /// Where it would write.
        folder: PathBuf,
        /// What it needs.
        room: Room,
    },
    /// No such part.
    #[error("part {number} of {parts}: parts are counted from 1 to {parts}")]
    NoPart {
        /// What was asked for.
        number: u32,
        /// How many there are.
        parts: u32,
    },
    /// Spilling and resolving.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Writing.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// Putting parts together.
    #[error(transparent)]
    Part(#[from] PartError),
    /// Carrying a source forward.
    #[error(transparent)]
    Carry(#[from] CarryError),
    /// Measuring what was written.
    #[error("the release cannot be measured: {0}")]
    Measure(#[from] MeasureError),
}

impl From<std::io::Error> for BuildError {
    fn from(error: std::io::Error) -> BuildError {
        BuildError::Write(WriteError::Io(error))
    }
}
