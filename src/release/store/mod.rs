//! The release store (发布库): a folder or an S3 bucket with `releases/…`, `corrections/…` and `current`.
//!
//! Calls block. None may be made from within an asynchronous task: a store in S3 runs a reactor of its own.

#[cfg(feature = "s3")]
mod bucket;
mod fetch;
mod folder;
mod retention;

pub use super::pointer::{Current, Pointer, PointerError, Published, current};
pub use fetch::{Extent, FetchError, fetch_extent, fetch_release};
pub use retention::{CORRECTIONS, correction_number, missing_corrections};

use crate::snapshot::mapping::HUGE_PAGE;
use folder::Folder;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file that is read whole into memory is at most this long.
pub const GET_BYTES_MAX: u64 = 64 << 20;
/// Longest path of a file in a store, in bytes.
const PATH_BYTES_MAX: usize = 512;

/// A store, open.
#[derive(Debug)]
pub struct Store {
    url: String,
    backend: Backend,
}

#[derive(Debug)]
enum Backend {
    Folder(Folder),
    #[cfg(feature = "s3")]
    Bucket(Box<bucket::Bucket>),
}

/// How long a call to a store that does not answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Minutes, with repetitions: for work that is lost otherwise.
    Long,
    /// Seconds: for whoever asks again soon.
    Short,
}

/// Which content a file had when it was read: a digest in a folder, the ETag in S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

