//! Where to send.

use std::fmt;

const EXPECTED: &str = "expected http://host[:port][/path], https://…, redis://host[:port][/database] or postgres://user@host[:port]/database";
/// Where a path is to hold the key.
const KEY: &str = "{key}";

/// A server that is asked for the value under a key in a protocol of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Store {
    /// With the number of a database.
    Redis {
        /// 0 unless given.
        database: u32,
    },
    /// With the table that `fill` makes.
    Postgres {
        /// The role.
        user: String,
        /// Its name.
        database: String,
    },
}

/// A server and a path on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// For connecting; an IPv6 address without its brackets.
    pub(crate) host: String,
    /// That of the protocol unless given.
    pub(crate) port: u16,
    /// For the Host header, as given.
    pub(crate) authority: String,
    /// Begins with `/`; with the query.
    pub(crate) path: String,
    /// Under TLS.
    pub(crate) tls: bool,
    /// It is no HTTP server.
    pub(crate) store: Option<Store>,
}

impl Target {
    /// Reads `http://host[:port][/path][?query]`, and the addresses of stores.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("found a character that no URL holds; {EXPECTED}"));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(format!("found no scheme; {EXPECTED}"));
        };
        let own_port = match scheme {
            "http" => 80,
            "https" => 443,
            "redis" => 6379,
            "postgres" | "postgresql" => 5432,
            other => return Err(format!("found the scheme `{other}`; {EXPECTED}")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
        let store = store(scheme, user, path)?;
        let (host, port) = match authority.rfind(':').filter(|at| !authority[*at..].contains(']')) {
            Some(at) => (&authority[..at], &authority[at + 1..]),
            None => (authority, ""),
        };
        let port = match port {
            "" => own_port,
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
            tls: scheme == "https",
            store,
        })
    }

    /// It is asked for what stands under a key: a store, or an HTTP server whose path ends in `{key}`.
    pub(crate) fn is_keyed(&self) -> bool {
        self.store.is_some() || self.path.ends_with(KEY)
    }

    /// The path up to where the key stands.
    pub(super) fn path_before_key(&self) -> &str {
        self.path.strip_suffix(KEY).unwrap_or(&self.path)
    }

    /// What it is, in a word.
    pub(crate) fn kind(&self) -> &'static str {
        match self.store {
            None => "HTTP",
            Some(Store::Redis { .. }) => "Redis",
            Some(Store::Postgres { .. }) => "PostgreSQL",
        }
    }

    /// The path for bodies: that of the target, or `checks` where the target names none.
    pub(crate) fn path_or<'a>(&'a self, path: &'a str) -> &'a str {
        if self.path == "/" { path } else { &self.path }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { authority, path, .. } = self;
        match &self.store {
            None if self.tls => write!(f, "https://{authority}{path}"),
            None => write!(f, "http://{authority}{path}"),
            Some(Store::Redis { database }) => write!(f, "redis://{authority}/{database}"),
            Some(Store::Postgres { user, database }) => {
                write!(f, "postgres://{user}@{authority}/{database}")
            }
        }
    }
}

/// The part of an address that only stores have.
fn store(scheme: &str, user: Option<&str>, path: &str) -> Result<Option<Store>, String> {
    let name = path.strip_prefix('/').unwrap_or(path);
    match (scheme, user) {
        ("redis", None) => {
            let database = if name.is_empty() { Ok(0) } else { name.parse() };
            let database =
                database.map_err(|_| "found no number of a database behind the host".to_owned())?;
            Ok(Some(Store::Redis { database }))
        }
        ("redis", Some(_)) => {
            Err("found a user or password before the host; give the password for AUTH with --token"
                .to_owned())
        }
        ("postgres" | "postgresql", Some(user)) if user.contains(':') => {
            Err("found a password before the host; give it with --token".to_owned())
        }
        ("postgres" | "postgresql", user) => {
            let user = user.unwrap_or_default();
            let plain = |name: &str| !name.is_empty() && !name.contains(['%', '?', '/', '&']);
            if !plain(user) || !plain(name) {
                return Err(format!(
                    "found no plain name of a user before `@`, or of a database behind `/`; {EXPECTED}"
                ));
            }
            Ok(Some(Store::Postgres { user: user.to_owned(), database: name.to_owned() }))
        }
        (_, Some(_)) => Err(format!("found a user before the host; {EXPECTED}, and the caller in --token")),
        (_, None) => Ok(None),
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
    fn a_store_is_a_server_and_a_database() {
        let redis = Target::parse("redis://cache").unwrap();
        assert_eq!((redis.port, redis.store.clone()), (6379, Some(Store::Redis { database: 0 })));
        assert_eq!(Target::parse("redis://cache:7/3").unwrap().to_string(), "redis://cache:7/3");
        let database = Target::parse("postgresql://bench@[::1]/city").unwrap();
        let store = Store::Postgres { user: "bench".to_owned(), database: "city".to_owned() };
        assert_eq!((database.host.as_str(), database.port, &database.store), ("::1", 5432, &Some(store)));
        assert_eq!(database.to_string(), "postgres://bench@[::1]/city");
        assert!(redis.is_keyed() && database.is_keyed());
        let files = Target::parse("http://files/a/{key}").unwrap();
        assert_eq!((files.is_keyed(), files.path_before_key()), (true, "/a/"));
        assert!(!Target::parse("http://files/{key}/a").unwrap().is_keyed());
    }

    #[test]
    fn a_secret_in_an_address_is_refused_and_not_repeated() {
        for text in ["redis://:hush@cache", "redis://hush@cache", "postgres://u:hush@base/d"] {
            let said = Target::parse(text).unwrap_err();
            assert!(said.contains("--token") && !said.contains("hush"), "{said}");
        }
    }

    #[test]
    fn a_target_that_is_no_server_is_refused() {
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
            "redis://cache/x",
            "redis://cache/1?a",
            "postgres://base/d",
            "postgres://u@base",
            "postgres://u@base/d?sslmode=require",
            "postgres://u%40@base/d",
        ] {
            assert!(Target::parse(text).is_err(), "{text:?} passed");
        }
    }
}
