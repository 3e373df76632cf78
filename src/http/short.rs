//! The short way of a plain check. `POST /v1/checks` that comes whole, alone and in one piece is taken apart where it was
//! read, answered, and written, without what any other request may need: no body that streams, no map of headers, no
//! buffer of its own. Whatever is less plain goes to hyper with the bytes that were read, and its connection stays there.
//! Which way a request went cannot be told from its reply: behind the head both go through the same functions.

use super::auth::Peer;
use super::caller::Caller;
use super::error::{Code, Problem};
use super::fields::Fields;
use super::limits::is_json;
use super::pace::{Pace, Waits};
use super::receipts::Trace;
use super::routes::{one_check, refusal};
use super::wire::push_number;
use super::worker::Worker;
use crate::audit::Commit;
use crate::config::Endpoint;
use hyper::Response;
use hyper::body::Bytes;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a plain check begins with.
const LINE: &[u8] = b"POST /v1/checks HTTP/1.1\r\n";
/// More fields than these are not plain.
const FIELDS_MAX: usize = 32;
/// Bytes of a plain check at most, its head included.
pub(super) const BYTES_MAX: usize = 16 << 10;
/// Room for a reply, at the beginning.
const REPLY_BYTES: usize = 2 << 10;
/// A reply that was larger does not keep its buffer.
const KEPT_BYTES_MAX: usize = 16 << 10;
/// A caller that was told to come back in a second is not read from for a quarter of one. A refusal costs the system nearly
/// what an answer does: to refuse again and again whoever does not wait would leave nothing for those that are accepted.
pub(super) const OVERLOADED_REST: Duration = Duration::from_millis(250);

/// How a connection left the short way.
pub(super) enum Left {
    /// It is over.
    Over,
    /// With a request that is not plain.
    Begun {
        /// Its first bytes.
        bytes: Bytes,
        /// Nothing was answered on the connection before.
        is_first: bool,
    },
}

/// What the first bytes of a request come to.
enum Read<'w> {
    /// Nobody will send more.
    End,
    /// It is not plain.
    Other(Bytes),
    /// It was refused; the reply is written.
    Refused { closes: bool, rests: bool },
    /// It was answered; the reply is written, and waits for its receipt.
    Answered(Caller, Commit<'w>),
}

/// Answers plain checks until another request comes, or the caller goes.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    peer: &Peer,
    worker: &Worker,
    pace: &Pace,
) -> io::Result<Left> {
    let mut reply = Vec::with_capacity(REPLY_BYTES);
    let mut is_first = true;
    loop {
        let read = poll_fn(|cx| poll_request(stream, cx, (peer, worker, pace), &mut reply)).await?;
        let (closes, rests) = match read {
            Read::End => break,
            Read::Other(bytes) => return Ok(Left::Begun { bytes, is_first }),
            Read::Refused { closes, rests } => (closes, rests),
            Read::Answered(caller, commit) => {
                // Nothing leaves before its receipt is in the log.
                match commit.await {
                    Ok(()) => caller.answered(worker),
                    Err(lost) => _ = write_refusal(&mut reply, worker, Some(&caller), &lost.into(), pace),
                }
                (pace.is_draining(), false)
            }
        };
        write(stream, &reply, pace).await?;
        pace.set(Waits::Idle);
        if closes {
            break;
        }
        // Behind a proxy others wait on the same connection.
        if rests && !peer.is_proxy(&worker.trusted_proxies) {
            tokio::time::sleep(OVERLOADED_REST).await;
        }
        if reply.capacity() > KEPT_BYTES_MAX {
            reply = Vec::with_capacity(REPLY_BYTES);
        }
        is_first = false;
    }
    poll_fn(|cx| Pin::new(&mut *stream).poll_shutdown(cx)).await?;
    Ok(Left::Over)
}

/// Reads into the buffer that the worker lends, and answers from there: it is given back before anything is waited for.
fn poll_request<'w, S: AsyncRead + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    (peer, worker, pace): (&Peer, &'w Worker, &Pace),
    reply: &mut Vec<u8>,
) -> Poll<io::Result<Read<'w>>> {
    let lent = &mut *worker.lent.borrow_mut();
    let mut buffer = ReadBuf::new(lent);
    ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
    let bytes = buffer.filled();
    if bytes.is_empty() {
        return Poll::Ready(Ok(Read::End));
    }
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let read = match plain(bytes, &mut fields, worker.limits.body_bytes_max.bytes()) {
        None => Read::Other(Bytes::copy_from_slice(bytes)),
        Some((fields, body)) => {
            // All of it is here: from now on nothing is waited for that is the caller's to send.
            pace.set(Waits::Nothing);
            reply.clear();
            answer((peer, worker, pace), Fields::Plain(fields), body, reply)
        }
    };
    Poll::Ready(Ok(read))
}

