//! The document says what the code does: paths, codes, words, fields of requests.

use super::DOCUMENT;
use crate::domain::catalogue::{
    Barred, Binding, Effect, Extension, Footing, Grant, MeasureEffect, Severity, Stage,
};
use crate::domain::identifier::IdKind;
use crate::domain::record::RecordKind;
use crate::domain::subject::{StateClass, SubjectKind};
use crate::http::VERDICTS;
use crate::http::error::Code;
use crate::http::wire::request::{Cancel, Check, Detail, Feedback, Search, Shape, Shaped};
use crate::lookup::Section;
use crate::snapshot::Tag;
use serde_json::Value;
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::from_slice(DOCUMENT).unwrap()
}

fn words(value: &Value) -> Vec<&str> {
    value.as_array().unwrap_or_else(|| panic!("{value}")).iter().map(|word| word.as_str().unwrap()).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap_or_else(|| panic!("{value}")).keys().map(String::as_str).collect()
}

#[test]
fn every_path_is_routed_and_every_route_is_told() {
    let routes = include_str!("../routes.rs");
    let literals = routes.split('"').skip(1).step_by(2);
    let mut routed: BTreeSet<&str> =
        literals.filter(|text| text.starts_with('/') && !text.contains(' ')).collect();
    // Paths with a name in them are put together from these.
    for piece in ["/v1/checks/", "/feedback", "/v1/feedback/", "/cancel"] {
        assert!(routed.remove(piece), "{piece} is not routed");
    }
    let named =
        ["/v1/checks/{check_id}", "/v1/checks/{check_id}/feedback", "/v1/feedback/{feedback_id}/cancel"];
    routed.extend(named);
    assert_eq!(keys(&document()["paths"]), routed);
}

#[test]
fn every_code_is_told_with_its_status() {
    let document = document();
    let told = words(&document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]);
    assert_eq!(told.iter().collect::<BTreeSet<_>>(), Code::WORDS.iter().collect());
    let mut described = String::new();
    for path in document["paths"].as_object().unwrap().values() {
        for operation in path.as_object().unwrap().values() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let shared = response["$ref"].as_str().map(|path| path.trim_start_matches('#'));
                let response = shared.map_or(response, |path| document.pointer(path).unwrap());
                described += &format!("{status} {}\n", response["description"].as_str().unwrap());
            }
        }
    }
    for code in Code::ALL {
        let (status, word) = (format!("{} ", code.status()), format!("`{}`", code.word()));
        let told = described.lines().any(|line| line.starts_with(&status) && line.contains(&word));
        assert!(told, "{status}{word} is told nowhere");
    }
}

