//! `--carry-forward`: the last good rows of a source that is missing tonight, taken from the release before.
//!
//! A release holds records, not rows. So every record of the source becomes a fact again, with what its dossier, entry
//! and texts tell, under the name that it has, and goes the way of others. An end is given as the row's own, so that no
//! record lasts longer than it did. Of persons and of codes that may hold a person's number only digests are known: their
//! records go by the key. The source keeps the day of its rows, so that its lists turn stale by `max_age`.

use super::Plan;
use super::carried::{fact, subject_of};
use super::disk::Room;
use super::rows::ByKey;
use crate::dataset::{Dataset, Source, SourceKind};
use crate::facts::{CorrectionFact, Origin, RecordFact};
use crate::ingest::Files;
use std::collections::HashMap;
use std::io;
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;
use xinhe::domain::record::{RecordId, RecordKind};
use xinhe::domain::verdict::Relation;
use xinhe::release::{Manifest, PartEntry, ReleaseError, open_origins, open_part, read_manifest};
use xinhe::snapshot::mapping::Mapped;
use xinhe::snapshot::{
    Dossier, EntryCategory, EventRow, Filed, Origins, Part, RowPlace, SnapshotError, Standing, Trust,
};

/// Why a source cannot be carried forward.
#[derive(Debug, thiserror::Error)]
pub enum CarryError {
    /// No release to take its rows from.
    #[error("--carry-forward {0}: give the release that has its rows with --previous")]
    NoPrevious(String),
    /// No such source.
    #[error("--carry-forward {name}: dataset.toml has no such source; there are {known}")]
    Unknown {
        /// What was given.
        name: String,
        /// What could be.
        known: String,
    },
    /// It is there, and may be wrong: then its file has to be mended, not passed over.
    #[error(
        "--carry-forward {name}: the source is there ({found}); only one that is missing is carried forward"
    )]
    Present {
        /// What was given.
        name: String,
        /// What of it is there.
        found: String,
    },
    /// The register.
    #[error(
        "--carry-forward {0}: a release keeps persons as digests only, so a register cannot be taken from it"
    )]
    Register(String),
    /// Digests under another secret.
    #[error(
        "--carry-forward: the previous release keeps persons under the key {found}, this build under {wanted}"
    )]
    PersonKey {
        /// That of the previous release.
        found: String,
        /// That of this build.
        wanted: String,
    },
    /// The release before does not have it either.
    #[error(
        "--carry-forward {0}: the previous release has no rows of this source; give an older one with --previous"
    )]
    Absent(String),
    /// The release before cannot be read.
    #[error("--carry-forward: the previous release: {0}")]
    Release(#[from] ReleaseError),
    /// A part of it is damaged.
    #[error("--carry-forward: the previous release: {0}")]
    Part(#[from] SnapshotError),
    /// What was read cannot be kept.
    #[error("what is carried forward cannot be kept: {0}")]
    Io(#[from] io::Error),
}

/// A source that is carried forward.
#[derive(Debug, Clone, Copy)]
struct Carried {
    /// Its place in the dataset, and in that of the release before.
    now: u16,
    before: u16,
    is_correction: bool,
}

/// Whose record it is.
pub(crate) enum Whose {
    /// The subject named by the fact.
    Named,
    /// The subject with this key.
    Key(ByKey),
}

/// What is carried forward, and from where.
pub(crate) struct Carry {
    sources: Vec<Carried>,
    parts: Vec<(Part<Mapped>, Option<Origins<Mapped>>)>,
    /// What their rows take, about.
    pub(crate) bytes: u64,
    /// By place of a list in the release before.
    lists: Vec<Option<u16>>,
    /// Files of the dataset, those of carried rows too, by name.
    files: HashMap<String, u32>,
}

impl Carry {
    /// Finds what is asked for, sets the days of the sources, and numbers the files of their rows. None: nothing is.
    pub(crate) fn open(
        plan: &Plan<'_>,
        dataset: &mut Dataset,
        files: &mut Files,
        catalogue: &Catalogue,
    ) -> Result<Option<Carry>, CarryError> {
        let Some(first) = plan.carry.first() else { return Ok(None) };
        let dir = plan.previous.ok_or_else(|| CarryError::NoPrevious(first.clone()))?;
        let manifest = read_manifest(dir)?;
        let wanted = plan.key.id().to_string();
        if manifest.persons.key != wanted {
            return Err(CarryError::PersonKey { found: manifest.persons.key, wanted });
        }
        let mut sources: Vec<Carried> = Vec::new();
        for name in plan.carry {
            let now = asked(name, dataset, files)?;
            let of = &mut dataset.sources[now];
            let (before, as_of) =
                last_good(&manifest, of, now).ok_or_else(|| CarryError::Absent(name.clone()))?;
            of.as_of = as_of;
            let (now, is_correction) = (now as u16, of.kind == SourceKind::Correction);
            if !sources.iter().any(|known| known.now == now) {
                sources.push(Carried { now, before, is_correction });
            }
        }
        let mut parts = Vec::new();
        for entry in &manifest.parts {
            parts.push((open_part(dir, entry, Trust::Nothing)?, open_origins(dir, entry)?));
        }
        let bytes = rows_of(&manifest, &sources);
        let mut carry = Carry { sources, parts, bytes, lists: Vec::new(), files: HashMap::new() };
        if let Some((part, _)) = carry.parts.first() {
            let lists = part.catalogue()?.lists;
            carry.lists = lists.iter().map(|list| catalogue.list(&list.code)).collect();
        }
        carry.number_files(dataset, files);
        Ok(Some(carry))
    }

    /// Places of the sources that are carried.
    pub(crate) fn places(&self) -> impl Iterator<Item = u16> {
        self.sources.iter().map(|one| one.now)
    }

    /// Files of the release before that the path of a carried source would meet.
    fn number_files(&mut self, dataset: &Dataset, files: &mut Files) {
        let patterns = self.sources.iter().map(|one| &dataset.sources[usize::from(one.now)].path);
        let patterns: Vec<glob::Pattern> =
            patterns.filter_map(|path| glob::Pattern::new(path).ok()).collect();
        self.files = (0..).zip(&files.names).map(|(number, name)| (name.clone(), number)).collect();
        let before = self.parts.iter().filter_map(|(_, origins)| origins.as_ref()).flat_map(Origins::files);
        for name in before.filter(|name| patterns.iter().any(|pattern| pattern.matches(name))) {
            if !self.files.contains_key(name) {
                self.files.insert(name.clone(), files.names.len() as u32);
                files.names.push(name.clone());
            }
        }
    }

    /// The corrections of the tables that are carried.
    pub(crate) fn corrections(&self) -> Result<Vec<CorrectionFact>, CarryError> {
        let mut facts = Vec::new();
        if !self.sources.iter().any(|one| one.is_correction) {
            return Ok(facts);
        }
        self.each(&mut |from, _, dossier| {
            for filed in &dossier.records {
                for event in from.part.events(filed.events, filed.events_count) {
                    facts.extend(self.correction(from, filed, &event)?);
                }
            }
            Ok(())
        })?;
        Ok(facts)
    }

    /// Hands over every record, under its id. The second: records of lists that the catalogue has no more.
    pub(crate) fn records(
        &self,
        each: &mut dyn FnMut(&Whose, &RecordFact<'_>, RecordId) -> io::Result<()>,
    ) -> Result<Vec<u16>, CarryError> {
        let mut lost = Vec::new();
        if self.sources.iter().all(|one| one.is_correction) {
            return Ok(lost);
        }
        self.each(&mut |from, standing, dossier| {
            let mut subject = None;
            let mut lists: Option<HashMap<RecordId, u16>> = None;
            for filed in &dossier.records {
                let Some(source) =
                    self.sources.iter().find(|one| one.before == filed.source && !one.is_correction)
                else {
                    continue;
                };
                let list = match filed.kind {
                    RecordKind::List => {
                        let lists = match &mut lists {
                            Some(lists) => lists,
                            none => none.insert(self.listed(from.part, standing)?),
                        };
                        let Some(list) = lists.get(&filed.record) else {
                            lost.push(source.now);
                            continue;
                        };
                        Some(*list)
                    }
                    _ => None,
                };
                let (whose, named) = subject.get_or_insert_with(|| subject_of(from.part, standing, dossier));
                let texts = from.part.texts(filed.text, filed.text_length)?;
                let origin = self.origin(source.now, from, filed.row)?;
                let fact = fact(from.part, filed, (named, origin, list), &texts);
                each(whose, &fact, filed.record)?;
            }
            Ok(())
        })?;
        Ok(lost)
    }

    fn each(
        &self,
        work: &mut dyn FnMut(&From<'_>, &Standing<'_>, &Dossier) -> Result<(), CarryError>,
    ) -> Result<(), CarryError> {
        for (part, origins) in &self.parts {
            let from = From { part, origins: origins.as_ref() };
            for place in 0..part.subjects() {
                let Some(standing) = part.standing(place) else { continue };
                work(&from, &standing, &part.dossier(&standing)?)?;
            }
        }
        Ok(())
    }

    /// The lists of a subject's own entries, by record.
    fn listed(
        &self,
        part: &Part<Mapped>,
        standing: &Standing<'_>,
    ) -> Result<HashMap<RecordId, u16>, CarryError> {
        let own = part
            .entries_of(standing)?
            .filter(|entry| entry.category() == EntryCategory::List && entry.relation() == Relation::Own);
        Ok(own
            .filter_map(|entry| {
                let list = self.lists.get(usize::from(entry.list()?)).copied().flatten()?;
                Some((entry.record(), list))
            })
            .collect())
    }

    fn correction(
        &self,
        from: &From<'_>,
        filed: &Filed,
        event: &EventRow<'_>,
    ) -> Result<Option<CorrectionFact>, CarryError> {
        let Some((source, row)) = event.origin() else { return Ok(None) };
        let Some(source) = self.sources.iter().find(|one| one.before == source && one.is_correction) else {
            return Ok(None);
        };
        let (document, authority) = event.strings();
        let string = |number| from.part.string(number).unwrap_or_default().to_owned();
        Ok(Some(CorrectionFact {
            origin: self.origin(source.now, from, row)?,
            kind: event.event().kind,
            number: 0,
            record: filed.record,
            effective: event.event().day,
            document: string(document),
            authority: string(authority),
        }))
    }

    /// Where the row stood that is carried.
    fn origin(&self, source: u16, from: &From<'_>, row: RowPlace) -> Result<Origin, CarryError> {
        let (name, line) = match (row, from.origins) {
            (RowPlace::Here { file, line }, _) => (from.part.string(file).unwrap_or_default(), line),
            (RowPlace::Origins(number), Some(origins)) => origins.row(number)?,
            (RowPlace::Origins(_), None) => ("", 0),
        };
        Ok(Origin { source, file: self.files.get(name).copied().unwrap_or(0), line })
    }
}

/// A part of the release before.
struct From<'a> {
    part: &'a Part<Mapped>,
    origins: Option<&'a Origins<Mapped>>,
}

/// The place of the source that is meant, if it may be carried.
fn asked(name: &str, dataset: &Dataset, files: &Files) -> Result<usize, CarryError> {
    let called = |(at, source): (usize, &Source)| format!("{}-{}", at + 1, source.kind.word());
    let mut sources = dataset.sources.iter().enumerate();
    let Some((at, source)) =
        sources.find(|(at, source)| source.path == name || called((*at, *source)) == name)
    else {
        let known: Vec<String> = dataset.sources.iter().enumerate().map(called).collect();
        return Err(CarryError::Unknown { name: name.to_owned(), known: known.join(", ") });
    };
    let present = |found: String| CarryError::Present { name: name.to_owned(), found };
    if source.kind == SourceKind::Subject {
        return Err(CarryError::Register(name.to_owned()));
    }
    if source.database.is_some() {
        return Err(present("a database".to_owned()));
    }
    match files.of_source.get(at).map_or(0, |files| files.len()) {
        0 => Ok(at),
        1 => Err(present("a file".to_owned())),
        many => Err(present(format!("{many} files"))),
    }
}

/// The source of the release before that had its rows, and their day: by kind and path, else by kind and provider.
fn last_good(manifest: &Manifest, source: &Source, now: usize) -> Option<(u16, Day)> {
    let provider = source.provider.as_deref().unwrap_or_default();
    let same_kind = |at: &usize| manifest.sources[*at].kind == source.kind.word();
    let by = |fits: &dyn Fn(usize) -> bool| {
        let mut places: Vec<usize> =
            (0..manifest.sources.len()).filter(same_kind).filter(|at| fits(*at)).collect();
        // Several may fit: then the one in the same place.
        places.sort_by_key(|at| *at != now);
        places.first().copied()
    };
    let at = by(&|at| manifest.sources[at].path == source.path)
        .or_else(|| by(&|at| !provider.is_empty() && manifest.sources[at].provider == provider))?;
    let entry = &manifest.sources[at];
    let has_rows = entry.files > 0 || entry.carried.is_some();
    has_rows.then_some((u16::try_from(at).ok()?, entry.as_of.parse().ok()?))
}

/// About how many bytes the rows of these sources took, by their share of the records of the release.
fn rows_of(manifest: &Manifest, sources: &[Carried]) -> u64 {
    let origins = |part: &PartEntry| part.origins.as_ref().map_or(0, |origins| origins.bytes);
    let bytes: u64 = manifest.parts.iter().map(|part| part.bytes + origins(part)).sum();
    let records: u64 = manifest.parts.iter().map(|part| part.records).sum();
    let entries = sources.iter().filter_map(|one| manifest.sources.get(usize::from(one.before)));
    let carried: u64 = entries.map(|entry| entry.carried.unwrap_or(entry.kept)).sum();
    let share = u128::from(bytes) * u128::from(carried.min(records)) / u128::from(records.max(1));
    Room::rows_of(share as u64)
}
