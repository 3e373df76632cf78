//! Reading the settings: a TOML file, then `--set section.key=value`; then what must be there and go together.

use super::{Config, Wait};
use crate::domain::date::Day;
use std::path::{Path, PathBuf};

/// Least bytes that the HTTP parser can work with.
const HEADER_BYTES_LEAST: u64 = 8 << 10;
/// Between these the store is asked often enough, and not all the time.
const POLL_MS_LEAST: u64 = 10;
const POLL_MS_MOST: u64 = 3_600_000;
/// Bounds of a file of receipts: smaller ones only make work, larger ones make a start after a crash slow.
const AUDIT_SEGMENT_LEAST: u64 = 64 << 10;
const AUDIT_SEGMENT_MOST: u64 = 1 << 30;
/// More threads than this are a mistake in the file.
const WORKERS_MOST: usize = 1024;

/// Why the settings are refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of the file.
    #[error("{}:{line}: {key}: {what}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key, with its section.
        key: String,
        /// What was found and what was expected.
        what: String,
    },
    /// An override of the command line.
    #[error("--set {key}: {what}")]
    Set {
        /// The key as given.
        key: String,
        /// What is wrong.
        what: String,
    },
    /// A key that must be there, or keys that do not go together.
    #[error("{}: {key}: {what}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What is wrong and what to do.
        what: String,
    },
}

impl ConfigError {
    /// An error of the parser, with its line.
    pub(super) fn at_line(text: &str, path: &Path, error: &toml::de::Error) -> ConfigError {
        let (line, key) = error.span().map_or((1, String::new()), |span| place(text, span.start));
        let what = error.message().trim().replace('\n', " ");
        ConfigError::Line { path: path.to_owned(), line, key, what }
    }
}

impl Config {
    /// Reads a file and the overrides of the command line, and refuses what is missing or does not go together.
    pub fn read(path: &Path, overrides: &[String]) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Io { path: path.to_owned(), source })?;
        let config = Config::parse(&text, path, overrides)?;
        let refuse = |(key, what)| ConfigError::Key { path: path.to_owned(), key, what };
        config.complete().map_err(refuse)?;
        Ok(config)
    }

    fn parse(text: &str, path: &Path, overrides: &[String]) -> Result<Config, ConfigError> {
        let at_line = |error: toml::de::Error| ConfigError::at_line(text, path, &error);
        let mut config: Config = toml::from_str(text).map_err(at_line)?;
        let mut table: toml::Table = toml::from_str(text).map_err(at_line)?;
        for one in overrides {
            config = set(&mut table, one)?;
        }
        Ok(config)
    }

    /// The first key that is missing, or that this version cannot honour.
    fn complete(&self) -> Result<(), (&'static str, String)> {
        let refuse = |key, what: &str| Err((key, what.to_owned()));
        match (&self.release.store, &self.release.dir) {
            (None, None) => {
                return refuse(
                    "release.store",
                    "missing; name the store to follow, or in release.dir the folder of one release",
                );
            }
            (Some(_), Some(_)) => {
                return refuse("release.dir", "release.store is there too; leave one of the two out");
            }
            _ => {}
        }
        if self.release.person_key.is_none() {
            return refuse(
                "release.person_key",
                "missing; name the deployment's key file, as `xinhe keygen` writes it",
            );
        }
        if self.audit.dir.is_none() {
            return refuse(
                "audit.dir",
                "missing; name the folder for receipts, it is made if it is not there",
            );
        }
        if let Some(today) = &self.clock.today
            && let Err(error) = today.parse::<Day>()
        {
            return Err(("clock.today", error.to_string()));
        }
        if self.release.store.is_some() && self.cache().is_none() {
            return refuse("release.cache", "missing; name a folder for releases of the store");
        }
        self.guarded()?;
        self.bounds()
    }

    /// Nothing is served to others without rights, and no trial's day with them.
    fn guarded(&self) -> Result<(), (&'static str, String)> {
        let has_clients = self.clients.file.is_some();
        let loopback = self.listen.api.ip().is_loopback();
        if !has_clients && !loopback {
            let what = format!(
                "found {}, expected a loopback address such as 127.0.0.1:8080: without clients.file it serves loopback only",
                self.listen.api
            );
            return Err(("listen.api", what));
        }
        let listen = &self.listen;
        if listen.tls_certificate.is_some() != listen.tls_key.is_some() {
            let what = "listen.tls_certificate and listen.tls_key go together; name both or neither";
            return Err(("listen.tls_key", what.to_owned()));
        }
        if listen.client_ca.is_some() && (listen.tls_certificate.is_none() || !has_clients) {
            let what = "needs listen.tls_certificate, and clients.file to say whose certificates they are";
            return Err(("listen.client_ca", what.to_owned()));
        }
        if self.clock.today.is_some() && (has_clients || !loopback) {
            let what = "a fixed day is for trials on loopback without clients.file; leave it out";
            return Err(("clock.today", what.to_owned()));
        }
        Ok(())
    }

    fn bounds(&self) -> Result<(), (&'static str, String)> {
        let within = |key, found: u64, least: u64, most: u64| {
            let what = || format!("found {found}, expected {least} to {most}");
            if (least..=most).contains(&found) { Ok(()) } else { Err((key, what())) }
        };
        let limits = &self.limits;
        let milliseconds = |wait: Wait| u64::try_from(wait.0.as_millis()).unwrap_or(u64::MAX);
        within("release.poll (ms)", milliseconds(self.release.poll), POLL_MS_LEAST, POLL_MS_MOST)?;
        within("workers.count", self.workers.count as u64, 1, WORKERS_MOST as u64)?;
        within("audit.segment", self.audit.segment.0, AUDIT_SEGMENT_LEAST, AUDIT_SEGMENT_MOST)?;
        within("audit.retention_days", u64::from(self.audit.retention_days), 1, 36_500)?;
        within("limits.connections_max", limits.connections_max as u64, 1, 1 << 20)?;
        within("limits.connection_streams_max", u64::from(limits.connection_streams_max), 1, 1 << 16)?;
        within("limits.requests_max", limits.requests_max as u64, 1, 1 << 20)?;
        within("limits.client_requests_max", limits.client_requests_max as u64, 1, 1 << 20)?;
        within("limits.person_misses_max", u64::from(limits.person_misses_max), 1, 1 << 20)?;
        within("limits.slowed_per_second", u64::from(limits.slowed_per_second), 1, 1 << 20)?;
        within("limits.header_bytes_max", limits.header_bytes_max.0, HEADER_BYTES_LEAST, 1 << 20)?;
        within("limits.body_bytes_max", limits.body_bytes_max.0, 1 << 10, 1 << 30)
    }
}

