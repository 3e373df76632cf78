//! From a dataset to a release, in two passes and bounded memory.
//!
//! The register is read first and settled: who is who. Then every record is judged, packed and spilled by the hash of its
//! subject's key. Then partition by partition is read back, resolved and written, in the order of the file.

mod best;
mod carried;
mod carry;
mod corrections;
mod digesting;
mod disk;
mod encode;
mod fragment;
mod inputs;
mod linked;
mod measure;
mod output;
mod pack;
mod partition;
mod parts;
mod plan;
mod register;
mod registrar;
mod rejects;
mod renamed;
mod resolve;
mod route;
mod rows;
mod sameness;
mod second;
mod sets;
mod settle;
mod spill;
mod stored;
mod strangers;
mod table;
mod tally;
mod texts;
mod version;
mod work;
mod write;

pub use carry::CarryError;
pub use disk::Room;
pub use fragment::PartError;
pub use measure::MeasureError;
pub use output::OutputError;
pub use plan::{BuildError, Built, MEMORY, Plan, Watch};
pub use second::{Made, PartBuilt};
pub use tally::{Account, Reasons};
pub use write::WriteError;

use crate::catalog;
use crate::dataset::Dataset;
use crate::facts::{CorrectionFact, Sink};
use crate::guardrail::Limits;
use crate::ingest::{self, Files, SourceCount, Tap, Which};
use crate::quality::Quality;
use crate::witness::Sample;
use carry::Carry;
use corrections::Corrections;
use fragment::Fragments;
use inputs::Inputs;
use measure::{Drawing, Watching};
use output::{About, Staging};
use registrar::Registrar;
use rejects::REJECT_ROOMS;
use route::{Found, Places, Router};
use second::{by_source, second_pass};
use settle::Settled;
use spill::Spill;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use stored::Stored;
use tally::Tally;
use work::Work;
use xinhe::domain::date::Day;

/// Builds a release. Nothing stays behind if it fails or is interrupted.
pub fn build(plan: &Plan<'_>, progress: &dyn Watch) -> Result<Built, BuildError> {
    match make(plan, None, progress)? {
        Made::Release(built) => Ok(*built),
        // Only a part that is compiled alone waits for others.
        Made::Part(_) => Err(work::damaged().into()),
    }
}

/// Compiles one part of `plan.parts`, counted from 1, in this process. It waits beside `plan.out` for the others, which other
/// processes compile from the same inputs; the one that finds all of them puts the release together.
pub fn build_part(plan: &Plan<'_>, number: u32, progress: &dyn Watch) -> Result<Made, BuildError> {
    match number.checked_sub(1).filter(|part| *part < plan.parts) {
        Some(part) => make(plan, Some(part), progress),
        None => Err(BuildError::NoPart { number, parts: plan.parts }),
    }
}

fn make(plan: &Plan<'_>, only: Option<u32>, progress: &dyn Watch) -> Result<Made, BuildError> {
    let mut dataset = Dataset::open(plan.input)?;
    let (catalogue, remarks) = catalog::read(plan.catalog)?;
    let mut files = Files::find(&dataset)?;
    let carry = Carry::open(plan, &mut dataset, &mut files, &catalogue)?;
    let limits = Limits::read(plan.input)?;
    let previous = plan.previous.map(Quality::read).transpose()?;
    let release = release_name(plan.previous, dataset.as_of)?;
    let carried_bytes = carry.as_ref().map_or(0, |carry| carry.bytes);
    let room = room(plan.out, (&dataset, &files, carried_bytes), only.map(|_| plan.parts))?;
    progress.room(&room);
    let about = About {
        release: &release,
        dataset: &dataset,
        files: &files,
        catalogue: &catalogue,
        key: plan.key,
        remarks: &remarks,
        limits: &limits,
        previous: previous.as_ref(),
    };
    let fragments = only.map(|part| fragments(plan, &about, part)).transpose()?;
    let staging = match &fragments {
        // A part may come once more when the release is there already.
        Some((fragments, _)) if fragments.released(&release).is_some() => Staging::beside(plan.out)?,
        _ => Staging::new(plan.out)?,
    };
    let temporary = Staging::temporary(plan.out)?;
    let priorities: Vec<i64> = dataset.sources.iter().map(|source| i64::from(source.priority)).collect();
    let work = Work {
        catalogue: &catalogue,
        priorities: &priorities,
        key: plan.key,
        folder: temporary.path(),
        threads: plan.threads,
        memory: plan.memory,
        parts: plan.parts,
        only,
        ranges: Work::ranges(room.rows, plan.memory, plan.parts),
        has_links: Work::links(&catalogue),
        is_carrying: carry.is_some(),
    };
    let first = first_pass(&work, &about, (plan, carry.as_ref()), progress)?;
    second_pass(&work, &about, first, (plan, staging, fragments), progress)
}

