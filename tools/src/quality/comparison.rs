//! This release beside the one before.

use super::{Compared, Quality, SourceQuality};
use std::collections::BTreeMap;

/// A source of this release and the same source of the release before, by place. One of the two is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// Place in this release.
    pub now: Option<usize>,
    /// Place in the release before.
    pub before: Option<usize>,
}

/// Which source is which: by kind, path and provider, whatever its place; then by place and kind, so that a file that
/// was renamed stays the same source.
pub fn source_pairs(previous: Option<&Quality>, now: &Quality) -> Vec<Pair> {
    let before: &[SourceQuality] = previous.map_or(&[], |previous| &previous.sources);
    let mut partners: Vec<Option<usize>> = vec![None; now.sources.len()];
    let mut taken = vec![false; before.len()];
    let identity = |source: &SourceQuality| {
        (source.source.kind.clone(), source.source.path.clone(), source.source.provider.clone())
    };
    for (at, source) in now.sources.iter().enumerate() {
        // Several sources may share all three: then the first goes with the first.
        let found = (0..before.len()).find(|old| !taken[*old] && identity(&before[*old]) == identity(source));
        if let Some(old) = found {
            taken[old] = true;
            partners[at] = Some(old);
        }
    }
    for (at, source) in now.sources.iter().enumerate().take(before.len()) {
        if partners[at].is_none() && !taken[at] && before[at].source.kind == source.source.kind {
            taken[at] = true;
            partners[at] = Some(at);
        }
    }
    let present = partners.iter().enumerate().map(|(at, old)| Pair { now: Some(at), before: *old });
    let gone = (0..before.len()).filter(|old| !taken[*old]).map(|old| Pair { now: None, before: Some(old) });
    present.chain(gone).collect()
}

/// Every figure with its difference. A figure that only one of the two has is 0 in the other.
pub(super) fn compare(previous: Option<&Quality>, now: &Quality) -> Vec<Compared> {
    let Some(before) = previous else { return Vec::new() };
    let pairs = source_pairs(previous, now);
    let names_now: Vec<String> = now.sources.iter().map(|source| source.name.clone()).collect();
    let names_before = (0..before.sources.len()).map(|old| {
        let pair = pairs.iter().find(|pair| pair.before == Some(old)).and_then(|pair| pair.now);
        let gone = || format!("{} (gone)", before.sources[old].name);
        pair.map_or_else(gone, |at| names_now[at].clone())
    });
    let names_before: Vec<String> = names_before.collect();
    let mut order = Vec::new();
    let mut both: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut put = |figure: String, place: usize, count: u64| {
        let known = both.entry(figure.clone()).or_insert_with(|| {
            order.push(figure);
            (0, 0)
        });
        *(if place == 0 { &mut known.0 } else { &mut known.1 }) += count;
    };
    figures(now, &names_now, &mut |figure, count| put(figure, 1, count));
    figures(before, &names_before, &mut |figure, count| put(figure, 0, count));
    order
        .into_iter()
        .map(|figure| {
            let (before, now) = both[&figure];
            Compared {
                before,
                now,
                difference: difference(before, now),
                percent: percent(before, now),
                figure,
            }
        })
        .collect()
}

fn difference(before: u64, now: u64) -> i64 {
    let wide = i128::from(now) - i128::from(before);
    i64::try_from(wide).unwrap_or(if wide < 0 { i64::MIN } else { i64::MAX })
}

fn percent(before: u64, now: u64) -> Option<f64> {
    let percent = (now as f64 - before as f64) / before as f64 * 100.0;
    (before > 0).then_some((percent * 100.0).round() / 100.0)
}

fn figures(quality: &Quality, names: &[String], put: &mut dyn FnMut(String, u64)) {
    let subjects = &quality.subjects;
    put("subjects.enterprise".to_owned(), subjects.enterprise);
    put("subjects.organisation".to_owned(), subjects.organisation);
    put("subjects.individual-business".to_owned(), subjects.individual_business);
    put("subjects.person".to_owned(), subjects.person);
    put("subjects.not_registered".to_owned(), subjects.not_registered);
    for one in &quality.records {
        put(format!("records.{}", one.kind), one.count);
    }
    for one in &quality.coverage.kinds {
        put(format!("coverage.{}.registered", one.kind), one.registered);
        put(format!("coverage.{}.with_records", one.kind), one.registered_with_records);
    }
    for one in &quality.coverage.evaluations {
        put(format!("evaluations.{}.organisations", one.kind), one.organisations);
    }
    for list in &quality.lists {
        put(format!("lists.{}.entries", list.code), list.entries);
        put(format!("lists.{}.visible", list.code), list.visible);
    }
    for (source, name) in quality.sources.iter().zip(names) {
        put(format!("sources.{name}.rows"), source.source.rows);
        put(format!("sources.{name}.kept"), source.source.kept);
        put(format!("sources.{name}.merged"), source.source.merged);
        put(format!("sources.{name}.rejected"), source.source.rejected);
        put("late".to_owned(), source.late.late);
        put("from_after_to".to_owned(), source.from_after_to);
        for (reason, count) in &source.rejected_by_reason {
            put(format!("rejects.{reason}"), *count);
        }
        for (reason, count) in &source.warnings_by_reason {
            put(format!("warnings.{reason}"), *count);
        }
    }
    put("conflicts.duplicates".to_owned(), quality.conflicts.duplicates);
    put("conflicts.conflicts".to_owned(), quality.conflicts.conflicts);
    put("penalties.by_default".to_owned(), quality.penalties.by_default);
    put("penalties.unmatched".to_owned(), quality.penalties.unmatched);
    put("terms.within_7".to_owned(), quality.terms.within_7);
    put("terms.within_30".to_owned(), quality.terms.within_30);
    put("orphan_corrections".to_owned(), quality.orphan_corrections);
}
