//! Every digest, sum, order and reference of a release, and who signed it.

use super::{MANIFEST_FILE, Manifest, PartEntry, ReleaseError, open_origins, open_part, verify_digest};
use crate::domain::date::Day;
use crate::signature::{PublicKeys, Purpose, SignatureError};
use crate::snapshot::mapping::Mapped;
use crate::snapshot::schema::Meta;
use crate::snapshot::{self, KeyId, Part, Trust};
use std::io::ErrorKind;
use std::path::Path;

/// Name of the file with the signatures of the manifest, a line each.
pub const SIGNATURE_FILE: &str = "manifest.sig";

/// Something wrong with a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file in the release folder.
    pub file: String,
    /// The section of a part.
    pub section: Option<&'static str>,
    /// Offset in the file.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// What was found, and how much more of the same was left off.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// What is wrong.
    pub found: Vec<Finding>,
    /// Findings that were only counted.
    pub left_off: u64,
}

impl Findings {
    fn add(&mut self, file: &str, what: impl Into<String>) {
        let what = what.into();
        self.found.push(Finding { file: file.to_owned(), section: None, offset: None, what });
    }
}

/// Why a signature does not count.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It cannot be read.
    #[error("{SIGNATURE_FILE}: {0}")]
    Io(#[from] std::io::Error),
    /// There is none.
    #[error("no {SIGNATURE_FILE}: the release is not signed; `xinhe publish` signs it")]
    Unsigned,
    /// It does not fit.
    #[error("{SIGNATURE_FILE}: {0}")]
    Signature(#[from] SignatureError),
}

/// Verifies the signature of a manifest's bytes. Tells the name of the key that signed.
pub fn verify_signature(dir: &Path, keys: &PublicKeys) -> Result<String, SealError> {
    let signatures = match std::fs::read_to_string(dir.join(SIGNATURE_FILE)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(SealError::Unsigned),
        other => other?,
    };
    let manifest = std::fs::read(dir.join(MANIFEST_FILE))?;
    Ok(keys.verify(Purpose::Manifest, &manifest, &signatures)?)
}

/// What the manifest alone can tell: days, names of parts, and the account of every source.
pub fn verify_manifest(manifest: &Manifest) -> Findings {
    let mut findings = Findings::default();
    let mut add = |what: String| findings.add(MANIFEST_FILE, what);
    if Day::parse_iso(&manifest.as_of).is_none() {
        add(format!("as_of `{}` is no day", manifest.as_of));
    }
    if manifest.parts.is_empty() {
        add("it names no part".to_owned());
    }
    for source in &manifest.sources {
        let (kept, merged, rejected) = (source.kept, source.merged, source.rejected);
        if kept.checked_add(merged).and_then(|sum| sum.checked_add(rejected)) != Some(source.rows) {
            add(format!(
                "source {}: {} rows are not {kept} kept + {merged} merged + {rejected} rejected",
                source.path, source.rows
            ));
        }
    }
    for (place, part) in manifest.parts.iter().enumerate() {
        let origins = part.origins.as_ref().map(|origins| &origins.file);
        for file in std::iter::once(&part.file).chain(origins) {
            if Path::new(file).file_name().is_none_or(|name| name.to_str() != Some(file)) {
                add(format!("a file of part {place} is `{file}`, which is no name of a file in the folder"));
            }
        }
    }
    findings
}

/// The digest of a part and of its origins file, all that [`snapshot::verify`] looks at, and that manifest and files
/// tell the same.
pub fn verify_part(dir: &Path, manifest: &Manifest, place: usize) -> Findings {
    let mut findings = Findings::default();
    let Some(entry) = manifest.parts.get(place) else { return findings };
    let file = entry.file.as_str();
    if let Err(error) = verify_digest(dir, file, &entry.sha256) {
        findings.add(file, plain(error));
    }
    let part = match open_part(dir, entry, Trust::Sums) {
        Ok(part) => part,
        Err(error) => {
            findings.add(file, plain(error));
            return findings;
        }
    };
    if part.place() != (place as u32, manifest.parts.len() as u32) {
        let (found, of) = part.place();
        findings
            .add(file, format!("it is part {found} of {of}, expected {place} of {}", manifest.parts.len()));
    }
    let verified = snapshot::verify(&part);
    let counts = verified.counts;
    for (what, found, expected) in [
        ("subjects", counts.subjects.iter().sum::<u64>(), entry.subjects),
        ("records", counts.records.iter().sum(), entry.records),
    ] {
        if found != expected {
            findings.add(file, format!("it holds {found} {what}, the manifest says {expected}"));
        }
    }
    let within = verified.findings.into_iter().map(|finding| Finding {
        file: file.to_owned(),
        section: Some(finding.section),
        offset: Some(finding.offset),
        what: finding.what,
    });
    findings.found.extend(within);
    findings.left_off = verified.left_off;
    agree(&part, manifest, file, &mut findings);
    origins(dir, entry, &part, verified.rows, &mut findings);
    findings
}

/// The origins file of a part that leads to so many rows.
fn origins(dir: &Path, entry: &PartEntry, part: &Part<Mapped>, rows: u64, findings: &mut Findings) {
    let Some(named) = &entry.origins else {
        if part.format() > 1 {
            findings.add(&entry.file, "the manifest names no origins file of it");
        }
        return;
    };
    if let Err(error) = verify_digest(dir, &named.file, &named.sha256) {
        findings.add(&named.file, plain(error));
    }
    let origins = match open_origins(dir, entry) {
        Ok(Some(origins)) => origins,
        Ok(None) => return,
        Err(error) => return findings.add(&named.file, plain(error)),
    };
    if let Err(error) = origins.verify() {
        findings.add(&named.file, error.to_string());
    }
    if origins.rows() != rows {
        let what = format!("it holds {} rows, the part leads to {rows}", origins.rows());
        findings.add(&named.file, what);
    }
    if origins.place() != part.place() {
        let ((found, of), (expected, parts)) = (origins.place(), part.place());
        findings.add(&named.file, format!("it is of part {found} of {of}, expected {expected} of {parts}"));
    }
}

fn agree(part: &Part<Mapped>, manifest: &Manifest, file: &str, findings: &mut Findings) {
    // What is wrong with it was noted when the part was verified.
    let Ok(meta) = part.meta() else { return };
    let Meta { dataset, as_of, coverage, person_algorithm, person_key, sources, counts: _ } = meta;
    let mut differ = |what: &str, found: String, expected: &str| {
        if found != expected {
            findings.add(file, format!("its {what} is {found}, the manifest says {expected}"));
        }
    };
    differ("dataset", dataset, &manifest.dataset);
    differ("as_of", Day::from_number(as_of).to_string(), &manifest.as_of);
    differ("coverage", coverage.join(", "), &manifest.coverage.join(", "));
    differ("algorithm of persons", person_algorithm, &manifest.persons.algorithm);
    differ("person key", KeyId(person_key).to_string(), &manifest.persons.key);
    differ("catalogue", part.catalogue_sha256(), &manifest.catalogue_sha256);
    differ("number of sources", sources.len().to_string(), &manifest.sources.len().to_string());
    for (place, (found, expected)) in sources.into_iter().zip(&manifest.sources).enumerate() {
        differ(&format!("kind of source {place}"), found.kind, &expected.kind);
        differ(&format!("provider of source {place}"), found.provider, &expected.provider);
        let as_of = Day::from_number(found.as_of).to_string();
        differ(&format!("as_of of source {place}"), as_of, &expected.as_of);
        differ(&format!("lists of source {place}"), found.supplies.join(", "), &expected.supplies.join(", "));
    }
}

/// The finding names the file already.
fn plain(error: ReleaseError) -> String {
    match error {
        ReleaseError::Io { source, .. } => source.to_string(),
        ReleaseError::Manifest { source, .. } => source.to_string(),
        ReleaseError::Part { source, .. } | ReleaseError::Snapshot(source) => source.to_string(),
        ReleaseError::Mismatch { what, found, expected, .. } => {
            format!("{what} is {found}, the manifest says {expected}; fetch or build the release again")
        }
    }
}
