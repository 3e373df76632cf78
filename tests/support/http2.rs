//! A caller that speaks HTTP/2: with h2 where it keeps to the protocol, by frames where it does not.

use super::client::Reply;
use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use hyper::{Request, Response};
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

/// What a connection begins with.
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Kinds of frames.
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;
/// Flags of frames.
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
/// Why a connection is ended: the caller is told to be calm.
pub(crate) const ENHANCE_YOUR_CALM: u32 = 11;

/// Runs what a caller does. Nothing takes longer than a minute, however slow the machine.
pub(crate) fn run<T>(what: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let whole = async { tokio::time::timeout(Duration::from_secs(60), what).await };
    runtime.block_on(whole).expect("it comes to an end")
}

/// Lets time go by.
pub(crate) async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// Tries until it holds, for ten seconds, while connections go on.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        pause(50).await;
    }
    panic!("{what}");
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Caller {
    sender: SendRequest<Bytes>,
    /// Ends with the connection: without an error if the server said so first.
    pub(crate) connection: JoinHandle<Result<(), h2::Error>>,
}

impl Caller {
    /// A connection in the clear.
    pub(crate) async fn open(api: SocketAddr) -> Caller {
        Caller::with(&Builder::new(), api).await
    }

    /// A connection of a caller with these settings.
    pub(crate) async fn with(builder: &Builder, api: SocketAddr) -> Caller {
        Caller::over(builder, tokio::net::TcpStream::connect(api).await.unwrap()).await
    }

    /// A connection over anything.
    pub(crate) async fn over<S>(builder: &Builder, stream: S) -> Caller
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = builder.handshake(stream).await.unwrap();
        Caller { sender, connection: tokio::spawn(connection) }
    }

    /// How many requests the server takes at once.
    pub(crate) fn streams_max(&self) -> usize {
        self.sender.current_max_send_streams()
    }

    /// Sends the head of a request.
    pub(crate) async fn begin(
        &mut self,
        (method, path): (&str, &str),
        fields: &[(&str, &str)],
        is_whole: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), h2::Error> {
        let mut request = Request::builder().method(method).uri(format!("http://x{path}"));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        poll_fn(|cx| self.sender.poll_ready(cx)).await?;
        self.sender.send_request(request.body(()).unwrap(), is_whole)
    }

    /// One request and its reply.
    pub(crate) async fn ask(
        &mut self,
        what: (&str, &str),
        fields: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, h2::Error> {
        let (reply, mut stream) = self.begin(what, fields, body.is_empty()).await?;
        if !body.is_empty() {
            // A refused request may be over before its body was sent.
            send(&mut stream, body, true).await.ok();
        }
        whole(reply.await?).await
    }

    /// A check.
    pub(crate) async fn check(&mut self, body: &str) -> Result<Reply, h2::Error> {
        self.ask(("POST", "/v1/checks"), &[("content-type", "application/json")], body).await
    }
}

/// Sends some of a body, as fast as the server lets it.
pub(crate) async fn send(stream: &mut SendStream<Bytes>, body: &str, is_last: bool) -> Result<(), h2::Error> {
    let mut left = Bytes::copy_from_slice(body.as_bytes());
    while !left.is_empty() {
        stream.reserve_capacity(left.len());
        let room = poll_fn(|cx| stream.poll_capacity(cx)).await;
        let room = room.unwrap_or_else(|| Err(h2::Reason::STREAM_CLOSED.into()))?;
        let piece = left.split_to(room.min(left.len()));
        stream.send_data(piece, is_last && left.is_empty())?;
    }
    if body.is_empty() && is_last { stream.send_data(Bytes::new(), true) } else { Ok(()) }
}

/// The next piece of a reply, of which the server is told that it was taken.
pub(crate) async fn next(body: &mut RecvStream) -> Option<Result<Bytes, h2::Error>> {
    let piece = body.data().await?;
    if let Ok(bytes) = &piece {
        // After the last piece there is nothing left to be told.
        body.flow_control().release_capacity(bytes.len()).ok();
    }
    Some(piece)
}

/// A reply with all of its body.
pub(crate) async fn whole(response: Response<RecvStream>) -> Result<Reply, h2::Error> {
    let (head, mut stream) = response.into_parts();
    let mut body = Vec::new();
    while let Some(piece) = next(&mut stream).await {
        body.extend_from_slice(&piece?);
    }
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Ok(Reply { status: head.status.as_u16(), headers, body })
}

/// A frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Fields of `GET /`, packed (RFC 7541): of the static table, but for the authority.
pub(crate) const GET: &[u8] = &[0x82, 0x86, 0x84, 0x41, 1, b'x'];

/// A connection by frames.
pub(crate) struct Frames(pub(crate) TcpStream);

impl Frames {
    /// Behind preface and settings.
    pub(crate) fn open(api: SocketAddr) -> Frames {
        let stream = TcpStream::connect(api).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut frames = Frames(stream);
        assert!(frames.send(PREFACE) && frames.send(&frame(SETTINGS, 0, 0, &[])));
        frames
    }

    /// Whether the server still takes bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// The next frame: kind, stream, payload. None once the server has hung up.
    pub(crate) fn next(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
    }

    /// Why the server ended the connection, if it said so.
    pub(crate) fn goodbye(&mut self) -> Option<u32> {
        let mut why = None;
        while let Some((kind, _, payload)) = self.next() {
            if kind == GOAWAY {
                why = payload[4..8].try_into().ok().map(u32::from_be_bytes);
            }
        }
        why
    }
}
