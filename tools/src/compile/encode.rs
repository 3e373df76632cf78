//! A resolved subject as the snapshot keeps it: what checks read, what reports show.

use super::resolve::{Kept, Subject};
use super::sameness::kind_of;
use super::texts::texts;
use crate::facts::{Detail, Origin};
use std::borrow::Cow;
use xinhe::domain::catalogue::{Bars, Catalogue, Effect};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::publication::{self, End, Ending, Penalty};
use xinhe::domain::record::Event;
use xinhe::domain::subject::{StateClass, SubjectKind};
use xinhe::domain::text::{mask_name, mask_number};
use xinhe::domain::verdict::{Category, Relation};
use xinhe::snapshot::{
    EntryDraft, EventDraft, FiledDraft, NamesDraft, PersonKey, Provenance, SubjectDraft, SubjectKey,
};

/// Years for which expired records are kept, so that a check may be asked for a past day.
pub(crate) const EXPIRED_YEARS: u32 = 10;
/// Former names that the format holds.
const FORMER_NAMES_MAX: usize = 255;
/// Bytes of a name that the format holds, with room for its former ones.
const NAME_BYTES_MAX: usize = 200;

/// What encoding needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoder<'a> {
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// The secret under which persons are kept.
    pub key: &'a PersonKey,
    /// Day of the data.
    pub as_of: Day,
}

impl<'a> Encoder<'a> {
    /// Records whose last visible day lies before this one are left out.
    pub(crate) fn oldest(&self) -> Day {
        self.as_of.minus_years(EXPIRED_YEARS)
    }

