//! Which path does what, and the way of a check: caller → body → [`request`] → [`ask`] → [`crate::check`] → [`Reply`].

use super::ask;
use super::auth::Peer;
use super::batch::{self, Answers, Outcome};
use super::caller::Caller;
use super::error::{Code, Problem};
use super::feedback;
use super::limits::{discard_body, need_lines, read_body};
use super::openapi;
use super::pace::Pace;
use super::receipt::receipt;
use super::receipts::{self, Trace};
use super::usage::usage;
use super::wire::{Reply, request, write_found, write_release, write_report};
use super::worker::{Desk, Worker};
use crate::audit::Commit;
use crate::audit::entry::Kind;
use crate::check::{Subject, check};
use crate::config::Endpoint;
use crate::live::Serving;
use crate::lookup;
use http_body_util::{Either, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};
use std::rc::Rc;

/// What is done with a body, at one desk and without waiting for anything.
/// Tells the commit of its receipt.
type Handler = for<'w> fn(&'w Worker, &mut Desk, &Caller, &[u8]) -> Result<Commit<'w>, Problem>;

/// The body of a reply: whole, or made as it is read.
pub(super) type Outgoing = Either<Full<Bytes>, Answers>;

/// Answers one request. As long as its caller is kept, it counts as one that is at hand; a batch keeps it itself.
pub(super) async fn answer(
    worker: &Rc<Worker>,
    peer: &Peer,
    pace: &Rc<Pace>,
    request: Request<Incoming>,
) -> (Response<Outgoing>, Option<Caller>) {
    let caller = match Caller::find(worker, request.headers().into(), peer) {
        Ok(caller) => caller,
        Err(problem) => {
            let problem = unread(request, problem).await;
            return (refusal(worker, None, &problem).map(whole), None);
        }
    };
    if request.uri().path() == "/v1/checks/batch" {
        return lines(worker, caller, pace, request).await;
    }
    let response = one(worker, &caller, pace, request).await;
    (response.map(whole), Some(caller))
}

/// Answers a request with one reply.
async fn one(worker: &Worker, caller: &Caller, pace: &Pace, request: Request<Incoming>) -> Response<Bytes> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let posts = *request.method() == Method::POST;
    let answered = match request.uri().path() {
        "/v1/checks" if posts => {
            let answered = with_body(worker, caller, pace, request, Endpoint::Checks, one_check).await;
            answered.inspect(|_| caller.answered(worker))
        }
        "/v1/subjects/search" if posts => {
            with_body(worker, caller, pace, request, Endpoint::Subjects, search).await
        }
        "/v1/subjects/detail" if posts => {
            with_body(worker, caller, pace, request, Endpoint::Subjects, detail).await
        }
        "/v1/release" if reads => release(worker),
        "/v1/catalog/lists" if reads => catalogue(worker, |serving| &serving.lists),
        "/v1/catalog/measures" if reads => catalogue(worker, |serving| &serving.measures),
        "/v1/catalog/matters" if reads => catalogue(worker, |serving| &serving.matters),
        "/v1/usage" if reads => usage(worker, caller, request.uri().query().unwrap_or_default()),
        path if Named::of(path).is_some() => return named(worker, caller, pace, request).await,
        "/openapi.json" if reads => Ok(Bytes::from_static(openapi::DOCUMENT)),
        "/v1/checks" | "/v1/subjects/search" | "/v1/subjects/detail" => Err(other_method("POST")),
        "/v1/release"
        | "/v1/usage"
        | "/v1/catalog/lists"
        | "/v1/catalog/measures"
        | "/v1/catalog/matters"
        | "/openapi.json" => Err(other_method("GET, HEAD")),
        _ => Err(Problem::new(Code::NotFound, "no such path")),
    };
    answered.map_or_else(
        |problem| refusal(worker, Some(caller), &problem),
        |body| json(StatusCode::OK, "application/json", body),
    )
}

/// Answers a request line by line, if it may be asked at all.
async fn lines(
    worker: &Rc<Worker>,
    caller: Caller,
    pace: &Rc<Pace>,
    request: Request<Incoming>,
) -> (Response<Outgoing>, Option<Caller>) {
    let may = if *request.method() == Method::POST {
        caller.need(Endpoint::Checks).and_then(|()| need_lines(&request))
    } else {
        Err(other_method("POST"))
    };
    if let Err(problem) = may {
        let problem = unread(request, problem).await;
        return (refusal(worker, Some(&caller), &problem).map(whole), Some(caller));
    }
    let trace = Trace::of(request.headers().into());
    let answers = batch::answer(worker, caller, pace, trace, request.into_body());
    let mut response = Response::new(Either::Right(answers));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    (response, None)
}

