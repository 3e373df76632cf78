//! Opening what the settings name: one release, or a store to follow.

use std::path::Path;
use std::sync::Arc;
use xinhe::config::{Config, WhenOld};
use xinhe::live::follow::{Follower, Settings};
use xinhe::live::{Aging, Live, Serving};
use xinhe::release::signature::PublicKeys;
use xinhe::release::verify::verify_signature;
use xinhe::snapshot::PersonKeys;

use super::Refusal;

/// What is served, and who keeps it up to date.
pub(super) struct Opened {
    pub(super) live: Arc<Live>,
    /// None where one release is served.
    pub(super) follower: Option<Follower>,
}

/// Opens a release, or begins to follow a store; then nothing may be served yet.
pub(super) fn open(config: &Config) -> Result<Opened, Refusal> {
    let (Some(person_key), Some(audit)) = (&config.release.person_key, &config.audit.dir) else {
        return Err("release.person_key and audit.dir are required".into());
    };
    let person_keys = key_file("release.person_key", person_key, PersonKeys::parse)?;
    let public_key = config.release.public_key.as_deref();
    let public_keys =
        public_key.map(|path| key_file("release.public_key", path, PublicKeys::parse)).transpose()?;
    std::fs::create_dir_all(audit).map_err(|error| format!("audit.dir {}: {error}", audit.display()))?;
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

/// Messages name the file, never what is in it.
fn key_file<K, E: std::fmt::Display>(
    key: &str,
    path: &Path,
    parse: impl Fn(&str) -> Result<K, E>,
) -> Result<K, Refusal> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{key} {}: {error}", path.display()))?;
    Ok(parse(&text).map_err(|error| format!("{key} {}: {error}", path.display()))?)
}
