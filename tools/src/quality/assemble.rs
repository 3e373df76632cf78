//! From counts to the report.

use super::census::{Census, DAYS, OrphanTally, Place};
use super::differences::FIELDS;
use super::figures::share;
use super::tally::SourceTally;
use super::*;
use std::collections::BTreeMap;
use xinhe::domain::catalogue::layers::Remark;
use xinhe::domain::catalogue::{Catalogue, Entries, MeasureEntry};
use xinhe::domain::date::Day;
use xinhe::domain::record::RecordKind;
use xinhe::domain::subject::SubjectKind;
use xinhe::release::{Manifest, SourceEntry};

/// Kinds of evaluation up to which all are told.
const EVALUATION_KINDS_PLAIN: usize = 32;
/// Beyond, those that so many subjects have.
const EVALUATION_SUBJECTS_MIN: u64 = 10;

/// What the report tells beside the census.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The manifest of the release: names, accounts of the sources, digest of the catalogue.
    pub manifest: &'a Manifest,
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// What is odd about it.
    pub remarks: &'a [Remark],
    /// In the order of the dataset.
    pub sources: &'a [SourceAbout<'a>],
    /// The files of the dataset, by [`crate::facts::Origin`].
    pub files: &'a [String],
    /// The report of the release before.
    pub previous: Option<&'a Quality>,
}

/// What was counted of a source beside the census.
#[derive(Debug, Clone, Copy)]
pub struct SourceAbout<'a> {
    /// Rows refused, by reason; empty: as the census counted them.
    pub rejects: &'a BTreeMap<&'static str, u64>,
    /// Oddities by reason, but those that the census was told.
    pub warnings: &'a BTreeMap<&'static str, u64>,
    /// Rows in which a column of the contract is blank or absent.
    pub missing_fields: &'a BTreeMap<&'static str, u64>,
    /// Wrapping sum of [`content`] over its rows.
    pub content: u64,
    /// The day of its rows, if they come from the release before.
    pub carried_from: Option<Day>,
}

/// The report, without guardrails: those judge the report.
pub fn assemble(census: &Census, about: &About<'_>) -> Quality {
    let manifest = about.manifest;
    let names: Vec<String> =
        manifest.sources.iter().enumerate().map(|(at, source)| source_name(at, &source.kind)).collect();
    let mut quality = Quality {
        release: manifest.release.clone(),
        dataset: manifest.dataset.clone(),
        as_of: manifest.as_of.clone(),
        previous: about.previous.map(|previous| previous.release.clone()),
        guardrails: Vec::new(),
        subjects: subjects(census),
        records: RecordKind::ALL
            .map(|kind| {
                let count = census.records[usize::from(kind.code())];
                KindCount { kind: kind.word().to_owned(), count }
            })
            .into(),
        coverage: coverage(census),
        sources: Vec::new(),
        lists: lists(census, about, &names),
        conflicts: conflicts(census, &names),
        penalties: penalties(census, about.catalogue.entries()),
        terms: terms(census, about.catalogue.entries()),
        catalogue: catalogue(about),
        orphan_corrections: census.orphans,
        orphan_correction: census
            .orphans_told
            .iter()
            .map(|(at, one)| orphan(*at, one, about.files))
            .collect(),
        renamed_authorities: Vec::new(),
        catalogue_remarks: about.remarks.iter().map(ToString::to_string).collect(),
        comparison: Vec::new(),
        sample: None,
    };
    for (at, entry) in manifest.sources.iter().enumerate() {
        let carried = about.sources.get(at).is_some_and(|source| source.carried_from.is_some());
        let tally = census.sources.get(at).cloned().unwrap_or_default();
        let mut one = source(&names[at], entry, about.sources.get(at), &tally);
        one.late.limit_days = census.late_days();
        quality.sources.push(one);
        if carried {
            keep_content(&mut quality, at, about.previous);
        }
    }
    quality.comparison = comparison::compare(about.previous, &quality);
    quality
}

fn subjects(census: &Census) -> Subjects {
    let of = |kind: SubjectKind| {
        let at = usize::from(kind.code());
        census.subjects.registered[at] + census.subjects.stubs[at]
    };
    Subjects {
        enterprise: of(SubjectKind::Enterprise),
        organisation: of(SubjectKind::Organisation),
        individual_business: of(SubjectKind::IndividualBusiness),
        person: of(SubjectKind::Person),
        not_registered: census.subjects.stubs.iter().sum(),
    }
}