/// Everything behind the last byte of the body happens at one desk, without waiting for anything.
async fn with_body(
    worker: &Worker,
    caller: &Caller,
    pace: &Pace,
    request: Request<Incoming>,
    endpoint: Endpoint,
    handle: Handler,
) -> Result<Bytes, Problem> {
    if let Err(problem) = caller.need(endpoint) {
        return Err(unread(request, problem).await);
    }
    let trace = Trace::of(request.headers().into());
    let body = read_body(request, worker.limits.body_bytes_max.bytes(), pace).await?;
    let (commit, reply) = {
        let desk = &mut *worker.desk.borrow_mut();
        desk.out.clear();
        desk.draft.trace = trace;
        let commit = handle(worker, desk, caller, &body)?;
        (commit, Bytes::copy_from_slice(&desk.out))
    };
    // Nothing leaves before its receipt is in the log.
    commit.await?;
    Ok(reply)
}

/// A path that names an entry of the log.
#[derive(Debug, Clone, Copy)]
enum Named<'p> {
    Check(&'p str),
    Feedback(&'p str),
    Cancel(&'p str),
}

impl<'p> Named<'p> {
    fn of(path: &'p str) -> Option<Named<'p>> {
        if let Some(rest) = path.strip_prefix("/v1/feedback/") {
            return rest.strip_suffix("/cancel").filter(|id| !id.contains('/')).map(Named::Cancel);
        }
        let rest = path.strip_prefix("/v1/checks/")?;
        match rest.strip_suffix("/feedback") {
            Some(id) => (!id.contains('/')).then_some(Named::Feedback(id)),
            // A batch is no check of that name.
            None => {
                (!rest.is_empty() && !rest.contains('/') && rest != "batch").then_some(Named::Check(rest))
            }
        }
    }
}

/// Answers about an entry of the log.
async fn named(worker: &Worker, caller: &Caller, pace: &Pace, request: Request<Incoming>) -> Response<Bytes> {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let answered = match (Named::of(&path), &method) {
        (Some(Named::Check(id)), &(Method::GET | Method::HEAD)) => {
            receipt(worker, caller, id).map(|body| (StatusCode::OK, body))
        }
        (Some(Named::Feedback(id)), &Method::POST) => match all_of(worker, caller, pace, request).await {
            Ok((trace, body)) => feedback::give(worker, caller, &trace, id, &body).await,
            Err(problem) => Err(problem),
        },
        (Some(Named::Cancel(id)), &Method::POST) => match all_of(worker, caller, pace, request).await {
            Ok((trace, body)) => feedback::cancel(worker, caller, &trace, id, &body).await,
            Err(problem) => Err(problem),
        },
        (Some(Named::Check(_)), _) => Err(other_method("GET, HEAD")),
        _ => Err(other_method("POST")),
    };
    answered.map_or_else(
        |problem| refusal(worker, Some(caller), &problem),
        |(status, body)| json(status, "application/json", body),
    )
}

/// The body of a feedback or cancel, of a caller that may give feedback.
async fn all_of(
    worker: &Worker,
    caller: &Caller,
    pace: &Pace,
    request: Request<Incoming>,
) -> Result<(Trace, Bytes), Problem> {
    if let Err(problem) = caller.need(Endpoint::Feedback) {
        return Err(unread(request, problem).await);
    }
    let trace = Trace::of(request.headers().into());
    Ok((trace, read_body(request, worker.limits.body_bytes_max.bytes(), pace).await?))
}

/// A problem that was met before the body was read.
async fn unread(request: Request<Incoming>, problem: Problem) -> Problem {
    let closes = !discard_body(request).await;
    Problem { closes, ..problem }
}

/// Answers the one check of a request.
pub(super) fn one_check<'w>(
    worker: &'w Worker,
    desk: &mut Desk,
    caller: &Caller,
    body: &[u8],
) -> Result<Commit<'w>, Problem> {
    check_line(worker, desk, caller, body).map(|(_, commit)| commit)
}

/// Answers one check behind what stands in the buffer, for a caller of one and for one of many.
pub(super) fn check_line<'w>(
    worker: &'w Worker,
    desk: &mut Desk,
    caller: &Caller,
    body: &[u8],
) -> Result<(Outcome, Commit<'w>), Problem> {
    let request = request::check(body)?;
    let now = worker.clock.now();
    let (day, (serving, data)) = (now.day, desk.live.current(now)?);
    let snapshot = serving.snapshot();
    let asked = ask::check_for(&request, snapshot.catalogue(), day, caller.rights())?;
    caller.before_lookup(worker, &asked.identifier, day)?;
    let question = &asked.question();
    let answer = &check(snapshot, question, &mut desk.work).map_err(Problem::damaged)?;
    caller.after_lookup(worker, &asked.identifier, answer.is_unknown());
    caller.rights().after_lookup(&asked.identifier, answer.kind())?;
    let name = crate::check::named(snapshot, &asked.identifier, answer);
    let trace = desk.draft.trace;
    let begun = receipts::begun(caller, &trace, day, Some(serving));
    let log = &worker.receipts.log;
    let entry = desk.draft.check(begun, log, (&request, &asked), (answer, &desk.work), (serving, &name));
    let (id, commit) = worker.receipts.append(Kind::Check, entry)?;
    Reply { check_id: Some(&id.text()), serving, data, question, answer, work: &desk.work }
        .write(&mut desk.out);
    worker.board.verdicts.count(answer.decision.verdict as usize);
    caller.counts().verdicts.count(answer.decision.verdict as usize);
    let outcome = match answer.is_unknown() {
        true => Outcome::Unknown,
        false if desk.work.hits.is_empty() => Outcome::Clean,
        false => Outcome::Hits,
    };
    Ok((outcome, commit))
}

