//! `GET /v1/usage?from=…&to=…`: how much was asked, of which client, for what, with which verdict.

use super::caller::Caller;
use super::error::{Code, Problem};
use super::worker::Worker;
use crate::audit::Tally;
use crate::audit::entry::Counted;
use crate::config::Endpoint;
use crate::domain::date::Day;
use hyper::body::Bytes;
use serde_json::{Value, json};

/// Tells the days from `from` to `to`, both included; without them today. A client sees its own use, one with `audit`
/// that of all.
pub(super) fn usage(worker: &Worker, caller: &Caller, query: &str) -> Result<Bytes, Problem> {
    caller.need(Endpoint::Usage)?;
    let (from, to) = days(query, worker.clock.now().day)?;
    let client = (!caller.may(Endpoint::Audit)).then(|| caller.id());
    let rows = worker.receipts.log.usage(from, to, client);
    let mut totals = Totals::default();
    let rows: Vec<Value> = rows
        .iter()
        .filter_map(|(row, tally)| {
            let counted = Counted::unpack(row)?;
            totals.add(tally);
            Some(row_json(&counted, tally))
        })
        .collect();
    let told = json!({
        "from": from.to_string(), "to": to.to_string(), "rows": rows,
        "total": {"checks": totals.checks, "feedback": totals.feedback, "outstanding": totals.outstanding},
    });
    Ok(told.to_string().into())
}

#[derive(Default)]
struct Totals {
    checks: i64,
    feedback: i64,
    outstanding: i64,
}

impl Totals {
    fn add(&mut self, tally: &Tally) {
        self.checks += tally.checks;
        self.feedback += tally.feedback;
        self.outstanding += tally.outstanding();
    }
}

fn row_json(counted: &Counted<'_>, tally: &Tally) -> Value {
    let mut told = json!({
        "day": counted.day.to_string(), "client": counted.client, "checks": tally.checks,
        "feedback": tally.feedback, "outstanding": tally.outstanding(),
    });
    let words = [
        ("division", counted.division),
        ("matter", counted.matter),
        ("stage", counted.stage.map_or("", |stage| stage.word())),
        ("verdict", counted.verdict.map_or("", |verdict| verdict.word())),
    ];
    for (name, word) in words.into_iter().filter(|(_, word)| !word.is_empty()) {
        told[name] = json!(word);
    }
    told
}

fn days(query: &str, today: Day) -> Result<(Day, Day), Problem> {
    let (mut from, mut to) = (None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let day = match name {
            "from" => &mut from,
            "to" => &mut to,
            _ => return Err(refuse("unknown parameter, expected from and to")),
        };
        if day.is_some() {
            return Err(refuse("from or to stands twice"));
        }
        *day = Some(Day::parse_iso(value).ok_or_else(|| refuse("expected days such as from=2026-11-01"))?);
    }
    let to = to.unwrap_or(from.unwrap_or(today).max(today));
    let from = from.unwrap_or(to);
    if from > to {
        return Err(refuse("from is later than to"));
    }
    Ok((from, to))
}

fn refuse(what: &'static str) -> Problem {
    Problem::new(Code::InvalidRequest, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_a_range_of_real_days() {
        let day = |text: &str| Day::parse_iso(text).unwrap();
        let today = day("2026-11-20");
        let read = |query| days(query, today).map_err(|problem| problem.code);
        assert_eq!(read(""), Ok((today, today)));
        assert_eq!(read("from=2026-11-01"), Ok((day("2026-11-01"), today)));
        assert_eq!(read("to=2026-11-01"), Ok((day("2026-11-01"), day("2026-11-01"))));
        assert_eq!(read("from=2026-11-01&to=2026-11-03"), Ok((day("2026-11-01"), day("2026-11-03"))));
        for wrong in ["from=x", "from=2026-02-30", "day=2026-11-01", "from=2026-11-02&to=2026-11-01", "from"]
        {
            assert_eq!(read(wrong), Err(Code::InvalidRequest), "{wrong}");
        }
        assert_eq!(read("to=2026-11-01&to=2026-11-02"), Err(Code::InvalidRequest));
    }
}
