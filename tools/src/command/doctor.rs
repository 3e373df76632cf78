//! `xinhe doctor`: is this server's machine and data in order? Each check is one function that gives findings.

use super::Failure;
use super::identify::today;
use serde_json::json;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use xinhe::config::{Config, WhenOld};
use xinhe::domain::date::{Day, Term};
use xinhe::live::{Clock, age_s};
use xinhe::release::corrections::read_after;
use xinhe::release::pointer::{Pointer, current};
use xinhe::release::signature::{PublicKeys, Purpose, SigningKey};
use xinhe::release::store::{Patience, Store};
use xinhe::release::verify::SIGNATURE_FILE;
use xinhe::release::{MANIFEST_FILE, Manifest};
use xinhe::snapshot::PersonKeys;

/// A clock that is behind what was written by more than this is wrong.
const CLOCK_SLACK: Duration = Duration::from_secs(120);
/// Receipts must fit on the disk for so many days.
const DAYS_LEFT_WRONG: u64 = 7;
const DAYS_LEFT_WARNING: u64 = 30;
/// The growth of the receipts is taken from files of so many days.
const GROWTH_DAYS: u64 = 7;
const DAY_S: u64 = 86_400;

/// Look whether a server with these settings has what it needs: clock, disk, keys, certificates, store, data.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  xinhe doctor --config /etc/xinhe/server.toml\n\n\
                        Exit code: 0 nothing is wrong (warnings may be), 1 something is, 2 wrong usage.")]
pub(super) struct Args {
    /// The settings of the server.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Overrides one setting, as for the server.
    #[arg(long = "set", value_name = "section.key=value")]
    set: Vec<String>,
    /// Print the findings as one line of JSON on stdout.
    #[arg(long)]
    json: bool,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Ok,
    Warning,
    Wrong,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Wrong => "wrong",
        }
    }
}

/// What a check found.
#[derive(Debug)]
struct Finding {
    check: &'static str,
    level: Level,
    what: String,
}

/// The findings so far.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, level: Level, what: impl Into<String>) {
        self.0.push(Finding { check, level, what: what.into() });
    }

    /// What went well goes on; what failed is noted as wrong.
    fn good<T>(&mut self, check: &'static str, result: Result<T, Failure>) -> Option<T> {
        result.map_err(|failure| self.add(check, Level::Wrong, failure.to_string())).ok()
    }
}

/// The keys that could be read.
#[derive(Default)]
struct Keys {
    person: Option<PersonKeys>,
    public: Option<PublicKeys>,
}

/// What is served, as its manifest tells it.
struct Served {
    manifest: Manifest,
    bytes: Vec<u8>,
    signatures: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let config = Config::read(&args.config, &args.set).map_err(Failure::work)?;
    let mut findings = Findings::default();
    let keys = keys(&config, &mut findings);
    let served = served(&config, &keys, &mut findings);
    clock(&config, &mut findings);
    disk(&config, served.as_ref(), &mut findings);
    certificates(&config, &mut findings);
    if let Some(served) = &served {
        match_keys(served, &keys, &mut findings);
        data(&config, served, &mut findings);
    }
    tell(&findings, args.json);
    let wrong = findings.0.iter().filter(|finding| finding.level == Level::Wrong).count();
    match wrong {
        0 => Ok(()),
        _ if args.json => Err(Failure::Told),
        count => Err(Failure::Work(format!("{count} of {} checks found something wrong", findings.0.len()))),
    }
}

fn tell(findings: &Findings, as_json: bool) {
    if as_json {
        let told: Vec<_> = findings
            .0
            .iter()
            .map(|one| json!({"check": one.check, "level": one.level.word(), "what": one.what}))
            .collect();
        let wrong = findings.0.iter().any(|one| one.level == Level::Wrong);
        println!("{}", json!({"ok": !wrong, "findings": told}));
        return;
    }
    for Finding { check, level, what } in &findings.0 {
        println!("{:<8} {check:<12} {what}", level.word());
    }
}

/// Key files: there, readable as what they are, and closed to others.
fn keys(config: &Config, findings: &mut Findings) -> Keys {
    let release = &config.release;
    let person = release.person_key.as_deref().and_then(|path| {
        secret_mode(path, findings);
        findings.good("keys", crate::keys::person_keys(path))
    });
    let public = match release.public_key.as_deref() {
        Some(path) => findings.good("keys", crate::keys::public_keys(path)),
        None => {
            findings.add("keys", Level::Warning, "no release.public_key: signatures are not checked");
            None
        }
    };
    match config.audit.key.as_deref() {
        Some(path) => {
            secret_mode(path, findings);
            let key: Option<SigningKey> = findings.good("keys", crate::keys::signing_key(path));
            if let Some(key) = key {
                findings.add(
                    "keys",
                    Level::Ok,
                    format!("checkpoints are signed by key {}", key.public().id()),
                );
            }
        }
        None => findings.add("keys", Level::Warning, "no audit.key: checkpoints of receipts are not signed"),
    }
    Keys { person, public }
}

fn secret_mode(path: &Path, findings: &mut Findings) {
    if let Ok(found) = fs::metadata(path)
        && found.permissions().mode() & 0o077 != 0
    {
        let what = format!("{}: others may read it; chmod 600", path.display());
        findings.add("keys", Level::Warning, what);
    }
}

/// The manifest of what is served, from the store or from the folder.
fn served(config: &Config, keys: &Keys, findings: &mut Findings) -> Option<Served> {
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

/// Do the keys fit what is served?
fn match_keys(served: &Served, keys: &Keys, findings: &mut Findings) {
    let wanted = &served.manifest.persons.key;
    if let Some(person) = &keys.person {
        let fits = person.all().iter().any(|key| key.id().to_string() == *wanted);
        let (level, what) = if fits {
            (Level::Ok, format!("persons are kept under key {wanted}, which is there"))
        } else {
            (
                Level::Wrong,
                format!("persons are kept under key {wanted}, but release.person_key has {}", person.ids()),
            )
        };
        findings.add("keys", level, what);
    }
    if let Some(public) = &keys.public {
        let signed = match &served.signatures {
            None => Err(format!("the release has no {SIGNATURE_FILE}; `xinhe publish` signs it")),
            Some(text) => {
                public.verify(Purpose::Manifest, &served.bytes, text).map_err(|error| error.to_string())
            }
        };
        match signed {
            Ok(key) => findings.add("keys", Level::Ok, format!("the release is signed by key {key}")),
            Err(what) => findings.add("keys", Level::Wrong, what),
        }
    }
}

/// A file that was written just now must bear the time of now; a trial's fixed day is told.
fn clock(config: &Config, findings: &mut Findings) {
    if let Some(today) = config.today() {
        findings.add(
            "clock",
            Level::Warning,
            format!("clock.today is set: every check is answered for {today}"),
        );
    }
    // Before this program was made no clock can be.
    let year = today().ymd().0;
    let level = if (2026..2100).contains(&year) { Level::Ok } else { Level::Wrong };
    findings.add("clock", level, format!("the day is {} in UTC+8", today()));
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

/// Room for receipts and for the next release.
fn disk(config: &Config, served: Option<&Served>, findings: &mut Findings) {
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

/// Certificates of the listener: there are none to look at while it speaks plain HTTP.
fn certificates(config: &Config, findings: &mut Findings) {
    if config.clients.file.is_none() {
        findings.add("certificates", Level::Ok, "none: it serves the loopback without TLS");
    }
}

/// Age of the release, and of its sources.
fn data(config: &Config, served: &Served, findings: &mut Findings) {
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
