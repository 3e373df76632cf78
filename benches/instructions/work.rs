//! What is counted: the stages of a check, each in a function of its own that is never inlined, so that callgrind knows it.

use crate::office::{Office, today};
use std::hint::black_box;
use std::path::Path;
use xinhe::check::check;
use xinhe::domain::date::Day;
use xinhe::domain::verdict::Workspace;
use xinhe::http::ask::{self, Asked};
use xinhe::http::wire::{Reply, request};
use xinhe::live::Serving;
use xinhe::snapshot::PersonKeys;

/// Behind it stands the folder of the release.
pub(crate) const UNDER_VALGRIND: &str = "--under-valgrind";
/// Times that each question is asked.
pub(crate) const TIMES: u64 = 500;
/// The functions below that stand for a stage, with how many questions go through each.
pub(crate) const STAGES: [(&str, u64); 7] = [
    ("parse", 3),
    ("understand", 3),
    ("judge", 3),
    ("write_reply", 3),
    ("clear_organisation", 1),
    ("restricted_organisation", 1),
    ("clear_person", 1),
];

/// The bodies of the three questions, a line each.
const BODIES: &str = "bodies.ndjson";

/// Writes down what the counted process asks.
pub(crate) fn prepare(office: &Office) -> std::io::Result<()> {
    let lines: String = office.bodies().into_iter().map(|(_, body)| body + "\n").collect();
    std::fs::write(office.folder.path().join(BODIES), lines)
}

/// What the stages share, as a worker of the server keeps it.
struct Desk {
    serving: Serving,
    day: Day,
    work: Workspace,
    out: Vec<u8>,
}

/// Asks every question, in the process that callgrind watches.
pub(crate) fn run(folder: &Path) {
    let keys = std::fs::read_to_string(folder.join("person.key")).unwrap();
    let keys = PersonKeys::parse(&keys).unwrap();
    let serving = Serving::open(&folder.join("release"), &keys).unwrap();
    let mut desk = Desk { serving, day: today(), work: Workspace::default(), out: Vec::new() };
    let bodies = std::fs::read_to_string(folder.join(BODIES)).unwrap();
    let ask: [fn(&mut Desk, &str); 3] = [clear_organisation, restricted_organisation, clear_person];
    assert_eq!(bodies.lines().count(), ask.len(), "a question for each");
    for (body, ask) in bodies.lines().zip(ask) {
        (0..TIMES).for_each(|_| ask(&mut desk, black_box(body)));
    }
}

#[inline(never)]
fn clear_organisation(desk: &mut Desk, body: &str) {
    whole(desk, body);
}

#[inline(never)]
fn restricted_organisation(desk: &mut Desk, body: &str) {
    whole(desk, body);
    // Else the linker takes the three for one.
    black_box(1);
}

#[inline(never)]
fn clear_person(desk: &mut Desk, body: &str) {
    whole(desk, body);
    black_box(2);
}

fn whole(desk: &mut Desk, body: &str) {
    let request = parse(body);
    let asked = understand(desk, &request);
    judge(desk, &asked);
}

#[inline(never)]
fn parse(body: &str) -> request::Check<'_> {
    request::check(body.as_bytes()).unwrap()
}

#[inline(never)]
fn understand<'a>(desk: &Desk, request: &'a request::Check<'_>) -> Asked<'a> {
    ask::check(request, desk.serving.snapshot().catalogue(), desk.day).unwrap()
}

/// The check, and its reply, which borrows from it.
#[inline(never)]
fn judge(desk: &mut Desk, asked: &Asked<'_>) {
    let Desk { serving, day, work, out } = desk;
    let question = &asked.question();
    let answer = &check(serving.snapshot(), question, work).unwrap();
    out.clear();
    let data = &serving.data(*day);
    write_reply(&Reply { check_id: None, serving, data, question, answer, work }, out);
    black_box(out.len());
}

#[inline(never)]
fn write_reply<B: AsRef<[u8]>>(reply: &Reply<'_, B>, out: &mut Vec<u8>) {
    reply.write(out);
}
