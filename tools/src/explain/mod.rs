//! Why a check answers as it does: for every record its source, rule, last day and corrections, and whether it
//! counts; for every measure its clause.

mod since;
mod told;

pub use told::{CorrectionExplained, Explanation, MeasureExplained, Origin, RecordExplained, StateExplained};

use xinhe::check::Question;
use xinhe::domain::catalogue::{Entries, ListTerm};
use xinhe::domain::date::Day;
use xinhe::domain::record::{CorrectionKind, Event, RecordId, RecordKind};
use xinhe::domain::verdict::{Relation, Workspace};
use xinhe::lookup::{Sight, sight};
use xinhe::snapshot::mapping::Mapped;
use xinhe::snapshot::{
    Dossier, EntryCategory, EntryRow, Filed, Located, Origins, RowPlace, Snapshot, SnapshotError,
};

/// Explains an answer. `origins` are those of the subject's part, and none of a part of format 1; `work` is the workspace
/// in which the check of `question` was worked out.
pub fn explain<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    origins: Option<&Origins<Mapped>>,
    at: &Located<'_, B>,
    question: &Question<'_>,
    work: &Workspace,
) -> Result<Explanation, SnapshotError> {
    let dossier = at.part.dossier(&at.standing)?;
    let teller = Teller { snapshot, origins, at, day: question.day };
    let entries: Vec<EntryRow<'_>> = at.part.entries_of(&at.standing)?.collect();
    let mut records: Vec<RecordExplained> = dossier
        .records
        .iter()
        .map(|filed| {
            let counts = counts(work, filed.record);
            teller.own(filed, entry_of(&entries, filed), Some(counts))
        })
        .collect::<Result<_, _>>()?;
    for entry in entries.iter().filter(|entry| entry.relation() != Relation::Own) {
        let hit = work.hits.iter().any(|hit| hit.place == entry.place && hit.record == entry.record());
        records.push(teller.linked(entry, hit, question.linked)?);
    }
    for listing in snapshot.overlay().listings(&at.standing) {
        records.push(teller.urgent(listing, Some(counts(work, listing.record))));
    }
    Ok(Explanation {
        on: question.day.to_string(),
        state: teller.state(&dossier)?,
        records,
        measures: measures(snapshot, work),
    })
}

/// Tells the records of a subject without a question: what may be seen on a day, and why not the rest.
pub fn records<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    origins: Option<&Origins<Mapped>>,
    at: &Located<'_, B>,
    day: Day,
) -> Result<Vec<RecordExplained>, SnapshotError> {
    let teller = Teller { snapshot, origins, at, day };
    let entries: Vec<EntryRow<'_>> = at.part.entries_of(&at.standing)?.collect();
    let dossier = at.part.dossier(&at.standing)?;
    let own = |filed: &Filed| teller.own(filed, entry_of(&entries, filed), None);
    let urgent = snapshot.overlay().listings(&at.standing).iter();
    let urgent = urgent.map(|listing| Ok(teller.urgent(listing, None)));
    dossier.records.iter().map(own).chain(urgent).collect()
}

/// File and line of a row; `None` if the release does not tell.
pub fn row_of<'r, B: AsRef<[u8]>>(
    at: &'r Located<'_, B>,
    origins: Option<&'r Origins<Mapped>>,
    row: RowPlace,
) -> Result<Option<(&'r str, u32)>, SnapshotError> {
    match (row, origins) {
        (RowPlace::Here { file, line }, _) => Ok(at.part.string(file).map(|file| (file, line))),
        (RowPlace::Origins(number), Some(origins)) => origins.row(number).map(Some),
        (RowPlace::Origins(_), None) => Ok(None),
    }
}

fn entry_of<'e, 'p>(entries: &'e [EntryRow<'p>], filed: &Filed) -> Option<&'e EntryRow<'p>> {
    let own = |entry: &&EntryRow<'_>| entry.relation() == Relation::Own && entry.record() == filed.record;
    entries.iter().find(own)
}

fn counts(work: &Workspace, id: RecordId) -> bool {
    work.hits.iter().any(|hit| hit.relation == Relation::Own && hit.record == id)
        || work.grades.iter().any(|grade| grade.record == id)
}

struct Teller<'t, 's, B> {
    snapshot: &'s Snapshot<B>,
    origins: Option<&'t Origins<Mapped>>,
    at: &'t Located<'s, B>,
    day: Day,
}

impl<B: AsRef<[u8]>> Teller<'_, '_, B> {
    fn text(&self, number: u32) -> Option<String> {
        self.at.part.string(number).map(str::to_owned)
    }

    fn origin(&self, source: u16, row: Option<RowPlace>) -> Result<Origin, SnapshotError> {
        let source = self.snapshot.sources().get(usize::from(source));
        let row = row.map(|row| row_of(self.at, self.origins, row)).transpose()?.flatten();
        let (file, line) = row.map_or((None, None), |(file, line)| (Some(file.to_owned()), Some(line)));
        Ok(Origin { provider: source.map(|source| source.provider.clone()).unwrap_or_default(), file, line })
    }