    /// A subject beside its entries and records.
    pub(crate) fn subject<'s>(&self, subject: &'s Subject, key: &SubjectKey) -> SubjectDraft<'s> {
        let group = &subject.group;
        let is_person = group.kind == SubjectKind::Person;
        let state = group.registered.then(|| {
            let (text, source) =
                group.state.as_ref().map_or(("", 0), |(text, source)| (text.as_str(), *source));
            let class = self.catalogue.state_class(text).unwrap_or(StateClass::Neutral);
            (Cow::Borrowed(text), class, source)
        });
        SubjectDraft {
            kind: group.kind,
            state,
            names: self.names(subject, key),
            aliases: self.aliases(subject, key),
            former_codes: former_codes(subject, is_person),
            older_codes: older_codes(subject, is_person),
            division: group.division.as_deref().map(Cow::Borrowed),
            occupation: group.occupation.as_deref().map(Cow::Borrowed),
            representative: masked(group.representative.as_ref().and_then(|one| one.name.as_deref())).into(),
            from_row: group.origin.map(provenance),
        }
    }

    /// What of a record's subject checks of others show: entries of lists.
    pub(crate) fn listed<'k>(&self, kept: &'k Kept<'_>) -> Option<EntryDraft<'k>> {
        if !matches!(kept.fact.detail, Detail::List { .. }) {
            return None;
        }
        self.entry(kept, &self.publication(kept))
    }

    fn names<'s>(&self, subject: &'s Subject, key: &SubjectKey) -> NamesDraft<'s> {
        let group = &subject.group;
        let folded = subject.predecessors.iter().flat_map(|one| one.name.iter().chain(&one.former_names));
        let former = group.former_names.iter().chain(folded).take(FORMER_NAMES_MAX);
        if group.kind == SubjectKind::Person {
            return NamesDraft::Person {
                current: match (group.name.as_deref(), &subject.by_key) {
                    (Some(name), _) => Some((self.key.name(key, name), masked(Some(name)).into())),
                    (None, Some(by_key)) => {
                        by_key.name.as_ref().map(|(digest, mask)| (*digest, Cow::Borrowed(mask.as_str())))
                    }
                    (None, None) => None,
                },
                former: former.map(|name| self.key.name(key, name)).collect(),
            };
        }
        let cut = |name: &'s String| {
            let end = name.char_indices().nth(NAME_BYTES_MAX).map_or(name.len(), |(end, _)| end);
            Cow::Borrowed(&name[..end])
        };
        NamesDraft::Organisation {
            current: group.name.as_ref().map(cut).unwrap_or_default(),
            former: former.map(cut).collect(),
        }
    }

    fn aliases(&self, subject: &Subject, key: &SubjectKey) -> Vec<SubjectKey> {
        let mut aliases: Vec<SubjectKey> = subject
            .names
            .iter()
            .map(|code| SubjectKey::of(code, self.key))
            .filter(|alias| alias != key)
            .collect();
        aliases.sort();
        aliases.dedup();
        aliases
    }

    /// When a record may be seen, and what it does then.
    pub(crate) fn publication(&self, kept: &Kept<'_>) -> Seen {
        let entries = self.catalogue.entries();
        let date = kept.fact.date;
        let plain = |day: Option<Day>| Seen {
            from: date,
            end: End { day, by: if day.is_some() { Ending::OwnDay } else { Ending::Open } },
            ..Seen::default()
        };
        match &kept.fact.detail {
            Detail::Penalty { kinds, procedure, fine, published_until } => {
                let kinds: Vec<&str> = Detail::kinds(kinds).collect();
                let penalty = Penalty {
                    kinds: &kinds,
                    procedure: procedure.as_deref(),
                    fine: *fine,
                    decided: date,
                    until: *published_until,
                };
                let how = publication::of_penalty(entries, &penalty);
                Seen {
                    from: date,
                    end: how.end,
                    bars: how.bars,
                    unpublished: !how.published,
                    rule: how.rule,
                    counts: true,
                }
            }
            Detail::List { list, until, ground } => {
                let Some(list) = self.catalogue.list_at(*list) else { return plain(*until) };
                let end = publication::of_listing(list, date, *until, ground.as_deref());
                Seen { from: date, end, bars: Bars::of(&list.bars), counts: true, ..Seen::default() }
            }
            Detail::Commitment { due, fulfilment, .. } => {
                let cap = entries.cap.as_ref().map(|cap| cap.longest);
                match publication::of_commitment(cap, *fulfilment, date, *due) {
                    Some((from, end)) => Seen { from, end, counts: true, ..Seen::default() },
                    None => plain(None),
                }
            }
            Detail::Evaluation { kind, grade, .. } => {
                Seen { counts: kind.is_some() && grade.is_some(), ..plain(None) }
            }
            Detail::Honour { until, .. } => plain(*until),
            Detail::Licence { .. } | Detail::Administrative { .. } | Detail::Judgment => plain(None),
        }
    }

    /// The row that checks read, if the record can ever count.
    pub(crate) fn entry<'k>(&self, kept: &'k Kept<'_>, seen: &Seen) -> Option<EntryDraft<'k>> {
        let fact = &kept.fact;
        if !seen.counts || seen.unpublished || fact.revoked {
            return None;
        }
        let (category, effect, title, grade) = match &fact.detail {
            Detail::List { list, .. } => {
                (Some(Category::List(*list)), self.catalogue.list_at(*list)?.effect, None, None)
            }
            Detail::Penalty { kinds, .. } => {
                let bits = self.catalogue.penalty_bits(Detail::kinds(kinds));
                (Some(Category::Penalty(bits)), Effect::Punish, Some(&**kinds), None)
            }
            Detail::Commitment { kind, fulfilment, .. } => {
                (Some(Category::Commitment(*fulfilment)), Effect::Attention, Some(&**kind), None)
            }
            Detail::Evaluation { kind: Some(kind), grade: Some(grade), .. } => {
                let trigger = self.catalogue.grade_trigger(kind, grade);
                (None, Effect::Favour, Some(&**kind), Some((Cow::Borrowed(&**grade), trigger)))
            }
            _ => return None,
        };
        Some(EntryDraft {
            record: kept.id,
            category,
            effect,
            relation: Relation::Own,
            objection: fact.objection,
            bars: seen.bars,
            since: fact.date,
            from: seen.from,
            until: seen.end.day,
            source: fact.origin.source,
            authority: Cow::Borrowed(&fact.authority),
            title: title.map(Cow::Borrowed),
            grade,
            document: fact.document.as_deref().map(Cow::Borrowed),
            events: events(kept),
        })
    }

    /// A record as the dossier files it.
    pub(crate) fn filed<'k>(&'k self, kept: &'k Kept<'_>, seen: &Seen, kind: SubjectKind) -> FiledDraft<'k> {
        let fact = &kept.fact;
        let list = match &fact.detail {
            Detail::List { list, .. } => self.catalogue.list_at(*list),
            _ => None,
        };
        let title = match &fact.detail {
            Detail::List { .. } => list.map(|list| list.title.as_str()),
            Detail::Penalty { kinds, .. } => Some(&**kinds),
            Detail::Commitment { kind, .. } => Some(&**kind),
            Detail::Evaluation { kind, .. } => kind.as_deref(),
            Detail::Administrative { act } => act.as_deref(),
            Detail::Honour { title, .. } => title.as_deref(),
            Detail::Licence { class, .. } => class.as_deref(),
            Detail::Judgment => None,
        };
        FiledDraft {
            record: kept.id,
            kind: kind_of(&fact.detail),
            objection: fact.objection,
            revoked: fact.revoked,
            unpublished: seen.unpublished,
            ending: seen.end.by,
            rule: seen.rule,
            from_row: provenance(fact.origin),
            date: fact.date,
            from: seen.from,
            until: seen.end.day,
            title: title.map(Cow::Borrowed),
            authority: Cow::Borrowed(&fact.authority),
            events: events(kept),
            texts: texts(kept, kind),
        }
    }
}

