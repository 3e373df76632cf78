//! What can be wrong with a part.

/// Why a part cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Not a part at all.
    #[error("not a xinhe part: the file begins with {found:02x?}")]
    Magic {
        /// The first bytes.
        found: Vec<u8>,
    },
    /// Another format.
    #[error(
        "format version {found}, this program reads {oldest} to {newest}: build the release again, or use a matching program"
    )]
    Version {
        /// The version of the file.
        found: u16,
        /// The oldest that this program reads.
        oldest: u16,
        /// The version that this program writes.
        newest: u16,
    },
    /// Other archive settings or row sizes.
    #[error("archive settings {found:016x}, this program has {expected:016x}: build the release again")]
    Fingerprint {
        /// The fingerprint of the file.
        found: u64,
        /// The fingerprint of this program.
        expected: u64,
    },
    /// Shorter or longer than written.
    #[error("{found} bytes, expected {expected}: the file was cut or appended to; fetch it again")]
    Length {
        /// Bytes found.
        found: u64,
        /// Bytes expected.
        expected: u64,
    },
    /// Damaged bytes.
    #[error("section {section} at offset {offset}: {what}; fetch or build the release again")]
    Corrupt {
        /// Name of the section.
        section: &'static str,
        /// Offset in the file.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// Parts that do not make one release.
    #[error("{0}")]
    Parts(String),
    /// A secret that does not belong to the release.
    #[error(
        "persons are kept under key {wanted}, but the key file has {given}: use the deployment's person.key"
    )]
    PersonKey {
        /// Key id in the release.
        wanted: String,
        /// Key ids given.
        given: String,
    },
    /// The writer was given what the format cannot hold.
    #[error("{what} is {found}, the format holds at most {most}: use more parts")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        found: u64,
        /// The limit.
        most: u64,
    },
    /// What was written to a temporary file came back changed.
    #[error("{0}: the disk of the temporary folder is faulty, or another program wrote there; build again")]
    Spilled(&'static str),
    /// Writing failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The FST could not be made.
    #[error("index of codes or names: {0}")]
    Fst(#[from] fst::Error),
}
