//! HTTP/2 with callers that are slow: what is too slow is cut, and nothing else.

use crate::support::clients::soon;
use crate::support::http2::{
    CONTINUATION, Caller, END_STREAM, Frames, GET, HEADERS, PING, PREFACE, frame, next, pause, run, send,
    until, whole,
};
use crate::support::server::Server;
use h2::client::Builder;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

const CHECK: &str = r#"{"subject":{"id":"91370402MA3T006317"}}"#;
const JSON: (&str, &str) = ("content-type", "application/json");
const LINES: (&str, &str) = ("content-type", "application/x-ndjson");

/// Whether the metrics tell this.
fn tells(server: &Server, line: &str) -> bool {
    server.metrics().lines().any(|told| told == line)
}

/// Sends bytes one by one until the server hangs up.
fn trickle(stream: &mut TcpStream, bytes: impl IntoIterator<Item = u8>) {
    let taken = bytes.into_iter().take(1000).take_while(|byte| {
        std::thread::sleep(Duration::from_millis(20));
        stream.write_all(&[*byte]).is_ok()
    });
    assert!(taken.count() < 1000, "it is cut");
}

#[test]
fn headers_that_come_bit_by_bit_are_cut() {
    let server = Server::start(&["limits.header_timeout=300ms"]);
    // Of the preface one half, and nothing more.
    let mut half = Frames(TcpStream::connect(server.api).unwrap());
    half.0.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    half.send(&PREFACE[..12]);
    assert_eq!(half.next(), None);
    // Headers of any length, a byte at a time.
    let mut long = Frames::open(server.api);
    trickle(&mut long.0, frame(HEADERS, END_STREAM, 1, &[0; 10_000]));
    // Headers that go on in ever more frames: each is whole, all are not.
    let mut ever = Frames::open(server.api);
    ever.send(&frame(HEADERS, END_STREAM, 1, GET));
    trickle(&mut ever.0, frame(CONTINUATION, 0, 1, &[]).repeat(200));
    // A head of a frame that does not end.
    let mut head = Frames::open(server.api);
    head.send(&frame(PING, 0, 0, &[0; 8])[..5]);
    assert_eq!(head.goodbye(), None);
    soon("they are counted", || tells(&server, "xinhe_connections_cut_total 4"));
    assert_eq!(crate::support::client::post(server.api, "/v1/checks", CHECK).status, 200);
}

#[test]
fn a_connection_without_requests_is_idle_whatever_else_it_sends() {
    let server = Server::start(&["limits.idle_timeout=2s"]);
    let mut frames = Frames::open(server.api);
    let pings = (0..1000).take_while(|_| {
        std::thread::sleep(Duration::from_millis(20));
        frames.send(&frame(PING, 0, 0, &[0; 8]))
    });
    assert!(pings.count() < 1000, "it is cut");
    soon("it is counted", || tells(&server, "xinhe_connections_cut_total 1"));
    // One with a request under way is not, however long that takes.
    run(async {
        let mut caller = Caller::open(server.api).await;
        let (reply, mut lines) = caller.begin(("POST", "/v1/checks/batch"), &[LINES], false).await.unwrap();
        let mut answers = None;
        let mut reply = Some(reply);
        for _ in 0..4 {
            send(&mut lines, &format!("{CHECK}\n"), false).await.unwrap();
            if let Some(reply) = reply.take() {
                answers = Some(reply.await.unwrap().into_body());
            }
            assert!(next(answers.as_mut().unwrap()).await.unwrap().is_ok());
            pause(700).await;
        }
        send(&mut lines, "", true).await.unwrap();
        assert!(next(answers.as_mut().unwrap()).await.unwrap().is_ok(), "the summary");
        // And then it is.
        caller.connection.await.unwrap().ok();
    });
    assert!(tells(&server, "xinhe_connections_cut_total 2"));
}

#[test]
fn a_body_that_does_not_come_ends_its_request_and_no_other() {
    let server = Server::start(&["limits.body_timeout=2s", "workers.count=1"]);
    run(async {
        let mut caller = Caller::open(server.api).await;
        let (silent, mut nothing) = caller.begin(("POST", "/v1/checks"), &[JSON], false).await.unwrap();
        send(&mut nothing, "{", false).await.unwrap();
        let (slow, mut bits) = caller.begin(("POST", "/v1/checks"), &[JSON], false).await.unwrap();
        let (batch, mut lines) = caller.begin(("POST", "/v1/checks/batch"), &[LINES], false).await.unwrap();
        send(&mut lines, &format!("{CHECK}\n"), false).await.unwrap();
        let mut answers = batch.await.unwrap().into_body();
        assert!(next(&mut answers).await.unwrap().is_ok());
        // A bit now and then: the whole body counts.
        let mut taken = 0;
        while send(&mut bits, " ", false).await.is_ok() && taken < 400 {
            taken += 1;
            pause(50).await;
        }
        assert!(taken < 400, "it is cut");
        for cut in [silent.await.unwrap_err(), slow.await.unwrap_err()] {
            assert_eq!(cut.reason(), Some(h2::Reason::CANCEL), "{cut}");
        }
        let cut = next(&mut answers).await.unwrap().unwrap_err();
        assert_eq!(cut.reason(), Some(h2::Reason::CANCEL), "the batch has no summary: {cut}");
        assert_eq!(caller.check(CHECK).await.unwrap().status, 200, "the connection goes on");
    });
    soon("they are counted", || tells(&server, "xinhe_http2_streams_cut_total 3"));
    assert!(tells(&server, "xinhe_connections_cut_total 0"));
}

