//! Which rows are records, which of them are one record, and from when to when a record may be seen.

use super::catalogue::{Catalogue, Penalty, amount};
use super::claims::Claim;
use super::dates::{Day, Term};
use super::rows::Row;
use super::text::{half_width, parts, plain};

/// What a check needs of a record.
pub(crate) struct Record {
    /// The kind of its source.
    pub(crate) kind: String,
    pub(crate) since: Day,
    /// First and last day on which it may be seen; no first day: never.
    pub(crate) visible_from: Option<Day>,
    pub(crate) until: Option<Day>,
    pub(crate) title: Option<String>,
    pub(crate) authority: Option<String>,
    pub(crate) document: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) under_objection: bool,
    /// Day and kind.
    pub(crate) corrections: Vec<(Day, String)>,
    pub(crate) list: Option<String>,
    pub(crate) penalty_kinds: Vec<String>,
    pub(crate) fulfilment: Option<String>,
    pub(crate) bars: Vec<String>,
    pub(crate) year: Option<String>,
    pub(crate) grade: Option<String>,
}

pub(crate) const CORRECTIONS: [&str; 7] =
    ["repaired", "revoked", "delisted", "suspended", "resumed", "objection_opened", "objection_closed"];

/// Whether a row of this kind may stay; if not, why.
pub(crate) fn judge(kind: &str, row: &Row, claim: &Claim, catalogue: &Catalogue) -> Result<(), &'static str> {
    let needs: &[&str] = match kind {
        "licence" if row.get("document").is_none() => &["number"],
        "licence" | "penalty" | "administrative" | "judgment" => &["document"],
        "list" => &["list"],
        "commitment" => &["type", "fulfilment"],
        "correction" => &["type", "record", "document"],
        _ => &[],
    };
    let missing = needs.iter().chain(&["date", "authority"]).any(|meaning| row.get(meaning).is_none());
    if missing || (kind == "penalty" && penalty_kinds(row).is_empty()) {
        return Err("missing_field");
    }
    for meaning in ["date", "until", "due"] {
        if row.get(meaning).is_some() && day(row, meaning).is_none() {
            return Err("invalid_date");
        }
    }
    let wrong = |meaning: &str, known: &[&str]| {
        row.get(meaning).is_some_and(|value| !known.contains(&half_width(value).as_str()))
    };
    if wrong("standing", &["0", "1", "2"])
        || wrong("fulfilment", &["全部履行", "部分履行", "未履行", "违反承诺"])
        || row.get("fine").is_some_and(|fine| amount(&half_width(fine)).is_none())
        || (kind == "correction" && wrong("type", &CORRECTIONS))
    {
        return Err("invalid_value");
    }
    let list = row.get("list").map(|code| catalogue.list(code).ok_or("unknown_list")).transpose()?;
    let adverse = match kind {
        "penalty" => true,
        "list" => list.is_some_and(|list| list.effect != "favour"),
        "commitment" => row.get("fulfilment") != Some("全部履行"),
        _ => false,
    };
    let birth = claim.person.as_ref().and_then(|id| id.birth);
    let adult = birth.map(|birth| Term::Years(18).last_day(birth));
    if adverse && adult.zip(day(row, "date")).is_some_and(|(adult, date)| date < adult) {
        return Err("minor");
    }
    Ok(())
}

fn day(row: &Row, meaning: &str) -> Option<Day> {
    row.get(meaning).and_then(|value| Day::read(&half_width(value)))
}

/// The end that a row gives; "long term" gives none.
fn end(row: &Row, meaning: &str) -> Option<Day> {
    day(row, meaning).filter(|day| !day.is_long_term())
}

fn penalty_kinds(row: &Row) -> Vec<String> {
    let separators = ";；、,，";
    let mut kinds = parts(row.get("classes").unwrap_or(""), separators);
    if kinds.is_empty() {
        for column in ["classes-1", "classes-2"] {
            kinds.extend(parts(row.get(column).unwrap_or(""), separators));
        }
    }
    let mut once: Vec<String> = vec![];
    for kind in kinds {
        if !once.contains(&kind) {
            once.push(kind);
        }
    }
    once
}

