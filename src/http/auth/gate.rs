//! The clients as all workers share them. A new file of clients is swapped in as one; what was counted of a client
//! stays with its name.

use super::meter::Meter;
use super::name::Name;
use super::rights::Rights;
use crate::config::{ClientSettings, Network, TokenDigest};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// A caller of that name, where there is no file of clients.
const LOOPBACK: &str = "loopback";

/// A client, as all workers share it.
#[derive(Debug)]
pub(in crate::http) struct Client {
    pub(in crate::http) id: String,
    pub(in crate::http) division: String,
    pub(in crate::http) rights: Rights,
    pub(super) addresses: Vec<Network>,
    pub(super) tokens: Vec<TokenDigest>,
    pub(super) certificates: Vec<Name>,
    /// What bounds how often it asks; none on loopback.
    pub(super) bounds: Option<Bounds>,
}

/// What bounds how often a client asks.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) rate_per_second: u32,
    pub(super) persons_per_day: u32,
    pub(super) meter: Arc<Meter>,
}

impl Client {
    fn new(settings: &ClientSettings, meter: Arc<Meter>) -> Client {
        Client {
            id: settings.id().to_owned(),
            division: settings.division.clone(),
            rights: Rights::of(settings),
            addresses: settings.addresses.clone(),
            tokens: settings.token_sha256.clone(),
            certificates: settings.certificates.iter().flat_map(|name| Name::parse(name)).collect(),
            bounds: Some(Bounds {
                rate_per_second: settings.rate_per_second,
                persons_per_day: settings.persons_per_day,
                meter,
            }),
        }
    }

    fn loopback() -> Client {
        Client {
            id: LOOPBACK.to_owned(),
            division: String::new(),
            rights: Rights::EVERY,
            addresses: Vec::new(),
            tokens: Vec::new(),
            certificates: Vec::new(),
            bounds: None,
        }
    }
}

/// All clients.
#[derive(Debug)]
pub(super) enum Directory {
    /// There is no file: everybody is this one.
    Open(Arc<Client>),
    /// Those of the file.
    Listed(Vec<Arc<Client>>),
}

/// The clients of now.
#[derive(Debug)]
pub(in crate::http) struct Gate {
    directory: RwLock<Arc<Directory>>,
    generation: AtomicU64,
}

impl Gate {
    /// Lets in the clients of a file, or without one everybody.
    pub(in crate::http) fn new(clients: Option<&[ClientSettings]>) -> Gate {
        let directory = match clients {
            None => Directory::Open(Arc::new(Client::loopback())),
            Some(clients) => listed(clients, &HashMap::new()),
        };
        Gate { directory: RwLock::new(Arc::new(directory)), generation: AtomicU64::new(0) }
    }

    /// Lets in these from now on.
    pub(in crate::http) fn replace(&self, clients: &[ClientSettings]) {
        let before = self.directory();
        let known = match &*before {
            Directory::Open(_) => HashMap::new(),
            Directory::Listed(clients) => clients
                .iter()
                .filter_map(|client| Some((client.id.as_str(), &client.bounds.as_ref()?.meter)))
                .collect(),
        };
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(listed(clients, &known));
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Changes whenever the clients do.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The clients of now.
    pub(super) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn listed(clients: &[ClientSettings], known: &HashMap<&str, &Arc<Meter>>) -> Directory {
    let meter = |id| known.get(id).map_or_else(|| Arc::new(Meter::default()), |meter| Arc::clone(meter));
    Directory::Listed(
        clients.iter().map(|client| Arc::new(Client::new(client, meter(client.id())))).collect(),
    )
}
