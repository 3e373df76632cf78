//! Clients that send a byte now and then: a server has to live with them, and to cut them off in the end.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::LOOK;
use crate::error::LoadError;
use crate::scenario::Slow;
use crate::wire::Target;

/// Connecting may take so long.
const CONNECT: Duration = Duration::from_secs(5);

/// What became of slow clients.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct SlowCounts {
    /// Connections opened.
    pub(crate) opened: u64,
    /// Connections that the server ended.
    pub(crate) cut: u64,
    /// Connections that the server refused.
    pub(crate) refused: u64,
}

/// Slow clients at work. They count in no latency.
pub(crate) struct SlowClients {
    over: Arc<AtomicBool>,
    thread: JoinHandle<SlowCounts>,
}

impl SlowClients {
    /// Begins.
    pub(crate) fn start(slow: &Slow, target: &Target) -> Result<Self, LoadError> {
        let over = Arc::new(AtomicBool::new(false));
        let (slow, target, stop) = (slow.clone(), target.clone(), Arc::clone(&over));
        let thread = std::thread::Builder::new().name("slow clients".to_owned());
        let thread = thread.spawn(move || dribble(&slow, &target, &stop)).map_err(LoadError::Start)?;
        Ok(Self { over, thread })
    }

    /// Ends them all.
    pub(crate) fn finish(self) -> SlowCounts {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

fn dribble(slow: &Slow, target: &Target, over: &AtomicBool) -> SlowCounts {
    let request =
        format!("POST /v1/checks HTTP/1.1\r\nhost: {}\r\ncontent-length: 1000000\r\n\r\n", target.authority);
    let mut counts = SlowCounts::default();
    let mut clients: Vec<Option<(TcpStream, usize)>> = (0..slow.connections()).map(|_| None).collect();
    while !over.load(Ordering::Relaxed) {
        for client in &mut clients {
            if client.is_none() {
                match open(target) {
                    Some(stream) => {
                        counts.opened += 1;
                        *client = Some((stream, 0));
                    }
                    None => counts.refused += 1,
                }
            }
            let Some((stream, sent)) = client else { continue };
            let byte = request.as_bytes().get(*sent).copied().unwrap_or(b' ');
            *sent += 1;
            let ended = match stream.read(&mut [0; 512]) {
                Ok(_) => true,
                Err(error) => error.kind() != ErrorKind::WouldBlock,
            };
            if ended || stream.write(&[byte]).is_err() {
                counts.cut += 1;
                *client = None;
            }
        }
        let slept = Instant::now();
        while slept.elapsed() < slow.every() && !over.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK.min(slow.every()));
        }
    }
    counts
}

fn open(target: &Target) -> Option<TcpStream> {
    let address = (target.host.as_str(), target.port).to_socket_addrs().ok()?.next()?;
    let stream = TcpStream::connect_timeout(&address, CONNECT).ok()?;
    stream.set_nonblocking(true).ok()?;
    Some(stream)
}
