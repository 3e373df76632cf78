//! Keys: there, closed to others, and those of what is served.

use super::served::Served;
use super::{Findings, Level};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use xinhe::config::Config;
use xinhe::release::signature::{PublicKeys, Purpose, SigningKey};
use xinhe::release::verify::SIGNATURE_FILE;
use xinhe::snapshot::PersonKeys;

/// The keys that could be read.
#[derive(Default)]
pub(super) struct Keys {
    person: Option<PersonKeys>,
    pub(super) public: Option<PublicKeys>,
}

/// Key files: there, readable as what they are, and closed to others.
pub(super) fn read(config: &Config, findings: &mut Findings) -> Keys {
    let release = &config.release;
    let person = release.person_key.as_deref().and_then(|path| {
        secret_mode(path, findings);
        findings.good("keys", crate::keys::person_keys(path))
    });
    let public = match release.public_key.as_deref() {
        Some(path) => findings.good("keys", crate::keys::public_keys(path)),
        None => {
            findings.add("keys", Level::Warning, "no release.public_key: signatures are not checked");
            None
        }
    };
    match config.audit.key.as_deref() {
        Some(path) => {
            secret_mode(path, findings);
            let key: Option<SigningKey> = findings.good("keys", crate::keys::signing_key(path));
            if let Some(key) = key {
                findings.add(
                    "keys",
                    Level::Ok,
                    format!("checkpoints are signed by key {}", key.public().id()),
                );
            }
        }
        None => findings.add("keys", Level::Warning, "no audit.key: checkpoints of receipts are not signed"),
    }
    Keys { person, public }
}

fn secret_mode(path: &Path, findings: &mut Findings) {
    if let Ok(found) = fs::metadata(path)
        && found.permissions().mode() & 0o077 != 0
    {
        let what = format!("{}: others may read it; chmod 600", path.display());
        findings.add("keys", Level::Warning, what);
    }
}

/// Do the keys fit what is served?
pub(super) fn fit(served: &Served, keys: &Keys, findings: &mut Findings) {
    let wanted = &served.manifest.persons.key;
    if let Some(person) = &keys.person {
        let fits = person.all().iter().any(|key| key.id().to_string() == *wanted);
        let (level, what) = if fits {
            (Level::Ok, format!("persons are kept under key {wanted}, which is there"))
        } else {
            (
                Level::Wrong,
                format!("persons are kept under key {wanted}, but release.person_key has {}", person.ids()),
            )
        };
        findings.add("keys", level, what);
    }
    if let Some(public) = &keys.public {
        let signed = match &served.signatures {
            None => Err(format!("the release has no {SIGNATURE_FILE}; `xinhe publish` signs it")),
            Some(text) => {
                public.verify(Purpose::Manifest, &served.bytes, text).map_err(|error| error.to_string())
            }
        };
        match signed {
            Ok(key) => findings.add("keys", Level::Ok, format!("the release is signed by key {key}")),
            Err(what) => findings.add("keys", Level::Wrong, what),
        }
    }
}
