//! HTTP/2 at its bounds: requests at once, headers, callers that break the protocol to make work.

use crate::support::clients::{check, client, guarded, soon};
use crate::support::http2::{
    CONTINUATION, Caller, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, Frames, GET, HEADERS, PING,
    RST_STREAM, frame, pause, run, send, until, whole,
};
use crate::support::server::{Server, refused};
use std::time::{Duration, Instant};

const CHECK: &str = r#"{"subject":{"id":"91370402MA3T006317"}}"#;
const JSON: (&str, &str) = ("content-type", "application/json");

/// Whether the server answers, on a connection of its own.
fn answers(server: &Server) -> bool {
    crate::support::client::post(server.api, "/v1/checks", CHECK).status == 200
}

#[test]
fn a_connection_has_so_many_requests_at_once() {
    let server = Server::start(&["limits.connection_streams_max=3"]);
    run(async {
        let mut caller = Caller::open(server.api).await;
        assert_eq!(caller.check(CHECK).await.unwrap().status, 200);
        assert_eq!(caller.streams_max(), 3);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(caller.begin(("POST", "/v1/checks"), &[JSON], false).await.unwrap());
        }
        // The fourth is not sent before another has its reply.
        let fourth = tokio::time::timeout(Duration::from_millis(300), caller.check(CHECK)).await;
        assert!(fourth.is_err(), "{fourth:?}");
        for (reply, mut body) in held {
            send(&mut body, CHECK, true).await.unwrap();
            assert_eq!(whole(reply.await.unwrap()).await.unwrap().status, 200);
        }
        assert_eq!(caller.check(CHECK).await.unwrap().status, 200);
    });
    // A caller that does not keep to it is refused what is too much: REFUSED_STREAM, it may be asked again.
    let mut frames = Frames::open(server.api);
    for stream in [1, 3, 5, 7] {
        frames.send(&frame(HEADERS, END_HEADERS, stream, GET));
    }
    let (stream, why) = loop {
        let (kind, stream, payload) = frames.next().unwrap();
        if kind == RST_STREAM {
            break (stream, payload);
        }
    };
    assert_eq!((stream, why), (7, vec![0, 0, 0, 7]));
    let words = refused(&["limits.connection_streams_max=0"]).stderr;
    assert!(
        String::from_utf8_lossy(&words).contains("limits.connection_streams_max: found 0, expected 1 to")
    );
}

#[test]
fn requests_of_one_connection_count_like_those_of_many() {
    let clients = [client("greedy", "matters = [\"*\"]"), client("hall", "matters = [\"*\"]")].concat();
    let server = guarded(&clients, &["limits.client_requests_max=2", "workers.count=1"]);
    run(async {
        let mut caller = Caller::open(server.api).await;
        let (greedy, hall) = (("authorization", "Bearer greedy"), ("authorization", "Bearer hall"));
        let path = ("POST", "/v1/checks");
        let mut held = Vec::new();
        for _ in 0..2 {
            held.push(caller.begin(path, &[JSON, greedy], false).await.unwrap());
        }
        let told = caller.ask(path, &[JSON, greedy], CHECK).await.unwrap();
        assert_eq!(told.problem().1, "overloaded");
        assert_eq!(told.header("retry-after"), Some("1"));
        assert_eq!(check(&server, "greedy", CHECK), (503, "overloaded".to_owned()), "in HTTP/1.1 as well");
        assert_eq!(caller.ask(path, &[JSON, hall], CHECK).await.unwrap().status, 200);
        // Who does not wait after a refusal is not read from for a while.
        let began = Instant::now();
        for _ in 0..4 {
            assert_eq!(caller.ask(path, &[JSON, greedy], CHECK).await.unwrap().status, 503);
        }
        assert!(began.elapsed() >= Duration::from_millis(300), "{:?}", began.elapsed());
        let (reply, mut body) = held.remove(0);
        send(&mut body, CHECK, true).await.unwrap();
        assert_eq!(whole(reply.await.unwrap()).await.unwrap().status, 200, "what was accepted is answered");
        assert_eq!(caller.ask(path, &[JSON, greedy], CHECK).await.unwrap().status, 200);
        // Taken back: no longer at hand.
        let (reply, mut body) = caller.begin(path, &[JSON, greedy], false).await.unwrap();
        assert_eq!(caller.ask(path, &[JSON, greedy], CHECK).await.unwrap().status, 503);
        body.send_reset(h2::Reason::CANCEL);
        assert!(reply.await.is_err());
        assert_eq!(caller.ask(path, &[JSON, greedy], CHECK).await.unwrap().status, 200);
    });
}

