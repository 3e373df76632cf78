//! A server on a free port of the loopback, ended when dropped.

use super::person_key;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `xinhe-server`.
pub struct Server {
    child: Child,
    /// Where checks are answered.
    pub api: SocketAddr,
    /// Where operators look.
    pub ops: SocketAddr,
    folder: tempfile::TempDir,
}

impl Server {
    /// Serves a release, on a day if one is given.
    pub fn start(release: &Path, today: Option<&str>) -> Server {
        Server::start_with(release, today, "")
    }

    /// Serves a release with more lines of configuration.
    pub fn start_with(release: &Path, today: Option<&str>, more: &str) -> Server {
        let folder = tempfile::tempdir().expect("a folder");
        let key = person_key(folder.path());
        let clock = today.map_or(String::new(), |day| format!("[clock]\ntoday = \"{day}\"\n"));
        let config = format!(
            "[listen]\napi = \"127.0.0.1:0\"\nops = \"127.0.0.1:0\"\n[release]\ndir = {release:?}\nperson_key = {key:?}\n\
             [audit]\ndir = {:?}\n{clock}{more}",
            folder.path().join("audit")
        );
        let path = folder.path().join("xinhe.toml");
        std::fs::write(&path, config).expect("a configuration");
        let mut child = Command::new(env!("CARGO_BIN_EXE_xinhe-server"))
            .arg("--config")
            .arg(&path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("a ready line");
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("ready line {line:?}: {e}"));
        let at = |key: &str| ready[key].as_str().and_then(|text| text.parse().ok()).expect("an address");
        Server { api: at("api"), ops: at("ops"), child, folder }
    }

    /// The folder of configuration and audit.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end, and tells the exit code.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().ok().and_then(|status| status.code())
    }

    /// Posts JSON: status and body.
    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let mut caller = Caller::connect(self.api);
        caller.post(path, body)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}

/// A connection kept open from call to call.
pub struct Caller(BufReader<TcpStream>);

impl Caller {
    /// Connects.
    pub fn connect(addr: SocketAddr) -> Caller {
        let stream = TcpStream::connect(addr).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        Caller(BufReader::new(stream))
    }

    /// Posts JSON: status and body.
    pub fn post(&mut self, path: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let (status, _, body) = self.send(format!("{head}{body}").as_bytes());
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    /// Gets a path: status and body.
    pub fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let (status, _, body) = self.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes());
        (status, body)
    }

    /// Sends bytes and reads one response: status, header lines in lower case, body.
    pub fn send(&mut self, bytes: &[u8]) -> (u16, Vec<String>, Vec<u8>) {
        self.0.get_mut().write_all(bytes).expect("a request is sent");
        self.receive()
    }

    /// Reads one response.
    pub fn receive(&mut self) -> (u16, Vec<String>, Vec<u8>) {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a status line");
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let (mut headers, mut length) = (Vec::new(), 0);
        loop {
            let mut header = String::new();
            self.0.read_line(&mut header).expect("a header");
            let header = header.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            headers.push(header);
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        (status, headers, body)
    }
}