#[test]
fn a_reply_without_room_is_cut() {
    let server = Server::start(&["limits.write_timeout=500ms"]);
    run(async {
        let mut builder = Builder::new();
        // No byte of a reply is taken: the request is cut, and only it.
        let mut none = Caller::with(builder.initial_window_size(0), server.api).await;
        let (reply, _) = none.begin(("GET", "/v1/release"), &[], true).await.unwrap();
        let mut body = reply.await.unwrap().into_body();
        assert!(body.data().await.unwrap().is_err());
        assert!(!none.connection.is_finished());
        until("it is counted", || tells(&server, "xinhe_http2_streams_cut_total 1")).await;
        assert!(tells(&server, "xinhe_connections_cut_total 0"));
        // Its last bytes are not taken. The server has nothing left to do for the request: the connection is cut.
        let mut one = Caller::with(builder.initial_window_size(1), server.api).await;
        let (reply, _) = one.begin(("GET", "/v1/release"), &[], true).await.unwrap();
        let mut body = reply.await.unwrap().into_body();
        let mut taken = 0;
        while let Some(Ok(piece)) = body.data().await {
            taken += piece.len();
        }
        assert_eq!(taken, 1);
        one.connection.await.unwrap().ok();
        until("it is counted", || tells(&server, "xinhe_connections_cut_total 1")).await;
    });
}

#[test]
fn a_batch_whose_answers_are_not_read_is_not_read_from_and_then_cut() {
    let server = Server::start(&["limits.write_timeout=2s", "workers.count=1"]);
    let lines = format!("{CHECK}\n").repeat(1000);
    run(async {
        // Room for the others, whatever one leaves unread.
        let mut builder = Builder::new();
        let mut caller = Caller::with(builder.initial_connection_window_size(1 << 20), server.api).await;
        assert_eq!(caller.check(CHECK).await.unwrap().status, 200);
        let before = server.memory_most();
        let (reply, mut body) = caller.begin(("POST", "/v1/checks/batch"), &[LINES], false).await.unwrap();
        let unread = reply.await.unwrap().into_body();
        let mut sent = 0;
        let began = Instant::now();
        let patience = Duration::from_millis(500);
        while let Ok(Ok(())) = tokio::time::timeout(patience, send(&mut body, &lines, false)).await {
            sent += lines.len();
            assert!(sent < 64 << 20, "{sent} bytes were taken in {:?}", began.elapsed());
        }
        let more = server.memory_most().saturating_sub(before);
        assert!(more < 32 << 20, "{more} bytes more");
        // Others of the same connection are answered meanwhile.
        assert_eq!(caller.check(CHECK).await.unwrap().status, 200);
        until("it is cut", || tells(&server, "xinhe_http2_streams_cut_total 1")).await;
        assert_eq!(caller.check(CHECK).await.unwrap().status, 200, "and no other");
        drop(unread);
    });
    assert!(tells(&server, "xinhe_connections_cut_total 0"));
}

#[test]
fn a_caller_that_reads_nothing_at_all_is_cut() {
    let server = Server::start(&["limits.write_timeout=500ms"]);
    let mut deaf = Frames::open(server.api);
    // Room for any reply, if only somebody read them.
    deaf.send(&frame(4, 0, 0, &[0, 4, 0x7f, 0xff, 0xff, 0xff]));
    deaf.send(&frame(8, 0, 0, &[0x7f, 0xff, 0, 0]));
    let mut path = GET.to_vec();
    path.splice(2..3, [&[0x04, 20][..], b"/v1/catalog/measures"].concat());
    let cut = (1..20_000).step_by(2).any(|stream| {
        std::thread::sleep(Duration::from_millis(2));
        !deaf.send(&frame(HEADERS, 4 | END_STREAM, stream, &path))
    });
    assert!(cut, "it is not read from for ever");
    soon("it is counted", || tells(&server, "xinhe_connections_cut_total 1"));
    assert_eq!(crate::support::client::post(server.api, "/v1/checks", CHECK).status, 200);
}

#[test]
fn a_caller_that_is_slow_but_reads_gets_all() {
    let server = Server::start(&["limits.write_timeout=4s", "limits.body_timeout=4s"]);
    let count = 10_000;
    run(async {
        let mut builder = Builder::new();
        // Little room at a time, so that the server waits for it over and over.
        let mut caller = Caller::with(builder.initial_window_size(20_000), server.api).await;
        let (reply, mut body) = caller.begin(("POST", "/v1/checks/batch"), &[LINES], false).await.unwrap();
        let sender = tokio::spawn(async move {
            let lines = format!("{CHECK}\n").repeat(1000);
            for _ in 0..count / 1000 {
                send(&mut body, &lines, false).await?;
            }
            send(&mut body, "", true).await
        });
        let mut answers = reply.await.unwrap().into_body();
        let (mut lines, mut pieces) = (0, 0);
        while let Some(piece) = next(&mut answers).await {
            lines += piece.unwrap().iter().filter(|byte| **byte == b'\n').count();
            pieces += 1;
            if pieces % 50 == 0 {
                pause(300).await;
            }
        }
        sender.await.unwrap().unwrap();
        assert_eq!(lines, count + 1);
        // What is large comes in pieces, and whole.
        let (reply, _) = caller.begin(("GET", "/openapi.json"), &[], true).await.unwrap();
        let reply = whole(reply.await.unwrap()).await.unwrap();
        assert!(reply.body.len() > 20_000 && reply.json()["openapi"].is_string());
    });
    assert!(
        tells(&server, "xinhe_connections_cut_total 0") && tells(&server, "xinhe_http2_streams_cut_total 0")
    );
}
