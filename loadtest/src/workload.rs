//! What is sent: GET to the target, or the bodies of `--ids` in turn.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use serde::de::IgnoredAny;

use crate::cli::RunArgs;
use crate::error::LoadError;

/// A longer line is no identifier.
const ID_BYTES_MAX: usize = 32;
/// All bodies are held in memory.
const IDS_BYTES_MAX: u64 = 1 << 30;
/// No token is longer.
const TOKEN_BYTES_MAX: u64 = 8 << 10;
const CHECKS_PATH: &str = "/v1/checks";

/// A server and a path on it.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// For connecting; an IPv6 address without its brackets.
    pub(crate) host: String,
    /// 80 unless given.
    pub(crate) port: u16,
    /// For the Host header, as given.
    pub(crate) authority: String,
    path: String,
    query: Option<String>,
}

impl Target {
    /// Reads `http://host[:port][/path][?query]`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected http://host[:port][/path]";
        let uri: Uri = text.parse().map_err(|error| format!("{error}; {EXPECTED}"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some(other) => return Err(format!("found the scheme `{other}`; {EXPECTED}, without TLS")),
            None => return Err(format!("found no scheme; {EXPECTED}")),
        }
        let authority = uri.authority().ok_or_else(|| format!("found no host; {EXPECTED}"))?;
        if authority.as_str().contains('@') {
            return Err(format!("found a user before the host; {EXPECTED}, and the caller in --token"));
        }
        let host = authority.host();
        let port = match &authority.as_str()[host.len()..] {
            "" | ":" => 80,
            _ => authority.port_u16().filter(|port| *port > 0).ok_or("found no port from 1 to 65535")?,
        };
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() {
            return Err(format!("found no host; {EXPECTED}"));
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            authority: authority.as_str().to_owned(),
            path: uri.path().to_owned(),
            query: uri.query().map(str::to_owned),
        })
    }

    fn path_and_query(&self, path: &str) -> String {
        match &self.query {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

/// The requests of a run. Connections share it, so that the bodies are sent round-robin over all of them.
pub(crate) struct Workload {
    head: Request<()>,
    /// Never empty: a GET has one body of no bytes.
    bodies: Vec<Bytes>,
    next: AtomicUsize,
}

impl Workload {
    /// Reads the bodies and the token, and builds what all requests have in common.
    pub(crate) fn read(args: &RunArgs) -> Result<Self, LoadError> {
        if args.ids.as_deref() == Some("-") && args.token.as_deref() == Some("-") {
            return Err(LoadError::TwoFromStdin);
        }
        let token = args.token.as_deref().map(bearer).transpose()?;
        let bodies = match &args.ids {
            Some(file) => read_bodies(file)?,
            None => vec![Bytes::new()],
        };
        Ok(Self { head: head(&args.target, args.ids.is_some(), token), bodies, next: AtomicUsize::new(0) })
    }

    /// The next request in turn.
    pub(crate) fn next(&self) -> Request<Full<Bytes>> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.bodies.len();
        let body = self.bodies.get(turn).cloned().unwrap_or_default();
        self.head.clone().map(|()| Full::new(body))
    }
}

/// Everything but the body. The pieces were checked when they were parsed, so none is refused here.
fn head(target: &Target, post: bool, token: Option<HeaderValue>) -> Request<()> {
    let path = if post && target.path == "/" { CHECKS_PATH } else { target.path.as_str() };
    let mut head = Request::new(());
    if let Ok(uri) = target.path_and_query(path).parse() {
        *head.uri_mut() = uri;
    }
    let headers = head.headers_mut();
    if let Ok(host) = HeaderValue::from_str(&target.authority) {
        headers.insert(HOST, host);
    }
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("xinhe-load/", env!("CARGO_PKG_VERSION"))));
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, token);
    }
    if post {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *head.method_mut() = Method::POST;
    }
    head
}

