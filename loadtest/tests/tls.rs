//! The program over TLS: whom it trusts, who it is, and that latency and counts are told as without.

// Tests say what they expect by unwrapping, in their helpers too.
#![allow(clippy::unwrap_used)]

mod server;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::Value;

use server::{Reply, Server};

/// One that issues certificates.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Authority { pem: params.self_signed(&key).unwrap().pem(), issuer: Issuer::new(params, key) }
    }

    /// Certificate and key, in PEM.
    fn issue(&self, names: &[&str], purpose: ExtendedKeyUsagePurpose) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        roots
    }

    /// What a server speaks that has a certificate of this authority; with `asks`, callers need one of it too.
    fn server(&self, asks: bool) -> Arc<ServerConfig> {
        let (certificate, key) = self.issue(&["127.0.0.1"], ExtendedKeyUsagePurpose::ServerAuth);
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = if asks {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(self.roots()), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        Arc::new(builder.with_single_cert(chain, key).unwrap())
    }
}

fn run(target: &str, files: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xinhe-load"));
    command.args(["run", "--target", target, "--duration", "400ms", "--connections", "2", "--rate", "200"]);
    command.args(files).arg("--json").stdin(Stdio::null()).output().unwrap()
}

fn told(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn keep(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_server_is_trusted_by_its_authority_alone() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let server = Server::secure(authority.server(false), |_| Reply::Status(200));
    let folder = tempfile::tempdir().unwrap();
    let (ca, other) =
        (keep(folder.path(), "ca", &authority.pem), keep(folder.path(), "other", &stranger.pem));

    let result = told(&run(&server.url("/"), &["--ca", &ca]));
    let answered = result["answered"].as_u64().unwrap();
    assert!(answered > 0 && answered == server.seen().len() as u64, "{result}");
    assert_eq!(result["errors"], 0, "{result}");
    assert_eq!(result["response_time_us"]["count"], answered);

    // Nothing is answered, and nothing looks as if it had been.
    let before = server.seen().len();
    let output = run(&server.url("/"), &["--ca", &other]);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    assert_eq!(result["answered"].as_u64().unwrap_or(0), 0, "{result}");
    assert_ne!((output.status.code(), result["errors"].as_u64()), (Some(0), Some(0)), "{result}");
    assert_eq!(server.seen().len(), before);

    let output = run(&server.url("/"), &[]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && said.contains("--ca FILE"), "{:?} {said}", output.status);
}

#[test]
fn a_server_that_asks_for_a_certificate_is_shown_one() {
    let authority = Authority::new();
    let server = Server::secure(authority.server(true), |_| Reply::Status(200));
    let folder = tempfile::tempdir().unwrap();
    let ca = keep(folder.path(), "ca", &authority.pem);
    let (certificate, key) = authority.issue(&["hall"], ExtendedKeyUsagePurpose::ClientAuth);
    let (certificate, key) = (keep(folder.path(), "cert", &certificate), keep(folder.path(), "key", &key));

    let nobody = run(&server.url("/"), &["--ca", &ca]);
    let result: Value = serde_json::from_slice(&nobody.stdout).unwrap_or_default();
    assert_eq!(result["answered"].as_u64().unwrap_or(0), 0, "{result}");
    assert!(server.seen().is_empty());

    let result = told(&run(&server.url("/"), &["--ca", &ca, "--cert", &certificate, "--key", &key]));
    assert!(result["answered"].as_u64() > Some(0), "{result}");
    assert_eq!((&result["errors"], &result["timeouts"]), (&Value::from(0), &Value::from(0)), "{result}");

    let output = run(&server.url("/"), &["--ca", &ca, "--cert", &key, "--key", &certificate]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("certificate") && said.contains("in PEM"), "{said}");
}

#[test]
fn connections_that_end_are_made_anew() {
    let authority = Authority::new();
    let server = Server::secure(authority.server(false), |number| match number % 5 {
        3 => Reply::LastOne,
        4 => Reply::Hangup,
        _ => Reply::Status(200),
    });
    let folder = tempfile::tempdir().unwrap();
    let ca = keep(folder.path(), "ca", &authority.pem);
    let result = told(&run(&server.url("/"), &["--ca", &ca]));
    // Every request that came was answered, whatever became of its connection.
    assert_eq!(result["by_status"]["200"].as_u64(), result["answered"].as_u64(), "{result}");
    assert!(result["answered"].as_u64() > Some(20), "{result}");
}
