//! One check: whose number it is, what may be seen of the subject that day, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::alias::alias_of_hit;
use super::catalogue::{Matter, Measure};
use super::claims::organisation_inside;
use super::dates::Day;
use super::numbers::{Guess, Id, KINDS, guess, read};
use super::records::Record;
use super::subjects::Subject;
use super::text::{cell, mask_name, mask_number, plain_name};
use super::{Ask, Model};

const STAGES: [&str; 5] = ["acceptance", "review", "completion", "inspection", "award"];

/// What may be seen of a subject on a day.
struct View<'a> {
    subject: &'a Subject,
    matter: Option<&'a Matter>,
    stage: &'a str,
    on: Day,
    /// Its own adverse and favouring records that may be seen, no evaluations.
    own: Vec<&'a Record>,
    /// The latest evaluation of each kind.
    evaluations: BTreeMap<&'a str, &'a Record>,
    /// Entries of others that a list carries over, with the relation.
    linked: Vec<(&'a Record, &'static str)>,
    state_class: String,
    name_match: &'static str,
}

/// A measure that binds here, and its triggers.
struct Bound<'a> {
    measure: &'a Measure,
    because: Vec<&'a Record>,
}

fn problem(status: u16, code: &str) -> Value {
    json!({"problem": {"status": status, "code": code}})
}

/// Fields without a value are left out.
fn object(fields: &[(&str, Option<Value>)]) -> Value {
    let given = fields.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
    Value::Object(given.collect::<Map<_, _>>())
}

impl Model {
    /// The reply of `POST /v1/checks` without `check_id`, with aliases for record ids; or the problem.
    pub fn check(&self, ask: &Ask, on: Day) -> Value {
        self.answer(ask, on).unwrap_or_else(|refusal| refusal)
    }

    fn answer(&self, ask: &Ask, on: Day) -> Result<Value, Value> {
        let stage = ask.stage.as_deref().unwrap_or("acceptance");
        if !STAGES.contains(&stage) {
            return Err(problem(400, "invalid_request"));
        }
        let id = identify(ask, on)?;
        let name = ask.name.as_deref().and_then(cell);
        if id.is_person() && name.is_none() {
            return Err(problem(422, "name_required"));
        }
        let matter = ask.matter.as_deref().and_then(|code| self.catalogue.matter(code));
        let matter_is_unknown = ask.matter.is_some() && matter.is_none();
        if matter_is_unknown && !ask.answer_unknown_matter {
            return Err(problem(422, "unknown_matter"));
        }
        let Some(subject) = self.find(&id) else {
            return Ok(self.unknown(&id, on));
        };
        let name_match = name_match(subject, name.as_deref());
        if subject.kind == "person" && name_match == "none" {
            return Ok(self.unknown(&id, on));
        }
        let mut view = self.view(subject, matter, stage, on, name_match);
        if ask.unlinked {
            view.linked.clear();
        }
        Ok(self.reply(&view, &id, matter_is_unknown))
    }

    /// A unified code that nobody has still names the registered subject with the organisation code inside it.
    pub(super) fn find(&self, id: &Id) -> Option<&Subject> {
        let known = |token: String| self.subjects.index.get(&token).map(|at| &self.subjects.all[*at]);
        let inside = || known(organisation_inside(id)).filter(|subject| subject.registered);
        known(id.token()).or_else(|| if id.kind == "uscc" { inside() } else { None })
    }

    fn unknown(&self, id: &Id, on: Day) -> Value {
        let division = match id.kind {
            "uscc" => Some(&id.number[2..8]),
            "registration" => Some(&id.number[..6]),
            _ => None,
        };
        let covered =
            |division: &str| self.dataset.coverage.iter().any(|prefix| division.starts_with(prefix));
        let reason = match division {
            _ if id.is_person() => None,
            Some(division) if !covered(division) => Some(json!("outside_coverage")),
            _ => Some(json!("not_registered")),
        };
        let subject =
            object(&[("found", Some(json!(false))), ("id", Some(json!(shown(id)))), ("reason", reason)]);
        json!({
            "verdict": "unknown", "subject": subject, "hits": [], "measures": [], "evaluations": [],
            "facilitation": {"commitment": "unavailable", "tolerance": "unavailable", "green_channel": false},
            "data": self.data(on),
        })
    }

