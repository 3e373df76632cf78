//! A request as bytes.

use std::io::{self, Read, Write};

use crate::error::LoadError;
use crate::wire::Target;

/// No token is longer.
const TOKEN_BYTES_MAX: u64 = 8 << 10;

/// How a request begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Without a body.
    Get,
    /// With a body of this type.
    Post(&'static str),
}

/// The header that names the caller.
#[derive(Clone)]
pub(crate) struct Bearer(String);

/// Leaves the token out.
impl std::fmt::Debug for Bearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bearer(…)")
    }
}

impl Bearer {
    /// Takes a token as given, `-` from standard input.
    pub(crate) fn read(token: &str) -> Result<Self, LoadError> {
        let mut given = token.to_owned();
        if token == "-" {
            given.clear();
            io::stdin().take(TOKEN_BYTES_MAX).read_to_string(&mut given).map_err(LoadError::TokenInput)?;
            given.truncate(given.trim_ascii_end().len());
        }
        if given.is_empty() || !given.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(LoadError::Token);
        }
        Ok(Self(given))
    }
}

/// Everything before the body, but its length.
#[derive(Clone)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    has_body: bool,
}

impl Head {
    /// Of requests to one path. The pieces were checked when they were read.
    pub(crate) fn new(target: &Target, path: &str, method: Method, bearer: Option<&Bearer>) -> Self {
        let (word, has_body) = match method {
            Method::Get => ("GET", false),
            Method::Post(_) => ("POST", true),
        };
        let version = env!("CARGO_PKG_VERSION");
        let mut text = format!(
            "{word} {path} HTTP/1.1\r\nhost: {}\r\nuser-agent: xinhe-load/{version}\r\n",
            target.authority
        );
        if let Some(Bearer(token)) = bearer {
            text += &format!("authorization: Bearer {token}\r\n");
        }
        match method {
            Method::Get => text += "\r\n",
            Method::Post(kind) => text += &format!("content-type: {kind}\r\ncontent-length: "),
        }
        Self { bytes: text.into_bytes(), has_body }
    }

    /// Puts a whole request behind what is in the buffer.
    pub(crate) fn write(&self, body: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes);
        if self.has_body {
            // A buffer in memory takes everything.
            write!(out, "{}", body.len()).unwrap_or_default();
            out.extend_from_slice(b"\r\n\r\n");
            out.extend_from_slice(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_a_line_end_is_refused_and_not_repeated() {
        let error = Bearer::read("secret\nX: y").unwrap_err();
        assert!(!error.to_string().contains("secret"));
        assert!(Bearer::read("").is_err());
        assert!(!format!("{:?}", Bearer::read("abc").unwrap()).contains("abc"));
    }

    #[test]
    fn a_request_is_its_head_its_length_and_its_body() {
        let target = Target::parse("http://hall:8080").unwrap();
        let bearer = Bearer::read("abc").unwrap();
        let mut out = Vec::new();
        Head::new(&target, "/v1/checks", Method::Post("application/json"), Some(&bearer))
            .write(b"{}", &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("POST /v1/checks HTTP/1.1\r\nhost: hall:8080\r\n"), "{text}");
        assert!(text.ends_with(
            "authorization: Bearer abc\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
        ));
        let mut out = Vec::new();
        Head::new(&target, "/", Method::Get, None).write(b"", &mut out);
        assert!(String::from_utf8(out).unwrap().ends_with("\r\n\r\n"));
    }
}
