//! Loading: rows, then the register, then whom each row belongs to, then records.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::catalogue::Catalogue;
use super::claims::Claim;
use super::dates::Day;
use super::numbers::Id;
use super::records::{Record, judge, record, same_record_key};
use super::rows::{Dataset, Row, read_source};
use super::subjects::{Groups, Subject, Subjects, kind_of};
use super::text::plain;
use super::{Counts, Model};

/// A row that may stay, and whose it is as far as the register knows.
struct Draft {
    kind: String,
    row: Row,
    claim: Claim,
    subject: Option<usize>,
}

impl Model {
    /// Loads a dataset and a catalogue; corrections of the dataset find no record and are orphans.
    pub fn load(dataset: &Path, catalogue: &Path) -> Result<Model, String> {
        Model::load_with(dataset, catalogue, &BTreeMap::new())
    }

    /// Loads with real record ids told as `kind|document`, so that correction rows find their records.
    pub fn load_with(
        folder: &Path,
        catalogue: &Path,
        real_ids: &BTreeMap<String, String>,
    ) -> Result<Model, String> {
        let (dataset, catalogue) = (Dataset::load(folder)?, Catalogue::load(catalogue)?);
        let (mut rows, mut malformed) = (vec![], vec![]);
        for (at, source) in dataset.sources.iter().enumerate() {
            let table = read_source(folder, at, source)?;
            malformed.extend(vec![at; table.malformed]);
            rows.extend(table.rows);
        }
        let mut model = Model::of_rows(dataset, catalogue, rows, real_ids)?;
        for source in malformed {
            model.reject(source, "malformed_row");
        }
        Ok(model)
    }

    /// A model of rows that were read before.
    pub(crate) fn of_rows(
        dataset: Dataset,
        catalogue: Catalogue,
        rows: Vec<Row>,
        real_ids: &BTreeMap<String, String>,
    ) -> Result<Model, String> {
        let today = dataset.today()?;
        let mut model = Model {
            counts: vec![Counts::default(); dataset.sources.len()],
            dataset,
            catalogue,
            subjects: Subjects::default(),
            records: vec![],
            reasons: BTreeMap::new(),
            orphans: vec![],
            release: String::new(),
        };
        let mut register = vec![];
        let mut others = vec![];
        for row in rows {
            let kind = model.dataset.sources[row.source].kind.clone();
            match kind.as_str() {
                "subject" => register.extend(model.register_row(row, today)),
                _ => others.push((kind, row)),
            }
        }
        model.build_register(register, today);
        let (corrections, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|(kind, _)| kind == "correction");
        let drafts = others.into_iter().filter_map(|(kind, row)| model.draft(kind, row, today)).collect();
        let drafts = model.add_stubs(drafts);
        model.add_records(drafts);
        model.add_corrections(corrections, real_ids);
        model.subjects.link();
        Ok(model)
    }

    fn reject(&mut self, source: usize, reason: &'static str) {
        self.counts[source].rows += 1;
        self.counts[source].rejected += 1;
        *self.reasons.entry((source, reason)).or_default() += 1;
    }

    fn keep(&mut self, source: usize) {
        self.counts[source].rows += 1;
        self.counts[source].kept += 1;
    }

    fn merge(&mut self, source: usize) {
        self.counts[source].rows += 1;
        self.counts[source].merged += 1;
    }

    fn register_row(&mut self, row: Row, today: Day) -> Option<(Row, Claim)> {
        let without_country = |claim: &Claim| {
            let papers = claim.person.as_ref();
            papers.is_some_and(|id| matches!(id.kind, "passport" | "permit") && id.country.is_empty())
        };
        match Claim::of(&row, today) {
            Ok(claim) if without_country(&claim) => self.reject(row.source, "ambiguous_country"),
            Ok(claim) => return Some((row, claim)),
            Err(reason) => self.reject(row.source, reason),
        }
        None
    }

    fn build_register(&mut self, rows: Vec<(Row, Claim)>, today: Day) {
        let sources: Vec<usize> = rows.iter().map(|(row, _)| row.source).collect();
        let (subjects, merged) = Subjects::of_register(rows, today);
        self.subjects = subjects;
        for source in sources {
            self.keep(source);
        }
        for source in merged {
            self.counts[source].kept -= 1;
            self.counts[source].merged += 1;
        }
    }

    fn draft(&mut self, kind: String, row: Row, today: Day) -> Option<Draft> {
        let judged = Claim::of(&row, today).and_then(|claim| {
            judge(&kind, &row, &claim, &self.catalogue)?;
            let subject = self.owner(&claim)?;
            Ok((claim, subject))
        });
        match judged {
            Ok((claim, subject)) => Some(Draft { kind, row, claim, subject }),
            Err(reason) => {
                self.reject(row.source, reason);
                None
            }
        }
    }