fn search<'w>(
    worker: &'w Worker,
    desk: &mut Desk,
    caller: &Caller,
    body: &[u8],
) -> Result<Commit<'w>, Problem> {
    let request = request::search(body)?;
    let (name, limit) = ask::search(&request)?;
    let now = worker.clock.now();
    let (serving, data) = desk.live.current(now)?;
    let mut found = lookup::search(serving.snapshot(), name, limit).map_err(Problem::damaged)?;
    found.retain(|one| caller.rights().kind(one.kind));
    let trace = desk.draft.trace;
    let begun = receipts::begun(caller, &trace, now.day, Some(serving));
    let (_, commit) = worker.receipts.append(Kind::Search, desk.draft.search(begun, &found))?;
    write_found(&mut desk.out, &found, data);
    Ok(commit)
}

fn detail<'w>(
    worker: &'w Worker,
    desk: &mut Desk,
    caller: &Caller,
    body: &[u8],
) -> Result<Commit<'w>, Problem> {
    let request = request::detail(body)?;
    let now = worker.clock.now();
    let (day, (serving, data)) = (now.day, desk.live.current(now)?);
    let snapshot = serving.snapshot();
    let (asked, sections) = ask::detail_for(&request, snapshot.catalogue(), day, caller.rights())?;
    caller.before_lookup(worker, &asked.identifier, day)?;
    let question = &asked.question();
    let answer = &check(snapshot, question, &mut desk.work).map_err(Problem::damaged)?;
    caller.after_lookup(worker, &asked.identifier, answer.is_unknown());
    caller.rights().after_lookup(&asked.identifier, answer.kind())?;
    let Subject::Found(found) = &answer.subject else {
        // A person whose name does not match is told like one that nobody knows.
        return Err(Problem::new(Code::NotFound, "no such subject, or the name is not the person's"));
    };
    let report = lookup::detail(snapshot, &found.at, day, &sections).map_err(Problem::damaged)?;
    let name = crate::check::named(snapshot, &asked.identifier, answer);
    let trace = desk.draft.trace;
    let begun = receipts::begun(caller, &trace, day, Some(serving));
    let entry = desk.draft.detail(begun, (&request, &asked), (serving, &name), &report);
    let (_, commit) = worker.receipts.append(Kind::Detail, entry)?;
    let reply = Reply { check_id: None, serving, data, question, answer, work: &desk.work };
    write_report(&mut desk.out, &reply, &report);
    Ok(commit)
}

fn release(worker: &Worker) -> Result<Bytes, Problem> {
    let desk = &mut *worker.desk.borrow_mut();
    let now = worker.clock.now();
    desk.out.clear();
    let (serving, old) = desk.live.about(now)?;
    write_release(&mut desk.out, serving, now, old);
    Ok(Bytes::copy_from_slice(&desk.out))
}

fn catalogue(worker: &Worker, part: fn(&Serving) -> &[u8]) -> Result<Bytes, Problem> {
    let desk = &mut *worker.desk.borrow_mut();
    Ok(Bytes::copy_from_slice(part(desk.live.about(worker.clock.now())?.0)))
}

fn other_method(allow: &'static str) -> Problem {
    let detail = format!("this path takes {allow}");
    Problem { allow: Some(allow), ..Problem::new(Code::MethodNotAllowed, detail) }
}

/// A body that is there as a whole.
fn whole(body: Bytes) -> Outgoing {
    Either::Left(Full::new(body))
}

/// Counts a problem that a caller is told.
pub(super) fn count(worker: &Worker, caller: Option<&Caller>, problem: &Problem) {
    worker.board.problems.count(problem.code as usize);
    if let Some(caller) = caller {
        caller.counts().problems.count(problem.code as usize);
    }
    if let Some(right) = problem.right {
        worker.board.rights.count(right as usize);
    }
}

/// Counts a problem, and makes the reply that tells it.
pub(super) fn refusal(worker: &Worker, caller: Option<&Caller>, problem: &Problem) -> Response<Bytes> {
    count(worker, caller, problem);
    let mut body = Vec::with_capacity(512);
    problem.write(&mut body);
    let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = json(status, "application/problem+json", body.into());
    let headers = response.headers_mut();
    if let Some(allow) = problem.allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    if let Some(seconds) = problem.retry_after_seconds() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if problem.code == Code::Unauthenticated {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if problem.closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn json(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
