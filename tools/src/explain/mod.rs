//! Why a check answers as it does: for every record its source, rule, last day and corrections, and whether it
//! counts; for every measure its clause.

mod since;
mod told;

pub use told::{CorrectionExplained, Explanation, MeasureExplained, Origin, RecordExplained, StateExplained};

use xinhe::check::Question;
use xinhe::domain::catalogue::{Entries, ListTerm};
use xinhe::domain::date::Day;
use xinhe::domain::publication::Ending;
use xinhe::domain::record::{CorrectionKind, Event, RecordId, RecordKind};
use xinhe::domain::verdict::{Relation, Workspace};
use xinhe::lookup::{Sight, last_day, sight};
use xinhe::snapshot::schema::{Dossier, Filed};
use xinhe::snapshot::{EntryCategory, EntryRow, Located, Snapshot, SnapshotError};

/// Explains an answer. `work` is the workspace in which the check of `question` was worked out.
pub fn explain<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    at: &Located<'_, B>,
    question: &Question<'_>,
    work: &Workspace,
) -> Result<Explanation, SnapshotError> {
    let dossier = at.part.dossier(&at.standing)?;
    let teller = Teller { snapshot, at, day: question.day };
    let entries: Vec<EntryRow<'_>> = at.part.entries_of(&at.standing)?.collect();
    let mut records: Vec<RecordExplained> = dossier
        .records
        .iter()
        .map(|filed| {
            let counts = counts(work, RecordId(filed.record));
            teller.own(filed, entry_of(&entries, filed), Some(counts))
        })
        .collect();
    let linked = entries.iter().filter(|entry| entry.relation() != Relation::Own);
    records.extend(linked.map(|entry| {
        let hit = work.hits.iter().any(|hit| hit.place == entry.place && hit.record == entry.record());
        teller.linked(entry, hit, question.linked)
    }));
    let urgent = snapshot.overlay().listings(&at.standing).iter();
    records.extend(urgent.map(|listing| teller.urgent(listing, Some(counts(work, listing.record)))));
    Ok(Explanation {
        on: question.day.to_string(),
        state: teller.state(&dossier),
        records,
        measures: measures(snapshot, work),
    })
}

/// Tells the records of a subject without a question: what may be seen on a day, and why not the rest.
pub fn records<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    at: &Located<'_, B>,
    day: Day,
) -> Result<Vec<RecordExplained>, SnapshotError> {
    let teller = Teller { snapshot, at, day };
    let entries: Vec<EntryRow<'_>> = at.part.entries_of(&at.standing)?.collect();
    let dossier = at.part.dossier(&at.standing)?;
    let own = |filed: &Filed| teller.own(filed, entry_of(&entries, filed), None);
    let urgent = snapshot.overlay().listings(&at.standing).iter().map(|listing| teller.urgent(listing, None));
    Ok(dossier.records.iter().map(own).chain(urgent).collect())
}

fn entry_of<'e, 'p>(entries: &'e [EntryRow<'p>], filed: &Filed) -> Option<&'e EntryRow<'p>> {
    let own =
        |entry: &&EntryRow<'_>| entry.relation() == Relation::Own && entry.record() == RecordId(filed.record);
    entries.iter().find(own)
}

fn counts(work: &Workspace, id: RecordId) -> bool {
    work.hits.iter().any(|hit| hit.relation == Relation::Own && hit.record == id)
        || work.grades.iter().any(|grade| grade.record == id)
}

struct Teller<'t, 's, B> {
    snapshot: &'s Snapshot<B>,
    at: &'t Located<'s, B>,
    day: Day,
}

impl<B: AsRef<[u8]>> Teller<'_, '_, B> {
    fn text(&self, number: u32) -> Option<String> {
        self.at.part.string(number).map(str::to_owned)
    }

    fn origin(&self, source: u16, row: Option<(u32, u32)>) -> Origin {
        let source = self.snapshot.sources().get(usize::from(source));
        let (file, line) = row.map_or((None, None), |(file, line)| (self.text(file), Some(line)));
        let line = line.filter(|_| file.is_some());
        Origin { provider: source.map(|source| source.provider.clone()).unwrap_or_default(), file, line }
    }

    fn state(&self, dossier: &Dossier) -> Option<StateExplained> {
        let class = self.at.standing.state_class()?;
        Some(StateExplained {
            state: self.text(self.at.standing.state()).unwrap_or_default(),
            class: class.word(),
            counts: class.is_hit(),
            origin: self.origin(self.at.standing.state_source(), Some((dossier.file, dossier.line))),
        })
    }

