//! Guardrails (门禁): what must not go out unnoticed. The build measures them into `quality.json`; `publish` refuses
//! what trips one, unless it is accepted by name.
//!
//! Names are stable, since operators and scripts accept by them. `<source>` is its place in the dataset from 1 and its
//! kind, as in `3-penalty`.
//!
//! | name | trips when |
//! |---|---|
//! | `subjects`, `records` | registered subjects, or records, fell or rose against the release before |
//! | `entries:<list>`, `list_emptied:<list>` | a list's entries did; a list that had entries has none |
//! | `source_missing:<source>` | its path meets no file, or fewer than in the release before |
//! | `source_removed:<source>` | the dataset of the release before had it (`<source>` as it was named there) |
//! | `source_empty:<source>` | it has files, but no row |
//! | `source_older:<source>` | its day is older than in the release before; or it is newer, and the rows are the very same |
//! | `rows:<source>` | its rows fell or rose: a file cut in half |
//! | `rejects:<source>` | too many of its rows are refused |
//! | `columns:<source>` | blank or refused cells, or what a column looks like, jumped: columns swapped, a wrong encoding |
//! | `catalogue` | it changed |
//! | `orphan_corrections` | corrections match no record: a repaired record may be back under another id |
//! | `verdicts:<matter>` | too many subjects have another verdict for the matter |
//! | `sample` | the naive model answers otherwise for subjects of a random sample, or too few of it could be compared |

mod limits;
mod sources;
#[cfg(test)]
mod tests;

pub use limits::{Change, GUARDRAILS_FILE, Limits, LimitsError, RejectLimit};

use crate::quality::{Quality, SampleFigures};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One thing that publishing looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Guardrail {
    /// Stable name, by which it is accepted.
    pub name: String,
    /// Whether publishing stops.
    pub tripped: bool,
    /// What was found.
    pub found: String,
    /// What is allowed.
    pub limit: String,
    /// In a sentence; for one that is tripped also what to do.
    pub detail: String,
}

/// What guardrails look at.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The thresholds.
    pub limits: &'a Limits,
    /// The report of this build.
    pub now: &'a Quality,
    /// The report of the release before.
    pub previous: Option<&'a Quality>,
    /// By code of the matter: subjects whose verdict changed, and subjects asked about. None: not measured.
    pub verdicts: Option<&'a BTreeMap<String, (u64, u64)>>,
    /// What the naive model says of a random sample of subjects. None: not measured.
    pub sample: Option<&'a SampleFigures>,
}

const FIRST: &str = "no previous release";

/// Measures everything, in a fixed order. Those that are not tripped are told too.
pub fn measure(input: &Input<'_>) -> Vec<Guardrail> {
    let mut all = whole(input);
    all.extend(lists(input));
    all.extend(sources::measure(input));
    all.push(catalogue(input));
    all.push(orphans(input));
    all.extend(verdicts(input));
    all.push(sample(input));
    all
}

/// The sums over everything.
fn whole(input: &Input<'_>) -> Vec<Guardrail> {
    let subjects = |quality: &Quality| {
        let kinds: u64 = quality.coverage.kinds.iter().map(|kind| kind.registered).sum();
        let of = &quality.subjects;
        let all = of.enterprise + of.organisation + of.individual_business + of.person;
        // A report from before there was coverage.
        if quality.coverage.kinds.is_empty() { all.saturating_sub(of.not_registered) } else { kinds }
    };
    let records = |quality: &Quality| quality.records.iter().map(|kind| kind.count).sum::<u64>();
    let of = |name: &str, what: &str, limit: &Change, count: &dyn Fn(&Quality) -> u64| {
        let before = input.previous.map(count);
        changed(name.to_owned(), what, before, count(input.now), limit, input.limits.least)
    };
    vec![
        of("subjects", "registered subjects", &input.limits.subjects, &subjects),
        of("records", "records", &input.limits.records, &records),
    ]
}

fn lists(input: &Input<'_>) -> Vec<Guardrail> {
    let mut all = Vec::new();
    let before = |code: &str| {
        let list = input.previous?.lists.iter().find(|list| list.code == code)?;
        Some(list.entries)
    };
    let gone = input.previous.iter().flat_map(|previous| &previous.lists);
    let gone = gone.filter(|old| !input.now.lists.iter().any(|list| list.code == old.code));
    let lists = input.now.lists.iter().map(|list| (&list.code, list.entries));
    for (code, now) in lists.chain(gone.map(|list| (&list.code, 0))) {
        let what = format!("entries of the list {code}");
        let limit = &input.limits.entries;
        let mut both = [
            changed(format!("entries:{code}"), &what, before(code), now, limit, input.limits.least),
            emptied(code, before(code), now),
        ];
        if input.previous.is_some() && before(code).is_none() {
            both.iter_mut().for_each(|one| one.detail = "the previous release has no such list".to_owned());
        }
        all.extend(both);
    }
    all
}

fn emptied(code: &str, before: Option<u64>, now: u64) -> Guardrail {
    let name = format!("list_emptied:{code}");
    let limit = "not emptied".to_owned();
    let Some(before) = before else { return first(name, format!("{now} entries"), limit) };
    let tripped = before > 0 && now == 0;
    let detail = if tripped {
        format!(
            "the list {code} had {before} entries and has none: everybody on it would be clear; look at its source, or carry it forward"
        )
    } else {
        format!("the list {code} has {now} entries, before {before}")
    };
    Guardrail { name, tripped, found: format!("{now} entries"), limit, detail }
}

