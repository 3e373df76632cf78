//! The worker's way into the log: an entry is written while its reply is, and the reply waits for its commit.

use super::ask::Asked;
use super::caller::Caller;
use super::discreet::{Person, discreet};
use super::error::Problem;
use super::fields::Fields;
use super::wire::request::{self, Text};
use crate::audit::entry::{About, Body, Check, Counted, Detail, Entry, HitNote, Kind, MeasureNote, Search};
use crate::audit::{Appender, Commit, Id, Item, Log, Packed, system_now_us};
use crate::check::Answer;
use crate::domain::date::Day;
use crate::domain::record::RecordId;
use crate::domain::verdict::{Category, MatterAsked, Workspace};
use crate::live::Serving;
use crate::lookup::{Named, Report};
use hyper::header::HeaderName;
use std::borrow::Cow;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};

/// Where the trace of a request stands.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Checks whose feedback waits in one line.
const TURNS: usize = 64;

/// Feedback of one check goes in turn, so that a request that is made twice at once is done once.
#[derive(Debug)]
pub(super) struct Turns(Vec<Mutex<()>>);

impl Default for Turns {
    fn default() -> Turns {
        Turns((0..TURNS).map(|_| Mutex::new(())).collect())
    }
}

impl Turns {
    /// The line of a check.
    pub(super) fn of(&self, check: &Id) -> &Mutex<()> {
        &self.0[check.place().offset as usize % TURNS]
    }
}

/// A worker's way into the log.
#[derive(Debug)]
pub(super) struct Receipts {
    pub(super) log: Arc<Log>,
    pub(super) turns: Arc<Turns>,
    appender: Appender,
    stirred: Arc<Notify>,
}

impl Receipts {
    pub(super) fn new(log: Arc<Log>, turns: Arc<Turns>) -> Receipts {
        let stirred = Arc::new(Notify::new());
        let from_writer = Arc::clone(&stirred);
        let appender = log.appender(Arc::new(move || from_writer.notify_one()));
        Receipts { log, turns, appender, stirred }
    }

    /// Appends an entry; the reply leaves once the commit says that it may.
    pub(super) fn append(&self, kind: Kind, entry: &[u8]) -> Result<(Id, Commit<'_>), Problem> {
        let appended = self.appender.append(kind, entry)?;
        self.stirred.notify_one();
        Ok(appended)
    }

    /// Tells the writer now: whoever is refused for want of room waits for it, and so would everybody behind.
    pub(super) fn hurry(&self) {
        self.appender.push();
    }

    /// Tells the writer of what was appended, and the requests of what was decided, once a turn. Never ends.
    pub(super) async fn run(&self) {
        loop {
            self.stirred.notified().await;
            self.appender.push();
            self.appender.wake_decided();
        }
    }
}

/// The trace of a request (W3C Trace Context), if it is one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Trace(Option<[u8; 55]>);

impl Trace {
    pub(super) fn of(fields: Fields<'_>) -> Trace {
        let value = fields.first(&TRACEPARENT).and_then(|value| <[u8; 55]>::try_from(value).ok());
        let is_trace = |value: &[u8; 55]| {
            value.iter().enumerate().all(|(place, byte)| match place {
                2 | 35 | 52 => *byte == b'-',
                _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            })
        };
        Trace(value.filter(is_trace))
    }

    fn text(&self) -> &str {
        self.0.as_ref().and_then(|trace| std::str::from_utf8(trace).ok()).unwrap_or_default()
    }
}

/// What an entry is written in, kept from one to the next.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) trace: Trace,
    entry: Vec<u8>,
    hits: Vec<u8>,
    measures: Vec<u8>,
    records: Vec<u8>,
}

/// What all entries of a worker say alike: who, when, from which release.
pub(super) fn begun<'a>(
    caller: &'a Caller,
    trace: &'a Trace,
    day: Day,
    serving: Option<&'a Serving>,
) -> Entry<'a> {
    Entry {
        time_us: system_now_us(),
        counted: Counted {
            day,
            stage: None,
            verdict: None,
            client: caller.id(),
            division: caller.division(),
            matter: "",
        },
        request_id: "",
        purpose: "",
        case: "",
        operator: "",
        authorization: "",
        traceparent: trace.text(),
        release: serving.map_or("", Serving::name),
        corrections: serving.map_or(0, Serving::corrections),
        body: Body::Search(Search { found: Packed::EMPTY }),
    }
}

/// A text of a request, fit for the log.
pub(super) fn noted<'a>(field: &'a Option<Text<'_>>, person: Person<'_>) -> Cow<'a, str> {
    field.as_ref().map_or(Cow::Borrowed(""), |Text(text)| discreet(text, person))
}

/// The number of a request. One that is a person's is told by a digest: it must still differ from all others.
pub(super) fn request_number<'a>(log: &Log, field: &'a Option<Text<'_>>, person: Person<'_>) -> Cow<'a, str> {
    match (noted(field, person), field) {
        (Cow::Owned(_), Some(Text(text))) => {
            let digest = log.digest(text.as_bytes());
            Cow::Owned(format!("digest-{:032x}", u128::from_be_bytes(digest)))
        }
        (clean, _) => clean,
    }
}

