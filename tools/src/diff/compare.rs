//! One subject of two releases: what began, what ended, what is otherwise.

use super::Tell;
use super::change::{Change, Event, Told, Why};
use super::side::{At, DiffError, Side};
use super::verdicts::Verdicts;
use super::view::{GradeSeen, Seen, View, state, told};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use xinhe::domain::date::Day;
use xinhe::domain::record::RecordId;
use xinhe::domain::subject::StateClass;
use xinhe::snapshot::EntryCategory;

/// Compares subject after subject, in the same two views.
pub(super) struct Comparer<'s> {
    old: View<'s>,
    new: View<'s>,
    /// Records of a subject that moved which go by another name: now, and before.
    renamed: Vec<(RecordId, RecordId)>,
}

impl<'s> Comparer<'s> {
    pub(super) fn new(old: &'s Side, new: &'s Side) -> Comparer<'s> {
        Comparer { old: View::new(old), new: View::new(new), renamed: Vec::new() }
    }

    /// Tells what changed for all: the catalogue and the age of sources.
    pub(super) fn whole(&self, with_verdicts: bool, tell: &mut Tell<'_>) -> Result<(), DiffError> {
        let (old, new) = (self.old.side, self.new.side);
        let blank = |event| Change::of(event, new.day);
        let (was, is) = (&old.manifest.catalogue_sha256, &new.manifest.catalogue_sha256);
        if was != is {
            let (old, new) = (Some(was.clone()), Some(is.clone()));
            tell(&Change { old, new, ..blank(Event::CatalogueChanged) })?;
        }
        let (was, is) = (old.stale(), new.stale());
        for list in is.iter().filter(|list| !was.contains(list)) {
            tell(&Change { list: Some(list), ..blank(Event::ListStale) })?;
        }
        for list in was.iter().filter(|list| !is.contains(list)) {
            tell(&Change { list: Some(list), ..blank(Event::ListFresh) })?;
        }
        if !with_verdicts {
            return Ok(());
        }
        for (from, other, event) in [(new, old, Event::MatterAdded), (old, new, Event::MatterRemoved)] {
            for matter in &from.catalogue.entries().matters {
                if other.catalogue.matter(&matter.code).is_none() {
                    let (matter, title) = (Some(matter.code.as_str()), Some(matter.title.as_str()));
                    tell(&Change { matter, title, ..blank(event) })?;
                }
            }
        }
        Ok(())
    }

    /// Tells what changed for a subject. `from`: old subjects that this one was known as, or that it took over.
    pub(super) fn pair(
        &mut self,
        was: Option<At>,
        from: &[At],
        is: Option<At>,
        verdicts: Option<&mut Verdicts<'s>>,
        tell: &mut Tell<'_>,
    ) -> Result<(), DiffError> {
        self.subject(was, from, is, tell)?;
        self.old.clear();
        self.new.clear();
        for at in was.iter().chain(from) {
            self.old.add(*at)?;
        }
        is.map_or(Ok(()), |at| self.new.add(at))?;
        if !(self.old.seen.is_empty() && self.new.seen.is_empty()) {
            self.old.settle();
            self.new.settle();
            self.renamed.clear();
            if !from.is_empty() {
                self.renamed = follow(&mut self.old, &self.new)?;
            }
            self.entries(was.or(from.first().copied()), is, tell)?;
        } else if self.old.grades != self.new.grades {
            self.old.settle();
            self.new.settle();
        }
        if self.old.grades != self.new.grades {
            self.grades(was.or(from.first().copied()), is, tell)?;
        }
        match verdicts {
            Some(verdicts) => self.verdicts(was, from, is, verdicts, tell),
            None => Ok(()),
        }
    }

    /// How the feed names the subject: as the new release does, if it holds it.
    fn told(&self, was: Option<At>, is: Option<At>) -> Result<Option<Told<'s>>, DiffError> {
        match (was, is) {
            (_, Some(at)) => told(self.new.side, at).map(Some),
            (Some(at), None) => told(self.old.side, at).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Who came, who went, whose code or state is another.
    fn subject(
        &self,
        was: Option<At>,
        from: &[At],
        is: Option<At>,
        tell: &mut Tell<'_>,
    ) -> Result<(), DiffError> {
        let (old, new) = (self.old.side, self.new.side);
        let blank = |event| Change::of(event, new.day);
        let word = |state: Option<(&str, StateClass)>| state.map(|(name, _)| name.to_owned());
        let was_or_from = was.or(from.first().copied());
        let state_was =
            was_or_from.map(|at| old.standing(at)).transpose()?.and_then(|(p, row)| state(p, &row));
        let state_is = is.map(|at| new.standing(at)).transpose()?.and_then(|(p, row)| state(p, &row));
        if was_or_from.is_some() && is.is_some() && from.is_empty() && state_was == state_is {
            return Ok(());
        }
        let subject = self.told(was, is)?;
        let person = subject.is_some_and(|subject| subject.id.is_none() && subject.kind == "person");
        match (was_or_from, is) {
            (None, Some(_)) if !person => {
                tell(&Change { subject, new: word(state_is), ..blank(Event::SubjectNew) })?;
            }
            (Some(_), None) if !person => {
                tell(&Change { subject, old: word(state_was), ..blank(Event::SubjectGone) })?;
            }
            (Some(_), Some(_)) if state_was != state_is => {
                let state = Change {
                    subject,
                    old: word(state_was),
                    new: word(state_is),
                    ..blank(Event::StateChanged)
                };
                tell(&state)?;
            }
            _ => {}
        }
        let why = Some(if was.is_some() { Why::Folded } else { Why::Code });
        for at in from.iter().filter(|_| !person) {
            let (old, new) =
                (told(old, *at)?.id.map(str::to_owned), subject.and_then(|s| s.id).map(str::to_owned));
            tell(&Change { subject, why, old, new, ..blank(Event::CodeChanged) })?;
        }
        Ok(())
    }

    /// Entries that began or ended to count, and what changed of those that still do.
    fn entries(&self, was: Option<At>, is: Option<At>, tell: &mut Tell<'_>) -> Result<(), DiffError> {
        let subject = self.told(was, is)?;
        let (mut olds, mut news) = (self.old.seen.iter().peekable(), self.new.seen.iter().peekable());
        loop {
            let order = match (olds.peek(), news.peek()) {
                (Some(was), Some(is)) => was.record.cmp(&is.record),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Ok(()),
            };
            let was = if order.is_le() { olds.next() } else { None };
            let is = if order.is_ge() { news.next() } else { None };
            match (was.filter(|was| was.counts), is.filter(|is| is.counts)) {
                (Some(was), None) => self.ended(was, is, subject, tell)?,
                (None, Some(is)) => self.began(was, is, subject, tell)?,
                (Some(was), Some(is)) => self.changed(was, is, subject, tell)?,
                (None, None) => {}
            }
        }
    }

    fn began(
        &self,
        was: Option<&Seen>,
        is: &Seen,
        subject: Option<Told<'_>>,
        tell: &mut Tell<'_>,
    ) -> Result<(), DiffError> {
        let why = match was.map(|was| self.old.row(was)).transpose()? {
            None => Why::New,
            Some((_, row)) if row.from() > self.old.side.day => Why::Began,
            Some(_) => Why::Restored,
        };
        let events = [Event::ListEntered, Event::PenaltyBegan, Event::CommitmentBegan];
        Ok(tell(&Change { why: Some(why), ..self.entry(&self.new, is, events, subject)? })?)
    }

    fn ended(
        &self,
        was: &Seen,
        is: Option<&Seen>,
        subject: Option<Told<'_>>,
        tell: &mut Tell<'_>,
    ) -> Result<(), DiffError> {
        let day = self.new.side.day;
        let why = match is.map(|is| self.new.row(is)).transpose()? {
            None => Why::Removed,
            Some((_, row)) if row.until() < day => Why::Expired,
            Some((_, row)) if row.from() > day => Why::NotYet,
            Some(_) => Why::Corrected,
        };
        let events = [Event::ListLeft, Event::PenaltyEnded, Event::CommitmentEnded];
        Ok(tell(&Change { why: Some(why), ..self.entry(&self.old, was, events, subject)? })?)
    }

    fn changed(
        &self,
        was: &Seen,
        is: &Seen,
        subject: Option<Told<'_>>,
        tell: &mut Tell<'_>,
    ) -> Result<(), DiffError> {
        let ((old_part, old), (new_part, new)) = (self.old.row(was)?, self.new.row(is)?);
        let end = |day: Day| if day == Day::OPEN { "open".to_owned() } else { day.to_string() };
        let title = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let before =
            self.renamed.iter().find(|(now, _)| *now == is.record).map_or(is.record, |(_, was)| *was);
        let own = |category| if category == EntryCategory::List { None } else { Some(()) };
        let differences = [
            ("record", before.to_string(), is.record.to_string()),
            ("until", end(old.until()), end(new.until())),
            ("objection", was.objection.to_string(), is.objection.to_string()),
            ("effect", old.effect().word().to_owned(), new.effect().word().to_owned()),
            (
                "title",
                title(own(old.category()).and_then(|()| old_part.string(old.title()))),
                title(own(new.category()).and_then(|()| new_part.string(new.title()))),
            ),
            ("fulfilment", old.fulfilment().word().to_owned(), new.fulfilment().word().to_owned()),
        ];
        for (what, old, new) in differences.into_iter().filter(|(_, old, new)| old != new) {
            let entry = self.entry(&self.new, is, [Event::EntryChanged; 3], subject)?;
            tell(&Change { what: Some(what), old: Some(old), new: Some(new), ..entry })?;
        }
        Ok(())
    }

    /// An entry as the feed tells it.
    fn entry<'a>(
        &self,
        view: &View<'s>,
        seen: &Seen,
        events: [Event; 3],
        subject: Option<Told<'a>>,
    ) -> Result<Change<'a>, DiffError>
    where
        's: 'a,
    {
        let (part, row) = view.row(seen)?;
        let event = match row.category() {
            EntryCategory::List => events[0],
            EntryCategory::Penalty => events[1],
            EntryCategory::Commitment | EntryCategory::Evaluation => events[2],
        };
        // A document number or a small town's authority could tell who a masked person is.
        let open = subject.is_some_and(|subject| subject.kind != "person");
        Ok(Change {
            subject,
            list: view.list(&row).filter(|_| row.category() == EntryCategory::List),
            title: view.title(part, &row),
            effect: Some(row.effect().word()),
            record: Some(seen.record.to_string()),
            document: part.document(&row).filter(|_| open),
            authority: part.string(row.authority()).filter(|_| open),
            since: Some(row.since().to_string()),
            until: Some(row.until()).filter(|day| *day != Day::OPEN).map(|day| day.to_string()),
            ..Change::of(event, self.new.side.day)
        })
    }

    fn grades(&self, was: Option<At>, is: Option<At>, tell: &mut Tell<'_>) -> Result<(), DiffError> {
        let subject = self.told(was, is)?;
        let in_both =
            self.new.grades.iter().filter(|is| self.old.grades.iter().any(|was| was.kind == is.kind));
        let only_new =
            self.new.grades.iter().filter(|is| self.old.grades.iter().all(|was| was.kind != is.kind));
        let only_old =
            self.old.grades.iter().filter(|was| self.new.grades.iter().all(|is| was.kind != is.kind));
        let old_of = |kind: &str| self.old.grades.iter().find(|was| was.kind == kind).copied();
        let pairs = (in_both.map(|is| (old_of(is.kind), Some(*is))))
            .chain(only_new.map(|is| (None, Some(*is))))
            .chain(only_old.map(|was| (Some(*was), None)));
        for (was, is) in pairs {
            let grade = |seen: Option<GradeSeen<'_>>| seen.map(|seen| seen.grade.to_owned());
            let (old, new) = (grade(was), grade(is));
            let Some(told) = is.or(was).filter(|_| old != new) else { continue };
            tell(&Change {
                subject,
                title: Some(told.kind),
                record: Some(told.record.to_string()),
                since: Some(told.since.to_string()),
                old,
                new,
                ..Change::of(Event::GradeChanged, self.new.side.day)
            })?;
        }
        Ok(())
    }

    fn verdicts(
        &self,
        was: Option<At>,
        from: &[At],
        is: Option<At>,
        verdicts: &mut Verdicts<'s>,
        tell: &mut Tell<'_>,
    ) -> Result<(), DiffError> {
        let subject = self.told(was.or(from.first().copied()), is)?;
        let mut records = None;
        let olds = was
            .iter()
            .chain(from)
            .map(|at| Some(*at))
            .chain((was.is_none() && from.is_empty()).then_some(None));
        for old_at in olds {
            for change in verdicts.changed(old_at, is)? {
                let records = records.get_or_insert_with(|| self.records_that_differ()).clone();
                let person = subject.is_some_and(|subject| subject.kind == "person");
                if person && records.is_empty() && (old_at.is_none() || is.is_none()) {
                    // A person who came or went, of whom there is nothing to say.
                    break;
                }
                let (matter, old) = (Some(change.matter), Some(change.old.word().to_owned()));
                let new = Some(change.new.word().to_owned());
                let blank = Change::of(Event::VerdictChanged, self.new.side.day);
                tell(&Change { subject, matter, records, old, new, ..blank })?;
            }
        }
        Ok(())
    }

    /// Records that count in one release only, with evaluations.
    fn records_that_differ(&self) -> Vec<String> {
        let one_way = |these: &View<'s>, those: &View<'s>| -> Vec<RecordId> {
            let lacks =
                |seen: &&Seen| seen.counts && !those.find(seen.record).is_some_and(|other| other.counts);
            let grades = these.grades.iter().filter(|grade| !those.grades.contains(grade));
            these.seen.iter().filter(lacks).map(|seen| seen.record).chain(grades.map(|g| g.record)).collect()
        };
        let mut records = one_way(&self.old, &self.new);
        records.extend(one_way(&self.new, &self.old));
        records.sort_unstable();
        records.dedup();
        records.iter().map(RecordId::to_string).collect()
    }
}

