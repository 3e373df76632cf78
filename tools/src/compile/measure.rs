//! What the guardrails need beside the counts of the build: verdicts against the release before, and the naive model's
//! answers for a random sample of subjects.
//!
//! The sample is drawn while the register is read: rows that may belong to it are kept as text until it is settled, then
//! the rows of records that speak of it. All that is bounded; what does not fit is left out of the sample, and said.

use super::stored::Stored;
use crate::dataset::SourceKind;
use crate::diff::{DiffError, Side, verdicts_changed};
use crate::facts::{CorrectionFact, Origin};
use crate::ingest::{Numbers, Tap};
use crate::quality::{SampleDifference, SampleFigures};
use crate::witness::{Comparison, Sample, SampleError, Urgent};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;
use xinhe::domain::record::RecordId;
use xinhe::domain::text::mask_number;
use xinhe::release::{Manifest, ReleaseError, open_part};
use xinhe::snapshot::{PersonKey, Snapshot, Trust};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of rows of the register that are kept until the sample is settled.
const REGISTER_BYTES_MAX: usize = 48 << 20;
/// Rows of records that are kept of one subject.
const ROWS_MAX: u32 = 1_000;
/// Bytes of rows of records that are kept of all.
const RECORD_BYTES_MAX: usize = 16 << 20;
/// Differences that are told one by one.
const DIFFERENCES_MAX: usize = 100;
/// Divides the cells of a row that is kept: no table holds this control character.
const DIVIDER: char = '\u{1F}';

/// A row that is kept: its cells in the order of the contract's columns.
struct Kept {
    origin: Origin,
    kind: SourceKind,
    cells: String,
}

