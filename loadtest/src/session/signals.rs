//! Ctrl-C ends a run in good order; a second one at once.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use crate::error::LoadError;

/// What a shell expects of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Whether somebody wants an end.
#[derive(Debug, Clone)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Hears signals from now on, on a thread of its own.
    pub(crate) fn listen() -> Result<Self, LoadError> {
        let flag = Arc::new(AtomicBool::new(false));
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LoadError::Start)?;
        let (mut interrupt, mut terminate) = {
            let _within = runtime.enter();
            let heard = |kind| signal(kind).map_err(LoadError::Start);
            (heard(SignalKind::interrupt())?, heard(SignalKind::terminate())?)
        };
        let heard = Arc::clone(&flag);
        let thread = std::thread::Builder::new().name("signals".to_owned());
        let listening = thread.spawn(move || {
            runtime.block_on(async {
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => {}
                        _ = terminate.recv() => {}
                    }
                    if heard.swap(true, Ordering::Relaxed) {
                        process::exit(INTERRUPTED);
                    }
                }
            });
        });
        listening.map_err(LoadError::Start)?;
        Ok(Self(flag))
    }

    /// Somebody wants an end.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// For the thread that sends.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
