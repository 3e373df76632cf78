//! `xinhe doctor`: is this server's machine and data in order? Each check is one function that gives findings.

mod certificates;
mod disk;
mod keys;
mod served;

use super::Failure;
use super::identify::today;
use serde_json::json;
use std::path::PathBuf;
use xinhe::config::Config;

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

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let config = Config::read(&args.config, &args.set).map_err(Failure::work)?;
    let mut findings = Findings::default();
    let keys = keys::read(&config, &mut findings);
    let served = served::find(&config, &keys, &mut findings);
    clock(&config, &mut findings);
    disk::look(&config, served.as_ref(), &mut findings);
    certificates::look(&config, &mut findings);
    certificates::clients(&config, &mut findings);
    if let Some(served) = &served {
        keys::fit(served, &keys, &mut findings);
        served::age(&config, served, &mut findings);
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
