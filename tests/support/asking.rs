//! Asking a release in process, the way the server does.

use serde_json::Value;
use std::path::Path;
use xinhe::check::check;
use xinhe::domain::date::Day;
use xinhe::domain::verdict::Workspace;
use xinhe::http::ask;
use xinhe::http::auth::Rights;
use xinhe::http::wire::{Reply, request};
use xinhe::live::Serving;
use xinhe::snapshot::PersonKeys;

/// A release that answers.
pub(crate) struct Office {
    serving: Serving,
    work: Workspace,
}

impl Office {
    /// Opens a release with the key that tests share.
    pub(crate) fn open(release: &Path) -> Office {
        let keys = PersonKeys::parse(&PersonKeys::line(&[7; 32])).expect("a key");
        Office { serving: Serving::open(release, &keys).expect("a release"), work: Workspace::default() }
    }

    /// Answers from what is prepared already.
    pub(crate) fn of(serving: Serving) -> Office {
        Office { serving, work: Workspace::default() }
    }

    /// What answers.
    pub(crate) fn serving(&self) -> &Serving {
        &self.serving
    }

    /// The reply without `check_id`, or `{"problem": {…}}`.
    pub(crate) fn ask(&mut self, body: &Value, day: Day) -> Value {
        self.ask_as(body, day, &Rights::EVERY)
    }

    /// The same to a caller with these rights.
    pub(crate) fn ask_as(&mut self, body: &Value, day: Day, rights: &Rights) -> Value {
        let body = body.to_string();
        let snapshot = self.serving.snapshot();
        let answer = request::check(body.as_bytes()).and_then(|request| {
            let asked = ask::check_for(&request, snapshot.catalogue(), day, rights)?;
            let question = &asked.question();
            let answer = &check(snapshot, question, &mut self.work).expect("an undamaged release");
            let data = &self.serving.data(day);
            let mut out = Vec::new();
            let serving = &self.serving;
            Reply { check_id: None, serving, data, question, answer, work: &self.work }.write(&mut out);
            Ok(serde_json::from_slice(&out).expect("a reply is JSON"))
        });
        answer.unwrap_or_else(|problem| {
            serde_json::json!({"problem": {"status": problem.code.status(), "code": problem.code.word(),
                                            "pointer": problem.pointer.as_deref()}})
        })
    }
}
