//! Who is who: rows of the register become subjects; successors take over; stubs stand for the rest.

use super::sets::join_rows;
use super::table::code_hash;
use super::version::{Rank, by_rank};
use crate::facts::{Named, Origin, Representative, SubjectFact};
use std::borrow::Cow;
use std::collections::HashMap;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::subject::SubjectKind;

/// A code or document as subjects are joined by it. The organisation code inside a unified code need not pass
/// its own check, so this holds text and no [`Identifier`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CodeKey {
    kind: IdKind,
    text: String,
}

impl CodeKey {
    /// Of an identifier; a passport is known with its country.
    pub(crate) fn of(id: &Identifier) -> CodeKey {
        let country = id.country();
        let country = country.as_ref().map_or("", |country| country.as_str());
        CodeKey { kind: id.kind(), text: format!("{country}{}", id.as_str()) }
    }

    /// Of the unified code of a row, or of the document of a row without codes.
    pub(crate) fn main(named: &Named<'_>) -> Option<CodeKey> {
        match named.codes.first() {
            Some(code) if code.kind() == IdKind::Uscc => Some(CodeKey::of(code)),
            Some(_) => None,
            None => named.document.as_ref().map(CodeKey::of),
        }
    }

    /// The hash by which the table of all codes knows it.
    pub(crate) fn hash(&self) -> u64 {
        code_hash(self.kind.code(), b"", self.text.as_bytes())
    }

    /// Of the organisation code inside a unified code.
    pub(crate) fn inside(id: &Identifier) -> Option<CodeKey> {
        id.organisation_code().map(|code| CodeKey { kind: IdKind::OrganisationCode, text: code.to_owned() })
    }
}

/// Rows that name one subject, before successors take over.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// In a register; else a stub.
    pub registered: bool,
    /// What it is.
    pub kind: SubjectKind,
    /// Current codes, the unified one first.
    pub codes: Vec<Identifier>,
    /// A person's document.
    pub document: Option<Identifier>,
    /// Former codes, oldest first.
    pub former_codes: Vec<Identifier>,
    /// Unified codes that records give for it and no register does.
    pub strange_codes: Vec<Identifier>,
    /// Current name.
    pub name: Option<String>,
    /// Former names.
    pub former_names: Vec<String>,
    /// State and its source.
    pub state: Option<(String, u16)>,
    /// Successor.
    pub successor: Option<Identifier>,
    /// Division.
    pub division: Option<String>,
    /// Occupation.
    pub occupation: Option<String>,
    /// Legal representative.
    pub representative: Option<Representative<'static>>,
    /// The best row of the register.
    pub origin: Option<Origin>,
}

impl Group {
    /// A subject that only records name.
    pub(crate) fn stub(codes: Vec<Identifier>, document: Option<Identifier>) -> Group {
        let first = codes.first().or(document.as_ref());
        Group {
            registered: false,
            kind: first.map_or(SubjectKind::Organisation, SubjectKind::of_identifier),
            codes,
            document,
            former_codes: Vec::new(),
            strange_codes: Vec::new(),
            name: None,
            former_names: Vec::new(),
            state: None,
            successor: None,
            division: None,
            occupation: None,
            representative: None,
            origin: None,
        }
    }

    /// The current unified code.
    pub(crate) fn unified(&self) -> Option<&Identifier> {
        self.codes.first().filter(|code| code.kind() == IdKind::Uscc)
    }

    /// What the subject is found by: the unified code, else the oldest kind of code, else the document.
    pub(crate) fn main_code(&self) -> Option<&Identifier> {
        self.codes.first().or(self.document.as_ref())
    }

    /// Its oldest known code, from which its records have their names (`docs/decisions.md`, root).
    pub(crate) fn root(&self) -> Option<&Identifier> {
        self.former_codes.first().or_else(|| self.main_code())
    }

