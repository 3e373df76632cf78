//! Which path does what, and the way of a check: body → [`request`] → [`ask`] → [`crate::check`] → [`Reply`].

use super::ask;
use super::error::{Code, Problem};
use super::limits::read_body;
use super::openapi;
use super::wire::{Reply, request, write_found, write_release, write_report};
use super::worker::{Desk, Worker};
use crate::check::{Subject, check};
use crate::live::Serving;
use crate::lookup;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};

/// Answers one request.
pub(super) async fn answer(worker: &Worker, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let posts = *request.method() == Method::POST;
    let answered = match request.uri().path() {
        "/v1/checks" if posts => with_body(worker, request, one_check).await,
        "/v1/subjects/search" if posts => with_body(worker, request, search).await,
        "/v1/subjects/detail" if posts => with_body(worker, request, detail).await,
        "/v1/release" if reads => release(worker),
        "/v1/catalog/lists" if reads => catalogue(worker, |serving| &serving.lists),
        "/v1/catalog/measures" if reads => catalogue(worker, |serving| &serving.measures),
        "/v1/catalog/matters" if reads => catalogue(worker, |serving| &serving.matters),
        "/openapi.json" if reads => Ok(Bytes::from_static(openapi::DOCUMENT)),
        "/v1/checks" | "/v1/subjects/search" | "/v1/subjects/detail" => Err(other_method("POST")),
        "/v1/release"
        | "/v1/catalog/lists"
        | "/v1/catalog/measures"
        | "/v1/catalog/matters"
        | "/openapi.json" => Err(other_method("GET, HEAD")),
        _ => Err(Problem::new(Code::NotFound, "no such path")),
    };
    answered.map_or_else(
        |problem| refusal(worker, &problem),
        |body| json(StatusCode::OK, "application/json", body),
    )
}

/// Everything behind the last byte of the body happens at one desk, without waiting for anything.
async fn with_body(
    worker: &Worker,
    request: Request<Incoming>,
    handle: fn(&Worker, &mut Desk, &[u8]) -> Result<(), Problem>,
) -> Result<Bytes, Problem> {
    let body = read_body(request, worker.limits.body_bytes_max.bytes()).await?;
    let desk = &mut *worker.desk.borrow_mut();
    desk.out.clear();
    handle(worker, desk, &body)?;
    Ok(Bytes::copy_from_slice(&desk.out))
}

fn one_check(worker: &Worker, desk: &mut Desk, body: &[u8]) -> Result<(), Problem> {
    let request = request::check(body)?;
    let now = worker.clock.now();
    let (day, (serving, data)) = (now.day, desk.live.current(now)?);
    let snapshot = serving.snapshot();
    let asked = ask::check(&request, snapshot.catalogue(), day)?;
    let question = &asked.question();
    let answer = &check(snapshot, question, &mut desk.work).map_err(Problem::damaged)?;
    let check_id = Some(&desk.ids.next()?);
    Reply { check_id, serving, data, question, answer, work: &desk.work }.write(&mut desk.out);
    worker.board.verdicts.count(answer.decision.verdict as usize);
    Ok(())
}

fn search(worker: &Worker, desk: &mut Desk, body: &[u8]) -> Result<(), Problem> {
    let request = request::search(body)?;
    let (name, limit) = ask::search(&request)?;
    let (serving, data) = desk.live.current(worker.clock.now())?;
    let found = lookup::search(serving.snapshot(), name, limit).map_err(Problem::damaged)?;
    write_found(&mut desk.out, &found, data);
    Ok(())
}

fn detail(worker: &Worker, desk: &mut Desk, body: &[u8]) -> Result<(), Problem> {
    let request = request::detail(body)?;
    let now = worker.clock.now();
    let (day, (serving, data)) = (now.day, desk.live.current(now)?);
    let snapshot = serving.snapshot();
    let (asked, sections) = ask::detail(&request, snapshot.catalogue(), day)?;
    let question = &asked.question();
    let answer = &check(snapshot, question, &mut desk.work).map_err(Problem::damaged)?;
    let Subject::Found(found) = &answer.subject else {
        // A person whose name does not match is told like one that nobody knows.
        return Err(Problem::new(Code::NotFound, "no such subject, or the name is not the person's"));
    };
    let report = lookup::detail(snapshot, &found.at, day, &sections).map_err(Problem::damaged)?;
    let reply = Reply { check_id: None, serving, data, question, answer, work: &desk.work };
    write_report(&mut desk.out, &reply, &report);
    Ok(())
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

fn refusal(worker: &Worker, problem: &Problem) -> Response<Full<Bytes>> {
    worker.board.problems.count(problem.code as usize);
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
    if problem.closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn json(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
