//! TLS (RFC 8446, 5246): the server's certificate, and callers by theirs. Both are read again without a restart.
//!
//! A handshake only proves that the caller holds the key of its certificate. Whether the certificate is good is asked
//! here, after the handshake and again from time to time: a bad one is then told by status and code, and one that
//! expires, or whose issuer is removed, ends on connections that are open too.

use super::name::Name;
use crate::config::Listen;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// How TLS names HTTP/2 (RFC 9113 §3.2).
pub(in crate::http) const ALPN_HTTP2: &[u8] = b"h2";

/// A certificate, key or list of issuers that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read as PEM.
    #[error("{key} {}: {why}; expected {expected} in PEM", path.display())]
    File {
        /// The key of the settings.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
        /// What should be in it.
        expected: &'static str,
    },
    /// Certificate and key do not go together, or cannot be used.
    #[error("listen.tls_certificate, listen.tls_key: {0}")]
    Pair(rustls::Error),
    /// The issuers cannot be used.
    #[error("listen.client_ca: {0}")]
    Issuers(String),
}

/// Reads what the settings name, as the listener would.
pub fn look_at_tls(listen: &Listen) -> Result<(), TlsError> {
    read(listen).map(drop)
}

/// What handshakes use now.
#[derive(Debug, Clone)]
pub(in crate::http) struct TlsNow {
    pub(in crate::http) server: Arc<ServerConfig>,
    issuers: Option<Arc<dyn ClientCertVerifier>>,
}

/// TLS of the listener.
#[derive(Debug)]
pub(in crate::http) struct Tls {
    now: RwLock<TlsNow>,
    generation: AtomicU64,
}

impl Tls {
    /// The files that the settings name; none where they name none.
    pub(in crate::http) fn files(listen: &Listen) -> Vec<PathBuf> {
        let files = [&listen.tls_certificate, &listen.tls_key, &listen.client_ca];
        files.into_iter().flatten().cloned().collect()
    }

    /// Reads the files; none where the settings name none.
    pub(in crate::http) fn open(listen: &Listen) -> Result<Option<Tls>, TlsError> {
        let now = read(listen)?;
        Ok(now.map(|now| Tls { now: RwLock::new(now), generation: AtomicU64::new(0) }))
    }

    /// Reads the files again.
    pub(in crate::http) fn reload(&self, listen: &Listen) -> Result<(), TlsError> {
        if let Some(now) = read(listen)? {
            *self.now.write().unwrap_or_else(PoisonError::into_inner) = now;
            self.generation.fetch_add(1, Ordering::Release);
        }
        Ok(())
    }

    /// What handshakes use now.
    pub(in crate::http) fn now(&self) -> TlsNow {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes whenever the files do.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The name of a caller with these certificates, its own first, or why it has none.
    pub(super) fn name(&self, chain: &[CertificateDer<'static>]) -> Result<Name, &'static str> {
        let TlsNow { issuers: Some(issuers), .. } = self.now() else {
            return Err("client certificates are not taken here");
        };
        let Some((own, between)) = chain.split_first() else { return Err("no client certificate") };
        issuers.verify_client_cert(own, between, UnixTime::now()).map_err(|error| why(&error))?;
        Name::of_certificate(own).ok_or("the subject name of the client certificate cannot be read")
    }
}

/// Our own words: those of the library could repeat what stands in the certificate.
fn why(error: &rustls::Error) -> &'static str {
    let rustls::Error::InvalidCertificate(error) = error else {
        return "the client certificate cannot be used";
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the client certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the client certificate is not valid yet"
        }
        CertificateError::UnknownIssuer => {
            "the client certificate is not from an issuer that is trusted here"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the client certificate is not for clients"
        }
        _ => "the client certificate cannot be used",
    }
}

fn read(listen: &Listen) -> Result<Option<TlsNow>, TlsError> {
    let (Some(certificate), Some(key)) = (&listen.tls_certificate, &listen.tls_key) else { return Ok(None) };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let issuers = match &listen.client_ca {
        None => None,
        Some(path) => Some(issuers(path, &provider)?),
    };
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(TlsError::Pair)?;
    let builder = match &issuers {
        None => builder.with_no_client_auth(),
        Some(issuers) => builder.with_client_cert_verifier(Arc::new(Presented(Arc::clone(issuers)))),
    };
    let bad = |why: rustls::pki_types::pem::Error| TlsError::File {
        key: "listen.tls_key",
        path: key.clone(),
        why: why.to_string(),
        expected: "a private key",
    };
    let own = PrivateKeyDer::from_pem_file(key).map_err(bad)?;
    let chain = certificates("listen.tls_certificate", certificate)?;
    let mut server = builder.with_single_cert(chain, own).map_err(TlsError::Pair)?;
    server.alpn_protocols = vec![ALPN_HTTP2.to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsNow { server: Arc::new(server), issuers }))
}

fn issuers(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let mut roots = RootCertStore::empty();
    for one in certificates("listen.client_ca", path)? {
        roots.add(one).map_err(|error| TlsError::Issuers(error.to_string()))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    builder.build().map_err(|error| TlsError::Issuers(error.to_string()))
}

fn certificates(key: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bad =
        |why: String| TlsError::File { key, path: path.to_owned(), why, expected: "one certificate or more" };
    let all = CertificateDer::pem_file_iter(path).map_err(|error| bad(error.to_string()))?;
    let all: Vec<_> = all.collect::<Result<_, _>>().map_err(|error| bad(error.to_string()))?;
    if all.is_empty() { Err(bad("no certificate in it".to_owned())) } else { Ok(all) }
}

/// Lets any certificate through whose key the caller holds: [`Tls::name`] asks the rest.
#[derive(Debug)]
struct Presented(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Presented {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _own: &CertificateDer<'_>,
        _between: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
