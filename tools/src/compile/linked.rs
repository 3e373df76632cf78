//! Entries that are shown beside their own subject: of a legal representative, and of what a person represents
//! (Shandong regulation art. 31), only for lists that say so. Their rows are copied to the partition of each subject that
//! shows them, and resolved there once more.

use super::pack;
use super::partition::{Head, Packed};
use super::register::Group;
use super::resolve::{Context, Kept, Subject};
use super::route::{ITEM_HEAD, Places, kind, put_item};
use super::rows::Place;
use super::settle::Settled;
use super::spill::codec::Unpacker;
use super::spill::{Buffers, Spill, items};
use super::work::{Work, damaged};
use crate::facts::Detail;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use xinhe::domain::catalogue::Extension;
use xinhe::domain::record::RecordId;
use xinhe::domain::text::same_name;
use xinhe::domain::verdict::Relation;
use xinhe::snapshot::SubjectKey;

/// A subject whose checks show the entries of another.
#[derive(Debug, Clone, Copy)]
struct Shown {
    /// Hash of its key.
    on: u64,
    /// What the other is to it.
    relation: Relation,
}

/// Copies rows. A source is told by the hash of its key if the register knows it, else by the hash of its document.
pub(crate) fn route(
    work: &Work<'_>,
    places: &Places<'_>,
    settled: &Settled,
    heads: &Spill,
) -> io::Result<()> {
    let mut listed: HashSet<u64> = HashSet::new();
    each(&places.linking, 0, |item| {
        listed.insert(item.hash);
        Ok(())
    })?;
    let mut shown: HashMap<u64, Vec<Shown>> = HashMap::new();
    let mut represented: HashSet<u64> = HashSet::new();
    for edge in &settled.edges {
        let person =
            settled.by_hash(edge.document).map_or(edge.document, |group| settled.group(group).subject);
        // A person of whom only carried records tell is listed by key.
        let carried = Some(edge.key).filter(|key| work.is_carrying && *key != person);
        for source in std::iter::once(person).chain(carried).filter(|source| listed.contains(source)) {
            let one = Shown { on: edge.organisation, relation: Relation::LegalRepresentative };
            shown.entry(source).or_default().push(one);
        }
        if listed.contains(&edge.organisation) {
            represented.insert(edge.organisation);
        }
    }
    let mut rows = Buffers::new(places.rows, work.buffer_bytes());
    if !shown.is_empty() || !represented.is_empty() {
        heads_of_sources(work, settled, heads, &represented, &mut shown, &mut rows)?;
        copy_rows(work, places, &shown, &mut rows)?;
    }
    places.linking.done(0)?;
    rows.finish()
}

/// Finds the registered sources; an organisation's head tells whom it has as representative.
fn heads_of_sources(
    work: &Work<'_>,
    settled: &Settled,
    heads: &Spill,
    represented: &HashSet<u64>,
    shown: &mut HashMap<u64, Vec<Shown>>,
    rows: &mut Buffers<'_>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    for partition in 0..heads.partitions() {
        heads.read(partition, &mut bytes, |bytes| {
            for (_, item) in items(bytes) {
                let hash = Unpacker(item).u64().ok_or_else(damaged)?;
                if represented.contains(&hash) {
                    let head = Head::unpack(item).ok_or_else(damaged)?;
                    let document = head.own().representative.as_ref().and_then(|one| one.document);
                    let document = document.ok_or_else(damaged)?;
                    let on = match settled.person(&document).ok().flatten() {
                        Some(group) => settled.group(group).subject,
                        None => SubjectKey::of(&document, work.key).hash(),
                    };
                    shown.entry(hash).or_default().push(Shown { on, relation: Relation::Represents });
                }
                for one in shown.get(&hash).into_iter().flatten().filter(|one| work.is_ours(one.on)) {
                    rows.push(work.partition(one.on), |out| {
                        put_item(out, kind::LINK, one.on, RecordId([0; 16]));
                        out.extend_from_slice(&hash.to_le_bytes());
                        out.extend_from_slice(item);
                    })?;
                }
            }
            bytes.clear();
            Ok(())
        })?;
    }
    Ok(())
}

