//! Who there is: registered subjects, their older codes and successors, and the index of all codes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::claims::{Claim, organisation_inside, paper};
use super::dates::Day;
use super::numbers::{Id, read};
use super::rows::Row;
use super::text::parts;

/// A subject with everything that a check says of it.
#[derive(Clone, Default)]
pub(crate) struct Subject {
    pub(crate) kind: String,
    pub(crate) registered: bool,
    /// Every identifier, the current one first.
    pub(crate) ids: Vec<Id>,
    pub(crate) name: Option<String>,
    pub(crate) former_names: Vec<String>,
    pub(crate) state: Option<String>,
    pub(crate) state_provider: Option<String>,
    pub(crate) representative: Option<usize>,
    pub(crate) represents: Vec<usize>,
    pub(crate) records: Vec<usize>,
    successor: Option<Id>,
    representative_paper: Option<Id>,
}

/// All subjects, and who answers to which identifier.
#[derive(Default)]
pub(crate) struct Subjects {
    pub(crate) all: Vec<Subject>,
    pub(crate) index: HashMap<String, usize>,
    /// Registered persons by document without country.
    by_document: BTreeMap<(String, String), BTreeSet<usize>>,
}

impl Subject {
    pub(crate) fn has_uscc(&self) -> bool {
        self.ids.iter().any(|id| id.kind == "uscc")
    }

    pub(crate) fn add_id(&mut self, id: &Id) {
        if !self.ids.contains(id) {
            self.ids.push(id.clone());
        }
    }
}

/// Kind by the registered class, else by the code.
pub(crate) fn kind_of(class: Option<&str>, first_id: Option<&Id>) -> String {
    let by_class = match class {
        Some("企业法人") => Some("enterprise"),
        Some("非企业法人") => Some("organisation"),
        Some("个体工商户") => Some("individual-business"),
        Some("自然人") => Some("person"),
        _ => None,
    };
    let by_code = || match first_id {
        Some(id) if id.is_person() => "person",
        Some(id) if id.kind == "uscc" => match &id.number[..2] {
            "91" | "93" => "enterprise",
            "92" => "individual-business",
            _ => "organisation",
        },
        _ => "organisation",
    };
    // A document names a person, a code does not, whatever the class says.
    let document = first_id.is_some_and(Id::is_person);
    by_class.filter(|class| (*class == "person") == document).unwrap_or_else(by_code).to_owned()
}

/// Groups of things that share something, by following links to a leader.
pub(crate) struct Groups(Vec<usize>);

impl Groups {
    pub(crate) fn new(count: usize) -> Groups {
        Groups((0..count).collect())
    }

    pub(crate) fn leader(&self, mut at: usize) -> usize {
        while self.0[at] != at {
            at = self.0[at];
        }
        at
    }

    pub(crate) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.leader(one), self.leader(other));
        self.0[one.max(other)] = one.min(other);
    }

    /// Joins `at` with whoever named `token` first.
    pub(crate) fn join_by(&mut self, named: &mut HashMap<String, usize>, token: String, at: usize) {
        let first = *named.entry(token).or_insert(at);
        self.join(first, at);
    }
}

