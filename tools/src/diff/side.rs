//! One of the two releases. Opened without the secret of persons: a diff compares digests, and never makes one.

use std::path::{Path, PathBuf};
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;
use xinhe::domain::subject::SubjectKind;
use xinhe::release::{Manifest, ReleaseError, open_part, read_manifest};
use xinhe::snapshot::mapping::Mapped;
use xinhe::snapshot::schema::SourceMeta;
use xinhe::snapshot::{Part, SnapshotError, Standing, Trust};

/// Why two releases cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// A release cannot be opened.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// A part is damaged.
    #[error("{}: {source}", path.display())]
    Part {
        /// The file.
        path: PathBuf,
        /// Why.
        source: SnapshotError,
    },
    /// A part that does not belong where the manifest names it.
    #[error("{}: {what}; build or fetch the release again", path.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// Whoever takes the changes cannot take more.
    #[error("the changes cannot be written: {0}")]
    Tell(#[from] std::io::Error),
}

/// A subject by the place of its part and its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) part: u32,
    pub(super) place: u32,
}

/// A release with the day on which it is judged.
#[derive(Debug)]
pub struct Side {
    /// What the release says of itself.
    pub manifest: Manifest,
    /// The day on which it is judged.
    pub day: Day,
    pub(super) parts: Vec<Part<Mapped>>,
    pub(super) catalogue: Catalogue,
    pub(super) fresh_until: Vec<Day>,
    dir: PathBuf,
    person_key: [u8; 8],
}

impl Side {
    /// Opens a release folder, to be judged on a day: its own, if none is given.
    pub fn open(dir: &Path, on: Option<Day>, trust: Trust) -> Result<Side, DiffError> {
        Side::of(dir, read_manifest(dir)?, on, trust)
    }

    /// Opens a release folder whose manifest is known, and perhaps not yet written.
    pub fn of(dir: &Path, manifest: Manifest, on: Option<Day>, trust: Trust) -> Result<Side, DiffError> {
        let parts = manifest.parts.iter().map(|entry| open_part(dir, entry, trust));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let path = |place: usize| manifest.parts.get(place).map_or(dir.into(), |part| dir.join(&part.file));
        for (place, part) in parts.iter().enumerate() {
            let (found, of) = part.place();
            if (found as usize, of as usize) != (place, parts.len()) {
                let what = format!("part {found} of {of}, expected part {place} of {}", parts.len());
                return Err(DiffError::Misplaced { path: path(place), what });
            }
        }
        let Some(first) = parts.first() else {
            let what = "the manifest names no part".to_owned();
            return Err(DiffError::Misplaced { path: dir.into(), what });
        };
        let damaged = |source| DiffError::Part { path: path(0), source };
        let meta = first.meta().map_err(damaged)?;
        let catalogue = Catalogue::new(first.catalogue().map_err(damaged)?);
        Ok(Side {
            day: on.unwrap_or(Day::from_number(meta.as_of)),
            fresh_until: fresh_until(&catalogue, &meta.sources),
            person_key: meta.person_key,
            dir: dir.to_owned(),
            catalogue,
            parts,
            manifest,
        })
    }

    /// The same release, judged as if no list were stale: what the data alone would say.
    pub fn as_if_fresh(mut self) -> Side {
        self.fresh_until.fill(Day::OPEN);
        self
    }

    /// Whether both keep persons under one secret, so that digests can be compared.
    pub fn same_persons(&self, other: &Side) -> bool {
        self.person_key == other.person_key
    }

    /// Number of subjects.
    pub fn subjects(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.subjects())).sum()
    }

    /// Codes of the lists that are stale on the day of judgement, bytewise.
    pub(super) fn stale(&self) -> Vec<&str> {
        let lists = self.catalogue.entries().lists.iter().zip(&self.fresh_until);
        let mut stale: Vec<&str> =
            lists.filter(|(_, last)| self.day > **last).map(|(list, _)| list.code.as_str()).collect();
        stale.sort_unstable();
        stale
    }

    pub(super) fn part(&self, place: u32) -> Result<&Part<Mapped>, DiffError> {
        self.parts.get(place as usize).ok_or_else(|| self.misplaced(place, "a part that is not there"))
    }

    pub(super) fn standing(&self, at: At) -> Result<(&Part<Mapped>, Standing<'_>), DiffError> {
        let part = self.part(at.part)?;
        let standing = part.standing(at.place);
        Ok((part, standing.ok_or_else(|| self.misplaced(at.part, "a subject behind the last row"))?))
    }

    pub(super) fn is_person(&self, at: At) -> Result<bool, DiffError> {
        Ok(self.standing(at)?.1.kind() == SubjectKind::Person)
    }

    fn path(&self, part: u32) -> PathBuf {
        self.manifest.parts.get(part as usize).map_or(self.dir.clone(), |entry| self.dir.join(&entry.file))
    }

    pub(super) fn damaged(&self, part: u32, source: SnapshotError) -> DiffError {
        DiffError::Part { path: self.path(part), source }
    }

    pub(super) fn misplaced(&self, part: u32, what: &str) -> DiffError {
        DiffError::Misplaced { path: self.path(part), what: what.to_owned() }
    }
}

fn fresh_until(catalogue: &Catalogue, sources: &[SourceMeta]) -> Vec<Day> {
    let mut days = vec![Day::OPEN; catalogue.entries().lists.len()];
    for source in sources {
        for list in source.supplies.iter().filter_map(|code| catalogue.list(code)) {
            if let Some(day) = days.get_mut(usize::from(list)) {
                *day = (*day).min(Day::from_number(source.fresh_until));
            }
        }
    }
    days
}
