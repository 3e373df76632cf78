//! A caller that speaks plain HTTP over a socket, so that tests see every byte.

use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// Code and pointer of a problem.
    pub(crate) fn problem(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let json = self.json();
        assert_eq!(json["status"], self.status);
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        assert!(
            !text("type").is_empty() && !text("title").is_empty() && !text("detail").is_empty(),
            "{json}"
        );
        (self.status, text("code"), text("pointer"))
    }
}

/// A connection.
pub(crate) struct Connection<S: Read + Write = TcpStream>(BufReader<S>);

impl Connection {
    pub(crate) fn open(addr: SocketAddr) -> Connection {
        let stream = TcpStream::connect(addr).unwrap_or_else(|error| panic!("{addr}: {error}"));
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap_or_else(|error| panic!("{error}"));
        Connection::over(stream)
    }
}

impl<S: Read + Write> Connection<S> {
    pub(crate) fn over(stream: S) -> Connection<S> {
        Connection(BufReader::new(stream))
    }

    pub(crate) fn send(&mut self, bytes: &str) {
        self.0.get_mut().write_all(bytes.as_bytes()).unwrap_or_else(|error| panic!("sending: {error}"));
    }

    /// Whether the other side still takes bytes.
    pub(crate) fn try_send(&mut self, bytes: &str) -> bool {
        self.0.get_mut().write_all(bytes.as_bytes()).is_ok()
    }

    pub(crate) fn reply(&mut self) -> Reply {
        self.try_reply().unwrap_or_else(|error| panic!("no reply: {error}"))
    }

    /// Whether the other side has hung up.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0) | Err(_))
    }

    /// A reply, or why there is none.
    pub(crate) fn try_reply(&mut self) -> io::Result<Reply> {
        let mut reply = self.try_head()?;
        let length = reply.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        reply.body.resize(length, 0);
        self.0.read_exact(&mut reply.body)?;
        Ok(reply)
    }

    /// The head of a reply.
    pub(crate) fn head(&mut self) -> Reply {
        self.try_head().unwrap_or_else(|error| panic!("no reply: {error}"))
    }

    fn try_head(&mut self) -> io::Result<Reply> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status in {line:?}")))?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line)?;
            match line.trim_end().split_once(':') {
                Some((name, value)) => headers.push((name.to_owned(), value.trim().to_owned())),
                None => break,
            }
        }
        Ok(Reply { status, headers, body: Vec::new() })
    }
}

/// The bytes of a POST with JSON.
pub(crate) fn post_bytes(path: &str, kind: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The bytes of a POST with JSON and one more header.
pub(crate) fn post_with(path: &str, header: &str, body: &str) -> String {
    post_bytes(path, &format!("application/json\r\n{header}"), body)
}

/// One POST with JSON on a connection of its own.
pub(crate) fn post(addr: SocketAddr, path: &str, body: &str) -> Reply {
    request(addr, &post_bytes(path, "application/json", body))
}

/// One GET on a connection of its own.
pub(crate) fn get(addr: SocketAddr, path: &str) -> Reply {
    request(addr, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
}

/// Any bytes on a connection of their own.
pub(crate) fn request(addr: SocketAddr, bytes: &str) -> Reply {
    let mut connection = Connection::open(addr);
    connection.send(bytes);
    connection.reply()
}