    /// The registered subject that a row names. A row with a unified code that no register knows joins by an
    /// older code only a subject that has no unified code.
    fn owner(&self, claim: &Claim) -> Result<Option<usize>, &'static str> {
        if let Some(person) = &claim.person {
            return self.subjects.person(person);
        }
        let known = |token: &String| self.subjects.index.get(token).copied();
        if claim.uscc.is_none() {
            return Ok(claim.codes().iter().find_map(known));
        }
        // The unified code comes first, then the organisation code inside it.
        let codes = claim.codes();
        let (same, older) = codes.split_at(2);
        let by_older = || older.iter().filter_map(known).find(|at| !self.subjects.all[*at].has_uscc());
        Ok(same.iter().find_map(known).or_else(by_older))
    }

    /// Gives every row without a registered subject a stub.
    fn add_stubs(&mut self, drafts: Vec<Draft>) -> Vec<Draft> {
        let (known, mut unknown): (Vec<Draft>, Vec<Draft>) =
            drafts.into_iter().partition(|draft| draft.subject.is_some());
        unknown.sort_by(|one, other| one.row.winner_first(&other.row));
        let mut stubs: BTreeMap<String, Subject> = BTreeMap::new();
        let names = stub_names(&unknown);
        for (draft, name) in unknown.iter().zip(&names) {
            let stub = stubs.entry(name.clone()).or_default();
            draft.claim.uscc.iter().chain(&draft.claim.person).for_each(|id| stub.add_id(id));
            if stub.name.is_none() {
                stub.name = draft.row.get("name").map(str::to_owned);
            }
        }
        for (draft, name) in unknown.iter().zip(&names) {
            let stub = stubs.entry(name.clone()).or_default();
            draft.claim.older.iter().for_each(|id| stub.add_id(id));
        }
        let mut places = HashMap::new();
        for (name, mut stub) in stubs {
            stub.ids.sort_by_key(|id| rank(id.kind));
            stub.kind = kind_of(None, stub.ids.first());
            places.insert(name, self.subjects.all.len());
            self.subjects.all.push(stub);
        }
        self.subjects.index_codes();
        for (draft, name) in unknown.iter_mut().zip(&names) {
            draft.subject = places.get(name).copied();
        }
        known.into_iter().chain(unknown).collect()
    }

    /// Keeps the winner among the versions of each record.
    fn add_records(&mut self, mut drafts: Vec<Draft>) {
        drafts.sort_by(|one, other| one.row.winner_first(&other.row));
        let mut seen = HashMap::new();
        for draft in drafts {
            let Some(subject) = draft.subject else { continue };
            let key = same_record_key(&draft.kind, &draft.row, subject);
            if seen.insert(key, ()).is_some() {
                self.merge(draft.row.source);
                continue;
            }
            self.keep(draft.row.source);
            if let Some(record) = record(&draft.kind, &draft.row, &self.catalogue) {
                self.subjects.all[subject].records.push(self.records.len());
                self.records.push(record);
            }
        }
    }

    fn add_corrections(&mut self, rows: Vec<(String, Row)>, real_ids: &BTreeMap<String, String>) {
        for (kind, row) in rows {
            if let Err(reason) = judge(&kind, &row, &Claim::default(), &self.catalogue) {
                self.reject(row.source, reason);
                continue;
            }
            self.keep(row.source);
            let id = row.get("record").unwrap_or("");
            let alias = real_ids.get(id).map(|alias| plain(alias));
            let day = row.get("date").and_then(Day::read);
            let what = row.get("type").unwrap_or("").to_owned();
            let named = |record: &&mut Record| {
                let document = record.document.as_deref().unwrap_or("");
                alias == Some(plain(&format!("{}|{document}", record.kind)))
            };
            let mut found = false;
            for record in self.records.iter_mut().filter(named) {
                record.corrections.extend(day.map(|day| (day, what.clone())));
                found = true;
            }
            if !found {
                self.orphans.push(id.to_owned());
            }
        }
    }
}

fn rank(kind: &str) -> usize {
    let order = ["uscc", "organisation-code", "registration", "tax", "institution", "society"];
    order.iter().position(|known| *known == kind).unwrap_or(order.len())
}

/// A name for the stub of each row: the unified code; else that of the stub which has one of the row's older
/// codes; else the first row that shares an older code with it.
fn stub_names(rows: &[Draft]) -> Vec<String> {
    let mut by_code: BTreeMap<String, String> = BTreeMap::new();
    for draft in rows {
        let Some(uscc) = &draft.claim.uscc else { continue };
        for token in draft.claim.codes() {
            let smallest = by_code.entry(token).or_insert_with(|| uscc.token());
            *smallest = smallest.clone().min(uscc.token());
        }
    }
    let mut groups = Groups::new(rows.len());
    let mut named = HashMap::new();
    for (at, draft) in rows.iter().enumerate().filter(|(_, draft)| draft.claim.uscc.is_none()) {
        for id in &draft.claim.older {
            groups.join_by(&mut named, id.token(), at);
        }
    }
    let mut codes: BTreeMap<usize, Vec<&Id>> = BTreeMap::new();
    for (at, draft) in rows.iter().enumerate() {
        codes.entry(groups.leader(at)).or_default().extend(&draft.claim.older);
    }
    for ids in codes.values_mut() {
        ids.sort_by_key(|id| (rank(id.kind), id.number.clone()));
    }
    let name = |(at, draft): (usize, &Draft)| match (&draft.claim.uscc, &draft.claim.person) {
        (Some(id), _) | (None, Some(id)) => id.token(),
        (None, None) => {
            let leader = groups.leader(at);
            let of_stub =
                codes.get(&leader).and_then(|ids| ids.iter().find_map(|id| by_code.get(&id.token())));
            of_stub.cloned().unwrap_or_else(|| format!("row {leader}"))
        }
    };
    rows.iter().enumerate().map(name).collect()
}
