//! What changed from one release to another: the early-warning feed (信用监测预警), and the preview before publishing.
//!
//! Both releases are walked side by side in the order of the hashes of their subjects' keys, whatever the numbers of
//! their parts. What is held in memory is one subject of each, and the subjects whose code changed.
//!
//! Each release is judged on its own day, or both on one that the caller gives. An entry counts as on a list when a
//! check on that day would show it, so that the feed and the checks never disagree. Entries of linked subjects are
//! told where they belong, not a second time on whom they are shown; verdicts take them into account.
//!
//! **Persons.** A feed is handed on and kept. So a person is told by masked name and record id only: by the id the
//! department that supplied the record knows the case, and nobody else learns who it is. A person without a record
//! that changed cannot be told from others of the mask; arrivals and departures of persons are counted, not listed.

mod change;
mod compare;
mod merge;
mod side;
mod verdicts;
mod view;

pub use change::{Change, Event, Told};
pub use side::{DiffError, Side};
pub use verdicts::verdicts_changed;

use compare::Comparer;
use merge::{Moved, Step, walk};
use std::collections::BTreeMap;
use verdicts::Verdicts;

/// What a diff found, beside the changes that it told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Changes told, by kind.
    pub events: BTreeMap<Event, u64>,
    /// Persons that only the new release holds.
    pub persons_new: u64,
    /// Persons that only the old release holds.
    pub persons_gone: u64,
    /// Persons were left out, since the releases keep them under different secrets.
    pub persons_left_out: bool,
    /// Subjects walked, of both releases.
    pub subjects: u64,
}

/// What to do with a change; an error ends the diff.
pub type Tell<'t> = dyn FnMut(&Change<'_>) -> std::io::Result<()> + 't;

/// Tells every change from one release to another, in the order of the hashes of the subjects' keys.
/// `progress` is told how many subjects were walked, of how many.
pub fn releases(
    old: &Side,
    new: &Side,
    with_verdicts: bool,
    tell: &mut Tell<'_>,
    progress: &dyn Fn(u64, u64),
) -> Result<Summary, DiffError> {
    let persons = old.same_persons(new);
    let mut summary = Summary { persons_left_out: !persons, ..Summary::default() };
    let moved = Moved::find(old, new, persons)?;
    let mut verdicts = with_verdicts.then(|| Verdicts::new(old, new)).transpose()?;
    let mut comparer = Comparer::new(old, new);
    let mut counted = |change: &Change<'_>| {
        *summary.events.entry(change.event).or_default() += 1;
        tell(change)
    };
    comparer.whole(with_verdicts, &mut counted)?;
    let (mut walked, total) = (0, old.subjects() + new.subjects());
    let (mut persons_new, mut persons_gone) = (0, 0);
    walk(old, new, persons, &mut |step| {
        walked += step.subjects();
        if walked % PROGRESS_EVERY < step.subjects() {
            progress(walked, total);
        }
        match step {
            Step::Both(was, is) => {
                comparer.pair(Some(was), moved.merged_into(is), Some(is), verdicts.as_mut(), &mut counted)
            }
            Step::New(is) => {
                let from = moved.merged_into(is);
                persons_new += u64::from(from.is_empty() && new.is_person(is)?);
                comparer.pair(None, from, Some(is), verdicts.as_mut(), &mut counted)
            }
            Step::Old(was) if moved.lives_on(was) => Ok(()),
            Step::Old(was) => {
                persons_gone += u64::from(old.is_person(was)?);
                comparer.pair(Some(was), &[], None, verdicts.as_mut(), &mut counted)
            }
        }
    })?;
    progress(total, total);
    (summary.persons_new, summary.persons_gone, summary.subjects) = (persons_new, persons_gone, total);
    Ok(summary)
}

/// Subjects between two words about progress.
const PROGRESS_EVERY: u64 = 1 << 16;