fn coverage(census: &Census) -> Coverage {
    let tally = &census.subjects;
    let kinds = SubjectKind::ALL.map(|kind| {
        let at = usize::from(kind.code());
        KindCoverage {
            kind: kind.word().to_owned(),
            registered: tally.registered[at],
            registered_with_records: tally.with_records[at],
            share: share(tally.with_records[at], tally.registered[at]),
            stubs: tally.stubs[at],
        }
    });
    let person = usize::from(SubjectKind::Person.code());
    let organisations = |counts: &[u64; 4]| counts.iter().sum::<u64>() - counts[person];
    let registered = organisations(&tally.registered);
    let mut evaluations: Vec<EvaluationCoverage> = census
        .evaluations
        .values()
        .map(|(kind, subjects)| EvaluationCoverage {
            kind: kind.to_string(),
            organisations: organisations(subjects),
            share: share(organisations(subjects), registered),
            persons: subjects[person],
        })
        .collect();
    // So many kinds are none: most likely a column of names stands under PJ_LX, and no person's name is told here.
    if evaluations.len() > EVALUATION_KINDS_PLAIN {
        evaluations.retain(|one| one.organisations + one.persons >= EVALUATION_SUBJECTS_MIN);
    }
    evaluations.sort_by(|a, b| a.kind.cmp(&b.kind));
    let evaluated = organisations(&tally.evaluated);
    Coverage {
        kinds: kinds.into(),
        registered_organisations: registered,
        evaluated_organisations: evaluated,
        evaluated_share: share(evaluated, registered),
        evaluations,
    }
}

fn source(
    name: &str,
    entry: &SourceEntry,
    about: Option<&SourceAbout<'_>>,
    tally: &SourceTally,
) -> SourceQuality {
    let owned = |counts: &BTreeMap<&'static str, u64>| -> BTreeMap<String, u64> {
        counts.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect()
    };
    let mut warnings = owned(&tally.warnings);
    for (reason, count) in about.iter().flat_map(|about| about.warnings) {
        *warnings.entry((*reason).to_owned()).or_default() += count;
    }
    let by_column = tally.rejects.iter().map(|(reason, columns)| {
        let columns = columns.iter().map(|(column, count)| (column.to_string(), *count));
        (reason.to_string(), columns.collect::<BTreeMap<_, _>>())
    });
    let by_column: BTreeMap<String, BTreeMap<String, u64>> = by_column.collect();
    SourceQuality {
        name: name.to_owned(),
        source: SourceFigures {
            kind: entry.kind.clone(),
            path: entry.path.clone(),
            provider: entry.provider.clone(),
            as_of: entry.as_of.clone(),
            max_age: entry.max_age.clone(),
            supplies: entry.supplies.clone(),
            files: entry.files,
            rows: entry.rows,
            kept: entry.kept,
            merged: entry.merged,
            rejected: entry.rejected,
            carried: entry.carried,
        },
        content: format!("{:016x}", about.map_or(0, |about| about.content)),
        carried_from: about.and_then(|about| about.carried_from).map(|day| day.to_string()),
        rejected_by_reason: match about {
            Some(about) if !about.rejects.is_empty() => owned(about.rejects),
            _ => by_column.iter().map(|(reason, columns)| (reason.clone(), columns.values().sum())).collect(),
        },
        rejected_by_column: by_column,
        warnings_by_reason: warnings,
        missing_fields: about.map(|about| owned(about.missing_fields)).unwrap_or_default(),
        late: tally.late,
        from_after_to: tally.from_after_to,
        in_future: tally.in_future,
        columns: tally.shapes(),
    }
}

/// Rows that were carried forward were not read: the next night is compared with what was last read.
fn keep_content(quality: &mut Quality, at: usize, previous: Option<&Quality>) {
    let pairs = source_pairs(previous, quality);
    let before = pairs.iter().find(|pair| pair.now == Some(at)).and_then(|pair| pair.before);
    let before = before.and_then(|before| previous.and_then(|previous| previous.sources.get(before)));
    if let (Some(before), Some(now)) = (before, quality.sources.get_mut(at)) {
        now.content.clone_from(&before.content);
        now.missing_fields.clone_from(&before.missing_fields);
    }
}

fn lists(census: &Census, about: &About<'_>, names: &[String]) -> Vec<ListFigures> {
    let supplied = |code: &str| {
        let sources = about.manifest.sources.iter().zip(names);
        let supplying = sources.filter(|(source, _)| source.supplies.iter().any(|list| list == code));
        supplying.map(|(_, name)| name.clone()).collect()
    };
    let lists = about.catalogue.entries().lists.iter().zip(&census.lists);
    lists
        .map(|(list, [entries, visible])| ListFigures {
            code: list.code.clone(),
            title: list.title.clone(),
            entries: *entries,
            visible: *visible,
            supplied_by: supplied(&list.code),
        })
        .collect()
}

