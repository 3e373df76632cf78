//! Room for receipts and for the next release.

use super::served::Served;
use super::{Findings, Level};
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};
use xinhe::config::Config;

/// Receipts must fit on the disk for so many days.
const DAYS_LEFT_WRONG: u64 = 7;
const DAYS_LEFT_WARNING: u64 = 30;
/// The growth of the receipts is taken from files of so many days.
const GROWTH_DAYS: u64 = 7;
const DAY_S: u64 = 86_400;

/// Room for receipts and for the next release.
pub(super) fn look(config: &Config, served: Option<&Served>, findings: &mut Findings) {
    if let Some(dir) = &config.audit.dir {
        let looked = receipts(dir, config.audit.reserve.0);
        match looked {
            Ok((level, what)) => findings.add("disk", level, what),
            Err(error) => findings.add("disk", Level::Wrong, format!("{}: {error}", dir.display())),
        }
    }
    let (Some(cache), Some(served), Some(_)) = (config.cache(), served, &config.release.store) else {
        return;
    };
    let needed: u64 = served.manifest.parts.iter().map(|part| part.bytes).sum();
    match free_bytes(&cache) {
        Ok(free) => {
            // The next one comes while this one and the one before are there.
            let level = if free < needed { Level::Wrong } else { Level::Ok };
            let what = format!("{}: {} free, a release takes {}", cache.display(), mib(free), mib(needed));
            findings.add("disk", level, what);
        }
        Err(error) => findings.add("disk", Level::Wrong, format!("{}: {error}", cache.display())),
    }
}

fn receipts(dir: &Path, reserve: u64) -> io::Result<(Level, String)> {
    let free = free_bytes(dir)?;
    let usable = free.saturating_sub(reserve);
    let grown = grown_bytes(dir)?;
    let mut what = format!("{}: {} free", dir.display(), mib(free));
    if usable == 0 {
        return Ok((Level::Wrong, format!("{what}, less than audit.reserve: checks will be refused")));
    }
    let Some(days) = (usable * GROWTH_DAYS).checked_div(grown) else {
        return Ok((Level::Ok, format!("{what}; no receipts in {GROWTH_DAYS} days to reckon with")));
    };
    what = format!("{what}, {} a day: {days} days left", mib(grown / GROWTH_DAYS));
    let level = match days {
        ..DAYS_LEFT_WRONG => Level::Wrong,
        DAYS_LEFT_WRONG..DAYS_LEFT_WARNING => Level::Warning,
        _ => Level::Ok,
    };
    Ok((level, what))
}

/// Bytes of files in a folder that were written in the last days; none where there is no folder yet.
fn grown_bytes(dir: &Path) -> io::Result<u64> {
    let since = SystemTime::now() - Duration::from_secs(GROWTH_DAYS * DAY_S);
    let mut bytes = 0;
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        other => other?,
    };
    for entry in entries {
        let found = entry?.metadata()?;
        if found.is_file() && found.modified()? >= since {
            bytes += found.len();
        }
    }
    Ok(bytes)
}

/// Of the file system on which a folder is, or would be made.
fn free_bytes(dir: &Path) -> io::Result<u64> {
    let there = dir.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let disk = rustix::fs::statvfs(there)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}
