//! `--part I/N`: parts that were compiled each in its own process, and who puts them together.
//!
//! Beside `OUT` stands `OUT.parts` until the release is there. A process that has compiled its part puts it into that folder:
//! part and origins first, then `fragment-NNNNN.json` with what was counted in the part and what it was compiled from. So a
//! fragment that can be read is whole. The process that finds all fragments links their files into a staged folder, reads
//! them back, and goes on as a build of all parts does. The folder is locked meanwhile, so that of several processes one does.

use super::inputs::Inputs;
use super::output::read_back;
use super::tally::Account;
use crate::quality::Counted;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use xinhe::domain::text::hex;
use xinhe::release::{Manifest, PartEntry, read_manifest, verify_digest};

const FORMAT: u32 = 1;

/// Why parts cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A fragment is not what was written.
    #[error("{}: {why}; copy it anew, or remove it and run `xinhe build --part` for that part again", path.display())]
    Damaged {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It was compiled from something else.
    #[error(
        "{} was compiled from other inputs: {}; give every part the same inputs, or remove {} and run every part again",
        path.display(), differences.join(", "), folder.display()
    )]
    Differs {
        /// Its file.
        path: PathBuf,
        /// In what.
        differences: Vec<String>,
        /// The folder of the fragments.
        folder: PathBuf,
    },
}

/// What a process tells of the part that it compiled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fragment {
    pub(crate) format: u32,
    /// From 1.
    pub(crate) number: u32,
    /// What it was compiled from.
    pub(crate) inputs: Inputs,
    /// Its files.
    pub(crate) entry: PartEntry,
    /// Rows kept and merged in it.
    pub(crate) accounts: Vec<Account>,
    /// Counts for the quality report.
    pub(crate) census: Counted,
    /// Records named by corrections that were found in it.
    pub(crate) corrected: Vec<String>,
    /// Corrections that found their record under another authority: the name that they give, the record's own.
    pub(crate) renamed: Vec<(String, String)>,
}

/// The folder of the fragments of one release.
pub(crate) struct Fragments {
    out: PathBuf,
    folder: PathBuf,
    /// The part of this process, from 0, and of how many.
    pub(crate) part: u32,
    pub(crate) parts: u32,
}

impl Fragments {
    /// Those of a release that goes to `out`.
    pub(crate) fn beside(out: &Path, (part, parts): (u32, u32)) -> Fragments {
        let mut name = out.file_name().unwrap_or(std::ffi::OsStr::new("release")).to_owned();
        name.push(".parts");
        Fragments { out: out.to_path_buf(), folder: super::parent(out).join(name), part, parts }
    }

    /// The manifest of the release, if it is there already and may be the one to which this part belongs.
    pub(crate) fn released(&self, release: &str) -> Option<Manifest> {
        let manifest = read_manifest(&self.out).ok()?;
        (manifest.release == release && manifest.parts.len() == self.parts as usize).then_some(manifest)
    }

    /// What is there must be of the same inputs.
    pub(crate) fn compare(&self, inputs: &Inputs) -> Result<(), PartError> {
        self.all(inputs).map(drop)
    }

    /// Holds the folder, which is made if it is not there, until what is returned is dropped.
    pub(crate) fn hold(&self) -> Result<File, PartError> {
        let io = |source| PartError::Io { path: self.folder.clone(), source };
        loop {
            match fs::DirBuilder::new().mode(0o700).create(&self.folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(io(error)),
                _ => {}
            }
            let folder = match File::open(&self.folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(io)?,
            };
            // On a file system without locks, the last step alone decides who puts the release together.
            folder.lock().or_else(|error| match error.kind() {
                io::ErrorKind::Unsupported => Ok(()),
                _ => Err(io(error)),
            })?;
            let held = folder.metadata().map_err(io)?;
            let is_same = |now: fs::Metadata| (now.dev(), now.ino()) == (held.dev(), held.ino());
            // Whoever held it may have put the release together, and removed the folder.
            if fs::symlink_metadata(&self.folder).is_ok_and(is_same) {
                return Ok(folder);
            }
        }
    }

