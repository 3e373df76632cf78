//! May this record be seen on this day? (NDRC order 36; Shandong regulation art. 13, 38, 59; Civil Code art. 201, 202.)
//!
//! The build computes the first and the last day of a record here, once; the check compares them with its day.

use super::catalogue::{Bars, ClassEntry, Entries, ListEntry, ListTerm, RuleEntry};
use super::date::{Day, Term};
use super::record::{Fine, Fulfilment};

/// What ends a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// Nothing but its authority.
    Open,
    /// The day that the record itself gives.
    OwnDay,
    /// The list's term.
    ListTerm,
    /// The term of the ground.
    GroundTerm,
    /// The longest term of its class.
    ClassTerm,
    /// The cap.
    Cap,
}

impl Ending {
    /// All endings, in the order of their stable numbers.
    pub const ALL: [Ending; 6] =
        [Ending::Open, Ending::OwnDay, Ending::ListTerm, Ending::GroundTerm, Ending::ClassTerm, Ending::Cap];

    /// In words, for explanations.
    pub const fn word(self) -> &'static str {
        match self {
            Ending::Open => "open",
            Ending::OwnDay => "the day given in the record",
            Ending::ListTerm => "the list's term",
            Ending::GroundTerm => "the term of the ground",
            Ending::ClassTerm => "the longest term of its class",
            Ending::Cap => "the cap",
        }
    }
}

/// The last day on which a record may be seen, and why that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The last day; none: open.
    pub day: Option<Day>,
    /// What sets it.
    pub by: Ending,
}

impl End {
    const OPEN: End = End { day: None, by: Ending::Open };

    fn at(day: Option<Day>) -> End {
        End { day, by: if day.is_some() { Ending::OwnDay } else { Ending::Open } }
    }

    /// The earlier of two ends; of equal ones, the first.
    fn or_earlier(self, day: Day, by: Ending) -> End {
        match self.day {
            Some(known) if known <= day => self,
            _ => End { day: Some(day), by },
        }
    }
}

/// What publication asks of a penalty.
#[derive(Debug, Clone, Copy)]
pub struct Penalty<'a> {
    /// Its kinds (CF_CFLB).
    pub kinds: &'a [&'a str],
    /// Its procedure (CF_CXLX).
    pub procedure: Option<&'a str>,
    /// The fine; none if blank.
    pub fine: Option<Fine>,
    /// The day of the decision (CF_JDRQ).
    pub decided: Day,
    /// The end that the authority gives (CF_GSJZQ).
    pub until: Option<Day>,
}

/// How a penalty is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Publication {
    /// False: shown to nobody, counts for nothing.
    pub published: bool,
    /// Its last day.
    pub end: End,
    /// What it bars.
    pub bars: Bars,
    /// Place of the rule that gave its class.
    pub rule: Option<usize>,
    /// Place of the class's row.
    pub class: Option<usize>,
}

/// Class, last day and bars of a penalty. One that no rule matches has no class, and only its own end and the cap.
pub fn of_penalty(catalogue: &Entries, penalty: &Penalty<'_>) -> Publication {
    let rule = catalogue.rules.iter().position(|rule| matches(rule, penalty));
    let class =
        rule.and_then(|rule| class_row(&catalogue.classes, &catalogue.rules[rule].class, penalty.decided));
    let row = class.map(|class| &catalogue.classes[class]);
    let mut end = End::at(penalty.until);
    if let Some(row) = row {
        end = end.or_earlier(penalty.decided.plus(row.longest), Ending::ClassTerm);
    }
    if let Some(cap) = &catalogue.cap {
        end = end.or_earlier(penalty.decided.plus(cap.longest), Ending::Cap);
    }
    Publication {
        published: row.is_none_or(|row| row.published),
        end,
        bars: row.map_or(Bars::default(), |row| Bars::of(&row.bars)),
        rule,
        class,
    }
}

fn matches(rule: &RuleEntry, penalty: &Penalty<'_>) -> bool {
    let kind =
        rule.penalties.is_empty() || rule.penalties.iter().any(|kind| penalty.kinds.contains(&kind.as_str()));
    let procedure = rule.procedure.as_deref().is_none_or(|procedure| penalty.procedure == Some(procedure));
    let from = rule.fine_from.is_none_or(|from| penalty.fine.is_some_and(|fine| fine >= from));
    let below = rule.fine_below.is_none_or(|below| penalty.fine.is_some_and(|fine| fine < below));
    rule.default || (kind && procedure && from && below)
}

