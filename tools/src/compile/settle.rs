//! The register, settled: rows that share a code, directly or through others, are resolved together, a few at a time.
//!
//! What one code joins is told by hashes alone, for all rows at once; what it means is decided by [`Register`] on the
//! codes themselves, component by component, so that no more than a partition of the register is ever unpacked.

use super::pack;
use super::register::{CodeKey, Group, Register, group, rank};
use super::sets::Sets;
use super::spill::codec::{Unpacker, put_identifiers, put_length};
use super::spill::{Buffers, Spill, items};
use super::table::{Table, code_hash};
use super::tally::Tally;
use super::version::by_rank;
use super::work::{Work, collision, damaged};
use crate::facts::SubjectFact;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::subject::SubjectKind;
use xinhe::snapshot::SubjectKey;

/// Tells a passport number that more than one registered person has.
const AMBIGUOUS: u32 = u32::MAX;
/// Marks hashes of passports without their country.
const WITHOUT_COUNTRY: u8 = 200;

/// What a record needs to know of the group that its row names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupAt {
    /// Hash of the key of the subject that answers for it.
    pub subject: u64,
    /// The key of its root, from which its records have their names.
    pub root: SubjectKey,
    /// It has or had a unified code.
    pub unified: bool,
    /// It shares no code with another row: the organisation codes inside its unified codes name it too.
    pub alone: bool,
}

/// An organisation and the document of its legal representative, as hashes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    /// Hash of the organisation's key.
    pub organisation: u64,
    /// Hash of the document.
    pub document: u64,
    /// Hash of its key, if records of persons may be carried forward; else 0.
    pub key: u64,
}

/// All registered subjects, and how to find them.
pub(crate) struct Settled {
    table: Table,
    groups: Vec<GroupAt>,
    /// Who represents whom, if a list asks for it.
    pub edges: Vec<Edge>,
    /// What came of the rows, and what is odd.
    pub tally: Tally,
}

/// A passport number without country that not exactly one registered person has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AmbiguousCountry;

impl Settled {
    /// The group that a code names.
    pub(crate) fn by_hash(&self, hash: u64) -> Option<u32> {
        self.table.get(hash).filter(|group| *group != AMBIGUOUS)
    }

    /// The group that an identifier names.
    pub(crate) fn named(&self, id: &Identifier) -> Option<u32> {
        self.by_hash(hash_of(id))
    }

    /// What is known of a group.
    pub(crate) fn group(&self, group: u32) -> &GroupAt {
        &self.groups[group as usize]
    }

    /// The registered group with this document; of a passport without country the only one with its number.
    pub(crate) fn person(&self, document: &Identifier) -> Result<Option<u32>, AmbiguousCountry> {
        if document.kind() == IdKind::Passport && document.country().is_none() {
            return self.by_hash(hash_without_country(document)).map(Some).ok_or(AmbiguousCountry);
        }
        Ok(self.named(document))
    }
}

/// The hash of an identifier, as [`CodeKey::hash`] has it.
pub(crate) fn hash_of(id: &Identifier) -> u64 {
    let country = id.country();
    let country = country.as_ref().map_or("", |country| country.as_str());
    code_hash(id.kind().code(), country.as_bytes(), id.as_bytes())
}

/// The hash of the organisation code inside a unified code.
pub(crate) fn hash_inside(id: &Identifier) -> Option<u64> {
    id.organisation_code().map(|code| code_hash(IdKind::OrganisationCode.code(), b"", code.as_bytes()))
}

fn hash_without_country(document: &Identifier) -> u64 {
    code_hash(WITHOUT_COUNTRY, b"", document.as_bytes())
}

/// Every hash by which a row may join others.
fn hashes(fact: &SubjectFact<'_>, mut each: impl FnMut(u64)) {
    let named = &fact.named;
    for id in named.codes.iter().chain(&named.document).chain(&fact.former_codes).chain(&fact.successor) {
        each(hash_of(id));
        hash_inside(id).into_iter().for_each(&mut each);
    }
}

