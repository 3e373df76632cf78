//! Taking sealed segments away: their time is over, or they were moved to a store. A file signed like a checkpoint says
//! so first, so that nobody takes what was removed on purpose for a loss, nor a loss for that.

use super::Settings;
use super::checkpoint::{Checkpoint, Saying};
use super::disk::{Disk, remove_if_there};
use super::folder;
use super::reader::{retired, retired_file};
use super::segment::{self, CHECKPOINT, HEAD_BYTES, Head, INDEX, LOG};
use crate::signature::SigningKey;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

const US_A_DAY: u64 = 86_400_000_000;

/// Removes the segments that were sealed longer ago than receipts are kept.
pub(super) fn retire(disk: &dyn Disk, dir: &Path, settings: &Settings, now_us: u64) -> io::Result<()> {
    let oldest = now_us.saturating_sub(u64::from(settings.retention_days) * US_A_DAY);
    let numbers = segment::numbers(dir, LOG)?;
    let mut over = None;
    for pair in numbers.windows(2) {
        // A segment was sealed when the next was begun.
        let [number, next] = *pair else { break };
        if head(dir, next)?.made_us >= oldest {
            break;
        }
        over = Some(number);
    }
    let Some(last) = over else { return Ok(()) };
    mark(disk, dir, last, settings.key.as_ref())?;
    for number in numbers.into_iter().filter(|number| *number <= last) {
        for ending in [LOG, INDEX] {
            remove_if_there(disk, &segment::file(dir, number, ending))?;
        }
        // That of the last stays: the chain goes on from there.
        if number < last {
            remove_if_there(disk, &segment::file(dir, number, CHECKPOINT))?;
        }
    }
    disk.sync_folder(dir)
}

/// Removes the segments up to this one, which somebody keeps elsewhere. What they add to usage stays.
pub fn moved_away(disk: &dyn Disk, dir: &Path, last: u32, key: Option<&SigningKey>) -> io::Result<()> {
    folder::complete(disk, dir).map_err(io::Error::other)?;
    mark(disk, dir, last, key)?;
    for number in segment::numbers(dir, LOG)?.into_iter().filter(|number| *number <= last) {
        remove_if_there(disk, &segment::file(dir, number, LOG))?;
    }
    disk.sync_folder(dir)
}

/// The numbers of the sealed segments that are still there, with their files.
pub fn sealed(dir: &Path) -> io::Result<Vec<(u32, [std::path::PathBuf; 2])>> {
    let mut numbers = segment::numbers(dir, LOG)?;
    numbers.pop();
    let files = |number| [LOG, CHECKPOINT].map(|ending| segment::file(dir, number, ending));
    Ok(numbers.into_iter().map(|number| (number, files(number))).collect())
}

/// Says that all up to the end of this segment is taken away.
fn mark(disk: &dyn Disk, dir: &Path, last: u32, key: Option<&SigningKey>) -> io::Result<()> {
    if retired(dir).is_some_and(|marked| marked.end.segment >= last) {
        return Ok(());
    }
    let path = segment::file(dir, last, CHECKPOINT);
    let text = std::fs::read_to_string(&path)?;
    let unread = |error| io::Error::other(format!("{}: {error}", path.display()));
    let (reached, _) = Checkpoint::parse(Saying::Reached, &text, None).map_err(unread)?;
    disk.replace(&retired_file(dir), reached.text(Saying::Retired, key).as_bytes())
}

fn head(dir: &Path, number: u32) -> io::Result<Head> {
    let path = segment::file(dir, number, LOG);
    let mut bytes = [0; HEAD_BYTES];
    File::open(&path)?.read_exact(&mut bytes)?;
    let damaged = |what| io::Error::other(format!("{}: {what}", path.display()));
    Head::decode(&bytes).map(|(head, _)| head).map_err(damaged)
}
