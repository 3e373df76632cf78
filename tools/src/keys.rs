//! Reading key files, with errors that name the file.

use std::path::{Path, PathBuf};
use xinhe::snapshot::{KeyError, PersonKeys};

/// Why a key file is refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("{}: {source}; make keys with `xinhe keygen --out DIR`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds no person key.
    #[error("{}: {source}", path.display())]
    Person {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
}

/// The person keys of a file.
pub fn person_keys(path: &Path) -> Result<PersonKeys, KeyFileError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| KeyFileError::Io { path: path.to_path_buf(), source })?;
    PersonKeys::parse(&text).map_err(|source| KeyFileError::Person { path: path.to_path_buf(), source })
}