    /// Puts the files of a part in their place, what tells of them last. An earlier fragment of the part goes first.
    pub(crate) fn place(&self, staged: &Path, fragment: &Fragment) -> Result<(), PartError> {
        let name = fragment_file(fragment.number);
        let place = self.folder.join(&name);
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |source| PartError::Io { path, source }
        };
        match fs::remove_file(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(&place)(error)),
            _ => {}
        }
        for file in files(&fragment.entry) {
            fs::rename(staged.join(file), self.folder.join(file)).map_err(io(&self.folder.join(file)))?;
        }
        let written = staged.join(&name);
        write(&written, fragment).map_err(io(&written))?;
        fs::rename(&written, &place).map_err(io(&place))?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(io(&self.folder))
    }

    /// Every fragment that is there, in order. One of other inputs is an error.
    pub(crate) fn all(&self, inputs: &Inputs) -> Result<Vec<Fragment>, PartError> {
        let mut found = Vec::new();
        for number in 1..=self.parts {
            let path = self.folder.join(fragment_file(number));
            let bytes = match fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(PartError::Io { path, source }),
                Ok(bytes) => bytes,
            };
            let fragment = parse(&bytes).map_err(|why| PartError::Damaged { path: path.clone(), why })?;
            let differences = inputs.differences(&fragment.inputs);
            if !differences.is_empty() {
                return Err(PartError::Differs { path, differences, folder: self.folder.clone() });
            }
            let file = format!("part-{:05}.xinhe", number - 1);
            if fragment.number != number || fragment.entry.file != file {
                let why = format!("it tells of part {} in {}", fragment.number, fragment.entry.file);
                return Err(PartError::Damaged { path, why });
            }
            found.push(fragment);
        }
        Ok(found)
    }

    /// Numbers of the parts that are not there, from 1.
    pub(crate) fn missing(&self, found: &[Fragment]) -> Vec<u32> {
        (1..=self.parts).filter(|number| found.iter().all(|one| one.number != *number)).collect()
    }

    /// Links the files of a part into the staged release, and reads them back there: they may have been copied here.
    pub(crate) fn link(&self, fragment: &Fragment, staged: &Path) -> Result<(), PartError> {
        for file in files(&fragment.entry) {
            let (from, to) = (self.folder.join(file), staged.join(file));
            link(&from, &to).map_err(|source| PartError::Io { path: from, source })?;
        }
        let origins = fragment.entry.origins.iter();
        let mut verified = origins.map(|origins| verify_digest(staged, &origins.file, &origins.sha256));
        let whole = verified.try_for_each(|one| one).and_then(|()| read_back(staged, &fragment.entry));
        whole.map_err(|error| PartError::Damaged {
            path: self.folder.join(&fragment.entry.file),
            why: error.to_string(),
        })
    }

    /// Removes the folder: the release is there. What cannot be removed is in nobody's way.
    pub(crate) fn remove(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.folder)
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

fn fragment_file(number: u32) -> String {
    format!("fragment-{number:05}.json")
}

fn files(entry: &PartEntry) -> impl Iterator<Item = &str> {
    entry.origins.iter().map(|origins| origins.file.as_str()).chain([entry.file.as_str()])
}

/// A second name for a file, of mode 0600; where the disk cannot give one, or the file is somebody else's, a copy.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    let private = || fs::set_permissions(to, Permissions::from_mode(0o600));
    if fs::hard_link(from, to).and_then(|()| private()).is_ok() {
        return Ok(());
    }
    if to.exists() {
        fs::remove_file(to)?;
    }
    let mut copy = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync_all()
}

/// The SHA-256 of what follows on a line of its own, then the fragment as JSON.
fn write(path: &Path, fragment: &Fragment) -> io::Result<()> {
    let body = serde_json::to_vec(fragment)?;
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(out, "{}", hex(&Sha256::digest(&body)))?;
    out.write_all(&body)?;
    out.sync_all()
}

fn parse(bytes: &[u8]) -> Result<Fragment, String> {
    let place = bytes.iter().position(|byte| *byte == b'\n').ok_or("its first line is no SHA-256")?;
    let (sum, body) = (&bytes[..place], &bytes[place + 1..]);
    if hex(&Sha256::digest(body)).as_bytes() != sum {
        return Err("it does not fit its SHA-256".to_owned());
    }
    let fragment: Fragment = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    match fragment.format {
        FORMAT => Ok(fragment),
        other => Err(format!("it has format {other}, this program reads {FORMAT}")),
    }
}

impl Fragment {
    /// The format that this program writes.
    pub(crate) const FORMAT: u32 = FORMAT;
}
