//! All parts of a release as one.

use super::schema::{Counts, SourceMeta};
use super::{Overlay, Part, PersonKey, PersonKeys, SnapshotError, Standing, SubjectKey};
use crate::domain::catalogue::Catalogue;
use crate::domain::date::Day;
use crate::domain::identifier::{IdKind, Identifier};
use std::sync::Arc;

/// A subject and the part in which it lives.
#[derive(Debug)]
pub struct Located<'a, B> {
    /// The part.
    pub part: &'a Part<B>,
    /// Its place among the parts.
    pub part_place: u32,
    /// The row.
    pub standing: Standing<'a>,
}

/// The parts of a release with what they share, and what corrections since have changed.
#[derive(Debug)]
pub struct Snapshot<B> {
    parts: Arc<Vec<Part<B>>>,
    catalogue: Arc<Catalogue>,
    key: PersonKey,
    dataset: String,
    as_of: Day,
    coverage: Vec<String>,
    sources: Vec<SourceMeta>,
    fresh_until: Vec<Day>,
    counts: Counts,
    overlay: Overlay,
}

impl<B: AsRef<[u8]>> Snapshot<B> {
    /// Joins parts. They must be all the parts of one release, in order, and the person key theirs.
    pub fn new(parts: Vec<Part<B>>, keys: &PersonKeys) -> Result<Snapshot<B>, SnapshotError> {
        let wanted = parts.len() as u32;
        for (place, part) in parts.iter().enumerate() {
            if part.place() != (place as u32, wanted) {
                let (found, of) = part.place();
                return Err(SnapshotError::Parts(format!(
                    "part {found} of {of} stands in place {place} of {wanted}: give all parts of one release, in order"
                )));
            }
        }
        let first = parts.first().ok_or_else(|| SnapshotError::Parts("no part given".to_owned()))?;
        let meta = first.meta()?;
        let key = keys.find(super::KeyId(meta.person_key)).ok_or_else(|| SnapshotError::PersonKey {
            wanted: super::KeyId(meta.person_key).to_string(),
            given: keys.ids(),
        })?;
        let catalogue = Catalogue::new(first.catalogue()?);
        let mut counts = Counts::default();
        for part in &parts {
            counts.add(&part.meta()?.counts);
        }
        Ok(Snapshot {
            key: key.clone(),
            dataset: meta.dataset,
            as_of: Day::from_number(meta.as_of),
            coverage: meta.coverage,
            fresh_until: fresh_until(&catalogue, &meta.sources),
            sources: meta.sources,
            counts,
            catalogue: Arc::new(catalogue),
            parts: Arc::new(parts),
            overlay: Overlay::default(),
        })
    }

    /// The same parts under other corrections. Cheap: the parts are shared.
    pub fn overlaid(&self, overlay: Overlay) -> Snapshot<B> {
        Snapshot {
            parts: Arc::clone(&self.parts),
            catalogue: Arc::clone(&self.catalogue),
            key: self.key.clone(),
            dataset: self.dataset.clone(),
            as_of: self.as_of,
            coverage: self.coverage.clone(),
            sources: self.sources.clone(),
            fresh_until: self.fresh_until.clone(),
            counts: self.counts,
            overlay,
        }
    }

    /// Finds a subject by any of its codes, or a person by a document. An older code may be kept in any part; a subject
    /// that only an urgent entry names lives in the overlay.
    pub fn find(&self, identifier: &Identifier) -> Result<Option<Located<'_, B>>, SnapshotError> {
        let found = self.find_overlaid(&SubjectKey::of(identifier, &self.key))?;
        // Since 2015 the tax number of an organisation is its unified code.
        match (found, identifier.kind()) {
            (None, IdKind::Tax) => match Identifier::parse(IdKind::Uscc, identifier.as_str(), Day::OPEN) {
                Ok(unified) => self.find_overlaid(&SubjectKey::of(&unified, &self.key)),
                Err(_) => Ok(None),
            },
            (found, _) => Ok(found),
        }
    }

    fn find_overlaid(&self, key: &SubjectKey) -> Result<Option<Located<'_, B>>, SnapshotError> {
        let found = self.find_key(key)?.filter(|at| !self.overlay.is_gone(&at.standing));
        Ok(found.or_else(|| self.stranger(self.overlay.stranger(key)?)))
    }

    /// A subject of the overlay, as if it were a row of the first part.
    pub(crate) fn stranger<'a>(&'a self, standing: Standing<'a>) -> Option<Located<'a, B>> {
        Some(Located { part: self.parts.first()?, part_place: 0, standing })
    }

    /// Finds a subject by a key of it in the parts alone.
    pub fn find_key(&self, key: &SubjectKey) -> Result<Option<Located<'_, B>>, SnapshotError> {
        let hash = key.hash();
        let place = SubjectKey::part(hash, self.parts.len() as u32);
        if let Some(part) = self.parts.get(place as usize)
            && let Some(standing) = part.find(key, hash)
        {
            return Ok(Some(Located { part, part_place: place, standing }));
        }
        for (place, part) in self.parts.iter().enumerate() {
            if let Some(standing) = part.find_alias(key)? {
                return Ok(Some(Located { part, part_place: place as u32, standing }));
            }
        }
        Ok(None)
    }

    /// The parts.
    pub fn parts(&self) -> &[Part<B>] {
        &self.parts
    }

    /// What corrections since the release have changed.
    pub fn overlay(&self) -> &Overlay {
        &self.overlay
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The secret of the digests.
    pub fn key(&self) -> &PersonKey {
        &self.key
    }

    /// Name of the dataset.
    pub fn dataset(&self) -> &str {
        &self.dataset
    }

    /// Day of the data.
    pub fn as_of(&self) -> Day {
        self.as_of
    }

    /// The sources, in the order of the dataset.
    pub fn sources(&self) -> &[SourceMeta] {
        &self.sources
    }

    /// What all parts hold.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// For each list of the catalogue the last day on which all its sources are fresh.
    pub fn fresh_until(&self) -> &[Day] {
        &self.fresh_until
    }

    /// Codes of the lists that are stale on a day, bytewise.
    pub fn stale_lists(&self, day: Day) -> Vec<&str> {
        let lists = &self.catalogue.entries().lists;
        let mut stale: Vec<&str> = lists
            .iter()
            .zip(&self.fresh_until)
            .filter(|(_, last)| day > **last)
            .map(|(l, _)| l.code.as_str())
            .collect();
        stale.sort_unstable();
        stale
    }

    /// Whether the register holds all organisations of a division; `None` if the code carries no division.
    pub fn covers(&self, identifier: &Identifier) -> Option<bool> {
        let division = identifier.division()?;
        Some(self.coverage.iter().any(|prefix| division.starts_with(prefix.as_str())))
    }
}

fn fresh_until(catalogue: &Catalogue, sources: &[SourceMeta]) -> Vec<Day> {
    let mut days = vec![Day::OPEN; catalogue.entries().lists.len()];
    for source in sources {
        for list in source.supplies.iter().filter_map(|code| catalogue.list(code)) {
            let day = &mut days[usize::from(list)];
            *day = (*day).min(Day::from_number(source.fresh_until));
        }
    }
    days
}