    fn stale_lists(&self, on: Day) -> BTreeSet<&str> {
        let stale = self.dataset.sources.iter().filter(|source| source.is_stale(&self.dataset, on));
        stale.flat_map(|source| source.supplies.iter().map(String::as_str)).collect()
    }

    fn data(&self, on: Day) -> Value {
        json!({"release": self.release, "as_of": self.dataset.as_of, "corrections": 0, "stale": self.stale_lists(on)})
    }

    fn view<'a>(
        &'a self,
        subject: &'a Subject,
        matter: Option<&'a Matter>,
        stage: &'a str,
        on: Day,
        name_match: &'static str,
    ) -> View<'a> {
        let visible = |subject: &'a Subject| -> Vec<&'a Record> {
            let records = subject.records.iter().map(|at| &self.records[*at]);
            records.filter(|record| record.is_visible(on)).collect()
        };
        let mut own = visible(subject);
        let mut evaluations: BTreeMap<&str, &Record> = BTreeMap::new();
        for record in own.iter().filter(|record| record.kind == "evaluation") {
            let Some(kind) = record.title.as_deref() else { continue };
            let better = |old: &&Record| (record.since, &record.year) > (old.since, &old.year);
            if evaluations.get(kind).is_none_or(better) {
                evaluations.insert(kind, record);
            }
        }
        own.retain(|record| matches!(record.kind.as_str(), "list" | "penalty" | "commitment"));
        let mut linked = vec![];
        if matter.is_some_and(|matter| matter.persons != "none" && !matter.persons.is_empty()) {
            for (others, to, relation) in [
                (subject.representative.iter().collect::<Vec<_>>(), "represented", "legal-representative"),
                (subject.represents.iter().collect(), "representative", "represents"),
            ] {
                for entry in others.into_iter().flat_map(|at| visible(&self.subjects.all[*at])) {
                    let list = entry.list.as_deref().and_then(|code| self.catalogue.list(code));
                    if list.is_some_and(|l| l.effect != "favour" && l.extends_to.iter().any(|x| x == to)) {
                        linked.push((entry, relation));
                    }
                }
            }
        }
        let state_class = match subject.registered {
            true => self.catalogue.state_class(subject.state.as_deref()),
            false => String::new(),
        };
        View { subject, matter, stage, on, own, evaluations, linked, state_class, name_match }
    }

    fn effect(&self, record: &Record) -> String {
        match record.kind.as_str() {
            "penalty" => "punish".to_owned(),
            "commitment" => "attention".to_owned(),
            _ => (record.list.as_deref().and_then(|code| self.catalogue.list(code)))
                .map_or(String::new(), |list| list.effect.clone()),
        }
    }

    /// The measures that are meant for this matter, stage, kind and day.
    fn meant<'a>(&'a self, view: &View<'a>) -> Vec<&'a Measure> {
        let Some(matter) = view.matter else { return vec![] };
        let here = |measure: &&Measure| measure.is_for(matter, view.stage, &view.subject.kind, view.on);
        self.catalogue.measures.iter().filter(here).collect()
    }

    fn reply(&self, view: &View<'_>, id: &Id, matter_is_unknown: bool) -> Value {
        let meant = self.meant(view);
        let mut bound: Vec<Bound<'_>> =
            meant.iter().map(|measure| Bound { measure, because: triggers(measure, view) }).collect();
        bound.retain(|bound| !bound.because.is_empty());
        let verdict = self.verdict(view, &meant, &bound, matter_is_unknown);
        bound.retain(|bound| match bound.measure.effect.as_str() {
            "favour" => verdict == "favoured",
            "supervise" => view.stage == "inspection",
            _ => true,
        });
        let mut hits: Vec<Value> = view.own.iter().map(|record| self.hit(record, None, view.on)).collect();
        hits.extend(view.linked.iter().map(|(record, relation)| self.hit(record, Some(relation), view.on)));
        hits.extend(state_hit(view));
        hits.sort_by_cached_key(|hit| {
            let text = |field: &str| hit[field].as_str().unwrap_or("").to_owned();
            let effect = ["punish", "attention", "favour"].iter().position(|e| *e == text("effect"));
            (effect, std::cmp::Reverse(text("since")), text("record"), hit.to_string())
        });
        bound.sort_by(|one, other| one.measure.code.cmp(&other.measure.code));
        let measures: Vec<Value> = bound.iter().map(|bound| self.measure(bound, view.on)).collect();
        let evaluations = view.evaluations.values().map(|record| {
            let date = Some(json!(record.since.to_string()));
            object(&[("kind", json_of(&record.title)), ("grade", json_of(&record.grade)), ("date", date)])
        });
        let green = bound
            .iter()
            .any(|b| b.measure.effect == "favour" && b.measure.grants.iter().any(|g| g == "green-channel"));
        let offered = |what: &str, offered: bool| match offered {
            false => "unavailable",
            true if is_barred(view, what) => "barred",
            true => "eligible",
        };
        json!({
            "verdict": verdict,
            "subject": subject(view, id),
            "hits": hits,
            "measures": measures,
            "facilitation": {
                "commitment": offered("commitment", view.matter.is_some_and(|m| m.commitment)),
                "tolerance": offered("tolerance", view.matter.is_some_and(|m| m.tolerance)),
                "green_channel": green,
            },
            "evaluations": evaluations.collect::<Vec<_>>(),
            "data": self.data(view.on),
        })
    }

    fn verdict(
        &self,
        view: &View<'_>,
        meant: &[&Measure],
        bound: &[Bound<'_>],
        matter_is_unknown: bool,
    ) -> &'static str {
        let soft = self.catalogue.objection_restricts_nothing;
        let restricts = |bound: &Bound<'_>| {
            let firm = |record: &&Record| !soft || !record.is_under_objection(view.on);
            bound.measure.binding == "mandatory" && bound.because.iter().any(firm)
        };
        let punishing: Vec<&Bound<'_>> = bound.iter().filter(|b| b.measure.effect == "punish").collect();
        let adverse = view.own.iter().any(|record| self.effect(record) != "favour")
            || !view.linked.is_empty()
            || state_is_adverse(view);
        let stale = self.stale_lists(view.on);
        let rests_on_stale = |measure: &&Measure| {
            measure.effect == "punish" && measure.lists.iter().any(|code| stale.contains(code.as_str()))
        };
        if punishing.iter().any(|bound| restricts(bound)) {
            "restricted"
        } else if adverse || !punishing.is_empty() || view.name_match == "none" {
            "attention"
        } else if matter_is_unknown || meant.iter().any(rests_on_stale) {
            "incomplete"
        } else if bound.iter().any(|bound| bound.measure.effect == "favour") {
            "favoured"
        } else {
            "clear"
        }
    }

    fn hit(&self, record: &Record, relation: Option<&str>, on: Day) -> Value {
        let effect = if relation.is_some() { "attention".to_owned() } else { self.effect(record) };
        let mut hit = object(&[
            ("category", Some(json!(record.kind))),
            ("list", json_of(&record.list)),
            ("title", json_of(&record.title)),
            ("effect", Some(json!(effect))),
            ("authority", json_of(&record.authority)),
            ("document", json_of(&record.document)),
            ("since", Some(json!(record.since.to_string()))),
            ("until", record.until.map(|until| json!(until.to_string()))),
            ("objection", Some(json!(record.is_under_objection(on)))),
            ("provider", json_of(&record.provider)),
            ("relation", relation.map(|relation| json!(relation))),
        ]);
        hit["record"] = json!(alias_of_hit(&hit));
        hit
    }

    fn measure(&self, bound: &Bound<'_>, on: Day) -> Value {
        let measure = bound.measure;
        let text = |text: &str| (!text.is_empty()).then(|| json!(text));
        let name = |record: &&Record| match record.kind.as_str() {
            "evaluation" => "r:evaluation".to_owned(),
            _ => alias_of_hit(&self.hit(record, None, on)),
        };
        let mut because: Vec<String> = bound.because.iter().map(name).collect();
        because.sort();
        object(&[
            ("code", Some(json!(measure.code))),
            ("title", Some(json!(measure.title))),
            ("effect", Some(json!(measure.effect))),
            ("binding", text(&measure.binding)),
            ("clause", text(&measure.clause)),
            ("basis", Some(json!(measure.basis))),
            ("authority", text(&measure.authority)),
            ("because", Some(json!(because))),
        ])
    }
}