/// Applies one `section.key=value`. The value is TOML; what is no TOML, or of another type than the key, is a bare string.
fn set(table: &mut toml::Table, one: &str) -> Result<Config, ConfigError> {
    let refuse = |key: &str, what: &str| ConfigError::Set { key: key.to_owned(), what: what.to_owned() };
    let (path, text) = one
        .split_once('=')
        .ok_or_else(|| refuse(one, "expected section.key=value, such as workers.count=4"))?;
    let path = path.trim();
    let (section, key) =
        path.split_once('.').ok_or_else(|| refuse(path, "expected section.key, such as workers.count"))?;
    let bare = toml::Value::String(text.trim().to_owned());
    let typed = format!("value = {text}").parse::<toml::Table>().ok().and_then(|mut doc| doc.remove("value"));
    let mut failed = None;
    for value in typed.into_iter().chain([bare]) {
        let mut changed = table.clone();
        let inside = changed.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        let inside = inside.as_table_mut().ok_or_else(|| refuse(path, "no such section"))?;
        inside.insert(key.to_owned(), value);
        match changed.clone().try_into::<Config>() {
            Ok(config) => {
                *table = changed;
                return Ok(config);
            }
            Err(error) => {
                let what = error.message().trim().replace('\n', " ");
                failed.get_or_insert(what);
            }
        }
    }
    Err(refuse(path, &failed.unwrap_or_default()))
}

/// The line of a byte, from 1, and the key that stands there with its section.
pub(super) fn place(text: &str, byte: usize) -> (usize, String) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let section = text.lines().take(line).filter_map(section_of).last();
    let at = text.lines().nth(line - 1).unwrap_or_default();
    let key = at.split_once('=').map_or("", |(key, _)| key.trim());
    let name = match (section, key) {
        (Some(section), "") => format!("[{section}]"),
        (Some(section), key) => format!("{section}.{key}"),
        (None, key) => key.to_owned(),
    };
    (line, name)
}