/// The row of the law in force on the day of the decision; before the first row's day, the first row.
fn class_row(classes: &[ClassEntry], name: &str, decided: Day) -> Option<usize> {
    let from = |place: &usize| classes[*place].from.unwrap_or(Day::EVER);
    let rows = || (0..classes.len()).filter(|place| classes[*place].name == name);
    rows().filter(|place| from(place) <= decided).max_by_key(from).or_else(|| rows().min_by_key(from))
}

/// The last day of a list entry: the earlier of its own end and its term; the ground's term first.
/// Neither a class nor the cap ends it.
pub fn of_listing(list: &ListEntry, listed: Day, until: Option<Day>, ground: Option<&str>) -> End {
    let by_ground = list.ground_terms.iter().find(|(code, _)| Some(code.as_str()) == ground);
    let (term, by) = by_ground.map_or((list.term, Ending::ListTerm), |(_, term)| (*term, Ending::GroundTerm));
    match term {
        ListTerm::UntilRemoved => End::at(until),
        ListTerm::For(term) => End::at(until).or_earlier(listed.plus(term), by),
    }
}

/// From when until when a commitment counts as broken; `None` if it is kept, or nobody can say that it is not.
/// Made on `made`, to be kept by `due`.
pub fn of_commitment(
    cap: Option<Term>,
    fulfilment: Fulfilment,
    made: Day,
    due: Option<Day>,
) -> Option<(Day, End)> {
    let (from, broke) = match (fulfilment, due) {
        (Fulfilment::Whole, _) => return None,
        (Fulfilment::Broken, _) => (made, due.unwrap_or(made)),
        (Fulfilment::Partial | Fulfilment::Unkept, Some(due)) => (due.next().max(made), due),
        (Fulfilment::Partial | Fulfilment::Unkept, None) => return None,
    };
    let end = cap.map_or(End::OPEN, |cap| End { day: Some(broke.plus(cap)), by: Ending::Cap });
    Some((from, end))
}

