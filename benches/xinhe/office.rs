//! A generated city, built and opened, for the benches that need a whole release.

use xinhe::check::{Question, check};
use xinhe::domain::catalogue::Stage;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::verdict::{MatterAsked, Verdict, Workspace};
use xinhe::live::Serving;
use xinhe_tools::{demo, generate};

/// The day of the benches.
pub(crate) fn today() -> Day {
    Day::from_ymd(2026, 11, 21).expect("a day")
}

/// A release in a folder that goes with it.
pub(crate) struct Office {
    /// The release.
    pub(crate) serving: Serving,
    /// The subjects and matters of the demo's calls: an identifier, its name, a matter, the verdict.
    pub(crate) asks: Vec<(&'static str, Identifier, String, u16)>,
    /// Everything that was made.
    pub(crate) folder: tempfile::TempDir,
}

/// Builds a city of 20,000 subjects.
pub(crate) fn open() -> Office {
    let folder = tempfile::tempdir().unwrap();
    let plan = generate::Plan { subjects: 20_000, as_of: today(), ..generate::Plan::default() };
    generate::write(&plan, &folder.path().join("city"), &|_| ()).unwrap();
    let keys = demo::build(folder.path(), &()).unwrap();
    let serving = Serving::open(&folder.path().join("release"), &keys.person).unwrap();
    let asks = asks(&folder.path().join("city"), &serving);
    Office { serving, asks, folder }
}

impl Office {
    /// The questions as bodies of requests.
    pub(crate) fn bodies(&self) -> Vec<(&'static str, String)> {
        let matters = &self.serving.snapshot().catalogue().entries().matters;
        let body = |(title, id, name, matter): &(&'static str, Identifier, String, u16)| {
            let (id, matter) = (id.as_str(), &matters[usize::from(*matter)].code);
            (*title, format!(r#"{{"subject":{{"id":"{id}","name":"{name}"}},"matter":"{matter}"}}"#))
        };
        self.asks.iter().map(body).collect()
    }
}

/// One question for each of three verdicts, found by trying.
fn asks(city: &std::path::Path, serving: &Serving) -> Vec<(&'static str, Identifier, String, u16)> {
    let snapshot = serving.snapshot();
    let mut work = Workspace::default();
    let mut found = Vec::new();
    for (title, prefix, column, verdict) in [
        ("an organisation, clear", "organisations-", "SHXYM", Verdict::Clear),
        ("an organisation, restricted", "organisations-", "SHXYM", Verdict::Restricted),
        ("a person, clear", "persons-", "ZJHM", Verdict::Clear),
    ] {
        let rows = demo::register(city, prefix, column).unwrap();
        let matters = 0..snapshot.catalogue().entries().matters.len() as u16;
        let hit = rows.iter().find_map(|(id, name)| {
            matters.clone().find_map(|matter| {
                let question = question(id, name, matter, serving);
                let answer = check(snapshot, &question, &mut work).unwrap();
                (answer.decision.verdict == verdict).then(|| (title, *id, name.clone(), matter))
            })
        });
        found.extend(hit);
    }
    found
}

/// The question of a caller with every right.
pub(crate) fn question<'q>(
    id: &'q Identifier,
    name: &'q str,
    matter: u16,
    serving: &Serving,
) -> Question<'q> {
    Question {
        identifier: id,
        name: Some(name),
        matter: MatterAsked::Known(matter),
        stage: Stage::Acceptance,
        day: serving.snapshot().as_of(),
        linked: true,
    }
}
