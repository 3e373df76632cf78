//! Walking two releases side by side. Rows of a part stand by hash and key, so a heap over all parts of a release
//! gives all its subjects in one order, whatever the number of parts.

use super::side::{At, DiffError, Side};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use xinhe::domain::date::Day;
use xinhe::domain::identifier::{IdKind, Identifier};
use xinhe::snapshot::{PersonKey, SubjectKey};

/// A subject's place in the common order.
type Order = (u64, SubjectKey);

/// A subject of one release, or of both under one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Both(At, At),
    Old(At),
    New(At),
}

impl Step {
    /// Rows that the step stands for.
    pub(super) fn subjects(self) -> u64 {
        if matches!(self, Step::Both(..)) { 2 } else { 1 }
    }
}

/// The subjects of one release, in order.
struct Cursor<'s> {
    side: &'s Side,
    heap: BinaryHeap<Reverse<(Order, At)>>,
    /// Whether subjects whose key is a digest are walked too.
    digests: bool,
}

impl<'s> Cursor<'s> {
    fn new(side: &'s Side, digests: bool) -> Result<Cursor<'s>, DiffError> {
        let mut cursor = Cursor { side, heap: BinaryHeap::with_capacity(side.parts.len()), digests };
        for part in 0..side.parts.len() as u32 {
            if let Some(row) = cursor.row(part, 0)? {
                cursor.heap.push(Reverse(row));
            }
        }
        Ok(cursor)
    }

    /// The first row of a part from a place on that is to be walked.
    fn row(&self, part: u32, from: u32) -> Result<Option<(Order, At)>, DiffError> {
        let rows = self.side.part(part)?;
        let found = (from..rows.subjects()).find_map(|place| {
            let key = rows.standing(place)?.key();
            (self.digests || key.code().is_some()).then(|| ((key.hash(), key), At { part, place }))
        });
        Ok(found)
    }

    fn peek(&self) -> Option<(Order, At)> {
        self.heap.peek().map(|Reverse(row)| *row)
    }

    /// Goes on to the next row. One that does not come later means that the part is not what was written.
    fn step(&mut self) -> Result<(), DiffError> {
        let Some(Reverse((order, at))) = self.heap.peek().copied() else { return Ok(()) };
        let next = self.row(at.part, at.place + 1)?;
        let Some(mut top) = self.heap.peek_mut() else { return Ok(()) };
        match next {
            Some(row) if row.0 <= order => {
                Err(self.side.misplaced(at.part, "its subjects are not in the order of their hashes"))
            }
            Some(row) => {
                *top = Reverse(row);
                Ok(())
            }
            None => {
                PeekMut::pop(top);
                Ok(())
            }
        }
    }
}

/// Walks both releases in one order. Without `persons` only keys in the clear are walked.
pub(super) fn walk(
    old: &Side,
    new: &Side,
    persons: bool,
    visit: &mut dyn FnMut(Step) -> Result<(), DiffError>,
) -> Result<(), DiffError> {
    let (mut olds, mut news) = (Cursor::new(old, persons)?, Cursor::new(new, persons)?);
    loop {
        let (was, is) = (olds.peek(), news.peek());
        let order = match (&was, &is) {
            (Some((was, _)), Some((is, _))) => was.cmp(is),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return Ok(()),
        };
        match (was, is, order) {
            (Some((_, was)), Some((_, is)), Ordering::Equal) => {
                visit(Step::Both(was, is))?;
                olds.step()?;
                news.step()?;
            }
            (Some((_, was)), _, Ordering::Less) => {
                visit(Step::Old(was))?;
                olds.step()?;
            }
            (_, Some((_, is)), _) => {
                visit(Step::New(is))?;
                news.step()?;
            }
            _ => return Ok(()),
        }
    }
}

/// Old subjects that the new release knows under another code: by its aliases, or by the organisation code inside.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Where to, and from where; sorted.
    to: Vec<At>,
    from: Vec<At>,
    /// Old places; sorted.
    left: Vec<At>,
}

impl Moved {
    pub(super) fn find(old: &Side, new: &Side, persons: bool) -> Result<Moved, DiffError> {
        let mut pairs: Vec<(At, At)> = Vec::new();
        // Keys in the clear need no secret; only such are made here.
        let no_secret = PersonKey::new(&[0; 32]);
        walk(old, new, persons, &mut |step| {
            if let Step::Old(was) = step {
                let key = old.standing(was)?.1.key();
                let heir = match heir(new, &key, persons)? {
                    None => match inside(&key, &no_secret) {
                        Some(inside) => heir(new, &inside, persons)?,
                        None => None,
                    },
                    found => found,
                };
                pairs.extend(heir.map(|is| (is, was)));
            }
            Ok(())
        })?;
        pairs.sort_unstable();
        let mut left: Vec<At> = pairs.iter().map(|(_, was)| *was).collect();
        left.sort_unstable();
        let (to, from) = pairs.into_iter().unzip();
        Ok(Moved { to, from, left })
    }

    /// The old subjects that became this one.
    pub(super) fn merged_into(&self, is: At) -> &[At] {
        let first = self.to.partition_point(|to| *to < is);
        let end = first + self.to[first..].partition_point(|to| *to == is);
        self.from.get(first..end).unwrap_or_default()
    }

    /// Whether this old subject lives on under another code.
    pub(super) fn lives_on(&self, was: At) -> bool {
        self.left.binary_search(&was).is_ok()
    }
}

/// Who answers to a code that is nobody's current one.
fn heir(new: &Side, key: &SubjectKey, persons: bool) -> Result<Option<At>, DiffError> {
    for (place, part) in new.parts.iter().enumerate() {
        let part_place = place as u32;
        let found = part.find_alias(key).map_err(|error| new.damaged(part_place, error))?;
        if let Some(standing) = found.filter(|heir| persons || heir.key().code().is_some()) {
            return Ok(Some(At { part: part_place, place: standing.place }));
        }
    }
    Ok(None)
}

/// The key of the organisation code inside a unified code: it stays when the rest of the code changes.
fn inside(key: &SubjectKey, no_secret: &PersonKey) -> Option<SubjectKey> {
    let unified = Identifier::parse(IdKind::Uscc, key.code()?, Day::OPEN).ok()?;
    Some(SubjectKey::of(&unified.inside()?, no_secret))
}
