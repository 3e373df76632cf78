//! Where a record goes: to the partition of the subject that its row names.

use super::carry::Whose;
use super::corrections::Corrections;
use super::pack;
use super::rejects::Desk;
use super::rows::ByKey;
use super::sameness::same_key;
use super::settle::{AmbiguousCountry, Settled, hash_inside, hash_of};
use super::spill::codec::put_optional_identifier;
use super::spill::{Buffers, Spill};
use super::stored::StoredListing;
use super::tally::Tally;
use super::work::Work;
use crate::facts::{CorrectionFact, Detail, Named, RecordFact, Reject, Sink, SubjectFact, Warning};
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use xinhe::domain::catalogue::Effect;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::record::RecordId;
use xinhe::domain::text::mask_number;
use xinhe::snapshot::{SubjectKey, record_id};

/// Stands for "no group": the row's subject is in no register.
pub(crate) const STRANGER: u32 = u32::MAX;
/// Stands for "no group": the row is carried forward, and tells the subject's key.
pub(crate) const CARRIED: u32 = u32::MAX - 1;
/// What kinds of item a partition of rows holds.
pub(crate) mod kind {
    /// A record of the subject.
    pub(crate) const RECORD: u8 = 0;
    /// A subject that is linked to it.
    pub(crate) const LINK: u8 = 1;
    /// A record of such a subject.
    pub(crate) const LINKED: u8 = 2;
}

/// Where rows of the second pass go.
pub(crate) struct Places<'a> {
    /// Records by partition of their subject.
    pub rows: &'a Spill,
    /// Records of strangers by older codes alone, one partition.
    pub loose: Spill,
    /// Records that are shown on checks of others, one partition.
    pub linking: Spill,
    /// Rejects by file and line.
    pub rejects: &'a Spill,
}

/// What threads of the reading gather.
#[derive(Default)]
pub(crate) struct Found {
    /// Counts.
    pub tally: Tally,
    /// Unified codes that records give for a registered subject and no register does: hash of the code, and the
    /// smallest hash of such a subject.
    pub strange: HashMap<u64, u64>,
    /// Older codes of strangers: the smallest unified code that comes with each.
    pub owners: HashMap<u64, Identifier>,
}

impl Found {
    fn add(&mut self, other: Found) {
        self.tally.add(&other.tally);
        for (code, subject) in other.strange {
            least(&mut self.strange, code, subject);
        }
        for (code, owner) in other.owners {
            least(&mut self.owners, code, owner);
        }
    }
}

fn least<V: Ord + Copy>(map: &mut HashMap<u64, V>, key: u64, value: V) {
    map.entry(key).and_modify(|known| *known = (*known).min(value)).or_insert(value);
}

/// What a row's identifiers name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whom {
    /// The registered group, if any.
    pub group: Option<u32>,
    /// An identifier further back names another one.
    pub other: bool,
    /// The row has a unified code that no register knows.
    pub is_unknown: bool,
}

/// Finds the registered subject that a row names: the first identifier that names one.
pub(crate) fn whom(settled: &Settled, named: &Named<'_>) -> Result<Whom, AmbiguousCountry> {
    if named.codes.is_empty() {
        let group = named.document.as_ref().map_or(Ok(None), |document| settled.person(document))?;
        return Ok(Whom { group, other: false, is_unknown: false });
    }
    let unified = named.codes.first().filter(|code| code.kind() == IdKind::Uscc);
    let found = unified.map(|code| settled.named(code));
    let is_unknown = found == Some(None);
    let holder = match found.flatten() {
        Some(first) if settled.group(first).alone => Some(first),
        _ => unified.and_then(hash_inside).and_then(|hash| settled.by_hash(hash)),
    };
    let (mut group, mut other) = (found.flatten(), false);
    if let (Some(first), Some(holder)) = (group, holder) {
        other = first != holder;
    }
    // The unified code is done, unless the register does not know it: then the code inside it may still name somebody.
    for code in named.codes.iter().skip(usize::from(group.is_some())) {
        for hash in std::iter::once(hash_of(code)).chain(hash_inside(code)) {
            let Some(found) = settled.by_hash(hash) else { continue };
            // A row with a unified code that no register knows joins a subject only if that subject has the same
            // organisation code, or no unified code at all: else the unknown code names a stranger.
            if is_unknown && settled.group(found).unified && holder != Some(found) {
                other = true;
                continue;
            }
            match group {
                None => group = Some(found),
                Some(first) => other |= first != found,
            }
        }
    }
    Ok(Whom { group, other, is_unknown })
}

