//! Redis in RESP2: `GET` of a key.

use std::io::{self, Write};

use super::{Malformed, Progress, Token};

/// A line of a reply is not longer.
const LINE_BYTES_MAX: usize = 64 << 10;
/// Digits of a length.
const LENGTH_BYTES_MAX: usize = 20;

/// As whom, and for which database.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// Selected where it is not 0.
    pub(crate) database: u32,
    /// For AUTH.
    pub(crate) password: Option<Token>,
}

/// Puts a command behind what is in the buffer.
pub(crate) fn write_command(parts: &[&[u8]], out: &mut Vec<u8>) {
    // A buffer in memory takes everything.
    write!(out, "*{}\r\n", parts.len()).unwrap_or_default();
    for part in parts {
        write!(out, "${}\r\n", part.len()).unwrap_or_default();
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
}

/// `GET` of a key.
pub(crate) fn write_get(key: &[u8], out: &mut Vec<u8>) {
    write_command(&[b"GET", key], out);
}

/// The words of an error: what a server repeats of the command stays out.
fn words(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    format!("Redis says {}", text.split(", with args").next().unwrap_or_default())
}

/// AUTH, SELECT and PING, at once; each has one line of reply.
#[derive(Debug)]
pub(crate) struct Greeting {
    /// Replies that are awaited, in order.
    awaited: Vec<&'static str>,
    came: Vec<u8>,
}

impl Greeting {
    /// Says everything.
    pub(crate) fn begin(login: &Login, out: &mut Vec<u8>) -> Self {
        let mut awaited = Vec::new();
        if let Some(password) = &login.password {
            write_command(&[b"AUTH", password.reveal().as_bytes()], out);
            awaited.push("AUTH");
        }
        if login.database != 0 {
            write_command(&[b"SELECT", login.database.to_string().as_bytes()], out);
            awaited.push("SELECT");
        }
        // Tells a server that wants a password, and one that is no Redis, before the clock runs.
        write_command(&[b"PING"], out);
        awaited.push("PING");
        Self { awaited, came: Vec::new() }
    }

    /// Whether all was granted.
    pub(crate) fn go_on(&mut self, came: &[u8]) -> io::Result<bool> {
        self.came.extend_from_slice(came);
        while let Some(end) = memchr::memmem::find(&self.came, b"\r\n") {
            let line: Vec<u8> = self.came.drain(..end + 2).take(end).collect();
            let asked = if self.awaited.is_empty() { "nothing" } else { self.awaited.remove(0) };
            match line.split_first() {
                Some((b'+', _)) if asked != "nothing" => {}
                // A server without a password serves whoever has one: the other side of a comparison may need it.
                Some((b'-', error)) if asked == "AUTH" && wants_no_password(error) => {}
                Some((b'-', error)) => return Err(refused(error, asked)),
                _ => {
                    return Err(io::Error::other(
                        "what came is no reply of Redis; expected a Redis server there",
                    ));
                }
            }
        }
        if self.came.len() > LINE_BYTES_MAX {
            return Err(io::Error::other("what came has no line end; expected a Redis server there"));
        }
        Ok(self.awaited.is_empty())
    }
}

fn wants_no_password(error: &[u8]) -> bool {
    ["without any password configured", "no password is set"]
        .iter()
        .any(|words| memchr::memmem::find(error, words.as_bytes()).is_some())
}

fn refused(error: &[u8], asked: &str) -> io::Error {
    let advice = match error {
        error if error.starts_with(b"NOAUTH") => "; give the password with --token",
        error if error.starts_with(b"WRONGPASS") => "; give another --token",
        _ if asked == "SELECT" => "; give another database in --target",
        _ => "",
    };
    io::Error::other(format!("{}{advice}", words(error)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The line that says what comes.
    Line,
    /// So many bytes of a value, with the line end behind it.
    Value(u64),
}

/// One reply to a `GET` at a time.
#[derive(Debug)]
pub(crate) struct ReplyReader {
    state: State,
    /// A line that has come in part.
    partial: Vec<u8>,
    /// The last byte of a value's end, which must be that of a line.
    last: u8,
    complaint: String,
    /// 200 for a value, 404 for none, 500 for an error.
    pub(crate) status: u16,
    /// Bytes of this reply so far.
    pub(crate) bytes: u64,
}

impl ReplyReader {
    /// Waits for a reply.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Line,
            partial: Vec::new(),
            last: 0,
            complaint: String::new(),
            status: 0,
            bytes: 0,
        }
    }

    /// Forgets everything, for the reply to a new request.
    pub(crate) fn begin(&mut self) {
        self.state = State::Line;
        self.partial.clear();
        self.complaint.clear();
        (self.status, self.bytes) = (0, 0);
    }

    /// The words of an error.
    pub(crate) fn complaint(&self) -> &str {
        &self.complaint
    }

    /// Takes bytes. Those behind a whole reply are left.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Progress, Malformed> {
        let mut at = 0;
        let mut done = false;
        while !done && at < bytes.len() {
            let rest = &bytes[at..];
            let used = match self.state {
                State::Line => {
                    let (used, whole) = self.line(rest)?;
                    done = whole;
                    used
                }
                State::Value(left) => {
                    let used = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    self.last = rest[used - 1];
                    self.state = State::Value(left - used as u64);
                    done = left == used as u64;
                    if done && self.last != b'\n' {
                        return Err(Malformed::Reply);
                    }
                    used
                }
            };
            at += used;
        }
        self.bytes += at as u64;
        Ok(if done { Progress::Whole(at) } else { Progress::More })
    }

    /// What of the bytes belongs to the first line, and whether the reply ends with it.
    fn line(&mut self, bytes: &[u8]) -> Result<(usize, bool), Malformed> {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            self.partial.extend_from_slice(bytes);
            let long = self.partial.len() > LINE_BYTES_MAX;
            return if long { Err(Malformed::Reply) } else { Ok((bytes.len(), false)) };
        };
        let mut line = std::mem::take(&mut self.partial);
        line.extend_from_slice(&bytes[..=end]);
        let done = self.begin_value(&line);
        line.clear();
        self.partial = line;
        Ok((end + 1, done?))
    }

    fn begin_value(&mut self, line: &[u8]) -> Result<bool, Malformed> {
        let line = line.strip_suffix(b"\r\n").ok_or(Malformed::Reply)?;
        match line.split_first() {
            Some((b'$', b"-1")) => self.status = 404,
            Some((b'$', digits)) => {
                let plain = digits.len() <= LENGTH_BYTES_MAX && digits.iter().all(u8::is_ascii_digit);
                let text = std::str::from_utf8(digits).ok().filter(|_| plain);
                let length: u64 = text.and_then(|text| text.parse().ok()).ok_or(Malformed::Reply)?;
                self.status = 200;
                self.state = State::Value(length.saturating_add(2));
                return Ok(false);
            }
            Some((b'-', error)) => {
                self.status = 500;
                self.complaint = words(error);
            }
            _ => return Err(Malformed::Reply),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::pieces::read;
    use crate::wire::protocol::Reader;

    fn told(reply: &str) -> Result<(u16, String), Malformed> {
        read(|| Reader::Redis(ReplyReader::new()), reply.as_bytes())
    }

    #[test]
    fn a_value_is_found_and_none_is_missing() {
        let found = |status| Ok((status, String::new()));
        assert_eq!(told("$5\r\nhello\r\n"), found(200));
        assert_eq!(told("$0\r\n\r\n"), found(200));
        assert_eq!(told("$8\r\na\r\nb\r\n\r\n\r\n"), found(200));
        assert_eq!(told("$-1\r\n"), found(404));
        let words = "Redis says LOADING Redis is loading the dataset in memory";
        assert_eq!(told("-LOADING Redis is loading the dataset in memory\r\n"), Ok((500, words.to_owned())));
        assert_eq!(
            told("-ERR unknown command 'GET', with args beginning with: 'a key'\r\n"),
            Ok((500, "Redis says ERR unknown command 'GET'".to_owned()))
        );
    }

    #[test]
    fn what_is_no_reply_is_told() {
        for reply in [
            "+OK\r\n",
            ":1\r\n",
            "*0\r\n",
            "$x\r\n",
            "$-2\r\n",
            "$+1\r\n",
            "$1\n",
            "\r\n",
            "$1\r\nabc",
            "HTTP/1.1 400 Bad Request\r\n",
        ] {
            assert_eq!(told(reply), Err(Malformed::Reply), "{reply:?}");
        }
        let mut reader = ReplyReader::new();
        assert_eq!(reader.feed(&vec![b'$'; LINE_BYTES_MAX + 1]), Err(Malformed::Reply));
    }

    #[test]
    fn a_greeting_ends_when_all_was_granted() {
        let login = Login { database: 3, password: Some(Token::read("abc").unwrap()) };
        let mut out = Vec::new();
        let mut greeting = Greeting::begin(&login, &mut out);
        assert_eq!(
            out,
            b"*2\r\n$4\r\nAUTH\r\n$3\r\nabc\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$4\r\nPING\r\n"
        );
        for byte in b"-ERR AUTH <password> called without any password configured for the default user.\r\n+OK\r\n+PONG\r" {
            assert!(!greeting.go_on(&[*byte]).unwrap());
        }
        assert!(greeting.go_on(b"\n").unwrap());
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let login = Login { database: 0, password: None };
        for (reply, expected) in [
            ("-NOAUTH Authentication required.\r\n", "give the password with --token"),
            ("HTTP/1.1 400 Bad Request\r\n", "expected a Redis server"),
        ] {
            let error = Greeting::begin(&login, &mut Vec::new()).go_on(reply.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
