//! What the ops listener answers.

use super::Readiness;
use super::gauges::{self, Gauges};
use super::metrics::Board;
use super::status::status;
use crate::audit::Log;
use crate::live::follow::Following;
use crate::live::{Clock, Live};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// What the listener tells about.
#[derive(Debug, Clone)]
pub struct Watched {
    /// What is served.
    pub live: Arc<Live>,
    /// The log of receipts.
    pub log: Arc<Log>,
    /// What is counted.
    pub board: Arc<Board>,
    /// Whether callers should come.
    pub readiness: Arc<Readiness>,
    /// When the process began.
    pub started: Instant,
    /// What day it is.
    pub clock: Clock,
    /// How following the store goes; none: one release is served.
    pub following: Option<Arc<Following>>,
}

impl Watched {
    /// Why callers should not be sent here now.
    pub(super) fn not_ready(&self) -> Option<&'static str> {
        match (self.readiness.is_set(), self.readiness.is_over()) {
            (true, _) => {
                let closed = self.live.closed(self.clock.now()).map(|closed| closed.why());
                let refusing = self.log.board().refusing.load(Ordering::Relaxed);
                closed.or(refusing.then_some("receipts cannot be written"))
            }
            (false, true) => Some("draining"),
            (false, false) => {
                Some(self.live.closed(self.clock.now()).map_or("starting", |closed| closed.why()))
            }
        }
    }
}

/// The answers; the recorder is their own, so that several servers can run in one process.
pub(super) struct Answers {
    watched: Watched,
    gauges: Gauges,
    recorder: PrometheusRecorder,
}

impl Answers {
    pub(super) fn new(watched: Watched) -> Answers {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, gauges::describe);
        Answers { watched, gauges: Gauges::default(), recorder }
    }

    pub(super) fn to<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let known = matches!(request.uri().path(), "/live" | "/ready" | "/metrics" | "/status");
        match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/live") => plain(StatusCode::OK, "live\n"),
            (&Method::GET | &Method::HEAD, "/ready") => match self.watched.not_ready() {
                None => plain(StatusCode::OK, "ready\n"),
                Some(why) => {
                    let words = format!("not ready: {why}\n");
                    response(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", words)
                }
            },
            (&Method::GET | &Method::HEAD, "/metrics") => {
                response(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", self.metrics())
            }
            (&Method::GET | &Method::HEAD, "/status") => {
                response(StatusCode::OK, "application/json", status(&self.watched).to_string())
            }
            _ if known => {
                let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
                refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                refused
            }
            _ => plain(StatusCode::NOT_FOUND, "no such page: /live, /ready, /metrics, /status\n"),
        }
    }

    fn metrics(&self) -> String {
        metrics::with_local_recorder(&self.recorder, || self.gauges.publish(&self.watched));
        self.recorder.handle().render()
    }
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