/// Takes records and sends each to its subject.
pub(crate) struct Router<'a> {
    work: &'a Work<'a>,
    settled: &'a Settled,
    corrections: &'a Corrections,
    rows: Buffers<'a>,
    loose: Buffers<'a>,
    linking: Buffers<'a>,
    desk: Desk<'a>,
    found: Found,
    key: String,
}

impl<'a> Router<'a> {
    pub(crate) fn new(
        places: &'a Places<'a>,
        work: &'a Work<'a>,
        settled: &'a Settled,
        corrections: &'a Corrections,
    ) -> Router<'a> {
        let bytes = work.buffer_bytes();
        Router {
            work,
            settled,
            corrections,
            rows: Buffers::new(places.rows, bytes),
            loose: Buffers::new(&places.loose, bytes),
            linking: Buffers::new(&places.linking, bytes),
            desk: Desk::new(places.rejects, work),
            found: Found::default(),
            key: String::new(),
        }
    }

    /// Writes what is pending and hands over what was found.
    pub(crate) fn finish(mut self, all: &Mutex<Found>) -> io::Result<()> {
        self.found.tally.add(&self.desk.tally);
        all.lock().unwrap_or_else(PoisonError::into_inner).add(self.found);
        self.desk.rejects.finish()?;
        self.rows.finish()?;
        self.loose.finish()?;
        self.linking.finish()
    }

    fn registered(&mut self, fact: &RecordFact<'_>, whom: Whom, group: u32) -> io::Result<()> {
        let at = self.settled.group(group);
        if whom.other {
            self.desk.tally.warn(fact.origin.source, "two_subjects");
        }
        if let Some(code) = fact.subject.codes.first().filter(|_| whom.is_unknown) {
            least(&mut self.found.strange, hash_of(code), at.subject);
        }
        let id = self.name(fact, &at.root);
        self.keep(fact, at.subject, id, group)
    }

    /// A record of a registered subject under its name.
    fn keep(&mut self, fact: &RecordFact<'_>, subject: u64, id: RecordId, group: u32) -> io::Result<()> {
        if self.work.is_ours(subject) {
            self.rows.push(self.work.partition(subject), |out| {
                put_item(out, kind::RECORD, subject, id);
                out.extend_from_slice(&group.to_le_bytes());
                pack::put_record(out, fact);
            })?;
        }
        self.link(fact, subject, id, group)
    }

    /// A record that is carried forward keeps its name, so that corrections of it find it.
    pub(crate) fn carried(&mut self, whose: &Whose, fact: &RecordFact<'_>, id: RecordId) -> io::Result<()> {
        self.corrections.seen(id);
        if let Whose::Key(by_key) = whose {
            let hash = by_key.key.hash();
            if self.work.is_ours(hash) {
                self.rows.push(self.work.partition(hash), |out| {
                    put_item(out, kind::RECORD, hash, id);
                    out.extend_from_slice(&CARRIED.to_le_bytes());
                    by_key.put(out);
                    pack::put_record(out, fact);
                })?;
            }
            return if by_key.key.is_person() { self.link(fact, hash, id, CARRIED) } else { Ok(()) };
        }
        match whom(self.settled, &fact.subject).map(|whom| whom.group) {
            Ok(Some(group)) => self.keep(fact, self.settled.group(group).subject, id, group),
            _ => self.stranger(fact),
        }
    }

    /// Notes something odd about a source.
    pub(crate) fn odd(&mut self, source: u16, reason: &'static str) {
        self.desk.tally.warn(source, reason);
    }

    /// An urgent entry of the store.
    pub(crate) fn listing(&mut self, listing: &StoredListing) -> io::Result<()> {
        if listing.code.is_some() {
            return self.record(&listing.fact());
        }
        // A person is known by the digest alone.
        let name = listing.name.digest.map(|digest| (digest, listing.name.shown.clone()));
        let by_key = ByKey { key: listing.key, kind: listing.kind, name };
        self.carried(&Whose::Key(by_key), &listing.fact(), record_id(&listing.key, &listing.same))
    }

    /// The id of a record; corrections of it are known to have found it.
    fn name(&mut self, fact: &RecordFact<'_>, root: &SubjectKey) -> RecordId {
        same_key(fact, self.work.catalogue, &mut self.key);
        let id = record_id(root, &self.key);
        self.corrections.seen(id);
        id
    }

    /// A record that lists carry over to linked subjects is needed there too.
    fn link(&mut self, fact: &RecordFact<'_>, who: u64, id: RecordId, group: u32) -> io::Result<()> {
        if !self.work.has_links || !carries(self.work, &fact.detail) {
            return Ok(());
        }
        self.linking.push(0, |out| {
            put_item(out, kind::LINKED, who, id);
            out.extend_from_slice(&group.to_le_bytes());
            pack::put_record(out, fact);
        })
    }

    fn stranger(&mut self, fact: &RecordFact<'_>) -> io::Result<()> {
        let named = &fact.subject;
        let main = match named.codes.first() {
            Some(code) if code.kind() == IdKind::Uscc => code,
            Some(_) => return self.loose.push(0, |out| pack::put_record(out, fact)),
            None => match &named.document {
                Some(document) => document,
                None => return Err(super::work::damaged()),
            },
        };
        for hash in keys(named) {
            least(&mut self.found.owners, hash, *main);
        }
        let key = SubjectKey::of(main, self.work.key);
        let (hash, id) = (key.hash(), self.name(fact, &key));
        if self.work.is_ours(hash) {
            let settled = self.settled;
            self.rows
                .push(self.work.partition(hash), |out| put_stranger(out, settled, fact, main, hash, id))?;
        }
        if main.kind().is_person() { self.link(fact, hash_of(main), id, STRANGER) } else { Ok(()) }
    }
}

