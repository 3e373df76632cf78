//! What one release says of a subject on its day.

use super::change::Told;
use super::side::{At, DiffError, Side};
use xinhe::check::visible;
use xinhe::domain::date::Day;
use xinhe::domain::record::RecordId;
use xinhe::domain::subject::{StateClass, SubjectKind};
use xinhe::domain::verdict::Relation;
use xinhe::snapshot::mapping::Mapped;
use xinhe::snapshot::{EntryCategory, EntryRow, Overlay, Part, Standing};

/// An entry of the subject's own that is no evaluation, whether it counts or not. Small: a subject may have a million.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) record: RecordId,
    /// Place of the row.
    pub(super) at: At,
    pub(super) counts: bool,
    pub(super) objection: bool,
}

/// The latest evaluation of a kind that may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GradeSeen<'s> {
    pub(super) kind: &'s str,
    pub(super) grade: &'s str,
    pub(super) record: RecordId,
    pub(super) since: Day,
}

/// A subject, or several that became one, as a release has them.
#[derive(Debug)]
pub(super) struct View<'s> {
    pub(super) side: &'s Side,
    /// By record.
    pub(super) seen: Vec<Seen>,
    /// By kind.
    pub(super) grades: Vec<GradeSeen<'s>>,
}

impl<'s> View<'s> {
    pub(super) fn new(side: &'s Side) -> View<'s> {
        View { side, seen: Vec::new(), grades: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.seen.clear();
        self.grades.clear();
    }

    /// Adds what the release says of a subject.
    pub(super) fn add(&mut self, at: At) -> Result<(), DiffError> {
        let (part, standing) = self.side.standing(at)?;
        if standing.entries() == 0 {
            return Ok(());
        }
        let entries = part.entries_of(&standing).map_err(|error| self.side.damaged(at.part, error))?;
        let mut last_kind = None;
        for entry in entries.filter(|entry| entry.relation() == Relation::Own) {
            let stands = visible(&Overlay::default(), part, &entry, self.side.day);
            if entry.category() != EntryCategory::Evaluation {
                self.seen.push(Seen {
                    record: entry.record(),
                    at: At { part: at.part, place: entry.place },
                    counts: stands.is_some(),
                    objection: stands == Some(true),
                });
            } else if stands.is_some() && last_kind != Some(entry.title()) {
                // Those of a kind stand together, the latest first.
                last_kind = Some(entry.title());
                let (kind, grade) = (part.string(entry.title()), part.string(entry.grade()));
                self.grades.push(GradeSeen {
                    kind: kind.unwrap_or_default(),
                    grade: grade.unwrap_or_default(),
                    record: entry.record(),
                    since: entry.since(),
                });
            }
        }
        Ok(())
    }

    /// Puts entries and grades in order; of several subjects the latest grade of a kind stands.
    pub(super) fn settle(&mut self) {
        self.seen.sort_unstable_by_key(|seen| (seen.record, seen.at));
        self.seen.dedup_by_key(|seen| seen.record);
        self.grades.sort_by(|a, b| a.kind.cmp(b.kind).then(b.since.cmp(&a.since)));
        self.grades.dedup_by_key(|grade| grade.kind);
    }

    /// The row of an entry, with its part.
    pub(super) fn row(&self, seen: &Seen) -> Result<(&'s Part<Mapped>, EntryRow<'s>), DiffError> {
        let part = self.side.part(seen.at.part)?;
        let row = part.entry(seen.at.place);
        let row = row.ok_or_else(|| self.side.misplaced(seen.at.part, "an entry behind the last row"))?;
        Ok((part, row))
    }

    /// The entry of this record.
    pub(super) fn find(&self, record: RecordId) -> Option<&Seen> {
        let place = self.seen.binary_search_by_key(&record, |seen| seen.record).ok()?;
        self.seen.get(place)
    }

    /// Code of the list of an entry.
    pub(super) fn list(&self, row: &EntryRow<'_>) -> Option<&'s str> {
        self.side.catalogue.list_at(row.list()?).map(|list| list.code.as_str())
    }

    /// Title of an entry: its own, or the list's.
    pub(super) fn title(&self, part: &'s Part<Mapped>, row: &EntryRow<'_>) -> Option<&'s str> {
        let of_list = || self.side.catalogue.list_at(row.list()?).map(|list| list.title.as_str());
        match row.category() {
            EntryCategory::List => part.string(row.title()).or_else(of_list),
            _ => part.string(row.title()),
        }
    }
}

/// State and its class; none of a subject that no register knows.
pub(super) fn state<'s>(part: &'s Part<Mapped>, standing: &Standing<'_>) -> Option<(&'s str, StateClass)> {
    let class = standing.state_class()?;
    Some((part.string(standing.state()).unwrap_or_default(), class))
}

/// The subject as the feed tells it: of a person no code and no digest.
pub(super) fn told(side: &Side, at: At) -> Result<Told<'_>, DiffError> {
    let (part, standing) = side.standing(at)?;
    let person = standing.kind() == SubjectKind::Person;
    Ok(Told {
        kind: standing.kind().word(),
        id: standing.code().filter(|_| !person),
        name: part.shown_name(&standing),
    })
}
