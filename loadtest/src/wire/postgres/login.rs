//! Who asks, and what it will ask: startup, password, and the statement.

use std::io;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{Header, Message};
use postgres_protocol::message::frontend;

use super::{SELECT, STATEMENT, words};
use crate::wire::Token;

/// The type `text`.
const TEXT: u32 = 25;
/// No message of a greeting is longer.
const MESSAGE_BYTES_MAX: i32 = 1 << 20;

/// As whom, and where.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// The role.
    pub(crate) user: String,
    /// The database.
    pub(crate) database: String,
    /// Where the server asks for one.
    pub(crate) password: Option<Token>,
}

/// A connection between its startup and its first request.
pub(crate) struct Greeting {
    login: Login,
    scram: Option<ScramSha256>,
    came: BytesMut,
    /// The server took the login, and prepares the statement.
    prepares: bool,
}

impl std::fmt::Debug for Greeting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Greeting").field("login", &self.login).finish_non_exhaustive()
    }
}

impl Greeting {
    /// Says who asks.
    pub(crate) fn begin(login: &Login, out: &mut Vec<u8>) -> io::Result<Self> {
        let mut said = BytesMut::new();
        let parameters = [
            ("user", login.user.as_str()),
            ("database", login.database.as_str()),
            ("client_encoding", "UTF8"),
            ("application_name", "xinhe-load"),
        ];
        frontend::startup_message(parameters, &mut said)?;
        out.extend_from_slice(&said);
        Ok(Self { login: login.clone(), scram: None, came: BytesMut::new(), prepares: false })
    }

    /// Takes what came, and puts what to say next behind what is in the buffer. Whether the statement is prepared.
    pub(crate) fn go_on(&mut self, came: &[u8], out: &mut Vec<u8>) -> io::Result<bool> {
        self.came.extend_from_slice(came);
        while let Some(header) = Header::parse(&self.came).map_err(|_| stranger())? {
            if !(4..=MESSAGE_BYTES_MAX).contains(&header.len()) {
                return Err(stranger());
            }
            if self.came.len() < header.len() as usize + 1 {
                break;
            }
            if header.tag() == b'E' {
                return Err(io::Error::other(words(&self.came)));
            }
            let Some(message) = Message::parse(&mut self.came).map_err(|_| stranger())? else { break };
            let mut said = BytesMut::new();
            let ready = self.answer(message, &mut said)?;
            out.extend_from_slice(&said);
            if ready {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn answer(&mut self, message: Message, said: &mut BytesMut) -> io::Result<bool> {
        match message {
            Message::AuthenticationCleartextPassword => {
                frontend::password_message(self.password()?.as_bytes(), said)?;
            }
            Message::AuthenticationMd5Password(body) => {
                let (user, password) = (self.login.user.as_bytes(), self.password()?.as_bytes());
                frontend::password_message(md5_hash(user, password, body.salt()).as_bytes(), said)?;
            }
            Message::AuthenticationSasl(body) => {
                let mut known = body.mechanisms();
                if !known.any(|mechanism| Ok(mechanism == SCRAM_SHA_256))? {
                    return Err(io::Error::other(
                        "PostgreSQL asks for a way to log in that is not SCRAM-SHA-256",
                    ));
                }
                let scram = ScramSha256::new(self.password()?.as_bytes(), ChannelBinding::unsupported());
                frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), said)?;
                self.scram = Some(scram);
            }
            Message::AuthenticationSaslContinue(body) => {
                let scram = self.scram.as_mut().ok_or_else(stranger)?;
                scram.update(body.data())?;
                frontend::sasl_response(scram.message(), said)?;
            }
            Message::AuthenticationSaslFinal(body) => {
                self.scram.as_mut().ok_or_else(stranger)?.finish(body.data())?;
            }
            Message::ReadyForQuery(_) if self.prepares => return Ok(true),
            Message::ReadyForQuery(_) => {
                self.prepares = true;
                let name = String::from_utf8_lossy(STATEMENT.strip_suffix(b"\0").unwrap_or(STATEMENT));
                frontend::parse(&name, SELECT, [TEXT], said)?;
                frontend::sync(said);
            }
            Message::AuthenticationOk
            | Message::BackendKeyData(_)
            | Message::NoticeResponse(_)
            | Message::ParameterStatus(_)
            | Message::ParseComplete => {}
            Message::AuthenticationGss | Message::AuthenticationSspi | Message::AuthenticationKerberosV5 => {
                return Err(io::Error::other(
                    "PostgreSQL asks for a way to log in that is neither trust, a password, MD5 nor SCRAM-SHA-256",
                ));
            }
            _ => return Err(stranger()),
        }
        Ok(false)
    }

    fn password(&self) -> io::Result<&str> {
        let missing = || io::Error::other("PostgreSQL asks for a password; give it with --token");
        Ok(self.login.password.as_ref().ok_or_else(missing)?.reveal())
    }
}

fn stranger() -> io::Error {
    io::Error::other("what came is no greeting of PostgreSQL; expected a PostgreSQL server there")
}
