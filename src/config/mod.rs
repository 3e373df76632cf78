//! The settings of the server: every key of `xinhe-server --config`, with its default, its unit and its limits.

mod clients;
mod network;
mod read;
mod units;

pub use clients::{ClientSettings, Endpoint, TokenDigest, UnknownMatter, Words, parse_clients, read_clients};
pub use network::Network;
pub use read::ConfigError;
pub use units::{Size, Wait};

use crate::domain::date::Day;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// All settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where it listens.
    pub listen: Listen,
    /// What it serves.
    pub release: ReleaseSettings,
    /// How it follows corrections.
    pub corrections: Corrections,
    /// Where receipts go.
    pub audit: Audit,
    /// Who may ask.
    pub clients: Clients,
    /// How many threads answer.
    pub workers: Workers,
    /// What day it is.
    pub clock: Clock,
    /// Bounds on everything that callers can make large or slow.
    pub limits: Limits,
}

/// `[listen]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// For callers.
    pub api: SocketAddr,
    /// For operators: liveness, readiness, metrics, status.
    pub ops: SocketAddr,
    /// Certificates of the listener for callers, its own first, in PEM; absent: no TLS.
    pub tls_certificate: Option<PathBuf>,
    /// Its private key, in PEM.
    pub tls_key: Option<PathBuf>,
    /// Issuers of client certificates, in PEM; absent: none are asked for.
    pub client_ca: Option<PathBuf>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

impl Default for Listen {
    fn default() -> Listen {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Listen {
            api: local(8080),
            ops: local(9090),
            tls_certificate: None,
            tls_key: None,
            client_ca: None,
            trusted_proxies: Vec::new(),
        }
    }
}

/// `[release]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReleaseSettings {
    /// Store to follow: `file:///…` or `s3://bucket/prefix`.
    pub store: Option<String>,
    /// One release, not followed.
    pub dir: Option<PathBuf>,
    /// Where releases of the store are kept; absent: a folder beside the audit folder, named after it.
    pub cache: Option<PathBuf>,
    /// Key of signatures; absent: they are not checked.
    pub public_key: Option<PathBuf>,
    /// Secrets of the digests of persons.
    pub person_key: Option<PathBuf>,
    /// How often the store is asked.
    pub poll: Wait,
    /// Age of a release from which it is old.
    pub max_age: Wait,
    /// What an old release does.
    pub when_old: WhenOld,
}

impl Default for ReleaseSettings {
    fn default() -> ReleaseSettings {
        ReleaseSettings {
            store: None,
            dir: None,
            cache: None,
            public_key: None,
            person_key: None,
            poll: Wait(std::time::Duration::from_millis(500)),
            max_age: Wait::seconds(36 * 3600),
            when_old: WhenOld::Mark,
        }
    }
}

/// What an old release does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenOld {
    /// It answers; its age can be read.
    Mark,
    /// It refuses.
    Refuse,
}

/// `[corrections]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Corrections {
    /// How long a gap in the corrections may last before the server is not ready.
    pub gap_tolerated: Wait,
}

impl Default for Corrections {
    fn default() -> Corrections {
        Corrections { gap_tolerated: Wait::seconds(600) }
    }
}

/// `[audit]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// Folder of the receipts; made if it is not there.
    pub dir: Option<PathBuf>,
    /// Key of the checkpoints.
    pub key: Option<PathBuf>,
    /// When a reply may leave.
    pub acknowledge: Acknowledge,
    /// Disk kept free for receipts.
    pub reserve: Size,
    /// Number of this server among those that share `key`; it stands in the names of checks.
    pub node: u16,
    /// From this size on a file of receipts is sealed and the next begun; at midnight in UTC+8 in any case.
    pub segment: Size,
    /// Days for which receipts are kept.
    pub retention_days: u32,
}

impl Default for Audit {
    fn default() -> Audit {
        Audit {
            dir: None,
            key: None,
            acknowledge: Acknowledge::Durable,
            reserve: Size(256 << 20),
            node: 1,
            segment: Size(64 << 20),
            retention_days: 3650,
        }
    }
}

