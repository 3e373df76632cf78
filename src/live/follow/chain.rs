//! The corrections that are known, each following the one before. It only ever grows at its end, and is cut at its
//! beginning when a release has folded in what was there.

use crate::release::corrections::{Correction, CorrectionsError, Sealed, read_on, read_sealed};
use crate::release::signature::PublicKeys;
use crate::release::store::Store;

/// Corrections behind one that is known.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// Number of the correction before the first; 0 if there is none.
    before: u32,
    /// Digest of that one.
    link: String,
    known: Vec<Correction>,
}

impl Chain {
    /// A chain that begins behind the last correction that a release has folded in, not read on yet.
    pub(super) fn behind(
        folded: u64,
        store: &Store,
        keys: Option<&PublicKeys>,
        keep: &mut impl FnMut(&Sealed),
    ) -> Result<Chain, CorrectionsError> {
        let before = u32::try_from(folded);
        let before = before.map_err(|_| CorrectionsError::Ends { last: 0, wanted: folded })?;
        let link = match before {
            0 => String::new(),
            known => {
                let sealed = read_sealed(store, keys, known)?;
                keep(&sealed);
                sealed.correction.digest
            }
        };
        Ok(Chain { before, link, known: Vec::new() })
    }

    /// Reads on in a store. What is good is known afterwards, also where something behind it is not.
    pub(super) fn read_on(
        &mut self,
        store: &Store,
        keys: Option<&PublicKeys>,
        keep: &mut impl FnMut(&Sealed),
    ) -> Result<(), CorrectionsError> {
        let link = self.known.last().map_or(&self.link, |last| &last.digest).clone();
        let known = &mut self.known;
        let after = known.last().map_or(self.before, |last| last.number);
        read_on(store, keys, after, link, |sealed| {
            keep(&sealed);
            known.push(sealed.correction);
        })
    }

    /// Number of the last correction.
    pub(super) fn last(&self) -> u64 {
        self.known.last().map_or(self.before, |last| last.number).into()
    }

    /// Whether it tells all that a release lacks which has folded in those up to this number.
    pub(super) fn covers(&self, folded: u64) -> bool {
        u64::from(self.before) <= folded && folded <= self.last()
    }

    /// The corrections behind this number.
    pub(super) fn after(&self, folded: u64) -> &[Correction] {
        let from = self.known.partition_point(|one| u64::from(one.number) <= folded);
        &self.known[from..]
    }

    /// Lets go of those up to this number.
    pub(super) fn cut(&mut self, folded: u64) {
        let count = self.known.partition_point(|one| u64::from(one.number) <= folded);
        if let Some(last) = self.known.drain(..count).next_back() {
            self.before = last.number;
            self.link = last.digest;
        }
    }
}
