//! `manifest.json`: what a release says of itself. Its last line is the SHA-256 of all lines before.

use crate::domain::text::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Name of the file.
pub const MANIFEST_FILE: &str = "manifest.json";
/// Version of the manifest.
const FORMAT: u32 = 1;
/// What stands before the digest, on the last line but one.
const DIGEST_KEY: &str = "  \"digest\": \"";

/// What a release says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this file.
    pub format: u32,
    /// Name of the release: day of the data and a running number, `2026-11-20.1`.
    pub release: String,
    /// Name of the dataset.
    pub dataset: String,
    /// Day of the data, `YYYY-MM-DD`.
    pub as_of: String,
    /// Division prefixes whose organisations the register holds in full.
    pub coverage: Vec<String>,
    /// How persons are kept.
    pub persons: PersonDigests,
    /// The parts, in order.
    pub parts: Vec<PartEntry>,
    /// The sources, in the order of the dataset.
    pub sources: Vec<SourceEntry>,
    /// The corrections that the build folded in.
    pub corrections: CorrectionsFolded,
    /// SHA-256 of the catalogue as the parts hold it.
    pub catalogue_sha256: String,
    /// SHA-256 of `quality.json`, in hex, so that its guardrails can be trusted; none of an older release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality_sha256: Option<String>,
    /// Version of the program that built it.
    pub built_by: String,
}

/// How persons are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonDigests {
    /// Algorithm of the digests.
    pub algorithm: String,
    /// Name of the secret.
    pub key: String,
}

/// A part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartEntry {
    /// Name of the file.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// Sum of its header, which holds the sums of its sections.
    pub header: String,
    /// Subjects in it.
    pub subjects: u64,
    /// Records in it.
    pub records: u64,
    /// From where its rows came; none of a part of format 1, which tells it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<OriginsEntry>,
}

/// The origins file of a part. Servers need none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginsEntry {
    /// Name of the file.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

/// A source, and what became of its rows: rows = kept + merged + rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceEntry {
    /// Kind of its tables.
    pub kind: String,
    /// Path pattern, or `postgres`.
    pub path: String,
    /// Unified code of its provider.
    pub provider: String,
    /// Day of its data.
    pub as_of: String,
    /// Age at which its lists turn stale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<String>,
    /// Lists of which it is the authority.
    pub supplies: Vec<String>,
    /// Files read.
    pub files: u64,
    /// Rows read.
    pub rows: u64,
    /// Rows that became a record, a subject or a correction.
    pub kept: u64,
    /// Rows that another version of the same outweighed.
    pub merged: u64,
    /// Rows refused.
    pub rejected: u64,
    /// Records or corrections that were carried forward from the release before, of the day `as_of`; none: the source was
    /// read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<u64>,
}

/// The corrections that the build folded in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionsFolded {
    /// Number of the last correction of the store; 0 without a store.
    pub last: u64,
    /// Corrections that came as tables of the dataset.
    pub from_tables: u64,
    /// Corrections that match no record.
    pub orphans: u64,
}

/// Why a manifest is refused.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON of this form.
    #[error("not a manifest: {0}")]
    Json(#[from] serde_json::Error),
    /// Changed or cut.
    #[error("its digest does not fit: it was changed or cut; fetch or build the release again")]
    Digest,
    /// Of another version.
    #[error("manifest format {found}, this program reads {FORMAT}: use a matching program")]
    Format {
        /// The version found.
        found: u32,
    },
}

impl Manifest {
    /// The version that this program writes.
    pub const FORMAT: u32 = FORMAT;

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ManifestError> {
        let mut text = serde_json::to_string_pretty(self)?;
        // The closing brace moves behind the digest.
        text.truncate(text.trim_end_matches(['}', '\n']).len());
        text.push_str(",\n");
        let digest = hex(&Sha256::digest(text.as_bytes()));
        text.push_str(DIGEST_KEY);
        text.push_str(&digest);
        text.push_str("\"\n}\n");
        Ok(text.into_bytes())
    }

    /// Reads the file and compares its digest.
    pub fn parse(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        let text = std::str::from_utf8(bytes).map_err(|_| ManifestError::Digest)?;
        let (body, tail) = text.rsplit_once(DIGEST_KEY).ok_or(ManifestError::Digest)?;
        let expected = format!("{}\"\n}}\n", hex(&Sha256::digest(body.as_bytes())));
        if tail != expected {
            return Err(ManifestError::Digest);
        }
        let whole = format!("{}\n}}", body.trim_end_matches([',', '\n']));
        let manifest: Manifest = serde_json::from_str(&whole)?;
        if manifest.format != FORMAT {
            return Err(ManifestError::Format { found: manifest.format });
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            format: FORMAT,
            release: "2026-11-20.1".to_owned(),
            dataset: "试验".to_owned(),
            as_of: "2026-11-20".to_owned(),
            coverage: vec!["3704".to_owned()],
            persons: PersonDigests { algorithm: "hmac-sha256".to_owned(), key: "00".to_owned() },
            parts: vec![],
            sources: vec![],
            corrections: CorrectionsFolded { last: 0, from_tables: 0, orphans: 0 },
            catalogue_sha256: String::new(),
            quality_sha256: None,
            built_by: "test".to_owned(),
        }
    }

    #[test]
    fn a_manifest_reads_back() {
        let bytes = manifest().to_bytes().unwrap();
        assert_eq!(Manifest::parse(&bytes).unwrap(), manifest());
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["digest"].as_str().map(str::len), Some(64));
    }

    #[test]
    fn any_changed_bit_and_any_cut_is_noticed() {
        let bytes = manifest().to_bytes().unwrap();
        for at in 0..bytes.len() {
            assert!(Manifest::parse(&bytes[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert!(Manifest::parse(&changed).is_err(), "bit {bit} of byte {at}");
            }
        }
    }
}