/// Whether a record whose first and last days these are may be seen on a day.
pub fn is_within(from: Day, until: Option<Day>, day: Day) -> bool {
    from <= day && until.is_none_or(|until| day <= until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::catalogue::{Barred, CapEntry, Effect, ObjectionMode};

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn class(name: &str, longest: &str, from: &str) -> ClassEntry {
        ClassEntry {
            name: name.to_owned(),
            published: name != "minor",
            shortest: None,
            longest: longest.parse().unwrap(),
            bars: vec![Barred::Commitment],
            from: Some(day(from)),
        }
    }

    fn rule(class: &str, change: impl FnOnce(&mut RuleEntry)) -> RuleEntry {
        let mut rule = RuleEntry { class: class.to_owned(), ..RuleEntry::default() };
        change(&mut rule);
        rule
    }

    fn catalogue() -> Entries {
        Entries {
            layers: vec![],
            objection: ObjectionMode::Counts,
            lists: vec![],
            measures: vec![],
            matters: vec![],
            classes: vec![
                class("serious", "5y", "2023-05-01"),
                class("serious", "3y", "2026-04-01"),
                class("minor", "3m", "2026-04-01"),
                class("ordinary", "1y", "2026-04-01"),
            ],
            rules: vec![
                rule("serious", |rule| rule.penalties = vec!["吊销许可证件".to_owned()]),
                rule("serious", |rule| rule.fine_from = Fine::parse("100")),
                rule("ordinary", |rule| {
                    rule.fine_from = Fine::parse("10");
                    rule.fine_below = Fine::parse("100");
                }),
                rule("minor", |rule| rule.procedure = Some("简易".to_owned())),
                rule("ordinary", |rule| rule.default = true),
            ],
            cap: Some(CapEntry {
                longest: Term::Years(4), basis: vec!["山东省社会信用条例".to_owned()]
            }),
            states: vec![],
        }
    }

    fn of(kinds: &[&str], procedure: Option<&str>, fine: Option<&str>, decided: &str) -> Publication {
        let fine = fine.and_then(Fine::parse);
        of_penalty(&catalogue(), &Penalty { kinds, procedure, fine, decided: day(decided), until: None })
    }

    #[test]
    fn the_first_rule_that_matches_gives_the_class() {
        let name = |p: Publication| catalogue().classes[p.class.unwrap()].name.clone();
        assert_eq!(name(of(&["罚款", "吊销许可证件"], Some("简易"), None, "2026-05-01")), "serious");
        assert_eq!(name(of(&["罚款"], None, Some("100"), "2026-05-01")), "serious");
        assert_eq!(name(of(&["罚款"], None, Some("99.999999"), "2026-05-01")), "ordinary");
        assert_eq!(name(of(&["警告"], Some("简易"), None, "2026-05-01")), "minor");
        assert!(!of(&["警告"], Some("简易"), None, "2026-05-01").published);
        assert_eq!(of(&["警告"], Some("普通"), None, "2026-05-01").rule, Some(4));
    }

    #[test]
    fn the_law_of_the_day_of_decision_counts() {
        let last = |decided| of(&["吊销许可证件"], None, None, decided).end;
        assert_eq!(last("2026-04-01"), End { day: Some(day("2029-04-01")), by: Ending::ClassTerm });
        assert_eq!(last("2026-03-31"), End { day: Some(day("2030-03-31")), by: Ending::Cap });
        assert_eq!(last("2020-01-01"), End { day: Some(day("2024-01-01")), by: Ending::Cap });
    }

    #[test]
    fn the_authoritys_own_end_counts_if_earlier() {
        let mut penalty = Penalty {
            kinds: &[],
            procedure: None,
            fine: None,
            decided: day("2026-05-01"),
            until: Some(day("2026-08-01")),
        };
        assert_eq!(of_penalty(&catalogue(), &penalty).end.by, Ending::OwnDay);
        penalty.until = Some(day("2030-01-01"));
        assert_eq!(of_penalty(&catalogue(), &penalty).end.day, Some(day("2027-05-01")));
    }

    #[test]
    fn list_entries_end_by_term_or_by_their_own_day() {
        let list = |term| ListEntry {
            code: "dishonest-judgment-debtor".to_owned(),
            title: "失信被执行人".to_owned(),
            effect: Effect::Punish,
            severity: None,
            term,
            ground_terms: vec![("2".to_owned(), ListTerm::For(Term::Years(2)))],
            extends_to: vec![],
            bars: vec![],
            authority: "最高人民法院".to_owned(),
            basis: vec!["法释〔2017〕7号".to_owned()],
            verified: true,
        };
        let debtor = list(ListTerm::UntilRemoved);
        assert_eq!(of_listing(&debtor, day("2015-01-01"), None, Some("1")), End::OPEN);
        assert_eq!(of_listing(&debtor, day("2025-01-01"), None, Some("2")).day, Some(day("2027-01-01")));
        let early = of_listing(&debtor, day("2025-01-01"), Some(day("2026-01-01")), Some("2"));
        assert_eq!(early, End { day: Some(day("2026-01-01")), by: Ending::OwnDay });
        let late = of_listing(&debtor, day("2025-01-01"), Some(day("2029-01-01")), Some("2"));
        assert_eq!(late, End { day: Some(day("2027-01-01")), by: Ending::GroundTerm });
    }

    #[test]
    fn commitments_break_when_broken_or_overdue() {
        let cap = Some(Term::Years(5));
        let (made, due) = (day("2026-01-01"), Some(day("2026-06-30")));
        let broken =
            |fulfilment, due| of_commitment(cap, fulfilment, made, due).map(|(from, end)| (from, end.day));
        assert_eq!(broken(Fulfilment::Whole, due), None);
        assert_eq!(broken(Fulfilment::Unkept, None), None);
        assert_eq!(broken(Fulfilment::Unkept, due), Some((day("2026-07-01"), Some(day("2031-06-30")))));
        assert_eq!(broken(Fulfilment::Broken, None), Some((made, Some(day("2031-01-01")))));
        assert_eq!(broken(Fulfilment::Broken, due), Some((made, Some(day("2031-06-30")))));
    }

    #[test]
    fn a_record_is_seen_from_its_day_to_its_last() {
        let (from, until) = (day("2026-01-01"), Some(day("2026-03-31")));
        let seen = |text| is_within(from, until, day(text));
        assert!(!seen("2025-12-31") && seen("2026-01-01") && seen("2026-03-31") && !seen("2026-04-01"));
    }
}