impl Kept {
    fn of(kind: SourceKind, origin: Origin, cells: &[(&'static str, &str)]) -> Kept {
        let mut text = String::with_capacity(cells.iter().map(|(_, cell)| cell.len() + 1).sum());
        for (place, (_, cell)) in cells.iter().enumerate() {
            if place > 0 {
                text.push(DIVIDER);
            }
            text.extend(cell.chars().filter(|c| *c != DIVIDER));
        }
        Kept { origin, kind, cells: text }
    }

    fn bytes(&self) -> usize {
        self.cells.len() + size_of::<Kept>()
    }

    fn cells(&self) -> Vec<(&str, &str)> {
        crate::ingest::columns_of(self.kind).zip(self.cells.split(DIVIDER)).collect()
    }
}

/// Rows in the order of files and lines, so that threads change nothing.
fn in_order(mut rows: Vec<Kept>) -> Vec<Kept> {
    rows.sort_unstable_by_key(|row| row.origin);
    rows
}

fn show(sample: &mut Sample, rows: &[Kept]) {
    rows.iter().for_each(|row| sample.row(row.origin.source, &row.cells()));
}

/// Draws a sample from the rows of the register.
pub(crate) struct Drawing(Mutex<Drawn>);

struct Drawn {
    sample: Sample,
    rows: Vec<Kept>,
    bytes: usize,
}

impl Drawing {
    /// Begins. The release's name is the seed.
    pub(crate) fn new(release: &str, dataset: &Path, catalogue: &Path) -> Result<Drawing, SampleError> {
        let sample = Sample::new(xxh3_64(release.as_bytes()), dataset, catalogue)?;
        Ok(Drawing(Mutex::new(Drawn { sample, rows: Vec::new(), bytes: 0 })))
    }

    /// The sample, with its rows of the register and all corrections. None: more rows hang together than are kept.
    pub(crate) fn settle(
        self,
        carried: &[CorrectionFact],
        stored: &Stored,
        catalogue: &Catalogue,
    ) -> Option<Sample> {
        let Drawn { mut sample, rows, bytes } = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        if bytes > REGISTER_BYTES_MAX {
            return None;
        }
        let rows = in_order(rows);
        sample.settle(rows.iter().map(Kept::cells));
        show(&mut sample, &rows);
        for fact in carried {
            let (record, effective) = (fact.record.to_string(), fact.effective.to_string());
            sample.correction(&record, fact.kind.word(), &effective);
        }
        for (record, act) in stored.acts_by_record() {
            sample.correction(&record.to_string(), act.event.kind.word(), &act.event.day.to_string());
        }
        for record in &stored.records {
            if let Some(same) = &record.same {
                sample.same_record(record.ids.iter().map(ToString::to_string).collect(), same, &record.keys);
            }
        }
        for listing in &stored.listings {
            sample.urgent(Urgent {
                key: listing.key,
                list: catalogue.list_at(listing.list).map(|list| list.code.clone()).unwrap_or_default(),
                since: listing.since.to_string(),
                until: listing.until.map(|day| day.to_string()).unwrap_or_default(),
                document: listing.document.clone(),
                authority: listing.authority.clone(),
            });
        }
        Some(sample)
    }

    fn drawn(&self) -> MutexGuard<'_, Drawn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tap for Drawing {
    fn wants(&self, kind: SourceKind, numbers: &Numbers<'_>) -> bool {
        let is_any = |numbers: &[&str]| numbers.iter().any(|number| !number.is_empty());
        match kind {
            SourceKind::Correction => true,
            _ if is_any(&numbers.linked) => true,
            _ if numbers.current.is_empty() && is_any(&numbers.older) => true,
            _ => self.drawn().sample.may_draw(numbers.current, &numbers.older, numbers.person),
        }
    }

    fn row(&self, kind: SourceKind, origin: Origin, cells: &[(&'static str, &str)]) {
        let mut drawn = self.drawn();
        if kind == SourceKind::Correction {
            return drawn.sample.row(origin.source, cells);
        }
        if drawn.sample.register_row(cells) && drawn.bytes <= REGISTER_BYTES_MAX {
            let row = Kept::of(kind, origin, cells);
            drawn.bytes += row.bytes();
            drawn.rows.push(row);
        }
    }
}

/// Keeps the records that speak of a sample.
pub(crate) struct Watching {
    sample: Sample,
    rows: Mutex<Vec<Kept>>,
    bytes: AtomicUsize,
    /// By subject of the sample: rows seen.
    seen: Vec<AtomicU32>,
}

impl Watching {
    pub(crate) fn new(sample: Sample) -> Watching {
        let seen = (0..sample.subjects()).map(|_| AtomicU32::new(0)).collect();
        Watching { sample, rows: Mutex::default(), bytes: AtomicUsize::new(0), seen }
    }

    /// The sample with all its rows; subjects with more than are kept are left out.
    pub(crate) fn settle(self) -> Sample {
        let Watching { mut sample, rows, seen, .. } = self;
        for (pick, seen) in seen.into_iter().enumerate() {
            if seen.into_inner() > ROWS_MAX {
                sample.leave_out(pick);
            }
        }
        show(&mut sample, &in_order(rows.into_inner().unwrap_or_else(PoisonError::into_inner)));
        sample
    }
}

impl Tap for Watching {
    fn wants(&self, _: SourceKind, numbers: &Numbers<'_>) -> bool {
        let Some(pick) = self.sample.whose(numbers.all()) else { return false };
        let Some(seen) = self.seen.get(pick) else { return false };
        if self.bytes.load(Ordering::Relaxed) > RECORD_BYTES_MAX {
            seen.store(ROWS_MAX + 1, Ordering::Relaxed);
        }
        // Never so often that it could begin anew.
        seen.load(Ordering::Relaxed) <= ROWS_MAX && seen.fetch_add(1, Ordering::Relaxed) < ROWS_MAX
    }

    fn row(&self, kind: SourceKind, origin: Origin, cells: &[(&'static str, &str)]) {
        let row = Kept::of(kind, origin, cells);
        self.bytes.fetch_add(row.bytes(), Ordering::Relaxed);
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).push(row);
    }
}

/// Why the release that is being written cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The two releases cannot be compared.
    #[error("{0}")]
    Diff(#[from] DiffError),
    /// The release cannot be asked.
    #[error("{0}")]
    Sample(#[from] SampleError),
    /// The release cannot be opened.
    #[error("{0}")]
    Release(#[from] ReleaseError),
}

/// By matter the verdicts that the new tables alone changed: both releases are judged on the day of the new one, and as
/// if no list were stale. What time changes, changes without publishing, and staleness is told of its source.
pub(crate) fn verdicts(
    old: &Path,
    (staged, manifest): (&Path, &Manifest),
    day: Day,
    progress: &dyn Fn(u64, u64),
) -> Result<BTreeMap<String, (u64, u64)>, MeasureError> {
    let old = Side::open(old, Some(day), Trust::Nothing)?.as_if_fresh();
    let new = Side::of(staged, manifest.clone(), Some(day), Trust::Sums)?.as_if_fresh();
    Ok(verdicts_changed(&old, &new, progress)?)
}

/// What the naive model says of the release.
pub(crate) fn sample(
    mut sample: Sample,
    renamed: &[(RecordId, RecordId)],
    (staged, manifest): (&Path, &Manifest),
    key: &PersonKey,
    day: Day,
) -> Result<SampleFigures, MeasureError> {
    let parts = manifest.parts.iter().map(|entry| open_part(staged, entry, Trust::Sums));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    for (named, found) in renamed {
        sample.renamed(&named.to_string(), &found.to_string());
    }
    let snapshot = Snapshot::new(parts, &key.clone().into()).map_err(SampleError::from)?;
    Ok(told(sample.compare(&snapshot, day)?))
}

/// Without any number or name in the clear.
fn told(compared: Comparison) -> SampleFigures {
    let Comparison { subjects, left_out, questions, differences } = compared;
    let differing: BTreeSet<&str> = differences.iter().map(|one| one.subject.as_str()).collect();
    let masked = |number: &str| {
        let mut text = String::new();
        mask_number(number, &mut text);
        text
    };
    let told = differences.iter().take(DIFFERENCES_MAX).map(|one| SampleDifference {
        subject: masked(&one.subject),
        matter: one.matter.clone(),
        what: one.what.to_owned(),
        record: one.record.clone(),
    });
    SampleFigures {
        subjects,
        left_out,
        questions,
        differing: differing.len() as u64,
        differences: told.collect(),
    }
}