/// When a reply may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Acknowledge {
    /// Its receipt survives a loss of power.
    Durable,
    /// Its receipt survives the process.
    Written,
}

/// `[clients]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clients {
    /// Who may ask for what; absent: loopback only, every right.
    pub file: Option<PathBuf>,
}

/// `[workers]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Workers {
    /// Threads that answer.
    pub count: usize,
}

impl Default for Workers {
    fn default() -> Workers {
        Workers { count: 2 }
    }
}

/// `[clock]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// A fixed day for trials, `YYYY-MM-DD`; absent: the system's day in UTC+8.
    pub today: Option<String>,
}

/// `[limits]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections open at once; one more is told `overloaded`.
    pub connections_max: usize,
    /// Requests at hand at once on one connection of HTTP/2; one more is refused unread (REFUSED_STREAM).
    pub connection_streams_max: u32,
    /// Bytes of a request's line and headers, at least 8 KiB.
    pub header_bytes_max: Size,
    /// Bytes of a request's body.
    pub body_bytes_max: Size,
    /// Requests at hand at once; one more is told `overloaded`. Workers have equal shares of it.
    pub requests_max: usize,
    /// The same of one client.
    pub client_requests_max: usize,
    /// A client whose checks of persons missed so many times more than they hit is slowed.
    pub person_misses_max: u32,
    /// Checks of persons a second of a client that is slowed.
    pub slowed_per_second: u32,
    /// From the first byte of a request to its last header; also of a TLS handshake.
    pub header_timeout: Wait,
    /// From the last header to the last byte of the body; of a batch to the next bytes of it.
    pub body_timeout: Wait,
    /// How long a caller may take nothing of its reply.
    pub write_timeout: Wait,
    /// Between a reply and the next request on a connection.
    pub idle_timeout: Wait,
    /// How long requests in flight may take to finish at the end.
    pub drain_timeout: Wait,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 4096,
            connection_streams_max: 128,
            header_bytes_max: Size(16 << 10),
            body_bytes_max: Size(64 << 10),
            requests_max: 2048,
            client_requests_max: 1024,
            person_misses_max: 50,
            slowed_per_second: 1,
            header_timeout: Wait::seconds(5),
            body_timeout: Wait::seconds(10),
            write_timeout: Wait::seconds(30),
            idle_timeout: Wait::seconds(75),
            drain_timeout: Wait::seconds(10),
        }
    }
}

impl Config {
    /// Folder of the releases that come from a store; none if it is named nowhere, and there is no audit folder.
    pub fn cache(&self) -> Option<PathBuf> {
        let beside = || {
            let audit = self.audit.dir.as_ref()?;
            let mut name = audit.file_name()?.to_owned();
            name.push("-cache");
            Some(audit.with_file_name(name))
        };
        self.release.cache.clone().or_else(beside)
    }

    /// The day of a trial; none: the system's.
    pub fn today(&self) -> Option<Day> {
        self.clock.today.as_deref().and_then(Day::parse_iso)
    }

    /// What the operator should know of a start with these settings.
    pub fn notes(&self) -> Vec<&'static str> {
        let mut notes = Vec::new();
        if self.clients.file.is_none() {
            notes.push("no clients.file: serving loopback only, and every caller has every right");
        }
        if self.clients.file.is_some() && self.listen.tls_certificate.is_none() {
            notes.push(
                "no listen.tls_certificate: tokens travel in the clear to whatever stands before this server",
            );
        }
        if self.release.public_key.is_none() {
            notes.push("no release.public_key: signatures of releases are not checked");
        }
        if self.audit.key.is_none() {
            notes.push("no audit.key: checkpoints of receipts are not signed, and names of checks are derived from person.key");
        }
        if self.clock.today.is_some() {
            notes.push("clock.today is set: this is a trial, every check is answered for that day");
        }
        notes
    }
}
