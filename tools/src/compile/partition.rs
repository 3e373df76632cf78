//! One partition in memory: its subjects by the hash of their keys, each with the best version of every record.

use super::corrections::{Corrections, other_ids};
use super::pack;
use super::register::Group;
use super::route::{CARRIED, ITEM_HEAD, STRANGER, kind};
use super::sameness::same_key;
use super::settle::{Settled, hash_inside, hash_of};
use super::spill::codec::{Unpacker, put_option};
use super::spill::{Spill, items};
use super::tally::Tally;
use super::version::{Rank, by_rank};
use super::work::{Work, collision, damaged};
use crate::facts::{CorrectionFact, Named, RecordFact};
use std::collections::{BTreeMap, HashMap};
use std::io;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::record::RecordId;
use xinhe::domain::subject::SubjectKind;
use xinhe::snapshot::{Digest, NO_SOURCE, SubjectKey};

/// A registered subject as it was settled.
pub(crate) struct Head {
    /// Itself, then those whose successor it is, with their numbers.
    pub groups: Vec<(u32, Group)>,
    /// Every code that names it and nobody else.
    pub names: Vec<Identifier>,
}

impl Head {
    /// From an item of the spill of heads, behind its hash.
    pub(crate) fn unpack(item: &[u8]) -> Option<Head> {
        let mut from = Unpacker(item);
        from.u64()?;
        let mut groups = Vec::new();
        for _ in 0..from.length()? {
            groups.push((from.u32()?, pack::group(&mut from)?));
        }
        let names = from.identifiers()?;
        (!groups.is_empty()).then_some(Head { groups, names })
    }

    /// The subject itself.
    pub(crate) fn own(&self) -> &Group {
        &self.groups[0].1
    }
}

/// Where an item stands, in the order in which subjects are encoded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    hash: u64,
    kind: u8,
    id: RecordId,
    at: usize,
}

/// A partition, read.
pub(crate) struct Partition {
    heads: Vec<u8>,
    rows: Vec<u8>,
    head_places: Vec<(u64, usize)>,
    places: Vec<Place>,
}

/// What encoding a partition needs to know beside it.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub work: &'a Work<'a>,
    pub settled: &'a Settled,
    pub corrections: &'a Corrections,
    /// Some correction has not found its record under the record's own id.
    pub is_any_lost: bool,
    /// See [`super::route::Found`].
    pub strange: &'a HashMap<u64, u64>,
    /// See [`super::route::Found`].
    pub owners: &'a HashMap<u64, Identifier>,
}

/// A subject of a partition, not yet unpacked.
pub(crate) struct Packed<'p> {
    hash: u64,
    head: Option<&'p [u8]>,
    rows: &'p [u8],
    records: &'p [Place],
    links: &'p [Place],
    linked: &'p [Place],
}

impl Partition {
    /// Reads a partition, sorts it, and gives its room on the disk back.
    pub(crate) fn read(rows: &Spill, heads: &Spill, partition: usize) -> io::Result<Partition> {
        let mut read = Partition {
            heads: Vec::with_capacity(heads.raw_bytes(partition) as usize),
            rows: Vec::with_capacity(rows.raw_bytes(partition) as usize),
            head_places: Vec::new(),
            places: Vec::new(),
        };
        heads.read(partition, &mut read.heads, |_| Ok(()))?;
        rows.read(partition, &mut read.rows, |_| Ok(()))?;
        for (at, item) in items(&read.heads) {
            read.head_places.push((Unpacker(item).u64().ok_or_else(damaged)?, at));
        }
        for (at, item) in items(&read.rows) {
            let mut from = Unpacker(item);
            let mut place =
                || Some(Place { kind: from.byte()?, hash: from.u64()?, id: RecordId(from.array()?), at });
            read.places.push(place().ok_or_else(damaged)?);
        }
        read.head_places.sort_unstable();
        read.places.sort_unstable();
        rows.done(partition)?;
        heads.done(partition)?;
        Ok(read)
    }

