//! The hot path: one question, one answer. No I/O, no clock, no allocation.
//!
//! identifier → standing → what is visible on the day, corrections since the release included → [`decide`].

use crate::domain::catalogue::{Bars, Effect, Stage};
use crate::domain::date::Day;
use crate::domain::identifier::Identifier;
use crate::domain::publication::is_within;
use crate::domain::record::{RecordId, Standing as Stands};
use crate::domain::subject::{NameMatch, StateClass, SubjectKind};
use crate::domain::text::same_name;
use crate::domain::verdict::{
    Category, Decision, Grade, Hit, MatterAsked, Relation, Situation, Verdict, Workspace, decide,
};
use crate::snapshot::overlay::Listing;
use crate::snapshot::{
    EntryCategory, EntryRow, Located, Overlay, Part, Snapshot, SnapshotError, Standing, SubjectKey,
};

/// A question that was understood: who, for what, at which stage, on which day.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// Whom it is about.
    pub identifier: &'q Identifier,
    /// The name given with it; a person needs one.
    pub name: Option<&'q str>,
    /// For which matter.
    pub matter: MatterAsked,
    /// At which stage.
    pub stage: Stage,
    /// On which day in UTC+8.
    pub day: Day,
    /// The caller may see entries of linked persons for this matter.
    pub linked: bool,
}

/// Why an organisation is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The register does not hold the organisations of its division.
    OutsideCoverage,
    /// It would hold it, and does not.
    NotRegistered,
}

impl Reason {
    /// The contract's word.
    pub const fn word(self) -> &'static str {
        match self {
            Reason::OutsideCoverage => "outside_coverage",
            Reason::NotRegistered => "not_registered",
        }
    }
}

/// The subject of an answer.
#[derive(Debug)]
pub enum Subject<'s, B> {
    /// Not found; an organisation with the reason, a person without.
    Unknown(Option<Reason>),
    /// Found.
    Found(Found<'s, B>),
}

/// A subject that was found.
#[derive(Debug)]
pub struct Found<'s, B> {
    /// Where it lives.
    pub at: Located<'s, B>,
    /// What it is.
    pub kind: SubjectKind,
    /// How the names compare.
    pub name_match: NameMatch,
}

/// The answer. Hits, grades and measures stand in the workspace.
#[derive(Debug)]
pub struct Answer<'s, B> {
    /// The verdict and the facilitation.
    pub decision: Decision,
    /// The subject.
    pub subject: Subject<'s, B>,
}

/// Answers a question from a snapshot.
pub fn check<'s, B: AsRef<[u8]>>(
    snapshot: &'s Snapshot<B>,
    question: &Question<'_>,
    work: &mut Workspace,
) -> Result<Answer<'s, B>, SnapshotError> {
    work.clear();
    let is_person = question.identifier.kind().is_person();
    let Some(at) = snapshot.find(question.identifier)? else {
        if let Some(given) = question.name.filter(|_| is_person) {
            // A wrong name is digested; so is that of nobody, so that the time does not tell them apart.
            std::hint::black_box(snapshot.key().name(&SubjectKey::NOBODY, given));
        }
        let outside = snapshot.covers(question.identifier) == Some(false);
        let reason = if outside { Reason::OutsideCoverage } else { Reason::NotRegistered };
        return Ok(unknown((!is_person).then_some(reason)));
    };
    at.part.anticipate(&at.standing);
    let name_match = match_name(snapshot, &at, question.name);
    if at.standing.kind() == SubjectKind::Person
        && !matches!(name_match, NameMatch::Current | NameMatch::Former)
    {
        return Ok(unknown(None));
    }
    let (day, linked) = (question.day, question.linked);
    gather(snapshot.overlay(), at.part, &at.standing, day, linked, work)?;
    let situation = Situation {
        catalogue: snapshot.catalogue(),
        fresh_until: snapshot.fresh_until(),
        matter: question.matter,
        stage: question.stage,
        day: question.day,
        kind: at.standing.kind(),
        state: at.standing.state_class(),
        name_match,
    };
    let decision = decide(&situation, work);
    Ok(Answer { decision, subject: Subject::Found(Found { kind: situation.kind, name_match, at }) })
}

fn unknown<'s, B>(reason: Option<Reason>) -> Answer<'s, B> {
    Answer { decision: Decision::UNKNOWN, subject: Subject::Unknown(reason) }
}

fn match_name<B: AsRef<[u8]>>(snapshot: &Snapshot<B>, at: &Located<'_, B>, given: Option<&str>) -> NameMatch {
    let Some(given) = given else { return NameMatch::NotGiven };
    if at.standing.kind() == SubjectKind::Person {
        let digest = snapshot.key().name(&at.standing.key(), given);
        let urgent = || snapshot.overlay().name(&at.standing).and_then(|name| name.digest) == Some(digest);
        let mut known = at.part.name_digests(&at.standing);
        return match known.position(|known| known == digest) {
            Some(0) => NameMatch::Current,
            Some(_) => NameMatch::Former,
            // An urgent entry names only those whom the release does not name.
            None if at.part.shown_name(&at.standing).is_none() && urgent() => NameMatch::Current,
            None => NameMatch::None,
        };
    }
    if snapshot.overlay().shown_name(at.part, &at.standing).is_some_and(|name| same_name(name, given)) {
        NameMatch::Current
    } else if at.part.former_names(&at.standing).any(|name| same_name(name, given)) {
        NameMatch::Former
    } else {
        NameMatch::None
    }
}

