//! The clients as one worker holds them: found by token without a lock, and without a count that workers share.

use super::gate::{Client, Directory, Gate};
use super::name::Name;
use super::peer::Peer;
use super::persons::PersonsOfDay;
use crate::config::TokenDigest;
use crate::domain::date::Day;
use crate::domain::identifier::Identifier;
use crate::ops::metrics::{ClientBoard, WorkerBoard};
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;

/// A client, as one worker knows it.
#[derive(Debug)]
pub(in crate::http) struct Known {
    pub(in crate::http) client: Arc<Client>,
    /// What this worker counts of it.
    pub(in crate::http) counts: Arc<ClientBoard>,
    /// Its requests that this worker has at hand.
    pub(in crate::http) at_hand: Cell<usize>,
    persons: RefCell<Option<Arc<PersonsOfDay>>>,
}

/// Why a client must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum TooMany {
    /// Requests: for so long.
    Requests(Duration),
    /// Checks of persons, since most of them miss: for so long.
    Misses(Duration),
    /// Persons: until tomorrow.
    Persons,
}

impl Known {
    /// Whether an address is one that it may come from.
    pub(in crate::http) fn comes_from(&self, address: impl FnOnce() -> Option<IpAddr>) -> bool {
        let networks = &self.client.addresses;
        networks.is_empty()
            || address().is_some_and(|address| networks.iter().any(|network| network.holds(address)))
    }

    /// Counts a request.
    pub(in crate::http) fn request(&self, now: Instant) -> Result<(), TooMany> {
        let Some(bounds) = &self.client.bounds else { return Ok(()) };
        bounds.meter.requests.admit(now, bounds.rate_per_second).map_err(TooMany::Requests)
    }

    /// Counts a person that it asks for, before anybody is looked up.
    pub(in crate::http) fn person(
        &self,
        identifier: &Identifier,
        day: Day,
        slowed_per_second: u32,
    ) -> Result<(), TooMany> {
        let Some(bounds) = &self.client.bounds else { return Ok(()) };
        let meter = &bounds.meter;
        if meter.is_guessing() {
            meter.slowed.admit(Instant::now(), slowed_per_second).map_err(TooMany::Misses)?;
        }
        let mut today = self.persons.borrow_mut();
        if today.as_ref().is_none_or(|today| today.day != day || today.most != bounds.persons_per_day) {
            *today = Some(meter.persons.of(day, bounds.persons_per_day));
        }
        let fits = today.as_ref().is_some_and(|today| today.admit(meter.persons.digest(identifier)));
        if fits { Ok(()) } else { Err(TooMany::Persons) }
    }

    /// Counts whether a person was found. Whoever mostly misses is guessing, and is reported once.
    pub(in crate::http) fn person_checked(&self, missed: bool, misses_max: u32) {
        let Some(bounds) = &self.client.bounds else { return };
        if bounds.meter.person_checked(missed, misses_max) {
            self.counts.guessing.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(
                client = self.client.id,
                misses_max,
                "most persons that this client asks for are unknown: its checks of persons are slowed"
            );
        }
    }
}

/// The clients of one worker.
#[derive(Debug)]
pub(in crate::http) struct Door {
    gate: Arc<Gate>,
    board: Arc<WorkerBoard>,
    generation: u64,
    everybody: Option<Rc<Known>>,
    /// By the first bytes of the digest; the whole is compared in constant time.
    by_token: HashMap<u64, (TokenDigest, Rc<Known>)>,
    /// By the subject name of a certificate, whole or the common name alone.
    by_name: HashMap<Name, Rc<Known>>,
}

impl Door {
    /// A door of the gate for one worker.
    pub(in crate::http) fn new(gate: Arc<Gate>, board: Arc<WorkerBoard>) -> Door {
        let generation = gate.generation();
        let (by_token, by_name) = (HashMap::new(), HashMap::new());
        let mut door = Door { gate, board, generation, everybody: None, by_token, by_name };
        door.read();
        door
    }

    fn read(&mut self) {
        (self.everybody, self.by_token, self.by_name) = (None, HashMap::new(), HashMap::new());
        match &*self.gate.directory() {
            Directory::Open(client) => self.everybody = Some(self.know(client)),
            Directory::Listed(clients) => {
                for client in clients {
                    let known = self.know(client);
                    for token in &client.tokens {
                        self.by_token.insert(first_bytes(token), (*token, Rc::clone(&known)));
                    }
                    let names = client.certificates.iter().cloned();
                    self.by_name.extend(names.map(|name| (name, Rc::clone(&known))));
                }
            }
        }
    }

    fn know(&self, client: &Arc<Client>) -> Rc<Known> {
        Rc::new(Known {
            client: Arc::clone(client),
            counts: self.board.client(&client.id),
            at_hand: Cell::new(0),
            persons: RefCell::new(None),
        })
    }

    /// Everybody, where there is no file of clients. Looks first whether the clients have changed.
    pub(in crate::http) fn everybody(&mut self) -> Option<&Rc<Known>> {
        let generation = self.gate.generation();
        if generation != self.generation {
            self.generation = generation;
            self.read();
        }
        self.everybody.as_ref()
    }

    /// The client with this token.
    pub(in crate::http) fn by_token(&self, token: &[u8]) -> Option<&Rc<Known>> {
        let digest = TokenDigest(Sha256::digest(token).into());
        let (known, client) = self.by_token.get(&first_bytes(&digest))?;
        bool::from(known.0.ct_eq(&digest.0)).then_some(client)
    }

    /// The client of a connection by its certificate: none without one, or why it is nobody.
    pub(in crate::http) fn by_certificate(&self, peer: &Peer) -> Option<Result<&Rc<Known>, &'static str>> {
        let find = |name: Rc<Name>| {
            let known = self.by_name.get(&*name).or_else(|| self.by_name.get(&name.common()?));
            known.ok_or("no client has a certificate of this name")
        };
        Some(peer.name()?.and_then(find))
    }
}

fn first_bytes(token: &TokenDigest) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&token.0[..8]);
    u64::from_le_bytes(first)
}
