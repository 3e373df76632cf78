//! The server as callers and operators meet it: a process, a settings file, sockets.

mod answers;
mod batch;
mod http2;
mod http2_bounds;
mod http2_slow;
mod life;
mod load;
mod refusals;
mod reload;
mod rights;
mod short;
mod tls;
mod waiting;
