//! Counting under valgrind, and the file of counts.

use crate::work::{STAGES, TIMES, UNDER_VALGRIND};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the file says before the counts.
const HEAD: &str = "\
# Instructions a call, by callgrind: `cargo bench --bench instructions -- --write` writes this file anew, and with
# `--profile dev` and CARGO_INCREMENTAL=0 the counts of CI. `judge` has `write_reply` within it; the organisations and the
# person are whole checks, without socket and receipt. Hashing is counted in software: valgrind has no other.
";
/// Programs as the tests compile them and as they are released have counts of their own.
const PROFILE: &str = if cfg!(debug_assertions) { "dev" } else { "release" };

/// Instructions by stage.
pub(crate) type Found = BTreeMap<String, u64>;

/// `benches/instructions.toml`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    /// By which part a count may grow.
    tolerance: f64,
    #[serde(default)]
    dev: Found,
    #[serde(default)]
    release: Found,
}

impl Counts {
    fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.toml")
    }

    pub(crate) fn read() -> Result<Counts, String> {
        let path = Counts::path();
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn kept(&mut self) -> &mut Found {
        if PROFILE == "dev" { &mut self.dev } else { &mut self.release }
    }

    /// Prints what was found beside what is kept. Tells how many have grown too much.
    pub(crate) fn tell(&mut self, found: &Found) -> usize {
        let tolerance = self.tolerance;
        let kept = self.kept();
        let mut grown = 0;
        for (stage, count) in found {
            let told = match kept.get(stage) {
                None => {
                    // A profile of which nothing is kept is only told.
                    grown += usize::from(!kept.is_empty());
                    "not in the file: write it with `-- --write`".to_owned()
                }
                Some(known) => {
                    let change = *count as f64 / *known as f64 - 1.0;
                    let what = match change {
                        change if change > tolerance => "GROWN",
                        change if change < -tolerance => "less: write it down with `-- --write`",
                        _ => "as kept",
                    };
                    grown += usize::from(change > tolerance);
                    format!("{known} in the file, {:+.1} %: {what}", 100.0 * change)
                }
            };
            println!("{stage}: {count} instructions ({PROFILE}); {told}");
        }
        grown
    }

    pub(crate) fn keep(&mut self, found: Found) -> Result<(), String> {
        *self.kept() = found;
        let text = toml::to_string(self).map_err(|error| error.to_string())?;
        std::fs::write(Counts::path(), HEAD.to_owned() + &text).map_err(|error| error.to_string())
    }
}

/// Runs this program under callgrind on the release in the folder.
pub(crate) fn count(folder: &Path) -> Result<Found, String> {
    let out = folder.join("callgrind.out");
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut watched = Command::new("valgrind");
    watched.args(["--tool=callgrind", "--error-exitcode=9", "--quiet"]);
    watched.arg(format!("--callgrind-out-file={}", out.display()));
    run(watched.arg(this).arg(UNDER_VALGRIND).arg(folder))?;
    let mut annotate = Command::new("callgrind_annotate");
    let told = run(annotate.args(["--inclusive=yes", "--threshold=100", "--auto=no"]).arg(&out))?;
    STAGES
        .iter()
        .map(|(stage, questions)| {
            let found = told.lines().find_map(|line| of_line(line, stage));
            let all = found.ok_or_else(|| format!("callgrind tells nothing of `{stage}`"))?;
            Ok((stage.to_string(), all / (TIMES * questions)))
        })
        .collect()
}

/// The count of a line about this function: `1,234 ( 5.6%)  file:instructions::work::parse [object]`.
fn of_line(line: &str, stage: &str) -> Option<u64> {
    let (_, function) = line.split_once("instructions::work::")?;
    let name = function.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
    if name != stage {
        return None;
    }
    line.split_whitespace().next()?.replace(',', "").parse().ok()
}

fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| {
        format!("{program}: {error}; install it: apt-get install valgrind, or dnf install valgrind")
    })?;
    if !output.status.success() {
        return Err(format!("{program}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
