//! Writing a release: into a hidden folder beside its place, synced, then renamed. Half a release is never seen.

use super::resolve::Resolved;
use super::{parent, tally};
use crate::dataset::Dataset;
use crate::facts::Reject;
use crate::ingest::{Files, SourceCount};
use crate::unfinished::Unfinished;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::catalogue::layers::Remark;
use xinhe::domain::date::Day;
use xinhe::release::{
    CorrectionsFolded, MANIFEST_FILE, Manifest, ManifestError, PartEntry, PersonDigests, SourceEntry,
    open_part,
};
use xinhe::snapshot::schema::{Counts, Meta, SourceMeta};
use xinhe::snapshot::{Draft, PartWriter, PersonKey, SnapshotError, Trust};

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
    ReadBack(#[from] xinhe::release::ReleaseError),
}

/// What the files of a release tell beside the subjects.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) release: &'a str,
    pub(super) dataset: &'a Dataset,
    pub(super) catalogue: &'a Catalogue,
    pub(super) key: &'a PersonKey,
    pub(super) files: &'a Files,
    pub(super) sources: &'a [SourceCount],
    pub(super) resolved: &'a Resolved,
    pub(super) remarks: &'a [Remark],
}

/// A folder that becomes a release, or vanishes.
pub(super) struct Staging(Unfinished);

impl Staging {
    /// Refuses a place that is taken before any work is done.
    pub(super) fn new(out: &Path) -> Result<Staging, OutputError> {
        if fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(OutputError::Taken(out.to_path_buf()));
        }
        let beside = parent(out);
        let made = fs::create_dir_all(&beside).and_then(|()| Unfinished::inside(&beside, ".xinhe-build-"));
        made.map(Staging).map_err(|source| OutputError::Io { path: beside, source })
    }

    /// Writes every file of the release.
    pub(super) fn write(
        &self,
        about: &About<'_>,
        drafts: Vec<Vec<Draft>>,
    ) -> Result<(Manifest, Counts), OutputError> {
        let parts = drafts.len() as u32;
        let mut counts = Counts::default();
        let mut entries = Vec::new();
        for (place, drafts) in drafts.into_iter().enumerate() {
            let (entry, part) = self.part(about, &drafts, (place as u32, parts))?;
            entries.push(entry);
            counts.add(&part);
        }
        let manifest = manifest(about, entries);
        self.file("rejects.ndjson", |out| rejects(about, out))?;
        let quality = quality(about, &manifest, &counts);
        self.file("quality.json", |out| {
            serde_json::to_writer_pretty(&mut *out, &quality)?;
            out.write_all(b"\n")
        })?;
        self.file("quality.html", |out| crate::quality::html(&quality, out))?;
        let bytes = manifest.to_bytes()?;
        self.file(MANIFEST_FILE, |out| out.write_all(&bytes))?;
        Ok((manifest, counts))
    }

    fn part(
        &self,
        about: &About<'_>,
        drafts: &[Draft],
        place: (u32, u32),
    ) -> Result<(PartEntry, Counts), OutputError> {
        let name = format!("part-{:05}.xinhe", place.0);
        let mut writer = PartWriter::default();
        for draft in drafts {
            writer.push(draft)?;
        }
        let mut digest = Sha256::new();
        let mut written = None;
        self.file(&name, |out| {
            let mut both = Both { out, digest: &mut digest };
            let result = writer.finish(meta(about), about.catalogue.entries(), place, &mut both);
            written = Some(result);
            Ok(())
        })?;
        let written =
            written.unwrap_or_else(|| Err(SnapshotError::Parts("nothing was written".to_owned())))?;
        let mut entry = PartEntry {
            file: name,
            bytes: written.bytes,
            sha256: digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            header: String::new(),
            subjects: written.counts.subjects.iter().sum(),
            records: written.counts.records.iter().sum(),
        };
        let path = self.0.path().join(&entry.file);
        let bytes = fs::read(&path).map_err(|source| OutputError::Io { path, source })?;
        entry.header = format!("{:016x}", xinhe::snapshot::Part::open(bytes, Trust::Nothing)?.header_sum());
        open_part(self.0.path(), &entry, Trust::Sums)?;
        Ok((entry, written.counts))
    }

    /// A file of mode 0600, synced.
    fn file(
        &self,
        name: &str,
        fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        let path = self.0.path().join(name);
        let filled =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).and_then(|file| {
                let mut out = BufWriter::with_capacity(1 << 20, file);
                fill(&mut out)?;
                out.into_inner().map_err(|e| e.into_error())?.sync_all()
            });
        filled.map_err(|source| OutputError::Io { path, source })
    }

    /// Gives the release its name.
    pub(super) fn publish(self, out: &Path) -> Result<(), OutputError> {
        let io = |source| OutputError::Io { path: out.to_path_buf(), source };
        if out.exists() {
            // Empty, as `new` has seen; a file that came since makes this fail, and nothing is lost.
            fs::remove_dir(out).map_err(io)?;
        }
        self.0.rename(out).map_err(io)?;
        File::open(parent(out)).and_then(|folder| folder.sync_all()).map_err(io)
    }
}

