//! What a release says of every subject, as CSV.

use std::fs;
use std::path::Path;
use xinhe::domain::catalogue::{Bars, Effect};
use xinhe::domain::date::Day;
use xinhe::domain::publication::is_within;
use xinhe::domain::record::{Standing as Stands, standing_on};
use xinhe::domain::text::hex;
use xinhe::domain::verdict::Relation;
use xinhe::snapshot::{EntryCategory, EntryRow, Part, PersonKeys, Snapshot, Standing, SubjectKey, Trust};

type Sheet = csv::Writer<fs::File>;

const SUBJECT_COLUMNS: [&str; 6] = ["key", "kind", "registered", "state", "state_class", "name"];
/// `seen` has a character a day: `.` hidden, `v` visible, `o` visible under objection. `latest` has `1` where
/// the evaluation is the one of its kind that a check shows.
pub(crate) const ENTRY_COLUMNS: [&str; 17] = [
    "key",
    "record",
    "category",
    "relation",
    "list",
    "title",
    "grade",
    "effect",
    "bars",
    "since",
    "first",
    "last",
    "document",
    "authority",
    "source",
    "seen",
    "latest",
];

/// Writes `subjects.csv` and `entries.csv` of a release into a folder.
pub(crate) fn write(release: &Path, days: &[Day], out: &Path) {
    let mut files: Vec<_> = fs::read_dir(release)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("part-"))
        .collect();
    files.sort();
    let parts = files.iter().map(|path| Part::open(fs::read(path).unwrap(), Trust::Nothing).unwrap());
    let keys = PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap();
    let snapshot = Snapshot::new(parts.collect(), &keys).unwrap();
    let mut subjects = csv::Writer::from_path(out.join("subjects.csv")).unwrap();
    let mut entries = csv::Writer::from_path(out.join("entries.csv")).unwrap();
    subjects.write_record(SUBJECT_COLUMNS).unwrap();
    entries.write_record(ENTRY_COLUMNS).unwrap();
    for part in snapshot.parts() {
        for place in 0..part.subjects() {
            let standing = part.standing(place).unwrap();
            write_subject(part, &standing, &mut subjects);
            write_entries(&snapshot, part, &standing, days, &mut entries);
        }
    }
    subjects.flush().unwrap();
    entries.flush().unwrap();
}

/// `1:9137…`, the number of its kind and the code, for a code in the clear; `digest:<hex>` for a keyed digest.
fn key_text(key: &SubjectKey) -> String {
    let bytes = key.to_bytes();
    match key.code() {
        Some(code) => format!("{}:{code}", bytes[0]),
        None => format!("digest:{}", hex(&bytes[1..])),
    }
}

fn write_subject(part: &Part<Vec<u8>>, standing: &Standing<'_>, out: &mut Sheet) {
    let class = standing.state_class();
    let state = class.and_then(|_| part.string(standing.state())).unwrap_or_default();
    out.write_record([
        key_text(&standing.key()).as_str(),
        standing.kind().word(),
        if standing.is_registered() { "1" } else { "0" },
        state,
        class.map(|class| class.word()).unwrap_or_default(),
        part.shown_name(standing).unwrap_or_default(),
    ])
    .unwrap();
}

fn write_entries(
    snapshot: &Snapshot<Vec<u8>>,
    part: &Part<Vec<u8>>,
    standing: &Standing<'_>,
    days: &[Day],
    out: &mut Sheet,
) {
    let key = key_text(&standing.key());
    // On each day the kind of evaluation that was shown last: those of a kind stand together, the latest first.
    let mut shown = vec![None; days.len()];
    for entry in part.entries_of(standing).unwrap() {
        let seen: Vec<Option<bool>> = days.iter().map(|day| visible(part, &entry, *day)).collect();
        let is_grade = entry.category() == EntryCategory::Evaluation;
        let mut latest = String::new();
        for (seen, shown) in seen.iter().zip(&mut shown) {
            let first = is_grade && seen.is_some() && *shown != Some(entry.title());
            if first {
                *shown = Some(entry.title());
            }
            latest.push(if first { '1' } else { '.' });
        }
        let seen: String = seen.iter().map(|seen| seen.map_or('.', |o| if o { 'o' } else { 'v' })).collect();
        write_entry(snapshot, part, &entry, [&key, &seen, &latest], out);
    }
}

/// As `check` judges it.
fn visible(part: &Part<Vec<u8>>, entry: &EntryRow<'_>, day: Day) -> Option<bool> {
    if !is_within(entry.from(), Some(entry.until()), day) {
        return None;
    }
    let (first, count) = entry.events();
    match standing_on(part.events(first, count).map(|row| row.event()), day, entry.objection()) {
        Stands::Gone => None,
        Stands::Stands { objection } => Some(objection),
    }
}

fn write_entry(
    snapshot: &Snapshot<Vec<u8>>,
    part: &Part<Vec<u8>>,
    entry: &EntryRow<'_>,
    [key, seen, latest]: [&str; 3],
    out: &mut Sheet,
) {
    let text = |number: u32| part.string(number).unwrap_or_default();
    let category = entry.category();
    let is_list = category == EntryCategory::List;
    let is_grade = category == EntryCategory::Evaluation;
    let list = entry.list().filter(|_| is_list).map(|list| snapshot.catalogue().list_at(list).unwrap());
    let own = entry.relation() == Relation::Own;
    let effect = if own { entry.effect() } else { Effect::Attention };
    // Of another's entry nothing is barred; a broken commitment bars by being one.
    let bars = if own { entry.bars() } else { Bars::default() };
    let last = if entry.until() == Day::OPEN { String::new() } else { entry.until().to_string() };
    out.write_record([
        key,
        &entry.record().to_string(),
        match category {
            EntryCategory::List => "list",
            EntryCategory::Penalty => "penalty",
            EntryCategory::Commitment => "commitment",
            EntryCategory::Evaluation => "evaluation",
        },
        match entry.relation() {
            Relation::Own => "own",
            Relation::LegalRepresentative => "legal-representative",
            Relation::Represents => "represents",
        },
        list.map_or("", |list| list.code.as_str()),
        if is_list { "" } else { text(entry.title()) },
        if is_grade { text(entry.grade()) } else { "" },
        if is_grade { "" } else { effect.word() },
        &bars.0.to_string(),
        &entry.since().to_string(),
        &entry.from().to_string(),
        &last,
        part.document(entry).unwrap_or_default(),
        text(entry.authority()),
        &entry.source().to_string(),
        seen,
        latest,
    ])
    .unwrap();
}
