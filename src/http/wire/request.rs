//! Bodies of requests: strict, with strings borrowed from the body where they need no unescaping.
//!
//! The fast way only says yes or no. What is wrong, and where, is worked out a second time from the same shapes,
//! in words of our own: a parser's words could repeat what the caller sent, and that may be a person's number.

use super::super::error::{Code, Problem};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// What a field may be.
pub(in crate::http) enum Shape {
    Text,
    Number,
    Texts,
    Object(&'static [(&'static str, Shape)]),
}

/// A part of a request.
pub(in crate::http) trait Shaped {
    /// What it may be.
    const SHAPE: Shape;
}

/// A string of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Shaped for Text<'_> {
    const SHAPE: Shape = Shape::Text;
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Strings;
        impl<'de> Visitor<'de> for Strings {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Strings)
    }
}

/// Strings of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts<'a>(pub Vec<Text<'a>>);

impl Shaped for Texts<'_> {
    const SHAPE: Shape = Shape::Texts;
}

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Texts<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of strings")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Texts<'de>, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// A whole number of a request, not below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number(pub u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        whole(&number).map(Number).ok_or_else(|| D::Error::custom("expected a whole number"))
    }
}

/// JSON knows no whole numbers: `10.0` is one, as JSON Schema has it.
fn whole(number: &serde_json::Number) -> Option<u64> {
    /// From here on not every whole number has a float of its own.
    const EXACT_MOST: f64 = 9_007_199_254_740_992.0;
    let float = || number.as_f64().filter(|float| float.fract() == 0.0 && (0.0..EXACT_MOST).contains(float));
    number.as_u64().or_else(|| float().map(|float| float as u64))
}

impl Shaped for Number {
    const SHAPE: Shape = Shape::Number;
}

/// Declares an object whose fields may all be absent: which must be there is for [`super::super::ask`] to say.
/// Unlike a derived one it takes no list in place of the object, no null, no field twice.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name<'a> { $($(#[$field_doc])* pub $field: Option<object!(@of $type 'a)>),+ }

        impl Shaped for $name<'_> {
            const SHAPE: Shape = Shape::Object(&[$((stringify!($field), <object!(@of $type '_) as Shaped>::SHAPE)),+]);
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> Visitor<'de> for Fields {
                    type Value = $name<'de>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$name<'de>, A::Error> {
                        let mut object = $name::default();
                        while let Some(Text(key)) = map.next_key()? {
                            match &*key {
                                $(stringify!($field) if object.$field.is_none() => object.$field = Some(map.next_value()?),)+
                                _ => return Err(A::Error::custom("an unknown field, or one that stands twice")),
                            }
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(Fields)
            }
        }
    };
    (@of Number $life:lifetime) => { Number };
    (@of $type:ident $life:lifetime) => { $type<$life> };
}

object! {
    /// Whom a question is about.
    Subject {
        /// Number or code.
        id: Text,
        /// Kind of the number.
        id_type: Text,
        /// Country of a passport or permit.
        country: Text,
        /// Name.
        name: Text,
    }
}

object! {
    /// Body of `POST /v1/checks`.
    Check {
        /// Whom it is about.
        subject: Subject,
        /// Code of the matter.
        matter: Text,
        /// Stage of the case.
        stage: Text,
        /// Number of the case at the caller's.
        case: Text,
        /// What the check is for.
        purpose: Text,
        /// Who asks, at the caller's.
        operator: Text,
        /// Number of the person's authorisation.
        authorization: Text,
        /// Number of the request at the caller's.
        request_id: Text,
    }
}

object! {
    /// Body of `POST /v1/subjects/search`.
    Search {
        /// The name, or its beginning, or nearly.
        name: Text,
        /// Most subjects to list.
        limit: Number,
    }
}

object! {
    /// Body of `POST /v1/subjects/detail`.
    Detail {
        /// Whom it is about.
        subject: Subject,
        /// What it is for.
        purpose: Text,
        /// Code of the matter.
        matter: Text,
        /// Number of the person's authorisation.
        authorization: Text,
        /// Sections of the standard report; none: all.
        sections: Texts,
    }
}

/// Reads the body of a check.
pub fn check(body: &[u8]) -> Result<Check<'_>, Problem> {
    parse(body)
}

/// Reads the body of a search.
pub fn search(body: &[u8]) -> Result<Search<'_>, Problem> {
    parse(body)
}

/// Reads the body of a detail.
pub fn detail(body: &[u8]) -> Result<Detail<'_>, Problem> {
    parse(body)
}

