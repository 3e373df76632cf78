//! `GET /v1/checks/{check_id}`: a receipt with its feedback. What is no longer visible is left out and counted.

use super::caller::Caller;
use super::error::{Code, Problem, Right};
use super::worker::Worker;
use crate::audit::entry::{Body, Check, Entry, HitNote, Kind, MeasureNote, Outcome};
use crate::audit::{FindError, Found, Id};
use crate::check::{code_in, visible_of};
use crate::config::Endpoint;
use crate::domain::date::Day;
use crate::domain::record::RecordId;
use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Tells a receipt to its client, or to one that may read any.
pub(super) fn receipt(worker: &Worker, caller: &Caller, name: &str) -> Result<Bytes, Problem> {
    let (id, found) = entry_named(worker, Kind::Check, name)?;
    let entry = decoded(&found)?;
    own(caller, &entry)?;
    let Body::Check(check) = &entry.body else { return Err(unknown()) };
    let desk = &mut *worker.desk.borrow_mut();
    let now = worker.clock.now();
    let (serving, _) = desk.live.current(now)?;
    let subject = if check.about.found.is_empty() { check.about.asked } else { check.about.found };
    visible_of(serving.snapshot(), subject, now.day, check.linked, &mut desk.work)
        .map_err(Problem::damaged)?;
    let hits = desk.work.hits.iter().map(|hit| hit.record);
    let visible: BTreeSet<RecordId> = hits.chain(desk.work.grades.iter().map(|grade| grade.record)).collect();
    let mut told = head(&id, &entry, check);
    let mut redacted = 0;
    let mut kept = Vec::new();
    for hit in check.hits.items::<HitNote<'_>>() {
        if visible.contains(&hit.record) { kept.push(hit_json(&hit)) } else { redacted += 1 }
    }
    told.insert("hits".to_owned(), Value::Array(kept));
    let measures = check.measures.items::<MeasureNote<'_>>();
    let measures = measures.filter_map(|measure| measure_json(&measure, &visible)).collect();
    told.insert("measures".to_owned(), Value::Array(measures));
    told.insert("feedback".to_owned(), feedback_json(worker, &id, &visible)?);
    told.insert("redacted".to_owned(), json!(redacted));
    Ok(Value::Object(told).to_string().into())
}

/// Looks an entry up by the name in a path. A name that nobody here made is refused without a look.
pub(super) fn entry_named(worker: &Worker, kind: Kind, name: &str) -> Result<(Id, Found), Problem> {
    let id = Id::parse(name).ok_or_else(unknown)?;
    let found = worker.receipts.log.find(kind, &id).map_err(|error| match error {
        FindError::Forged => unknown(),
        FindError::Elsewhere => {
            let why = "another node made this name, or the receipt was moved to the archive";
            Problem::new(Code::NotFound, why)
        }
        FindError::Read(error) => {
            tracing::error!(%error, "a receipt cannot be read");
            Problem::new(Code::NotReady, "the receipt cannot be read; the operator's log says why")
        }
    })?;
    Ok((id, found))
}

fn unknown() -> Problem {
    Problem::new(Code::NotFound, "no such name: expected the one that a reply gave")
}

/// What an entry says.
pub(super) fn decoded(found: &Found) -> Result<Entry<'_>, Problem> {
    let unread = || Problem::new(Code::NotReady, "the receipt was written by a later version");
    found.entry().ok_or_else(unread)
}

/// That an entry is the caller's own, or that it may read any.
pub(super) fn own(caller: &Caller, entry: &Entry<'_>) -> Result<(), Problem> {
    if entry.counted.client == caller.id() || caller.may(Endpoint::Audit) {
        return Ok(());
    }
    let detail = "another client made it, and this client's endpoints do not name `audit`";
    Err(Problem::forbidden(Right::Endpoints, None, detail))
}

