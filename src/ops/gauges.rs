//! What `/metrics` tells: the workers' counts added up, and what is served, as it looks at the scrape.

use super::answers::Watched;
use crate::audit::{BATCH_BOUNDS, COMMIT_BOUNDS_US, LogBoard};
use crate::domain::date::Day;
use crate::live::follow::{Concern, Following};
use crate::live::{Now, Serving, age_s};
use crate::ops::metrics::{Board, LATENCY_BOUNDS_US};
use crate::ops::process;
use metrics::{counter, gauge};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Publishes, and remembers what it must take back.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    /// The release of the last scrape.
    release: RefCell<Option<String>>,
}

impl Gauges {
    /// Sets everything to what it is now.
    pub(super) fn publish(&self, watched: &Watched) {
        workers(watched);
        process::publish();
        receipts(watched.log.board());
        let now = watched.clock.now();
        gauge!("xinhe_ready").set(truth(watched.not_ready().is_none()));
        gauge!("xinhe_uptime_seconds").set(watched.started.elapsed().as_secs_f64());
        if let Some(serving) = watched.live.current() {
            self.release(&serving);
            served(&serving, now);
            gauge!("xinhe_release_old").set(truth(watched.live.is_old(&serving, now)));
        }
        if let Some(following) = &watched.following {
            followed(following);
        }
    }

    /// A release that is no longer served is 0, not gone: the format has no way to take back a label.
    fn release(&self, serving: &Serving) {
        let mut known = self.release.borrow_mut();
        if let Some(before) = known.take_if(|before| before != serving.name()) {
            gauge!("xinhe_release_info", "release" => before).set(0.0);
        }
        gauge!("xinhe_release_info", "release" => serving.name().to_owned()).set(1.0);
        *known = Some(serving.name().to_owned());
    }
}

fn workers(watched: &Watched) {
    let board = &watched.board;
    let mut totals = BTreeMap::new();
    for worker in &board.workers {
        for (verdict, count) in worker.verdicts.read() {
            *totals.entry(("xinhe_checks_total", "verdict", verdict)).or_insert(0) += count;
        }
        for (code, count) in worker.problems.read() {
            *totals.entry(("xinhe_problems_total", "code", code)).or_insert(0) += count;
        }
        for (right, count) in worker.rights.read() {
            *totals.entry(("xinhe_forbidden_total", "right", right)).or_insert(0) += count;
        }
    }
    for ((name, label, value), count) in totals {
        counter!(name, label => value).absolute(count);
    }
    clients(board);
    latency(board);
    let cut = board.workers.iter().map(|worker| worker.cut.load(Ordering::Relaxed)).sum();
    counter!("xinhe_connections_cut_total").absolute(cut);
    let cut = board.workers.iter().map(|worker| worker.streams_cut.load(Ordering::Relaxed)).sum();
    counter!("xinhe_http2_streams_cut_total").absolute(cut);
    let of_http2 = board.workers.iter().map(|worker| worker.http2_connections.load(Ordering::Relaxed));
    gauge!("xinhe_http2_connections").set(of_http2.sum::<usize>() as f64);
    let failed = board.workers.iter().map(|worker| worker.handshakes_failed.load(Ordering::Relaxed)).sum();
    counter!("xinhe_handshakes_failed_total").absolute(failed);
    counter!("xinhe_connections_refused_total").absolute(board.refused.load(Ordering::Relaxed));
    for (place, worker) in board.workers.iter().enumerate() {
        let open = worker.connections.load(Ordering::Relaxed) as f64;
        gauge!("xinhe_connections", "worker" => place.to_string()).set(open);
    }
}

fn latency(board: &Board) {
    let mut totals = vec![0; LATENCY_BOUNDS_US.len() + 1];
    let mut spent_us = 0;
    for worker in &board.workers {
        let (counts, sum) = worker.latency.read();
        totals.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
        spent_us += sum;
    }
    buckets("xinhe_check_microseconds", &LATENCY_BOUNDS_US, &totals, spent_us);
}

