//! Bodies of requests: strict, with strings borrowed from the body where they need no unescaping.
//!
//! The fast way only says yes or no. What is wrong, and where, is worked out a second time from the same shapes,
//! in words of our own: a parser's words could repeat what the caller sent, and that may be a person's number.

mod plain;
#[cfg(test)]
mod tests;

use super::super::error::{Code, Problem};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;

/// What a field may be.
pub(in crate::http) enum Shape {
    Text,
    Items(&'static [(&'static str, Shape)]),
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
    (@of Items $life:lifetime) => { Items<$life> };
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

object! {
    /// What was done about one hit or measure.
    Item {
        /// The record of the hit.
        record: Text,
        /// Code of the measure.
        measure: Text,
        /// What was done.
        outcome: Text,
        /// Why.
        reason: Text,
        /// Anything else.
        note: Text,
    }
}

/// A list of [`Item`]s.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Items<'a>(pub Vec<Item<'a>>);

impl Shaped for Items<'_> {
    const SHAPE: Shape = match Item::SHAPE {
        Shape::Object(fields) => Shape::Items(fields),
        other => other,
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Items)
    }
}

object! {
    /// Body of `POST /v1/checks/{check_id}/feedback`.
    Feedback {
        /// What was done.
        items: Items,
        /// Who did it, at the caller's.
        operator: Text,
        /// Number of the request at the caller's.
        request_id: Text,
    }
}

object! {
    /// Body of `POST /v1/feedback/{feedback_id}/cancel`.
    Cancel {
        /// Why.
        reason: Text,
        /// Who, at the caller's.
        operator: Text,
    }
}

/// Reads the body of a feedback.
pub fn feedback(body: &[u8]) -> Result<Feedback<'_>, Problem> {
    parse(body)
}

/// Reads the body of a cancel.
pub fn cancel(body: &[u8]) -> Result<Cancel<'_>, Problem> {
    parse(body)
}

/// Reads the body of a check that is plain; none if it is not, be it right or wrong.
pub fn plain(body: &[u8]) -> Option<Check<'_>> {
    plain::check(body)
}

/// Reads the body of a check.
pub fn check(body: &[u8]) -> Result<Check<'_>, Problem> {
    plain::check(body).map_or_else(|| parse(body), Ok)
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
        (Shape::Items(fields), Value::Array(items)) => {
            let before = pointer.len();
            return items.iter().enumerate().find_map(|(place, item)| {
                pointer.truncate(before);
                *pointer = format!("{pointer}/{place}");
                misfit(item, &Shape::Object(fields), pointer)
            });
        }
        (Shape::Texts, Value::Array(items)) => {
            let wrong = items.iter().position(|item| !item.is_string())?;
            *pointer = format!("{pointer}/{wrong}");
            "a string"
        }
        (Shape::Text, _) => "a string",
        (Shape::Number, _) => "a whole number",
        (Shape::Texts, _) => "a list of strings",
        (Shape::Items(_), _) => "a list of objects",
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
