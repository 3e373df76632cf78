//! The middle: facts of all sources become subjects, each with its records, one version of each, corrections applied.
//!
//! In memory. The ends do not know: ingest hands over facts one by one, encoding takes subjects one by one.

use super::join::{Whom, stubs, whom};
use super::register::{CodeKey, Group, Register};
use super::sameness::{record_id, same_key};
use super::version::{Rank, by_rank};
use crate::facts::{CorrectionFact, Detail, Origin, RecordFact, Reject, Sink, SubjectFact, Warning};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::ops::Deref;
use xinhe::domain::catalogue::Catalogue;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::record::RecordId;
use xinhe::domain::text::mask_number;
use xinhe::snapshot::{PersonKey, SubjectKey};

/// A fact that outlives its row, with the row's bytes for [`by_rank`].
#[derive(Debug, Clone)]
pub(crate) struct Owned<T> {
    /// The fact; its version has no row.
    pub fact: T,
    /// The row.
    pub row: Box<[u8]>,
}

impl<T> Deref for Owned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.fact
    }
}

/// A row of the register in memory.
pub(crate) type SubjectRow = Owned<SubjectFact<'static>>;
/// A record in memory.
pub(crate) type RecordRow = Owned<RecordFact<'static>>;

/// Everything that ingest handed over.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Rows of the register.
    pub subjects: Vec<SubjectRow>,
    /// Records.
    pub records: Vec<RecordRow>,
    /// Corrections.
    pub corrections: Vec<CorrectionFact>,
    /// Rows refused.
    pub rejects: Vec<Reject>,
    /// Oddities.
    pub warnings: Vec<Warning>,
}

impl Sink for Gathered {
    fn subject(&mut self, fact: &SubjectFact<'_>) -> io::Result<()> {
        self.subjects.push(Owned { row: fact.version.row.into(), fact: fact.clone().into_owned() });
        Ok(())
    }

    fn record(&mut self, fact: &RecordFact<'_>) -> io::Result<()> {
        self.records.push(Owned { row: fact.version.row.into(), fact: fact.clone().into_owned() });
        Ok(())
    }

    fn correction(&mut self, fact: CorrectionFact) -> io::Result<()> {
        self.corrections.push(fact);
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> io::Result<()> {
        self.rejects.push(reject);
        Ok(())
    }

    fn warn(&mut self, warning: Warning) -> io::Result<()> {
        self.warnings.push(warning);
        Ok(())
    }
}

/// What resolving needs to know beside the facts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// The catalogue.
    pub catalogue: &'a Catalogue,
    /// Priorities of the sources.
    pub priorities: &'a [i64],
    /// The secret under which persons are kept.
    pub key: &'a PersonKey,
}

/// A record that stands, with its corrections by day and kind.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Its name.
    pub id: RecordId,
    /// Its best version.
    pub fact: RecordRow,
    /// What corrects it.
    pub corrections: Vec<CorrectionFact>,
}

/// A subject with its predecessors folded in.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The subject itself.
    pub group: Group,
    /// Those whose successor it is.
    pub predecessors: Vec<Group>,
    /// Every code that names it and nobody else, the organisation codes inside unified ones among them.
    pub names: Vec<Identifier>,
    /// Its records.
    pub records: Vec<Kept>,
}

/// What came of the rows of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// Rows that became a subject, a record or a correction.
    pub kept: u64,
    /// Rows that another version outweighed.
    pub merged: u64,
    /// Rows refused.
    pub rejected: u64,
}

/// The result of resolving.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// All subjects.
    pub subjects: Vec<Subject>,
    /// By source.
    pub accounts: Vec<Account>,
    /// Rows refused, those of ingest included.
    pub rejects: Vec<Reject>,
    /// Oddities, those of ingest included.
    pub warnings: Vec<Warning>,
    /// Corrections that match no record.
    pub orphans: Vec<CorrectionFact>,
    /// Corrections that match one.
    pub applied: u64,
}

