//! A check allocates nothing once its workspace has grown: the promise of `src/check.rs`, counted.

use crate::support::example::example;
use std::collections::BTreeSet;
use xinhe::check::check;
use xinhe::domain::verdict::Workspace;
use xinhe::http::ask;
use xinhe::http::wire::{Reply, request};
use xinhe::live::Serving;
use xinhe::snapshot::PersonKeys;

#[test]
fn a_check_and_its_reply_allocate_nothing() {
    let keys = PersonKeys::parse(&PersonKeys::line(&[7; 32])).unwrap();
    let serving = Serving::open(&example().release(), &keys).unwrap();
    let snapshot = serving.snapshot();
    let (mut work, mut out) = (Workspace::default(), Vec::new());
    let mut verdicts = BTreeSet::new();
    for case in &example().asks {
        let body = case.body.to_string();
        let Ok(request) = request::check(body.as_bytes()) else { continue };
        let Ok(asked) = ask::check(&request, snapshot.catalogue(), case.on) else { continue };
        let (question, data) = (&asked.question(), &serving.data(case.on));
        let mut once = || {
            let answer = &check(snapshot, question, &mut work).unwrap();
            out.clear();
            Reply { check_id: None, serving: &serving, data, question, answer, work: &work }.write(&mut out);
            answer.decision.verdict.word()
        };
        // The first time, workspace and buffer grow to what this question needs.
        once();
        let mut verdict = "";
        let counted = allocation_counter::measure(|| verdict = once());
        assert_eq!(counted.count_total, 0, "{}", case.rule);
        verdicts.insert(verdict);
    }
    assert_eq!(verdicts.len(), 6, "every verdict was asked for: {verdicts:?}");
}
