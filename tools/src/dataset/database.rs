//! A database as a source: where it is and what is asked of it.

use std::fmt;

/// A query to PostgreSQL.
#[derive(Clone, PartialEq, Eq)]
pub struct Database {
    /// `postgresql://…`; may hold a password, and is never printed as it is.
    pub url: String,
    /// One select.
    pub query: String,
}

impl Database {
    /// The address with its password replaced.
    pub fn shown(&self) -> String {
        shown(&self.url)
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("url", &self.shown()).field("query", &self.query).finish()
    }
}

/// An address with its password replaced.
fn shown(url: &str) -> String {
    let mut text = String::with_capacity(url.len());
    let rest = match url.split_once("://") {
        Some((scheme, rest)) => {
            text.push_str(scheme);
            text.push_str("://");
            let end = rest.find(['/', '?']).unwrap_or(rest.len());
            // A password may hold an `@` or a `/`, though it should not: the last `@` ends it.
            match rest.rfind('@').filter(|at| *at < end || rest[..*at].contains(':')) {
                Some(at) => {
                    match rest[..at].split_once(':') {
                        Some((user, _)) => {
                            text.push_str(user);
                            text.push_str(":***");
                        }
                        None => text.push_str(&rest[..at]),
                    }
                    &rest[at..]
                }
                None => rest,
            }
        }
        None => url,
    };
    match rest.to_ascii_lowercase().find("password") {
        // Quoting rules are many: nothing after it is shown.
        Some(at) => {
            text.push_str(&rest[..at]);
            text.push_str("password=***");
        }
        None => text.push_str(rest),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown() {
        for (url, expected) in [
            ("postgresql:///credit", "postgresql:///credit"),
            ("postgresql://hall@10.0.0.1:5433/credit", "postgresql://hall@10.0.0.1:5433/credit"),
            ("postgresql://hall:geheim@db/credit", "postgresql://hall:***@db/credit"),
            ("postgresql://hall:ge@he/im@db/credit", "postgresql://hall:***@db/credit"),
            ("postgresql://db/credit?user=a&password=geheim", "postgresql://db/credit?user=a&password=***"),
            ("host=db user=a PASSWORD = 'geheim' dbname=x", "host=db user=a password=***"),
            ("geheim", "geheim"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
