//! What differs between servers: how a connection opens, how a request for a key is written, how an answer is read.
//! Everything else of the generator is blind to it.

use std::io;

use super::http::{Head, Method, ResponseReader};
use super::{Store, Target, Token, postgres, redis};

/// What a target is spoken to in.
#[derive(Debug, Clone)]
pub(crate) enum Protocol {
    /// HTTP/1.1.
    Http,
    /// RESP2.
    Redis(redis::Login),
    /// Protocol 3 of PostgreSQL, extended queries.
    Postgres(postgres::Login),
}

/// Why bytes are no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// The first line.
    #[error("the answer does not begin with a status line of HTTP/1.1")]
    StatusLine,
    /// A header line.
    #[error("the answer has a header line without a name or a colon")]
    Header,
    /// How long the body is.
    #[error("the answer has no length, two lengths, or one that is no number")]
    Length,
    /// The head does not end.
    #[error("the head of the answer is longer than 64 KiB")]
    HeadTooLong,
    /// A chunk.
    #[error("the answer has a chunk that is not framed as HTTP/1.1 says")]
    Chunk,
    /// Of Redis.
    #[error("the answer is neither a value nor an error of RESP2")]
    Reply,
    /// Of PostgreSQL.
    #[error("the answer has a message that does not belong to a PostgreSQL query")]
    Message,
}

/// Where an answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More must come.
    More,
    /// It is whole; so many of the bytes belong to it.
    Whole(usize),
}

impl Protocol {
    /// Of a target.
    pub(crate) fn of(target: &Target, token: Option<&Token>) -> Self {
        let password = token.cloned();
        match &target.store {
            None => Self::Http,
            Some(Store::Redis { database }) => Self::Redis(redis::Login { database: *database, password }),
            Some(Store::Postgres { user, database }) => {
                let (user, database) = (user.clone(), database.clone());
                Self::Postgres(postgres::Login { user, database, password })
            }
        }
    }

    /// What has to be said on a new connection before a request: puts its beginning into the buffer.
    pub(crate) fn greet(&self, out: &mut Vec<u8>) -> io::Result<Option<Greeting>> {
        Ok(match self {
            Self::Http => None,
            Self::Redis(login) => Some(Greeting::Redis(redis::Greeting::begin(login, out))),
            Self::Postgres(login) => {
                Some(Greeting::Postgres(Box::new(postgres::Greeting::begin(login, out)?)))
            }
        })
    }

    /// For the answers on one connection.
    pub(crate) fn reader(&self) -> Reader {
        match self {
            Self::Http => Reader::Http(ResponseReader::new()),
            Self::Redis(_) => Reader::Redis(redis::ReplyReader::new()),
            Self::Postgres(_) => Reader::Postgres(postgres::RowReader::new()),
        }
    }
}

/// A connection that is being opened.
#[derive(Debug)]
pub(crate) enum Greeting {
    /// Password and database.
    Redis(redis::Greeting),
    /// Password, and the statement that requests run.
    Postgres(Box<postgres::Greeting>),
}

impl Greeting {
    /// Takes what came, and puts what to say next behind what is in the buffer. Whether requests may go out.
    pub(crate) fn go_on(&mut self, came: &[u8], out: &mut Vec<u8>) -> io::Result<bool> {
        match self {
            Self::Redis(greeting) => greeting.go_on(came),
            Self::Postgres(greeting) => greeting.go_on(came, out),
        }
    }
}

/// Writes requests for the value under a key.
#[derive(Clone)]
pub(crate) enum Ask {
    /// GET of a path that holds the key: what is before it, and what behind.
    Http(Vec<u8>, Vec<u8>),
    /// GET.
    Redis,
    /// The statement of the greeting.
    Postgres,
}

impl Ask {
    /// Of a target that is asked by key.
    pub(crate) fn new(target: &Target, token: Option<&Token>) -> Self {
        match target.store {
            Some(Store::Redis { .. }) => Self::Redis,
            Some(Store::Postgres { .. }) => Self::Postgres,
            None => {
                let mut request = Vec::new();
                let prefix = target.path_before_key();
                Head::new(target, prefix, Method::Get, token).write(b"", &mut request);
                let behind = request.split_off("GET ".len() + prefix.len());
                Self::Http(request, behind)
            }
        }
    }

    /// Puts a whole request behind what is in the buffer. A key is letters and digits.
    pub(crate) fn write(&self, key: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Http(before, behind) => {
                for part in [before, key, behind] {
                    out.extend_from_slice(part);
                }
            }
            Self::Redis => redis::write_get(key, out),
            Self::Postgres => postgres::write_select(key, out),
        }
    }
}

/// Reads answers, one at a time.
#[derive(Debug)]
pub(crate) enum Reader {
    /// A status, and a body.
    Http(ResponseReader),
    /// A value, none, or an error.
    Redis(redis::ReplyReader),
    /// Rows.
    Postgres(postgres::RowReader),
}

impl Reader {
    /// Forgets everything, for the answer to a new request; `keep` its body, which only HTTP has.
    pub(crate) fn begin(&mut self, keep: bool) {
        match self {
            Self::Http(reader) => reader.begin(keep),
            Self::Redis(reader) => reader.begin(),
            Self::Postgres(reader) => reader.begin(),
        }
    }

    /// Takes bytes. Those behind a whole answer are left.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Progress, Malformed> {
        match self {
            Self::Http(reader) => reader.feed(bytes),
            Self::Redis(reader) => reader.feed(bytes),
            Self::Postgres(reader) => reader.feed(bytes),
        }
    }

    /// The server has closed; whether that made the answer whole.
    pub(crate) fn end(&self) -> bool {
        matches!(self, Self::Http(reader) if reader.end())
    }

    /// Whether something of the answer has come.
    pub(crate) fn has_begun(&self) -> bool {
        self.bytes() > 0
    }

    /// Of a whole answer, in the words of HTTP: a store's value is 200, no value 404, an error 500.
    pub(crate) fn status(&self) -> u16 {
        match self {
            Self::Http(reader) => reader.status,
            Self::Redis(reader) => reader.status,
            Self::Postgres(reader) => reader.status,
        }
    }

    /// The server closes behind this answer.
    pub(crate) fn closes(&self) -> bool {
        matches!(self, Self::Http(reader) if reader.close)
    }

    /// Bytes of this answer so far.
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Self::Http(reader) => reader.bytes,
            Self::Redis(reader) => reader.bytes,
            Self::Postgres(reader) => reader.bytes,
        }
    }

    /// The body, where there is one and it is kept.
    pub(crate) fn body(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Http(reader) => Some(&mut reader.body),
            Self::Redis(_) | Self::Postgres(_) => None,
        }
    }

    /// Why the answer is an error, in the words of a store.
    pub(crate) fn complaint(&self) -> Option<&str> {
        let told = match self {
            Self::Http(_) => return None,
            Self::Redis(reader) => reader.complaint(),
            Self::Postgres(reader) => reader.complaint(),
        };
        Some(told).filter(|told| !told.is_empty())
    }
}