fn section_of(line: &str) -> Option<&str> {
    let inside = line.trim().strip_prefix('[')?;
    inside.trim_start_matches('[').split_once(']').map(|(section, _)| section.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Size;

    /// The least that a server needs.
    const LEAST: &str = "[release]\ndir = \"r\"\nperson_key = \"k\"\n[audit]\ndir = \"a\"\n";

    fn read(text: &str, overrides: &[&str]) -> Result<Config, String> {
        let overrides: Vec<String> = overrides.iter().map(|one| (*one).to_owned()).collect();
        let config = Config::parse(text, Path::new("x.toml"), &overrides).map_err(|e| e.to_string())?;
        config.complete().map_err(|(key, what)| format!("{key}: {what}"))?;
        Ok(config)
    }

    #[test]
    fn every_key_may_be_absent_but_the_three() {
        let config = read(LEAST, &[]).unwrap();
        assert_eq!(config.listen.api.to_string(), "127.0.0.1:8080");
        assert_eq!(config.listen.ops.to_string(), "127.0.0.1:9090");
        assert_eq!(config.release.poll, Wait::parse("500ms").unwrap());
        assert_eq!(config.release.max_age, Wait::parse("36h").unwrap());
        assert_eq!(config.corrections.gap_tolerated, Wait::parse("10m").unwrap());
        assert_eq!(config.audit.reserve, Size(256 << 20));
        assert_eq!(config.workers.count, 2);
        for absent in ["dir = \"r\"\n", "person_key = \"k\"\n", "[audit]\ndir = \"a\"\n"] {
            assert!(read(&LEAST.replace(absent, ""), &[]).unwrap_err().contains("missing"), "{absent}");
        }
    }

    #[test]
    fn all_keys_of_the_contract_are_known() {
        let all = "[listen]\napi = \"127.0.0.1:8080\"\nops = \"127.0.0.1:9090\"\n[release]\ndir = \"r\"\ncache = \"c\"\n\
                   person_key = \"k\"\npoll = \"500ms\"\nmax_age = \"36h\"\nwhen_old = \"mark\"\n[corrections]\n\
                   gap_tolerated = \"10m\"\n[audit]\ndir = \"a\"\nkey = \"a.key\"\nacknowledge = \"written\"\n\
                   reserve = \"256MiB\"\n[workers]\ncount = 2\n[clock]\ntoday = \"2026-11-21\"\n";
        let config = read(all, &[]).unwrap();
        assert_eq!(config.clock.today.as_deref(), Some("2026-11-21"));
    }

    #[test]
    fn errors_name_line_key_and_what_was_expected() {
        let error = read(&format!("{LEAST}[workers]\ncuont = 2\n"), &[]).unwrap_err();
        assert!(
            error.starts_with("x.toml:7: workers.cuont: unknown field `cuont`, expected `count`"),
            "{error}"
        );
        let error = read(&format!("{LEAST}[limits]\nidle_timeout = \"1 day\"\n"), &[]).unwrap_err();
        assert!(error.contains("x.toml:7: limits.idle_timeout: found `1 day`, expected a wait"), "{error}");
        let error = read(&format!("{LEAST}[worker]\ncount = 2\n"), &[]).unwrap_err();
        assert!(error.contains("x.toml:6: [worker]: unknown field"), "{error}");
        assert!(read("[release\n", &[]).unwrap_err().starts_with("x.toml:1:"));
    }

    #[test]
    fn overrides_are_toml_or_bare_strings() {
        let config = read(
            LEAST,
            &[
                "workers.count=4",
                "listen.api=127.0.0.1:0",
                "limits.drain_timeout=\"3s\"",
                "clock.today=2026-11-21",
            ],
        )
        .unwrap();
        assert_eq!(config.workers.count, 4);
        assert_eq!(config.listen.api.port(), 0);
        assert_eq!(config.limits.drain_timeout, Wait::seconds(3));
        assert_eq!(config.clock.today.as_deref(), Some("2026-11-21"));
        for wrong in ["workers.count", "workers=4", "workers.cuont=4", "workers.count=many", "nobody.count=4"]
        {
            assert!(read(LEAST, &[wrong]).unwrap_err().starts_with("--set "), "{wrong}");
        }
    }

    #[test]
    fn a_store_needs_no_cache_to_be_named() {
        let store = LEAST.replace("dir = \"r\"\n", "store = \"file:///s\"\n").replace("\"a\"", "\"/var/a\"");
        assert_eq!(read(&store, &[]).unwrap().cache(), Some("/var/a-cache".into()));
        assert_eq!(read(&store, &["release.cache=c"]).unwrap().cache(), Some("c".into()));
        assert!(read(&store, &["audit.dir=/"]).unwrap_err().starts_with("release.cache"));
    }

    #[test]
    fn nothing_is_served_that_cannot_be_guarded() {
        assert!(read(LEAST, &["listen.api=0.0.0.0:8080"]).unwrap_err().contains("loopback"));
        assert!(read(LEAST, &["listen.api=0.0.0.0:8080", "clients.file=c.toml"]).is_ok());
        let tls = ["listen.tls_certificate=c.pem", "listen.tls_key=k.pem", "listen.client_ca=ca.pem"];
        assert!(read(LEAST, &[tls[0], tls[1], tls[2], "clients.file=c.toml"]).is_ok());
        assert!(read(LEAST, &tls[..1]).unwrap_err().contains("go together"));
        assert!(read(LEAST, &tls).unwrap_err().starts_with("listen.client_ca"));
        assert!(read(LEAST, &["listen.trusted_proxies=[\"10.0.0.0/8\", \"::1\"]"]).is_ok());
        let day = "clock.today=2026-11-21";
        assert!(read(LEAST, &[day]).is_ok());
        assert!(read(LEAST, &[day, "clients.file=c.toml"]).unwrap_err().starts_with("clock.today"));
        assert!(read(LEAST, &["release.store=file:///s"]).unwrap_err().contains("leave one of the two out"));
        assert!(read(LEAST, &["release.poll=0ms"]).unwrap_err().contains("release.poll"));
        assert!(read(LEAST, &["clock.today=tomorrow"]).unwrap_err().contains("is no day"));
        assert!(read(LEAST, &["workers.count=0"]).unwrap_err().contains("expected 1 to"));
        assert!(read(LEAST, &["listen.api=[::1]:8080"]).is_ok());
    }
}
