//! A loop around epoll: one read, one write a request, and nothing else.

use crate::BODY;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

const EVENTS: usize = 256;
const BUFFER_BYTES: usize = 16 << 10;
/// The listener among the events; connections count from 1.
const LISTENER: u64 = 0;

pub(crate) fn serve(listener: TcpListener) -> io::Result<()> {
    let mut reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", BODY.len()).into_bytes();
    reply.extend_from_slice(&BODY);
    let queue = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&queue, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    let mut connections: HashMap<u64, TcpStream> = HashMap::new();
    let mut last = LISTENER;
    let mut events = Vec::with_capacity(EVENTS);
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        events.clear();
        epoll::wait(&queue, spare_capacity(&mut events), None)?;
        for event in &events {
            match event.data.u64() {
                LISTENER => {
                    let (stream, _) = listener.accept()?;
                    stream.set_nodelay(true)?;
                    stream.set_nonblocking(true)?;
                    last += 1;
                    epoll::add(&queue, &stream, EventData::new_u64(last), EventFlags::IN | EventFlags::ET)?;
                    connections.insert(last, stream);
                }
                place => {
                    let ended = connections.get_mut(&place).is_none_or(|stream| answer(stream, &mut buffer, &reply));
                    if ended {
                        connections.remove(&place);
                    }
                }
            }
        }
    }
}

/// One request a read: whoever sends more at once, or less, is no caller for this. Told whether the connection has ended.
fn answer(stream: &mut TcpStream, buffer: &mut [u8], reply: &[u8]) -> bool {
    match stream.read(buffer) {
        Ok(0) => true,
        Ok(_) => stream.write_all(reply).is_err(),
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}
