//! One acceptor: it takes connections from the system and hands each to the worker that has the fewest.

use crate::ops::metrics::Board;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;

/// Rest after the system refused a connection, for example because no file handle is left.
const ACCEPT_REST: Duration = Duration::from_millis(50);

/// What a connection too many is told.
const OVERLOADED: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n\
Connection: close\r\nContent-Length: 155\r\n\r\n\
{\"type\":\"urn:xinhe:problem:overloaded\",\"title\":\"Overloaded\",\"status\":503,\
\"detail\":\"too many connections are open; try again later\",\"code\":\"overloaded\"}    ";

/// Who may come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entrance {
    /// Connections that may be open at once.
    pub(super) connections_max: usize,
    /// Connections begin with a TLS handshake, so that words in the clear would mean nothing to a caller.
    pub(super) has_tls: bool,
}

/// Takes connections until the future is dropped. The channels of the workers hold no more than `connections_max` sockets.
pub(super) async fn accept(
    listener: TcpListener,
    workers: &[UnboundedSender<TcpStream>],
    board: &Arc<Board>,
    entrance: Entrance,
) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be accepted");
                tokio::time::sleep(ACCEPT_REST).await;
                continue;
            }
        };
        // Replies are written whole, so waiting for more to send only costs time.
        let prepared = stream.set_nodelay(true).and_then(|()| stream.into_std());
        match prepared {
            Ok(stream) if board.connections() < entrance.connections_max => hand_over(stream, workers, board),
            Ok(stream) => refuse(stream, board, entrance.has_tls),
            Err(error) => tracing::debug!(%error, "a connection was gone before it was taken up"),
        }
    }
}

fn hand_over(stream: TcpStream, workers: &[UnboundedSender<TcpStream>], board: &Board) {
    let load = |place: &usize| board.workers[*place].connections.load(Ordering::Relaxed);
    let Some(least) = (0..workers.len()).min_by_key(load) else { return };
    board.workers[least].connections.fetch_add(1, Ordering::Relaxed);
    if workers[least].send(stream).is_err() {
        board.workers[least].connections.fetch_sub(1, Ordering::Relaxed);
        tracing::error!(worker = least, "a worker is gone");
    }
}

/// Says so once, without waiting: a caller that does not read must not hold up the others.
fn refuse(mut stream: TcpStream, board: &Board, has_tls: bool) {
    board.refused.fetch_add(1, Ordering::Relaxed);
    if has_tls {
        return;
    }
    if let Err(error) = stream.write_all(OVERLOADED).and_then(|()| stream.shutdown(std::net::Shutdown::Write))
    {
        tracing::debug!(%error, "a caller too many was gone already");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_too_many_is_told_has_its_length() {
        let text = std::str::from_utf8(OVERLOADED).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{}", body.len());
        let json: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(json["code"], "overloaded");
    }
}
