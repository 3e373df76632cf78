//! What makes sense in a correction, and what is wrong usage.

use super::{Args, Kind};
use crate::command::Failure;
use crate::command::identify::today;
use xinhe::domain::date::Day;
use xinhe::domain::record::{CorrectionKind, Event};
use xinhe::domain::text::is_blank;
use xinhe::release::corrections::{Correction, Named, What};

/// Longest words of a correction, in characters: those of the national tables.
const DOCUMENT_CHARS_MAX: usize = 128;
pub(super) const NAME_CHARS_MAX: usize = 200;
const REASON_CHARS_MAX: usize = 4_000;
/// Words that do not go together are wrong usage, before anything is read.
pub(super) fn refuse_strange_words(args: &Args) -> Result<(), Failure> {
    let usage = |what: &str| Err(Failure::Usage(what.to_owned()));
    let of_listing = [args.subject.is_some(), args.name.is_some(), args.list.is_some(), args.since.is_some()];
    match args.kind {
        Kind::Record(_) if args.record.is_none() => return usage("give the record with --record"),
        Kind::Withdrawn if args.number.is_none() => {
            return usage("give the correction to withdraw with --number");
        }
        Kind::Listed if of_listing.contains(&false) => {
            return usage("listed needs --subject, --name, --list and --since");
        }
        Kind::Listed if args.record.is_some() => return usage("--record does not go with listed"),
        Kind::Listed if args.effective.is_some() => {
            return usage("--effective does not go with listed: an entry acts from --since");
        }
        Kind::Record(_) | Kind::Withdrawn if of_listing.contains(&true) || args.until.is_some() => {
            return usage("--subject, --name, --list, --since and --until go with listed only");
        }
        _ => {}
    }
    if args.number.is_some() && args.kind != Kind::Withdrawn {
        return usage("--number goes with withdrawn only");
    }
    if args.kind == Kind::Withdrawn && args.effective.is_some_and(|day| day > today()) {
        return usage("a withdrawal undoes the correction at once and for every day: leave --effective out");
    }
    if args.since.zip(args.until).is_some_and(|(since, until)| until < since) {
        return usage("--until lies before --since");
    }
    for (name, text, most) in [
        ("--document", &args.document, DOCUMENT_CHARS_MAX),
        ("--authority", &args.authority, NAME_CHARS_MAX),
        ("--reason", &args.reason, REASON_CHARS_MAX),
    ] {
        if text.chars().all(is_blank) {
            return Err(Failure::Usage(format!(
                "{name} is blank: a correction says by what, by whom and why"
            )));
        }
        let length = text.chars().count();
        if length > most {
            return Err(Failure::Usage(format!("{name} has {length} characters, expected at most {most}")));
        }
    }
    Ok(())
}

/// What earlier corrections do to a record: those that the release has folded in, by their numbers if they are of the
/// store, and those since; withdrawn ones aside.
pub(super) fn events_of(folded: &[(Option<u32>, Event)], since: &[Correction], named: &Named) -> Vec<Event> {
    let is_withdrawn = |number: u32| {
        since.iter().any(|one| matches!(one.draft.what, What::Withdrawn { number: n, .. } if n == number))
    };
    let stands = |(number, _): &&(Option<u32>, Event)| !number.is_some_and(is_withdrawn);
    let folded = folded.iter().filter(stands).map(|(_, event)| *event);
    let event = |one: &Correction| match &one.draft.what {
        What::Record(kind, other) if other.ids.iter().any(|id| named.ids.contains(id)) => {
            Some(Event { day: one.draft.effective, kind: *kind })
        }
        _ => None,
    };
    folded.chain(since.iter().filter(|one| !is_withdrawn(one.number)).filter_map(event)).collect()
}

/// What is allowed and odd.
pub(super) fn senseless(kind: CorrectionKind, day: Day, events: &[Event], objection: bool) -> Option<String> {
    let before = |wanted: CorrectionKind| events.iter().any(|one| one.kind == wanted && one.day <= day);
    let that_day = |wanted: CorrectionKind| events.iter().any(|one| one.kind == wanted && one.day == day);
    let odd = match kind {
        // Of one day the kinds that end something come last (docs/decisions.md).
        CorrectionKind::Suspended if that_day(CorrectionKind::Resumed) => {
            "it is resumed on that day, which comes last: give the next day as --effective, or take a resumption of \
             the store back with `xinhe correct withdrawn`"
        }
        CorrectionKind::ObjectionOpened if that_day(CorrectionKind::ObjectionClosed) => {
            "an objection is closed on that day, which comes last: give the next day as --effective, or take a closing \
             of the store back with `xinhe correct withdrawn`"
        }
        CorrectionKind::Resumed if !before(CorrectionKind::Suspended) => "it was not suspended before",
        CorrectionKind::ObjectionClosed if !objection && !before(CorrectionKind::ObjectionOpened) => {
            "no objection was opened before"
        }
        _ => return None,
    };
    Some(format!("warning: {} has no effect: {odd}", kind.word()))
}