/// When a record may be seen, and what it does then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    from: Day,
    /// What ends it.
    pub(crate) end: End,
    bars: Bars,
    unpublished: bool,
    rule: Option<usize>,
    counts: bool,
}

impl Default for Seen {
    fn default() -> Seen {
        Seen {
            from: Day::EVER,
            end: End { day: None, by: Ending::Open },
            bars: Bars::default(),
            unpublished: false,
            rule: None,
            counts: false,
        }
    }
}

fn events<'k>(kept: &'k Kept<'_>) -> Vec<EventDraft<'k>> {
    let corrections = kept.corrections.iter();
    corrections
        .map(|fact| EventDraft {
            event: Event { day: fact.effective, kind: fact.kind },
            from: provenance(fact.origin),
            number: fact.number,
            document: Cow::Borrowed(&*fact.document),
            authority: Cow::Borrowed(&*fact.authority),
        })
        .collect()
}

fn provenance(origin: Origin) -> Provenance {
    Provenance { source: origin.source, file: origin.file, line: origin.line }
}

fn masked(name: Option<&str>) -> String {
    let mut mask = String::new();
    mask_name(name.unwrap_or_default(), &mut mask);
    mask
}

/// Former codes as a report shows them: in the clear, a person's masked.
fn former_codes(subject: &Subject, is_person: bool) -> Vec<Cow<'_, str>> {
    let folded = subject.predecessors.iter().flat_map(|one| one.former_codes.iter().chain(one.unified()));
    let show = |code| if is_person { masked_number(code) } else { shown(code) };
    subject.group.former_codes.iter().chain(folded).map(show).collect()
}

/// In the clear, unless it is a person's.
fn shown(code: &Identifier) -> Cow<'_, str> {
    if code.kind().is_person() { masked_number(code) } else { Cow::Borrowed(code.as_str()) }
}

fn masked_number(code: &Identifier) -> Cow<'_, str> {
    let mut text = String::new();
    mask_number(code.as_str(), &mut text);
    Cow::Owned(text)
}

/// Older codes in the clear; of tax numbers, which may contain a person's, only that there is one.
fn older_codes(subject: &Subject, is_person: bool) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let older = subject.group.codes.iter().filter(|code| code.kind() != IdKind::Uscc && !is_person);
    older
        .map(|code| {
            let text =
                if code.kind() == IdKind::Tax { masked_number(code) } else { Cow::Borrowed(code.as_str()) };
            (Cow::Borrowed(code.kind().word()), text)
        })
        .collect()
}
