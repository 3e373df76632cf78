//! What is served, and its age.

use super::super::Failure;
use super::keys::Keys;
use super::{Findings, Level};
use std::fs;
use std::path::Path;
use std::time::Duration;
use xinhe::config::{Config, WhenOld};
use xinhe::domain::date::{Day, Term};
use xinhe::live::{Clock, age_s};
use xinhe::release::corrections::read_after;
use xinhe::release::pointer::{Pointer, current};
use xinhe::release::signature::PublicKeys;
use xinhe::release::store::{Patience, Store};
use xinhe::release::verify::SIGNATURE_FILE;
use xinhe::release::{MANIFEST_FILE, Manifest};

/// A clock that is behind what was written by more than this is wrong.
const CLOCK_SLACK: Duration = Duration::from_secs(120);
/// What is served, as its manifest tells it.
pub(super) struct Served {
    pub(super) manifest: Manifest,
    pub(super) bytes: Vec<u8>,
    pub(super) signatures: Option<String>,
}

/// The manifest of what is served, from the store or from the folder.
pub(super) fn find(config: &Config, keys: &Keys, findings: &mut Findings) -> Option<Served> {
    match (&config.release.dir, &config.release.store) {
        (Some(dir), _) => findings.good("release", of_folder(dir)),
        (None, Some(url)) => {
            let store = Store::open_as(url, Patience::Short).map_err(Failure::work);
            let store = findings.good("store", store)?;
            let read = current(&store, keys.public.as_ref()).map_err(Failure::work);
            let pointer = findings.good("store", read)?.pointer;
            let what =
                format!("{url} answers, and serves {} (sequence {})", pointer.release, pointer.sequence);
            findings.add("store", Level::Ok, what);
            written_later(&pointer, findings);
            let served = findings.good("release", of_store(&store, &pointer))?;
            corrections(&store, keys.public.as_ref(), &served.manifest, findings);
            Some(served)
        }
        (None, None) => None,
    }
}

fn of_folder(dir: &Path) -> Result<Served, Failure> {
    let read = |file: &str| {
        fs::read(dir.join(file)).map_err(|e| Failure::Work(format!("{}: {e}", dir.join(file).display())))
    };
    let bytes = read(MANIFEST_FILE)?;
    let signatures = read(SIGNATURE_FILE).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(Served { manifest: Manifest::parse(&bytes).map_err(Failure::work)?, bytes, signatures })
}

fn of_store(store: &Store, pointer: &Pointer) -> Result<Served, Failure> {
    let get = |file: &str| store.get(&format!("releases/{}/{file}", pointer.release)).map_err(Failure::work);
    let missing = || Failure::Work(format!("{MANIFEST_FILE} of {} is not in the store", pointer.release));
    let bytes = get(MANIFEST_FILE)?.ok_or_else(missing)?;
    if xinhe::release::sha256(&bytes) != pointer.manifest_sha256 {
        return Err(Failure::Work(format!(
            "{MANIFEST_FILE} of {} is not the one published",
            pointer.release
        )));
    }
    let signatures = get(SIGNATURE_FILE)?.and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(Served { manifest: Manifest::parse(&bytes).map_err(Failure::work)?, bytes, signatures })
}

/// Were the corrections since the release applied by a server now, would one be missing?
fn corrections(store: &Store, keys: Option<&PublicKeys>, manifest: &Manifest, findings: &mut Findings) {
    let folded = manifest.corrections.last;
    let read = read_after(store, keys, folded).map_err(Failure::work);
    if let Some(since) = findings.good("corrections", read) {
        let what = format!("{} since the release, which holds those up to {folded}; no gap", since.len());
        findings.add("corrections", Level::Ok, what);
    }
}

/// `current` cannot have been written in the future.
fn written_later(pointer: &Pointer, findings: &mut Findings) {
    let day = pointer.at.get(..10).and_then(Day::parse_iso);
    let time = |at: std::ops::Range<usize>| pointer.at.get(at).and_then(|text| text.parse::<i64>().ok());
    let (Some(day), Some(hours), Some(minutes)) = (day, time(11..13), time(14..16)) else { return };
    let written_s = Clock::Fixed(day).now().unix_s + hours * 3600 + minutes * 60;
    let ahead_s = written_s - Clock::System.now().unix_s;
    if ahead_s > CLOCK_SLACK.as_secs() as i64 {
        let what = format!(
            "the store was written at {}, {ahead_s} s ahead of this clock: is NTP running?",
            pointer.at
        );
        findings.add("clock", Level::Wrong, what);
    }
}

/// Age of the release, and of its sources.
pub(super) fn age(config: &Config, served: &Served, findings: &mut Findings) {
    let manifest = &served.manifest;
    let clock = config.today().map_or(Clock::System, Clock::Fixed);
    let now = clock.now();
    if let Some(as_of) = Day::parse_iso(&manifest.as_of) {
        let age = age_s(as_of, now);
        let old = u64::try_from(age).is_ok_and(|age| age > config.release.max_age.0.as_secs());
        let level = match (old, config.release.when_old) {
            (false, _) => Level::Ok,
            (true, WhenOld::Mark) => Level::Warning,
            (true, WhenOld::Refuse) => Level::Wrong,
        };
        let what = format!("{} of {as_of}: its day was over {} h ago", manifest.release, age / 3600);
        findings.add("release", level, what);
    }
    let mut stale = 0;
    for (place, source) in
        manifest.sources.iter().enumerate().filter(|(_, source)| !source.supplies.is_empty())
    {
        let (as_of, term) =
            (Day::parse_iso(&source.as_of), source.max_age.as_deref().map(str::parse::<Term>));
        if let (Some(as_of), Some(Ok(term))) = (as_of, term)
            && now.day > as_of.plus(term)
        {
            stale += 1;
            let what = format!(
                "{}-{} is of {as_of}: {} are stale",
                place + 1,
                source.kind,
                source.supplies.join(", ")
            );
            findings.add("sources", Level::Wrong, what);
        }
    }
    if stale == 0 {
        findings.add("sources", Level::Ok, "no list is stale");
    }
}
