//! Certificates and clients: whether the listener could open with them, and for how long.

use super::super::Failure;
use super::{Findings, Level};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::Path;
use x509_parser::prelude::{FromDer, X509Certificate};
use xinhe::config::Config;
use xinhe::config::read_clients;
use xinhe::http::auth::look_at_tls;
use xinhe::live::Clock;

/// A certificate that ends sooner than this is told.
const DAYS_LEFT_WARNING: i64 = 30;
const DAY_S: i64 = 86_400;

/// The certificates of the listener: they can be used, and do not end soon.
pub(super) fn look(config: &Config, findings: &mut Findings) {
    let listen = &config.listen;
    let files = [&listen.tls_certificate, &listen.client_ca];
    if files.iter().all(|file| file.is_none()) {
        let level = if config.clients.file.is_none() { Level::Ok } else { Level::Warning };
        let what = "none: the listener speaks plain HTTP; with callers beyond this machine, TLS has to end before it";
        findings.add("certificates", level, what);
        return;
    }
    findings.good("certificates", look_at_tls(listen).map_err(Failure::work));
    for path in files.into_iter().flatten() {
        if let Some(certificates) = findings.good("certificates", ends(path)) {
            certificates.iter().for_each(|(name, end_s)| told(path, name, *end_s, findings));
        }
    }
}

/// Subject and last second (Unix time) of each certificate of a file.
fn ends(path: &Path) -> Result<Vec<(String, i64)>, Failure> {
    let bad = |why: String| Failure::Work(format!("{}: {why}; expected certificates in PEM", path.display()));
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| bad(error.to_string()))? {
        let der = certificate.map_err(|error| bad(error.to_string()))?;
        let (_, parsed) = X509Certificate::from_der(&der).map_err(|error| bad(error.to_string()))?;
        found.push((parsed.subject().to_string(), parsed.validity().not_after.timestamp()));
    }
    if found.is_empty() { Err(bad("no certificate".to_owned())) } else { Ok(found) }
}

fn told(path: &Path, name: &str, end_s: i64, findings: &mut Findings) {
    let left_s = end_s - Clock::System.now().unix_s;
    let days = left_s.div_euclid(DAY_S);
    let (level, what) = match days {
        ..0 => (Level::Wrong, format!("{}: {name} ended {} days ago: renew it", path.display(), -days)),
        0..DAYS_LEFT_WARNING => {
            (Level::Warning, format!("{}: {name} ends in {days} days: renew it", path.display()))
        }
        _ => (Level::Ok, format!("{}: {name} holds for {days} days", path.display())),
    };
    findings.add("certificates", level, what);
}

/// The clients' file can be read.
pub(super) fn clients(config: &Config, findings: &mut Findings) {
    let Some(path) = &config.clients.file else { return };
    if let Some(clients) = findings.good("clients", read_clients(path).map_err(Failure::work)) {
        let what = format!("{}: {} clients", path.display(), clients.len());
        findings.add("clients", Level::Ok, what);
    }
}
