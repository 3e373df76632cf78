//! A request as bytes.

use std::io::Write;

use crate::wire::{Target, Token};

/// How a request begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Without a body.
    Get,
    /// With a body of this type.
    Post(&'static str),
}

/// Everything before the body, but its length.
#[derive(Clone)]
pub(crate) struct Head {
    bytes: Vec<u8>,
    has_body: bool,
}

impl Head {
    /// Of requests to one path. The pieces were checked when they were read.
    pub(crate) fn new(target: &Target, path: &str, method: Method, token: Option<&Token>) -> Self {
        let (word, has_body) = match method {
            Method::Get => ("GET", false),
            Method::Post(_) => ("POST", true),
        };
        let version = env!("CARGO_PKG_VERSION");
        let mut text = format!(
            "{word} {path} HTTP/1.1\r\nhost: {}\r\nuser-agent: xinhe-load/{version}\r\n",
            target.authority
        );
        if let Some(token) = token {
            text += &format!("authorization: Bearer {}\r\n", token.reveal());
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
    fn a_request_is_its_head_its_length_and_its_body() {
        let target = Target::parse("http://hall:8080").unwrap();
        let token = Token::read("abc").unwrap();
        let mut out = Vec::new();
        Head::new(&target, "/v1/checks", Method::Post("application/json"), Some(&token))
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