/// Where the parts of the release come together, and what they must all be compiled from. Parts of something else that are
/// there already are told before any work is done.
fn fragments(plan: &Plan<'_>, about: &About<'_>, part: u32) -> Result<(Fragments, Inputs), BuildError> {
    let fragments = Fragments::beside(plan.out, (part, plan.parts));
    let inputs = Inputs::known(plan, about)?;
    fragments.compare(&inputs)?;
    Ok((fragments, inputs))
}

/// What the build needs on the disk of the release; too little is told before any work is done.
fn room(
    out: &Path,
    (dataset, files, carried): (&Dataset, &Files, u64),
    alone: Option<u32>,
) -> Result<Room, BuildError> {
    let beside = parent(out);
    let io = |source| OutputError::Io { path: beside.clone(), source };
    std::fs::create_dir_all(&beside).map_err(io)?;
    let room = Room::of((dataset, files, carried), alone, &beside).map_err(io)?;
    if room.is_enough() { Ok(room) } else { Err(BuildError::Room { folder: beside, room }) }
}

/// What the first pass leaves for the second.
struct First {
    settled: Settled,
    heads: Spill,
    rows: Spill,
    rejects: Spill,
    corrections: Corrections,
    folded: Folded,
    found: Found,
    counts: Vec<SourceCount>,
    sample: Option<Sample>,
    carried: Vec<u16>,
}

