//! Writing a release: into a hidden folder beside its place, synced, then renamed. Half a release is never seen.

use super::digesting::Digesting;
use super::rejects::Rejected;
use super::spill::{Spill, items};
use super::tally::Tally;
use super::work::damaged;
use super::{by_source, parent};
use crate::dataset::Dataset;
use crate::facts::CorrectionFact;
use crate::guardrail::{self, Input, Limits};
use crate::ingest::{Files, SourceCount};
use crate::quality::{self, Census, Quality, Renamed, SampleFigures, SourceAbout};
use crate::unfinished::Unfinished;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::catalogue::layers::Remark;
use xinhe::domain::date::Day;
use xinhe::domain::record::RecordId;
use xinhe::domain::text::hex;
use xinhe::release::{
    CorrectionsFolded, MANIFEST_FILE, Manifest, ManifestError, OriginsEntry, PartEntry, PersonDigests,
    ReleaseError, SourceEntry, open_origins, open_part, verify_digest,
};
use xinhe::snapshot::schema::{Counts, Meta, SourceMeta};
use xinhe::snapshot::{PartWriter, PersonKey, SnapshotError, Trust};

/// Why a release cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The place is taken.
    #[error("{} exists and is not empty: a release is never overwritten, give another --out", .0.display())]
    Taken(PathBuf),
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A part cannot be written.
    #[error(transparent)]
    Part(#[from] SnapshotError),
    /// The manifest cannot be written.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// What was written does not read back.
    #[error("what was written does not read back: {0}")]
    ReadBack(#[from] ReleaseError),
}

/// What a release is made from.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) release: &'a str,
    pub(crate) dataset: &'a Dataset,
    pub(crate) files: &'a Files,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) key: &'a PersonKey,
    pub(crate) remarks: &'a [Remark],
    pub(crate) limits: &'a Limits,
    pub(crate) previous: Option<&'a Quality>,
}

/// What came of it.
pub(crate) struct Outcome<'a> {
    pub(crate) tally: &'a Tally,
    pub(crate) census: &'a Census,
    pub(crate) sources: &'a [SourceCount],
    /// By place of the source: rows carried forward.
    pub(crate) carried: &'a BTreeMap<u16, u64>,
    pub(crate) applied: u64,
    pub(crate) orphans: &'a [CorrectionFact],
    /// Corrections that found their record under another authority: the name that they give, and the record's own.
    pub(crate) renamed: &'a [(RecordId, RecordId)],
    /// Number of the last correction of the store that is folded in.
    pub(crate) folded: u64,
}

/// What the written parts were measured for.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// By matter: verdicts that changed, and subjects asked about.
    pub(crate) verdicts: Option<BTreeMap<String, (u64, u64)>>,
    /// What the naive model says.
    pub(crate) sample: Option<SampleFigures>,
}

