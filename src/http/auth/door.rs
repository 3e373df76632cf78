//! The clients as one worker holds them: found by token without a lock, and without a count that workers share.

use super::gate::{Client, Directory, Gate};
use super::persons::PersonsOfDay;
use crate::config::TokenDigest;
use crate::ops::metrics::{ClientBoard, WorkerBoard};
use sha2::{Digest, Sha256};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// A client, as one worker knows it.
#[derive(Debug)]
pub(in crate::http) struct Known {
    pub(in crate::http) client: Arc<Client>,
    /// What this worker counts of it.
    pub(in crate::http) counts: Arc<ClientBoard>,
    /// Its requests that this worker has at hand.
    pub(in crate::http) in_flight: Cell<u32>,
    pub(super) persons: RefCell<Option<Arc<PersonsOfDay>>>,
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
}

impl Door {
    /// A door of the gate for one worker.
    pub(in crate::http) fn new(gate: Arc<Gate>, board: Arc<WorkerBoard>) -> Door {
        let generation = gate.generation();
        let mut door = Door { gate, board, generation, everybody: None, by_token: HashMap::new() };
        door.read();
        door
    }

    fn read(&mut self) {
        (self.everybody, self.by_token) = (None, HashMap::new());
        match &*self.gate.directory() {
            Directory::Open(client) => self.everybody = Some(self.know(client)),
            Directory::Listed(clients) => {
                for client in clients {
                    let known = self.know(client);
                    for token in &client.tokens {
                        self.by_token.insert(first_bytes(token), (*token, Rc::clone(&known)));
                    }
                }
            }
        }
    }

    fn know(&self, client: &Arc<Client>) -> Rc<Known> {
        Rc::new(Known {
            client: Arc::clone(client),
            counts: self.board.client(&client.id),
            in_flight: Cell::new(0),
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
}

fn first_bytes(token: &TokenDigest) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&token.0[..8]);
    u64::from_le_bytes(first)
}
