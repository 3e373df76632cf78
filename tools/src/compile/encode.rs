//! A resolved subject as the snapshot keeps it: what checks read, what reports show.

use super::links::Links;
use super::resolve::{Kept, Subject};
use super::sameness::kind_of;
use crate::facts::{Detail, Field, Origin};
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use xinhe::domain::catalogue::{Bars, Catalogue, Effect};
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::publication::{self, End, Ending, Penalty};
use xinhe::domain::record::Event;
use xinhe::domain::subject::{StateClass, SubjectKind};
use xinhe::domain::text::{mask_name, mask_number};
use xinhe::domain::verdict::{Category, Relation};
use xinhe::snapshot::{
    EntryDraft, EventDraft, FiledDraft, NamesDraft, PartWriter, PersonKey, Provenance, SnapshotError,
    SubjectDraft, SubjectKey, Tag,
};

/// Years for which expired records are kept, so that a check may be asked for a past day.
pub(crate) const EXPIRED_YEARS: u32 = 10;
/// Former names that the format holds.
const FORMER_NAMES_MAX: usize = 255;
/// Characters of a name that the format holds, with room for its former ones.
const NAME_CHARS_MAX: usize = 200;

/// The files from which rows came, each with a number: the order of their names.
#[derive(Debug, Default)]
pub(crate) struct FileNumbers {
    /// By number.
    pub names: Vec<String>,
    numbers: HashMap<Arc<str>, u32>,
}

impl FileNumbers {
    /// Of all rows that were kept.
    pub(crate) fn of(subjects: &[Subject]) -> FileNumbers {
        let mut files = BTreeSet::new();
        for subject in subjects {
            files.extend(subject.group.origin.as_ref().map(|origin| &origin.file));
            for kept in &subject.records {
                files.insert(&kept.fact.origin.file);
                files.extend(kept.corrections.iter().map(|fact| &fact.origin.file));
            }
        }
        FileNumbers {
            names: files.iter().map(|file| file.to_string()).collect(),
            numbers: files.iter().zip(0..).map(|(file, number)| (Arc::clone(file), number)).collect(),
        }
    }
}

/// What encoding needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoder<'a> {
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// The secret under which persons are kept.
    pub key: &'a PersonKey,
    /// Day of the data.
    pub as_of: Day,
    /// The files of the rows.
    pub files: &'a FileNumbers,
}

impl<'a> Encoder<'a> {
    /// The key under which a subject is kept; `None` if nothing names it any more.
    pub(crate) fn key_of(&self, subject: &Subject) -> Option<SubjectKey> {
        let key = SubjectKey::of(subject.group.main_code()?, self.key);
        let stands = subject.group.registered || subject.records.iter().any(|kept| self.seen(kept).is_some());
        stands.then_some(key)
    }

    /// Writes a subject: its entries and those of linked subjects, its records, itself.
    pub(crate) fn write(
        &self,
        writer: &mut PartWriter,
        key: &SubjectKey,
        subject: &Subject,
        links: &Links<'_>,
    ) -> Result<(), SnapshotError> {
        let records = subject.records.iter().filter_map(|kept| Some((kept, self.seen(kept)?)));
        let mut records: Vec<(&Kept, Seen)> = records.collect();
        records.sort_by_key(|(kept, _)| (kind_of(&kept.fact.detail), kept.fact.date, kept.id));
        let own = records.iter().filter_map(|(kept, seen)| self.entry(kept, seen));
        let mut entries: Vec<EntryDraft<'_>> = own.chain(links.of(key).iter().cloned()).collect();
        entries.sort_by(|a, b| entry_order(a).cmp(&entry_order(b)));
        writer.begin(key)?;
        entries.iter().try_for_each(|entry| writer.entry(entry))?;
        for (kept, seen) in &records {
            writer.record(&self.filed(kept, seen, subject.group.kind))?;
        }
        writer.end(&self.subject(subject, key))
    }