fn json_of(text: &Option<String>) -> Option<Value> {
    text.as_ref().map(|text| json!(text))
}

/// The one reading of the asked number, or the refusal.
fn identify(ask: &Ask, on: Day) -> Result<Id, Value> {
    let Some(kind) = ask.id_type.as_deref() else {
        return match guess(&ask.id, on) {
            Guess::One(id) => Ok(id),
            Guess::Several => Err(problem(422, "ambiguous_identifier")),
            Guess::Nothing => Err(problem(422, "invalid_identifier")),
        };
    };
    if !KINDS.contains(&kind) {
        return Err(problem(400, "invalid_request"));
    }
    let id = read(kind, &ask.id, ask.country.as_deref(), on);
    let complete = |id: &Id| !matches!(id.kind, "passport" | "permit") || !id.country.is_empty();
    id.filter(complete).ok_or_else(|| problem(422, "invalid_identifier"))
}

fn name_match(subject: &Subject, given: Option<&str>) -> &'static str {
    let Some(given) = given.map(plain_name) else { return "not_given" };
    if subject.name.as_deref().map(plain_name) == Some(given.clone()) {
        "current"
    } else if subject.former_names.iter().any(|name| plain_name(name) == given) {
        "former"
    } else {
        "none"
    }
}

fn shown(id: &Id) -> String {
    if id.is_person() || id.kind == "tax" { mask_number(&id.number) } else { id.number.clone() }
}