fn conflicts(census: &Census, names: &[String]) -> Conflicts {
    let name = |source: u16| names.get(usize::from(source)).cloned().unwrap_or_default();
    let mut told = Conflicts::default();
    for ((winner, loser), pair) in &census.pairs {
        told.duplicates += pair.duplicates;
        told.conflicts += pair.conflicts;
        let (winner, loser) = (name(*winner), name(*loser));
        for (field, count) in FIELDS.iter().zip(pair.fields).filter(|(_, count)| *count > 0) {
            told.fields.push(FieldCount {
                winner: winner.clone(),
                loser: loser.clone(),
                field: (*field).to_owned(),
                count,
            });
        }
        told.pairs.push(PairCount { winner, loser, duplicates: pair.duplicates, conflicts: pair.conflicts });
    }
    told
}

fn penalties(census: &Census, entries: &Entries) -> Penalties {
    let rules = entries.rules.iter().zip(&census.rules).enumerate();
    let by_rule = rules.map(|(at, (rule, count))| RuleCount {
        rule: at as u64 + 1,
        class: rule.class.clone(),
        count: *count,
    });
    let defaults = entries.rules.iter().zip(&census.rules).filter(|(rule, _)| rule.default);
    Penalties {
        by_rule: by_rule.collect(),
        by_default: defaults.map(|(_, count)| count).sum(),
        unmatched: census.rules.last().copied().unwrap_or_default(),
    }
}

fn terms(census: &Census, entries: &Entries) -> Terms {
    let (lists, kinds) = census.ends.split_at(entries.lists.len().min(census.ends.len()));
    let of_lists = entries.lists.iter().zip(lists).map(|(list, [week, month])| TermCount {
        kind: RecordKind::List.word().to_owned(),
        list: Some(list.code.clone()),
        within_7: *week,
        within_30: *month,
    });
    let of_kinds = RecordKind::ALL.iter().zip(kinds).map(|(kind, [week, month])| TermCount {
        kind: kind.word().to_owned(),
        list: None,
        within_7: *week,
        within_30: *month,
    });
    let day = |at: usize| Day::from_number(census.as_of().number().saturating_add(at as i32)).to_string();
    Terms {
        within_7: census.ends.iter().map(|[week, _]| week).sum(),
        within_30: census.ends.iter().map(|[_, month]| month).sum(),
        by: of_lists.chain(of_kinds).filter(|one| one.within_30 > 0).collect(),
        by_day: (0..DAYS).map(|at| DayCount { day: day(at), count: census.ends_by_day[at] }).collect(),
    }
}

fn catalogue(about: &About<'_>) -> CatalogueFigures {
    let entries = about.catalogue.entries();
    let supplied = |code: &String| about.manifest.sources.iter().any(|source| source.supplies.contains(code));
    let mut binding = vec![false; entries.measures.len()];
    for matter in 0..entries.matters.len() {
        for measure in about.catalogue.measures_of(u16::try_from(matter).unwrap_or(u16::MAX)) {
            binding[usize::from(*measure)] = true;
        }
    }
    let codes = |which: &dyn Fn(usize, &MeasureEntry) -> bool| {
        let measures = entries.measures.iter().enumerate().filter(|(at, measure)| which(*at, measure));
        measures.map(|(_, measure)| measure.code.clone()).collect()
    };
    CatalogueFigures {
        sha256: about.manifest.catalogue_sha256.clone(),
        lists_without_source: entries
            .lists
            .iter()
            .map(|list| &list.code)
            .filter(|code| !supplied(code))
            .cloned()
            .collect(),
        measures_without_matter: codes(&|at, _| !binding[at]),
        measures_without_trigger: codes(&|_, measure| {
            let MeasureEntry { lists, penalties, grades, commitments, .. } = measure;
            lists.is_empty() && penalties.is_empty() && grades.is_empty() && commitments.is_empty()
        }),
        measures_from_after_to: codes(
            &|_, measure| matches!((measure.from, measure.to), (Some(from), Some(to)) if from > to),
        ),
    }
}

fn orphan(at: Place, orphan: &OrphanTally, files: &[String]) -> Orphan {
    let mut told = Orphan {
        record: orphan.record.to_string(),
        kind: orphan.kind.word().to_owned(),
        effective: orphan.effective.to_string(),
        ..Orphan::default()
    };
    match at {
        Place::Table(origin) => {
            told.file = files.get(origin.file as usize).cloned();
            told.line = Some(origin.line);
        }
        Place::Store(number) => told.number = Some(number),
    }
    told
}