/// Resolves everything.
pub(crate) fn resolve(gathered: Gathered, rules: &Rules<'_>) -> Resolved {
    let Gathered { subjects, records, corrections, mut rejects, mut warnings } = gathered;
    let mut accounts = vec![Account::default(); rules.priorities.len()];
    let mut register = Register::new(subjects, rules.priorities);
    let records = assign(&mut register, records, &mut rejects, &mut warnings);
    for source in &register.kept {
        accounts[usize::from(*source)].kept += 1;
    }
    for source in &register.merged {
        accounts[usize::from(*source)].merged += 1;
    }
    let answers_for = register.successors();
    warnings.extend(register.oddities.drain(..).map(|(origin, reason, detail)| Warning {
        origin,
        reason,
        detail,
    }));

    let mut corrections = Corrections::new(corrections, &mut accounts);
    let by_subject = fold(&answers_for, records);
    let mut subjects = Vec::with_capacity(by_subject.len());
    for (place, Folded { predecessors, records }) in by_subject {
        let members: Vec<&Group> = std::iter::once(&place)
            .chain(&predecessors)
            .map(|group| &register.groups[*group as usize])
            .collect();
        let kept = versions(records, &register, &members, &mut corrections, rules, &mut accounts);
        let mut group = members[0].clone();
        if !group.registered {
            group.name = stub_name(&kept, rules);
        }
        let names = names(&register, &members, |holder| answers_for[holder as usize] == place);
        let predecessors = members[1..].iter().map(|group| (*group).clone()).collect();
        subjects.push(Subject { group, predecessors, names, records: kept });
    }
    for reject in &rejects {
        accounts[usize::from(reject.origin.source)].rejected += 1;
    }
    let (applied, orphans) = corrections.finish();
    Resolved { subjects, accounts, rejects, warnings, orphans, applied }
}

/// A subject's predecessors, and its records with the group that each names.
#[derive(Default)]
struct Folded {
    predecessors: Vec<u32>,
    records: Vec<(u32, RecordRow)>,
}

/// Lets every subject answer for those whose successor it is.
fn fold(answers_for: &[u32], records: Vec<(u32, RecordRow)>) -> BTreeMap<u32, Folded> {
    let mut by_subject: BTreeMap<u32, Folded> = BTreeMap::new();
    for (group, subject) in answers_for.iter().enumerate() {
        let folded = by_subject.entry(*subject).or_default();
        if group as u32 != *subject {
            folded.predecessors.push(group as u32);
        }
    }
    for (group, record) in records {
        by_subject.entry(answers_for[group as usize]).or_default().records.push((group, record));
    }
    by_subject
}

/// Tells for each record its group; refuses those whose passport no country makes clear.
fn assign(
    register: &mut Register,
    records: Vec<RecordRow>,
    rejects: &mut Vec<Reject>,
    warnings: &mut Vec<Warning>,
) -> Vec<(u32, RecordRow)> {
    let mut assigned = Vec::with_capacity(records.len());
    let mut strangers = Vec::new();
    let mut strange_codes: BTreeSet<(u32, Identifier)> = BTreeSet::new();
    for record in records {
        match whom(register, &record.subject) {
            Err(_) => rejects.push(ambiguous_country(&record)),
            Ok(Whom::Nobody) => strangers.push(record),
            Ok(Whom::Registered { group, other }) => {
                if other {
                    warnings.push(two_subjects(record.origin));
                }
                let unified = record.subject.codes.first().filter(|code| code.kind() == IdKind::Uscc);
                if let Some(code) = unified.filter(|code| !register.names.contains_key(&CodeKey::of(code))) {
                    strange_codes.insert((group, *code));
                }
                assigned.push((group, record));
            }
        }
    }
    for (group, code) in strange_codes {
        register.names.entry(CodeKey::of(&code)).or_insert(group);
        register.groups[group as usize].strange_codes.push(code);
    }
    let groups = stubs(register, &strangers.iter().collect::<Vec<_>>());
    assigned.extend(groups.into_iter().zip(strangers));
    assigned
}

fn ambiguous_country(record: &RecordFact<'_>) -> Reject {
    let mut value = String::new();
    if let Some(document) = &record.subject.document {
        mask_number(document.as_str(), &mut value);
    }
    let column = match &record.detail {
        Detail::Licence { .. } => "XK_XDR_ZJHM",
        Detail::Penalty { .. } => "CF_XDR_ZJHM",
        Detail::Administrative { .. } => "XZ_XDR_ZJHM",
        Detail::List { .. } => "MD_XDR_ZJHM",
        Detail::Commitment { .. } => "CN_XDR_ZJHM",
        Detail::Evaluation { .. } => "PJ_XDR_ZJHM",
        Detail::Judgment => "PJS_XDR_ZJHM",
        Detail::Honour { .. } => "RY_XDR_ZJHM",
    };
    Reject { origin: record.origin, column: column.to_owned(), reason: "ambiguous_country", value }
}

fn two_subjects(origin: Origin) -> Warning {
    let detail = "the row's identifiers name two subjects: the first of unified code, organisation code, registration, tax, certificates counts";
    Warning { origin, reason: "two_subjects", detail: detail.to_owned() }
}

/// The codes of a subject that no other holds: a code that two share names one of them.
fn names(register: &Register, members: &[&Group], is_own: impl Fn(u32) -> bool) -> Vec<Identifier> {
    let held =
        |code: &Identifier| register.names.get(&CodeKey::of(code)).is_some_and(|holder| is_own(*holder));
    let codes = members.iter().flat_map(|group| group.all_codes());
    codes.flat_map(|code| std::iter::once(*code).chain(inside(code))).filter(held).collect()
}

