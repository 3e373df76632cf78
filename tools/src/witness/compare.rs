//! The model's answers beside the release's. The only file of the witness that looks at a release.

use super::corrected::{Corrected, identifier};
use super::dates::Day;
use super::sample::{Pick, Sample, SampleError};
use super::text::{mask_number, plain};
use super::{Ask, Model};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use xinhe::check::{Question, Subject, check};
use xinhe::domain::catalogue::Stage;
use xinhe::domain::verdict::{Category, Hit, MatterAsked, Workspace};
use xinhe::snapshot::{Located, Part, Snapshot};

/// Matters that each subject is checked for, beside none at all.
const MATTERS: usize = 4;

/// A question to which the release and the model give different answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Code of the subject; a person's number is masked.
    pub subject: String,
    /// The matter; none: asked without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matter: Option<String>,
    /// What differs: subject, verdict, entry or evaluation.
    pub what: &'static str,
    /// The record, if the release has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// What the release says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What the model says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

/// What came of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Subjects asked about.
    pub subjects: u64,
    /// Subjects drawn that could not be compared: too many rows, or rows that others may claim.
    pub left_out: u64,
    /// Questions put to both.
    pub questions: u64,
    /// Where they disagree.
    pub differences: Vec<Difference>,
}

/// What is said of a subject: lines that compare, what is told of each, and the record.
type Said = Vec<(String, String, Option<String>)>;

impl Sample {
    /// Asks model and release about every subject of the sample. Entries of linked subjects are left aside: whose they
    /// are is no matter of the sample's rows alone.
    pub fn compare<B: AsRef<[u8]>>(
        mut self,
        snapshot: &Snapshot<B>,
        day: xinhe::domain::date::Day,
    ) -> Result<Comparison, SampleError> {
        self.leave_out_strangers();
        self.spread();
        self.add_urgent(snapshot, day)?;
        let Sample { seed, dataset, catalogue, picks, rows, corrections, renamed, stored, carried, .. } =
            self;
        let model =
            Model::of_rows(dataset, catalogue, rows, &BTreeMap::new()).map_err(SampleError::Folder)?;
        let on =
            Day::read(&day.to_string()).ok_or_else(|| SampleError::Folder(format!("{day}: not a day")))?;
        let corrected = Corrected::new(corrections, renamed, stored);
        let mut asking =
            Asking { model, snapshot, day, on, work: Workspace::default(), differences: Vec::new() };
        let (mut subjects, mut questions) = (0, 0);
        let codes = asking.model.matters();
        for (place, pick) in picks.iter().enumerate().filter(|(_, pick)| !pick.left_out) {
            if asking.is_carried(pick, &carried)? {
                continue;
            }
            asking.correct(pick, &corrected)?;
            let first = seed as usize ^ place;
            let some = (0..MATTERS.min(codes.len())).filter_map(|n| codes.get((first + 7 * n) % codes.len()));
            for matter in std::iter::once(None).chain(some.map(Some)) {
                asking.ask(pick, matter.map(String::as_str))?;
                questions += 1;
            }
            subjects += 1;
        }
        let left_out = picks.len() as u64 - subjects;
        Ok(Comparison { subjects, left_out, questions, differences: asking.differences })
    }
}

/// Model and release, asked on one day.
struct Asking<'s, B> {
    model: Model,
    snapshot: &'s Snapshot<B>,
    day: xinhe::domain::date::Day,
    on: Day,
    work: Workspace,
    differences: Vec<Difference>,
}

