//! The operators' side, on a listener and a thread of its own.
//!
//! | path | answers |
//! |---|---|
//! | `GET /live` | 200 while the process runs |
//! | `GET /ready` | 200 while callers should be sent here, else 503 and why |
//! | `GET /metrics` | counters in the text format of Prometheus |
//! | `GET /status` | release, age, how following the store goes, as JSON |

mod answers;
mod gauges;
pub mod metrics;
mod process;
mod readiness;
mod shutdown;
mod status;
mod systemd;
mod watch;

pub use answers::Watched;
pub use readiness::Readiness;
pub use shutdown::{Shutdown, Signal};
pub use systemd::{Notify, Passed};
pub use watch::watch;

use answers::Answers;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::LocalSet;

/// How long a caller of this listener may take for its headers, and between two requests.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections answered at once; more wait.
const CONNECTIONS_MAX: usize = 64;
/// Rest after the system refused a connection.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// A running listener; it stops when dropped.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if matches!(ended, Some(Err(_))) {
            tracing::error!("the ops thread ended by a panic");
        }
    }
}

/// Answers operators on this listener.
pub fn start(listener: TcpListener, watched: Watched) -> io::Result<Running> {
    let addr = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new().name("ops".to_owned()).spawn(move || {
        let local = LocalSet::new();
        runtime.block_on(local.run_until(async move {
            tokio::select! {
                () = accept(listener, Rc::new(Answers::new(watched))) => {}
                _ = stopped => {}
            }
        }));
    })?;
    Ok(Running { addr, stop: Some(stop), thread: Some(thread) })
}

async fn accept(listener: TcpListener, answers: Rc<Answers>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the ops listener cannot listen"),
    };
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let connection = serve(stream, Rc::clone(&answers));
                tokio::task::spawn_local(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the ops listener cannot accept");
                tokio::time::sleep(ACCEPT_REST).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, answers: Rc<Answers>) {
    let service = service_fn(|request| {
        let response = answers.to(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "an ops connection ended early");
    }
}
