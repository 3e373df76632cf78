//! Reading corrections in order, and adding one behind the last.

use super::file::{self, number, path};
use super::{Correction, CorrectionsError, Draft, FOLDER};
use crate::release::store::{Store, StoreError};
use crate::signature::{PublicKeys, SigningKey};

/// Times that an append begins again because somebody else took its number.
const APPENDS_MAX: u32 = 1000;

/// All corrections of a store, in order: for a build, which folds all of them in.
///
/// Without keys, numbers and chain are verified, and signatures are not.
pub fn read_all(store: &Store, keys: Option<&PublicKeys>) -> Result<Vec<Correction>, CorrectionsError> {
    read_after(store, keys, 0)
}

/// The corrections behind number `after`, in order: for a release that has folded in those up to it. A gap, a signature
/// that does not fit, or one that does not follow the one before is an error that tells its number.
pub fn read_after(
    store: &Store,
    keys: Option<&PublicKeys>,
    after: u64,
) -> Result<Vec<Correction>, CorrectionsError> {
    let last = last_number(store)?;
    let Some(after) = u32::try_from(after).ok().filter(|after| *after <= last) else {
        return Err(CorrectionsError::Ends { last, wanted: after });
    };
    let link = match after {
        0 => String::new(),
        known => read_one(store, keys, known)?.digest,
    };
    let mut corrections = Vec::new();
    read_on(store, keys, after, link, |sealed| corrections.push(sealed.correction))?;
    Ok(corrections)
}

/// A correction with the bytes of its file, for whoever keeps a copy.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// What it says.
    pub correction: Correction,
    /// Its file.
    pub bytes: Vec<u8>,
}

/// Hands over, in order, the corrections behind one whose number and digest are known (0 and an empty one before the
/// first). Those before the first fault were handed over when it is told.
pub fn read_on(
    store: &Store,
    keys: Option<&PublicKeys>,
    after: u32,
    mut link: String,
    mut take: impl FnMut(Sealed),
) -> Result<(), CorrectionsError> {
    // The known one is listed too: a store that has lost it has lost more.
    let numbers = numbers(store, after.checked_sub(1))?;
    let last = numbers.last().copied().unwrap_or(0);
    if last < after {
        return Err(CorrectionsError::Ends { last: last_number(store)?, wanted: u64::from(after) });
    }
    let first = after.max(1);
    for (expected, found) in (first..=last).zip(numbers) {
        if found != expected {
            return Err(CorrectionsError::Gap { missing: expected, next: found });
        }
        if found == after {
            continue;
        }
        let sealed = read_sealed(store, keys, found)?;
        if sealed.correction.previous != link {
            return Err(CorrectionsError::Chain(found));
        }
        link.clone_from(&sealed.correction.digest);
        take(sealed);
    }
    Ok(())
}

/// One correction. Its place in the chain is not looked at.
pub fn read_one(
    store: &Store,
    keys: Option<&PublicKeys>,
    wanted: u32,
) -> Result<Correction, CorrectionsError> {
    read_sealed(store, keys, wanted).map(|sealed| sealed.correction)
}

/// As [`read_one`], with the bytes of its file.
pub fn read_sealed(
    store: &Store,
    keys: Option<&PublicKeys>,
    wanted: u32,
) -> Result<Sealed, CorrectionsError> {
    let bytes = store.get(&path(wanted))?;
    let next = || numbers(store, Some(wanted)).map(|numbers| numbers.first().copied());
    match bytes {
        Some(bytes) => file::parse(wanted, &bytes, keys).map(|correction| Sealed { correction, bytes }),
        None => Err(match next()? {
            Some(next) => CorrectionsError::Gap { missing: wanted, next },
            None => CorrectionsError::Ends { last: last_number(store)?, wanted: u64::from(wanted) },
        }),
    }
}

/// Number of the last correction; 0 if there is none.
pub fn last_number(store: &Store) -> Result<u32, CorrectionsError> {
    Ok(numbers(store, None)?.last().copied().unwrap_or(0))
}

/// The numbers that are there behind one, rising.
fn numbers(store: &Store, after: Option<u32>) -> Result<Vec<u32>, CorrectionsError> {
    let after = after.map(path);
    let mut numbers: Vec<u32> =
        store.list_after(FOLDER, after.as_deref())?.iter().filter_map(|path| number(path)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Signs a correction and adds it behind the last. Of two writers at once, each gets a number of its own.
///
/// `folded` is the number that the served release has folded in: a store that ends before it has lost corrections, and
/// what were added would be taken for one that the release knows.
pub fn append(
    store: &Store,
    key: &SigningKey,
    draft: &Draft,
    folded: u64,
) -> Result<Correction, CorrectionsError> {
    for _ in 0..APPENDS_MAX {
        let last = last_number(store)?;
        if u64::from(last) < folded {
            return Err(CorrectionsError::Ends { last, wanted: folded });
        }
        let previous = match last {
            0 => String::new(),
            // Who signed it is for readers to say: they know the keys.
            known => read_one(store, None, known)?.digest,
        };
        let number = last.checked_add(1).ok_or(CorrectionsError::Full)?;
        let bytes = file::write(number, draft, &previous, key)?;
        match store.create(&path(number), &bytes) {
            Ok(()) => return file::parse(number, &bytes, None),
            Err(StoreError::Exists(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(CorrectionsError::Crowded(APPENDS_MAX))
}