/// Settles the rows that ingest spilled into the one partition of `rows`. Heads of subjects go to `heads`.
pub(crate) fn settle(work: &Work<'_>, rows: Spill, heads: &Spill) -> io::Result<Settled> {
    let mut sets = components(&rows)?;
    let count = sets.len();
    let rooms = (rows.raw_bytes(0) / work.partition_bytes() + 1).max(work.threads as u64) as usize;
    let parted = Spill::new(work.folder, "components", rooms)?;
    let mut buffers = Buffers::new(&parted, work.buffer_bytes());
    let (mut bytes, mut row) = (Vec::new(), 0);
    rows.read(0, &mut bytes, |bytes| {
        for (_, item) in items(bytes) {
            let root = sets.find(row);
            buffers.push(root % rooms, |out| {
                out.extend_from_slice(&(root as u64).to_le_bytes());
                out.extend_from_slice(item);
            })?;
            row += 1;
        }
        bytes.clear();
        Ok(())
    })?;
    buffers.finish()?;
    rows.done(0)?;
    drop(sets);
    resolve(work, &parted, heads, count)
}

/// Which rows share a code, directly or through others.
fn components(rows: &Spill) -> io::Result<Sets> {
    let mut sets = Sets::new(0);
    let mut holders = Table::default();
    let mut bytes = Vec::new();
    rows.read(0, &mut bytes, |bytes| {
        for (_, item) in items(bytes) {
            let fact = pack::subject(&mut Unpacker(item)).ok_or_else(damaged)?;
            let row = sets.push();
            hashes(&fact, |hash| {
                let holder = *holders.entry(hash, row as u32) as usize;
                sets.union(holder, row);
            });
        }
        bytes.clear();
        Ok(())
    })?;
    Ok(sets)
}

/// What threads gather while they resolve components.
#[derive(Default)]
struct Gathered {
    /// By number.
    groups: Vec<(u32, GroupAt)>,
    /// Hash and group.
    names: Vec<(u64, u32)>,
    without_country: Vec<(u64, u32)>,
    edges: Vec<Edge>,
    tally: Tally,
}

fn resolve(work: &Work<'_>, parted: &Spill, heads: &Spill, rows: usize) -> io::Result<Settled> {
    let gathered = Mutex::new((Table::with_capacity(rows * 4), Gathered::default()));
    let (next, numbers) = (AtomicUsize::new(0), AtomicU32::new(0));
    work.on_threads(|| {
        let mut buffers = Buffers::new(heads, work.buffer_bytes());
        loop {
            let partition = next.fetch_add(1, Ordering::Relaxed);
            if partition >= parted.partitions() {
                return buffers.finish();
            }
            let mut part =
                Partition { work, numbers: &numbers, heads: &mut buffers, found: Gathered::default() };
            part.read(parted, partition)?;
            parted.done(partition)?;
            let mut all = gathered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let (table, all) = &mut *all;
            let found = part.found;
            for (hash, group) in found.names {
                if *table.entry(hash, group) != group {
                    return Err(collision());
                }
            }
            for (hash, group) in found.without_country {
                let holder = table.entry(hash, group);
                if *holder != group {
                    *holder = AMBIGUOUS;
                }
            }
            all.groups.extend(found.groups);
            all.edges.extend(found.edges);
            all.tally.add(&found.tally);
        }
    })?;
    let (table, mut all) = gathered.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    all.groups.sort_unstable_by_key(|(number, _)| *number);
    if (0..).zip(&all.groups).any(|(place, (number, _))| place != *number) {
        return Err(damaged());
    }
    let groups = all.groups.into_iter().map(|(_, group)| group).collect();
    Ok(Settled { table, groups, edges: all.edges, tally: all.tally })
}

/// One partition of components under work.
struct Partition<'p, 's> {
    work: &'p Work<'p>,
    numbers: &'p AtomicU32,
    heads: &'p mut Buffers<'s>,
    found: Gathered,
}

impl Partition<'_, '_> {
    fn read(&mut self, parted: &Spill, partition: usize) -> io::Result<()> {
        let mut bytes = Vec::new();
        parted.read(partition, &mut bytes, |_| Ok(()))?;
        let mut rows = Vec::new();
        for (_, item) in items(&bytes) {
            let mut from = Unpacker(item);
            let root = from.u64().ok_or_else(damaged)?;
            rows.push((root, from.0));
        }
        rows.sort_unstable_by_key(|(root, _)| *root);
        let mut facts = Vec::new();
        for component in rows.chunk_by(|a, b| a.0 == b.0) {
            facts.clear();
            for (_, item) in component {
                facts.push(pack::subject(&mut Unpacker(item)).ok_or_else(damaged)?);
            }
            if let [one] = facts.as_slice() { self.alone(one)? } else { self.together(&mut facts)? }
        }
        Ok(())
    }