    /// Every code it has or had.
    pub(crate) fn all_codes(&self) -> impl Iterator<Item = &Identifier> {
        self.former_codes.iter().chain(&self.codes).chain(&self.document).chain(&self.strange_codes)
    }
}

/// All registered subjects and how to find them.
#[derive(Debug, Default)]
pub(crate) struct Register {
    /// The groups; stubs are added behind.
    pub groups: Vec<Group>,
    /// Which group a code names.
    pub names: HashMap<CodeKey, u32>,
    /// Rows that became a group, and rows that were merged into one, by source.
    pub kept: Vec<u16>,
    /// See `kept`.
    pub merged: Vec<u16>,
    /// What is odd: origin, code and words.
    pub oddities: Vec<(Origin, &'static str, String)>,
}

impl Register {
    /// Joins the rows of the register.
    pub(crate) fn new(facts: Vec<SubjectFact<'_>>, priorities: &[i64]) -> Register {
        let mut register = Register::default();
        for mut rows in join_rows(facts) {
            rows.sort_by(|a, b| by_rank(&rank(a, priorities), &rank(b, priorities)));
            register.kept.extend(rows.first().map(|row| row.origin.source));
            register.merged.extend(rows.iter().skip(1).map(|row| row.origin.source));
            let group = group(&rows);
            register.groups.push(group);
        }
        register.index();
        register
    }

    /// Current unified codes come first, then former ones, then older codes: an earlier claim stands.
    fn index(&mut self) {
        let mut claims: Vec<(u8, CodeKey, u32)> = Vec::new();
        for (place, group) in self.groups.iter().enumerate() {
            let place = place as u32;
            for code in group.codes.iter().chain(&group.document) {
                let strength = if code.kind() == IdKind::Uscc || code.kind().is_person() { 0 } else { 2 };
                claims.push((strength, CodeKey::of(code), place));
                claims.extend(CodeKey::inside(code).map(|key| (2, key, place)));
            }
            for code in &group.former_codes {
                claims.push((1, CodeKey::of(code), place));
                claims.extend(CodeKey::inside(code).map(|key| (3, key, place)));
            }
        }
        claims.sort();
        for (_, key, place) in claims {
            let holder = *self.names.entry(key.clone()).or_insert(place);
            if holder != place
                && let Some(origin) = self.groups[place as usize].origin
            {
                let words = format!("another subject has the same {}: it keeps the code", key.kind.word());
                self.oddities.push((origin, "shared_code", words));
            }
        }
    }

    /// For each group the one that answers for it: itself, or its last successor.
    pub(crate) fn successors(&mut self) -> Vec<u32> {
        let next: Vec<Option<u32>> = (0..self.groups.len()).map(|place| self.successor_of(place)).collect();
        (0..self.groups.len()).map(|place| self.follow(place as u32, &next)).collect()
    }

    fn successor_of(&mut self, place: usize) -> Option<u32> {
        let group = &self.groups[place];
        let code = group.successor.as_ref()?;
        let found = self.names.get(&CodeKey::of(code)).copied();
        if found.is_none()
            && let Some(origin) = group.origin
        {
            let words = "the register does not know the successor: the subject stands for itself".to_owned();
            self.oddities.push((origin, "unknown_successor", words));
        }
        found.filter(|found| *found as usize != place)
    }

    /// A circle is cut at its bytewise smallest code: that one stands, the others follow it.
    fn follow(&mut self, start: u32, next: &[Option<u32>]) -> u32 {
        let mut path = vec![start];
        let mut at = start;
        while let Some(after) = next[at as usize] {
            if let Some(first) = path.iter().position(|seen| *seen == after) {
                let code = |place: &u32| {
                    self.groups[*place as usize].main_code().map(|code| code.as_str().to_owned())
                };
                let cut = path[first..].iter().copied().min_by_key(code).unwrap_or(start);
                if let (true, Some(origin)) = (cut == start, self.groups[start as usize].origin) {
                    let words = "successors run in a circle: cut here".to_owned();
                    self.oddities.push((origin, "circle_of_successors", words));
                }
                return cut;
            }
            path.push(after);
            at = after;
        }
        at
    }
}

pub(crate) fn rank<'a>(fact: &SubjectFact<'a>, priorities: &[i64]) -> Rank<'a> {
    Rank {
        priority: priorities.get(usize::from(fact.origin.source)).copied().unwrap_or(0),
        changed: fact.version.changed,
        date: None,
        row: fact.version.row,
    }
}