/// Only what has happened: most clients never meet most problems.
fn clients(board: &Board) {
    let mut totals = BTreeMap::new();
    for (id, counts) in board.workers.iter().flat_map(|worker| worker.clients()) {
        for (verdict, count) in counts.verdicts.read() {
            *totals.entry(("xinhe_client_checks_total", "verdict", verdict, id.clone())).or_insert(0) +=
                count;
        }
        for (code, count) in counts.problems.read() {
            *totals.entry(("xinhe_client_problems_total", "code", code, id.clone())).or_insert(0) += count;
        }
        let noticed = counts.guessing.load(Ordering::Relaxed);
        *totals.entry(("xinhe_client_guessing_total", "of", "persons", id)).or_insert(0) += noticed;
    }
    for ((name, label, value, id), count) in totals.into_iter().filter(|(_, count)| *count > 0) {
        counter!(name, label => value, "client" => id).absolute(count);
    }
    for (file, reload) in [("clients", &board.clients), ("certificates", &board.certificates)] {
        let (done, refused, current) = reload.read();
        counter!("xinhe_reloads_total", "file" => file, "outcome" => "done").absolute(done);
        counter!("xinhe_reloads_total", "file" => file, "outcome" => "refused").absolute(refused);
        gauge!("xinhe_reload_current", "file" => file).set(if current { 1.0 } else { 0.0 });
    }
}

fn receipts(board: &LogBoard) {
    let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
    counter!("xinhe_receipts_total").absolute(load(&board.entries));
    counter!("xinhe_receipts_bytes_total").absolute(load(&board.bytes));
    counter!("xinhe_receipts_failures_total").absolute(load(&board.failures));
    counter!("xinhe_receipts_segments_sealed_total").absolute(load(&board.sealed));
    gauge!("xinhe_receipts_backlog").set(board.backlog() as f64);
    gauge!("xinhe_receipts_reserve_bytes").set(load(&board.reserve) as f64);
    gauge!("xinhe_receipts_refusing").set(truth(board.refusing.load(Ordering::Relaxed)));
    let (counts, entries) = board.batch_sizes.read();
    buckets("xinhe_receipts_batch_entries", &BATCH_BOUNDS, &counts, entries);
    let (counts, spent_us) = board.commits_us.read();
    buckets("xinhe_receipts_commit_microseconds", &COMMIT_BOUNDS_US, &counts, spent_us);
}

/// Fixed buckets, each with all below it. The names are those of a histogram's parts.
fn buckets(name: &'static str, bounds: &[u64], counts: &[u64], sum: u64) {
    let bounds = bounds.iter().map(u64::to_string).chain(["+Inf".to_owned()]);
    for (bound, count) in bounds.zip(counts) {
        counter!(format!("{name}_bucket"), "le" => bound).absolute(*count);
    }
    counter!(format!("{name}_sum")).absolute(sum);
    counter!(format!("{name}_count")).absolute(counts.last().copied().unwrap_or_default());
}

fn served(serving: &Serving, now: Now) {
    let snapshot = serving.snapshot();
    gauge!("xinhe_subjects").set(snapshot.counts().subjects.iter().sum::<u64>() as f64);
    gauge!("xinhe_corrections").set(serving.corrections() as f64);
    gauge!("xinhe_release_age_seconds").set(serving.age_s(now) as f64);
    for (place, source) in snapshot.sources().iter().enumerate() {
        // As guardrails name a source.
        let name = format!("{}-{}", place + 1, source.kind);
        let age = age_s(Day::from_number(source.as_of), now);
        gauge!("xinhe_source_age_seconds", "source" => name.clone()).set(age as f64);
        let stale = !source.supplies.is_empty() && now.day.number() > source.fresh_until;
        gauge!("xinhe_source_stale", "source" => name).set(truth(stale));
    }
}

fn followed(following: &Following) {
    let state = following.state();
    counter!("xinhe_polls_total").absolute(following.polls.load(Ordering::Relaxed));
    counter!("xinhe_poll_failures_total").absolute(following.poll_failures.load(Ordering::Relaxed));
    counter!("xinhe_release_swaps_total").absolute(following.swaps.load(Ordering::Relaxed));
    gauge!("xinhe_pointer_sequence").set(state.sequence.unwrap_or(0) as f64);
    gauge!("xinhe_corrections_idle").set(state.idle_corrections as f64);
    gauge!("xinhe_corrections_gap_seconds").set(state.gap().unwrap_or_default().as_secs_f64());
    let silent = state.last_answer.map_or(0.0, |at| at.elapsed().as_secs_f64());
    gauge!("xinhe_store_silent_seconds").set(silent);
    for concern in Concern::ALL {
        let wrong = truth(state.trouble(concern).is_some());
        gauge!("xinhe_follow_trouble", "concern" => concern.word()).set(wrong);
    }
}

