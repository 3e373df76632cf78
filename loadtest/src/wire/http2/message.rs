//! A request of HTTP/1.1 in the words of HTTP/2.

use bytes::Bytes;
use http::{Request, Uri, Version};
use memchr::memmem;

/// Head and body. `None` for what is no request.
pub(super) fn translate(message: &[u8], scheme: &str) -> Option<(Request<()>, Bytes)> {
    let end = memmem::find(message, b"\r\n\r\n")?;
    let (head, body) = (message.get(..end)?, message.get(end + 4..)?);
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    let mut request = Request::builder().method(method).version(Version::HTTP_2);
    let mut authority = "";
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        // The host has a place of its own.
        if name == "host" {
            authority = value;
        } else {
            request = request.header(name, value);
        }
    }
    let uri = Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build().ok()?;
    Some((request.uri(uri).body(()).ok()?, Bytes::copy_from_slice(body)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Head, Method, Target, Token};

    #[test]
    fn a_request_says_the_same() {
        let target = Target::parse("http://[::1]:8080").unwrap();
        let (token, mut written) = (Token::read("abc").unwrap(), Vec::new());
        Head::new(&target, "/v1/checks?a=b", Method::Post("application/json"), Some(&token))
            .write(b"{}", &mut written);
        let (request, body) = translate(&written, "http").unwrap();
        assert_eq!(request.uri().to_string(), "http://[::1]:8080/v1/checks?a=b");
        assert_eq!((request.method().as_str(), &body[..]), ("POST", &b"{}"[..]));
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(
            (header("authorization"), header("content-length")),
            ("Bearer abc".to_owned(), "2".to_owned())
        );
        assert!(!request.headers().contains_key("host"));
    }

    #[test]
    fn what_is_no_request_has_no_form() {
        for message in ["HELLO\r\n\r\n", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"] {
            assert!(translate(message.as_bytes(), "http").is_none(), "{message:?}");
        }
    }
}
