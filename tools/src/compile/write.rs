//! A partition's subjects, resolved and handed to the writer in the order of the file.

use super::encode::{Encoder, Seen};
use super::linked::Linked;
use super::partition::{Packed, Partition};
use super::resolve::{Context, Kept, Resolved, Subject};
use super::rows::Place;
use crate::quality::Census;
use std::cmp::Reverse;
use std::io;
use xinhe::domain::date::Day;
use xinhe::domain::record::{RecordId, RecordKind};
use xinhe::snapshot::{EntryDraft, PartWriter, SnapshotError, SubjectKey};

/// Records of a subject that are kept unpacked while it is written; of a subject with more, each is unpacked when needed.
const UNPACKED_MAX: usize = 4096;

/// Writes the subjects of a part.
pub(crate) struct SubjectWriter<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) encoder: Encoder<'a>,
    pub(crate) writer: PartWriter,
    pub(crate) census: Census,
    /// Corrections that found their record under another authority: the name that they give, and the record's own.
    pub(crate) renamed: Vec<(RecordId, RecordId)>,
}

/// Why a part cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// What was spilled cannot be read, or something cannot be written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The part itself.
    #[error(transparent)]
    Part(#[from] SnapshotError),
}

/// The records of one subject, unpacked already or not.
struct Records<'r, 'p> {
    packed: &'r Packed<'p>,
    subject: &'r Subject,
    context: &'r Context<'p>,
    standing: &'r [Place],
    unpacked: Vec<Kept<'p>>,
}

impl<'r, 'p> Records<'r, 'p> {
    fn new(
        packed: &'r Packed<'p>,
        subject: &'r Subject,
        context: &'r Context<'p>,
        standing: &'r [Place],
    ) -> io::Result<Records<'r, 'p>> {
        let few = if standing.len() <= UNPACKED_MAX { standing } else { &[] };
        let mut unpacked = Vec::with_capacity(few.len());
        for one in few {
            unpacked.push(packed.kept(one, subject, context)?);
        }
        Ok(Records { packed, subject, context, standing, unpacked })
    }

    /// Does something with the record at this place.
    fn with<T>(&self, place: usize, work: impl FnOnce(&Kept<'p>) -> T) -> io::Result<T> {
        match self.unpacked.get(place) {
            Some(kept) => Ok(work(kept)),
            None => Ok(work(&self.packed.kept(&self.standing[place], self.subject, self.context)?)),
        }
    }
}

/// Where a record stands in a dossier.
struct FiledAt {
    order: (RecordKind, Day, RecordId),
    place: usize,
    seen: Seen,
}

/// Where an entry stands among those of a subject: entries first, then evaluations, those of a kind together, the
/// latest first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct EntryAt {
    is_grade: bool,
    kind: Option<String>,
    since: Reverse<Day>,
    record: RecordId,
    source: Source,
}

/// Whose entry it is, and its place among those.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Own(usize),
    Linked(usize),
}

impl EntryAt {
    fn of(entry: &EntryDraft<'_>, source: Source) -> EntryAt {
        let is_grade = entry.category.is_none();
        let kind = entry.title.as_deref().filter(|_| is_grade).map(str::to_owned);
        EntryAt { is_grade, kind, since: Reverse(entry.since), record: entry.record, source }
    }
}

impl SubjectWriter<'_> {
    /// Writes subjects of a partition.
    pub(crate) fn subjects(
        &mut self,
        partition: &Partition,
        resolved: &[Resolved],
    ) -> Result<(), WriteError> {
        resolved.iter().try_for_each(|one| self.subject(&partition.subject(&one.spot), one))
    }

    fn subject(&mut self, packed: &Packed<'_>, resolved: &Resolved) -> Result<(), WriteError> {
        let Resolved { subject, standing, .. } = resolved;
        let context = self.context;
        self.renamed.extend(subject.renamed.iter().map(|(own, named)| (*named, *own)));
        let key = match (subject.group.main_code(), &subject.by_key) {
            (Some(main), _) => SubjectKey::of(main, self.encoder.key),
            (None, Some(by_key)) => by_key.key,
            (None, None) => return Ok(()),
        };
        let records = Records::new(packed, subject, &context, standing)?;
        let linked = packed.linked(subject, &context)?;
        let filed = self.filed(&records)?;
        if filed.is_empty() && !subject.group.registered {
            return Ok(());
        }
        self.writer.begin(&key)?;
        self.entries(&records, &filed, &linked)?;
        for at in &filed {
            records.with(at.place, |kept| {
                let draft = self.encoder.filed(kept, &at.seen, subject.group.kind);
                self.census.record(&kept.fact, &draft);
                self.writer.record(&draft)
            })??;
        }
        let draft = self.encoder.subject(subject, &key);
        self.census.subject(&draft);
        Ok(self.writer.end(&draft)?)
    }

    /// The records that a check may still be asked about, as dossiers order them.
    fn filed(&self, records: &Records<'_, '_>) -> io::Result<Vec<FiledAt>> {
        let oldest = self.encoder.oldest();
        let mut filed = Vec::with_capacity(records.standing.len());
        for place in 0..records.standing.len() {
            let at = records.with(place, |kept| {
                let seen = self.encoder.publication(kept);
                let order = (super::sameness::kind_of(&kept.fact.detail), kept.fact.date, kept.id);
                FiledAt { order, place, seen }
            })?;
            if at.seen.end.day.is_none_or(|last| last >= oldest) {
                filed.push(at);
            }
        }
        filed.sort_unstable_by_key(|at| at.order);
        Ok(filed)
    }

    fn entries(
        &mut self,
        records: &Records<'_, '_>,
        filed: &[FiledAt],
        linked: &[Linked<'_>],
    ) -> Result<(), WriteError> {
        let mut order = Vec::new();
        for (nth, at) in filed.iter().enumerate() {
            records.with(at.place, |kept| {
                order.extend(
                    self.encoder.entry(kept, &at.seen).map(|entry| EntryAt::of(&entry, Source::Own(nth))),
                );
            })?;
        }
        for (nth, one) in linked.iter().enumerate() {
            order
                .extend(self.encoder.listed(&one.kept).map(|entry| EntryAt::of(&entry, Source::Linked(nth))));
        }
        order.sort_unstable();
        for at in order {
            match at.source {
                Source::Own(nth) => records.with(filed[nth].place, |kept| {
                    let entry = self.encoder.entry(kept, &filed[nth].seen);
                    entry.map_or(Ok(()), |entry| self.writer.entry(&entry))
                })??,
                Source::Linked(nth) => {
                    if let Some(mut entry) = self.encoder.listed(&linked[nth].kept) {
                        entry.relation = linked[nth].relation;
                        self.writer.entry(&entry)?;
                    }
                }
            }
        }
        Ok(())
    }
}