/// One subject from its rows, the best first: every field from the best row that has it.
pub(crate) fn group(rows: &[SubjectFact<'_>]) -> Group {
    let mut codes: Vec<Identifier> = Vec::new();
    let mut former_codes: Vec<Identifier> = Vec::new();
    for code in rows.iter().flat_map(|row| &row.former_codes) {
        if !former_codes.contains(code) {
            former_codes.push(*code);
        }
    }
    for code in rows.iter().flat_map(|row| &row.named.codes) {
        let known_kind = codes.iter().any(|known| known.kind() == code.kind());
        if known_kind && !codes.contains(code) && !former_codes.contains(code) {
            // Another current code of the kind: the better row's is current, this one was.
            former_codes.push(*code);
        } else if !known_kind && !former_codes.contains(code) {
            codes.push(*code);
        }
    }
    codes.sort_by_key(|code| code.kind());
    let documents = || rows.iter().filter_map(|row| row.named.document);
    let document =
        documents().find(|document| !former_codes.contains(document)).or_else(|| documents().next());
    let first = codes.first().or(document.as_ref());
    let by_code = first.map_or(SubjectKind::Organisation, SubjectKind::of_identifier);
    let own = |row: &&SubjectFact<'_>| match codes.first() {
        Some(unified) if unified.kind() == IdKind::Uscc => row.named.codes.first() == Some(unified),
        _ => true,
    };
    let fields = || rows.iter().filter(own).chain(rows.iter().filter(|row| !own(row)));
    let owned = |text: &Cow<'_, str>| text.clone().into_owned();
    let name = fields().find_map(|row| row.named.name.as_ref().map(owned));
    // A row under a code that is former now tells a former name.
    let mut former_names = fields()
        .find(|row| !row.former_names.is_empty())
        .map(|row| row.former_names.iter().map(owned).collect::<Vec<_>>())
        .unwrap_or_default();
    for earlier in rows.iter().filter(|row| !own(row)).filter_map(|row| row.named.name.as_ref().map(owned)) {
        if Some(&earlier) != name.as_ref() && !former_names.contains(&earlier) {
            former_names.push(earlier);
        }
    }
    Group {
        registered: true,
        kind: kind(fields().find_map(|row| row.kind), by_code, codes.is_empty()),
        state: fields().find_map(|row| row.state.as_ref().map(|state| (owned(state), row.origin.source))),
        successor: rows.iter().filter(own).find_map(|row| row.successor),
        division: fields().find_map(|row| row.division.as_ref().map(owned)),
        occupation: fields().find_map(|row| row.occupation.as_ref().map(owned)),
        representative: fields().find_map(|row| {
            let one = row.representative.as_ref()?;
            Some(Representative {
                name: one.name.as_ref().map(owned).map(Cow::Owned),
                document: one.document,
            })
        }),
        origin: fields().next().map(|row| row.origin),
        codes,
        document,
        former_codes,
        strange_codes: Vec::new(),
        name,
        former_names,
    }
}

/// What the register says; but whom only a person's document names is a person, and nobody with a code is: else a
/// person's name and number would be kept in the clear.
fn kind(said: Option<SubjectKind>, by_code: SubjectKind, no_code: bool) -> SubjectKind {
    said.filter(|kind| (*kind == SubjectKind::Person) == no_code).unwrap_or(by_code)
}