    /// A row that shares no code: the usual case, without maps.
    fn alone(&mut self, fact: &SubjectFact<'_>) -> io::Result<()> {
        self.found.tally.account(fact.origin.source).kept += 1;
        let group = group(std::slice::from_ref(fact));
        let own = |code: &Identifier| group.all_codes().any(|known| CodeKey::of(known) == CodeKey::of(code));
        if let (Some(origin), false) = (group.origin, group.successor.as_ref().is_none_or(own)) {
            self.found.tally.warn(origin.source, "unknown_successor");
        }
        let mut names: Vec<Identifier> = Vec::new();
        for code in group.all_codes() {
            names.push(*code);
            names.extend(code.inside());
        }
        let first = self.number(1);
        for hash in group.all_codes().flat_map(|code| std::iter::once(hash_of(code)).chain(hash_inside(code)))
        {
            self.found.names.push((hash, first));
        }
        self.subject(&[(first, &group)], &names, true)
    }

    /// Rows that share codes.
    fn together(&mut self, facts: &mut Vec<SubjectFact<'_>>) -> io::Result<()> {
        let priorities = self.work.priorities;
        // Which file was read first decides nothing.
        facts.sort_by(|a, b| {
            by_rank(&rank(a, priorities), &rank(b, priorities)).then(a.origin.cmp(&b.origin))
        });
        let mut register = Register::new(std::mem::take(facts), priorities);
        let answers_for = register.successors();
        let first = self.number(register.groups.len() as u32);
        for source in &register.kept {
            self.found.tally.account(*source).kept += 1;
        }
        for source in &register.merged {
            self.found.tally.account(*source).merged += 1;
        }
        for (origin, reason, _) in &register.oddities {
            self.found.tally.warn(origin.source, reason);
        }
        self.found.names.extend(register.names.iter().map(|(key, group)| (key.hash(), first + group)));
        for answerer in 0..register.groups.len() as u32 {
            let members: Vec<u32> = std::iter::once(answerer)
                .chain((0..register.groups.len() as u32).filter(|group| *group != answerer))
                .filter(|group| answers_for[*group as usize] == answerer)
                .collect();
            if members.first() != Some(&answerer) {
                continue;
            }
            let held = |code: &Identifier| {
                register
                    .names
                    .get(&CodeKey::of(code))
                    .is_some_and(|holder| answers_for[*holder as usize] == answerer)
            };
            let groups: Vec<(u32, &Group)> =
                members.iter().map(|group| (first + group, &register.groups[*group as usize])).collect();
            let codes = groups.iter().flat_map(|(_, group)| group.all_codes());
            let names: Vec<Identifier> =
                codes.flat_map(|code| std::iter::once(*code).chain(code.inside())).filter(held).collect();
            self.subject(&groups, &names, false)?;
        }
        Ok(())
    }

    /// Numbers for so many groups, each of which comes to [`Self::subject`].
    fn number(&self, groups: u32) -> u32 {
        self.numbers.fetch_add(groups, Ordering::Relaxed)
    }

    /// A subject with the groups that it answers for, itself first.
    fn subject(&mut self, groups: &[(u32, &Group)], names: &[Identifier], alone: bool) -> io::Result<()> {
        let Some((_, own)) = groups.first() else { return Ok(()) };
        let Some(main) = own.main_code() else { return Ok(()) };
        let key = SubjectKey::of(main, self.work.key);
        let hash = key.hash();
        for (number, group) in groups {
            let root = group.root().unwrap_or(main);
            let root = if root == main { key } else { SubjectKey::of(root, self.work.key) };
            let unified = group.all_codes().any(|code| code.kind() == IdKind::Uscc);
            self.found.groups.push((*number, GroupAt { subject: hash, root, unified, alone }));
            if let Some(document) =
                group.document.filter(|one| one.kind() == IdKind::Passport && one.country().is_some())
            {
                self.found.without_country.push((hash_without_country(&document), *number));
            }
        }
        if self.work.has_links
            && own.kind != SubjectKind::Person
            && let Some(document) = own.representative.as_ref().and_then(|one| one.document.as_ref())
        {
            let key = if self.work.is_carrying { SubjectKey::of(document, self.work.key).hash() } else { 0 };
            // A passport without country is that of the only registered person with its number.
            let without = document.kind() == IdKind::Passport && document.country().is_none();
            let document = if without { hash_without_country(document) } else { hash_of(document) };
            self.found.edges.push(Edge { organisation: hash, document, key });
        }
        self.heads.push(self.work.partition(hash), |out| {
            out.extend_from_slice(&hash.to_le_bytes());
            put_length(out, groups.len());
            for (number, group) in groups {
                out.extend_from_slice(&number.to_le_bytes());
                pack::put_group(out, group);
            }
            put_identifiers(out, names.iter());
        })
    }
}
