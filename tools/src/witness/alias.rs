//! Aliases in place of record ids, so that two replies compare equal.

use std::collections::BTreeMap;

use serde_json::Value;

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or("")
}

/// `r:<document>`, or `r:<category>:<since>`; a state stays `state`.
pub(crate) fn alias_of_hit(hit: &Value) -> String {
    if text(hit, "category") == "state" {
        "state".to_owned()
    } else if hit.get("document").is_some() {
        format!("r:{}", text(hit, "document"))
    } else {
        format!("r:{}:{}", text(hit, "category"), text(hit, "since"))
    }
}

/// Rewrites a reply: ids become aliases by its own hits (an id that no hit has is an evaluation's), hits with the
/// same effect and day are put in the order of their aliases, and `because` too. `check_id` is taken out.
pub fn alias(reply: &mut Value) {
    let mut aliases: BTreeMap<String, String> = BTreeMap::new();
    if let Some(fields) = reply.as_object_mut() {
        fields.remove("check_id");
    }
    if let Some(Value::Array(hits)) = reply.get_mut("hits") {
        for hit in hits.iter_mut() {
            let alias = alias_of_hit(hit);
            aliases.insert(text(hit, "record").to_owned(), alias.clone());
            hit["record"] = Value::String(alias);
        }
        sort_ties(hits);
    }
    let Some(Value::Array(measures)) = reply.get_mut("measures") else { return };
    for because in measures.iter_mut().filter_map(|m| m.get_mut("because")).filter_map(Value::as_array_mut) {
        for id in because.iter_mut() {
            let known = id.as_str().and_then(|id| aliases.get(id));
            *id = Value::String(known.map_or("r:evaluation", String::as_str).to_owned());
        }
        because.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    }
}

/// Only neighbours with the same effect and day change places: the order of a reply is itself under test.
fn sort_ties(hits: &mut [Value]) {
    let tie = |hit: &Value| (text(hit, "effect").to_owned(), text(hit, "since").to_owned());
    for run in hits.chunk_by_mut(|one, other| tie(one) == tie(other)) {
        run.sort_by_cached_key(|hit| (text(hit, "record").to_owned(), hit.to_string()));
    }
}