fn parse<'a, T: Deserialize<'a> + Shaped>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| explain(body, &error, &T::SHAPE))
}

#[cold]
fn explain(body: &[u8], error: &serde_json::Error, shape: &Shape) -> Problem {
    if std::str::from_utf8(body).is_err() {
        return Problem::new(Code::InvalidJson, "the body is not UTF-8");
    }
    let value = match serde_json::from_slice::<Value>(body) {
        Ok(value) => value,
        Err(broken) => {
            let what = if broken.is_eof() { "it ends too early" } else { "it breaks there" };
            let detail = format!("line {}, column {}: {what}", broken.line(), broken.column());
            return Problem::new(Code::InvalidJson, detail);
        }
    };
    let mut pointer = String::new();
    let found = misfit(&value, shape, &mut pointer);
    found.map(|what| Problem::at(Code::InvalidRequest, pointer, what)).unwrap_or_else(|| {
        let detail = format!("line {}, column {}: a field stands twice", error.line(), error.column());
        Problem::new(Code::InvalidRequest, detail)
    })
}

/// The first place at which a value has another shape, and what was expected there.
fn misfit(value: &Value, shape: &Shape, pointer: &mut String) -> Option<String> {
    let expected = match (shape, value) {
        (Shape::Text, Value::String(_)) => return None,
        (Shape::Number, Value::Number(number)) if whole(number).is_some() => return None,
        (Shape::Object(fields), Value::Object(map)) => {
            return map.iter().find_map(|(key, value)| field_misfit(key, value, fields, pointer));
        }
        (Shape::Texts, Value::Array(items)) => {
            let wrong = items.iter().position(|item| !item.is_string())?;
            *pointer = format!("{pointer}/{wrong}");
            "a string"
        }
        (Shape::Text, _) => "a string",
        (Shape::Number, _) => "a whole number",
        (Shape::Texts, _) => "a list of strings",
        (Shape::Object(_), _) => "an object",
    };
    let hint = if value.is_null() { "; leave the field out where it has no value" } else { "" };
    Some(format!("expected {expected}, found {}{hint}", kind_of(value)))
}

fn field_misfit(key: &str, value: &Value, fields: &[(&str, Shape)], pointer: &mut String) -> Option<String> {
    let known = fields.iter().find(|(name, _)| *name == key);
    let Some((_, shape)) = known else {
        let names = fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        // What is no name of a field could be a name of a person.
        if !is_plain(key) {
            return Some(format!("a field with a strange name, expected {names}"));
        }
        *pointer = format!("{pointer}/{key}");
        return Some(format!("unknown field `{key}`, expected {names}"));
    };
    let before = pointer.len();
    *pointer = format!("{pointer}/{key}");
    let found = misfit(value, shape, pointer);
    if found.is_none() {
        pointer.truncate(before);
    }
    found
}

