//! A resolved subject as the snapshot keeps it: what checks read, what reports show.

use super::links::Links;
use super::resolve::{Kept, Subject};
use super::sameness::kind_of;
use crate::facts::{Detail, Field, Origin};
use crate::ingest::Files;
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
    Draft, EntryDraft, EventDraft, FiledDraft, NamesDraft, PersonKey, Provenance, SubjectKey, Tag,
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
    /// Names of the files.
    pub files: &'a Files,
}

impl Encoder<'_> {
    /// The draft of a subject; `None` if nothing names it any more.
    pub(crate) fn draft(&self, subject: &Subject, links: &Links) -> Option<Draft> {
        let group = &subject.group;
        let main = group.main_code()?;
        let key = SubjectKey::of(main, self.key);
        let oldest = self.as_of.minus_years(EXPIRED_YEARS);
        let mut entries = Vec::new();
        let mut records = Vec::new();
        for kept in &subject.records {
            let seen = self.publication(kept);
            if seen.end.day.is_some_and(|last| last < oldest) {
                continue;
            }
            records.push(self.filed(kept, &seen, group.kind));
            entries.extend(self.entry(kept, &seen));
        }
        if records.is_empty() && !group.registered {
            return None;
        }
        entries.extend(links.of(&key).iter().cloned());
        entries.sort_by(|a, b| entry_order(a).cmp(&entry_order(b)));
        records.sort_by_key(|filed| (filed.kind, filed.date, filed.record));
        let is_person = group.kind == SubjectKind::Person;
        let state = group.registered.then(|| {
            let (text, source) = group.state.clone().unwrap_or_default();
            let class = self.catalogue.state_class(&text).unwrap_or(StateClass::Neutral);
            (text, class, source)
        });
        Some(Draft {
            key,
            kind: group.kind,
            state,
            names: self.names(subject, &key),
            aliases: self.aliases(subject, &key),
            former_codes: former_codes(subject, is_person),
            older_codes: older_codes(subject, is_person),
            division: group.division.clone(),
            occupation: group.occupation.clone(),
            representative: masked(group.representative.as_ref().and_then(|one| one.name.as_deref())),
            from_row: group.origin.map(|origin| self.provenance(origin)),
            entries,
            records,
        })
    }

    /// What of a record's subject others see: entries of lists, for [`Links`].
    pub(crate) fn listed(&self, kept: &Kept) -> Option<EntryDraft> {
        if !matches!(kept.fact.detail, Detail::List { .. }) {
            return None;
        }
        self.entry(kept, &self.publication(kept))
    }

    fn names(&self, subject: &Subject, key: &SubjectKey) -> NamesDraft {
        let group = &subject.group;
        let folded = subject.predecessors.iter().flat_map(|one| one.name.iter().chain(&one.former_names));
        let former = group.former_names.iter().chain(folded).take(FORMER_NAMES_MAX);
        if group.kind == SubjectKind::Person {
            return NamesDraft::Person {
                current: group.name.as_deref().map(|name| (self.key.name(key, name), masked(Some(name)))),
                former: former.map(|name| self.key.name(key, name)).collect(),
            };
        }
        let cut = |name: &String| name.chars().take(NAME_BYTES_MAX).collect::<String>();
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

    fn publication(&self, kept: &Kept) -> Seen {
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
    fn entry(&self, kept: &Kept, seen: &Seen) -> Option<EntryDraft> {
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
                (Some(Category::Penalty(bits)), Effect::Punish, Some(kinds.to_string()), None)
            }
            Detail::Commitment { kind, fulfilment, .. } => {
                (Some(Category::Commitment(*fulfilment)), Effect::Attention, Some(kind.to_string()), None)
            }
            Detail::Evaluation { kind: Some(kind), grade: Some(grade), .. } => {
                let trigger = self.catalogue.grade_trigger(kind, grade);
                (None, Effect::Favour, Some(kind.to_string()), Some((grade.to_string(), trigger)))
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
            authority: fact.authority.to_string(),
            title,
            grade,
            document: fact.document.as_ref().map(|document| document.to_string()),
            events: self.events(kept),
        })
    }

    fn filed(&self, kept: &Kept, seen: &Seen, kind: SubjectKind) -> FiledDraft {
        let fact = &kept.fact;
        let list = match &fact.detail {
            Detail::List { list, .. } => self.catalogue.list_at(*list),
            _ => None,
        };
        let title = match &fact.detail {
            Detail::List { .. } => list.map(|list| list.title.clone()),
            Detail::Penalty { kinds, .. } => Some(kinds.to_string()),
            Detail::Commitment { kind, .. } => Some(kind.to_string()),
            Detail::Evaluation { kind, .. } => owned(kind),
            Detail::Administrative { act } => owned(act),
            Detail::Honour { title, .. } => owned(title),
            Detail::Licence { class, .. } => owned(class),
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
            from_row: self.provenance(fact.origin),
            date: fact.date,
            from: seen.from,
            until: seen.end.day,
            title,
            authority: fact.authority.to_string(),
            events: self.events(kept),
            texts: texts(kept, kind),
        }
    }
}

