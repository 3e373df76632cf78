//! What a log promises, on a disk that loses, refuses and runs full.

mod ahead;
mod codec;
mod crash;
mod faulty;
mod life;
mod tamper;

use super::disk::{Disk, SystemDisk};
use super::entry::{About, Body, Cancel, Check, Counted, Entry, Feedback, HitNote, Kind, Outcome};
use super::{Acknowledge, Appender, Id, IdKeys, Log, Packed, Settings, Tally, Unavailable, read_all};
use crate::domain::catalogue::{Effect, Stage};
use crate::domain::date::Day;
use crate::domain::record::RecordId;
use crate::domain::verdict::Verdict;
use crate::signature::{PublicKeys, SigningKey};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

pub(super) const TODAY: Day = Day::from_number(20_777);

pub(super) fn key() -> SigningKey {
    SigningKey::new(&[5; 32])
}

pub(super) fn public() -> PublicKeys {
    PublicKeys::parse(&key().public().line()).unwrap()
}

pub(super) fn settings(segment_bytes: u64) -> Settings {
    Settings {
        node: 1,
        acknowledge: Acknowledge::Durable,
        reserve_bytes: 0,
        segment_bytes,
        retention_days: 3650,
        key: Some(key()),
        ids: IdKeys::new(&[7; 32], &[]),
        now_us: super::system_now_us,
        tell: Arc::new(|_| ()),
    }
}

/// A log and one thread's way into it.
pub(super) struct Office {
    appender: Appender,
    decided: Arc<(Mutex<bool>, Condvar)>,
    pub(super) log: Log,
}

impl Office {
    pub(super) fn open(dir: &Path, settings: Settings, disk: Arc<dyn Disk>) -> Office {
        Office::of(Log::open(dir, settings, disk).unwrap_or_else(|error| panic!("{error}")))
    }

    pub(super) fn system(dir: &Path, segment_bytes: u64) -> Office {
        Office::open(dir, settings(segment_bytes), Arc::new(SystemDisk))
    }

    pub(super) fn of(log: Log) -> Office {
        let decided = Arc::new((Mutex::new(false), Condvar::new()));
        Office { appender: appender(&log, &decided), decided, log }
    }

    pub(super) fn append(&self, entry: &Entry<'_>) -> Result<Id, Unavailable> {
        append(&self.appender, &self.decided, entry)
    }

    pub(super) fn check(&self, number: u32) -> Result<Id, Unavailable> {
        with_check(number, |entry| self.append(entry))
    }

    pub(super) fn feedback(&self, check: &Id, number: u32, request_id: &str) -> Result<Id, Unavailable> {
        let row = with_check(number, |entry| entry.counted.packed());
        let mut items = Vec::new();
        let outcome = Outcome {
            record: Some(RecordId([9; 16])),
            measure: "M-1",
            outcome: "enforced",
            reason: "",
            note: "",
        };
        let items = Packed::pack(&mut items, &[outcome]);
        let body =
            Body::Feedback(Feedback { check: *check, row: &row, digest: self.log.digest(b"x"), items });
        with_check(number, |entry| self.append(&Entry { request_id, body, ..*entry }))
    }

    pub(super) fn cancel(&self, check: &Id, number: u32, feedback: &Id) -> Result<Id, Unavailable> {
        let row = with_check(number, |entry| entry.counted.packed());
        let body =
            Body::Cancel(Cancel { feedback: *feedback, check: *check, row: &row, reason: "wrong one" });
        with_check(number, |entry| self.append(&Entry { request_id: "", body, ..*entry }))
    }

    pub(super) fn usage(&self) -> BTreeMap<Vec<u8>, Tally> {
        self.log.usage(Day::EVER, Day::OPEN, None).into_iter().collect()
    }
}

pub(super) fn appender(log: &Log, decided: &Arc<(Mutex<bool>, Condvar)>) -> Appender {
    let told = Arc::clone(decided);
    log.appender(Arc::new(move || {
        *told.0.lock().unwrap() = true;
        told.1.notify_all();
    }))
}

/// Appends and waits. A log that never decides fails the test.
pub(super) fn append(
    appender: &Appender,
    decided: &(Mutex<bool>, Condvar),
    entry: &Entry<'_>,
) -> Result<Id, Unavailable> {
    let mut bytes = Vec::new();
    entry.encode(&mut bytes);
    let (id, commit) = appender.append(entry.body.kind(), &bytes)?;
    appender.push();
    let mut commit = pin!(commit);
    loop {
        if let Poll::Ready(outcome) = commit.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            appender.wake_decided();
            return outcome.map(|()| id);
        }
        let told = decided.0.lock().unwrap();
        let (mut told, waited) =
            decided.1.wait_timeout_while(told, Duration::from_secs(30), |told| !*told).unwrap();
        assert!(!waited.timed_out(), "the log never decided");
        *told = false;
    }
}

