//! TLS of the connections: whom to trust, and who one is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// No file says whom to trust.
    #[error("the target is https, and nothing says which certificates to trust: give --ca FILE")]
    NoTrust,
    /// A file is not what it should be.
    #[error("{file}: {reason}; expected {expected} in PEM")]
    File {
        /// Its path.
        file: String,
        /// What is wrong.
        reason: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// The pieces do not fit.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
    /// The host has no form that a certificate can name.
    #[error("{0} is no name that a certificate can bear")]
    Host(String),
}

/// The files named on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TlsFiles {
    /// Certificates that the server's must come from, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Own certificate, for a server that asks for one, in PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) cert: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(crate) key: Option<PathBuf>,
}

/// What all connections share.
#[derive(Debug, Clone)]
pub(crate) struct TlsSetup {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl TlsSetup {
    /// Reads the files. With `http2`, nothing else is offered.
    pub(crate) fn read(files: &TlsFiles, host: &str, http2: bool) -> Result<Self, TlsError> {
        let ca = files.ca.as_deref().ok_or(TlsError::NoTrust)?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(ca)? {
            roots.add(certificate)?;
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = match (&files.cert, &files.key) {
            (Some(cert), Some(key)) => {
                builder.with_client_auth_cert(certificates(cert)?, private_key(key)?)?
            }
            _ => builder.with_no_client_auth(),
        };
        if http2 {
            config.alpn_protocols = vec![b"h2".to_vec()];
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Host(host.to_owned()))?;
        Ok(Self { config: Arc::new(config), name })
    }

    /// Of a new connection.
    pub(super) fn connection(&self) -> io::Result<ClientConnection> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone()).map_err(io::Error::other)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |reason: String| TlsError::File {
        file: path.display().to_string(),
        reason,
        expected: "one certificate or several",
    };
    let read = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
    let all: Vec<_> = read.collect::<Result<_, _>>().map_err(|error| failed(error.to_string()))?;
    if all.is_empty() { Err(failed("found no certificate".to_owned())) } else { Ok(all) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| TlsError::File {
        file: path.display().to_string(),
        reason: error.to_string(),
        expected: "a private key",
    })
}
