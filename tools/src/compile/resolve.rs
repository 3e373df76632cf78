//! A subject of a partition resolved: one version of each of its records, and whom its codes name.

use super::best::{Merges, rank};
use super::corrections::{Corrections, other_ids};
use super::partition::{Head, Packed, Partition, Spot};
use super::register::Group;
use super::rows::{ByKey, Place, peek, record};
use super::sameness::same_key;
use super::settle::{Settled, hash_inside, hash_of};
use super::tally::Tally;
use super::version::by_rank;
use super::work::{Work, collision, damaged};
use crate::facts::{CorrectionFact, Named, RecordFact};
use crate::quality::Census;
use std::collections::HashMap;
use std::io;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::domain::record::RecordId;
use xinhe::snapshot::{NO_SOURCE, SubjectKey};

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

/// A subject that is resolved, and where its records stand.
pub(crate) struct Resolved {
    /// Where it stands.
    pub spot: Spot,
    /// The subject.
    pub subject: Subject,
    /// The best row of each of its records.
    pub standing: Vec<Place>,
}

/// Resolves subjects in their order, and counts what came of their rows.
pub(crate) struct Resolver<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) tally: Tally,
    pub(crate) census: Census,
}

impl Resolver<'_> {
    /// The subject that stands there. None: there is none, only others whose entries would be shown on its checks.
    pub(crate) fn resolve(&mut self, partition: &Partition, spot: Spot) -> io::Result<Option<Resolved>> {
        let packed = partition.subject(&spot);
        if !packed.is_own() {
            return Ok(None);
        }
        let (subject, standing) = packed.resolve(&self.context, &mut self.tally, &mut self.census)?;
        Ok(Some(Resolved { spot, subject, standing }))
    }
}

impl<'p> Packed<'p> {
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
    fn resolve(
        &self,
        context: &Context<'_>,
        tally: &mut Tally,
        merges: &mut impl Merges,
    ) -> io::Result<(Subject, Vec<Place>)> {
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
        standing: &[Place],
        context: &Context<'_>,
    ) -> io::Result<Vec<(RecordId, RecordId)>> {
        let lost = &context.corrections.lost;
        let (Some(first), false) = (standing.first(), lost.is_empty()) else { return Ok(Vec::new()) };
        let members = std::iter::once(&subject.group).chain(&subject.predecessors);
        let mut codes: Vec<Identifier> = members.flat_map(Group::all_codes).copied().collect();
        if codes.is_empty() && subject.by_key.is_none() {
            let named = record(self.rows, first)?.subject;
            codes.extend(named.codes.iter().chain(&named.document));
        }
        let keys = codes.iter().flat_map(|code| [Some(*code), code.inside()]).flatten();
        let keys = keys.map(|code| SubjectKey::of(&code, context.work.key));
        let Some(mut search) = lost.of(keys.chain(subject.by_key.iter().map(|one| one.key))) else {
            return Ok(Vec::new());
        };
        let (mut key, mut names) = (String::new(), Vec::new());
        for one in standing {
            same_key(&record(self.rows, one)?, context.work.catalogue, &mut key);
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
    ) -> io::Result<(Subject, Vec<Place>)> {
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
        let (predecessors, names) = (groups.collect(), head.names);
        Ok((Subject { group, predecessors, names, by_key: None, renamed: Vec::new() }, standing))
    }

    fn stub(
        &self,
        context: &Context<'_>,
        tally: &mut Tally,
        merges: &mut impl Merges,
    ) -> io::Result<(Subject, Vec<Place>)> {
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
    fn stub_name(&self, records: &[Place], context: &Context<'_>) -> io::Result<Option<String>> {
        let mut best: Option<RecordFact<'_>> = None;
        for standing in records {
            let fact = record(self.rows, standing)?;
            let is_better =
                |known: &RecordFact<'_>| by_rank(&rank(&fact, context), &rank(known, context)).is_lt();
            if fact.subject.name.is_some() && best.as_ref().is_none_or(is_better) {
                best = Some(fact);
            }
        }
        Ok(best.and_then(|fact| fact.subject.name.map(|name| name.into_owned())))
    }

    /// Unpacks a record that stands.
    pub(crate) fn kept(
        &self,
        standing: &Place,
        subject: &Subject,
        context: &Context<'p>,
    ) -> io::Result<Kept<'p>> {
        let fact = record(self.rows, standing)?;
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