fn person_of<'a>(asked: &'a Asked<'_>) -> Person<'a> {
    if !asked.identifier.kind().is_person() {
        return Person::default();
    }
    let number = std::str::from_utf8(asked.identifier.as_bytes()).unwrap_or_default();
    Person { number, name: asked.question().name.unwrap_or_default() }
}

impl Draft {
    /// Writes the entry of a check.
    pub(super) fn check<B: AsRef<[u8]>>(
        &mut self,
        begun: Entry<'_>,
        log: &Log,
        (request, asked): (&request::Check<'_>, &Asked<'_>),
        (answer, work): (&Answer<'_, B>, &Workspace),
        (serving, name): (&Serving, &crate::check::Named),
    ) -> &[u8] {
        let person = person_of(asked);
        let question = asked.question();
        let matter = matter_of(serving, question.matter, &request.matter, person);
        let texts = [&request.purpose, &request.case, &request.operator, &request.authorization];
        let [purpose, case, operator, authorization] = texts.map(|field| noted(field, person));
        let hits = self.pack_hits(serving, work);
        self.pack_measures(serving, work);
        let body = Body::Check(Check {
            about: about(name),
            linked: question.linked,
            hits: Packed::new(hits, &self.hits),
            measures: Packed::new(work.measures().len() as u32, &self.measures),
        });
        let counted = Counted {
            stage: Some(question.stage),
            verdict: Some(answer.decision.verdict),
            matter: &matter,
            ..begun.counted
        };
        let request_id = request_number(log, &request.request_id, person);
        self.entry.clear();
        Entry {
            counted,
            request_id: &request_id,
            purpose: &purpose,
            case: &case,
            operator: &operator,
            authorization: &authorization,
            body,
            ..begun
        }
        .encode(&mut self.entry);
        &self.entry
    }

    fn pack_hits(&mut self, serving: &Serving, work: &Workspace) -> u32 {
        self.hits.clear();
        for hit in &work.hits {
            let list = match hit.category {
                Category::List(list) => serving.snapshot().catalogue().list_at(list),
                Category::Penalty(_) | Category::Commitment(_) | Category::State => None,
            };
            let note = HitNote {
                record: hit.record,
                category: hit.category.word(),
                list: list.map_or("", |list| list.code.as_str()),
                effect: hit.effect,
                objection: hit.objection,
                relation: hit.relation.word().unwrap_or_default(),
                until: hit.until.unwrap_or(Day::OPEN),
            };
            note.put(&mut self.hits);
        }
        work.hits.len() as u32
    }

    fn pack_measures(&mut self, serving: &Serving, work: &Workspace) {
        self.measures.clear();
        for bound in work.measures() {
            let because = Packed::pack(&mut self.records, work.because(bound));
            let measure = serving.snapshot().catalogue().measure_at(bound.measure);
            let code = measure.map_or("", |(measure, _)| measure.code.as_str());
            MeasureNote { code, because }.put(&mut self.measures);
        }
    }

    /// Writes the entry of a detail.
    pub(super) fn detail(
        &mut self,
        begun: Entry<'_>,
        (request, asked): (&request::Detail<'_>, &Asked<'_>),
        (serving, name): (&Serving, &crate::check::Named),
        report: &Report,
    ) -> &[u8] {
        let person = person_of(asked);
        let matter = matter_of(serving, asked.question().matter, &request.matter, person);
        let [purpose, authorization] =
            [&request.purpose, &request.authorization].map(|field| noted(field, person));
        let shown: Vec<RecordId> =
            report.sections.iter().flat_map(|(_, items)| items.iter().map(|item| item.record)).collect();
        let records = Packed::pack(&mut self.records, &shown);
        let body = Body::Detail(Detail { about: about(name), records });
        let counted = Counted { matter: &matter, ..begun.counted };
        self.entry.clear();
        Entry { counted, purpose: &purpose, authorization: &authorization, body, ..begun }
            .encode(&mut self.entry);
        &self.entry
    }

    /// Writes the entry of a search.
    pub(super) fn search(&mut self, begun: Entry<'_>, found: &[Named]) -> &[u8] {
        let codes: Vec<&str> = found.iter().filter_map(|named| named.id.as_deref()).collect();
        let found = Packed::pack(&mut self.records, &codes);
        self.entry.clear();
        Entry { body: Body::Search(Search { found }), ..begun }.encode(&mut self.entry);
        &self.entry
    }
}

fn about(name: &crate::check::Named) -> About<'_> {
    About { asked: &name.asked, found: name.found.as_ref().map_or(&[], |key| key), key: name.secret }
}

/// The code of the matter, also where an alias was asked.
fn matter_of<'a>(
    serving: &'a Serving,
    matter: MatterAsked,
    given: &'a Option<Text<'_>>,
    person: Person<'_>,
) -> Cow<'a, str> {
    match matter {
        MatterAsked::Known(place) => {
            let entry = serving.snapshot().catalogue().matter_at(place);
            Cow::Borrowed(entry.map_or("", |entry| entry.code.as_str()))
        }
        MatterAsked::Unnamed => Cow::Borrowed(""),
        MatterAsked::Unlisted => noted(given, person),
    }
}