/// Rows with the same key are versions of one record.
pub(crate) fn same_record_key(kind: &str, row: &Row, subject: usize) -> Vec<String> {
    let text = |meaning: &str| plain(row.get(meaning).unwrap_or(""));
    let date = |meaning: &str| day(row, meaning).map(|d| d.to_string()).unwrap_or_default();
    let mut key = vec![kind.to_owned(), subject.to_string(), text("authority")];
    key.extend(match kind {
        "licence" if row.get("document").is_none() => vec!["number".to_owned(), text("number")],
        "licence" | "penalty" | "judgment" => vec!["document".to_owned(), text("document")],
        "administrative" => vec![text("type"), text("document")],
        "list" => vec![text("list"), text("document"), date("date")],
        "commitment" => vec![text("type"), text("matter"), date("date")],
        "evaluation" => vec![text("type"), text("year"), date("date")],
        _ => vec![text("title"), date("date")],
    });
    key
}

/// The record that a kept row stands for. `judge` has let the row pass, so its date is there.
pub(crate) fn record(kind: &str, row: &Row, catalogue: &Catalogue) -> Option<Record> {
    let since = day(row, "date")?;
    let text = |meaning: &str| row.get(meaning).map(str::to_owned);
    let standing = row.get("standing").map(half_width);
    let mut record = Record {
        kind: kind.to_owned(),
        since,
        visible_from: (standing.as_deref() != Some("1")).then_some(since),
        until: None,
        title: text("type"),
        authority: text("authority"),
        document: text("document"),
        provider: row.provider.clone(),
        under_objection: standing.as_deref() == Some("2"),
        corrections: vec![],
        list: text("list"),
        penalty_kinds: vec![],
        fulfilment: text("fulfilment"),
        bars: vec![],
        year: text("year"),
        grade: text("grade"),
    };
    match kind {
        "penalty" => penalty(&mut record, row, catalogue),
        "list" => {
            let list = catalogue.list(row.get("list")?)?;
            record.title = Some(list.title.clone());
            record.bars = list.bars.clone();
            record.until = list.last_day(since, row.get("ground"), end(row, "until"));
        }
        "commitment" => commitment(&mut record, end(row, "due"), catalogue),
        _ => {}
    }
    Some(record)
}

fn penalty(record: &mut Record, row: &Row, catalogue: &Catalogue) {
    record.penalty_kinds = penalty_kinds(row);
    record.title = Some(record.penalty_kinds.join(";"));
    let class = catalogue.class_of(&Penalty {
        kinds: &record.penalty_kinds,
        procedure: row.get("procedure"),
        fine: row.get("fine").and_then(|fine| amount(&half_width(fine))),
        decided: record.since,
    });
    let by_class = class.and_then(|class| class.last_day(record.since));
    let ends = [end(row, "until"), by_class, catalogue.cap_from(record.since)];
    record.until = ends.into_iter().flatten().min();
    record.bars = class.map(|class| class.bars.clone()).unwrap_or_default();
    if class.is_some_and(|class| !class.published) {
        record.visible_from = None;
    }
}

fn commitment(record: &mut Record, due: Option<Day>, catalogue: &Catalogue) {
    record.visible_from = match record.fulfilment.as_deref() {
        Some("违反承诺") => Some(record.since),
        Some("未履行" | "部分履行") => due.map(Day::next),
        _ => None,
    };
    record.until = catalogue.cap_from(due.unwrap_or(record.since));
    record.bars = vec!["commitment".to_owned(), "tolerance".to_owned()];
}

impl Record {
    /// The corrections that stand on a day: whether the record is hidden, and whether it is under objection.
    fn standing(&self, on: Day) -> (bool, bool) {
        let closes = |kind: &str| kind == "resumed" || kind == "objection_closed";
        let mut corrections = self.corrections.clone();
        corrections.sort_by_key(|(day, kind)| (*day, closes(kind)));
        let (mut gone, mut suspended, mut objection) = (false, false, self.under_objection);
        for (_, kind) in corrections.iter().filter(|(day, _)| *day <= on) {
            match kind.as_str() {
                "suspended" => suspended = true,
                "resumed" => suspended = false,
                "objection_opened" => objection = true,
                "objection_closed" => objection = false,
                _ => gone = true,
            }
        }
        (gone || suspended, objection)
    }

    pub(crate) fn is_visible(&self, on: Day) -> bool {
        let begun = self.visible_from.is_some_and(|from| from <= on);
        let over = self.until.is_some_and(|until| until < on);
        begun && !over && !self.standing(on).0
    }

    pub(crate) fn is_under_objection(&self, on: Day) -> bool {
        self.standing(on).1
    }
}