    /// The subjects by rising hash.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = io::Result<Packed<'_>>> {
        let (mut heads, mut places) = (self.head_places.as_slice(), self.places.as_slice());
        std::iter::from_fn(move || {
            let hash = match (heads.first(), places.first()) {
                (None, None) => return None,
                (head, place) => {
                    head.map_or(u64::MAX, |one| one.0).min(place.map_or(u64::MAX, |one| one.hash))
                }
            };
            let own_heads = heads.partition_point(|one| one.0 <= hash);
            let own_places = places.partition_point(|one| one.hash <= hash);
            let (head, rest) = heads.split_at(own_heads);
            let (own, later) = places.split_at(own_places);
            (heads, places) = (rest, later);
            let (records, others) = own.split_at(own.partition_point(|one| one.kind == kind::RECORD));
            let (links, linked) = others.split_at(others.partition_point(|one| one.kind == kind::LINK));
            // Two keys with one hash: they could not be told apart.
            if head.len() > 1 {
                return Some(Err(collision()));
            }
            let head = head.first().map(|(_, at)| item_at(&self.heads, *at));
            Some(Ok(Packed { hash, head, rows: &self.rows, records, links, linked }))
        })
    }
}

/// The item that begins at a place.
fn item_at(bytes: &[u8], at: usize) -> &[u8] {
    let length = bytes.get(at.wrapping_sub(4)..at).and_then(|length| length.first_chunk::<4>());
    let length = length.map_or(0, |length| u32::from_le_bytes(*length) as usize);
    bytes.get(at..at + length).unwrap_or_default()
}

/// A subject that is known by its key alone: its record is carried forward, and a release keeps no person's number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ByKey {
    /// The key.
    pub key: SubjectKey,
    /// What it is.
    pub kind: SubjectKind,
    /// Of a person: the digest of the name, and its mask.
    pub name: Option<(Digest, String)>,
}

impl ByKey {
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key.to_bytes());
        out.push(self.kind.code());
        put_option(out, self.name.as_ref().map(|(_, mask)| mask.as_str()));
        if let Some((digest, _)) = &self.name {
            out.extend_from_slice(digest);
        }
    }

    fn unpack(from: &mut Unpacker<'_>) -> Option<ByKey> {
        let key = SubjectKey::from_bytes(from.array()?)?;
        let kind = SubjectKind::from_code(from.byte()?)?;
        let name = match from.option()?.map(str::to_owned) {
            Some(mask) => Some((from.array()?, mask)),
            None => None,
        };
        Some(ByKey { key, kind, name })
    }
}

/// A row is found again by its place among those of the subject.
fn record<'p>(rows: &'p [u8], place: &Place) -> io::Result<RecordFact<'p>> {
    let mut whose = Whose::read(rows, place).ok_or_else(damaged)?;
    pack::record(&mut whose.rest).ok_or_else(damaged)
}

/// What stands before a packed record.
struct Whose<'p> {
    /// The group that the row names.
    group: u32,
    /// Of a stranger's row: its main code, and which of its codes the register gives to somebody.
    stranger: Option<(Identifier, u16)>,
    /// Of a row that is carried forward for a subject of whom only the key is known.
    by_key: Option<ByKey>,
    rest: Unpacker<'p>,
}

