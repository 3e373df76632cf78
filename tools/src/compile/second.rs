//! The second pass: the parts are written, and what is told about them.

use super::encode::Encoder;
use super::fragment::{Fragment, Fragments, PartError};
use super::inputs::Inputs;
use super::output::{self, About, Measured, Outcome, Staging};
use super::resolve::{Context, Resolver};
use super::tally::{Reasons, Tally};
use super::work::Work;
use super::write::SubjectWriter;
use super::{BuildError, Built, First, Plan, Watch, measure, parts};
use crate::dataset::Dataset;
use crate::quality::{Census, Counted, Quality};
use crate::witness::Sample;
use std::collections::BTreeMap;
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;
use xinhe::domain::record::RecordId;
use xinhe::release::{Manifest, PartEntry, open_part};
use xinhe::snapshot::schema::Counts;
use xinhe::snapshot::{PartWriter, Trust};

/// What became of a build.
#[derive(Debug)]
pub enum Made {
    /// The release is there.
    Release(Box<Built>),
    /// The part is, and other parts are not yet.
    Part(PartBuilt),
}

/// A part that was compiled alone.
#[derive(Debug)]
pub struct PartBuilt {
    /// Name of the release.
    pub release: String,
    /// The part.
    pub entry: PartEntry,
    /// Numbers of the parts that are not there yet, from 1; none: the release was there already, with this very part.
    pub missing: Vec<u32>,
}

/// What the parts hold and what was counted in them.
struct Written {
    tally: Tally,
    census: Census,
    counts: Counts,
    entries: Vec<PartEntry>,
    renamed: Vec<(RecordId, RecordId)>,
}

impl Written {
    fn new(empty: &Census) -> Written {
        Written {
            tally: Tally::default(),
            census: empty.clone(),
            counts: Counts::default(),
            entries: Vec::new(),
            renamed: Vec::new(),
        }
    }

    /// Takes in a part that another process may have compiled.
    fn add(&mut self, fragment: Fragment, empty: &Census, staged: &Staging) -> Result<(), BuildError> {
        let damaged = |why: &str| PartError::Damaged {
            path: staged.folder().join(&fragment.entry.file),
            why: format!("part {}: {why}", fragment.number),
        };
        let census = fragment.census.census(empty);
        self.census.add(&census.ok_or_else(|| damaged("it counts other sources and lists"))?);
        let part =
            open_part(staged.folder(), &fragment.entry, Trust::Sums).map_err(output::OutputError::from)?;
        self.counts.add(&part.meta()?.counts);
        let id = |text: &String| RecordId::parse(text).ok_or_else(|| damaged("it names no record"));
        for (named, found) in &fragment.renamed {
            self.renamed.push((id(named)?, id(found)?));
        }
        self.tally.add(&Tally::of_accounts(fragment.accounts));
        self.entries.push(fragment.entry);
        Ok(())
    }
}