#[test]
fn every_word_of_the_code_is_told() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let told = |path: &str| words(schemas.pointer(path).unwrap_or_else(|| panic!("no {path}")));
    let field = |path: &str, field: &str| told(&format!("/{path}/properties/{field}/enum"));
    let list = "/ListsReply/properties/lists/items/properties";
    let word = |of: &[&'static str]| of.to_vec();
    assert_eq!(told("/Verdict/enum"), word(VERDICTS));
    assert_eq!(told("/IdType/enum"), IdKind::ASKED.map(IdKind::word));
    assert_eq!(told("/Stage/enum"), word(&Stage::ALL.iter().map(|one| one.word()).collect::<Vec<_>>()));
    assert_eq!(told("/Section/enum"), Section::ALL.map(|one| one.word()));
    assert_eq!(told("/SubjectKind/enum"), SubjectKind::ALL.map(SubjectKind::word));
    assert_eq!(told("/Effect/enum"), Effect::ALL.iter().map(|one| one.word()).collect::<Vec<_>>());
    assert_eq!(
        told("/MeasureEffect/enum"),
        MeasureEffect::ALL.iter().map(|one| one.word()).collect::<Vec<_>>()
    );
    assert_eq!(told("/Binding/enum"), Binding::ALL.iter().map(|one| one.word()).collect::<Vec<_>>());
    assert_eq!(field("SubjectFound", "state_class"), StateClass::ALL.map(StateClass::word));
    let of_list = |field: &str| told(&format!("{list}/{field}/enum"));
    assert_eq!(of_list("severity"), Severity::ALL.iter().map(|one| one.word()).collect::<Vec<_>>());
    assert_eq!(of_list("extends_to/items"), Extension::ALL.iter().map(|one| one.word()).collect::<Vec<_>>());
    assert_eq!(of_list("bars/items"), Barred::ALL.iter().map(|one| one.word()).collect::<Vec<_>>());
    let older = [
        IdKind::OrganisationCode,
        IdKind::Registration,
        IdKind::Tax,
        IdKind::InstitutionCertificate,
        IdKind::SocialCertificate,
    ];
    let told_older = told("/Registration/properties/older_codes/items/properties/id_type/enum");
    assert_eq!(told_older, older.map(IdKind::word));
    let grants = told("/MeasuresReply/properties/measures/items/properties/grants/items/enum");
    assert_eq!(grants, Grant::ALL.iter().map(|one| one.word()).collect::<Vec<_>>());
    let footings = told("/MattersReply/properties/matters/items/properties/persons/enum");
    assert_eq!(footings, Footing::ALL.iter().map(|one| one.word()).collect::<Vec<_>>());
    let records = &schemas["ReleaseReply"]["properties"]["counts"]["properties"]["records"]["properties"];
    assert_eq!(keys(records), RecordKind::ALL.map(RecordKind::word).into_iter().collect());
    let described: BTreeSet<&str> = Tag::ALL.iter().map(|tag| tag.word()).collect();
    assert!(described.is_subset(&keys(&schemas["Record"]["properties"])), "{described:?}");
}

/// The fields of a request, with those of objects in it.
fn compare(document: &Value, schema: &Value, shape: &Shape, at: &str) {
    let schema = schema["$ref"].as_str().map_or(schema, |path| document.pointer(&path[1..]).unwrap());
    match shape {
        Shape::Text => assert_eq!(schema["type"], "string", "{at}"),
        Shape::Number => assert_eq!(schema["type"], "integer", "{at}"),
        Shape::Texts => assert_eq!(schema["type"], "array", "{at}"),
        Shape::Items(fields) => {
            assert_eq!(schema["type"], "array", "{at}");
            compare_fields(document, &schema["items"], fields, &format!("{at}/items"));
        }
        Shape::Object(fields) => compare_fields(document, schema, fields, at),
    }
}

fn compare_fields(document: &Value, schema: &Value, fields: &[(&str, Shape)], at: &str) {
    let schema = schema["$ref"].as_str().map_or(schema, |path| document.pointer(&path[1..]).unwrap());
    let names: BTreeSet<&str> = fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(keys(&schema["properties"]), names, "{at}");
    assert_eq!(schema["additionalProperties"], false, "{at}");
    for (name, shape) in fields {
        compare(document, &schema["properties"][name], shape, &format!("{at}/{name}"));
    }
}

#[test]
fn every_field_of_a_request_is_told() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    compare(&document, &schemas["Check"], &Check::SHAPE, "Check");
    compare(&document, &schemas["Search"], &Search::SHAPE, "Search");
    compare(&document, &schemas["Detail"], &Detail::SHAPE, "Detail");
    compare(&document, &schemas["Feedback"], &Feedback::SHAPE, "Feedback");
    compare(&document, &schemas["Cancel"], &Cancel::SHAPE, "Cancel");
}

#[test]
fn every_reference_leads_somewhere_and_everything_is_referred_to() {
    fn gather<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str));
                map.values().for_each(|value| gather(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| gather(value, found)),
            _ => {}
        }
    }
    let (document, mut found) = (document(), BTreeSet::new());
    gather(&document, &mut found);
    for path in &found {
        assert!(document.pointer(&path[1..]).is_some(), "{path}");
    }
    for part in ["schemas", "responses"] {
        for name in keys(&document["components"][part]) {
            let path = format!("#/components/{part}/{name}");
            assert!(found.contains(path.as_str()), "{path} is used nowhere");
        }
    }
}