/// The hashes of all codes of a row, the organisation codes inside them too.
pub(crate) fn keys(named: &Named<'_>) -> impl Iterator<Item = u64> {
    named.codes.iter().flat_map(|code| std::iter::once(hash_of(code)).chain(hash_inside(code)))
}

/// Whether a record is shown on checks of subjects that are linked to its own.
fn carries(work: &Work<'_>, detail: &Detail<'_>) -> bool {
    let Detail::List { list, .. } = detail else { return false };
    let list = work.catalogue.list_at(*list);
    list.is_some_and(|list| list.effect != Effect::Favour && !list.extends_to.is_empty())
}

/// Bytes of the beginning of an item.
pub(crate) const ITEM_HEAD: usize = 25;

/// How an item of a partition begins: kind, hash of the subject, id of the record.
pub(crate) fn put_item(out: &mut Vec<u8>, kind: u8, hash: u64, id: RecordId) {
    out.push(kind);
    out.extend_from_slice(&hash.to_le_bytes());
    out.extend_from_slice(&id.0);
}

/// A record of a stranger: with its main code, and which of the row's codes the register gives to somebody.
pub(crate) fn put_stranger(
    out: &mut Vec<u8>,
    settled: &Settled,
    fact: &RecordFact<'_>,
    main: &Identifier,
    hash: u64,
    id: RecordId,
) {
    put_item(out, kind::RECORD, hash, id);
    out.extend_from_slice(&STRANGER.to_le_bytes());
    put_optional_identifier(out, Some(main));
    let taken: u16 = (0..)
        .zip(keys(&fact.subject))
        .map(|(place, hash)| u16::from(settled.by_hash(hash).is_some()) << place)
        .sum();
    out.extend_from_slice(&taken.to_le_bytes());
    pack::put_record(out, fact);
}

impl Sink for Router<'_> {
    fn subject(&mut self, _: &SubjectFact<'_>) -> io::Result<()> {
        Err(super::work::damaged())
    }

    fn record(&mut self, fact: &RecordFact<'_>) -> io::Result<()> {
        self.desk.tally.content(fact.origin.source, fact.version.row);
        match whom(self.settled, &fact.subject) {
            Err(AmbiguousCountry) => self.desk.reject(&ambiguous_country(fact)),
            Ok(whom) => match whom.group {
                Some(group) => self.registered(fact, whom, group),
                None => self.stranger(fact),
            },
        }
    }

    fn correction(&mut self, _: CorrectionFact) -> io::Result<()> {
        Err(super::work::damaged())
    }

    fn reject(&mut self, reject: Reject) -> io::Result<()> {
        self.desk.reject(&reject)
    }

    /// Ingest counts them.
    fn warn(&mut self, _: Warning) -> io::Result<()> {
        Ok(())
    }
}

fn ambiguous_country(fact: &RecordFact<'_>) -> Reject {
    let mut value = String::new();
    if let Some(document) = &fact.subject.document {
        mask_number(document.as_str(), &mut value);
    }
    let column = match &fact.detail {
        Detail::Licence { .. } => "XK_XDR_ZJHM",
        Detail::Penalty { .. } => "CF_XDR_ZJHM",
        Detail::Administrative { .. } => "XZ_XDR_ZJHM",
        Detail::List { .. } => "MD_XDR_ZJHM",
        Detail::Commitment { .. } => "CN_XDR_ZJHM",
        Detail::Evaluation { .. } => "PJ_XDR_ZJHM",
        Detail::Judgment => "PJS_XDR_ZJHM",
        Detail::Honour { .. } => "RY_XDR_ZJHM",
    };
    Reject { origin: fact.origin, column: column.to_owned(), reason: "ambiguous_country", value }
}