    /// `counts`: whether a check counted it, if there was one.
    fn own(&self, filed: &Filed, entry: Option<&EntryRow<'_>>, counts: Option<bool>) -> RecordExplained {
        let seen = sight(self.snapshot.overlay(), self.at.part, filed, self.day);
        let corrections = self.corrections(RecordId(filed.record), filed.events, filed.events_count);
        let kind = RecordKind::from_code(filed.kind);
        let ending = Ending::ALL.get(usize::from(filed.ending)).copied();
        let hidden = self.hidden(seen, filed, ending, &corrections);
        RecordExplained {
            record: RecordId(filed.record).to_string(),
            kind: kind.map_or("unknown", RecordKind::word),
            relation: None,
            title: self.text(filed.title).or_else(|| entry.and_then(|entry| self.list_title(entry))),
            authority: self.text(filed.authority).unwrap_or_default(),
            origin: self.origin(filed.source, Some((filed.file, filed.line))),
            date: Day::from_number(filed.date).to_string(),
            from: Day::from_number(filed.from).to_string(),
            until: last_day(filed).map(|day| day.to_string()),
            ends_by: ending.map(Ending::word),
            rule: self.rule(filed, entry),
            visible: hidden.is_none(),
            counts,
            objection: matches!(seen, Sight::Seen { objection: true }),
            why_not: hidden.or_else(|| match (counts, kind) {
                (Some(false), Some(kind)) => Some(self.informs(kind, entry)),
                _ => None,
            }),
            corrections,
        }
    }

    fn hidden(
        &self,
        seen: Sight,
        filed: &Filed,
        ending: Option<Ending>,
        corrections: &[CorrectionExplained],
    ) -> Option<String> {
        let class = |filed: &Filed| {
            let rule = self.catalogue().rules.get(usize::from(filed.rule));
            rule.map_or("its class".to_owned(), |rule| format!("its class, {},", rule.class))
        };
        Some(match seen {
            Sight::Seen { .. } => return None,
            Sight::Revoked => "revoked: its table says so".to_owned(),
            Sight::Unpublished => format!("not published: {} is shown to nobody", class(filed)),
            Sight::Corrected => gone_by(corrections),
            Sight::NotYet => format!("not yet: it is seen from {}", Day::from_number(filed.from)),
            Sight::Expired => {
                let last = last_day(filed).map(|day| day.to_string()).unwrap_or_default();
                format!("expired: its last day was {last}, set by {}", ending.map_or("nothing", Ending::word))
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

    fn linked(&self, entry: &EntryRow<'_>, hit: bool, allowed: bool) -> RecordExplained {
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
        RecordExplained {
            record: entry.record().to_string(),
            kind: category_word(entry.category()),
            relation: entry.relation().word(),
            title: self.text(entry.title()).or_else(|| self.list_title(entry)),
            authority: self.text(entry.authority()).unwrap_or_default(),
            origin: self.origin(entry.source(), None),
            date: entry.since().to_string(),
            from: entry.from().to_string(),
            until: Some(entry.until()).filter(|day| *day != Day::OPEN).map(|day| day.to_string()),
            ends_by: None,
            rule: Some("an entry of a linked subject: attention, bars nothing, triggers nothing".to_owned()),
            visible: hit,
            counts: Some(hit),
            objection: entry.objection(),
            why_not,
            corrections: self.corrections(entry.record(), first, count),
        }
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
        if let Some(rule) = self.catalogue().rules.get(usize::from(filed.rule)) {
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
            return Some(format!(
                "rule {}: class {} ({})",
                filed.rule + 1,
                rule.class,
                conditions.join(", ")
            ));
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
    fn corrections(&self, record: RecordId, first: u32, count: u16) -> Vec<CorrectionExplained> {
        let overlay = self.snapshot.overlay();
        let rows = self.at.part.events(first, count).filter(|row| !overlay.is_withdrawn(row.number()));
        let folded = rows.map(|row| {
            let Event { day, kind } = row.event();
            let (document, authority, file) = row.strings();
            let (source, line) = row.origin();
            let number = row.number();
            let origin =
                if number.is_some() { Origin::default() } else { self.origin(source, Some((file, line))) };
            CorrectionExplained {
                kind: kind.word(),
                effective: day.to_string(),
                in_effect: day <= self.day,
                document: self.text(document).unwrap_or_default(),
                authority: self.text(authority).unwrap_or_default(),
                number,
                origin,
            }
        });
        let mut all: Vec<CorrectionExplained> =
            folded.chain(overlay.acts(record).iter().map(|act| self.since(act))).collect();
        all.sort_by(|a, b| a.effective.cmp(&b.effective));
        all
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
