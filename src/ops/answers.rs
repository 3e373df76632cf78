//! What the ops listener answers.

use super::Readiness;
use super::metrics::Board;
use crate::live::Live;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// What the listener tells about.
#[derive(Debug, Clone)]
pub struct Watched {
    /// What is served.
    pub live: Arc<Live>,
    /// What is counted.
    pub board: Arc<Board>,
    /// Whether callers should come.
    pub readiness: Arc<Readiness>,
    /// When the process began.
    pub started: Instant,
}

/// The answers; the recorder is their own, so that several servers can run in one process.
pub(super) struct Answers {
    watched: Watched,
    recorder: PrometheusRecorder,
}

impl Answers {
    pub(super) fn new(watched: Watched) -> Answers {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, describe);
        Answers { watched, recorder }
    }

    pub(super) fn to<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let known = matches!(request.uri().path(), "/live" | "/ready" | "/metrics" | "/status");
        match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/live") => plain(StatusCode::OK, "live\n"),
            (&Method::GET | &Method::HEAD, "/ready") => {
                if self.watched.readiness.is_set() {
                    plain(StatusCode::OK, "ready\n")
                } else {
                    plain(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
                }
            }
            (&Method::GET | &Method::HEAD, "/metrics") => {
                response(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", self.metrics())
            }
            (&Method::GET | &Method::HEAD, "/status") => {
                response(StatusCode::OK, "application/json", self.status())
            }
            _ if known => {
                let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
                refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                refused
            }
            _ => plain(StatusCode::NOT_FOUND, "no such page: /live, /ready, /metrics, /status\n"),
        }
    }

    fn status(&self) -> Vec<u8> {
        let Watched { live, board, readiness, started } = &self.watched;
        let serving = live.current();
        let manifest = &serving.release.manifest;
        let status = serde_json::json!({
            "ready": readiness.is_set(),
            "release": manifest.release,
            "as_of": manifest.as_of,
            "corrections": manifest.corrections.last,
            "uptime_s": started.elapsed().as_secs(),
            "workers": board.workers.len(),
            "connections": board.connections(),
            "version": env!("CARGO_PKG_VERSION"),
        });
        status.to_string().into_bytes()
    }

    fn metrics(&self) -> String {
        metrics::with_local_recorder(&self.recorder, || self.publish());
        self.recorder.handle().render()
    }

    /// Adds up what the workers counted.
    fn publish(&self) {
        let Watched { live, board, readiness, started } = &self.watched;
        let mut totals = std::collections::BTreeMap::new();
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
        publish_clients(board);
        let cut = board.workers.iter().map(|worker| worker.cut.load(Ordering::Relaxed)).sum();
        counter!("xinhe_connections_cut_total").absolute(cut);
        let failed =
            board.workers.iter().map(|worker| worker.handshakes_failed.load(Ordering::Relaxed)).sum();
        counter!("xinhe_handshakes_failed_total").absolute(failed);
        counter!("xinhe_connections_refused_total").absolute(board.refused.load(Ordering::Relaxed));
        for (place, worker) in board.workers.iter().enumerate() {
            let open = worker.connections.load(Ordering::Relaxed) as f64;
            gauge!("xinhe_connections", "worker" => place.to_string()).set(open);
        }
        let serving = live.current();
        gauge!("xinhe_ready").set(if readiness.is_set() { 1.0 } else { 0.0 });
        gauge!("xinhe_uptime_seconds").set(started.elapsed().as_secs_f64());
        gauge!("xinhe_subjects").set(serving.snapshot().counts().subjects.iter().sum::<u64>() as f64);
        gauge!("xinhe_corrections").set(serving.release.manifest.corrections.last as f64);
        gauge!("xinhe_release_info", "release" => serving.name().to_owned()).set(1.0);
    }
}

/// Only what has happened: most clients never meet most problems.
fn publish_clients(board: &Board) {
    let mut totals = std::collections::BTreeMap::new();
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

fn describe() {
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
    metrics::describe_counter!("xinhe_handshakes_failed_total", "TLS handshakes that failed");
    metrics::describe_counter!("xinhe_connections_refused_total", "Connections refused: too many were open");
    metrics::describe_gauge!("xinhe_connections", "Connections open");
    metrics::describe_gauge!("xinhe_ready", "1 while callers should be sent here");
    metrics::describe_gauge!("xinhe_uptime_seconds", "Seconds since the process began");
    metrics::describe_gauge!("xinhe_subjects", "Subjects served");
    metrics::describe_gauge!("xinhe_corrections", "Number of the last correction in effect");
    metrics::describe_gauge!("xinhe_release_info", "The release served");
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", text)
}

fn response(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