/// Adds what is visible of a subject on a day to the workspace, evaluations bytewise by kind; with `linked` also entries
/// of linked subjects.
pub fn gather<B: AsRef<[u8]>>(
    overlay: &Overlay,
    part: &Part<B>,
    standing: &Standing<'_>,
    day: Day,
    linked: bool,
    work: &mut Workspace,
) -> Result<(), SnapshotError> {
    if standing.state_class().is_some_and(StateClass::is_hit) {
        work.hits.push(state_hit(standing));
    }
    let mut last_kind = None;
    for entry in part.entries_of(standing)? {
        let Some(objection) = visible(overlay, part, &entry, day) else { continue };
        if entry.category() == EntryCategory::Evaluation {
            // Those of a kind stand together, the latest first.
            if last_kind != Some(entry.title()) {
                last_kind = Some(entry.title());
                work.grades.push(grade(&entry));
            }
        } else if let Some(hit) = hit(&entry, objection, linked) {
            work.hits.push(hit);
        }
    }
    if work.grades.len() > 1 {
        let kind = |grade: &Grade| part.entry(grade.place).and_then(|entry| part.string(entry.title()));
        work.grades.sort_unstable_by(|a, b| kind(a).cmp(&kind(b)));
    }
    for listing in overlay.listings(standing) {
        work.hits.extend(listing.visible(day).map(|objection| urgent_hit(listing, objection)));
    }
    Ok(())
}

/// Whether an entry may be seen on a day, and if so whether it is under objection then.
pub fn visible<B: AsRef<[u8]>>(
    overlay: &Overlay,
    part: &Part<B>,
    entry: &EntryRow<'_>,
    day: Day,
) -> Option<bool> {
    if !is_within(entry.from(), Some(entry.until()), day) {
        return None;
    }
    let (first, count) = entry.events();
    if count == 0 && overlay.is_silent() {
        return Some(entry.objection());
    }
    let own = part.events(first, count);
    match overlay.standing(entry.record(), entry.source(), own, day, entry.objection()) {
        Stands::Gone => None,
        Stands::Stands { objection } => Some(objection),
    }
}

fn hit(entry: &EntryRow<'_>, objection: bool, linked: bool) -> Option<Hit> {
    let relation = entry.relation();
    let category = match entry.category() {
        EntryCategory::List => Category::List(entry.list()?),
        EntryCategory::Penalty => Category::Penalty(entry.penalty_bits()),
        EntryCategory::Commitment => Category::Commitment(entry.fulfilment()),
        EntryCategory::Evaluation => return None,
    };
    let own = relation == Relation::Own;
    (own || linked).then(|| Hit {
        record: entry.record(),
        category,
        effect: if own { entry.effect() } else { Effect::Attention },
        relation,
        since: Some(entry.since()),
        until: Some(entry.until()).filter(|day| *day != Day::OPEN),
        objection,
        bars: if own { entry.bars() } else { Bars::default() },
        place: entry.place,
    })
}

fn urgent_hit(listing: &Listing, objection: bool) -> Hit {
    Hit {
        record: listing.record,
        category: Category::List(listing.list),
        effect: listing.effect,
        relation: Relation::Own,
        since: Some(listing.since),
        until: listing.until,
        objection,
        bars: listing.bars,
        place: listing.place,
    }
}

fn grade(entry: &EntryRow<'_>) -> Grade {
    Grade { record: entry.record(), trigger: entry.list(), date: entry.since(), place: entry.place }
}

fn state_hit(standing: &Standing<'_>) -> Hit {
    Hit {
        record: RecordId::STATE,
        category: Category::State,
        effect: Effect::Attention,
        relation: Relation::Own,
        since: None,
        until: None,
        objection: false,
        bars: Bars::default(),
        place: standing.place,
    }
}

/// What a subject is called in the log of receipts: codes in the clear, all else as keyed digests.
#[derive(Debug, Clone, Copy)]
pub struct Named {
    /// Key of the number that was asked.
    pub asked: [u8; 25],
    /// Key of the subject that was found.
    pub found: Option<[u8; 25]>,
    /// Name of the secret of the digests.
    pub secret: [u8; 8],
}

/// Names the subject of an answer for the log.
pub fn named<B: AsRef<[u8]>>(snapshot: &Snapshot<B>, asked: &Identifier, answer: &Answer<'_, B>) -> Named {
    let found = match &answer.subject {
        Subject::Found(found) => Some(found.at.standing.key().to_bytes()),
        Subject::Unknown(_) => None,
    };
    let secret = snapshot.key();
    Named { asked: SubjectKey::of(asked, secret).to_bytes(), found, secret: secret.id().0 }
}

/// Gathers what is visible on a day of a subject that is named as the log names it; nothing of one that is not known.
pub fn visible_of<B: AsRef<[u8]>>(
    snapshot: &Snapshot<B>,
    name: &[u8],
    day: Day,
    linked: bool,
    work: &mut Workspace,
) -> Result<(), SnapshotError> {
    work.clear();
    let Some(key) = name.try_into().ok().and_then(SubjectKey::from_bytes) else { return Ok(()) };
    match snapshot.find_key(&key)? {
        Some(at) => gather(snapshot.overlay(), at.part, &at.standing, day, linked, work),
        None => Ok(()),
    }
}

/// The code that stands in a name of the log, if it is kept in the clear.
pub fn code_in(name: &[u8]) -> Option<String> {
    name.try_into().ok().and_then(SubjectKey::from_bytes)?.code().map(str::to_owned)
}

impl<B> Answer<'_, B> {
    /// What the subject is, if it was found.
    pub fn kind(&self) -> Option<SubjectKind> {
        match &self.subject {
            Subject::Found(found) => Some(found.kind),
            Subject::Unknown(_) => None,
        }
    }

    /// Whether the subject is unknown.
    pub fn is_unknown(&self) -> bool {
        self.decision.verdict == Verdict::Unknown
    }
}
