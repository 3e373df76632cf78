//! Problems as callers see them (RFC 9457). A problem never holds a person's number or name: its words come from
//! the rules, not from the request.

use super::wire::{push_number, push_text};
use crate::domain::identifier::{Candidates, Unread};
use crate::live::Closed;
use std::borrow::Cow;

/// Declares the codes with their status and title.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $word:literal, $status:literal, $title:literal;)+) => {
        /// What went wrong, in the contract's words.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $code),+ }

        impl Code {
            /// All codes, in order.
            pub const ALL: &'static [Code] = &[$(Code::$code),+];

            /// The words of all codes, in order.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The contract's word.
            pub const fn word(self) -> &'static str {
                match self { $(Code::$code => $word),+ }
            }

            /// The status of the reply.
            pub const fn status(self) -> u16 {
                match self { $(Code::$code => $status),+ }
            }

            const fn title(self) -> &'static str {
                match self { $(Code::$code => $title),+ }
            }
        }
    };
}

codes! {
    /// The body is no JSON.
    InvalidJson = "invalid_json", 400, "The body is not valid JSON";
    /// The JSON is not the one expected.
    InvalidRequest = "invalid_request", 400, "The request is not of the expected form";
    /// Nobody is named, or nobody who is known.
    Unauthenticated = "unauthenticated", 401, "The caller is not known";
    /// The caller lacks a right.
    Forbidden = "forbidden", 403, "The caller may not ask this";
    /// No such path, or no such subject.
    NotFound = "not_found", 404, "Not found";
    /// The path has other methods.
    MethodNotAllowed = "method_not_allowed", 405, "Method not allowed";
    /// The same request was made before, of other content; or it was done already.
    Conflict = "conflict", 409, "Conflict";
    /// The body is too large.
    PayloadTooLarge = "payload_too_large", 413, "The body is too large";
    /// The body is not announced as JSON in UTF-8.
    UnsupportedMediaType = "unsupported_media_type", 415, "The body must be JSON in UTF-8";
    /// The number breaks a rule of its kind.
    InvalidIdentifier = "invalid_identifier", 422, "The identifier is not valid";
    /// The number reads in several ways.
    AmbiguousIdentifier = "ambiguous_identifier", 422, "The identifier reads in several ways";
    /// A person is asked for without a name.
    NameRequired = "name_required", 422, "A person is checked by number and name";
    /// The catalogue lacks the matter.
    UnknownMatter = "unknown_matter", 422, "The matter is not in the catalogue";
    /// The person's authorisation is needed and not given.
    AuthorizationRequired = "authorization_required", 422, "The person's authorisation is required";
    /// The caller asks too often, or for too many persons.
    TooManyRequests = "too_many_requests", 429, "Too many requests";
    /// The release is older than it may be.
    StaleRelease = "stale_release", 503, "The release is too old";
    /// It cannot answer now.
    NotReady = "not_ready", 503, "Not ready";
    /// Receipts cannot be written, and nobody is answered without one.
    AuditUnavailable = "audit_unavailable", 503, "Receipts cannot be written";
    /// Too many ask at once.
    Overloaded = "overloaded", 503, "Overloaded";
}

/// Seconds after which a caller should try again, unless the problem says otherwise.
const RETRY_AFTER_SECONDS: u32 = 1;
/// The same where somebody has to publish first.
const RETRY_AFTER_PUBLISHING_SECONDS: u32 = 60;

/// Rights of `clients.toml` that a caller may lack, by their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To come from this address.
    Addresses,
    /// To ask here.
    Endpoints,
    /// To ask for this matter, or for none.
    Matters,
    /// To ask at this stage.
    Stages,
    /// To ask about this kind of subject.
    Kinds,
    /// To ask about persons for this matter.
    Persons,
}

impl Right {
    /// The keys, in order.
    pub const WORDS: &'static [&'static str] =
        &["addresses", "endpoints", "matters", "stages", "kinds", "persons"];

    /// The key.
    pub const fn word(self) -> &'static str {
        Right::WORDS[self as usize]
    }
}

/// A refused request.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What went wrong.
    pub code: Code,
    /// What was found, what was expected, what to do.
    pub detail: Cow<'static, str>,
    /// The field, as a JSON pointer.
    pub pointer: Option<Cow<'static, str>>,
    /// The kinds as which an ambiguous number reads.
    pub candidates: Option<Candidates>,
    /// The methods that the path has.
    pub allow: Option<&'static str>,
    /// The connection cannot be used again.
    pub closes: bool,
    /// The right that is missing.
    pub right: Option<Right>,
    /// Seconds after which to try again, where they are not the usual ones.
    pub retry_after: Option<u32>,
}

impl From<crate::audit::Unavailable> for Problem {
    fn from(unavailable: crate::audit::Unavailable) -> Problem {
        Problem::new(Code::AuditUnavailable, unavailable.to_string())
    }
}

