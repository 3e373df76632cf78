//! A store in an S3 bucket: conditional puts by `If-None-Match` and `If-Match`, long files in parts.

use super::{GET_BYTES_MAX, Patience, StoreError, Target, Version, append};
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::path::Path as Key;
use object_store::{
    ClientConfigKey, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, RetryConfig,
    UpdateVersion, WriteMultipart,
};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Long files go up in parts of this size, and come down in ranges of it. S3 takes at most 10,000 parts.
const PART_BYTES: usize = 16 << 20;
/// Parts on their way at a time.
const PARTS_IN_FLIGHT: usize = 2;

/// How long a store may take.
struct Waits {
    /// Until a connection stands.
    connect: &'static str,
    /// Of one request: a part has to pass within it.
    request: &'static str,
    /// Of one request with all its repetitions.
    retries: Duration,
    retries_max: usize,
}

impl Waits {
    const fn of(patience: Patience) -> Waits {
        match patience {
            Patience::Long => {
                let retries = Duration::from_secs(120);
                Waits { connect: "5s", request: "60s", retries, retries_max: 4 }
            }
            Patience::Short => {
                let retries = Duration::from_secs(4);
                Waits { connect: "2s", request: "4s", retries, retries_max: 1 }
            }
        }
    }
}

/// A store in an S3 bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    url: String,
    prefix: String,
    client: AmazonS3,
    runtime: Runtime,
}

