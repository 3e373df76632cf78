//! Where to send.

use std::fmt;

const EXPECTED: &str = "expected http://host[:port][/path] or https://…";

/// A server and a path on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// For connecting; an IPv6 address without its brackets.
    pub(crate) host: String,
    /// 80 or 443 unless given.
    pub(crate) port: u16,
    /// For the Host header, as given.
    pub(crate) authority: String,
    /// Begins with `/`; with the query.
    pub(crate) path: String,
    /// Under TLS.
    pub(crate) tls: bool,
}

impl Target {
    /// Reads `http://host[:port][/path][?query]`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("found a character that no URL holds; {EXPECTED}"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(format!("found no scheme; {EXPECTED}"));
        };
        let tls = match scheme {
            "http" => false,
            "https" => true,
            other => return Err(format!("found the scheme `{other}`; {EXPECTED}")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        if authority.contains('@') {
            return Err(format!("found a user before the host; {EXPECTED}, and the caller in --token"));
        }
        let (host, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
            Some(at) => (&authority[..at], &authority[at + 1..]),
            None => (authority, ""),
        };
        let port = match port {
            "" => [80, 443][usize::from(tls)],
            port => {
                let port = port.parse::<u16>().ok().filter(|port| *port > 0);
                port.ok_or("found no port from 1 to 65535")?
            }
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if host.is_empty() || (bare.is_none() && host.contains(['[', ']', ':'])) {
            return Err(format!("found no host; {EXPECTED}"));
        }
        Ok(Self {
            host: bare.unwrap_or(host).to_owned(),
            port,
            authority: authority.to_owned(),
            path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
            tls,
        })
    }

    /// The path for bodies: that of the target, or `checks` where the target names none.
    pub(crate) fn path_or<'a>(&'a self, path: &'a str) -> &'a str {
        if self.path == "/" { path } else { &self.path }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_server_and_a_path() {
        let target = Target::parse("http://127.0.0.1:8080/a/b?c=d").unwrap();
        assert_eq!(
            (target.host.as_str(), target.port, target.path.as_str()),
            ("127.0.0.1", 8080, "/a/b?c=d")
        );
        let target = Target::parse("http://[::1]").unwrap();
        assert_eq!((target.host.as_str(), target.port, target.authority.as_str()), ("::1", 80, "[::1]"));
        let target = Target::parse("https://[::1]:8443?x").unwrap();
        assert_eq!((target.port, target.path.as_str(), target.tls), (8443, "/?x", true));
        assert_eq!(Target::parse("https://hall").unwrap().port, 443);
        assert_eq!(Target::parse("http://hall#part").unwrap().path, "/");
    }

    #[test]
    fn bodies_go_to_the_checks_unless_the_target_has_a_path() {
        assert_eq!(Target::parse("http://hall:8080").unwrap().path_or("/v1/checks"), "/v1/checks");
        assert_eq!(Target::parse("http://hall:8080/x").unwrap().path_or("/v1/checks"), "/x");
    }

    #[test]
    fn a_target_that_is_no_http_server_is_refused() {
        for text in [
            "",
            "hall:8080",
            "/path",
            "ftp://hall",
            "http://",
            "http://u:p@hall",
            "http://hall:0",
            "http://hall:65536",
            "http://hall:x",
            "http://:80",
            "http://a:b:80",
            "http://[::1",
            "http://hall/ x",
        ] {
            assert!(Target::parse(text).is_err(), "{text:?} passed");
        }
    }
}
