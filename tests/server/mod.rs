//! The server as callers and operators meet it: a process, a settings file, sockets.

mod answers;
mod life;
mod refusals;
