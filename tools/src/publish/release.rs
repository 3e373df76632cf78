//! A release folder that was read and found whole.

use super::PublishError;
use super::guardrail::QUALITY_FILE;
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use xinhe::domain::text::hex;
use xinhe::release::verify::{SIGNATURE_FILE, verify_manifest, verify_part};
use xinhe::release::{MANIFEST_FILE, Manifest, ReleaseError};

/// Beside the parts: where their rows came from.
const ORIGINS: &str = "origins-";
/// Beside the parts: the report. Rejected rows stay with whoever built the release.
const REPORTS: [&str; 2] = [QUALITY_FILE, "quality.html"];

/// A release folder that was read and found whole.
pub(super) struct Checked {
    pub(super) dir: PathBuf,
    pub(super) manifest: Manifest,
    /// The bytes of `manifest.json`, which are what is signed and uploaded.
    pub(super) bytes: Vec<u8>,
    /// Their SHA-256, in hex.
    pub(super) digest: String,
    /// What to upload beside manifest and signature.
    pub(super) files: Vec<String>,
}

impl Checked {
    pub(super) fn read(dir: &Path) -> Result<Checked, PublishError> {
        let path = dir.join(MANIFEST_FILE);
        let bytes = std::fs::read(&path).map_err(|source| ReleaseError::Io { path: path.clone(), source })?;
        let manifest = Manifest::parse(&bytes).map_err(|source| ReleaseError::Manifest { path, source })?;
        let mut findings = verify_manifest(&manifest);
        for place in 0..manifest.parts.len() {
            let more = verify_part(dir, &manifest, place);
            findings.found.extend(more.found);
            findings.left_off += more.left_off;
        }
        let count = findings.found.len() as u64 + findings.left_off;
        if count > 0 {
            return Err(PublishError::Damaged { path: dir.to_path_buf(), count, found: findings.found });
        }
        let digest = hex(&Sha256::digest(&bytes));
        let mut files: Vec<String> = manifest.parts.iter().map(|part| part.file.clone()).collect();
        files.extend(beside(dir).map_err(|source| ReleaseError::Io { path: dir.to_path_buf(), source })?);
        Ok(Checked { dir: dir.to_path_buf(), manifest, bytes, digest, files })
    }

    /// Puts the signature into the folder too, so that it can be verified where it is.
    pub(super) fn keep_signature(&self, signature: &str) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.dir)?;
        file.write_all(signature.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(self.dir.join(SIGNATURE_FILE))?;
        Ok(())
    }
}

fn beside(dir: &Path) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(ORIGINS) || REPORTS.contains(&name.as_str()) {
            files.push(name);
        }
    }
    files.sort_unstable();
    Ok(files)
}