fn truth(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

/// Says once what each of them is.
pub(super) fn describe() {
    process::describe();
    metrics::describe_counter!("xinhe_receipts_total", "Receipts that are in the log");
    metrics::describe_counter!("xinhe_receipts_bytes_total", "Bytes of receipts written");
    metrics::describe_counter!("xinhe_receipts_failures_total", "Times that receipts could not be written");
    metrics::describe_counter!("xinhe_receipts_segments_sealed_total", "Files of receipts sealed");
    metrics::describe_gauge!("xinhe_receipts_backlog", "Receipts that wait for their commit");
    metrics::describe_gauge!("xinhe_receipts_reserve_bytes", "Bytes of audit.reserve that are still kept");
    metrics::describe_gauge!("xinhe_receipts_refusing", "1 while nobody is answered for want of receipts");
    metrics::describe_counter!(
        "xinhe_forbidden_total",
        "Requests refused for a right that is missing, by right"
    );
    metrics::describe_counter!("xinhe_client_checks_total", "Checks answered, by client and verdict");
    metrics::describe_counter!("xinhe_client_problems_total", "Problems answered, by client and code");
    metrics::describe_counter!(
        "xinhe_client_guessing_total",
        "Times a client's checks of persons mostly missed"
    );
    metrics::describe_counter!("xinhe_reloads_total", "Times a file was read again, by file and outcome");
    metrics::describe_gauge!("xinhe_reload_current", "1 while what stands in the file is in force");
    metrics::describe_counter!("xinhe_checks_total", "Checks answered, by verdict");
    metrics::describe_counter!("xinhe_problems_total", "Problems answered, by code");
    metrics::describe_counter!("xinhe_connections_cut_total", "Connections cut because they were too slow");
    metrics::describe_counter!("xinhe_connections_refused_total", "Connections refused: too many were open");
    metrics::describe_gauge!("xinhe_connections", "Connections open");
    metrics::describe_gauge!("xinhe_http2_connections", "Connections open that speak HTTP/2");
    metrics::describe_counter!(
        "xinhe_http2_streams_cut_total",
        "Requests of HTTP/2 cut because they were too slow"
    );
    metrics::describe_gauge!("xinhe_ready", "1 while callers should be sent here");
    metrics::describe_gauge!("xinhe_uptime_seconds", "Seconds since the process began");
    metrics::describe_gauge!("xinhe_subjects", "Subjects served");
    metrics::describe_gauge!("xinhe_corrections", "Number of the last correction in effect");
    metrics::describe_gauge!("xinhe_release_info", "1 for the release served, 0 for those before");
    metrics::describe_gauge!(
        "xinhe_release_age_seconds",
        "Seconds since the day of the release's data was over"
    );
    metrics::describe_gauge!("xinhe_release_old", "1 while the release is older than release.max_age");
    metrics::describe_gauge!(
        "xinhe_source_age_seconds",
        "Seconds since the day of the source's data was over"
    );
    metrics::describe_gauge!("xinhe_source_stale", "1 while the lists of the source are stale");
    metrics::describe_counter!("xinhe_polls_total", "Times that the store was asked");
    metrics::describe_counter!("xinhe_poll_failures_total", "Times that it did not answer, or not well");
    metrics::describe_counter!("xinhe_release_swaps_total", "Releases swapped in");
    metrics::describe_gauge!("xinhe_pointer_sequence", "Sequence of the newest pointer that was accepted");
    metrics::describe_gauge!("xinhe_corrections_idle", "Corrections that do nothing in the release served");
    metrics::describe_gauge!(
        "xinhe_corrections_gap_seconds",
        "Seconds for which corrections cannot be applied"
    );
    metrics::describe_gauge!("xinhe_store_silent_seconds", "Seconds since the store last answered");
    metrics::describe_gauge!("xinhe_follow_trouble", "1 while something is wrong, by what it concerns");
}
