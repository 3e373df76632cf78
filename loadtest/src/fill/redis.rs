//! SET of many keys at once.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::{FillError, Values, connection};
use crate::error::LoadError;
use crate::session::address;
use crate::wire::{Protocol, Target, Token, write_command};

/// What is sent before replies are read: both sides' buffers hold it.
const BATCH_BYTES: usize = 64 << 10;

/// A connection.
pub(super) struct Redis {
    socket: BufReader<TcpStream>,
    failed: Box<dyn Fn(std::io::Error) -> FillError>,
    value: Vec<u8>,
    batch: Vec<u8>,
    awaited: usize,
}

impl Redis {
    /// Logs in.
    pub(super) fn open(
        target: &Target,
        token: Option<&Token>,
        value: Vec<u8>,
        timeout: Duration,
    ) -> Result<Self, LoadError> {
        let failed = connection(target);
        let address = address(target, timeout)?;
        let greeted = || {
            let mut socket = TcpStream::connect_timeout(&address, timeout)?;
            socket.set_read_timeout(Some(timeout))?;
            socket.set_write_timeout(Some(timeout))?;
            let mut said = Vec::new();
            if let Some(mut greeting) = Protocol::of(target, token).greet(&mut said)? {
                let mut came = [0; 1024];
                loop {
                    socket.write_all(&std::mem::take(&mut said))?;
                    let count = socket.read(&mut came)?;
                    if count == 0 {
                        return Err(ErrorKind::UnexpectedEof.into());
                    }
                    if greeting.go_on(came.get(..count).unwrap_or_default(), &mut said)? {
                        break;
                    }
                }
            }
            Ok(socket)
        };
        let socket = BufReader::new(greeted().map_err(&failed)?);
        Ok(Self { socket, failed: Box::new(failed), value, batch: Vec::new(), awaited: 0 })
    }

    fn flush(&mut self) -> Result<(), FillError> {
        self.socket.get_mut().write_all(&self.batch).map_err(&self.failed)?;
        self.batch.clear();
        let mut line = Vec::new();
        for _ in 0..std::mem::take(&mut self.awaited) {
            line.clear();
            self.socket.read_until(b'\n', &mut line).map_err(&self.failed)?;
            match line.split_first() {
                Some((b'+', _)) => {}
                Some((b'-', error)) => {
                    return Err(FillError::Refused(String::from_utf8_lossy(error).trim_end().to_owned()));
                }
                _ => return Err((self.failed)(ErrorKind::UnexpectedEof.into())),
            }
        }
        Ok(())
    }
}

impl Values for Redis {
    fn put(&mut self, key: &str) -> Result<(), FillError> {
        write_command(&[b"SET", key.as_bytes(), &self.value], &mut self.batch);
        self.awaited += 1;
        if self.batch.len() >= BATCH_BYTES { self.flush() } else { Ok(()) }
    }

    fn finish(&mut self) -> Result<(), FillError> {
        self.flush()
    }
}
