//! When to stop, and when to look again.

use std::future::pending;
use std::io;
use std::time::Duration;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// To stop: SIGTERM or SIGINT.
    Stop(&'static str),
    /// To look again at what may have changed: SIGHUP.
    Reload,
}

/// The signals, listened to from its making on.
pub struct Shutdown {
    runtime: tokio::runtime::Runtime,
    terminate: Stream,
    interrupt: Stream,
    hangup: Stream,
}

impl Shutdown {
    /// Listens. Made before the ready line, so that no signal after it is missed.
    pub fn listen() -> io::Result<Shutdown> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let guard = runtime.enter();
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let hangup = signal(SignalKind::hangup())?;
        drop(guard);
        Ok(Shutdown { runtime, terminate, interrupt, hangup })
    }

    /// Waits for a signal, at most so long if that is given.
    pub fn wait_for(&mut self, most: Option<Duration>) -> Option<Signal> {
        let Shutdown { runtime, terminate, interrupt, hangup } = self;
        runtime.block_on(async {
            let over = async {
                match most {
                    Some(most) => tokio::time::sleep(most).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                _ = terminate.recv() => Some(Signal::Stop("SIGTERM")),
                _ = interrupt.recv() => Some(Signal::Stop("SIGINT")),
                _ = hangup.recv() => Some(Signal::Reload),
                () = over => None,
            }
        })
    }
}