fn catalogue(input: &Input<'_>) -> Guardrail {
    let (name, limit) = ("catalogue".to_owned(), "unchanged".to_owned());
    let Some(previous) = input.previous else { return first(name, "new".to_owned(), limit) };
    let (before, now) = (&previous.catalogue.sha256, &input.now.catalogue.sha256);
    // A report from before there was a digest tells nothing.
    let tripped = before != now && !before.is_empty();
    let short = |digest: &str| digest.get(..12).unwrap_or("none").to_owned();
    let (found, detail) = if tripped {
        let detail = format!(
            "its digest was {}… and is {}…: look at the preview (`xinhe diff OLD NEW --verdicts`), accept it if the change is meant",
            short(before),
            short(now)
        );
        ("changed", detail)
    } else {
        ("unchanged", "the catalogue is that of the release before".to_owned())
    };
    Guardrail { name, tripped, found: found.to_owned(), limit, detail }
}

fn orphans(input: &Input<'_>) -> Guardrail {
    let (found, most) = (input.now.orphan_corrections, input.limits.orphan_corrections);
    let tripped = found > most;
    let detail = if tripped {
        let first = input.now.orphan_correction.first().map(|one| one.record.as_str()).unwrap_or("?");
        format!(
            "corrections match no record, the first {first}: what was repaired may be back under another id; find the record that took its place, and correct it"
        )
    } else {
        format!("{found} corrections match no record")
    };
    let limit = format!("at most {most}");
    Guardrail { name: "orphan_corrections".to_owned(), tripped, found: found.to_string(), limit, detail }
}

fn verdicts(input: &Input<'_>) -> Vec<Guardrail> {
    let limit = format!("at most {}", shown(input.limits.verdicts));
    let matters = input.verdicts.into_iter().flatten();
    matters
        .map(|(matter, (changed, of))| {
            let name = format!("verdicts:{matter}");
            let share = ratio(*changed, *of);
            let found = format!("{} ({changed} of {of})", shown(share));
            if input.previous.is_none() {
                return first(name, found, limit.clone());
            }
            let tripped = share > input.limits.verdicts && *changed >= input.limits.least;
            let mut detail =
                format!("verdicts for the matter {matter} changed for {changed} of {of} subjects");
            if tripped {
                detail.push_str(": look at the preview (`xinhe diff OLD NEW --verdicts`)");
            }
            Guardrail { name, tripped, found, limit: limit.clone(), detail }
        })
        .collect()
}

fn sample(input: &Input<'_>) -> Guardrail {
    let (most, least) = (input.limits.sample, input.limits.sample_least);
    let (name, limit) =
        ("sample".to_owned(), format!("at most {most} differ, at least {} are compared", shown(least)));
    let Some(sample) = input.sample else {
        let detail = "no sample was checked".to_owned();
        return Guardrail { name, tripped: false, found: "not measured".to_owned(), limit, detail };
    };
    let SampleFigures { subjects: of, differing, left_out, .. } = *sample;
    let drawn = of + left_out;
    // Whoever has rows that were carried forward is left out on purpose.
    let is_carried = input.now.sources.iter().any(|one| one.carried_from.is_some());
    let is_thin = drawn > 0 && ratio(of, drawn) < least && !is_carried;
    let detail = if differing > most {
        format!(
            "the naive model answers otherwise for {differing} of {of} subjects of a random sample: a fault of the build; do not publish, report it"
        )
    } else if is_thin {
        format!(
            "only {of} of {drawn} subjects of a random sample could be compared with the naive model, which then says little of the whole: compare others (`xinhe check --explain`) before you accept this"
        )
    } else {
        format!(
            "the naive model agrees on {} of {of} subjects of a random sample",
            of.saturating_sub(differing)
        )
    };
    let found = format!("{differing} of {of} differ, {left_out} not compared");
    Guardrail { name, tripped: differing > most || is_thin, found, limit, detail }
}

/// A count against that of the release before. A small difference is none, however large its share.
fn changed(name: String, what: &str, before: Option<u64>, now: u64, limit: &Change, least: u64) -> Guardrail {
    let allowed = format!("−{} to +{}", shown(limit.fall), shown(limit.rise));
    let Some(before) = before else { return first(name, now.to_string(), allowed) };
    let beyond = if now < before {
        ratio(before - now, before) > limit.fall
    } else {
        now > before && ratio(now - before, before) > limit.rise
    };
    let tripped = beyond && now.abs_diff(before) >= least;
    let sign = if now < before { "−" } else { "+" };
    let found = match before {
        _ if now == before => "0 %".to_owned(),
        0 => format!("{now}, before none"),
        _ => format!("{sign}{}", shown(ratio(now.abs_diff(before), before))),
    };
    let mut detail = format!("{now} {what}, before {before}");
    if tripped {
        detail.push_str(": see whether the sources are whole (quality.html)");
    }
    Guardrail { name, tripped, found, limit: allowed, detail }
}

/// A comparison that has nothing to compare with.
fn first(name: String, found: String, limit: String) -> Guardrail {
    Guardrail { name, tripped: false, found, limit, detail: FIRST.to_owned() }
}

/// More than all, if there is nothing to compare with.
fn ratio(part: u64, of: u64) -> f64 {
    match (part, of) {
        (0, _) => 0.0,
        (_, 0) => f64::INFINITY,
        _ => part as f64 / of as f64,
    }
}

/// A ratio in percent.
fn shown(ratio: f64) -> String {
    let text = format!("{:.2}", ratio * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
