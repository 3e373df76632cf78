//! From a dataset to a release: gather → resolve → encode → write.

mod encode;
mod join;
mod links;
mod output;
mod register;
mod resolve;
mod sameness;
mod sets;
#[expect(dead_code, reason = "the build takes it up with --corrections")]
mod stored;
mod version;

pub use output::OutputError;
pub use resolve::Account;

use crate::catalog::{self, CatalogError};
use crate::dataset::{Dataset, DatasetError};
use crate::facts::Warning;
use crate::ingest::{self, IngestError, Progress};
use encode::Encoder;
use links::Links;
use output::Staging;
use resolve::{Gathered, Resolved, Rules};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::catalogue::layers::Remark;
use xinhe::domain::date::Day;
use xinhe::release::{Manifest, ReleaseError};
use xinhe::snapshot::schema::Counts;
use xinhe::snapshot::{Draft, PartWriter, PersonKey, SnapshotError, SubjectKey};

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
    /// What is odd about the catalogue.
    pub remarks: Vec<Remark>,
}

/// Why a build failed.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The dataset folder.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The catalogue.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A table.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The release before.
    #[error("the previous release: {0}")]
    Previous(ReleaseError),
    /// A part.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// Writing.
    #[error(transparent)]
    Output(#[from] OutputError),
}

/// Builds a release. Nothing stays behind if it fails or is interrupted.
pub fn build(plan: &Plan<'_>, progress: &dyn Progress) -> Result<Built, BuildError> {
    let dataset = Dataset::open(plan.input)?;
    let (catalogue, remarks) = catalog::read(plan.catalog)?;
    let release = release_name(plan.previous, dataset.as_of)?;
    let staging = Staging::new(plan.out)?;

    let mut gathered = Gathered::default();
    gathered.warnings.extend(unknown_supplies(&dataset, &catalogue));
    let sources = ingest::read(&dataset, &catalogue, dataset.as_of, &mut gathered, progress)?;

    let priorities: Vec<i64> = dataset.sources.iter().map(|source| i64::from(source.priority)).collect();
    let rules = Rules { catalogue: &catalogue, priorities: &priorities, key: plan.key };
    let resolved = resolve::resolve(gathered, &rules);

    let encoder = Encoder { catalogue: &catalogue, key: plan.key, as_of: dataset.as_of };
    let drafts = drafts(&resolved, &encoder, plan.parts);
    let about = output::About {
        release: &release,
        dataset: &dataset,
        catalogue: &catalogue,
        key: plan.key,
        sources: &sources,
        resolved: &resolved,
        remarks: &remarks,
    };
    let (manifest, counts) = staging.write(&about, drafts)?;
    staging.publish(plan.out)?;
    Ok(Built {
        manifest,
        counts,
        accounts: resolved.accounts,
        rejects: tally(resolved.rejects.iter().map(|reject| reject.reason)),
        warnings: tally(resolved.warnings.iter().map(|warning| warning.reason)),
        orphans: resolved.orphans.len() as u64,
        remarks,
    })
}

/// Drafts by part, in the order in which a part is written.
fn drafts(resolved: &Resolved, encoder: &Encoder<'_>, parts: u32) -> Vec<Vec<Draft>> {
    let links = Links::new(&resolved.subjects, encoder);
    let mut drafts: Vec<Vec<Draft>> = (0..parts).map(|_| Vec::new()).collect();
    for draft in resolved.subjects.iter().filter_map(|subject| encoder.draft(subject, &links)) {
        let part = SubjectKey::part(draft.key.hash(), parts);
        drafts[part as usize].push(draft);
    }
    for part in &mut drafts {
        part.sort_by_key(|draft| PartWriter::order(&draft.key));
    }
    drafts
}

/// The day of the data and a running number: one more than the previous release of the same day.
fn release_name(previous: Option<&Path>, as_of: Day) -> Result<String, BuildError> {
    let mut number = 1;
    if let Some(dir) = previous {
        let manifest = xinhe::release::read_manifest(dir).map_err(BuildError::Previous)?;
        if let Some((day, last)) = manifest.release.rsplit_once('.')
            && day == as_of.to_string()
        {
            number = last.parse::<u32>().map_or(1, |last| last + 1);
        }
    }
    Ok(format!("{as_of}.{number}"))
}

/// A list that the catalogue lacks can never be stale: most likely a slip of the pen.
fn unknown_supplies(dataset: &Dataset, catalogue: &Catalogue) -> Vec<Warning> {
    let sources = dataset.sources.iter().enumerate();
    sources
        .flat_map(|(place, source)| source.supplies.iter().map(move |list| (place, list)))
        .filter(|(_, list)| catalogue.list(list).is_none())
        .map(|(place, list)| Warning {
            origin: crate::facts::Origin { source: place as u16, file: "dataset.toml".into(), line: 1 },
            reason: "unknown_supplied_list",
            detail: format!("supplies = `{list}`: the catalogue has no such list"),
        })
        .collect()
}

pub(crate) fn tally<'a>(reasons: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, u64> {
    let mut counts = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    counts
}

/// The folder beside which a release is staged.
pub(crate) fn parent(out: &Path) -> PathBuf {
    match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