/// Whether the files of a part are what was written.
pub(crate) fn read_back(folder: &Path, entry: &PartEntry) -> Result<(), ReleaseError> {
    std::thread::scope(|scope| {
        // As a stream: a mapped part would count as memory of the build.
        let digest = scope.spawn(|| verify_digest(folder, &entry.file, &entry.sha256));
        open_part(folder, entry, Trust::Sums)?;
        open_origins(folder, entry)?;
        digest.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A folder that becomes a release, or vanishes.
pub(crate) struct Staging(Unfinished);

impl Staging {
    /// Refuses a place that is taken before any work is done.
    pub(crate) fn new(out: &Path) -> Result<Staging, OutputError> {
        if fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(OutputError::Taken(out.to_path_buf()));
        }
        Staging::beside(out)
    }

    /// Beside a place that may be taken.
    pub(crate) fn beside(out: &Path) -> Result<Staging, OutputError> {
        let beside = parent(out);
        let made = fs::create_dir_all(&beside).and_then(|()| Unfinished::inside(&beside, ".xinhe-build-"));
        made.map(Staging).map_err(|source| OutputError::Io { path: beside, source })
    }

    /// Where it is until it is published.
    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// A folder for what is spilled, on the disk of the release.
    pub(crate) fn temporary(out: &Path) -> Result<Unfinished, OutputError> {
        let beside = parent(out);
        Unfinished::inside(&beside, ".xinhe-spill-")
            .map_err(|source| OutputError::Io { path: beside, source })
    }

    /// Puts a part together, and the file of where its rows came from.
    pub(crate) fn part(
        &self,
        about: &About<'_>,
        writer: PartWriter,
        place: (u32, u32),
    ) -> Result<(PartEntry, Counts), OutputError> {
        let (file, origins) = (format!("part-{:05}.xinhe", place.0), format!("origins-{:05}.xinhe", place.0));
        let mut part_out = self.digesting(&file)?;
        let mut origins_out = self.digesting(&origins)?;
        let entries = about.catalogue.entries();
        let names = &about.files.names;
        let written = writer.finish(meta(about), entries, place, names, &mut part_out, &mut origins_out)?;
        let entry = PartEntry {
            bytes: written.bytes,
            sha256: self.synced(&file, part_out)?,
            header: format!("{:016x}", written.header),
            subjects: written.counts.subjects.iter().sum(),
            records: written.counts.records.iter().sum(),
            origins: Some(OriginsEntry {
                bytes: written.origins_bytes,
                sha256: self.synced(&origins, origins_out)?,
                file: origins,
            }),
            file,
        };
        read_back(self.0.path(), &entry)?;
        Ok((entry, written.counts))
    }

    fn create(&self, name: &str) -> Result<File, OutputError> {
        let path = self.0.path().join(name);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.map_err(|source| OutputError::Io { path, source })
    }

    fn digesting(&self, name: &str) -> Result<Digesting, OutputError> {
        let path = self.0.path().join(name);
        Digesting::new(self.create(name)?, &path).map_err(|source| OutputError::Io { path, source })
    }

    /// Syncs the file and tells its SHA-256.
    fn synced(&self, name: &str, file: Digesting) -> Result<String, OutputError> {
        file.synced().map_err(|source| OutputError::Io { path: self.0.path().join(name), source })
    }

    /// Writes every file of the release beside its parts.
    pub(crate) fn documents(
        &self,
        about: &About<'_>,
        outcome: &Outcome<'_>,
        mut manifest: Manifest,
        measured: Measured,
        rejected: &Spill,
    ) -> Result<(Manifest, Quality), OutputError> {
        let mut census = outcome.census.clone();
        self.file("rejects.ndjson", |out| rejects(about, rejected, &mut census, out))?;
        let quality = quality(about, outcome, &census, (&manifest, measured));
        let mut report = Vec::new();
        self.file(quality::QUALITY_FILE, |out| {
            quality.write(&mut report)?;
            out.write_all(&report)
        })?;
        manifest.quality_sha256 = Some(hex(&Sha256::digest(&report)));
        self.file(quality::PAGE_FILE, |out| quality::html(&quality, out))?;
        let bytes = manifest.to_bytes()?;
        self.file(MANIFEST_FILE, |out| out.write_all(&bytes))?;
        Ok((manifest, quality))
    }

    /// A file of mode 0600, synced.
    fn file(
        &self,
        name: &str,
        fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        let mut out = BufWriter::with_capacity(1 << 20, self.create(name)?);
        let filled = fill(&mut out)
            .and_then(|()| out.into_inner().map_err(|e| e.into_error()))
            .and_then(|file| file.sync_all());
        filled.map_err(|source| OutputError::Io { path: self.0.path().join(name), source })
    }

    /// Gives the release its name.
    pub(crate) fn publish(self, out: &Path) -> Result<(), OutputError> {
        let io = |source| OutputError::Io { path: out.to_path_buf(), source };
        if out.exists() {
            // Empty, as `new` has seen; a file that came since makes this fail, and nothing is lost.
            fs::remove_dir(out).map_err(io)?;
        }
        self.0.rename(out).map_err(io)?;
        File::open(parent(out)).and_then(|folder| folder.sync_all()).map_err(io)
    }
}

fn meta(about: &About<'_>) -> Meta {
    let sources = about.dataset.sources.iter().map(|source| SourceMeta {
        kind: source.kind.word().to_owned(),
        provider: source.provider.clone().unwrap_or_default(),
        as_of: source.as_of.number(),
        supplies: source.supplies.clone(),
        fresh_until: source.max_age.map_or(Day::OPEN, |age| source.as_of.plus(age)).number(),
    });
    Meta {
        dataset: about.dataset.name.clone(),
        as_of: about.dataset.as_of.number(),
        coverage: about.dataset.coverage.clone(),
        person_algorithm: PersonKey::ALGORITHM.to_owned(),
        person_key: about.key.id().0,
        sources: sources.collect(),
        counts: Counts::default(),
    }
}

/// What the release says of itself, but for the sum of its report.
pub(crate) fn manifest(about: &About<'_>, outcome: &Outcome<'_>, parts: Vec<PartEntry>) -> Manifest {
    let accounts = outcome.tally.accounts(about.dataset.sources.len());
    let sources = about.dataset.sources.iter().zip(outcome.sources).zip(&accounts);
    let sources = (0..).zip(sources).map(|(place, ((source, count), account))| SourceEntry {
        kind: source.kind.word().to_owned(),
        path: source.path.clone(),
        provider: source.provider.clone().unwrap_or_default(),
        as_of: source.as_of.to_string(),
        max_age: source.max_age.map(|age| age.to_string()),
        supplies: source.supplies.clone(),
        files: count.files,
        rows: count.rows,
        kept: account.kept,
        merged: account.merged,
        rejected: account.rejected,
        carried: outcome.carried.get(&place).copied(),
    });
    Manifest {
        format: Manifest::FORMAT,
        release: about.release.to_owned(),
        dataset: about.dataset.name.clone(),
        as_of: about.dataset.as_of.to_string(),
        coverage: about.dataset.coverage.clone(),
        persons: PersonDigests {
            algorithm: PersonKey::ALGORITHM.to_owned(),
            key: about.key.id().to_string(),
        },
        parts,
        sources: sources.collect(),
        corrections: CorrectionsFolded {
            last: outcome.folded,
            from_tables: outcome.applied,
            orphans: outcome.orphans.len() as u64,
        },
        catalogue_sha256: xinhe::snapshot::catalogue_digest(about.catalogue.entries()),
        quality_sha256: None,
        built_by: concat!("xinhe ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// One line a row, by source, file and line.
fn rejects(
    about: &About<'_>,
    rejected: &Spill,
    census: &mut Census,
    out: &mut BufWriter<File>,
) -> io::Result<()> {
    for room in 0..rejected.partitions() {
        let mut bytes = Vec::new();
        rejected.read(room, &mut bytes, |_| Ok(()))?;
        let mut found: Vec<Rejected<'_>> = Vec::new();
        for (_, item) in items(&bytes) {
            found.push(Rejected::unpack(item).ok_or_else(damaged)?);
        }
        found.sort_unstable();
        for reject in found {
            census.reject(reject.source, reject.reason, reject.column);
            let source = &about.dataset.sources[usize::from(reject.source)];
            let line = json!({
                "source": reject.source,
                "kind": source.kind.word(),
                "provider": source.provider,
                "file": about.files.names[reject.file as usize],
                "line": reject.line,
                "column": reject.column,
                "reason": reject.reason,
                "value": reject.value,
            });
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
        }
        rejected.done(room)?;
    }
    Ok(())
}

/// The report, judged.
fn quality(
    about: &About<'_>,
    outcome: &Outcome<'_>,
    census: &Census,
    (manifest, measured): (&Manifest, Measured),
) -> Quality {
    let counts: Vec<_> = (0..outcome.sources.len())
        .map(|place| (by_source(&outcome.tally.rejects, place), by_source(&outcome.tally.warnings, place)))
        .collect();
    let contents = outcome.tally.contents(outcome.sources.len());
    let sources = (0..).zip(outcome.sources).zip(&counts).zip(contents);
    let sources = sources.map(|(((place, source), (rejects, warnings)), content)| SourceAbout {
        rejects,
        warnings,
        missing_fields: &source.missing_fields,
        content,
        carried_from: outcome
            .carried
            .contains_key(&place)
            .then(|| about.dataset.sources[usize::from(place)].as_of),
    });
    let sources: Vec<_> = sources.collect();
    let told = quality::About {
        manifest,
        catalogue: about.catalogue,
        remarks: about.remarks,
        sources: &sources,
        files: &about.files.names,
        previous: about.previous,
    };
    let mut quality = quality::assemble(census, &told);
    quality.renamed_authorities = outcome
        .renamed
        .iter()
        .map(|(named, found)| Renamed { correction_of: named.to_string(), found: found.to_string() })
        .collect();
    quality.guardrails = guardrail::measure(&Input {
        limits: about.limits,
        now: &quality,
        previous: about.previous,
        verdicts: measured.verdicts.as_ref(),
        sample: measured.sample.as_ref(),
    });
    quality.sample = measured.sample;
    quality
}