/// Why a store refuses, or fails.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not the address of a store.
    #[error("`{url}` is no release store: {why}; give file:///path or s3://bucket/prefix")]
    Url {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// Not the path of a file in a store.
    #[error(
        "`{0}` cannot name a file in a store: expected names of letters, digits, `.`, `_` and `-` parted by `/`"
    )]
    Path(String),
    /// Something is there that may not be replaced.
    #[error("{0} is in the store already; files of a store are never overwritten")]
    Exists(String),
    /// Somebody else changed it since it was read.
    #[error("{0} was changed by somebody else meanwhile; read it again and decide anew")]
    Changed(String),
    /// A file that should be there is not.
    #[error("{0} is not in the store; see which releases are there with `xinhe pin`")]
    Missing(String),
    /// The folder of the store is not there.
    #[error("{}: no such folder; is it mounted? `xinhe publish` makes a new store", .0.display())]
    NoFolder(PathBuf),
    /// Longer than what is read into memory.
    #[error("{path} has {bytes} bytes, expected at most {GET_BYTES_MAX}: it is not what its name says")]
    TooLong {
        /// The file.
        path: String,
        /// Its length.
        bytes: u64,
    },
    /// The disk.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The object store.
    #[error("{path} in {store}: {source}")]
    Remote {
        /// Address of the store.
        store: String,
        /// The file.
        path: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Store {
    /// Opens `file:///path` or `s3://bucket/prefix`. Makes nothing, and asks nothing of the network yet.
    ///
    /// S3 takes credentials, region and endpoint from the usual `AWS_…` variables of the environment.
    pub fn open(url: &str) -> Result<Store, StoreError> {
        Self::open_as(url, Patience::Long)
    }

    /// As [`Store::open`], with this patience.
    pub fn open_as(url: &str, patience: Patience) -> Result<Store, StoreError> {
        // A variable that is no text is none of ours.
        let text =
            |(key, value): (OsString, OsString)| Some((key.into_string().ok()?, value.into_string().ok()?));
        Self::open_by(url, patience, std::env::vars_os().filter_map(text))
    }

    /// As [`Store::open`], with these variables instead of those of the environment.
    pub fn open_with(
        url: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Store, StoreError> {
        Self::open_by(url, Patience::Long, variables)
    }

    fn open_by(
        url: &str,
        patience: Patience,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Store, StoreError> {
        let refuse = |why: &str| StoreError::Url { url: url.to_owned(), why: why.to_owned() };
        let backend = if let Some(path) = url.strip_prefix("file://") {
            let path = decode(path).ok_or_else(|| refuse("a `%` stands before two hex digits"))?;
            if !path.starts_with('/') {
                return Err(refuse("its path is not absolute"));
            }
            Backend::Folder(Folder::new(PathBuf::from(path)))
        } else if let Some(place) = url.strip_prefix("s3://") {
            Self::bucket(url, place, patience, variables)?
        } else {
            return Err(refuse("it begins with neither file:// nor s3://"));
        };
        Ok(Store { url: url.to_owned(), backend })
    }

    #[cfg(feature = "s3")]
    fn bucket(
        url: &str,
        place: &str,
        patience: Patience,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Backend, StoreError> {
        Ok(Backend::Bucket(Box::new(bucket::Bucket::open(url, place, patience, variables)?)))
    }

    #[cfg(not(feature = "s3"))]
    fn bucket(
        url: &str,
        _place: &str,
        _patience: Patience,
        _variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Backend, StoreError> {
        let why = "this program was built without the feature `s3`".to_owned();
        Err(StoreError::Url { url: url.to_owned(), why })
    }

    /// The address it was opened with.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of a store that is one.
    pub fn folder(&self) -> Option<&Path> {
        match &self.backend {
            Backend::Folder(folder) => Some(folder.root()),
            #[cfg(feature = "s3")]
            Backend::Bucket(_) => None,
        }
    }

    /// Makes the folder of a new store, clears away what killed writers left, and finds out whether a bucket is there.
    pub fn prepare(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Folder(folder) => folder.prepare(),
            #[cfg(feature = "s3")]
            Backend::Bucket(bucket) => bucket.list("", None).map(drop),
        }
    }

    /// Reads a file of at most [`GET_BYTES_MAX`]; `None` where there is none.
    pub fn get(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.get_versioned(path)?.map(|(bytes, _)| bytes))
    }

    /// Reads a file, with what [`Store::replace`] needs to know.
    pub fn get_versioned(&self, path: &str) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        check_path(path)?;
        match &self.backend {
            Backend::Folder(folder) => folder.get(path),
            #[cfg(feature = "s3")]
            Backend::Bucket(bucket) => bucket.get(path),
        }
    }

    /// Writes a new file, whole or not at all; [`StoreError::Exists`] if there is one.
    pub fn create(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        match self.replace(path, None, bytes) {
            Err(StoreError::Changed(path)) => Err(StoreError::Exists(path)),
            other => other.map(drop),
        }
    }

    /// Writes a file if it still is as it was read (`None`: if there is none); else [`StoreError::Changed`].
    pub fn replace(
        &self,
        path: &str,
        expected: Option<&Version>,
        bytes: &[u8],
    ) -> Result<Version, StoreError> {
        check_path(path)?;
        match &self.backend {
            Backend::Folder(folder) => folder.replace(path, expected, bytes),
            #[cfg(feature = "s3")]
            Backend::Bucket(bucket) => bucket.replace(path, expected, bytes),
        }
    }

    /// The paths of all files in a folder of the store and below it, bytewise sorted; `""`: of all files.
    pub fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.list_after(prefix, None)
    }

    /// As [`Store::list`], but only paths that come bytewise behind `after`. S3 reads no others for it.
    pub fn list_after(&self, prefix: &str, after: Option<&str>) -> Result<Vec<String>, StoreError> {
        let prefix = prefix.trim_end_matches('/');
        if !prefix.is_empty() {
            check_path(prefix)?;
        }
        let mut paths = match &self.backend {
            Backend::Folder(folder) => folder.list(prefix)?,
            #[cfg(feature = "s3")]
            Backend::Bucket(bucket) => bucket.list(prefix, after)?,
        };
        paths.retain(|path| check_path(path).is_ok() && after.is_none_or(|after| path.as_str() > after));
        paths.sort_unstable();
        Ok(paths)
    }

    /// Copies a file of any length into the store, in bounded memory. It is seen only when it is complete.
    ///
    /// In S3 a file that comes into being at the same time is overwritten: choose names that nobody else uses.
    pub fn upload(&self, path: &str, from: &Path) -> Result<(), StoreError> {
        check_path(path)?;
        match &self.backend {
            Backend::Folder(folder) => folder.upload(path, from),
            #[cfg(feature = "s3")]
            Backend::Bucket(bucket) => bucket.upload(path, from),
        }
    }

    /// Copies a file of any length out of the store into a new file of mode 0600, in bounded memory. Tells its length.
    pub fn fetch(&self, path: &str, to: &Path) -> Result<u64, StoreError> {
        check_path(path)?;
        match &self.backend {
            Backend::Folder(folder) => folder.fetch(path, to),
            #[cfg(feature = "s3")]
            Backend::Bucket(bucket) => bucket.fetch(path, to),
        }
    }

    /// Removes a file; one that is not there is no error.
    pub fn delete(&self, path: &str) -> Result<(), StoreError> {
        check_path(path)?;
        match &self.backend {
            Backend::Folder(folder) => folder.delete(path),
            #[cfg(feature = "s3")]
            Backend::Bucket(bucket) => bucket.delete(path),
        }
    }
}

/// Names that begin with a dot are the store's own.
fn check_path(path: &str) -> Result<(), StoreError> {
    let plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    };
    if path.len() <= PATH_BYTES_MAX && path.split('/').all(plain) {
        Ok(())
    } else {
        Err(StoreError::Path(path.to_owned()))
    }
}