impl Problem {
    /// A problem with the whole request.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem {
            code,
            detail: detail.into(),
            pointer: None,
            candidates: None,
            allow: None,
            closes: false,
            right: None,
            retry_after: None,
        }
    }

    /// A problem with one field.
    pub fn at(
        code: Code,
        pointer: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Problem {
        Problem { pointer: Some(pointer.into()), ..Problem::new(code, detail) }
    }

    /// A right that the caller lacks.
    pub(super) fn forbidden(right: Right, pointer: Option<&'static str>, detail: &str) -> Problem {
        let detail = format!("the right `{}` is missing: {detail}", right.word());
        let pointer = pointer.map(Cow::Borrowed);
        Problem { right: Some(right), pointer, ..Problem::new(Code::Forbidden, detail) }
    }

    /// The problem of an unread number in this field.
    pub(crate) fn of_number(pointer: &'static str, unread: Unread) -> Problem {
        match unread {
            Unread::Invalid(error) => Problem::at(Code::InvalidIdentifier, pointer, error.to_string()),
            Unread::Ambiguous(kinds) => Problem {
                candidates: Some(kinds),
                ..Problem::at(Code::AmbiguousIdentifier, pointer, unread.to_string())
            },
        }
    }

    /// A damaged release answers nothing; where it is damaged is for the log, not for the caller.
    pub(super) fn damaged(error: impl std::error::Error) -> Problem {
        tracing::error!(%error, "the release cannot be read");
        Problem::new(Code::NotReady, "the release cannot be read; the operator's log says where")
    }

    /// Seconds for Retry-After, where the contract asks for it.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        let seconds = match self.code {
            Code::StaleRelease => RETRY_AFTER_PUBLISHING_SECONDS,
            _ => RETRY_AFTER_SECONDS,
        };
        let passes = matches!(self.code.status(), 429 | 503);
        passes.then_some(self.retry_after.unwrap_or(seconds))
    }

    /// The body: `application/problem+json`.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.fields(out);
        out.push(b'}');
    }

    /// The same as the answer of one line of a batch, which it names by its number.
    pub fn write_of_line(&self, number: u64, out: &mut Vec<u8>) {
        self.fields(out);
        out.extend_from_slice(b",\"line\":");
        push_number(out, number);
        out.push(b'}');
    }

    fn fields(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"type\":\"urn:xinhe:problem:");
        out.extend_from_slice(self.code.word().as_bytes());
        out.extend_from_slice(b"\",\"title\":");
        push_text(out, self.code.title());
        out.extend_from_slice(b",\"status\":");
        push_number(out, u64::from(self.code.status()));
        out.extend_from_slice(b",\"detail\":");
        push_text(out, &self.detail);
        out.extend_from_slice(b",\"code\":");
        push_text(out, self.code.word());
        if let Some(pointer) = &self.pointer {
            out.extend_from_slice(b",\"pointer\":");
            push_text(out, pointer);
        }
        if let Some(candidates) = &self.candidates {
            for (place, kind) in candidates.iter().enumerate() {
                out.extend_from_slice(if place == 0 { b",\"candidates\":[" } else { b"," });
                push_text(out, kind.word());
            }
            out.push(b']');
        }
    }
}

impl From<Closed> for Problem {
    fn from(closed: Closed) -> Problem {
        let code = match closed {
            Closed::Nothing | Closed::Gap => Code::NotReady,
            Closed::Old => Code::StaleRelease,
        };
        Problem::new(code, closed.why())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::date::Day;
    use crate::domain::identifier::Identifier;

    fn body(problem: &Problem) -> String {
        let mut out = Vec::new();
        problem.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_problem_names_code_and_field() {
        let problem = Problem::at(Code::UnknownMatter, "/matter", "no \"such\" matter");
        assert_eq!(
            body(&problem),
            "{\"type\":\"urn:xinhe:problem:unknown_matter\",\"title\":\"The matter is not in the catalogue\",\
             \"status\":422,\"detail\":\"no \\\"such\\\" matter\",\"code\":\"unknown_matter\",\"pointer\":\"/matter\"}"
        );
    }

    #[test]
    fn a_line_of_a_batch_is_named_by_its_number() {
        let mut out = Vec::new();
        Problem::new(Code::InvalidJson, "x").write_of_line(17, &mut out);
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&json["code"], &json["line"]), (&"invalid_json".into(), &17.into()));
    }

    #[test]
    fn an_ambiguous_number_comes_with_its_candidates() {
        let unread = Identifier::read("370400010316018", Day::from_number(20_000)).unwrap_err();
        let problem = Problem::of_number("/subject/id", unread);
        let json: serde_json::Value = serde_json::from_str(&body(&problem)).unwrap();
        assert_eq!(json["code"], "ambiguous_identifier");
        assert_eq!(json["candidates"], serde_json::json!(["citizen", "registration"]));
        assert!(!body(&problem).contains("370400010316018"), "no number in an error");
    }

    #[test]
    fn only_what_may_pass_says_when_to_try_again() {
        assert_eq!(Problem::new(Code::Overloaded, "").retry_after_seconds(), Some(1));
        assert_eq!(Problem::new(Code::InvalidJson, "").retry_after_seconds(), None);
    }
}