impl<'p> Whose<'p> {
    fn read(rows: &'p [u8], place: &Place) -> Option<Whose<'p>> {
        let mut from = Unpacker(item_at(rows, place.at));
        from.bytes(ITEM_HEAD)?;
        if place.kind == kind::LINKED {
            // The source, and what it is to the subject.
            from.bytes(9)?;
        }
        let group = from.u32()?;
        let stranger = match (group, place.kind) {
            (STRANGER, kind::RECORD) => Some((from.optional_identifier()??, from.u16()?)),
            _ => None,
        };
        let by_key = match (group, place.kind) {
            (CARRIED, kind::RECORD) => Some(ByKey::unpack(&mut from)?),
            _ => None,
        };
        Some(Whose { group, stranger, by_key, rest: from })
    }
}

/// What the rows of a subject are joined by, without the rest of them.
struct Peek {
    group: u32,
    stranger: Option<(Identifier, u16)>,
    by_key: Option<ByKey>,
    source: u16,
    named: Named<'static>,
}

fn peek(rows: &[u8], place: &Place) -> io::Result<Peek> {
    let Whose { group, stranger, by_key, mut rest } = Whose::read(rows, place).ok_or_else(damaged)?;
    let (source, named) = pack::peek(&mut rest).ok_or_else(damaged)?;
    Ok(Peek { group, stranger, by_key, source, named })
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
    /// Who it is, if only carried records name it, and they do not know its number.
    pub by_key: Option<ByKey>,
    /// Records whose authority was renamed, each with the name that corrections of it give.
    pub renamed: Vec<(RecordId, RecordId)>,
}

/// A record that stands: its id and where its best row is.
#[derive(Clone, Copy)]
pub(crate) struct Standing {
    id: RecordId,
    place: Place,
}

/// A record that stands, unpacked, with its corrections by day and kind.
#[derive(Debug)]
pub(crate) struct Kept<'p> {
    /// Its name.
    pub id: RecordId,
    /// Its best version.
    pub fact: RecordFact<'p>,
    /// What corrects it.
    pub corrections: Vec<&'p CorrectionFact>,
}

/// Is told of every row that another version outweighed.
pub(crate) trait Merges {
    /// The better row and the other.
    fn merged(&mut self, winner: &RecordFact<'_>, loser: &RecordFact<'_>);
}

impl Merges for () {
    fn merged(&mut self, _: &RecordFact<'_>, _: &RecordFact<'_>) {}
}

impl<'p> Packed<'p> {
    /// Whether there is a subject at all, and not only others that would be shown on its checks.
    pub(crate) fn is_own(&self) -> bool {
        self.head.is_some() || !self.records.is_empty()
    }