/// What of the store is folded in.
struct Folded {
    /// The number of the last one.
    last: u64,
    /// Those that this build cannot fold in, and why.
    unusable: Vec<(u32, &'static str)>,
}

/// Reads every source: who is who, then whose each record is.
fn first_pass(
    work: &Work<'_>,
    about: &About<'_>,
    (plan, carry): (&Plan<'_>, Option<&Carry>),
    progress: &dyn Watch,
) -> Result<First, BuildError> {
    let files = about.files;
    let spill = |name: &str, partitions: usize| Spill::new(work.folder, name, partitions);
    let rows = spill("rows", work.partitions())?;
    let heads = spill("heads", work.partitions())?;
    let rejects = spill("rejects", files.names.len() * REJECT_ROOMS)?;
    let (register, loose, linking) = (spill("register", 1)?, spill("loose", 1)?, spill("linking", 1)?);

    let read = Reading { work, about, progress };
    let mut tally = Tally::default();
    let mut registrars = Vec::new();
    registrars.resize_with(work.threads, || Registrar::new(&register, &rejects, work));
    let drawing = drawing(plan, about, progress);
    let mut counts = read.sources(Which::Register, &mut registrars, drawing.as_ref())?;
    let mut corrected = Vec::new();
    if let Some(carry) = carry {
        corrected.extend(carry.corrections()?);
    }
    let stored = Stored::new(plan.stored, plan.key, about.catalogue);
    let watching = watching(drawing, (&corrected, &stored, carry), about, progress);
    for registrar in registrars {
        corrected.extend(registrar.finish(&mut tally)?);
    }
    let settled = settle::settle(work, register, &heads)?;
    tally.add(&settled.tally);

    let mut corrections = Corrections::new(corrected, |fact, is_new| {
        let account = tally.account(fact.origin.source);
        *(if is_new { &mut account.kept } else { &mut account.merged }) += 1;
    });
    corrections.add_stored(&stored);

    let places = Places { rows: &rows, loose, linking, rejects: &rejects };
    let all = Mutex::new(Found::default());
    let mut routers = Vec::new();
    routers.resize_with(work.threads, || Router::new(&places, work, &settled, &corrections));
    add_counts(&mut counts, read.sources(Which::Records, &mut routers, watching.as_ref())?);
    if let Some(router) = routers.first_mut() {
        stored.listings.iter().try_for_each(|listing| router.listing(listing))?;
    }
    if let (Some(carry), Some(router)) = (carry, routers.first_mut()) {
        let lost = carry.records(&mut |whose, fact, id| router.carried(whose, fact, id))?;
        lost.into_iter().for_each(|source| router.odd(source, "carried_unknown_list"));
    }
    for router in routers {
        router.finish(&all)?;
    }
    let mut found = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    strangers::route(work, &places, &settled, &corrections, &found.owners)?;
    linked::route(work, &places, &settled, &heads)?;
    corrections.look_for_lost(&stored, plan.previous, plan.key.id()).map_err(BuildError::Previous)?;
    found.tally.add(&tally);
    for (source, count) in (0..).zip(&counts) {
        for (reason, warned) in &count.warnings {
            *found.tally.warnings.entry((source, reason)).or_default() += warned;
        }
    }
    let sample = watching.map(Watching::settle);
    let carried = carry.map(|carry| carry.places().collect()).unwrap_or_default();
    let folded = Folded { last: stored.last, unusable: stored.unusable };
    Ok(First { settled, heads, rows, rejects, corrections, folded, found, counts, sample, carried })
}

/// How sources are read.
struct Reading<'a> {
    work: &'a Work<'a>,
    about: &'a About<'a>,
    progress: &'a dyn Watch,
}

impl Reading<'_> {
    fn sources<S: Sink, T: Tap>(
        &self,
        which: Which,
        sinks: &mut [S],
        tap: Option<&T>,
    ) -> Result<Vec<SourceCount>, BuildError> {
        let About { dataset, files, .. } = self.about;
        let (catalogue, tap) = (self.work.catalogue, tap.map(|tap| tap as &dyn Tap));
        let read = ingest::read_tapped;
        Ok(read(dataset, files, which, catalogue, dataset.as_of, sinks, self.progress, tap)?)
    }
}

/// Begins the sample for the naive model. Of parts that are compiled alone, any may turn out to be the last.
fn drawing(plan: &Plan<'_>, about: &About<'_>, progress: &dyn Watch) -> Option<Drawing> {
    let drawing = Drawing::new(about.release, plan.input, plan.catalog);
    drawing
        .map_err(|error| progress.remark(&format!("no sample is checked by the naive model: {error}")))
        .ok()
}

fn watching(
    drawing: Option<Drawing>,
    (corrected, stored, carry): (&[CorrectionFact], &Stored, Option<&Carry>),
    about: &About<'_>,
    progress: &dyn Watch,
) -> Option<Watching> {
    let mut sample = drawing?.settle(corrected, stored, about.catalogue);
    if let (Some(sample), Some(carry)) = (&mut sample, carry) {
        for place in carry.places() {
            sample.carried(place, &about.dataset.sources[usize::from(place)].as_of.to_string());
        }
    }
    if sample.is_none() {
        progress
            .remark("no sample is checked by the naive model: too many rows of the register hang together");
    }
    sample.map(Watching::new)
}

/// Sources are read in turns; each turn counts its own.
fn add_counts(counts: &mut [SourceCount], more: Vec<SourceCount>) {
    for (count, more) in counts.iter_mut().zip(more) {
        count.add(more);
    }
}

/// The day of the data and a running number: one more than the previous release of the same day.
fn release_name(previous: Option<&Path>, as_of: Day) -> Result<String, BuildError> {
    let mut number = 1;
    if let Some(dir) = previous {
        let manifest = xinhe::release::read_manifest(dir).map_err(BuildError::Previous)?;
        if let Some((day, last)) = manifest.release.rsplit_once('.')
            && day == as_of.to_string()
        {
            number = last.parse::<u32>().map_or(1, |last| last + 1);
        }
    }
    Ok(format!("{as_of}.{number}"))
}

/// The folder beside which a release is staged.
pub(crate) fn parent(out: &Path) -> PathBuf {
    match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
