//! Reading the indexes of codes and names.
//!
//! The crate `fst` trusts its bytes: where they are damaged it panics. A part whose sums were verified before may have
//! been damaged since, so that such a panic ends here, as the error that damage of any other section is. A reading
//! changes nothing but what it returns, and leaves nothing half done behind.

use super::layout::Section;
use super::{Part, SnapshotError};
use fst::Map;
use std::panic::{AssertUnwindSafe, catch_unwind};

impl<B: AsRef<[u8]>> Part<B> {
    /// Reads the index in this section.
    pub(super) fn index<'p, T>(
        &'p self,
        section: Section,
        read: impl FnOnce(Map<&'p [u8]>) -> Result<T, fst::Error>,
    ) -> Result<T, SnapshotError> {
        match catch_unwind(AssertUnwindSafe(|| Map::new(self.section(section)).and_then(read))) {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(self.corrupt(section, 0, &error.to_string())),
            Err(_) => Err(self.corrupt(section, 0, "its nodes lead nowhere")),
        }
    }
}
