//! A server of HTTP/2, on a thread with a runtime of its own.

use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

/// What the server does with a request, by its number over all connections.
pub(crate) enum Reply {
    Status(u16),
    After(Duration),
    /// The whole server stands still first.
    Stall(Duration),
    /// The stream is reset.
    Reset,
    /// Never.
    Nothing,
    /// This one is answered, and the connection says GOAWAY.
    GoAway,
    /// The connection is gone, without a word.
    Cut,
}

/// A request as the server saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) token: Option<String>,
    pub(crate) body: String,
}

#[derive(Default)]
struct Books {
    seen: Mutex<Vec<Seen>>,
    at_a_time: AtomicUsize,
    most_at_a_time: AtomicUsize,
    connections: AtomicUsize,
}

/// A server that lives as long as the test process.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    books: Arc<Books>,
}

impl Server {
    /// `streams` is how many it allows on a connection.
    pub(crate) fn start(
        streams: u32,
        tls: Option<ServerConfig>,
        reply: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let books = Arc::new(Books::default());
        let server = Server { address, books: Arc::clone(&books) };
        let tls = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        let reply = Arc::new(reply);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let (books, reply, tls) = (Arc::clone(&books), Arc::clone(&reply), tls.clone());
                    tokio::spawn(async move {
                        match tls {
                            None => serve(stream, streams, books, reply).await,
                            Some(tls) => {
                                if let Ok(stream) = tls.accept(stream).await {
                                    serve(stream, streams, books, reply).await;
                                }
                            }
                        }
                    });
                }
            });
        });
        server
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.books.seen.lock().unwrap().clone()
    }

    pub(crate) fn most_at_a_time(&self) -> usize {
        self.books.most_at_a_time.load(Ordering::SeqCst)
    }

    pub(crate) fn connections(&self) -> usize {
        self.books.connections.load(Ordering::SeqCst)
    }
}

async fn serve<S, F>(stream: S, streams: u32, books: Arc<Books>, reply: Arc<F>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    F: Fn(usize) -> Reply + Send + Sync + 'static,
{
    books.connections.fetch_add(1, Ordering::SeqCst);
    let (go_away, asked_to_go) = tokio::sync::watch::channel(false);
    let (cut, asked_to_cut) = tokio::sync::watch::channel(false);
    let (go_away, cut) = (Arc::new(go_away), Arc::new(cut));
    let answer = service_fn(move |request: Request<Incoming>| {
        let (books, reply) = (Arc::clone(&books), Arc::clone(&reply));
        let (go_away, cut) = (Arc::clone(&go_away), Arc::clone(&cut));
        async move { answer(request, &books, &*reply, &go_away, &cut).await }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.max_concurrent_streams(streams);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answer));
    let mut told = false;
    loop {
        tokio::select! {
            // Failures are what tests are about.
            _ = connection.as_mut() => return,
            () = wanted(asked_to_cut.clone()) => return,
            () = wanted(asked_to_go.clone()), if !told => {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Until it is true.
async fn wanted(mut asked: tokio::sync::watch::Receiver<bool>) {
    if asked.wait_for(|asked| *asked).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn answer(
    request: Request<Incoming>,
    books: &Books,
    reply: &(dyn Fn(usize) -> Reply + Sync),
    go_away: &tokio::sync::watch::Sender<bool>,
    cut: &tokio::sync::watch::Sender<bool>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let at_a_time = books.at_a_time.fetch_add(1, Ordering::SeqCst) + 1;
    books.most_at_a_time.fetch_max(at_a_time, Ordering::SeqCst);
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let token = parts.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let number = {
        let mut seen = books.seen.lock().unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        seen.push(Seen { method: parts.method.to_string(), uri: parts.uri.to_string(), token, body });
        seen.len() - 1
    };
    let mut status = 200;
    let mut outcome = Ok(());
    match reply(number) {
        Reply::Status(other) => status = other,
        Reply::After(wait) => tokio::time::sleep(wait).await,
        Reply::Stall(wait) => std::thread::sleep(wait),
        Reply::Reset => outcome = Err(std::io::Error::other("reset")),
        Reply::Nothing => std::future::pending::<()>().await,
        Reply::GoAway => go_away.send(true).unwrap(),
        Reply::Cut => {
            cut.send(true).unwrap();
            std::future::pending::<()>().await;
        }
    }
    books.at_a_time.fetch_sub(1, Ordering::SeqCst);
    outcome?;
    let mut response = Response::new(Full::new(Bytes::from_static(b"{}")));
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap();
    Ok(response)
}