impl Bucket {
    pub(super) fn open(
        url: &str,
        place: &str,
        patience: Patience,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Bucket, StoreError> {
        let refuse = |why: String| StoreError::Url { url: url.to_owned(), why };
        let (name, prefix) = place.split_once('/').unwrap_or((place, ""));
        let prefix = prefix.trim_end_matches('/');
        if name.is_empty() || (!prefix.is_empty() && super::check_path(prefix).is_err()) {
            return Err(refuse("expected the name of a bucket, then plain names parted by `/`".to_owned()));
        }
        let mut builder = AmazonS3Builder::new();
        for (name, value) in variables {
            if let Some(key) = setting(&name) {
                builder = builder.with_config(key, value);
            }
        }
        let endpoint = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint]
            .iter()
            .find_map(|key| builder.get_config_value(key))
            .unwrap_or_default();
        let plain = endpoint.starts_with("http://");
        if plain && !is_loopback(&endpoint) {
            let why = format!("the endpoint {endpoint} would carry data in the clear; use https");
            return Err(refuse(why));
        }
        provider();
        let waits = Waits::of(patience);
        let client = builder
            .with_bucket_name(name)
            .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp), plain.to_string())
            .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::ConnectTimeout), waits.connect)
            .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), waits.request)
            .with_retry(RetryConfig {
                max_retries: waits.retries_max,
                retry_timeout: waits.retries,
                ..RetryConfig::default()
            })
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .build()
            .map_err(|error| refuse(told(&error)))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| refuse(format!("no reactor for it: {error}")))?;
        Ok(Bucket { url: url.to_owned(), prefix: prefix.to_owned(), client, runtime })
    }

    pub(super) fn get(&self, path: &str) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        self.runtime.block_on(async {
            let found = match self.client.get(&self.key(path)).await {
                Err(Error::NotFound { .. }) => return Ok(None),
                other => other.map_err(|e| self.failed(path, e))?,
            };
            if found.meta.size > GET_BYTES_MAX {
                return Err(StoreError::TooLong { path: path.to_owned(), bytes: found.meta.size });
            }
            let version = self.version(path, found.meta.e_tag.clone())?;
            let bytes = found.bytes().await.map_err(|e| self.failed(path, e))?;
            Ok(Some((bytes.to_vec(), version)))
        })
    }

    pub(super) fn replace(
        &self,
        path: &str,
        expected: Option<&Version>,
        bytes: &[u8],
    ) -> Result<Version, StoreError> {
        let mode = match expected {
            None => PutMode::Create,
            Some(Version(e_tag)) => {
                PutMode::Update(UpdateVersion { e_tag: Some(e_tag.clone()), version: None })
            }
        };
        let bytes = Bytes::copy_from_slice(bytes);
        let key = self.key(path);
        let put = self.client.put_opts(&key, bytes.into(), mode.into());
        match self.runtime.block_on(put) {
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => {
                Err(StoreError::Changed(path.to_owned()))
            }
            Err(error) => Err(self.failed(path, error)),
            Ok(put) => self.version(path, put.e_tag),
        }
    }

    /// The paths below a folder; with `after` only those behind that path, bytewise.
    pub(super) fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<String>, StoreError> {
        let folder = self.key(prefix);
        let below = if self.prefix.is_empty() { String::new() } else { format!("{}/", self.prefix) };
        let found = match after {
            None => self.client.list(Some(&folder)),
            Some(after) => self.client.list_with_offset(Some(&folder), &self.key(after)),
        };
        let names = found.try_filter_map(|found| {
            let path = found.location.as_ref().strip_prefix(below.as_str()).map(str::to_owned);
            std::future::ready(Ok(path))
        });
        self.runtime.block_on(names.try_collect()).map_err(|e| self.failed(prefix, e))
    }

    pub(super) fn upload(&self, path: &str, from: &Path) -> Result<(), StoreError> {
        let at = |source| StoreError::Io { path: from.to_path_buf(), source };
        let mut source = File::open(from).map_err(at)?;
        let mut read = || {
            let mut part = Vec::new();
            Read::by_ref(&mut source).take(PART_BYTES as u64).read_to_end(&mut part).map(|_| part)
        };
        let first = read().map_err(at)?;
        if first.len() < PART_BYTES {
            return match self.replace(path, None, &first) {
                Err(StoreError::Changed(path)) => Err(StoreError::Exists(path)),
                other => other.map(drop),
            };
        }
        let key = self.key(path);
        self.runtime.block_on(async {
            match self.client.head(&key).await {
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(self.failed(path, error)),
                Ok(_) => return Err(StoreError::Exists(path.to_owned())),
            }
            let upload = self.client.put_multipart(&key).await.map_err(|e| self.failed(path, e))?;
            let mut parts = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
            let mut part = first;
            while !part.is_empty() {
                parts.put(Bytes::from(part));
                let next = match parts.wait_for_capacity(PARTS_IN_FLIGHT).await {
                    Ok(()) => read().map_err(at),
                    Err(error) => Err(self.failed(path, error)),
                };
                part = match next {
                    Ok(next) => next,
                    Err(error) => {
                        // What cannot be taken back either, the bucket's rule for unfinished uploads removes.
                        parts.abort().await.unwrap_or_default();
                        return Err(error);
                    }
                };
            }
            parts.finish().await.map(drop).map_err(|e| self.failed(path, e))
        })
    }

    pub(super) fn fetch(&self, path: &str, to: &Path) -> Result<u64, StoreError> {
        let key = self.key(path);
        let meta = match self.runtime.block_on(self.client.head(&key)) {
            Err(Error::NotFound { .. }) => return Err(StoreError::Missing(path.to_owned())),
            other => other.map_err(|e| self.failed(path, e))?,
        };
        let mut target = Target::new(to)?;
        let mut begin = 0;
        while begin < meta.size {
            let end = meta.size.min(begin + PART_BYTES as u64);
            let options = GetOptions {
                range: Some(GetRange::Bounded(begin..end)),
                if_match: meta.e_tag.clone(),
                ..GetOptions::default()
            };
            let range = async { self.client.get_opts(&key, options).await?.bytes().await };
            let bytes = self.runtime.block_on(range).map_err(|e| self.failed(path, e))?;
            let at = |source| StoreError::Io { path: to.to_path_buf(), source };
            append(&mut target.file, &bytes).map_err(at)?;
            begin = end;
        }
        target.finish()?;
        Ok(meta.size)
    }

    pub(super) fn delete(&self, path: &str) -> Result<(), StoreError> {
        match self.runtime.block_on(self.client.delete(&self.key(path))) {
            Err(Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(self.failed(path, error)),
        }
    }

    fn key(&self, path: &str) -> Key {
        Key::from(format!("{}/{path}", self.prefix))
    }

    fn version(&self, path: &str, e_tag: Option<String>) -> Result<Version, StoreError> {
        e_tag.map(Version).ok_or_else(|| StoreError::Remote {
            store: self.url.clone(),
            path: path.to_owned(),
            source: "it gives no ETag, without which nothing can be replaced safely".into(),
        })
    }

    fn failed(&self, path: &str, error: Error) -> StoreError {
        StoreError::Remote { store: self.url.clone(), path: path.to_owned(), source: Box::new(error) }
    }
}

/// What a variable such as `AWS_REGION` sets. Whether data may travel in the clear is not for a variable to say.
fn setting(variable: &str) -> Option<AmazonS3ConfigKey> {
    let key = variable.strip_prefix("AWS_").map(|_| variable.to_ascii_lowercase())?.parse().ok();
    key.filter(|key| !matches!(key, AmazonS3ConfigKey::Client(ClientConfigKey::AllowInvalidCertificates)))
}

/// Is this endpoint on the machine itself?
fn is_loopback(endpoint: &str) -> bool {
    let host = endpoint.trim_start_matches("http://").split('/').next().unwrap_or_default();
    let host = host
        .rsplit_once(':')
        .map_or(host, |(host, port)| if port.bytes().all(|b| b.is_ascii_digit()) { host } else { "" });
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Names the cryptography of TLS, once for the process. Who was first, decides.
fn provider() {
    rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
}

fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text = format!("{text}: {deeper}");
        cause = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_machine_itself_is_loopback() {
        for here in ["http://127.0.0.1:9000", "http://localhost", "http://[::1]:9000/"] {
            assert!(is_loopback(here), "{here}");
        }
        for away in
            ["http://10.0.0.1", "http://127.0.0.1.example.org:80", "http://localhost@example.org", "http://"]
        {
            assert!(!is_loopback(away), "{away}");
        }
    }
}