fn head(id: &Id, entry: &Entry<'_>, check: &Check<'_>) -> Map<String, Value> {
    let counted = &entry.counted;
    let mut told = Map::new();
    let mut tell = |name: &str, text: &str| {
        if !text.is_empty() {
            told.insert(name.to_owned(), json!(text));
        }
    };
    tell("check_id", &id.to_string());
    tell("verdict", counted.verdict.map_or("", |verdict| verdict.word()));
    tell("time", &time(entry.time_us));
    tell("client", counted.client);
    tell("division", counted.division);
    tell("matter", counted.matter);
    tell("stage", counted.stage.map_or("", |stage| stage.word()));
    tell("case", entry.case);
    tell("purpose", entry.purpose);
    tell("operator", entry.operator);
    tell("authorization", entry.authorization);
    tell("request_id", entry.request_id);
    tell("traceparent", entry.traceparent);
    let found = !check.about.found.is_empty();
    let mut subject = json!({"found": found});
    // Persons stand here as digests, which say nothing to a caller.
    if let Some(code) = code_in(if found { check.about.found } else { check.about.asked }) {
        subject["id"] = json!(code);
    }
    told.insert("subject".to_owned(), subject);
    let data = json!({"release": entry.release, "corrections": entry.corrections});
    told.insert("data".to_owned(), data);
    told
}

fn hit_json(hit: &HitNote<'_>) -> Value {
    let mut told = json!({
        "record": hit.record.to_string(), "category": hit.category, "effect": hit.effect.word(),
        "objection": hit.objection,
    });
    for (name, text) in [("list", hit.list), ("relation", hit.relation)] {
        if !text.is_empty() {
            told[name] = json!(text);
        }
    }
    if hit.until != Day::OPEN {
        told["until"] = json!(hit.until.to_string());
    }
    told
}

/// A measure whose records are all gone is gone too.
fn measure_json(measure: &MeasureNote<'_>, visible: &BTreeSet<RecordId>) -> Option<Value> {
    let because = measure.because.items::<RecordId>().filter(|record| visible.contains(record));
    let because: Vec<String> = because.map(|record| record.to_string()).collect();
    (!because.is_empty()).then(|| json!({"code": measure.code, "because": because}))
}

fn feedback_json(worker: &Worker, check: &Id, visible: &BTreeSet<RecordId>) -> Result<Value, Problem> {
    let mut all = Vec::new();
    for given in worker.receipts.log.feedback(check) {
        let mut told = json!({"feedback_id": given.id.to_string()});
        let (_, found) = entry_named(worker, Kind::Feedback, &given.id.to_string())?;
        let entry = decoded(&found)?;
        told["time"] = json!(time(entry.time_us));
        if !entry.operator.is_empty() {
            told["operator"] = json!(entry.operator);
        }
        if let Body::Feedback(feedback) = &entry.body {
            let items = feedback.items.items::<Outcome<'_>>();
            let is_visible = |item: &Outcome<'_>| item.record.is_none_or(|record| visible.contains(&record));
            told["items"] = items.filter(is_visible).map(|item| item_json(&item)).collect();
        }
        if let Some(by) = given.cancelled {
            let (_, found) = entry_named(worker, Kind::Cancel, &by.to_string())?;
            let entry = decoded(&found)?;
            let reason = if let Body::Cancel(cancel) = &entry.body { cancel.reason } else { "" };
            told["cancelled"] = json!({"time": time(entry.time_us), "reason": reason});
            if !entry.operator.is_empty() {
                told["cancelled"]["operator"] = json!(entry.operator);
            }
        }
        all.push(told);
    }
    Ok(Value::Array(all))
}

fn item_json(item: &Outcome<'_>) -> Value {
    let mut told = json!({"outcome": item.outcome});
    if let Some(record) = item.record {
        told["record"] = json!(record.to_string());
    }
    for (name, text) in [("measure", item.measure), ("reason", item.reason), ("note", item.note)] {
        if !text.is_empty() {
            told[name] = json!(text);
        }
    }
    told
}

/// A moment in China's time, to the second.
fn time(time_us: u64) -> String {
    let seconds = time_us / 1_000_000;
    let (day, of_day) = (Day::in_china(seconds.cast_signed()), (seconds + 8 * 3600) % 86_400);
    format!("{day}T{:02}:{:02}:{:02}+08:00", of_day / 3600, of_day / 60 % 60, of_day % 60)
}