/// Undoes `%20` and the like.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let pair = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(pair, 16).ok().filter(|_| !pair.starts_with('+'))?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A new file that nobody else may read.
fn new_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Copies all that is left of a file, and tells how many bytes that was.
fn copy(from: &mut File, to: &mut File) -> io::Result<u64> {
    let mut piece = Vec::with_capacity(HUGE_PAGE);
    let mut length = 0;
    loop {
        piece.clear();
        match from.take(HUGE_PAGE as u64).read_to_end(&mut piece)? {
            0 => return Ok(length),
            read => length += read as u64,
        }
        append(to, &piece)?;
    }
}

/// Writes bytes behind what is there, each piece on disk before the next: a whole release that waits to be written keeps
/// every sync on that disk waiting, and the receipts of a server may stand there.
fn append(to: &mut File, bytes: &[u8]) -> io::Result<()> {
    for piece in bytes.chunks(HUGE_PAGE) {
        to.write_all(piece)?;
        to.sync_data()?;
    }
    Ok(())
}

/// Where [`Store::fetch`] writes to. Removed unless it was finished.
struct Target<'a> {
    file: File,
    path: &'a Path,
    finished: bool,
}

impl Target<'_> {
    fn new(path: &Path) -> Result<Target<'_>, StoreError> {
        let file = new_file(path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Exists(path.display().to_string()),
            _ => StoreError::Io { path: path.to_path_buf(), source },
        })?;
        Ok(Target { file, path, finished: false })
    }

    fn finish(mut self) -> Result<(), StoreError> {
        self.file.sync_all().map_err(|source| StoreError::Io { path: self.path.to_path_buf(), source })?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Target<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // The error that is told is the one that cut it short.
            std::fs::remove_file(self.path).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_within_the_store() {
        for good in ["current", "releases/2026-11-20.1-7-0a/part-00000.xinhe", "corrections/0000000001.json"]
        {
            assert!(check_path(good).is_ok(), "{good}");
        }
        for bad in
            ["", "/current", "a//b", "../x", "a/../b", ".lock", "a/.tmp-1", "a/", "信/核", "a b", "a\0b"]
        {
            assert!(matches!(check_path(bad), Err(StoreError::Path(_))), "{bad}");
        }
        assert!(check_path(&"a".repeat(PATH_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn files_of_any_length_are_copied_whole() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        for length in [0, 1, HUGE_PAGE - 1, HUGE_PAGE, HUGE_PAGE + 1, 3 * HUGE_PAGE] {
            let bytes: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
            std::fs::write(&from, &bytes).unwrap();
            let mut target = File::create(&to).unwrap();
            assert_eq!(copy(&mut File::open(&from).unwrap(), &mut target).unwrap(), length as u64);
            assert!(std::fs::read(&to).unwrap() == bytes, "{length}");
        }
    }

    #[test]
    fn addresses_are_files_or_buckets() {
        for bad in ["", "/var/lib", "file://host/x", "file://", "http://x/y", "file:///a%2", "file:///a%zz"] {
            assert!(matches!(Store::open(bad), Err(StoreError::Url { .. })), "{bad}");
        }
        assert_eq!(decode("/a%20b/信").as_deref(), Some("/a b/信"));
        assert_eq!(decode("/%+1"), None);
    }
}