    /// The heads of linked subjects, each behind the hash of its source.
    pub(crate) fn links(&self) -> impl Iterator<Item = &'p [u8]> {
        self.links.iter().map(|place| self.item(place).get(ITEM_HEAD..).unwrap_or_default())
    }

    /// Where the records of linked subjects stand.
    pub(crate) fn linked_places(&self) -> &'p [Place] {
        self.linked
    }

    /// An item by its place.
    pub(crate) fn item(&self, place: &Place) -> &'p [u8] {
        item_at(self.rows, place.at)
    }

    /// The records that stand of a linked subject. They were counted with their own subject.
    pub(crate) fn kept_of_other(
        &self,
        places: &[&'p Place],
        head: Option<&Head>,
        context: &Context<'p>,
    ) -> io::Result<Vec<Kept<'p>>> {
        let records: Vec<Place> = places.iter().map(|place| **place).collect();
        let other = Packed { records: &records, head: None, links: &[], linked: &[], ..*self };
        let mut uncounted = Tally::default();
        let standing = match head {
            Some(head) if head.groups.len() > 1 => other.best_by_key(context, &mut uncounted, &mut ())?,
            _ => other.best_by_id(&vec![NO_SOURCE; places.len()], context, &mut uncounted, &mut ())?,
        };
        let mut subject = match head {
            Some(head) => Subject {
                group: head.own().clone(),
                predecessors: head.groups[1..].iter().map(|(_, group)| group.clone()).collect(),
                names: Vec::new(),
                by_key: None,
                renamed: Vec::new(),
            },
            None => Subject {
                group: Group::stub(Vec::new(), None),
                predecessors: Vec::new(),
                names: Vec::new(),
                by_key: None,
                renamed: Vec::new(),
            },
        };
        subject.renamed = other.renamed(&subject, &standing, context)?;
        standing.iter().map(|standing| self.kept(standing, &subject, context)).collect()
    }

    /// The subject with the records that stand. Counts kept and merged rows.
    pub(crate) fn resolve(
        &self,
        context: &Context<'_>,
        tally: &mut Tally,
        merges: &mut impl Merges,
    ) -> io::Result<(Subject, Vec<Standing>)> {
        let (mut subject, standing) = match self.head {
            Some(head) => {
                let head = Head::unpack(head).ok_or_else(damaged)?;
                self.registered(head, context, tally, merges)?
            }
            None => self.stub(context, tally, merges)?,
        };
        subject.renamed = self.renamed(&subject, &standing, context)?;
        Ok((subject, standing))
    }

    /// Records of the subject to which corrections are put that name them under another authority.
    fn renamed(
        &self,
        subject: &Subject,
        standing: &[Standing],
        context: &Context<'_>,
    ) -> io::Result<Vec<(RecordId, RecordId)>> {
        let lost = &context.corrections.lost;
        let (Some(first), false) = (standing.first(), lost.is_empty()) else { return Ok(Vec::new()) };
        let members = std::iter::once(&subject.group).chain(&subject.predecessors);
        let mut codes: Vec<Identifier> = members.flat_map(Group::all_codes).copied().collect();
        if codes.is_empty() && subject.by_key.is_none() {
            let named = record(self.rows, &first.place)?.subject;
            codes.extend(named.codes.iter().chain(&named.document));
        }
        let keys = codes.iter().flat_map(|code| [Some(*code), code.inside()]).flatten();
        let keys = keys.map(|code| SubjectKey::of(&code, context.work.key));
        let Some(mut search) = lost.of(keys.chain(subject.by_key.iter().map(|one| one.key))) else {
            return Ok(Vec::new());
        };
        let (mut key, mut names) = (String::new(), Vec::new());
        for one in standing {
            same_key(&record(self.rows, &one.place)?, context.work.catalogue, &mut key);
            names.clear();
            names.extend(std::iter::once(one.id).chain(other_ids(&codes, &key, context.work.key)));
            search.look(one.id, &names, &key);
        }
        Ok(search.found())
    }

    fn registered(
        &self,
        head: Head,
        context: &Context<'_>,
        tally: &mut Tally,
        merges: &mut impl Merges,
    ) -> io::Result<(Subject, Vec<Standing>)> {
        let mut head = head;
        let mut strange: Vec<(usize, Identifier)> = Vec::new();
        let mut sources = Vec::with_capacity(self.records.len());
        for place in self.records {
            let row = peek(self.rows, place)?;
            sources.push(row.source);
            if let Some(by_key) = &row.by_key {
                let own = head.own().main_code().map(|main| SubjectKey::of(main, context.work.key));
                if own != Some(by_key.key) {
                    return Err(collision());
                }
                continue;
            }
            let member =
                head.groups.iter().position(|(number, _)| *number == row.group).ok_or_else(collision)?;
            let named = &row.named;
            if !names(&head.groups[member].1, named) {
                return Err(collision());
            }
            let unified = named.codes.first().filter(|code| code.kind() == IdKind::Uscc);
            if let Some(code) = unified.filter(|code| context.settled.named(code).is_none()) {
                strange.push((member, *code));
            }
        }
        let standing = if head.groups.len() == 1 {
            self.best_by_id(&sources, context, tally, merges)?
        } else {
            self.best_by_key(context, tally, merges)?
        };
        strange.sort_unstable();
        strange.dedup();
        for (member, code) in strange {
            head.groups[member].1.strange_codes.push(code);
            if context.strange.get(&hash_of(&code)) == Some(&self.hash) {
                head.names.push(code);
                let inside = code.inside();
                head.names.extend(inside.filter(|code| {
                    let holder = context.settled.named(code);
                    holder.is_some_and(|holder| head.groups.iter().any(|(number, _)| *number == holder))
                }));
            }
        }
        let mut groups = head.groups.into_iter().map(|(_, group)| group);
        let group = groups.next().ok_or_else(damaged)?;
        Ok((
            Subject {
                group,
                predecessors: groups.collect(),
                names: head.names,
                by_key: None,
                renamed: Vec::new(),
            },
            standing,
        ))
    }

    fn stub(
        &self,
        context: &Context<'_>,
        tally: &mut Tally,
        merges: &mut impl Merges,
    ) -> io::Result<(Subject, Vec<Standing>)> {
        let (mut codes, mut names): (Vec<Identifier>, Vec<Identifier>) = Default::default();
        let (mut document, mut main, mut by_key) = (None, None, None::<ByKey>);
        let mut sources = Vec::with_capacity(self.records.len());
        for place in self.records {
            let row = peek(self.rows, place)?;
            sources.push(row.source);
            if let Some(own) = row.by_key {
                if by_key.as_ref().is_some_and(|known| known.key != own.key) {
                    return Err(collision());
                }
                by_key.get_or_insert(own);
                continue;
            }
            let Some((own, taken)) = row.stranger else { return Err(collision()) };
            if *main.get_or_insert(own) != own {
                return Err(collision());
            }
            let named = &row.named;
            document = document.or(named.document.filter(|_| named.codes.is_empty()));
            let all = named.codes.iter().flat_map(|code| {
                std::iter::once((hash_of(code), Some(*code)))
                    .chain(hash_inside(code).map(|hash| (hash, code.inside())))
            });
            for (at, (hash, code)) in all.enumerate() {
                let is_free =
                    taken & 1 << at == 0 && context.owners.get(&hash).is_none_or(|owner| *owner == own);
                names.extend(code.filter(|_| is_free));
            }
            codes.extend(&named.codes);
        }
        codes.sort_unstable();
        codes.dedup();
        names.sort_unstable();
        names.dedup();
        if let Some(document) = document {
            names.push(document);
        }
        let standing = self.best_by_id(&sources, context, tally, merges)?;
        let mut group = Group::stub(codes, document);
        group.name = self.stub_name(&standing, context)?;
        if let Some(by_key) = &by_key {
            match &main {
                Some(main) if SubjectKey::of(main, context.work.key) != by_key.key => return Err(collision()),
                Some(_) => {}
                None => group.kind = by_key.kind,
            }
        }
        Ok((Subject { group, predecessors: Vec::new(), names, by_key, renamed: Vec::new() }, standing))
    }

    /// A stub has the name of its best row that gives one.
    fn stub_name(&self, records: &[Standing], context: &Context<'_>) -> io::Result<Option<String>> {
        let mut best: Option<RecordFact<'_>> = None;
        for standing in records {
            let fact = record(self.rows, &standing.place)?;
            let is_better =
                |known: &RecordFact<'_>| by_rank(&rank(&fact, context), &rank(known, context)).is_lt();
            if fact.subject.name.is_some() && best.as_ref().is_none_or(is_better) {
                best = Some(fact);
            }
        }
        Ok(best.and_then(|fact| fact.subject.name.map(|name| name.into_owned())))
    }

    /// Rows of one group, with their sources: those with one id are versions of one record.
    fn best_by_id(
        &self,
        sources: &[u16],
        context: &Context<'_>,
        tally: &mut Tally,
        merges: &mut impl Merges,
    ) -> io::Result<Vec<Standing>> {
        let mut standing = Vec::with_capacity(self.records.len());
        let mut sources = sources;
        for same in self.records.chunk_by(|a, b| a.id == b.id) {
            let (own, later) = sources.split_at(same.len());
            sources = later;
            if let ([place], [source]) = (same, own) {
                tally.account(*source).kept += 1;
                standing.push(Standing { id: place.id, place: *place });
                continue;
            }
            let rows = same.iter().map(|place| Ok((*place, record(self.rows, place)?)));
            standing.push(best(rows.collect::<io::Result<_>>()?, context, tally, merges)?);
        }
        Ok(standing)
    }

    /// Rows of a subject and its predecessors: their ids differ with the code that a row gives, so what makes them the
    /// same is compared itself.
    fn best_by_key(
        &self,
        context: &Context<'_>,
        tally: &mut Tally,
        merges: &mut impl Merges,
    ) -> io::Result<Vec<Standing>> {
        let mut same: BTreeMap<String, Vec<(Place, RecordFact<'_>)>> = BTreeMap::new();
        for place in self.records {
            let fact = record(self.rows, place)?;
            let mut key = String::new();
            same_key(&fact, context.work.catalogue, &mut key);
            same.entry(key).or_default().push((*place, fact));
        }
        same.into_values().map(|rows| best(rows, context, tally, merges)).collect()
    }

    /// Unpacks a record that stands.
    pub(crate) fn kept(
        &self,
        standing: &Standing,
        subject: &Subject,
        context: &Context<'p>,
    ) -> io::Result<Kept<'p>> {
        let fact = record(self.rows, &standing.place)?;
        let renamed = subject.renamed.iter().filter(|(own, _)| *own == standing.id).map(|(_, named)| *named);
        let corrections = if context.is_any_lost || !subject.predecessors.is_empty() {
            let members = std::iter::once(&subject.group).chain(&subject.predecessors);
            let codes: Vec<Identifier> = members.flat_map(Group::all_codes).copied().collect();
            let mut key = String::new();
            same_key(&fact, context.work.catalogue, &mut key);
            context.corrections.of(standing.id, other_ids(&codes, &key, context.work.key).chain(renamed))
        } else {
            context.corrections.of(standing.id, renamed)
        };
        Ok(Kept { id: standing.id, fact, corrections })
    }
}