impl<B: AsRef<[u8]>> Asking<'_, B> {
    /// Whether the release has an entry of a source whose rows the model was not shown.
    fn is_carried(&self, pick: &Pick, carried: &[u16]) -> Result<bool, SampleError> {
        if carried.is_empty() {
            return Ok(false);
        }
        let Some(identifier) = identifier(&pick.id, self.day) else { return Ok(false) };
        let Some(at) = self.snapshot.find(&identifier)? else { return Ok(false) };
        Ok(at.part.entries_of(&at.standing)?.any(|entry| carried.contains(&entry.source())))
    }

    /// Hands corrections to the model.
    fn correct(&mut self, pick: &Pick, corrected: &Corrected) -> Result<(), SampleError> {
        if corrected.is_empty() {
            return Ok(());
        }
        let Some(identifier) = identifier(&pick.id, self.day) else { return Ok(()) };
        let Some(at) = self.snapshot.find(&identifier)? else { return Ok(()) };
        for entry in at.part.entries_of(&at.standing)? {
            if let Some((told, events)) = corrected.of(self.snapshot, &at, &entry)? {
                let record =
                    (told.kind, told.document.as_str(), told.authority.as_str(), told.since.as_str());
                self.model.correct(&pick.id, record, &events);
            }
        }
        Ok(())
    }

    fn ask(&mut self, pick: &Pick, matter: Option<&str>) -> Result<(), SampleError> {
        let known = self.model.known(&pick.id);
        let ask = Ask {
            id: pick.id.number.clone(),
            id_type: Some(pick.id.kind.to_owned()),
            country: Some(pick.id.country.clone()).filter(|country| !country.is_empty()),
            name: known.and_then(|known| known.name),
            matter: matter.map(str::to_owned),
            unlinked: true,
            ..Ask::default()
        };
        if pick.id.is_person() && ask.name.is_none() {
            return Ok(());
        }
        let reply = self.model.check(&ask, self.on);
        let mut differences = Vec::new();
        let differ = |what, record, found, expected| {
            let person = pick.id.is_person();
            let subject = if person { mask_number(&pick.id.number) } else { pick.id.number.clone() };
            let matter = matter.map(str::to_owned);
            differences.push(Difference { subject, matter, what, record, found, expected });
        };
        self.answer(pick, &ask, &reply, differ)?;
        self.differences.append(&mut differences);
        Ok(())
    }

    fn answer(
        &mut self,
        pick: &Pick,
        ask: &Ask,
        reply: &Value,
        mut differ: impl FnMut(&'static str, Option<String>, Option<String>, Option<String>),
    ) -> Result<(), SampleError> {
        let Some(identifier) = identifier(&pick.id, self.day) else {
            differ("subject", None, Some("not a number of its kind".to_owned()), None);
            return Ok(());
        };
        let catalogue = self.snapshot.catalogue();
        let matter = match ask.matter.as_deref() {
            None => MatterAsked::Unnamed,
            Some(code) => catalogue.matter(code).map_or(MatterAsked::Unlisted, MatterAsked::Known),
        };
        let (name, stage, day) = (ask.name.as_deref(), Stage::Acceptance, self.day);
        let question = Question { identifier: &identifier, name, matter, stage, day, linked: false };
        let answer = check(self.snapshot, &question, &mut self.work)?;
        let verdict = answer.decision.verdict.word();
        if reply["verdict"] != verdict {
            differ("verdict", None, Some(verdict.to_owned()), Some(text(reply, "verdict").to_owned()));
        }
        let Subject::Found(found) = &answer.subject else { return Ok(()) };
        let standing = &found.at.standing;
        let state = standing.state_class().and_then(|_| found.at.part.string(standing.state()));
        let ours = (standing.kind().word(), state.unwrap_or_default());
        let theirs = (text(&reply["subject"], "kind"), text(&reply["subject"], "state"));
        if ours != theirs {
            let words = |(kind, state): (&str, &str)| Some(format!("{kind} {state}").trim_end().to_owned());
            differ("subject", None, words(ours), words(theirs));
        }
        let hits = self.work.hits.iter().map(|hit| of_hit(self.snapshot, &found.at, hit)).collect();
        apart("entry", hits, list(reply, "hits").iter().map(of_reply).collect(), &mut differ);
        let grades = self.work.grades.iter().map(|grade| {
            let words = found.at.part.entry(grade.place).map(|entry| {
                let string = |number| found.at.part.string(number).unwrap_or_default();
                format!("{} {} {}", string(entry.title()), string(entry.grade()), grade.date)
            });
            let words = words.unwrap_or_default();
            (words.clone(), words, Some(grade.record.to_string()))
        });
        let evaluations = list(reply, "evaluations").iter().map(|one| {
            let words = format!("{} {} {}", text(one, "kind"), text(one, "grade"), text(one, "date"));
            (words.clone(), words, None)
        });
        apart("evaluation", grades.collect(), evaluations.collect(), &mut differ);
        Ok(())
    }
}

/// Tells what only one of the two says.
fn apart(
    what: &'static str,
    mut ours: Said,
    mut theirs: Said,
    differ: &mut impl FnMut(&'static str, Option<String>, Option<String>, Option<String>),
) {
    ours.retain(|(key, ..)| match theirs.iter().position(|(other, ..)| other == key) {
        Some(place) => {
            theirs.swap_remove(place);
            false
        }
        None => true,
    });
    ours.into_iter().for_each(|(_, words, record)| differ(what, record, Some(words), None));
    theirs.into_iter().for_each(|(_, words, _)| differ(what, None, None, Some(words)));
}

fn of_hit<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    at: &Located<'_, B>,
    hit: &Hit,
) -> (String, String, Option<String>) {
    let part: &Part<B> = at.part;
    let entry = if hit.category == Category::State { None } else { part.entry(hit.place) };
    let list = match hit.category {
        Category::List(list) => snapshot.catalogue().list_at(list).map_or("", |list| list.code.as_str()),
        _ => "",
    };
    let day = |day: Option<xinhe::domain::date::Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let words = words(
        hit.category.word(),
        list,
        hit.effect.word(),
        (&day(hit.since), &day(hit.until)),
        hit.objection,
    );
    let document = entry.and_then(|entry| part.document(&entry)).unwrap_or_default();
    (format!("{words} {}", plain(document)), words, Some(hit.record.to_string()))
}

fn of_reply(hit: &Value) -> (String, String, Option<String>) {
    let days = (text(hit, "since"), text(hit, "until"));
    let objection = hit["objection"] == true;
    let words = words(text(hit, "category"), text(hit, "list"), text(hit, "effect"), days, objection);
    (format!("{words} {}", plain(text(hit, "document"))), words, None)
}

/// An entry in words, without what could name a person.
fn words(category: &str, list: &str, effect: &str, (since, until): (&str, &str), objection: bool) -> String {
    let objection = if objection { ", under objection" } else { "" };
    let list = if list.is_empty() { String::new() } else { format!(" {list}") };
    format!("{category}{list}, {effect}, {since} to {until}{objection}")
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
