//! `POST /v1/checks/{check_id}/feedback` and `POST /v1/feedback/{feedback_id}/cancel`: what was done, and taken back.

use super::caller::Caller;
use super::discreet::Person;
use super::error::{Code, Problem};
use super::receipt::{decoded, entry_named, own};
use super::receipts::{Trace, begun, noted, request_number};
use super::wire::request::{self, Text};
use super::worker::Worker;
use crate::audit::entry::{Body, Cancel, Check, Entry, Feedback, HitNote, Kind, MeasureNote, Outcome};
use crate::audit::{Id, Packed, Repeated};
use crate::domain::record::RecordId;
use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::json;
use std::borrow::Cow;

/// Most items of one feedback.
const ITEMS_MAX: usize = 200;
/// What may have been done.
const OUTCOMES: [&str; 4] = ["enforced", "not_enforced", "granted", "not_granted"];

/// What is answered: a status and a body.
type Answered = (StatusCode, Bytes);

/// Takes a feedback, once.
pub(super) async fn give(
    worker: &Worker,
    caller: &Caller,
    trace: &Trace,
    name: &str,
    body: &[u8],
) -> Result<Answered, Problem> {
    let request = request::feedback(body)?;
    let (check, found) = entry_named(worker, Kind::Check, name)?;
    let entry = decoded(&found)?;
    own(caller, &entry)?;
    let Body::Check(checked) = &entry.body else { return Err(Problem::new(Code::NotFound, "no such check")) };
    let items = items(&request, checked)?;
    let log = &worker.receipts.log;
    let digest = log.digest(&canonical(&items, &request));
    let request_id = request_number(log, &request.request_id, Person::default());
    let _turn = worker.receipts.turns.of(&check).lock().await;
    match log.repeated(&check, caller.id(), &request_id, &digest) {
        Repeated::Same(id) => return Ok((StatusCode::OK, told(&id))),
        Repeated::Other => {
            let what = "a feedback with this request_id was given before, and its body was another";
            return Err(Problem::at(Code::Conflict, "/request_id", what));
        }
        Repeated::New => {}
    }
    let clean: Vec<[Cow<'_, str>; 2]> =
        items.iter().map(|item| [item.reason, item.note].map(|text| clean(text))).collect();
    let noted_items: Vec<Outcome<'_>> =
        items.iter().zip(&clean).map(|(item, [reason, note])| Outcome { reason, note, ..*item }).collect();
    let mut packed = Vec::new();
    let row = entry.counted.packed();
    let body =
        Body::Feedback(Feedback { check, row: &row, digest, items: Packed::pack(&mut packed, &noted_items) });
    let operator = noted(&request.operator, Person::default());
    let mut bytes = Vec::new();
    let begun = begun(caller, trace, worker.clock.now().day, None);
    Entry { request_id: &request_id, operator: &operator, body, ..begun }.encode(&mut bytes);
    let (id, commit) = worker.receipts.append(Kind::Feedback, &bytes)?;
    commit.await?;
    Ok((StatusCode::CREATED, told(&id)))
}

/// Takes a feedback back.
pub(super) async fn cancel(
    worker: &Worker,
    caller: &Caller,
    trace: &Trace,
    name: &str,
    body: &[u8],
) -> Result<Answered, Problem> {
    let request = request::cancel(body)?;
    let reason = noted(&request.reason, Person::default());
    if reason.trim().is_empty() {
        return Err(Problem::at(Code::InvalidRequest, "/reason", "missing; say why it is taken back"));
    }
    let (feedback, found) = entry_named(worker, Kind::Feedback, name)?;
    let entry = decoded(&found)?;
    own(caller, &entry)?;
    let Body::Feedback(given) = &entry.body else {
        return Err(Problem::new(Code::NotFound, "no such feedback"));
    };
    let log = &worker.receipts.log;
    let _turn = worker.receipts.turns.of(&given.check).lock().await;
    if log.feedback(&given.check).iter().any(|one| one.id == feedback && one.cancelled.is_some()) {
        return Err(Problem::new(Code::Conflict, "this feedback was cancelled before"));
    }
    let operator = noted(&request.operator, Person::default());
    let body = Body::Cancel(Cancel { feedback, check: given.check, row: given.row, reason: &reason });
    let mut bytes = Vec::new();
    let begun = begun(caller, trace, worker.clock.now().day, None);
    Entry { operator: &operator, body, ..begun }.encode(&mut bytes);
    let (_, commit) = worker.receipts.append(Kind::Cancel, &bytes)?;
    commit.await?;
    let told = json!({"feedback_id": feedback.to_string(), "cancelled": true});
    Ok((StatusCode::OK, told.to_string().into()))
}

fn told(id: &Id) -> Bytes {
    json!({"feedback_id": id.to_string()}).to_string().into()
}

/// The items, each quoting a hit or a measure that the check has.
fn items<'a>(request: &'a request::Feedback<'_>, check: &Check<'_>) -> Result<Vec<Outcome<'a>>, Problem> {
    let given = request.items.as_ref().map(|items| items.0.as_slice()).unwrap_or_default();
    if given.is_empty() || given.len() > ITEMS_MAX {
        let what = format!("expected 1 to {ITEMS_MAX} items, one for each hit or measure");
        return Err(Problem::at(Code::InvalidRequest, "/items", what));
    }
    given.iter().enumerate().map(|(place, item)| one_item(place, item, check)).collect()
}

fn one_item<'a>(
    place: usize,
    item: &'a request::Item<'_>,
    check: &Check<'_>,
) -> Result<Outcome<'a>, Problem> {
    let refuse = |field: &str, what: &str| {
        Problem::at(Code::InvalidRequest, format!("/items/{place}{field}"), what.to_owned())
    };
    let record = match text(&item.record) {
        "" => None,
        "state" => Some(RecordId::STATE),
        named => {
            let read = RecordId::parse(named);
            Some(read.ok_or_else(|| refuse("/record", "expected the `record` of a hit"))?)
        }
    };
    let is_hit = |record: &RecordId| check.hits.items::<HitNote<'_>>().any(|hit| hit.record == *record);
    if record.is_some_and(|record| !is_hit(&record)) {
        return Err(refuse("/record", "this check has no such hit"));
    }
    let measure = text(&item.measure);
    let is_measure = || check.measures.items::<MeasureNote<'_>>().any(|one| one.code == measure);
    if !measure.is_empty() && !is_measure() {
        return Err(refuse("/measure", "this check has no such measure"));
    }
    if record.is_none() && measure.is_empty() {
        return Err(refuse("", "quote the hit by `record`, or the measure by `measure`"));
    }
    let outcome = text(&item.outcome);
    let known = || refuse("/outcome", &format!("expected one of {}", OUTCOMES.join(", ")));
    let outcome = OUTCOMES.into_iter().find(|word| *word == outcome).ok_or_else(known)?;
    let reason = text(&item.reason);
    if outcome == "not_enforced" && reason.trim().is_empty() {
        return Err(refuse("/reason", "missing; say why it was not enforced"));
    }
    Ok(Outcome { record, measure, outcome, reason, note: text(&item.note) })
}

fn text<'a>(field: &'a Option<Text<'_>>) -> &'a str {
    field.as_ref().map_or("", |Text(text)| text)
}

fn clean(text: &str) -> Cow<'_, str> {
    super::discreet::discreet(text, Person::default())
}

/// What makes two bodies the same, however their JSON is written.
fn canonical(items: &[Outcome<'_>], request: &request::Feedback<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    Packed::pack(&mut bytes, items);
    bytes.push(0xFF);
    bytes.extend_from_slice(text(&request.operator).as_bytes());
    bytes
}
