//! When to stop.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that ask the server to stop, listened to from its making on.
pub struct Shutdown {
    runtime: tokio::runtime::Runtime,
    terminate: Signal,
    interrupt: Signal,
}

impl Shutdown {
    /// Listens. Made before the ready line, so that no signal after it is missed.
    pub fn listen() -> io::Result<Shutdown> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let guard = runtime.enter();
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        drop(guard);
        Ok(Shutdown { runtime, terminate, interrupt })
    }

    /// Waits for SIGTERM or SIGINT and tells which came.
    pub fn wait(&mut self) -> &'static str {
        let Shutdown { runtime, terminate, interrupt } = self;
        runtime.block_on(async {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            }
        })
    }
}