/// The organisation code inside a unified code, if it passes its own check and so can be asked for.
fn inside(code: &Identifier) -> Option<Identifier> {
    Identifier::parse(IdKind::OrganisationCode, code.organisation_code()?, Day::OPEN).ok()
}

/// One version of each record, with its name and corrections.
fn versions(
    records: Vec<(u32, RecordRow)>,
    register: &Register,
    members: &[&Group],
    corrections: &mut Corrections,
    rules: &Rules<'_>,
    accounts: &mut [Account],
) -> Vec<Kept> {
    let mut same: BTreeMap<String, Vec<(u32, RecordRow)>> = BTreeMap::new();
    for (group, record) in records {
        same.entry(same_key(&record, rules.catalogue)).or_default().push((group, record));
    }
    let mut kept = Vec::with_capacity(same.len());
    for (key, mut rows) in same {
        rows.sort_by(|(_, a), (_, b)| by_rank(&rank(a, rules), &rank(b, rules)));
        let mut rows = rows.into_iter();
        let Some((group, fact)) = rows.next() else { continue };
        accounts[usize::from(fact.origin.source)].kept += 1;
        for (_, merged) in rows {
            accounts[usize::from(merged.origin.source)].merged += 1;
        }
        let Some(root) = register.groups[group as usize].root() else { continue };
        let id = record_id(&SubjectKey::of(root, rules.key), &key);
        let found = corrections.take(id, &key, members, rules.key);
        kept.push(Kept { id, fact, corrections: found });
    }
    kept
}

fn rank<'a>(record: &'a RecordRow, rules: &Rules<'_>) -> Rank<'a> {
    Rank {
        priority: rules.priorities.get(usize::from(record.origin.source)).copied().unwrap_or(0),
        changed: record.version.changed,
        date: Some(record.date),
        row: &record.row,
    }
}

/// A stub has the name of its best row that gives one.
fn stub_name(records: &[Kept], rules: &Rules<'_>) -> Option<String> {
    let named = records.iter().map(|kept| &kept.fact).filter(|fact| fact.subject.name.is_some());
    let best = named.min_by(|a, b| by_rank(&rank(a, rules), &rank(b, rules)));
    best.and_then(|fact| fact.subject.name.as_deref()).map(str::to_owned)
}

/// Corrections by the record that they name.
struct Corrections {
    by_record: HashMap<RecordId, Vec<CorrectionFact>>,
    applied: u64,
}

impl Corrections {
    /// The same correction twice counts once.
    fn new(mut facts: Vec<CorrectionFact>, accounts: &mut [Account]) -> Corrections {
        facts.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut by_record: HashMap<RecordId, Vec<CorrectionFact>> = HashMap::new();
        for fact in facts {
            let account = &mut accounts[usize::from(fact.origin.source)];
            let known = by_record.entry(fact.record).or_default();
            if known.last().is_some_and(|last| (last.effective, last.kind) == (fact.effective, fact.kind)) {
                account.merged += 1;
            } else {
                account.kept += 1;
                known.push(fact);
            }
        }
        Corrections { by_record, applied: 0 }
    }

    /// The corrections of a record, under whichever code of its subject its name was made.
    fn take(
        &mut self,
        id: RecordId,
        same_key: &str,
        members: &[&Group],
        key_: &PersonKey,
    ) -> Vec<CorrectionFact> {
        if self.by_record.is_empty() {
            return Vec::new();
        }
        let mut found = self.by_record.remove(&id).unwrap_or_default();
        let mut codes: Vec<Identifier> = Vec::new();
        for code in members.iter().flat_map(|group| group.all_codes()) {
            codes.push(*code);
            codes.extend(inside(code));
        }
        for code in codes {
            let other = record_id(&SubjectKey::of(&code, key_), same_key);
            found.extend(self.by_record.remove(&other).unwrap_or_default());
        }
        self.applied += found.len() as u64;
        found.sort_by(|a, b| key(a).cmp(&key(b)));
        found
    }

    fn finish(self) -> (u64, Vec<CorrectionFact>) {
        let mut orphans: Vec<CorrectionFact> = self.by_record.into_values().flatten().collect();
        orphans.sort_by(|a, b| (a.record, key(a)).cmp(&(b.record, key(b))));
        (self.applied, orphans)
    }
}

fn key(fact: &CorrectionFact) -> impl Ord + '_ {
    (fact.effective, fact.kind, &fact.document, &fact.authority, &fact.origin)
}
