//! One whole HTTP check on one connection, beside a bare hyper handler that returns 256 fixed bytes: the ratio of
//! the two is what xinhe adds to hyper. Both servers and the caller share the machine's cores.

use crate::office;
use criterion::Criterion;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use xinhe::config::Config;
use xinhe::http;
use xinhe::live::Live;

pub(crate) fn whole_checks(criterion: &mut Criterion) {
    let office = office::open();
    let bodies = office.bodies();
    let bare = bare_hyper();
    let live = Live::new(office.serving);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let log = xinhe_tools::demo::receipts(office.folder.path()).unwrap();
    let server = http::start(&Config::default(), &live, &log, listener).unwrap();
    let mut group = criterion.benchmark_group("whole HTTP check, one connection");
    let mut caller = Caller::new(bare, &bodies[0].1);
    group.bench_function("bare hyper, 256 fixed bytes", |bencher| bencher.iter(|| caller.call()));
    for (title, body) in &bodies {
        let mut caller = Caller::new(server.addr(), body);
        group.bench_function(*title, |bencher| bencher.iter(|| caller.call()));
    }
    group.finish();
    server.shutdown();
}

/// Reads the body, as any handler of checks must, and returns fixed bytes. Lives as long as the bench.
fn bare_hyper() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::task::spawn_local(
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(fixed)),
                );
            }
        })
    });
    addr
}

async fn fixed(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    static BODY: [u8; 256] = [b'x'; 256];
    // A caller that goes away mid-body ends its connection; nothing is left to answer.
    drop(request.into_body().collect().await);
    Ok(Response::new(Full::new(Bytes::from_static(&BODY))))
}

/// A connection with one request to send again and again.
struct Caller {
    stream: TcpStream,
    request: Vec<u8>,
    buffer: Vec<u8>,
}

impl Caller {
    fn new(addr: SocketAddr, body: &str) -> Caller {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!(
            "POST /v1/checks HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        Caller { stream, request: request.into_bytes(), buffer: vec![0; 64 * 1024] }
    }

    /// Sends the request and reads the whole response.
    fn call(&mut self) -> usize {
        self.stream.write_all(&self.request).unwrap();
        let mut filled = 0;
        loop {
            filled += self.stream.read(&mut self.buffer[filled..]).unwrap();
            let text = &self.buffer[..filled];
            let Some(end) = text.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&text[..end]).unwrap().to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.unwrap().trim().parse().unwrap();
            assert!(head.starts_with("http/1.1 200"), "{head}");
            if filled >= end + 4 + length {
                return filled;
            }
        }
    }
}