/// A word such as programs name fields by.
fn is_plain(key: &str) -> bool {
    key.len() <= 40
        && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && key.bytes().filter(u8::is_ascii_digit).count() < 5
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> (&'static str, String, String) {
        let problem = check(body.as_bytes()).unwrap_err();
        let pointer = problem.pointer.clone().unwrap_or("none".into()).into_owned();
        (problem.code.word(), pointer, problem.detail.into_owned())
    }

    #[test]
    fn a_question_reads_without_copying() {
        let body =
            r#"{"subject":{"id":"91110000600037341L","name":"\u67a3庄"},"matter":"m","request_id":"8841-1"}"#;
        let asked = check(body.as_bytes()).unwrap();
        let subject = asked.subject.unwrap();
        assert!(matches!(subject.id, Some(Text(Cow::Borrowed("91110000600037341L")))));
        assert_eq!(subject.name, Some(Text(Cow::Owned("枣庄".to_owned()))));
        assert_eq!(asked.stage, None);
    }

    #[test]
    fn unknown_fields_are_refused_by_name() {
        let (code, pointer, detail) = refused(r#"{"subject":{"id":"x","nmae":"y"}}"#);
        assert_eq!((code, pointer.as_str()), ("invalid_request", "/subject/nmae"));
        assert_eq!(detail, "unknown field `nmae`, expected id, id_type, country, name");
        assert_eq!(refused(r#"{"subject":{"id":"x"},"Matter":"m"}"#).1, "/Matter");
    }

    #[test]
    fn a_field_that_is_called_like_a_person_is_not_repeated() {
        for key in ["370402199001011012", "张试三", "E12345678"] {
            let (code, _, detail) = refused(&format!("{{\"{key}\":1}}"));
            assert_eq!(code, "invalid_request");
            assert!(!detail.contains(key), "{detail}");
        }
    }

    #[test]
    fn types_are_strict() {
        assert_eq!(refused(r#"{"subject":{"id":911}}"#).1, "/subject/id");
        assert_eq!(refused(r#"{"subject":"911"}"#).1, "/subject");
        assert_eq!(refused(r#"{"subject":["911"]}"#).1, "/subject");
        assert_eq!(refused(r#"["x"]"#).1, "");
        let (code, pointer, detail) = refused(r#"{"subject":{"id":"x"},"matter":null}"#);
        assert_eq!((code, pointer.as_str()), ("invalid_request", "/matter"));
        assert!(detail.contains("leave the field out"), "{detail}");
        assert!(refused(r#"{"subject":{"id":"x","id":"y"}}"#).2.contains("twice"));
    }

    #[test]
    fn what_is_no_json_says_where() {
        for body in ["", "{", "{\"subject\":}", "{} {}", "{\"a\":\"\u{1}\"}"] {
            assert_eq!(refused(body).0, "invalid_json", "{body}");
        }
        assert_eq!(check(b"{\"matter\":\"\xff\"}").unwrap_err().code, Code::InvalidJson);
        // An unknown field before broken JSON is broken JSON.
        assert_eq!(refused("{\"x\":1").0, "invalid_json");
        let deep = format!("{{\"x\":{}", "[".repeat(100_000));
        assert_eq!(refused(&deep).0, "invalid_json");
        let closed = format!("{{\"x\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
        assert_eq!(refused(&closed).0, "invalid_json");
        // Half a pair of surrogates is no character.
        assert_eq!(refused(r#"{"subject":{"id":"x","name":"\ud800"}}"#).0, "invalid_json");
    }

    #[test]
    fn lists_name_the_item_that_is_wrong() {
        let wrong = detail(br#"{"sections":["penalty",1]}"#).unwrap_err();
        assert_eq!(wrong.pointer.as_deref(), Some("/sections/1"));
    }

    #[test]
    fn numbers_are_whole_however_they_are_written() {
        let limit =
            |text: &str| search(format!(r#"{{"name":"x","limit":{text}}}"#).as_bytes()).map(|one| one.limit);
        for (text, number) in [("10", 10), ("10.0", 10), ("1e2", 100), ("0", 0)] {
            assert_eq!(limit(text).unwrap(), Some(Number(number)), "{text}");
        }
        for wrong in ["10.5", "-1", "-1.0", "1e300", "\"10\"", "null"] {
            assert_eq!(limit(wrong).unwrap_err().pointer.as_deref(), Some("/limit"), "{wrong}");
        }
    }
}
