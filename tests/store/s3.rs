//! An S3-compatible server on loopback, one for all tests, each with a bucket prefix of its own.

use crate::support::{root, tool_python};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use xinhe::release::Store;

const BUCKET: &str = "xinhe-test";

struct Server {
    port: u16,
    /// The server ends with its stdin, and so with this process.
    _child: Child,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let mut child = Command::new(tool_python("XINHE_TEST_S3_PYTHON", "s3"))
            .arg(root().join("tests/store/s3_server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the S3 server tells its port");
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let put = format!("PUT /{BUCKET} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(put.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        assert!(reply.lines().next().unwrap_or_default().contains(" 200 "), "{reply}");
        Server { port, _child: child }
    })
}

/// What an operator would have in the environment.
pub(crate) fn variables() -> Vec<(String, String)> {
    let endpoint = format!("http://127.0.0.1:{}", server().port);
    [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// Address of a store that nobody else uses.
pub(crate) fn url() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("s3://{BUCKET}/city/{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A store that nobody else uses.
pub(crate) fn store() -> Store {
    Store::open_with(&url(), variables()).unwrap()
}
