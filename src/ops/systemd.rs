//! What a service manager of the systemd kind is told, and the sockets that it hands over. Without one nothing happens.

use std::env;
use std::io;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The channel to the manager, from `NOTIFY_SOCKET`.
#[derive(Debug, Default)]
pub struct Notify {
    socket: Option<UnixDatagram>,
    /// The manager kills a service that is silent for longer than this.
    watchdog: Option<Duration>,
}

impl Notify {
    /// What the environment names. A manager that cannot be reached is no reason not to serve.
    pub fn from_env() -> Notify {
        Notify::connect().unwrap_or_else(|error| {
            tracing::warn!(%error, "NOTIFY_SOCKET cannot be reached; nobody is told how it goes");
            Notify::default()
        })
    }

    fn connect() -> io::Result<Notify> {
        let Some(name) = env::var_os("NOTIFY_SOCKET") else { return Ok(Notify::default()) };
        let addr = match name.as_bytes().strip_prefix(b"@") {
            Some(abstract_name) => SocketAddr::from_abstract_name(abstract_name)?,
            None => SocketAddr::from_pathname(&name)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&addr)?;
        let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|usec| ours && *usec > 0).map(Duration::from_micros);
        Ok(Notify { socket: Some(socket), watchdog })
    }

    /// How long it may be silent; none: for ever.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// It serves this.
    pub fn ready(&self, release: &str) {
        self.send(&format!("READY=1\nSTATUS=serving release {release}\n"));
    }

    /// It waits for this.
    pub fn waiting(&self, what: &str) {
        self.send(&format!("STATUS={what}\n"));
    }

    /// It looks again at what may have changed; `ready` follows.
    pub fn reloading(&self) {
        self.send("RELOADING=1\n");
    }

    /// It gets on.
    pub fn alive(&self) {
        self.send("WATCHDOG=1\n");
    }

    /// It drains.
    pub fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=draining\n");
    }

    fn send(&self, words: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = socket.send(words.as_bytes())
        {
            tracing::warn!(%error, "the service manager cannot be told");
        }
    }
}

/// Listeners that the manager has bound already.
#[derive(Debug, Default)]
pub struct Passed {
    /// For callers.
    pub api: Option<TcpListener>,
    /// For operators.
    pub ops: Option<TcpListener>,
}

impl Passed {
    /// The sockets of `LISTEN_FDS`: by the names `api` and `ops` of `LISTEN_FDNAMES`, else in this order.
    pub fn from_env() -> io::Result<Passed> {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        let names: Vec<&str> = names.split(':').collect();
        let place = |name: &str, order: usize| {
            let named = names.iter().position(|known| *known == name);
            let any = names.iter().any(|known| matches!(*known, "api" | "ops"));
            named.or((!any).then_some(order))
        };
        let mut sockets = listenfd::ListenFd::from_env();
        let mut take = |place: Option<usize>| match place {
            Some(place) if place < sockets.len() => sockets.take_tcp_listener(place),
            _ => Ok(None),
        };
        Ok(Passed { api: take(place("api", 0))?, ops: take(place("ops", 1))? })
    }
}
