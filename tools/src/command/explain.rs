//! `xinhe check --explain`: the explanation in words, or as one JSON object.

use super::Failure;
use crate::explain::{CorrectionExplained, Explanation, MeasureExplained, Origin, RecordExplained};
use std::io::{self, Write};

/// Prints an explanation on stdout: words, or with `json` a line `{"explain":{…}}`.
pub fn print(explanation: &Explanation, json: bool) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let told = if json {
        serde_json::to_writer(&mut out, &serde_json::json!({ "explain": explanation }))
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        words(explanation, &mut out)
    };
    told.map_err(Failure::work)
}

fn words(explanation: &Explanation, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "on {}", explanation.on)?;
    if let Some(state) = &explanation.state {
        let counts = if state.counts { "counts" } else { "does not count" };
        writeln!(out, "state {} ({}), {counts}; {}", state.state, state.class, origin(&state.origin))?;
    }
    for record in &explanation.records {
        self::record(record, out)?;
    }
    if explanation.records.is_empty() {
        writeln!(out, "no records")?;
    }
    for measure in &explanation.measures {
        self::measure(measure, out)?;
    }
    if explanation.measures.is_empty() {
        writeln!(out, "no measure binds")?;
    }
    Ok(())
}

/// A record in words, also for `xinhe inspect`.
pub(super) fn record(record: &RecordExplained, out: &mut impl Write) -> io::Result<()> {
    let title = record.title.as_deref().unwrap_or_default();
    let relation = record.relation.map(|relation| format!(" ({relation})")).unwrap_or_default();
    writeln!(out, "{} {} {} {title}{relation}", record.record, record.kind, record.date)?;
    writeln!(out, "    {}; {}", record.authority, origin(&record.origin))?;
    if let Some(rule) = &record.rule {
        writeln!(out, "    {rule}")?;
    }
    let until = record.until.as_deref().unwrap_or("open");
    let by = record.ends_by.filter(|_| record.until.is_some());
    let by = by.map(|by| format!(", set by {by}")).unwrap_or_default();
    let objection = if record.objection { "; under objection" } else { "" };
    writeln!(out, "    seen from {}, last day {until}{by}{objection}", record.from)?;
    for correction in &record.corrections {
        self::correction(correction, out)?;
    }
    match (&record.why_not, record.counts) {
        (_, true) => writeln!(out, "    counts"),
        (Some(why), false) if record.visible => writeln!(out, "    does not count: {why}"),
        (Some(why), false) => writeln!(out, "    not visible: {why}"),
        (None, false) => Ok(()),
    }
}

fn correction(correction: &CorrectionExplained, out: &mut impl Write) -> io::Result<()> {
    let ahead = if correction.in_effect { "" } else { ", not in effect yet" };
    let CorrectionExplained { kind, effective, document, authority, .. } = correction;
    let from = match correction.number {
        Some(number) => format!("correction {number} of the store"),
        None => origin(&correction.origin),
    };
    writeln!(out, "    {kind} from {effective}{ahead}: {document}, {authority}; {from}")
}

fn measure(measure: &MeasureExplained, out: &mut impl Write) -> io::Result<()> {
    let MeasureExplained { code, title, effect, binding, authority, .. } = measure;
    writeln!(out, "{code} {title}: {effect}, {binding}; {authority}")?;
    if let Some(clause) = &measure.clause {
        writeln!(out, "    clause: {clause}")?;
    }
    writeln!(out, "    basis: {}", measure.basis.join("; "))?;
    writeln!(out, "    because of {}", measure.triggered_by.join(", "))
}

fn origin(origin: &Origin) -> String {
    let provider = if origin.provider.is_empty() { "no provider" } else { &origin.provider };
    match (&origin.file, origin.line) {
        (Some(file), Some(line)) => format!("{file} line {line}, {provider}"),
        _ => provider.to_owned(),
    }
}
