//! Who asks, and what it may: found once a request, before its body is read.

use super::auth::{Door, Known, Peer, Rights, TooMany};
use super::error::{Code, Problem, Right};
use super::fields::Fields;
use super::worker::Worker;
use crate::config::Endpoint;
use crate::domain::date::Day;
use crate::domain::identifier::Identifier;
use crate::ops::metrics::ClientBoard;
use hyper::header::AUTHORIZATION;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds of a day, and of the way from Greenwich to China.
const DAY_SECONDS: u64 = 86_400;
const CHINA_SECONDS: u64 = 8 * 3600;

/// Who asks. While it lives, the request counts as one that is at hand.
#[derive(Debug)]
pub(super) struct Caller {
    known: Rc<Known>,
    /// Requests that the worker has at hand.
    at_hand: Rc<Cell<usize>>,
    /// When its request was taken up.
    since: Instant,
}

impl Drop for Caller {
    fn drop(&mut self) {
        for count in [&self.known.at_hand, &*self.at_hand] {
            count.set(count.get().saturating_sub(1));
        }
    }
}

impl Caller {
    /// Finds who asks, and whether there is room and right to ask now.
    pub(super) fn find(worker: &Worker, fields: Fields<'_>, peer: &Peer) -> Result<Caller, Problem> {
        let overloaded = |what: &'static str| {
            worker.receipts.hurry();
            Problem::new(Code::Overloaded, what)
        };
        if worker.at_hand.get() >= worker.share(worker.limits.requests_max) {
            return Err(overloaded("too many requests are being answered; try again later"));
        }
        let known = {
            let mut door = worker.door.borrow_mut();
            let known = match door.everybody() {
                Some(known) => known,
                None => named(&door, fields, peer)?,
            };
            Rc::clone(known)
        };
        if !known.comes_from(|| peer.address(fields, &worker.trusted_proxies)) {
            let detail = "this client may not come from this address";
            return Err(refused(&known, Problem::forbidden(Right::Addresses, None, detail)));
        }
        if known.at_hand.get() >= worker.share(worker.limits.client_requests_max) {
            let what = overloaded("too many requests of this client are being answered; try again later");
            return Err(refused(&known, what));
        }
        let since = Instant::now();
        known.request(since).map_err(|many| refused(&known, too_many(many)))?;
        known.at_hand.set(known.at_hand.get() + 1);
        worker.at_hand.set(worker.at_hand.get() + 1);
        Ok(Caller { known, at_hand: Rc::clone(&worker.at_hand), since })
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
    pub(super) fn counts(&self) -> &ClientBoard {
        &self.known.counts
    }

    /// Counts a person before the lookup: how many on the day, and how fast if most of them miss.
    pub(super) fn before_lookup(
        &self,
        worker: &Worker,
        identifier: &Identifier,
        day: Day,
    ) -> Result<(), Problem> {
        if !identifier.kind().is_person() {
            return Ok(());
        }
        self.known.person(identifier, day, worker.limits.slowed_per_second).map_err(too_many)
    }

    /// Counts how long its check took, from the end of the head to the reply.
    pub(super) fn answered(&self, worker: &Worker) {
        worker.board.latency.count(self.since.elapsed());
    }

    /// Counts whether a person was found.
    pub(super) fn after_lookup(&self, worker: &Worker, identifier: &Identifier, missed: bool) {
        if identifier.kind().is_person() {
            self.known.person_checked(missed, worker.limits.person_misses_max);
        }
    }
}

fn named<'d>(door: &'d Door, fields: Fields<'_>, peer: &Peer) -> Result<&'d Rc<Known>, Problem> {
    let refuse = |detail: &'static str| Problem::new(Code::Unauthenticated, detail);
    let Some(given) = fields.first(&AUTHORIZATION) else {
        let nobody = || refuse("expected Authorization: Bearer and a token, or a client certificate");
        return door.by_certificate(peer).ok_or_else(nobody)?.map_err(refuse);
    };
    let token = bearer(given).ok_or_else(|| refuse("expected Authorization: Bearer and a token"))?;
    door.by_token(token).ok_or_else(|| refuse("no client has this token"))
}

/// A problem of a client that is known, counted as its own.
fn refused(known: &Known, problem: Problem) -> Problem {
    known.counts.problems.count(problem.code as usize);
    problem
}

fn too_many(many: TooMany) -> Problem {
    let seconds = |wait: Duration| u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1);
    let (detail, wait) = match many {
        TooMany::Requests(wait) => ("more requests a second than this client may make", seconds(wait)),
        TooMany::Misses(wait) => (
            "most persons that this client asked for are unknown: its checks of persons are slowed",
            seconds(wait),
        ),
        TooMany::Persons => ("more persons a day than this client may ask for", until_tomorrow()),
    };
    Problem { retry_after: Some(wait), ..Problem::new(Code::TooManyRequests, detail) }
}

/// Seconds to the next midnight in UTC+8.
fn until_tomorrow() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    (DAY_SECONDS - (now + CHINA_SECONDS) % DAY_SECONDS) as u32
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

    #[test]
    fn who_must_wait_is_told_how_long() {
        let told = |many| too_many(many).retry_after_seconds();
        assert_eq!(told(TooMany::Requests(Duration::from_millis(1))), Some(1));
        assert_eq!(told(TooMany::Misses(Duration::from_millis(2001))), Some(3));
        assert!(told(TooMany::Persons).is_some_and(|wait| (1..=86_400).contains(&wait)));
    }
}