/// Writes the parts and what is told about them, and gives the release its name.
pub(super) fn second_pass(
    work: &Work<'_>,
    about: &About<'_>,
    first: First,
    (plan, staging, fragments): (&Plan<'_>, Staging, Option<(Fragments, Inputs)>),
    progress: &dyn Watch,
) -> Result<Made, BuildError> {
    let days: Vec<Day> = about.dataset.sources.iter().map(|source| source.as_of).collect();
    let empty = Census::new(about.dataset.as_of, &days, about.limits.late_days, about.catalogue);
    let written = write_parts(work, about, &first, (&staging, &empty), progress)?;
    let Some((fragments, mut inputs)) = fragments else {
        let built = tell(work, about, (first, written), (plan, &staging), progress)?;
        staging.publish(plan.out)?;
        return Ok(Made::Release(Box::new(built)));
    };
    let counts = (&first.found.tally, &*first.counts, &first.corrections);
    inputs.add_rows(about, counts, &first.rejects)?;
    let own = fragment(&fragments, inputs, &first, (written, about.dataset.sources.len()))
        .ok_or_else(super::work::damaged)?;
    let _held = fragments.hold()?;
    if let Some(manifest) = fragments.released(about.release) {
        return already(manifest, &fragments, own.entry, plan);
    }
    // What is there is compared before anything is changed.
    fragments.compare(&own.inputs)?;
    fragments.place(staging.folder(), &own)?;
    let all = fragments.all(&own.inputs)?;
    let missing = fragments.missing(&all);
    if !missing.is_empty() {
        return Ok(Made::Part(PartBuilt { release: about.release.to_owned(), entry: own.entry, missing }));
    }
    let mut written = Written::new(&empty);
    for fragment in all {
        fragments.link(&fragment, staging.folder())?;
        first.corrections.found(fragment.corrected.iter().filter_map(|id| RecordId::parse(id)));
        written.add(fragment, &empty, &staging)?;
    }
    let built = tell(work, about, (first, written), (plan, &staging), progress)?;
    staging.publish(plan.out)?;
    leave(&fragments, progress);
    Ok(Made::Release(Box::new(built)))
}

/// The release came while this part was compiled: it must hold this very part.
fn already(
    manifest: Manifest,
    fragments: &Fragments,
    entry: PartEntry,
    plan: &Plan<'_>,
) -> Result<Made, BuildError> {
    if manifest.parts.get(fragments.part as usize) != Some(&entry) {
        return Err(output::OutputError::Taken(plan.out.to_path_buf()).into());
    }
    leave(fragments, &());
    Ok(Made::Part(PartBuilt { release: manifest.release, entry, missing: Vec::new() }))
}

fn leave(fragments: &Fragments, progress: &dyn Watch) {
    if let Err(error) = fragments.remove() {
        let folder = fragments.folder().display();
        progress.remark(&format!("the release is there; {folder} cannot be removed: {error}"));
    }
}

/// What this process tells of its part. None: something was counted that a fragment does not tell.
fn fragment(
    fragments: &Fragments,
    inputs: Inputs,
    first: &First,
    (written, sources): (Written, usize),
) -> Option<Fragment> {
    let Written { tally, census, mut entries, renamed, .. } = written;
    if !tally.rejects.is_empty() || !tally.warnings.is_empty() {
        return None;
    }
    let ids = |(named, found): (RecordId, RecordId)| (named.to_string(), found.to_string());
    Some(Fragment {
        format: Fragment::FORMAT,
        number: fragments.part + 1,
        inputs,
        entry: entries.pop()?,
        accounts: tally.accounts(sources),
        census: Counted::of(&census),
        corrected: first.corrections.those_found().map(|id| id.to_string()).collect(),
        renamed: renamed.into_iter().map(ids).collect(),
    })
}

/// Writes the parts that are asked for.
fn write_parts(
    work: &Work<'_>,
    about: &About<'_>,
    first: &First,
    (staging, empty): (&Staging, &Census),
    progress: &dyn Watch,
) -> Result<Written, BuildError> {
    let mut written = Written::new(empty);
    let context = Context {
        work,
        settled: &first.settled,
        corrections: &first.corrections,
        is_any_lost: first.corrections.is_any_lost(),
        strange: &first.found.strange,
        owners: &first.found.owners,
    };
    let encoder = Encoder { catalogue: work.catalogue, key: work.key, as_of: about.dataset.as_of };
    let asked: Vec<u32> = (0..work.parts).filter(|part| work.only.is_none_or(|only| only == *part)).collect();
    let all = u64::from(work.ranges) * asked.len() as u64;
    for (turn, part) in (0..).zip(&asked) {
        let sections = work.folder.join(format!("sections-{part}"));
        std::fs::create_dir(&sections)?;
        let mut resolver = Resolver { context, tally: Tally::default(), census: empty.clone() };
        let writer = PartWriter::new(&sections, (work.memory / 8) as usize)?;
        let mut writer =
            SubjectWriter { context, encoder, writer, census: empty.clone(), renamed: Vec::new() };
        let rows = parts::Rows { work, part: *part, rows: &first.rows, heads: &first.heads };
        rows.write(&mut resolver, &mut writer, &|done| {
            progress.partition(turn * u64::from(work.ranges) + u64::from(done), all);
        })?;
        written.tally.add(&resolver.tally);
        written.census.add(&resolver.census);
        written.census.add(&writer.census);
        written.renamed.extend(writer.renamed);
        let (entry, counts) = staging.part(about, writer.writer, (*part, work.parts))?;
        written.entries.push(entry);
        written.counts.add(&counts);
    }
    Ok(written)
}

/// Writes what is told about the parts, which lie in the staged folder.
fn tell(
    work: &Work<'_>,
    about: &About<'_>,
    (first, written): (First, Written),
    (plan, staging): (&Plan<'_>, &Staging),
    progress: &dyn Watch,
) -> Result<Built, BuildError> {
    let First { rejects, corrections, folded, found, counts: sources, sample, carried, .. } = first;
    let Written { tally: of_parts, mut census, counts, entries, renamed } = written;
    let mut tally = found.tally;
    tally.add(&of_parts);
    let (applied, orphans) = corrections.finish();
    for orphan in &orphans {
        match orphan.number {
            0 => census.orphan(orphan),
            number => census.orphan_of_store(u64::from(number), orphan.kind, orphan.record, orphan.effective),
        }
    }
    for list in unknown_supplies(about.dataset, about.catalogue) {
        tally.warn(list, "unknown_supplied_list");
    }
    let carried = carried.into_iter().map(|source| (source, tally.take_carried(source))).collect();
    let outcome = Outcome {
        tally: &tally,
        census: &census,
        sources: &sources,
        carried: &carried,
        applied,
        orphans: &orphans,
        renamed: &renamed,
        folded: folded.last,
    };
    let manifest = output::manifest(about, &outcome, entries);
    let measured = measured(work, about, (plan, staging, &manifest), (sample, &renamed), progress)?;
    let (manifest, quality): (Manifest, Quality) =
        staging.documents(about, &outcome, manifest, measured, &rejects)?;
    Ok(Built {
        manifest,
        guardrails: quality.guardrails,
        counts,
        accounts: tally.accounts(about.dataset.sources.len()),
        rejects: by_reason(&tally.rejects),
        warnings: by_reason(&tally.warnings),
        orphans: orphans.len() as u64,
        renamed: renamed.len() as u64,
        remarks: about.remarks.to_vec(),
        unusable: folded.unusable,
    })
}

/// Asks the parts that are written what the release before and the naive model say of them.
fn measured(
    work: &Work<'_>,
    about: &About<'_>,
    (plan, staging, manifest): (&Plan<'_>, &Staging, &Manifest),
    (sample, renamed): (Option<Sample>, &[(RecordId, RecordId)]),
    progress: &dyn Watch,
) -> Result<Measured, BuildError> {
    let (staged, day) = ((staging.folder(), manifest), about.dataset.as_of);
    let compared = |done, all| progress.compared(done, all);
    let verdicts = plan.previous.map(|old| measure::verdicts(old, staged, day, &compared)).transpose()?;
    let sample = sample.map(|sample| measure::sample(sample, renamed, staged, work.key, day)).transpose()?;
    Ok(Measured { verdicts, sample })
}

/// Sums over the sources.
fn by_reason(reasons: &Reasons) -> BTreeMap<&'static str, u64> {
    let mut sums = BTreeMap::new();
    for ((_, reason), count) in reasons {
        *sums.entry(*reason).or_default() += count;
    }
    sums
}

/// Those of one source.
pub(super) fn by_source(reasons: &Reasons, place: usize) -> BTreeMap<&'static str, u64> {
    let own = reasons.iter().filter(|((source, _), _)| usize::from(*source) == place);
    own.map(|((_, reason), count)| (*reason, *count)).collect()
}

/// Sources that supply a list which the catalogue lacks, once for each: it can never be stale, so most likely it is a slip
/// of the pen.
fn unknown_supplies(dataset: &Dataset, catalogue: &Catalogue) -> Vec<u16> {
    let sources = (0..).zip(&dataset.sources);
    let supplies = sources.flat_map(|(place, source)| source.supplies.iter().map(move |list| (place, list)));
    supplies.filter(|(_, list)| catalogue.list(list).is_none()).map(|(place, _)| place).collect()
}