fn subject(view: &View<'_>, asked: &Id) -> Value {
    let subject = view.subject;
    let id = subject.ids.first().unwrap_or(asked);
    let name = |name: &String| if subject.kind == "person" { mask_name(name) } else { name.clone() };
    object(&[
        ("found", Some(json!(true))),
        ("registered", Some(json!(subject.registered))),
        ("kind", Some(json!(subject.kind))),
        ("id", Some(json!(shown(id)))),
        ("name", subject.name.as_ref().map(|text| json!(name(text)))),
        ("name_match", Some(json!(view.name_match))),
        ("state", json_of(&subject.state)),
        ("state_class", subject.registered.then(|| json!(view.state_class))),
    ])
}

fn state_is_adverse(view: &View<'_>) -> bool {
    view.state_class == "adverse" || view.state_class == "terminal"
}

fn state_hit(view: &View<'_>) -> Option<Value> {
    state_is_adverse(view).then(|| {
        object(&[
            ("record", Some(json!("state"))),
            ("category", Some(json!("state"))),
            ("title", json_of(&view.subject.state)),
            ("effect", Some(json!("attention"))),
            ("objection", Some(json!(false))),
            ("provider", json_of(&view.subject.state_provider)),
        ])
    })
}

fn is_barred(view: &View<'_>, what: &str) -> bool {
    view.own.iter().any(|record| record.bars.iter().any(|bar| bar == what)) || state_is_adverse(view)
}

/// The subject's own visible records that trigger a measure.
fn triggers<'a>(measure: &Measure, view: &View<'a>) -> Vec<&'a Record> {
    let has = |all: &[String], one: Option<&str>| one.is_some_and(|one| all.iter().any(|x| x == one));
    let by_record = |record: &&&Record| match record.kind.as_str() {
        "list" => has(&measure.lists, record.list.as_deref()),
        "penalty" => record.penalty_kinds.iter().any(|kind| has(&measure.penalties, Some(kind))),
        _ => has(&measure.commitments, record.fulfilment.as_deref()),
    };
    let by_grade = |record: &&&Record| {
        let grade = record.title.as_ref().zip(record.grade.as_ref()).map(|(k, g)| format!("{k}:{g}"));
        has(&measure.grades, grade.as_deref())
    };
    let records = view.own.iter().filter(by_record).copied();
    records.chain(view.evaluations.values().filter(by_grade).copied()).collect()
}
