//! Key files of a deployment. Messages name the file, never what is in it.

use crate::command::Failure;
use std::path::Path;
use xinhe::release::signature::{PublicKeys, SigningKey};
use xinhe::snapshot::PersonKeys;

/// Reads `person.key`.
pub fn person_keys(path: &Path) -> Result<PersonKeys, Failure> {
    PersonKeys::parse(&read(path, "person.key")?).map_err(|error| refuse(path, &error))
}

/// Reads `release.pub` or `audit.pub`.
pub fn public_keys(path: &Path) -> Result<PublicKeys, Failure> {
    PublicKeys::parse(&read(path, "release.pub")?).map_err(|error| refuse(path, &error))
}

/// Reads `release.key` or `audit.key`.
pub fn signing_key(path: &Path) -> Result<SigningKey, Failure> {
    SigningKey::parse(&read(path, "release.key")?).map_err(|error| refuse(path, &error))
}

fn read(path: &Path, example: &str) -> Result<String, Failure> {
    let help = format!("give the path of a key file, such as the {example} that `xinhe keygen` makes");
    std::fs::read_to_string(path)
        .map_err(|error| Failure::Work(format!("{}: {error}; {help}", path.display())))
}

fn refuse(path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::Work(format!("{}: {error}", path.display()))
}
