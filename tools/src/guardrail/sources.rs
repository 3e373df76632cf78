//! What may be wrong with one source: missing, empty, old, cut, refused, its columns swapped.

use super::{FIRST, Guardrail, Input, changed, first, ratio, shown};
use crate::quality::{Pair, SourceQuality, source_pairs};

pub(super) fn measure(input: &Input<'_>) -> Vec<Guardrail> {
    let mut all = Vec::new();
    for Pair { now, before } in source_pairs(input.previous, input.now) {
        let before = before.and_then(|at| input.previous?.sources.get(at));
        match (now.and_then(|at| input.now.sources.get(at)), before) {
            (Some(now), before) => all.extend(of_source(input, now, before)),
            (None, Some(before)) => all.push(removed(before)),
            (None, None) => {}
        }
    }
    all
}

fn of_source(input: &Input<'_>, now: &SourceQuality, before: Option<&SourceQuality>) -> Vec<Guardrail> {
    let name = &now.name;
    let rows = format!("rows:{name}");
    // What was carried forward is as it was by intention: nothing of it was read tonight.
    let rows = match (before, &now.carried_from) {
        (_, Some(day)) => carried(rows, day),
        (None, None) if input.previous.is_some() => new(rows, format!("{} rows", now.source.rows)),
        _ => {
            let before = before.map(|before| before.source.rows);
            let what = format!("rows of {}", described(now));
            changed(rows, &what, before, now.source.rows, &input.limits.rows, input.limits.least)
        }
    };
    vec![
        missing(now, before),
        empty(now, before),
        older(input, now, before),
        rows,
        rejects(input, now),
        columns(input, now, before),
    ]
}

/// No file, or fewer than before: in a folder with a file a department, one department's may be lost in the sum.
fn missing(now: &SourceQuality, before: Option<&SourceQuality>) -> Guardrail {
    let name = format!("source_missing:{}", now.name);
    if let Some(day) = &now.carried_from {
        return carried(name, day);
    }
    let (files, least) = (now.source.files, before.map_or(1, |before| before.source.files.max(1)));
    let detail = if files == 0 {
        format!(
            "{} meets no file: ask the department for it, or build again with --carry-forward, so that its last good rows stand and its lists turn stale",
            described(now)
        )
    } else if files < least {
        format!(
            "{} meets {files} files, before {least}: see whose is missing; accept it if the rows came in fewer files",
            described(now)
        )
    } else {
        format!("{} is there", described(now))
    };
    let limit = format!("at least {least}");
    Guardrail { name, tripped: files < least, found: format!("{files} files"), limit, detail }
}

fn removed(before: &SourceQuality) -> Guardrail {
    Guardrail {
        name: format!("source_removed:{}", before.name),
        tripped: true,
        found: "not in dataset.toml".to_owned(),
        limit: "as in the previous release".to_owned(),
        detail: format!(
            "{} was a source of the previous release with {} rows: its records are gone; accept it if that is meant",
            described(before),
            before.source.rows
        ),
    }
}

/// A table of corrections begins empty; one that was empty before was accepted then.
fn empty(now: &SourceQuality, before: Option<&SourceQuality>) -> Guardrail {
    let name = format!("source_empty:{}", now.name);
    if let Some(day) = &now.carried_from {
        return carried(name, day);
    }
    let expected = match before {
        Some(before) => before.source.rows > 0,
        None => now.source.kind != "correction",
    };
    let tripped = now.source.files > 0 && now.source.rows == 0 && expected;
    let detail = if tripped {
        format!(
            "{} has a file, but no row: whoever it lists would be clear; ask the department for it",
            described(now)
        )
    } else {
        format!("{} has {} rows", described(now), now.source.rows)
    };
    let found = format!("{} rows", now.source.rows);
    Guardrail { name, tripped, found, limit: "at least 1 row".to_owned(), detail }
}

/// An older day, or a newer day over the very rows of before: yesterday's file again.
fn older(input: &Input<'_>, now: &SourceQuality, before: Option<&SourceQuality>) -> Guardrail {
    let name = format!("source_older:{}", now.name);
    let limit = "not older, no repeated rows".to_owned();
    if let Some(day) = &now.carried_from {
        return carried(name, day);
    }
    let (day, what) = (&now.source.as_of, described(now));
    let Some(before) = before else {
        return if input.previous.is_some() {
            new(name, day.clone())
        } else {
            first(name, day.clone(), limit)
        };
    };
    let was = &before.source.as_of;
    // Without a sum nothing can be told: the report is from before there was one.
    let same = now.content == before.content
        && now.content.bytes().any(|byte| byte != b'0')
        && now.source.rows == before.source.rows;
    // ISO dates sort as text.
    let (tripped, found, detail) = if day < was {
        (
            true,
            format!("of {day}"),
            format!("{what} is of {day}, in the previous release of {was}: an old export"),
        )
    } else if same && day > was && now.source.rows >= input.limits.unchanged_from {
        let detail = format!(
            "{what} says it is of {day}, but all its {} rows are those of {was}: yesterday's file; if the table truly stands still, give the source its own as_of",
            now.source.rows
        );
        (true, "the same rows".to_owned(), detail)
    } else {
        (false, format!("of {day}"), format!("{what} is of {day}, in the previous release of {was}"))
    };
    Guardrail { name, tripped, found, limit, detail }
}

