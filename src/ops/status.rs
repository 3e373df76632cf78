//! `GET /status`: what an operator asks first, as JSON.

use super::answers::Watched;
use crate::live::follow::{Concern, Following};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The status now.
pub(super) fn status(watched: &Watched) -> Value {
    let Watched { live, board, readiness, started, clock, following, log } = watched;
    let now = clock.now();
    let mut told = json!({
        "ready": watched.not_ready().is_none(),
        "draining": readiness.is_over(),
        "uptime_s": started.elapsed().as_secs(),
        "workers": board.workers.len(),
        "connections": board.connections(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let mut add = |key: &str, value: Value| {
        if !value.is_null() {
            told[key] = value;
        }
    };
    add("not_ready", watched.not_ready().into());
    if let Some(serving) = live.current() {
        let manifest = &serving.release.manifest;
        add("release", manifest.release.as_str().into());
        add("as_of", manifest.as_of.as_str().into());
        add("age_s", serving.age_s(now).into());
        add("old", live.is_old(&serving, now).into());
        add("corrections", serving.corrections().into());
        add("stale", serving.snapshot().stale_lists(now.day).into());
    }
    let receipts = log.board();
    add(
        "receipts",
        json!({
            "written": receipts.entries.load(Ordering::Relaxed),
            "waiting": receipts.backlog(),
            "refusing": receipts.refusing.load(Ordering::Relaxed),
            "reserve_bytes": receipts.reserve.load(Ordering::Relaxed),
        }),
    );
    add("follow", following.as_deref().map_or(Value::Null, follow));
    told
}

fn follow(following: &Following) -> Value {
    let state = following.state();
    let since = |at: Option<Instant>| at.map(|at| millis(at.elapsed().as_millis()));
    let until =
        |at: Option<Instant>| at.map(|at| millis(at.saturating_duration_since(Instant::now()).as_millis()));
    let troubles: Vec<Value> = Concern::ALL
        .iter()
        .filter_map(|concern| {
            let trouble = state.trouble(*concern)?;
            let since_s = trouble.since.elapsed().as_secs();
            Some(json!({"concern": concern.word(), "what": trouble.what, "since_s": since_s,
                        "times": trouble.times}))
        })
        .collect();
    let all = json!({
        "store": following.store,
        "sequence": state.sequence,
        "pinned": state.pinned,
        "serving": state.serving,
        "wanted": state.wanted,
        "arriving": state.arriving,
        "cached": state.cached,
        "polls": following.polls.load(Ordering::Relaxed),
        "poll_failures": following.poll_failures.load(Ordering::Relaxed),
        "swaps": following.swaps.load(Ordering::Relaxed),
        "last_poll_ms_ago": since(state.last_poll),
        "last_answer_ms_ago": since(state.last_answer),
        "next_poll_in_ms": until(state.next_poll),
        "failures_in_a_row": state.failures_in_a_row,
        "idle_corrections": state.idle_corrections,
        "gap_s": state.gap().map(|gap| gap.as_secs()),
        "troubles": troubles,
    });
    // A field without a value is left out.
    match all {
        Value::Object(fields) => {
            Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect())
        }
        other => other,
    }
}

fn millis(millis: u128) -> u64 {
    u64::try_from(millis).unwrap_or(u64::MAX)
}
