//! Who asks, and what it may: found once a request, before its body is read.

use super::auth::{Known, Rights};
use super::error::{Code, Problem, Right};
use super::worker::Worker;
use crate::config::Endpoint;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use std::rc::Rc;

/// Who asks. While it lives, the request counts as one that is at hand.
#[derive(Debug)]
pub(super) struct Caller {
    known: Rc<Known>,
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.known.in_flight.set(self.known.in_flight.get().saturating_sub(1));
    }
}

impl Caller {
    /// Finds who asks and whether it may ask now.
    pub(super) fn find(worker: &Worker, headers: &HeaderMap) -> Result<Caller, Problem> {
        let mut door = worker.door.borrow_mut();
        let known = match door.everybody() {
            Some(known) => known,
            None => named(&door, headers)?,
        };
        known.in_flight.set(known.in_flight.get() + 1);
        Ok(Caller { known: Rc::clone(known) })
    }

    /// Its name; `loopback` without a file of clients.
    pub(super) fn id(&self) -> &str {
        &self.known.client.id
    }

    /// Its division, which may be blank.
    pub(super) fn division(&self) -> &str {
        &self.known.client.division
    }

    /// Whether it may ask there.
    pub(super) fn may(&self, endpoint: Endpoint) -> bool {
        self.rights().endpoint(endpoint)
    }

    /// That it may ask there.
    pub(super) fn need(&self, endpoint: Endpoint) -> Result<(), Problem> {
        let forbidden = || {
            let detail = format!("this client's endpoints do not name `{}`", endpoint.word());
            Problem::forbidden(Right::Endpoints, None, &detail)
        };
        if self.may(endpoint) { Ok(()) } else { Err(forbidden()) }
    }

    /// What it may ask.
    pub(super) fn rights(&self) -> &Rights {
        &self.known.client.rights
    }

    /// What this worker counts of it.
    pub(super) fn counts(&self) -> &crate::ops::metrics::ClientBoard {
        &self.known.counts
    }
}

fn named<'d>(door: &'d super::auth::Door, headers: &HeaderMap) -> Result<&'d Rc<Known>, Problem> {
    let refuse = |detail: &'static str| Problem::new(Code::Unauthenticated, detail);
    let Some(given) = headers.get(AUTHORIZATION) else {
        return Err(refuse("expected Authorization: Bearer and a token, or a client certificate"));
    };
    let token =
        bearer(given.as_bytes()).ok_or_else(|| refuse("expected Authorization: Bearer and a token"))?;
    door.by_token(token).ok_or_else(|| refuse("no client has this token"))
}

/// The token of `Bearer …`; the scheme in any case (RFC 9110 §11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_has_a_token() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bearer  abc "), Some(&b"abc"[..]));
        for wrong in ["", "Bearer", "Bearer ", "Basic abc", "Bearerabc"] {
            assert_eq!(bearer(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