/// A record is named after the oldest code of its subject, so a subject that joins another takes records along under
/// other names. Those of the same content are the same; the old view takes over the new names.
fn follow(old: &mut View<'_>, new: &View<'_>) -> Result<Vec<(RecordId, RecordId)>, DiffError> {
    let mut unknown = BTreeMap::new();
    for seen in new.seen.iter().filter(|seen| old.find(seen.record).is_none()) {
        unknown.insert(content(new, seen)?, seen.record);
    }
    let mut renamed = Vec::new();
    for place in 0..old.seen.len() {
        let seen = old.seen[place];
        if new.find(seen.record).is_some() {
            continue;
        }
        if let Some(now) = unknown.remove(&content(old, &seen)?) {
            renamed.push((now, seen.record));
            old.seen[place].record = now;
        }
    }
    old.seen.sort_unstable_by_key(|seen| seen.record);
    Ok(renamed)
}

/// What makes two entries of one subject the same record.
type Content<'s> = (u8, Option<&'s str>, Day, Option<&'s str>, Option<&'s str>, Option<&'s str>);

fn content<'s>(view: &View<'s>, seen: &Seen) -> Result<Content<'s>, DiffError> {
    let (part, row) = view.row(seen)?;
    let category = row.category() as u8;
    let (title, authority) = (part.string(row.title()), part.string(row.authority()));
    Ok((category, view.list(&row), row.since(), part.document(&row), authority, title))
}
