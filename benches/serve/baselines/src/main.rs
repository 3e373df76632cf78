//! Two servers that return 256 fixed bytes to any request, on one thread: a bare hyper handler, and a loop around epoll
//! that does not even read what it is asked. What a check costs is told as a multiple of the first; the second is what
//! the system itself asks for.
//!
//! `baselines hyper|epoll 127.0.0.1:0` prints its address and serves until it is killed.

mod bare;
mod raw;

use std::net::TcpListener;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The body of every reply.
const BODY: [u8; 256] = [b'x'; 256];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let serve = match args.first().map(String::as_str) {
        Some("hyper") if args.len() == 2 => bare::serve,
        Some("epoll") if args.len() == 2 => raw::serve,
        _ => {
            eprintln!("usage: baselines hyper|epoll ADDRESS");
            return ExitCode::from(2);
        }
    };
    let listened = TcpListener::bind(&args[1]).and_then(|listener| {
        listener.set_nonblocking(true)?;
        println!("{}", listener.local_addr()?);
        serve(listener)
    });
    match listened {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("baselines: {error}");
            ExitCode::from(1)
        }
    }
}
