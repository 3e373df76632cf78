//! A connection as bytes, plain or under TLS. Nothing here blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use rustls::{AlertDescription, ClientConnection};
use socket2::{Domain, Socket, Type};

use super::http2::NO_H2;
use super::tls::TlsSetup;

/// What a read or a write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// So many bytes; more may follow at once.
    Some(usize),
    /// So many bytes, and nothing more until the next event.
    Last(usize),
    /// The other side has closed.
    End,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: TcpStream,
    tls: Option<Box<ClientConnection>>,
}

impl Stream {
    /// Begins to connect; the first event that says writable tells the end of that.
    pub(crate) fn connect(address: SocketAddr, tls: Option<&TlsSetup>) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM.nonblocking().cloexec(), None)?;
        socket.set_tcp_nodelay(true)?;
        match socket.connect(&address.into()) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {}
            Err(error) => return Err(error),
        }
        let tls = tls.map(|setup| setup.connection().map(Box::new)).transpose()?;
        Ok(Self { socket: socket.into(), tls })
    }

    /// For the poll.
    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Under TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// The protocol that the server chose under TLS.
    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        self.tls.as_ref()?.alpn_protocol()
    }

    /// Why connecting failed, once it ended.
    pub(crate) fn connected(&self) -> io::Result<()> {
        self.socket.take_error()?.map_or(Ok(()), Err)
    }

    /// Ready for a request: under TLS after the handshake, which this moves on.
    pub(crate) fn greet(&mut self) -> io::Result<bool> {
        let Some(tls) = &mut self.tls else { return Ok(true) };
        while tls.is_handshaking() {
            let mut moved = false;
            if tls.wants_write() {
                moved |= would_block(tls.write_tls(&mut self.socket))?.is_some_and(|count| count != 0);
            }
            if tls.is_handshaking() && tls.wants_read() {
                match would_block(tls.read_tls(&mut self.socket))? {
                    Some(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Some(_) => {
                        moved = true;
                        tls.process_new_packets().map_err(|error| failed(&error))?;
                    }
                    None => {}
                }
            }
            if !moved {
                return Ok(false);
            }
        }
        while tls.wants_write() {
            if would_block(tls.write_tls(&mut self.socket))?.is_none() {
                break;
            }
        }
        Ok(true)
    }

    /// Takes what is there, into the buffer.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Moved> {
        let Some(tls) = &mut self.tls else {
            return Ok(match would_block(self.socket.read(buffer))? {
                None => Moved::Last(0),
                Some(0) => Moved::End,
                // A short read has emptied the socket; what comes next is a new event.
                Some(count) if count < buffer.len() => Moved::Last(count),
                Some(count) => Moved::Some(count),
            });
        };
        loop {
            match would_block(tls.reader().read(buffer)) {
                Ok(Some(0)) => return Ok(Moved::End),
                Ok(Some(count)) => return Ok(Moved::Some(count)),
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(Moved::End),
                Err(error) => return Err(error),
            }
            match would_block(tls.read_tls(&mut self.socket))? {
                None => return Ok(Moved::Last(0)),
                Some(count) => {
                    tls.process_new_packets().map_err(|error| failed(&error))?;
                    if count == 0 && tls.reader().read(&mut []).is_ok() {
                        return Ok(Moved::End);
                    }
                }
            }
        }
    }

    /// Gives as much as it takes.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<Moved> {
        let Some(tls) = &mut self.tls else {
            return Ok(match would_block(self.socket.write(bytes))? {
                Some(count) if count == bytes.len() => Moved::Some(count),
                count => Moved::Last(count.unwrap_or(0)),
            });
        };
        let count = if bytes.is_empty() { 0 } else { tls.writer().write(bytes)? };
        while tls.wants_write() {
            if would_block(tls.write_tls(&mut self.socket))?.is_none() {
                return Ok(Moved::Last(count));
            }
        }
        Ok(Moved::Some(count))
    }
}

/// What TLS came to, in words; the alert of a server that speaks nothing of what was offered says what to do.
fn failed(error: &rustls::Error) -> io::Error {
    if *error == rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) {
        return io::Error::other(NO_H2);
    }
    io::Error::other(error.to_string())
}

/// `None` where the call would have waited.
fn would_block(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
        Err(error) => Err(error),
    }
}