    fn state(&self, dossier: &Dossier) -> Result<Option<StateExplained>, SnapshotError> {
        let Some(class) = self.at.standing.state_class() else { return Ok(None) };
        Ok(Some(StateExplained {
            state: self.text(self.at.standing.state()).unwrap_or_default(),
            class: class.word(),
            counts: class.is_hit(),
            origin: self.origin(self.at.standing.state_source(), dossier.register.map(|(_, row)| row))?,
        }))
    }

    /// `counts`: whether a check counted it, if there was one.
    fn own(
        &self,
        filed: &Filed,
        entry: Option<&EntryRow<'_>>,
        counts: Option<bool>,
    ) -> Result<RecordExplained, SnapshotError> {
        let seen = sight(self.snapshot.overlay(), self.at.part, filed, self.day);
        let corrections = self.corrections(filed.record, filed.events, filed.events_count)?;
        let hidden = self.hidden(seen, filed, &corrections);
        Ok(RecordExplained {
            record: filed.record.to_string(),
            kind: filed.kind.word(),
            relation: None,
            title: self.text(filed.title).or_else(|| entry.and_then(|entry| self.list_title(entry))),
            authority: self.text(filed.authority).unwrap_or_default(),
            origin: self.origin(filed.source, Some(filed.row))?,
            date: filed.date.to_string(),
            from: filed.from.to_string(),
            until: filed.last_day().map(|day| day.to_string()),
            ends_by: Some(filed.ending.word()),
            rule: self.rule(filed, entry),
            visible: hidden.is_none(),
            counts,
            objection: matches!(seen, Sight::Seen { objection: true }),
            why_not: hidden.or_else(|| (counts == Some(false)).then(|| self.informs(filed.kind, entry))),
            corrections,
        })
    }

    fn hidden(&self, seen: Sight, filed: &Filed, corrections: &[CorrectionExplained]) -> Option<String> {
        let class = |filed: &Filed| {
            let rule = filed.rule.and_then(|rule| self.catalogue().rules.get(usize::from(rule)));
            rule.map_or("its class".to_owned(), |rule| format!("its class, {},", rule.class))
        };
        Some(match seen {
            Sight::Seen { .. } => return None,
            Sight::Revoked => "revoked: its table says so".to_owned(),
            Sight::Unpublished => format!("not published: {} is shown to nobody", class(filed)),
            Sight::Corrected => gone_by(corrections),
            Sight::NotYet => format!("not yet: it is seen from {}", filed.from),
            Sight::Expired => {
                format!("expired: its last day was {}, set by {}", filed.until, filed.ending.word())
            }
        })
    }

    /// Why a record that may be seen is no hit.
    fn informs(&self, kind: RecordKind, entry: Option<&EntryRow<'_>>) -> String {
        let told = match (kind, entry) {
            (RecordKind::Commitment, None) => "kept, or not known to be broken",
            (RecordKind::Commitment, Some(entry)) if self.day < entry.from() => {
                return format!("not broken yet: it would be from {}", entry.from());
            }
            (RecordKind::Commitment, Some(entry)) if self.day > entry.until() => {
                return format!("no longer: the breach counted until {}, set by the cap", entry.until());
            }
            (RecordKind::Evaluation, _) => "a later evaluation of this kind counts",
            (RecordKind::List | RecordKind::Penalty | RecordKind::Commitment, _) => "not asked for",
            _ => "informs only: a record of this kind is no hit",
        };
        told.to_owned()
    }

    fn linked(
        &self,
        entry: &EntryRow<'_>,
        hit: bool,
        allowed: bool,
    ) -> Result<RecordExplained, SnapshotError> {
        let (first, count) = entry.events();
        let within = entry.from() <= self.day && self.day <= entry.until();
        let why_not = match (hit, allowed, within) {
            (true, ..) => None,
            (false, false, _) => {
                Some("entries of linked subjects are not shown for this question".to_owned())
            }
            (false, true, false) => Some("not visible on the day".to_owned()),
            (false, true, true) => Some("taken away by a correction".to_owned()),
        };
        Ok(RecordExplained {
            record: entry.record().to_string(),
            kind: category_word(entry.category()),
            relation: entry.relation().word(),
            title: self.text(entry.title()).or_else(|| self.list_title(entry)),
            authority: self.text(entry.authority()).unwrap_or_default(),
            origin: self.origin(entry.source(), None)?,
            date: entry.since().to_string(),
            from: entry.from().to_string(),
            until: Some(entry.until()).filter(|day| *day != Day::OPEN).map(|day| day.to_string()),
            ends_by: None,
            rule: Some("an entry of a linked subject: attention, bars nothing, triggers nothing".to_owned()),
            visible: hit,
            counts: Some(hit),
            objection: entry.objection(),
            why_not,
            corrections: self.corrections(entry.record(), first, count)?,
        })
    }

