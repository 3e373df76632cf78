//! What a connection tells of its caller: the address, and the name of its certificate.

use super::super::fields::Fields;
use super::name::Name;
use super::tls::Tls;
use crate::config::Network;
use hyper::header::HeaderName;
use rustls::pki_types::CertificateDer;
use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A certificate that was found good is asked for again after this.
const GOOD_FOR: Duration = Duration::from_secs(60);

/// What proxies tell whom they saw.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of a connection.
#[derive(Debug)]
pub(in crate::http) struct Peer {
    address: IpAddr,
    presented: Option<Presented>,
}

/// Certificates that were presented in the handshake.
#[derive(Debug)]
struct Presented {
    tls: Arc<Tls>,
    chain: Vec<CertificateDer<'static>>,
    asked: RefCell<Asked>,
}

/// What they were found to be, by which settings and when.
#[derive(Debug, Clone)]
struct Asked {
    named: Result<Rc<Name>, &'static str>,
    generation: u64,
    at: Instant,
}

impl Peer {
    /// The other end of a connection without TLS.
    pub(in crate::http) fn plain(address: IpAddr) -> Peer {
        Peer { address: address.to_canonical(), presented: None }
    }

    /// The other end after a handshake.
    pub(in crate::http) fn after_handshake(
        address: IpAddr,
        tls: &Arc<Tls>,
        chain: Option<&[CertificateDer<'_>]>,
    ) -> Peer {
        let presented = chain.map(|chain| {
            let chain: Vec<_> = chain.iter().map(|one| one.clone().into_owned()).collect();
            let asked = RefCell::new(ask(tls, &chain));
            Presented { tls: Arc::clone(tls), chain, asked }
        });
        Peer { presented, ..Peer::plain(address) }
    }

    /// The name of its certificate; none without one, or why a certificate is not good now.
    pub(super) fn name(&self) -> Option<Result<Rc<Name>, &'static str>> {
        let presented = self.presented.as_ref()?;
        let mut asked = presented.asked.borrow_mut();
        if asked.generation != presented.tls.generation() || asked.at.elapsed() > GOOD_FOR {
            *asked = ask(&presented.tls, &presented.chain);
        }
        Some(asked.named.clone())
    }

    /// Whether the other end speaks for others.
    pub(in crate::http) fn is_proxy(&self, trusted: &[Network]) -> bool {
        is_trusted(self.address, trusted)
    }

    /// Where a request comes from: the other end, or behind proxies that are trusted what the last of them saw
    /// (`X-Forwarded-For`). None where a trusted proxy says something that is no address.
    pub(in crate::http) fn address(&self, fields: Fields<'_>, trusted: &[Network]) -> Option<IpAddr> {
        if !self.is_proxy(trusted) {
            return Some(self.address);
        }
        let mut from = self.address;
        // Each proxy adds whom it saw at the end.
        let mut lines: Vec<&str> = Vec::new();
        for line in fields.all(&FORWARDED_FOR) {
            lines.push(std::str::from_utf8(line).ok().filter(|line| line.is_ascii())?);
        }
        for text in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            from = forwarded(text.trim())?;
            if !is_trusted(from, trusted) {
                break;
            }
        }
        Some(from)
    }
}

fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.holds(address))
}

/// An address, which some proxies write with the port.
fn forwarded(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

fn ask(tls: &Tls, chain: &[CertificateDer<'static>]) -> Asked {
    // Read before the certificates are looked at, so that a change between is seen at the next request.
    let generation = tls.generation();
    Asked { named: tls.name(chain).map(Rc::new), generation, at: Instant::now() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::HeaderMap;

    fn from(peer: &str, told: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in told {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let trusted = [Network::parse("10.0.0.0/8").unwrap()];
        let address = Peer::plain(peer.parse().unwrap()).address((&headers).into(), &trusted)?;
        Some(address.to_string())
    }

    #[test]
    fn only_trusted_proxies_say_where_a_request_comes_from() {
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(from("192.0.2.1", &["198.51.100.7"]), is("192.0.2.1"), "anybody can write a header");
        assert_eq!(from("10.0.0.1", &[]), is("10.0.0.1"));
        assert_eq!(from("10.0.0.1", &["198.51.100.7"]), is("198.51.100.7"));
        assert_eq!(from("::ffff:10.0.0.1", &["198.51.100.7"]), is("198.51.100.7"));
        assert_eq!(from("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.0.0.9"]), is("198.51.100.7"));
        assert_eq!(from("10.0.0.1", &["1.1.1.1", "198.51.100.7", "10.0.0.9"]), is("198.51.100.7"));
        assert_eq!(from("10.0.0.1", &["10.0.0.8, 10.0.0.9"]), is("10.0.0.8"));
        assert_eq!(from("10.0.0.1", &["198.51.100.7:4711"]), is("198.51.100.7"));
        assert_eq!(from("10.0.0.1", &["[fd00::7]:4711"]), is("fd00::7"));
        assert_eq!(from("10.0.0.1", &["unknown"]), None);
        assert_eq!(from("10.0.0.1", &["x, 198.51.100.7"]), is("198.51.100.7"));
    }
}