    /// Everything about a subject that is neither entry nor record.
    pub(crate) fn subject<'k>(&self, subject: &'k Subject, key: &SubjectKey) -> SubjectDraft<'k> {
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
            representative: masked(group.representative.as_ref().and_then(|one| one.name.as_deref())),
            from_row: group.origin.as_ref().map(|origin| self.provenance(origin)),
        }
    }

    /// What of a record's subject others see: entries of lists, for [`Links`].
    pub(crate) fn listed<'k>(&self, kept: &'k Kept) -> Option<EntryDraft<'k>>
    where
        'a: 'k,
    {
        if !matches!(kept.fact.detail, Detail::List { .. }) {
            return None;
        }
        self.entry(kept, &self.publication(kept))
    }

    fn names<'k>(&self, subject: &'k Subject, key: &SubjectKey) -> NamesDraft<'k> {
        let group = &subject.group;
        let folded = subject.predecessors.iter().flat_map(|one| one.name.iter().chain(&one.former_names));
        let former = group.former_names.iter().chain(folded).take(FORMER_NAMES_MAX);
        if group.kind == SubjectKind::Person {
            return NamesDraft::Person {
                current: group.name.as_deref().map(|name| (self.key.name(key, name), masked(Some(name)))),
                former: former.map(|name| self.key.name(key, name)).collect(),
            };
        }
        NamesDraft::Organisation {
            current: group.name.as_deref().map(cut).unwrap_or_default(),
            former: former.map(|name| cut(name)).collect(),
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

    /// When a record may be seen; `None` if that is too long ago to be kept.
    pub(crate) fn seen(&self, kept: &Kept) -> Option<Seen> {
        let seen = self.publication(kept);
        let oldest = self.as_of.minus_years(EXPIRED_YEARS);
        seen.end.day.is_none_or(|last| last >= oldest).then_some(seen)
    }

    fn provenance(&self, origin: &Origin) -> Provenance {
        let file = self.files.numbers.get(&origin.file).copied().unwrap_or(u32::MAX);
        Provenance { source: origin.source, file, line: origin.line }
    }

    fn events<'k>(&self, kept: &'k Kept) -> Vec<EventDraft<'k>> {
        let corrections = kept.corrections.iter();
        corrections
            .map(|fact| EventDraft {
                event: Event { day: fact.effective, kind: fact.kind },
                from: self.provenance(&fact.origin),
                number: 0,
                document: Cow::Borrowed(&fact.document),
                authority: Cow::Borrowed(&fact.authority),
            })
            .collect()
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
                let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
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
    pub(crate) fn entry<'k>(&self, kept: &'k Kept, seen: &Seen) -> Option<EntryDraft<'k>>
    where
        'a: 'k,
    {
        let fact = &kept.fact;
        if !seen.counts || seen.unpublished || fact.revoked {
            return None;
        }
        let (category, effect, title, grade) = match &fact.detail {
            Detail::List { list, .. } => {
                (Some(Category::List(*list)), self.catalogue.list_at(*list)?.effect, None, None)
            }
            Detail::Penalty { kinds, .. } => {
                let bits = self.catalogue.penalty_bits(kinds.iter().map(String::as_str));
                (Some(Category::Penalty(bits)), Effect::Punish, Some(joined(kinds)), None)
            }
            Detail::Commitment { kind, fulfilment, .. } => {
                let title = Some(Cow::Borrowed(kind.as_str()));
                (Some(Category::Commitment(*fulfilment)), Effect::Attention, title, None)
            }
            Detail::Evaluation { kind: Some(kind), grade: Some(grade), .. } => {
                let trigger = self.catalogue.grade_trigger(kind, grade);
                let grade = Some((Cow::Borrowed(grade.as_str()), trigger));
                (None, Effect::Favour, Some(Cow::Borrowed(kind.as_str())), grade)
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
            title,
            grade,
            document: fact.document.as_deref().map(Cow::Borrowed),
            events: self.events(kept),
        })
    }

    /// A record as the dossier of a subject of this kind files it.
    pub(crate) fn filed<'k>(&self, kept: &'k Kept, seen: &Seen, kind: SubjectKind) -> FiledDraft<'k>
    where
        'a: 'k,
    {
        let fact = &kept.fact;
        let title = match &fact.detail {
            Detail::List { list, .. } => self.catalogue.list_at(*list).map(|list| Cow::Borrowed(&*list.title)),
            Detail::Penalty { kinds, .. } => Some(joined(kinds)),
            Detail::Commitment { kind, .. } => Some(Cow::Borrowed(kind.as_str())),
            Detail::Evaluation { kind: title, .. }
            | Detail::Administrative { act: title }
            | Detail::Honour { title, .. }
            | Detail::Licence { class: title, .. } => title.as_deref().map(Cow::Borrowed),
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
            from_row: self.provenance(&fact.origin),
            date: fact.date,
            from: seen.from,
            until: seen.end.day,
            title,
            authority: Cow::Borrowed(&fact.authority),
            events: self.events(kept),
            texts: texts(kept, kind),
        }
    }
}