    fn catalogue(&self) -> &Entries {
        self.snapshot.catalogue().entries()
    }

    fn list_title(&self, entry: &EntryRow<'_>) -> Option<String> {
        let list = entry.list().filter(|_| entry.category() == EntryCategory::List)?;
        Some(self.snapshot.catalogue().list_at(list)?.title.clone())
    }

    /// The rule of publication of a penalty, the term of a list.
    fn rule(&self, filed: &Filed, entry: Option<&EntryRow<'_>>) -> Option<String> {
        if let Some(place) = filed.rule
            && let Some(rule) = self.catalogue().rules.get(usize::from(place))
        {
            let fine = |bound: &str, fine: Option<_>| {
                fine.map(|fine: xinhe::domain::record::Fine| {
                    format!("fine {bound} {fine} (ten thousand yuan)")
                })
            };
            let conditions: Vec<String> = [
                (!rule.penalties.is_empty()).then(|| rule.penalties.join(" or ")),
                rule.procedure.as_ref().map(|procedure| format!("procedure {procedure}")),
                fine("from", rule.fine_from),
                fine("below", rule.fine_below),
                rule.default.then(|| "default".to_owned()),
            ]
            .into_iter()
            .flatten()
            .collect();
            return Some(format!("rule {}: class {} ({})", place + 1, rule.class, conditions.join(", ")));
        }
        let entry = entry.filter(|entry| entry.category() == EntryCategory::List)?;
        let list = self.snapshot.catalogue().list_at(entry.list()?)?;
        let term = match list.term {
            ListTerm::UntilRemoved => "until removed".to_owned(),
            ListTerm::For(term) => term.to_string(),
        };
        Some(format!("list {}: {}, term {term}", list.code, list.effect.word()))
    }

    /// The corrections of a record, in the release and since, by effective day; withdrawn ones are none any more.
    fn corrections(
        &self,
        record: RecordId,
        first: u32,
        count: u16,
    ) -> Result<Vec<CorrectionExplained>, SnapshotError> {
        let overlay = self.snapshot.overlay();
        let rows = self.at.part.events(first, count).filter(|row| !overlay.is_withdrawn(row.number()));
        let folded = rows.map(|row| {
            let Event { day, kind } = row.event();
            let (document, authority) = row.strings();
            let origin = row.origin().map(|(source, place)| self.origin(source, Some(place)));
            Ok(CorrectionExplained {
                kind: kind.word(),
                effective: day.to_string(),
                in_effect: day <= self.day,
                document: self.text(document).unwrap_or_default(),
                authority: self.text(authority).unwrap_or_default(),
                number: row.number(),
                origin: origin.transpose()?.unwrap_or_default(),
            })
        });
        let since = overlay.acts(record).iter().map(|act| Ok(self.since(act)));
        let mut all = folded.chain(since).collect::<Result<Vec<_>, SnapshotError>>()?;
        all.sort_by(|a, b| a.effective.cmp(&b.effective));
        Ok(all)
    }
}

/// The correction that took a record away: the first that does for good, else the last suspension.
fn gone_by(corrections: &[CorrectionExplained]) -> String {
    let for_good = [CorrectionKind::Repaired, CorrectionKind::Revoked, CorrectionKind::Delisted];
    let in_effect = || corrections.iter().filter(|correction| correction.in_effect);
    let suspends = |correction: &&CorrectionExplained| correction.kind == CorrectionKind::Suspended.word();
    let ended = in_effect().find(|correction| for_good.iter().any(|kind| kind.word() == correction.kind));
    let stay = || in_effect().rfind(suspends);
    match ended.or_else(stay) {
        None => "taken away by a correction".to_owned(),
        Some(by) => format!("{} from {} by {} of {}", by.kind, by.effective, by.document, by.authority),
    }
}

const fn category_word(category: EntryCategory) -> &'static str {
    match category {
        EntryCategory::List => RecordKind::List.word(),
        EntryCategory::Penalty => RecordKind::Penalty.word(),
        EntryCategory::Commitment => RecordKind::Commitment.word(),
        EntryCategory::Evaluation => RecordKind::Evaluation.word(),
    }
}

fn measures<B: AsRef<[u8]>>(snapshot: &Snapshot<B>, work: &Workspace) -> Vec<MeasureExplained> {
    let explained = work.measures().iter().filter_map(|bound| {
        let (measure, _) = snapshot.catalogue().measure_at(bound.measure)?;
        Some(MeasureExplained {
            code: measure.code.clone(),
            title: measure.title.clone(),
            effect: measure.effect.word(),
            binding: measure.binding.word(),
            clause: measure.clause.clone(),
            basis: measure.basis.clone(),
            authority: measure.authority.clone(),
            triggered_by: work.because(bound).iter().map(RecordId::to_string).collect(),
        })
    });
    explained.collect()
}
