//! Bodies of checks, searches and details: understood, or refused with a problem that repeats nobody's number.
//! What is understood is answered from the worked example, and the reply is JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use xinhe::check::{Question, check};
use xinhe::domain::verdict::Workspace;
use xinhe::http::error::Problem;
use xinhe::http::{ask, wire::Reply, wire::request};
use xinhe::live::Serving;
use xinhe_fuzz::{keys, root, today};
use xinhe_tools::compile::{Plan, build};

fuzz_target!(|input: &[u8]| {
    let serving = serving();
    match request::check(input) {
        Err(problem) => refused(&problem),
        Ok(body) => match ask::check(&body, serving.snapshot().catalogue(), today()) {
            Err(problem) => refused(&problem),
            Ok(asked) => answered(serving, &asked.question()),
        },
    }
    match request::detail(input) {
        Err(problem) => refused(&problem),
        Ok(body) => match ask::detail(&body, serving.snapshot().catalogue(), today()) {
            Err(problem) => refused(&problem),
            Ok((asked, sections)) => detailed(serving, &asked.question(), &sections),
        },
    }
    match request::search(input) {
        Err(problem) => is_json(&written(&problem)),
        Ok(body) => match ask::search(&body) {
            Err(problem) => is_json(&written(&problem)),
            Ok((name, limit)) => {
                let found = xinhe::lookup::search(serving.snapshot(), name, limit).expect("a whole release");
                assert!(found.len() <= limit);
            }
        },
    }
});

/// The worked example, without the names of records that its corrections need.
fn serving() -> &'static Serving {
    static SERVING: OnceLock<Serving> = OnceLock::new();
    SERVING.get_or_init(|| {
        let example = root().join("tests/example");
        let out = std::env::temp_dir().join(format!("xinhe-fuzz-{}", std::process::id()));
        let (keys, catalog) = (keys(), example.join("catalog"));
        let plan = Plan {
            input: &example,
            catalog: &catalog,
            out: &out,
            key: keys.first(),
            previous: None,
            parts: 2,
            memory: 1 << 30,
            threads: 1,
            stored: &[],
            carry: &[],
        };
        build(&plan, &()).expect("the worked example builds");
        let serving = Serving::open(&out, &keys).expect("what was built opens");
        std::fs::remove_dir_all(&out).expect("mapped files may be removed");
        serving
    })
}

fn answered(serving: &Serving, question: &Question<'_>) {
    let mut work = Workspace::default();
    let answer = check(serving.snapshot(), question, &mut work).expect("a whole release");
    let (check_id, data) = (Some(b"01J00000000000000000000000000000"), serving.data(question.day));
    let reply = Reply { check_id, serving, data: &data, question, answer: &answer, work: &work };
    let mut out = Vec::new();
    reply.write(&mut out);
    is_json(&out);
}

fn detailed(serving: &Serving, question: &Question<'_>, sections: &[xinhe::lookup::Section]) {
    let found = serving.snapshot().find(question.identifier).expect("a whole release");
    if let Some(at) = found {
        let report = xinhe::lookup::detail(serving.snapshot(), &at, question.day, sections);
        assert!(report.expect("a whole release").sections.len() <= sections.len());
    }
}

fn refused(problem: &Problem) {
    let text = written(problem);
    is_json(&text);
    let digits = text.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len).max();
    assert!(digits < Some(8), "it repeats a number: {}", String::from_utf8_lossy(&text));
}

fn written(problem: &Problem) -> Vec<u8> {
    let mut out = Vec::new();
    problem.write(&mut out);
    out
}

fn is_json(text: &[u8]) {
    serde_json::from_slice::<serde_json::Value>(text).expect("JSON");
}