impl Encoder<'_> {
    fn events(&self, kept: &Kept) -> Vec<EventDraft> {
        let corrections = kept.corrections.iter().map(|fact| EventDraft {
            event: Event { day: fact.effective, kind: fact.kind },
            from: self.provenance(fact.origin),
            number: 0,
            document: fact.document.clone(),
            authority: fact.authority.clone(),
        });
        corrections.collect()
    }

    fn provenance(&self, origin: Origin) -> Provenance {
        Provenance { source: origin.source, file: self.files.name(origin.file).to_owned(), line: origin.line }
    }
}

/// When a record may be seen, and what it does then.
#[derive(Debug, Clone, Copy)]
struct Seen {
    from: Day,
    end: End,
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

/// Entries first, then evaluations: those of a kind together, the latest first.
fn entry_order(entry: &EntryDraft) -> impl Ord + '_ {
    let is_grade = entry.category.is_none();
    let kind = if is_grade { entry.title.as_deref() } else { None };
    (is_grade, kind, std::cmp::Reverse(entry.since), entry.record)
}

fn owned(text: &Option<Cow<'_, str>>) -> Option<String> {
    text.as_deref().map(str::to_owned)
}

fn masked(name: Option<&str>) -> String {
    let mut mask = String::new();
    mask_name(name.unwrap_or_default(), &mut mask);
    mask
}

/// Former codes as a report shows them: in the clear, a person's masked.
fn former_codes(subject: &Subject, is_person: bool) -> Vec<String> {
    let folded = subject.predecessors.iter().flat_map(|one| one.former_codes.iter().chain(one.unified()));
    let show = |code: &Identifier| {
        let mut text = String::new();
        if is_person || code.kind().is_person() {
            mask_number(code.as_str(), &mut text);
        } else {
            text.push_str(code.as_str());
        }
        text
    };
    subject.group.former_codes.iter().chain(folded).map(show).collect()
}

/// Older codes in the clear; of tax numbers, which may contain a person's, only that there is one.
fn older_codes(subject: &Subject, is_person: bool) -> Vec<(String, String)> {
    let older = subject.group.codes.iter().filter(|code| code.kind() != IdKind::Uscc && !is_person);
    older
        .map(|code| {
            let mut text = code.as_str().to_owned();
            if code.kind() == IdKind::Tax {
                text.clear();
                mask_number(code.as_str(), &mut text);
            }
            (code.kind().word().to_owned(), text)
        })
        .collect()
}

fn texts(kept: &Kept, kind: SubjectKind) -> Vec<(Tag, String)> {
    let fact = &kept.fact;
    let mut texts: Vec<(Tag, Option<String>)> = vec![(Tag::Document, owned(&fact.document))];
    let day = |day: &Option<Day>| day.map(|day| day.to_string());
    match &fact.detail {
        Detail::Licence { class, number, valid_from, valid_to } => texts.extend([
            (Tag::Class, owned(class)),
            (Tag::Number, owned(number)),
            (Tag::ValidFrom, day(valid_from)),
            (Tag::ValidTo, day(valid_to)),
        ]),
        Detail::Penalty { procedure, fine, .. } => {
            texts
                .extend([(Tag::Procedure, owned(procedure)), (Tag::Fine, fine.map(|fine| fine.to_string()))]);
        }
        Detail::List { ground, .. } => texts.push((Tag::Ground, owned(ground))),
        Detail::Commitment { matter, due, fulfilment, .. } => texts.extend([
            (Tag::Matter, owned(matter)),
            (Tag::Due, day(due)),
            (Tag::Fulfilment, Some(fulfilment.word().to_owned())),
        ]),
        Detail::Evaluation { grade, year, .. } => {
            texts.extend([(Tag::Grade, owned(grade)), (Tag::Year, owned(year))]);
        }
        Detail::Administrative { .. } | Detail::Judgment | Detail::Honour { .. } => {}
    }
    // Free text about persons is not kept at all.
    if kind != SubjectKind::Person {
        texts.extend(fact.texts.iter().map(|(field, text)| (tag(*field), Some(text.to_string()))));
    }
    texts.into_iter().filter_map(|(tag, text)| Some((tag, text?))).collect()
}

fn tag(field: Field) -> Tag {
    match field {
        Field::Title => Tag::Title,
        Field::Content => Tag::Content,
        Field::Offence => Tag::Offence,
        Field::Facts => Tag::Facts,
        Field::Basis => Tag::Basis,
        Field::Confiscated => Tag::Confiscated,
        Field::LicenceHit => Tag::LicenceHit,
        Field::Remark => Tag::Remark,
    }
}