fn answer<'w>(
    (peer, worker, pace): (&Peer, &'w Worker, &Pace),
    fields: Fields<'_>,
    body: &[u8],
    reply: &mut Vec<u8>,
) -> Read<'w> {
    let caller = match Caller::find(worker, fields, peer) {
        Ok(caller) => caller,
        Err(problem) => return write_refusal(reply, worker, None, &problem, pace),
    };
    let answered = caller.need(Endpoint::Checks).and_then(|()| {
        let desk = &mut *worker.desk.borrow_mut();
        desk.out.clear();
        desk.draft.trace = Trace::of(fields);
        let commit = one_check(worker, desk, &caller, body)?;
        reply.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-type: application/json");
        write_rest(reply, worker, pace.is_draining(), &desk.out);
        Ok(commit)
    });
    match answered {
        Ok(commit) => Read::Answered(caller, commit),
        Err(problem) => write_refusal(reply, worker, Some(&caller), &problem, pace),
    }
}

/// The fields and the body of a request that is plain: exactly one check, whole, with nothing behind it, and with no field
/// that changes how it is read or how the connection goes on.
fn plain<'b, 'f>(
    bytes: &'b [u8],
    fields: &'f mut [httparse::Header<'b>],
    body_bytes_max: usize,
) -> Option<(&'f [httparse::Header<'b>], &'b [u8])> {
    let rest = bytes.strip_prefix(LINE)?;
    let Ok(httparse::Status::Complete((length, fields))) = httparse::parse_headers(rest, fields) else {
        return None;
    };
    let body = &rest[length..];
    let (mut announced, mut is_announced_json, mut authorised) = (None, false, false);
    for field in fields {
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        match field.name.len() {
            2 if is("te") => return None,
            6 if is("expect") => return None,
            7 if is("upgrade") => return None,
            10 if is("connection") && !field.value.eq_ignore_ascii_case(b"keep-alive") => return None,
            12 if is("content-type") => {
                if is_announced_json || !is_json(field.value) {
                    return None;
                }
                is_announced_json = true;
            }
            13 if is("authorization") && std::mem::replace(&mut authorised, true) => return None,
            14 if is("content-length") && announced.replace(whole_number(field.value)?).is_some() => {
                return None;
            }
            17 if is("transfer-encoding") => return None,
            _ => {}
        }
    }
    let is_whole = is_announced_json && announced == Some(body.len()) && body.len() <= body_bytes_max;
    is_whole.then_some((fields, body))
}

/// A length as plain requests have it: a few digits.
fn whole_number(digits: &[u8]) -> Option<usize> {
    let is_short = (1..=6).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    is_short.then(|| digits.iter().fold(0, |number, digit| 10 * number + usize::from(digit - b'0')))
}

/// What every reply ends with: whether the connection goes on, the date, and the body.
fn write_rest(out: &mut Vec<u8>, worker: &Worker, says_close: bool, body: &[u8]) {
    if says_close {
        out.extend_from_slice(b"\r\nconnection: close");
    }
    out.extend_from_slice(b"\r\ncontent-length: ");
    push_number(out, body.len() as u64);
    worker.date.borrow_mut().write(out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
}

/// Writes the reply of a problem in place of what stands in the buffer.
fn write_refusal<'w>(
    out: &mut Vec<u8>,
    worker: &Worker,
    caller: Option<&Caller>,
    problem: &Problem,
    pace: &Pace,
) -> Read<'w> {
    let response: Response<Bytes> = refusal(worker, caller, problem);
    out.clear();
    out.extend_from_slice(b"HTTP/1.1 ");
    let status = response.status();
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    for (name, value) in response.headers() {
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
    }
    let closes = problem.closes || pace.is_draining();
    // A problem that closes says so among its own fields.
    write_rest(out, worker, closes && !problem.closes, response.body());
    Read::Refused { closes, rests: problem.code == Code::Overloaded }
}

/// Writes a reply whole.
async fn write<S: AsyncWrite + Unpin>(stream: &mut S, reply: &[u8], pace: &Pace) -> io::Result<()> {
    let mut left = reply;
    poll_fn(|cx| {
        while !left.is_empty() {
            let polled = Pin::new(&mut *stream).poll_write(cx, left);
            pace.wrote(&polled);
            match ready!(polled)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => left = &left[written..],
            }
        }
        let polled = Pin::new(&mut *stream).poll_flush(cx);
        pace.wrote(&polled);
        polled
    })
    .await
}
