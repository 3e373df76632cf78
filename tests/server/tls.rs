//! TLS, and clients by their certificates. All certificates are made here.

use crate::support::client::{Connection, Reply, post_bytes, post_with};
use crate::support::clients::{digest, soon};
use crate::support::http2;
use crate::support::server::{Server, refused};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CHECK: &str = r#"{"subject":{"id":"91370402MA3T006317"}}"#;

/// One that issues certificates.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name = named(&[(DnType::CommonName, name)]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: Issuer::new(params, key) }
    }

    fn sign(&self, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }

    fn server(&self) -> Pair {
        self.sign(&CertificateParams::new(vec!["localhost".to_owned()]).unwrap())
    }

    fn client(&self, name: &[(DnType, &str)]) -> Pair {
        self.sign(&client_params(name))
    }
}

fn named(name: &[(DnType, &str)]) -> DistinguishedName {
    let mut all = DistinguishedName::new();
    name.iter().for_each(|(kind, value)| all.push(kind.clone(), *value));
    all
}

fn client_params(name: &[(DnType, &str)]) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name = named(name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

fn write(folder: &Path, pair: &Pair) {
    fs::write(folder.join("server.pem"), &pair.certificate).unwrap();
    fs::write(folder.join("server.key"), &pair.key).unwrap();
}

/// A server with TLS that takes client certificates of this authority.
fn serve(server: &Pair, clients_of: &Authority) -> Server {
    serve_with(server, clients_of, &[])
}

fn serve_with(server: &Pair, clients_of: &Authority, more: &[&str]) -> Server {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), server);
    fs::write(folder.path().join("ca.pem"), &clients_of.pem).unwrap();
    let clients = format!(
        "[[client]]\nid = \"hall\"\ncertificates = [\"CN=hall-370402,O=市中区行政审批服务局\"]\nmatters = [\"*\"]\n\
         [[client]]\nid = \"office\"\ncertificates = [\"office-370402\"]\nmatters = [\"*\"]\n\
         [[client]]\nid = \"token\"\ntoken_sha256 = [\"{}\"]\nmatters = [\"*\"]\n",
        digest("token")
    );
    let at = |key: &str, file: &str| format!("listen.{key}={:?}", folder.path().join(file));
    let settings =
        [at("tls_certificate", "server.pem"), at("tls_key", "server.key"), at("client_ca", "ca.pem")];
    let settings: Vec<&str> = settings.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Server::guarded(folder, &clients, &settings)
}

type Tls = Connection<StreamOwned<ClientConnection, TcpStream>>;

/// A caller with this certificate, if it has one, that trusts this authority.
fn config(trusts: &Authority, own: Option<&Pair>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusts.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    match own {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    }
}

/// Its connection.
fn connect(server: &Server, trusts: &Authority, own: Option<&Pair>) -> Tls {
    let name = ServerName::try_from("localhost").unwrap();
    let tls = ClientConnection::new(Arc::new(config(trusts, own)), name).unwrap();
    let stream = TcpStream::connect(server.api).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    Connection::over(StreamOwned::new(tls, stream))
}

fn check(connection: &mut Tls) -> Reply {
    connection.send(&post_bytes("/v1/checks", "application/json", CHECK));
    connection.reply()
}

/// Status of a check, and the words of the problem.
fn told(server: &Server, trusts: &Authority, own: Option<&Pair>) -> (u16, String) {
    let reply = check(&mut connect(server, trusts, own));
    let detail = if reply.status == 200 { String::new() } else { reply.json()["detail"].to_string() };
    (reply.status, detail)
}