fn rejects(input: &Input<'_>, now: &SourceQuality) -> Guardrail {
    let limits = &input.limits.rejects;
    let (rejected, rows) = (now.source.rejected, now.source.rows);
    let share = ratio(rejected, rows);
    let tripped = rows >= limits.from && share > limits.ratio;
    let mut detail = format!("{rejected} of {rows} rows of {} are refused", described(now));
    if tripped && let Some((reason, count)) = now.rejected_by_reason.iter().max_by_key(|(_, count)| **count) {
        detail.push_str(&format!(", most of them ({count}) for {reason}: see rejects.ndjson"));
    } else if rows < limits.from {
        detail.push_str(&format!(": measured from {} rows", limits.from));
    }
    Guardrail {
        name: format!("rejects:{}", now.name),
        tripped,
        found: shown(share),
        limit: format!("at most {}", shown(limits.ratio)),
        detail,
    }
}

/// A figure of a column: its words, its share before and now, and how many rows the difference is.
struct Jump {
    what: String,
    before: f64,
    now: f64,
    rows: f64,
}

impl Jump {
    fn of(what: String, before: (u64, u64), now: (u64, u64)) -> Jump {
        let (was, is) = (ratio(before.0, before.1), ratio(now.0, now.1));
        Jump { what, before: was, now: is, rows: (is - was).abs() * now.1 as f64 }
    }

    fn size(&self) -> f64 {
        (self.now - self.before).abs()
    }
}

/// Columns that lie: what is blank, refused, or looks otherwise than before.
fn columns(input: &Input<'_>, now: &SourceQuality, before: Option<&SourceQuality>) -> Guardrail {
    let name = format!("columns:{}", now.name);
    let limit = format!("a jump of at most {}", shown(input.limits.columns));
    if let Some(day) = &now.carried_from {
        return carried(name, day);
    }
    let Some(before) = before.filter(|before| before.source.rows > 0) else {
        let detail = if input.previous.is_some() { "no rows in the previous release" } else { FIRST };
        return Guardrail { detail: detail.to_owned(), ..first(name, "not compared".to_owned(), limit) };
    };
    // Without rows, emptiness is the fault, not its columns.
    let mut jumps = if now.source.rows == 0 { Vec::new() } else { jumps(now, before) };
    jumps.sort_by(|a, b| b.size().total_cmp(&a.size()).then_with(|| a.what.cmp(&b.what)));
    let beyond: Vec<&Jump> = jumps
        .iter()
        .filter(|jump| jump.size() > input.limits.columns && jump.rows >= input.limits.least as f64)
        .collect();
    let told = |jump: &Jump| format!("{}: {}, before {}", jump.what, shown(jump.now), shown(jump.before));
    let largest = jumps.first().map_or(0.0, Jump::size);
    let detail = if beyond.is_empty() {
        jumps.first().map_or_else(|| "nothing to compare".to_owned(), told)
    } else {
        let words: Vec<String> = beyond.iter().take(5).map(|jump| told(jump)).collect();
        format!(
            "{}; see whether columns of {} are swapped, cut off or in another encoding",
            words.join("; "),
            described(now)
        )
    };
    Guardrail { name, tripped: !beyond.is_empty(), found: shown(largest), limit, detail }
}

fn jumps(now: &SourceQuality, before: &SourceQuality) -> Vec<Jump> {
    let (rows, was) = (now.source.rows, before.source.rows);
    let mut jumps =
        vec![Jump::of("refused".to_owned(), (before.source.rejected, was), (now.source.rejected, rows))];
    let kept = |source: &SourceQuality| source.source.kept.max(1);
    for (what, found, earlier) in [
        ("end before they begin", now.from_after_to, before.from_after_to),
        ("lie in the future", now.in_future, before.in_future),
    ] {
        jumps.push(Jump::of(what.to_owned(), (earlier, kept(before)), (found, kept(now))));
    }
    // A report without them is from before they were counted.
    if !before.missing_fields.is_empty() && !now.missing_fields.is_empty() {
        let mut columns: Vec<&String> =
            now.missing_fields.keys().chain(before.missing_fields.keys()).collect();
        columns.sort();
        columns.dedup();
        for column in columns {
            let blank = |source: &SourceQuality| source.missing_fields.get(column).copied().unwrap_or(0);
            jumps.push(Jump::of(format!("{column} blank"), (blank(before), was), (blank(now), rows)));
        }
    }
    for shape in &now.columns {
        let Some(earlier) = before.columns.iter().find(|other| other.column == shape.column) else {
            continue;
        };
        for (what, found, earlier) in [
            ("with digits", shape.with_digits, earlier.with_digits),
            ("distinct", shape.variety, earlier.variety),
        ] {
            let rows = (found - earlier).abs() * shape.looked_at as f64;
            jumps.push(Jump { what: format!("{} {what}", shape.column), before: earlier, now: found, rows });
        }
    }
    jumps
}

fn described(source: &SourceQuality) -> String {
    format!("{} ({})", source.name, source.source.path)
}

fn carried(name: String, day: &str) -> Guardrail {
    Guardrail {
        name,
        tripped: false,
        found: format!("of {day}"),
        limit: "carried forward".to_owned(),
        detail: format!("carried forward from the previous release: its rows are of {day}"),
    }
}

fn new(name: String, found: String) -> Guardrail {
    Guardrail {
        name,
        tripped: false,
        found,
        limit: "none".to_owned(),
        detail: "the previous release has no such source".to_owned(),
    }
}
