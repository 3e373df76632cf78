//! An HTTP/1.1 server of a few lines that does what a test tells it to.

// Each test binary uses some of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What the server does with request number `n`, counted from 0 over all connections.
pub(crate) enum Reply {
    Status(u16),
    /// 200 with this body.
    Body(String),
    /// Answers, then closes, saying so.
    LastOne,
    /// Answers, then closes without a word.
    Hangup,
    /// Closes instead of answering.
    Break,
    After(Duration),
}

/// A server that lives as long as the test process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    scheme: &'static str,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) fn start(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::speaking(None, reply)
    }

    /// Over TLS.
    pub(crate) fn secure(
        tls: Arc<ServerConfig>,
        reply: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::speaking(Some(tls), reply)
    }

    fn speaking(
        tls: Option<Arc<ServerConfig>>,
        reply: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let server = Self { address, scheme, seen: Arc::clone(&seen) };
        let reply = Arc::new(reply);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, reply, tls) = (Arc::clone(&seen), Arc::clone(&reply), tls.clone());
                std::thread::spawn(move || {
                    let stream: TcpStream = stream.unwrap();
                    match tls {
                        None => serve(stream, &seen, &*reply),
                        Some(tls) => {
                            let connection = ServerConnection::new(tls).unwrap();
                            serve(StreamOwned::new(connection, stream), &seen, &*reply)
                        }
                    }
                });
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

/// Serves one connection until either side closes it.
fn serve<S: Read + Write>(stream: S, seen: &Mutex<Vec<Seen>>, reply: &dyn Fn(usize) -> Reply) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let request = read_request(&mut reader)?;
        let number = {
            let mut seen = seen.lock().unwrap();
            seen.push(request);
            seen.len() - 1
        };
        let mut body = "{}".to_owned();
        let (status, close, hangup) = match reply(number) {
            Reply::Body(told) => {
                body = told;
                (200, "", false)
            }
            Reply::Status(status) => (status, "", false),
            Reply::LastOne => (200, "connection: close\r\n", true),
            Reply::Hangup => (200, "", true),
            Reply::Break => return None,
            Reply::After(wait) => {
                std::thread::sleep(wait);
                (200, "", false)
            }
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{close}\r\n{body}");
        let stream = reader.get_mut();
        stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()).ok()?;
        if hangup {
            return None;
        }
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Seen> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim_end().is_empty() {
            break;
        }
        lines.push(line.trim_end().to_owned());
    }
    let headers: BTreeMap<_, _> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen { line: lines[0].clone(), headers, body: String::from_utf8(body).unwrap() })
}