fn copy_rows(
    work: &Work<'_>,
    places: &Places<'_>,
    shown: &HashMap<u64, Vec<Shown>>,
    rows: &mut Buffers<'_>,
) -> io::Result<()> {
    let lists = &work.catalogue.entries().lists;
    each(&places.linking, 0, |item| {
        let Some(places) = shown.get(&item.hash) else { return Ok(()) };
        let fact = pack::record(&mut Unpacker(item.record)).ok_or_else(damaged)?;
        let Detail::List { list, .. } = fact.detail else { return Err(damaged()) };
        let extends_to = &lists[usize::from(list)].extends_to;
        for one in places.iter().filter(|one| work.is_ours(one.on)) {
            let extension = match one.relation {
                Relation::Represents => Extension::Representative,
                _ => Extension::Represented,
            };
            if extends_to.contains(&extension) {
                rows.push(work.partition(one.on), |out| {
                    put_item(out, kind::LINKED, one.on, item.id);
                    out.extend_from_slice(&item.hash.to_le_bytes());
                    out.push(u8::from(one.relation == Relation::Represents));
                    out.extend_from_slice(&item.group.to_le_bytes());
                    out.extend_from_slice(item.record);
                })?;
            }
        }
        Ok(())
    })
}

/// An item of the spill `linking`.
struct Linking<'a> {
    hash: u64,
    id: RecordId,
    group: u32,
    record: &'a [u8],
}

fn each(
    spill: &Spill,
    partition: usize,
    mut work: impl FnMut(Linking<'_>) -> io::Result<()>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    spill.read(partition, &mut bytes, |bytes| {
        for (_, item) in items(bytes) {
            let mut from = Unpacker(item);
            let read = |from: &mut Unpacker<'_>| {
                from.byte()?;
                Some((from.u64()?, RecordId(from.array()?), from.u32()?))
            };
            let (hash, id, group) = read(&mut from).ok_or_else(damaged)?;
            work(Linking { hash, id, group, record: from.0 })?;
        }
        bytes.clear();
        Ok(())
    })
}

/// An entry of a linked subject.
pub(crate) struct Linked<'p> {
    /// What that subject is to the one that shows it.
    pub relation: Relation,
    /// The record.
    pub kept: Kept<'p>,
}

impl<'p> Packed<'p> {
    /// The entries of others that checks of this subject show.
    pub(crate) fn linked(&self, subject: &Subject, context: &Context<'p>) -> io::Result<Vec<Linked<'p>>> {
        let mut heads: HashMap<u64, Head> = HashMap::new();
        for item in self.links() {
            let mut from = Unpacker(item);
            let source = from.u64().ok_or_else(damaged)?;
            heads.insert(source, Head::unpack(from.0).ok_or_else(damaged)?);
        }
        let mut sources: BTreeMap<(u64, bool), Vec<&Place>> = BTreeMap::new();
        for place in self.linked_places() {
            let mut from = Unpacker(self.item(place).get(ITEM_HEAD..).ok_or_else(damaged)?);
            let source = (from.u64().ok_or_else(damaged)?, from.byte().ok_or_else(damaged)? == 1);
            sources.entry(source).or_default().push(place);
        }
        let mut linked = Vec::new();
        for ((source, represents), places) in sources {
            let relation = if represents { Relation::Represents } else { Relation::LegalRepresentative };
            let head = heads.get(&source);
            let kept = self.kept_of_other(&places, head, context)?;
            if is_same_person(subject, head, &kept, represents) {
                linked.extend(kept.into_iter().map(|kept| Linked { relation, kept }));
            }
        }
        Ok(linked)
    }
}

/// A number with another name is an error in the register, and nobody is linked by an error.
fn is_same_person(subject: &Subject, head: Option<&Head>, kept: &[Kept<'_>], represents: bool) -> bool {
    let named =
        |group: &Group| group.representative.as_ref().and_then(|one| one.name.as_deref()).map(str::to_owned);
    let (representative, person) = if represents {
        (head.and_then(|head| named(head.own())), subject.group.name.clone())
    } else {
        let name = match head {
            Some(head) => head.own().name.clone(),
            None => kept.iter().find_map(|kept| kept.fact.subject.name.as_deref().map(str::to_owned)),
        };
        (named(&subject.group), name)
    };
    match (&representative, &person) {
        (Some(a), Some(b)) => same_name(a, b),
        _ => true,
    }
}