fn bearer(token: &str) -> Result<HeaderValue, LoadError> {
    let mut given = token.to_owned();
    if token == "-" {
        given.clear();
        io::stdin().take(TOKEN_BYTES_MAX).read_to_string(&mut given).map_err(LoadError::TokenInput)?;
        given.truncate(given.trim_ascii_end().len());
    }
    if given.is_empty() || !given.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(LoadError::Token);
    }
    let mut value = HeaderValue::from_str(&format!("Bearer {given}")).map_err(|_| LoadError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn read_bodies(file: &str) -> Result<Vec<Bytes>, LoadError> {
    let failed = |source| LoadError::Ids { file: file.to_owned(), source };
    let input: Box<dyn Read> =
        if file == "-" { Box::new(io::stdin()) } else { Box::new(File::open(file).map_err(failed)?) };
    let mut text = Vec::new();
    input.take(IDS_BYTES_MAX + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > IDS_BYTES_MAX {
        return Err(LoadError::IdsTooLarge { file: file.to_owned(), max: IDS_BYTES_MAX });
    }
    split_bodies(file, &Bytes::from(text))
}

/// One body or one identifier a line; blank lines are passed over. The bodies share the text's memory.
fn split_bodies(file: &str, text: &Bytes) -> Result<Vec<Bytes>, LoadError> {
    let lines = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut bodies = Vec::new();
    for (index, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        let body = line.trim_ascii();
        if body.is_empty() {
            continue;
        }
        if is_identifier(body) {
            bodies.push(Bytes::from([b"{\"subject\":{\"id\":\"", body, b"\"}}"].concat()));
            continue;
        }
        if body.first() != Some(&b'{') || serde_json::from_slice::<IgnoredAny>(body).is_err() {
            return Err(LoadError::IdsLine { file: file.to_owned(), line: index + 1 });
        }
        bodies.push(text.slice_ref(body));
    }
    if bodies.is_empty() { Err(LoadError::IdsEmpty { file: file.to_owned() }) } else { Ok(bodies) }
}

/// Has the form of an identifier of a subject; whether it is one is for the server to say.
fn is_identifier(line: &[u8]) -> bool {
    line.len() <= ID_BYTES_MAX
        && line.iter().any(u8::is_ascii_digit)
        && line.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_alone_is_asked_about() {
        let bodies =
            split_bodies("f", &Bytes::from_static(b"91110000600037341L\r\n\n{\"subject\":{}}\n")).unwrap();
        assert_eq!(bodies, [&b"{\"subject\":{\"id\":\"91110000600037341L\"}}"[..], b"{\"subject\":{}}"]);
        for line in ["91110000600037341L,x", "null", "\"91110000600037341L\""] {
            assert!(split_bodies("f", &Bytes::from_static(line.as_bytes())).is_err(), "{line}");
        }
    }

    #[test]
    fn a_target_is_a_server_and_a_path() {
        let target = Target::parse("http://127.0.0.1:8080/a/b?c=d").unwrap();
        assert_eq!((target.host.as_str(), target.port), ("127.0.0.1", 8080));
        assert_eq!(head(&target, true, None).uri(), "/a/b?c=d");
        let target = Target::parse("http://[::1]").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.authority.as_str()), ("::1", 80, "[::1]"));
        assert_eq!(head(&target, false, None).uri(), "/");
    }

    #[test]
    fn bodies_go_to_the_checks_unless_the_target_has_a_path() {
        let target = Target::parse("http://hall:8080").unwrap();
        assert_eq!(head(&target, true, None).uri(), CHECKS_PATH);
        assert_eq!(head(&target, false, None).uri(), "/");
    }

    #[test]
    fn a_target_that_is_no_plain_http_server_is_refused() {
        for text in [
            "",
            "hall:8080",
            "/path",
            "https://hall",
            "ftp://hall",
            "http://",
            "http://u:p@hall",
            "http://hall:0",
            "http://hall:65536",
            "http://hall:x",
            "http://:80",
        ] {
            assert!(Target::parse(text).is_err(), "{text:?} passed");
        }
    }

    #[test]
    fn bodies_are_lines_in_order_and_are_sent_in_turn() {
        let text = Bytes::from("\u{feff}{\"a\":1}\r\n\n {\"b\":2} \n{\"c\":3}");
        let bodies = split_bodies("f", &text).unwrap();
        assert_eq!(bodies, ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]);
        let target = Target::parse("http://hall").unwrap();
        let workload = Workload { head: head(&target, true, None), bodies, next: AtomicUsize::new(0) };
        for expected in ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "{\"a\":1}"] {
            assert_eq!(
                format!("{:?}", workload.next().body()),
                format!("{:?}", Full::new(Bytes::from(expected)))
            );
        }
    }

    #[test]
    fn a_line_that_is_no_object_is_named_by_number_and_not_repeated() {
        for bad in ["110108002734659,x", "{\"subject\":", "[]", "\"x\""] {
            let error = split_bodies("f", &Bytes::from(format!("{{}}\n{bad}\n"))).unwrap_err();
            assert!(matches!(error, LoadError::IdsLine { line: 2, .. }), "{bad}");
            assert!(!error.to_string().contains("110108"));
        }
        assert!(matches!(split_bodies("f", &Bytes::from("\n \n")), Err(LoadError::IdsEmpty { .. })));
    }

    #[test]
    fn a_token_with_a_line_end_is_refused_and_not_repeated() {
        let error = bearer("secret\nX: y").unwrap_err();
        assert!(!error.to_string().contains("secret"));
        assert!(bearer("").is_err());
        assert_eq!(bearer("abc").unwrap(), "Bearer abc");
    }
}