/// Which rows of the register speak of one subject. Rows come with the winner first.
fn group_rows(rows: &[(Row, Claim)]) -> Vec<Vec<usize>> {
    let mut groups = Groups::new(rows.len());
    let mut named: HashMap<String, usize> = HashMap::new();
    let has_unified = |claim: &Claim| claim.uscc.is_some() || !claim.former.is_empty();
    for (at, (_, claim)) in rows.iter().enumerate().filter(|(_, (_, claim))| has_unified(claim)) {
        for id in claim.uscc.iter().chain(&claim.former) {
            groups.join_by(&mut named, id.token(), at);
            groups.join_by(&mut named, organisation_inside(id), at);
        }
    }
    for (at, (_, claim)) in rows.iter().enumerate().filter(|(_, (_, claim))| has_unified(claim)) {
        for id in &claim.older {
            named.entry(id.token()).or_insert(at);
        }
    }
    let unified = named.clone();
    for (at, (_, claim)) in rows.iter().enumerate().filter(|(_, (_, claim))| !has_unified(claim)) {
        if let Some(id) = &claim.person {
            groups.join_by(&mut named, id.token(), at);
        } else if let Some(owner) = claim.older.iter().find_map(|id| unified.get(&id.token())) {
            groups.join(*owner, at);
        } else {
            for id in &claim.older {
                groups.join_by(&mut named, id.token(), at);
            }
        }
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..rows.len() {
        members.entry(groups.leader(at)).or_default().push(at);
    }
    members.into_values().collect()
}

/// One subject of its rows. A row that names another code of the same subject as its successor has been
/// succeeded: it gives codes and former names, no other field.
fn one_subject(rows: &[&(Row, Claim)], today: Day) -> Subject {
    let codes: Vec<&Id> = rows.iter().filter_map(|(_, claim)| claim.uscc.as_ref()).collect();
    let successor = |row: &Row| row.get("successor").and_then(|raw| read("uscc", raw, None, today));
    let is_succeeded = |(row, claim): &(Row, Claim)| {
        successor(row).is_some_and(|next| claim.uscc.as_ref() != Some(&next) && codes.contains(&&next))
    };
    let (mut gone, mut live): (Vec<_>, Vec<_>) = rows.iter().copied().partition(|row| is_succeeded(row));
    if live.is_empty() {
        std::mem::swap(&mut gone, &mut live);
    }
    let field = |meaning: &str| live.iter().find_map(|(row, _)| row.get(meaning)).map(str::to_owned);
    let mut subject =
        Subject { registered: true, name: field("name"), state: field("state"), ..Subject::default() };
    for (_, claim) in live.iter().chain(&gone) {
        claim.uscc.iter().for_each(|id| subject.add_id(id));
    }
    for (_, claim) in live.iter().chain(&gone) {
        claim.former.iter().rev().chain(&claim.older).chain(&claim.person).for_each(|id| subject.add_id(id));
    }
    subject.kind = kind_of(field("class").as_deref(), subject.ids.first());
    subject.former_names = parts(&field("former-names").unwrap_or_default(), ";；");
    for (row, _) in gone {
        subject.former_names.extend(row.get("name").map(str::to_owned));
        subject.former_names.extend(parts(row.get("former-names").unwrap_or(""), ";；"));
    }
    let of_state = live.iter().find(|(row, _)| row.get("state").is_some()).or(live.first());
    subject.state_provider = of_state.and_then(|(row, _)| row.provider.clone());
    subject.successor = live.iter().find_map(|(row, _)| successor(row));
    subject.representative_paper = live.iter().find_map(|(row, _)| {
        let raw = row.get("representative-number")?;
        paper(row.get("representative-paper"), raw, None, today).filter(Id::is_person)
    });
    subject
}

impl Subjects {
    /// Builds the register. Returns it with the places of the rows that were merged into better ones.
    pub(crate) fn of_register(mut rows: Vec<(Row, Claim)>, today: Day) -> (Subjects, Vec<usize>) {
        rows.sort_by(|(one, _), (other, _)| one.winner_first(other));
        let mut merged_sources = vec![];
        let mut before = vec![];
        for members in group_rows(&rows) {
            let members: Vec<&(Row, Claim)> = members.iter().map(|at| &rows[*at]).collect();
            merged_sources.extend(members.iter().skip(1).map(|(row, _)| row.source));
            before.push(one_subject(&members, today));
        }
        let mut subjects = Subjects { all: fold_successors(before), ..Subjects::default() };
        for at in 0..subjects.all.len() {
            subjects.index_person(at);
        }
        subjects.index_codes();
        (subjects, merged_sources)
    }

    fn index_person(&mut self, at: usize) {
        for id in self.all[at].ids.iter().filter(|id| id.is_person()) {
            let key = (id.kind.to_owned(), id.number.clone());
            self.by_document.entry(key).or_default().insert(at);
        }
    }

    /// Unified codes stand before the organisation codes inside them, these before all older codes.
    pub(crate) fn index_codes(&mut self) {
        for (at, subject) in self.all.iter().enumerate() {
            for id in subject.ids.iter().filter(|id| id.kind == "uscc") {
                self.index.entry(id.token()).or_insert(at);
            }
        }
        for (at, subject) in self.all.iter().enumerate() {
            for id in subject.ids.iter().filter(|id| id.kind == "uscc") {
                self.index.entry(organisation_inside(id)).or_insert(at);
            }
        }
        for (at, subject) in self.all.iter().enumerate() {
            for id in &subject.ids {
                self.index.entry(id.token()).or_insert(at);
            }
        }
    }

    /// A person by document; without a country the one registered person with that type and number.
    pub(crate) fn person(&self, id: &Id) -> Result<Option<usize>, &'static str> {
        if matches!(id.kind, "passport" | "permit") && id.country.is_empty() {
            let found = self.by_document.get(&(id.kind.to_owned(), id.number.clone()));
            return match found.map(|set| set.iter().collect::<Vec<_>>()).as_deref() {
                Some([one]) => Ok(Some(**one)),
                _ => Err("ambiguous_country"),
            };
        }
        Ok(self.index.get(&id.token()).copied())
    }

    /// Ties organisations of the register to their legal representatives.
    pub(crate) fn link(&mut self) {
        for at in 0..self.all.len() {
            let paper = self.all[at].representative_paper.clone();
            if let Some(Ok(Some(person))) = paper.map(|id| self.person(&id)) {
                self.all[at].representative = Some(person);
                self.all[person].represents.push(at);
            }
        }
    }
}

/// Folds every subject into the last of its successors. A circle ends at its bytewise smallest code.
fn fold_successors(before: Vec<Subject>) -> Vec<Subject> {
    let mut owner: HashMap<String, usize> = HashMap::new();
    for (at, subject) in before.iter().enumerate() {
        for id in subject.ids.iter().filter(|id| id.kind == "uscc") {
            owner.insert(id.token(), at);
        }
    }
    let next = |at: usize| {
        let successor = before[at].successor.as_ref()?;
        owner.get(&successor.token()).copied().filter(|to| *to != at)
    };
    let last_of = |at: usize| {
        let mut path = vec![at];
        loop {
            let here = path[path.len() - 1];
            let Some(to) = next(here) else { return here };
            if let Some(start) = path.iter().position(|seen| *seen == to) {
                let code = |at: &&usize| before[**at].ids.first().map(|id| id.number.clone());
                return path[start..].iter().min_by_key(code).copied().unwrap_or(here);
            }
            path.push(to);
        }
    };
    let mut after: BTreeMap<usize, Subject> = BTreeMap::new();
    for at in (0..before.len()).filter(|at| last_of(*at) == *at) {
        after.insert(at, before[at].clone());
    }
    for (at, gone) in before.iter().enumerate() {
        let last = last_of(at);
        if let (true, Some(into)) = (last != at, after.get_mut(&last)) {
            gone.ids.iter().for_each(|id| into.add_id(id));
            into.former_names.extend(gone.name.iter().chain(&gone.former_names).cloned());
        }
    }
    after.into_values().collect()
}