#[test]
fn clients_are_known_by_certificate_and_bad_ones_are_refused_by_code() {
    let (authority, other) = (Authority::new("issuer"), Authority::new("other issuer"));
    let server = serve(&authority.server(), &authority);
    let hall = [(DnType::OrganizationName, "市中区行政审批服务局"), (DnType::CommonName, "hall-370402")];
    let office = [(DnType::OrganizationName, "x"), (DnType::CommonName, "office-370402")];
    let tell = |own: &Pair| told(&server, &authority, Some(own));
    assert_eq!(tell(&authority.client(&hall)), (200, String::new()));
    assert_eq!(tell(&authority.client(&office)).0, 200, "by its common name");
    let mut expired = client_params(&hall);
    (expired.not_before, expired.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    let mut early = client_params(&hall);
    early.not_before = date_time_ymd(4000, 1, 1);
    let mut servers = client_params(&hall);
    servers.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let cases = [
        (authority.sign(&expired), "expired"),
        (authority.sign(&early), "not valid yet"),
        (authority.sign(&servers), "not for clients"),
        (other.client(&hall), "not from an issuer"),
        (authority.client(&hall[1..]), "no client has a certificate of this name"),
        (authority.client(&[(DnType::CommonName, "nobody")]), "no client has a certificate of this name"),
    ];
    for (own, words) in &cases {
        let (status, detail) = tell(own);
        assert!(status == 401 && detail.contains(words), "{words}: {status} {detail}");
    }
    assert_eq!(told(&server, &authority, None).0, 401);
    let metrics = server.metrics();
    assert!(metrics.contains("xinhe_problems_total{code=\"unauthenticated\"} 7"), "{metrics}");
    assert!(metrics.contains("client=\"hall\""), "{metrics}");
}

#[test]
fn tokens_go_over_tls_and_plain_callers_are_counted() {
    let authority = Authority::new("issuer");
    let server = serve(&authority.server(), &authority);
    let mut open = connect(&server, &authority, None);
    for _ in 0..3 {
        open.send(&post_with("/v1/checks", "Authorization: Bearer token", CHECK));
        assert_eq!(open.reply().status, 200);
    }
    let mut plain = Connection::open(server.api);
    plain.send(&post_bytes("/v1/checks", "application/json", CHECK));
    assert!(plain.try_reply().is_err());
    soon("it is counted", || server.metrics().contains("xinhe_handshakes_failed_total 1"));
}

#[test]
fn certificates_change_without_a_restart() {
    let (before, after) = (Authority::new("issuer"), Authority::new("next issuer"));
    let hall = [(DnType::CommonName, "office-370402")];
    let (old, new) = (before.client(&hall), after.client(&hall));
    let server = serve(&before.server(), &before);
    let mut open = connect(&server, &before, Some(&old));
    assert_eq!(check(&mut open).status, 200);
    assert_eq!(told(&server, &before, Some(&new)).0, 401);
    // A bad file first: nothing changes.
    fs::write(server.folder().join("server.key"), "no key").unwrap();
    let line = "xinhe_reload_current{file=\"certificates\"} 0";
    soon("the bad key is noticed", || server.metrics().contains(line));
    assert_eq!(told(&server, &before, Some(&old)).0, 200);
    fs::write(server.folder().join("ca.pem"), &after.pem).unwrap();
    write(server.folder(), &after.server());
    soon("the old issuer is not trusted any more, on open connections too", || {
        check(&mut open).status == 401
    });
    assert_eq!(told(&server, &after, Some(&new)).0, 200, "the server shows its new certificate");
    assert!(server.metrics().contains("xinhe_reload_current{file=\"certificates\"} 1"));
}

/// A connection of a caller that offers these protocols, and the one that was taken.
async fn offering(
    server: &Server,
    mut config: ClientConfig,
    offered: &[&str],
) -> (tokio_rustls::client::TlsStream<tokio::net::TcpStream>, Option<Vec<u8>>) {
    config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
    let stream = tokio::net::TcpStream::connect(server.api).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let taken = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    (stream, taken)
}

#[test]
fn the_handshake_decides_the_protocol() {
    let (before, after) = (Authority::new("issuer"), Authority::new("next issuer"));
    let own = before.client(&[(DnType::CommonName, "office-370402")]);
    let server = serve(&before.server(), &before);
    http2::run(async {
        let with = || config(&before, Some(&own));
        for (offered, expected) in [
            (&["http/1.1"][..], Some(&b"http/1.1"[..])),
            (&["http/1.1", "h2"], Some(b"h2")),
            (&["h2"], Some(b"h2")),
            (&[], None),
        ] {
            assert_eq!(offering(&server, with(), offered).await.1.as_deref(), expected, "{offered:?}");
        }
        let (stream, _) = offering(&server, with(), &["h2"]).await;
        let mut caller = http2::Caller::over(&h2::client::Builder::new(), stream).await;
        assert_eq!(caller.check(CHECK).await.unwrap().status, 200, "by its certificate");
        let (stream, _) = offering(&server, config(&before, None), &["h2"]).await;
        let mut nobody = http2::Caller::over(&h2::client::Builder::new(), stream).await;
        assert_eq!(nobody.check(CHECK).await.unwrap().status, 401);
        // Without the protocol in the handshake HTTP/2 is not spoken.
        let (mut stream, _) = offering(&server, with(), &[]).await;
        stream.write_all(http2::PREFACE).await.unwrap();
        // Hung up, without a word of HTTP/2.
        assert!(matches!(stream.read(&mut [0; 9]).await, Ok(0) | Err(_)));
        fs::write(server.folder().join("ca.pem"), &after.pem).unwrap();
        write(server.folder(), &after.server());
        let mut status = 200;
        while status == 200 {
            http2::pause(50).await;
            status = caller.check(CHECK).await.unwrap().status;
        }
        assert_eq!(status, 401, "the old issuer is not trusted any more, on open connections too");
    });
}

#[test]
fn it_does_not_start_with_bad_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (Authority::new("issuer").server(), Authority::new("issuer").server());
    write(folder.path(), &Pair { certificate: one.certificate, key: two.key });
    let at = |key: &str, file: &str| format!("listen.{key}={:?}", folder.path().join(file));
    let start = |certificate: &str, key: &str| {
        let output = refused(&[&at("tls_certificate", certificate), &at("tls_key", key)]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(start("server.pem", "server.key").contains("listen.tls_certificate, listen.tls_key"));
    assert!(start("server.pem", "nothing.key").contains("nothing.key"));
    assert!(start("server.key", "server.key").contains("expected one certificate or more"));
}

#[test]
fn a_connection_too_many_is_closed_without_a_word_in_the_clear() {
    let authority = Authority::new("issuer");
    let server = serve_with(&authority.server(), &authority, &["limits.connections_max=1"]);
    let mut held = connect(&server, &authority, None);
    assert_eq!(check(&mut held).status, 401);
    let mut second = TcpStream::connect(server.api).unwrap();
    second.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut told = Vec::new();
    // Closed or reset: either way nothing was said.
    second.read_to_end(&mut told).ok();
    assert_eq!(told, b"");
}