/// A check of many kinds, told by its number.
pub(super) fn with_check<T>(number: u32, then: impl FnOnce(&Entry<'_>) -> T) -> T {
    let mut hits = Vec::new();
    let hit = HitNote {
        record: RecordId([number as u8; 16]),
        category: "list",
        list: "court-defaulters",
        effect: Effect::Punish,
        objection: false,
        relation: "",
        until: Day::OPEN,
    };
    let with_hits = number.is_multiple_of(3);
    let hits = Packed::pack(&mut hits, if with_hits { std::slice::from_ref(&hit) } else { &[] });
    // Some come again and count once.
    let request_id = format!("r-{}", number / 2);
    let entry = Entry {
        time_us: 1_795_000_000_000_000 + u64::from(number),
        counted: Counted {
            day: TODAY,
            stage: Some(Stage::Acceptance),
            verdict: Some(if with_hits { Verdict::Attention } else { Verdict::Clear }),
            client: if number.is_multiple_of(5) { "hall-b" } else { "hall-a" },
            division: "370402",
            matter: "m-1",
        },
        request_id: if number.is_multiple_of(7) { "" } else { &request_id },
        purpose: "licensing",
        case: "2026-8841",
        operator: "u1",
        authorization: "",
        traceparent: "",
        release: "2026-11-20.1",
        corrections: 3,
        body: Body::Check(Check {
            about: About { asked: b"\x0091370402MA3ABCDE00", found: b"", key: [1; 8] },
            linked: false,
            hits,
            measures: Packed::EMPTY,
        }),
    };
    then(&entry)
}

/// Usage counted from the log in the plainest way.
pub(super) fn recount(dir: &Path) -> BTreeMap<Vec<u8>, Tally> {
    #[derive(Default)]
    struct Seen {
        rows: BTreeMap<Vec<u8>, Tally>,
        requests: HashSet<(Day, String, String)>,
        standing: HashMap<Id, HashSet<Id>>,
    }
    let mut seen = Seen::default();
    let read = read_all(dir, |stored| {
        let entry = stored.entry;
        match entry.body {
            Body::Check(check) => {
                let request =
                    (entry.counted.day, entry.counted.client.to_owned(), entry.request_id.to_owned());
                if entry.request_id.is_empty() || seen.requests.insert(request) {
                    let tally = seen.rows.entry(entry.counted.packed()).or_default();
                    tally.checks += 1;
                    tally.with_hits += i64::from(!check.hits.is_empty());
                }
            }
            Body::Feedback(feedback) => {
                let standing = seen.standing.entry(feedback.check).or_default();
                let tally = seen.rows.entry(feedback.row.to_vec()).or_default();
                tally.answered += i64::from(standing.is_empty());
                tally.feedback += 1;
                standing.insert(stored.id);
            }
            Body::Cancel(cancel) => {
                let standing = seen.standing.entry(cancel.check).or_default();
                let tally = seen.rows.entry(cancel.row.to_vec()).or_default();
                if standing.remove(&cancel.feedback) {
                    tally.feedback -= 1;
                    tally.answered -= i64::from(standing.is_empty());
                }
            }
            Body::Detail(_) | Body::Search(_) => {}
        }
    });
    read.unwrap();
    seen.rows.retain(|_, tally| *tally != Tally::default());
    seen.rows
}

/// The names of all entries.
pub(super) fn names(dir: &Path) -> Vec<Id> {
    let mut names = Vec::new();
    read_all(dir, |stored| names.push(stored.id)).unwrap();
    names
}

/// A log that was closed: so many checks, some feedback, in several segments.
pub(super) fn closed(dir: &Path, checks: u32, segment_bytes: u64) -> Vec<Id> {
    let office = Office::system(dir, segment_bytes);
    let mut made = Vec::new();
    for number in 0..checks {
        let check = office.check(number).unwrap();
        made.push(check);
        if number.is_multiple_of(6) {
            let given = office.feedback(&check, number, "f-1").unwrap();
            made.push(given);
            if number.is_multiple_of(12) {
                made.push(office.cancel(&check, number, &given).unwrap());
            }
        }
    }
    made
}

pub(super) fn kinds(dir: &Path) -> BTreeMap<&'static str, usize> {
    let mut kinds = BTreeMap::new();
    read_all(dir, |stored| *kinds.entry(Kind::word(stored.entry.body.kind())).or_default() += 1).unwrap();
    kinds
}
