//! Receipts as operators see them: an entry of the log as JSON and as a line.

use serde_json::{Map, Value, json};
use xinhe::audit::entry::{About, Body, Entry, HitNote, MeasureNote, Outcome};
use xinhe::audit::{Packed, Stored};
use xinhe::domain::date::Day;
use xinhe::domain::record::RecordId;
use xinhe::domain::text::hex;
use xinhe::snapshot::SubjectKey;

/// An entry as JSON: fields without a value are left out.
pub(crate) fn entry_json(stored: &Stored<'_>) -> Value {
    let entry = &stored.entry;
    let counted = &entry.counted;
    let mut told = Map::new();
    told.insert("check_id".to_owned(), json!(check_of(stored)));
    told.insert("kind".to_owned(), json!(entry.body.kind().word()));
    told.insert("time".to_owned(), json!(time(entry.time_us)));
    told.insert("client".to_owned(), json!(counted.client));
    told.insert("day".to_owned(), json!(counted.day.to_string()));
    let texts = [
        ("division", counted.division),
        ("matter", counted.matter),
        ("stage", counted.stage.map_or("", |stage| stage.word())),
        ("verdict", counted.verdict.map_or("", |verdict| verdict.word())),
        ("request_id", entry.request_id),
        ("purpose", entry.purpose),
        ("case", entry.case),
        ("operator", entry.operator),
        ("authorization", entry.authorization),
        ("traceparent", entry.traceparent),
        ("release", entry.release),
    ];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        told.insert(name.to_owned(), json!(text));
    }
    told.insert("corrections".to_owned(), json!(entry.corrections));
    told.extend(body_json(stored));
    Value::Object(told)
}

/// The check that an entry is about; of all that is about no check its own name.
pub(crate) fn check_of(stored: &Stored<'_>) -> String {
    match &stored.entry.body {
        Body::Feedback(feedback) => feedback.check.to_string(),
        Body::Cancel(cancel) => cancel.check.to_string(),
        Body::Check(_) | Body::Detail(_) | Body::Search(_) => stored.id.to_string(),
    }
}

fn body_json(stored: &Stored<'_>) -> Map<String, Value> {
    let told = match &stored.entry.body {
        Body::Check(check) => json!({
            "subject": about_json(&check.about),
            "hits": check.hits.items::<HitNote<'_>>().map(|hit| hit_json(&hit)).collect::<Vec<_>>(),
            "measures": check.measures.items::<MeasureNote<'_>>().map(|one| measure_json(&one)).collect::<Vec<_>>(),
        }),
        Body::Detail(detail) => {
            json!({"subject": about_json(&detail.about), "records": records(&detail.records)})
        }
        Body::Search(search) => json!({"found": search.found.items::<&str>().collect::<Vec<_>>()}),
        Body::Feedback(feedback) => json!({
            "feedback_id": stored.id.to_string(),
            "items": feedback.items.items::<Outcome<'_>>().map(|item| outcome_json(&item)).collect::<Vec<_>>(),
        }),
        Body::Cancel(cancel) => json!({"feedback_id": cancel.feedback.to_string(), "reason": cancel.reason}),
    };
    match told {
        Value::Object(told) => told,
        _ => Map::new(),
    }
}

/// Whom an entry is about: an organisation by its code, anybody else by the digest of the number.
pub(crate) fn about_json(about: &About<'_>) -> Value {
    let name = |bytes: &[u8]| {
        let key = bytes.try_into().ok().and_then(SubjectKey::from_bytes);
        match key.as_ref().and_then(SubjectKey::code) {
            Some(code) => json!({"id": code}),
            None => json!({"digest": hex(bytes.get(1..).unwrap_or_default()), "key": hex(&about.key)}),
        }
    };
    let mut told = name(about.asked);
    told["known"] = json!(!about.found.is_empty());
    if !about.found.is_empty() && about.found != about.asked {
        told["current"] = name(about.found);
    }
    told
}

fn hit_json(hit: &HitNote<'_>) -> Value {
    let mut told = json!({
        "record": hit.record.to_string(), "category": hit.category, "effect": hit.effect.word(),
        "objection": hit.objection,
    });
    if hit.until != Day::OPEN {
        told["until"] = json!(hit.until.to_string());
    }
    for (name, text) in [("list", hit.list), ("relation", hit.relation)] {
        if !text.is_empty() {
            told[name] = json!(text);
        }
    }
    told
}

fn measure_json(measure: &MeasureNote<'_>) -> Value {
    json!({"code": measure.code, "because": records(&measure.because)})
}

fn records(packed: &Packed<'_>) -> Vec<String> {
    packed.items::<RecordId>().map(|record| record.to_string()).collect()
}

fn outcome_json(item: &Outcome<'_>) -> Value {
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

/// A moment as people in China write it, to the millisecond.
pub(crate) fn time(time_us: u64) -> String {
    let day = Day::in_china((time_us / 1_000_000).cast_signed());
    let ms = time_us / 1000 + 8 * 3_600_000;
    let (hours, minutes, seconds) = (ms / 3_600_000 % 24, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{day}T{hours:02}:{minutes:02}:{seconds:02}.{:03}+08:00", ms % 1000)
}

/// An entry in one line of words.
pub(crate) fn line(stored: &Stored<'_>) -> String {
    let entry: &Entry<'_> = &stored.entry;
    let counted = &entry.counted;
    let mut words = vec![time(entry.time_us), entry.body.kind().word().to_owned(), counted.client.to_owned()];
    let about = match &entry.body {
        Body::Check(check) => Some(&check.about),
        Body::Detail(detail) => Some(&detail.about),
        Body::Search(_) | Body::Feedback(_) | Body::Cancel(_) => None,
    };
    if let Some(about) = about {
        let told = about_json(about);
        let digest =
            told["digest"].as_str().map(|digest| format!("person:{}", &digest[..16.min(digest.len())]));
        words.extend(told["id"].as_str().map(str::to_owned).or(digest));
    }
    words.extend(counted.verdict.map(|verdict| verdict.word().to_owned()));
    let named = [
        ("matter", counted.matter),
        ("stage", counted.stage.map_or("", |stage| stage.word())),
        ("purpose", entry.purpose),
        ("case", entry.case),
        ("operator", entry.operator),
        ("authorization", entry.authorization),
        ("request", entry.request_id),
    ];
    words.extend(
        named.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| format!("{name}={text}")),
    );
    words.push(check_of(stored));
    words.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_chinas_time() {
        assert_eq!(time(0), "1970-01-01T08:00:00.000+08:00");
        assert_eq!(time(1_795_104_000_123_456), "2026-11-20T00:00:00.123+08:00");
    }
}