#[test]
fn a_reply_that_is_not_taken_is_still_at_hand() {
    let server = Server::start(&["limits.requests_max=2", "workers.count=1", "limits.write_timeout=60s"]);
    run(async {
        // Some of each reply is taken, and no more.
        let mut builder = h2::client::Builder::new();
        let mut caller = Caller::with(builder.initial_window_size(100), server.api).await;
        let mut held = Vec::new();
        for _ in 0..2 {
            let (reply, _) = caller.begin(("GET", "/v1/release"), &[], true).await.unwrap();
            let reply = reply.await.unwrap();
            assert_eq!(reply.status(), 200);
            held.push(reply);
        }
        let status = || crate::support::client::post(server.api, "/v1/checks", CHECK).status;
        assert_eq!(status(), 503);
        for reply in held {
            assert_eq!(whole(reply).await.unwrap().status, 200);
        }
        until("there is room again", || status() == 200).await;
    });
}

#[test]
fn headers_have_a_bound() {
    let server = Server::start(&["limits.header_bytes_max=8KiB"]);
    run(async {
        let mut caller = Caller::open(server.api).await;
        let fits = "x".repeat(6 << 10);
        let reply = caller.ask(("POST", "/v1/checks"), &[JSON, ("x-fits", &fits)], CHECK).await.unwrap();
        assert_eq!(reply.status, 200);
        let long = "x".repeat(12 << 10);
        let told = caller.ask(("GET", "/v1/release"), &[("x-long", &long)], "").await;
        assert_eq!(told.unwrap().status, 431);
        assert_eq!(caller.check(CHECK).await.unwrap().status, 200, "the connection goes on");
    });
}

#[test]
fn a_body_that_is_refused_ends_its_request_and_not_the_connection() {
    let server = Server::start(&[]);
    run(async {
        let mut caller = Caller::open(server.api).await;
        // More than is read and thrown away: in HTTP/1.1 the connection closes.
        let long = "x".repeat(3 << 20);
        for (kind, code) in [("text/plain", "unsupported_media_type"), (JSON.1, "payload_too_large")] {
            let told = caller.ask(("POST", "/v1/checks"), &[("content-type", kind)], &long).await.unwrap();
            assert_eq!((told.problem().1.as_str(), told.header("connection")), (code, None));
        }
        assert_eq!(caller.check(CHECK).await.unwrap().status, 200);
    });
}

#[test]
fn a_caller_that_takes_back_what_it_asks_is_told_to_be_calm() {
    let server = Server::start(&[]);
    let mut frames = Frames::open(server.api);
    let mut hasty = Vec::new();
    for stream in (1..2000).step_by(2) {
        hasty.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, GET));
        hasty.extend(frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]));
    }
    frames.send(&hasty);
    assert_eq!(frames.goodbye(), Some(ENHANCE_YOUR_CALM));
    assert!(answers(&server));
}

#[test]
fn headers_without_an_end_are_refused() {
    let server = Server::start(&[]);
    let mut frames = Frames::open(server.api);
    frames.send(&frame(HEADERS, END_STREAM, 1, GET));
    // A field, again and again: `a: b`, literal.
    let more = frame(CONTINUATION, 0, 1, &[0, 1, b'a', 1, b'b']);
    let taken = (0..200_000).take_while(|_| frames.send(&more)).count();
    assert!(taken < 200_000, "it is not read from for ever");
    assert!(frames.goodbye().is_none_or(|why| why == ENHANCE_YOUR_CALM));
    assert!(answers(&server));
}

#[test]
fn a_caller_that_breaks_the_protocol_is_sent_away() {
    let server = Server::start(&[]);
    let broken = [
        // A body without a request, headers of stream 0, a frame that is too large, a ping of 3 bytes.
        frame(DATA, 0, 1, b"x"),
        frame(HEADERS, END_HEADERS, 0, GET),
        frame(DATA, 0, 1, &[0; 70_000]),
        frame(PING, 0, 0, b"abc"),
        frame(CONTINUATION, END_HEADERS, 1, GET),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff; 20]),
    ];
    for bytes in broken {
        let mut frames = Frames::open(server.api);
        frames.send(&bytes);
        assert!(frames.goodbye().is_none_or(|why| why != 0), "{:?}", &bytes[..9]);
    }
    // Without a method a request is none: the stream ends, the connection does not.
    let mut frames = Frames::open(server.api);
    frames.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &GET[1..]));
    frames.send(&frame(HEADERS, END_HEADERS | END_STREAM, 3, GET));
    let mut seen = Vec::new();
    while !seen.contains(&(HEADERS, 3)) {
        let (kind, stream, _) = frames.next().unwrap();
        seen.push((kind, stream));
    }
    assert!(seen.contains(&(RST_STREAM, 1)), "{seen:?}");
    assert!(answers(&server));
}

#[test]
fn a_caller_that_hangs_up_leaves_nothing_behind() {
    let server = Server::start(&["limits.requests_max=4", "workers.count=1"]);
    run(async {
        for _ in 0..5 {
            let mut caller = Caller::open(server.api).await;
            let mut held = Vec::new();
            for _ in 0..4 {
                held.push(caller.begin(("POST", "/v1/checks"), &[JSON], false).await.unwrap());
            }
            pause(20).await;
            caller.connection.abort();
            until("its requests are gone", || answers(&server)).await;
        }
    });
    soon("all are gone", || server.metrics().contains("xinhe_http2_connections 0"));
}
