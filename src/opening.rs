//! Opening what the settings name: one release, or a store to follow; and the log of receipts.

use std::path::Path;
use std::sync::Arc;
use xinhe::audit::disk::SystemDisk;
use xinhe::audit::{self, IdKeys, Log};
use xinhe::config::{Acknowledge, Config, WhenOld};
use xinhe::live::follow::{Follower, Settings};
use xinhe::live::{Aging, Live, Serving};
use xinhe::release::signature::{PublicKeys, SigningKey};
use xinhe::release::verify::verify_signature;
use xinhe::snapshot::PersonKeys;

use super::Refusal;

/// What the secret behind the names of checks is derived for.
const CHECK_IDS: &str = "check ids";

/// What is served, and who keeps it up to date.
pub(super) struct Opened {
    pub(super) live: Arc<Live>,
    /// None where one release is served.
    pub(super) follower: Option<Follower>,
}

/// Opens a release, or begins to follow a store; then nothing may be served yet.
pub(super) fn open(config: &Config) -> Result<Opened, Refusal> {
    let person_keys = person_keys(config)?;
    let public_key = config.release.public_key.as_deref();
    let public_keys =
        public_key.map(|path| key_file("release.public_key", path, PublicKeys::parse)).transpose()?;
    let refuse = config.release.when_old == WhenOld::Refuse;
    let live = Live::waiting(Aging { max_age: config.release.max_age.0, refuse });
    match (&config.release.dir, &config.release.store, config.cache()) {
        (Some(dir), ..) => {
            if let Some(keys) = &public_keys {
                verify_signature(dir, keys).map_err(|error| format!("{}: {error}", dir.display()))?;
            }
            drop(live.swap(Serving::open(dir, &person_keys)?));
            Ok(Opened { live, follower: None })
        }
        (None, Some(store), Some(cache)) => {
            let settings = Settings {
                store: store.clone(),
                cache,
                public_keys,
                person_keys,
                poll: config.release.poll.0,
                gap_tolerated: config.corrections.gap_tolerated.0,
            };
            let follower = Some(Follower::start(settings, Arc::clone(&live))?);
            Ok(Opened { live, follower })
        }
        _ => Err("release.store or release.dir, and release.cache, are required".into()),
    }
}

fn person_keys(config: &Config) -> Result<PersonKeys, Refusal> {
    let path = config.release.person_key.as_ref().ok_or("release.person_key is required")?;
    key_file("release.person_key", path, PersonKeys::parse)
}

/// Opens the log of receipts. Names of checks are made under audit.key, and known under person.key too: those that were
/// given before there was an audit.key stay good.
pub(super) fn receipts(config: &Config) -> Result<Arc<Log>, Refusal> {
    let settings = &config.audit;
    let dir = settings.dir.as_ref().ok_or("audit.dir is required")?;
    let key = settings.key.as_ref().map(|path| key_file("audit.key", path, SigningKey::parse)).transpose()?;
    let mut secrets: Vec<[u8; 32]> = key.iter().map(|key| key.derive(CHECK_IDS)).collect();
    secrets.extend(person_keys(config)?.all().iter().map(|key| key.derive(CHECK_IDS)));
    let (first, others) = secrets.split_first().ok_or("release.person_key holds no key")?;
    let settings = audit::Settings {
        node: settings.node,
        acknowledge: match settings.acknowledge {
            Acknowledge::Durable => audit::Acknowledge::Durable,
            Acknowledge::Written => audit::Acknowledge::Written,
        },
        reserve_bytes: settings.reserve.0,
        segment_bytes: settings.segment.0,
        retention_days: settings.retention_days,
        key,
        ids: IdKeys::new(first, others),
        now_us: audit::system_now_us,
        tell: Arc::new(|what| tracing::error!("{what}")),
    };
    let log =
        Log::open(dir, settings, Arc::new(SystemDisk)).map_err(|error| format!("audit.dir: {error}"))?;
    log.notes().iter().for_each(|note| tracing::warn!("{note}"));
    Ok(Arc::new(log))
}

/// Messages name the file, never what is in it.
fn key_file<K, E: std::fmt::Display>(
    key: &str,
    path: &Path,
    parse: impl Fn(&str) -> Result<K, E>,
) -> Result<K, Refusal> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{key} {}: {error}", path.display()))?;
    Ok(parse(&text).map_err(|error| format!("{key} {}: {error}", path.display()))?)
}