/// Writes and digests.
struct Both<'a, W> {
    out: &'a mut W,
    digest: &'a mut Sha256,
}

impl<W: Write> Write for Both<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
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

fn manifest(about: &About<'_>, parts: Vec<PartEntry>) -> Manifest {
    let sources = about.dataset.sources.iter().zip(about.sources).zip(&about.resolved.accounts);
    let sources = sources.map(|((source, count), account)| SourceEntry {
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
            last: 0,
            from_tables: about.resolved.applied,
            orphans: about.resolved.orphans.len() as u64,
        },
        catalogue_sha256: xinhe::snapshot::catalogue_digest(about.catalogue.entries()),
        built_by: concat!("xinhe ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// One line a row, by source, file and line.
fn rejects(about: &About<'_>, out: &mut BufWriter<File>) -> io::Result<()> {
    let mut rejects: Vec<&Reject> = about.resolved.rejects.iter().collect();
    rejects.sort_by_key(|reject| reject.origin);
    for reject in rejects {
        let source = &about.dataset.sources[usize::from(reject.origin.source)];
        let line = json!({
            "source": reject.origin.source,
            "kind": source.kind.word(),
            "provider": source.provider,
            "file": about.files.name(reject.origin.file),
            "line": reject.origin.line,
            "column": reject.column,
            "reason": reject.reason,
            "value": reject.value,
        });
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn quality(about: &About<'_>, manifest: &Manifest, counts: &Counts) -> serde_json::Value {
    let resolved = about.resolved;
    let of_source = |place: usize| {
        let rejects = resolved.rejects.iter().filter(|reject| usize::from(reject.origin.source) == place);
        let warnings = resolved.warnings.iter().filter(|warning| usize::from(warning.origin.source) == place);
        let source = serde_json::to_value(&manifest.sources[place]).unwrap_or_default();
        json!({
            "source": source,
            "rejected_by_reason": tally(rejects.map(|reject| reject.reason)),
            "warnings_by_reason": tally(warnings.map(|warning| warning.reason)),
        })
    };
    let orphans = resolved.orphans.iter().map(|orphan| {
        json!({"record": orphan.record.to_string(), "kind": orphan.kind.word(), "effective": orphan.effective.to_string(),
               "file": about.files.name(orphan.origin.file), "line": orphan.origin.line})
    });
    json!({
        "release": manifest.release,
        "dataset": manifest.dataset,
        "as_of": manifest.as_of,
        "subjects": {"enterprise": counts.subjects[0], "organisation": counts.subjects[1],
                     "individual-business": counts.subjects[2], "person": counts.subjects[3],
                     "not_registered": counts.stubs},
        "records": xinhe::domain::record::RecordKind::ALL.map(|kind| {
            json!({"kind": kind.word(), "count": counts.records[usize::from(kind.code())]})
        }),
        "sources": (0..manifest.sources.len()).map(of_source).collect::<Vec<_>>(),
        "orphan_correction": orphans.collect::<Vec<_>>(),
        "catalogue_remarks": about.remarks.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}