/// The best of the rows of one record.
fn best(
    mut rows: Vec<(Place, RecordFact<'_>)>,
    context: &Context<'_>,
    tally: &mut Tally,
    merges: &mut impl Merges,
) -> io::Result<Standing> {
    rows.sort_by(|(_, a), (_, b)| {
        by_rank(&rank(a, context), &rank(b, context)).then(a.origin.cmp(&b.origin))
    });
    let ((place, winner), losers) = rows.split_first().ok_or_else(damaged)?;
    tally.account(winner.origin.source).kept += 1;
    for (_, loser) in losers {
        tally.account(loser.origin.source).merged += 1;
        merges.merged(winner, loser);
    }
    Ok(Standing { id: place.id, place: *place })
}

fn rank<'a>(fact: &RecordFact<'a>, context: &Context<'_>) -> Rank<'a> {
    Rank {
        priority: context.work.priorities.get(usize::from(fact.origin.source)).copied().unwrap_or(i64::MIN),
        changed: fact.version.changed,
        date: Some(fact.date),
        row: fact.version.row,
    }
}

/// Whether a row names this group indeed, not only by the hash of a code.
fn names(group: &Group, named: &Named<'_>) -> bool {
    let is_code = |code: &Identifier| {
        group.codes.first() == Some(code)
            || group.all_codes().any(|known| {
                known == code
                    || known.organisation_code().is_some_and(|inside| {
                        code.organisation_code() == Some(inside)
                            || code.kind() == IdKind::OrganisationCode && code.as_str() == inside
                    })
                    || known.kind() == IdKind::OrganisationCode
                        && code.organisation_code() == Some(known.as_str())
            })
    };
    named.codes.iter().any(is_code)
        || named.document.is_some_and(|document| {
            group.all_codes().any(|known| {
                known.kind() == document.kind()
                    && known.as_bytes() == document.as_bytes()
                    && (known.country() == document.country() || document.country().is_none())
            })
        })
}
