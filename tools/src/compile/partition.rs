//! One partition in memory: its subjects by the hash of their keys, each with all rows that speak of it.

use super::pack;
use super::register::Group;
use super::route::{ITEM_HEAD, kind};
use super::rows::{Place, item_at};
use super::spill::codec::Unpacker;
use super::spill::{Spill, items};
use super::work::{collision, damaged};
use std::io;
use std::ops::Range;
use xinhe::domain::identifier::Identifier;
use xinhe::domain::record::RecordId;

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

/// A partition, read.
#[derive(Default)]
pub(crate) struct Partition {
    heads: Vec<u8>,
    rows: Vec<u8>,
    /// As they were read, not yet in order.
    unsorted: Vec<u8>,
    head_places: Vec<(u64, usize)>,
    places: Vec<Place>,
}

/// Where a subject stands in its partition.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    hash: u64,
    head: Option<usize>,
    places: Range<usize>,
}

/// A subject of a partition, not yet unpacked.
pub(crate) struct Packed<'p> {
    pub(super) hash: u64,
    pub(super) head: Option<&'p [u8]>,
    pub(super) rows: &'p [u8],
    pub(super) records: &'p [Place],
    pub(super) links: &'p [Place],
    pub(super) linked: &'p [Place],
}

impl Partition {
    /// Reads a partition, sorts it, and gives its room on the disk back. `spare` is one that is not needed any more: its
    /// memory is used again. One of more than `laid_most` bytes is not laid in order, which would take its bytes twice.
    pub(crate) fn read(
        rows: &Spill,
        heads: &Spill,
        partition: usize,
        (spare, laid_most): (Partition, u64),
    ) -> io::Result<Partition> {
        let mut read = spare;
        read.clear();
        let bytes = rows.raw_bytes(partition);
        read.heads.reserve_exact(heads.raw_bytes(partition) as usize);
        read.unsorted.reserve_exact(bytes as usize);
        heads.read(partition, &mut read.heads, |_| Ok(()))?;
        rows.read(partition, &mut read.unsorted, |_| Ok(()))?;
        for (at, item) in items(&read.heads) {
            read.head_places.push((Unpacker(item).u64().ok_or_else(damaged)?, at));
        }
        for (at, item) in items(&read.unsorted) {
            let mut from = Unpacker(item);
            let mut place =
                || Some(Place { kind: from.byte()?, hash: from.u64()?, id: RecordId(from.array()?), at });
            read.places.push(place().ok_or_else(damaged)?);
        }
        read.head_places.sort_unstable();
        read.places.sort_unstable();
        if bytes <= laid_most {
            read.lay();
        } else {
            std::mem::swap(&mut read.rows, &mut read.unsorted);
        }
        rows.done(partition)?;
        heads.done(partition)?;
        Ok(read)
    }

    /// Lays the rows in order, so that whoever walks the subjects reads on and on.
    fn lay(&mut self) {
        self.rows.reserve_exact(self.unsorted.len());
        for place in &mut self.places {
            let item = item_at(&self.unsorted, place.at);
            self.rows.extend_from_slice(&(item.len() as u32).to_le_bytes());
            place.at = self.rows.len();
            self.rows.extend_from_slice(item);
        }
    }

    fn clear(&mut self) {
        self.heads.clear();
        self.rows.clear();
        self.unsorted.clear();
        self.head_places.clear();
        self.places.clear();
    }

    /// Bytes of memory that it holds.
    pub(crate) fn bytes(&self) -> usize {
        self.heads.capacity()
            + self.rows.capacity()
            + self.unsorted.capacity()
            + self.head_places.capacity() * size_of::<(u64, usize)>()
            + self.places.capacity() * size_of::<Place>()
    }

    /// Where the subjects stand, by rising hash.
    pub(crate) fn spots(&self) -> impl Iterator<Item = io::Result<Spot>> {
        let (mut head_at, mut at) = (0, 0);
        std::iter::from_fn(move || {
            let (heads, places) = (&self.head_places[head_at..], &self.places[at..]);
            let hash = match (heads.first(), places.first()) {
                (None, None) => return None,
                (head, place) => {
                    head.map_or(u64::MAX, |one| one.0).min(place.map_or(u64::MAX, |one| one.hash))
                }
            };
            let own_heads = heads.iter().take_while(|one| one.0 == hash).count();
            let own_places = places.iter().take_while(|one| one.hash == hash).count();
            let spot = Spot { hash, head: (own_heads > 0).then_some(head_at), places: at..at + own_places };
            head_at += own_heads;
            at += own_places;
            // Two keys with one hash: they could not be told apart.
            Some(if own_heads > 1 { Err(collision()) } else { Ok(spot) })
        })
    }

    /// The subject that stands there.
    pub(crate) fn subject(&self, spot: &Spot) -> Packed<'_> {
        let own = &self.places[spot.places.clone()];
        let (records, others) = own.split_at(own.partition_point(|one| one.kind == kind::RECORD));
        let (links, linked) = others.split_at(others.partition_point(|one| one.kind == kind::LINK));
        let head = spot.head.map(|head| item_at(&self.heads, self.head_places[head].1));
        Packed { hash: spot.hash, head, rows: &self.rows, records, links, linked }
    }
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
}