/// When a record may be seen, and what it does then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
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
fn entry_order<'e>(entry: &'e EntryDraft<'_>) -> impl Ord + 'e {
    let is_grade = entry.category.is_none();
    let kind = if is_grade { entry.title.as_deref() } else { None };
    (is_grade, kind, std::cmp::Reverse(entry.since), entry.record)
}

fn masked(name: Option<&str>) -> Cow<'static, str> {
    let mut mask = String::new();
    mask_name(name.unwrap_or_default(), &mut mask);
    Cow::Owned(mask)
}

/// As much of a name as the format holds.
fn cut(name: &str) -> Cow<'_, str> {
    let end = name.char_indices().nth(NAME_CHARS_MAX).map_or(name.len(), |(at, _)| at);
    Cow::Borrowed(&name[..end])
}

/// Kinds of penalty as a title.
fn joined(kinds: &[String]) -> Cow<'_, str> {
    match kinds {
        [kind] => Cow::Borrowed(kind),
        kinds => Cow::Owned(kinds.join(";")),
    }
}

/// Former codes as a report shows them: in the clear, a person's masked.
fn former_codes<'s>(subject: &'s Subject, is_person: bool) -> Vec<Cow<'s, str>> {
    let folded = subject.predecessors.iter().flat_map(|one| one.former_codes.iter().chain(one.unified()));
    let show = |code: &'s Identifier| -> Cow<'s, str> {
        if !is_person && !code.kind().is_person() {
            return Cow::Borrowed(code.as_str());
        }
        let mut text = String::new();
        mask_number(code.as_str(), &mut text);
        Cow::Owned(text)
    };
    subject.group.former_codes.iter().chain(folded).map(show).collect()
}

/// Older codes in the clear; of tax numbers, which may contain a person's, only that there is one.
fn older_codes(subject: &Subject, is_person: bool) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let older = subject.group.codes.iter().filter(|code| code.kind() != IdKind::Uscc && !is_person);
    older
        .map(|code| {
            let mut text = Cow::Borrowed(code.as_str());
            if code.kind() == IdKind::Tax {
                let mut mask = String::new();
                mask_number(code.as_str(), &mut mask);
                text = Cow::Owned(mask);
            }
            (Cow::Borrowed(code.kind().word()), text)
        })
        .collect()
}

fn texts<'k>(kept: &'k Kept, kind: SubjectKind) -> Vec<(Tag, Cow<'k, str>)> {
    let fact = &kept.fact;
    let mut texts = Vec::with_capacity(5 + fact.texts.len());
    let mut add = |tag: Tag, text: Option<Cow<'k, str>>| texts.extend(text.map(|text| (tag, text)));
    fn plain(text: &Option<String>) -> Option<Cow<'_, str>> {
        text.as_deref().map(Cow::Borrowed)
    }
    let day = |day: &Option<Day>| day.map(|day| Cow::Owned(day.to_string()));
    add(Tag::Document, plain(&fact.document));
    match &fact.detail {
        Detail::Licence { class, number, valid_from, valid_to } => {
            add(Tag::Class, plain(class));
            add(Tag::Number, plain(number));
            add(Tag::ValidFrom, day(valid_from));
            add(Tag::ValidTo, day(valid_to));
        }
        Detail::Penalty { procedure, fine, .. } => {
            add(Tag::Procedure, plain(procedure));
            add(Tag::Fine, fine.map(|fine| Cow::Owned(fine.to_string())));
        }
        Detail::List { ground, .. } => add(Tag::Ground, plain(ground)),
        Detail::Commitment { matter, due, fulfilment, .. } => {
            add(Tag::Matter, plain(matter));
            add(Tag::Due, day(due));
            add(Tag::Fulfilment, Some(Cow::Borrowed(fulfilment.word())));
        }
        Detail::Evaluation { grade, year, .. } => {
            add(Tag::Grade, plain(grade));
            add(Tag::Year, plain(year));
        }
        Detail::Administrative { .. } | Detail::Judgment | Detail::Honour { .. } => {}
    }
    // Free text about persons is not kept at all.
    if kind != SubjectKind::Person {
        texts.extend(fact.texts.iter().map(|(field, text)| (tag(*field), Cow::Borrowed(text.as_str()))));
    }
    texts
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
