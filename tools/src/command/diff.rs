//! `xinhe diff`: what changed from one release to another, as NDJSON.

use super::Failure;
use crate::diff::{Change, DiffError, Event, Side, Summary, releases};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use xinhe::domain::date::Day;
use xinhe::snapshot::Trust;

/// Tell what changed from one release to another: who entered or left a list, whose state or grade changed.
///
/// The early-warning feed (信用监测预警), and the preview before publishing. One JSON object a line; nothing is printed
/// for two releases that say the same. Exit 0 whatever it finds.
#[derive(clap::Args)]
#[command(after_long_help = LINES)]
pub(super) struct Args {
    /// The release before.
    #[arg(value_name = "OLD_DIR")]
    old: PathBuf,
    /// The release after.
    #[arg(value_name = "NEW_DIR")]
    new: PathBuf,
    /// Tell also whose verdict changed for a matter that both catalogues have.
    #[arg(long)]
    verdicts: bool,
    /// Judge both releases on this day; absent: each on its own (`as_of`).
    #[arg(long, value_name = "DATE")]
    on: Option<Day>,
    /// Accepted; the output is JSON in any case.
    #[arg(long)]
    json: bool,
}

const LINES: &str = "\
Each line has `event` and `day` (that of the new release), and what belongs to the event:
  list_entered list_left penalty_began penalty_ended commitment_began commitment_ended
      subject, record, list, title, effect, since, until, document, authority, why:
      new began restored, removed expired corrected not_yet
  entry_changed      the same, what (record until objection effect title fulfilment), old, new
  grade_changed      subject, title (kind of evaluation), record, since, old, new
  state_changed      subject, old, new
  subject_new, subject_gone    organisations; the state as new or old
  code_changed       subject, old, new, why: code, or folded (it joined another)
  verdict_changed    subject, matter, old, new, records that count in one release only (--verdicts)
  list_stale, list_fresh, catalogue_changed, matter_added, matter_removed
  persons_counted    how many persons are new and gone; they are not listed
  persons_left_out   the releases keep persons under different secrets
Lines stand in the order of the hash of the subject's code, the same for any number of parts.

A subject is {kind, id, name}. A person has no id and a masked name: the department that supplied the
record knows the case by `record`, and the feed tells nobody else who it is.

Example:
  xinhe diff releases/2026-11-19.1 releases/2026-11-20.1 --verdicts | jq -c 'select(.event == \"list_entered\")'";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let open = |dir| Side::open(dir, args.on, Trust::Nothing).map_err(Failure::work);
    let (old, new) = (open(&args.old)?, open(&args.new)?);
    if !old.same_persons(&new) {
        eprintln!(
            "persons are kept under key {} there and {} here, so they cannot be compared: organisations only",
            old.manifest.persons.key, new.manifest.persons.key
        );
    }
    let bar = bar();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut tell = |change: &Change<'_>| write_line(&mut out, change);
    let progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let told = releases(&old, &new, args.verdicts, &mut tell, &progress);
    bar.finish_and_clear();
    let written = told.and_then(|summary| {
        last_lines(&summary, &new, &mut out)?;
        out.flush()?;
        Ok(summary)
    });
    match written {
        Ok(summary) => {
            let changes: u64 = summary.events.values().sum();
            eprintln!("{changes} changes between {} and {}", old.manifest.release, new.manifest.release);
            Ok(())
        }
        // Whoever reads has seen enough.
        Err(DiffError::Tell(error)) if error.kind() == ErrorKind::BrokenPipe => {
            // Dropping the buffer would try to write once more; nobody is there.
            std::mem::drop(out.into_parts());
            Ok(())
        }
        Err(error) => Err(Failure::work(error)),
    }
}

fn write_line(out: &mut impl Write, change: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, change)?;
    out.write_all(b"\n")
}

/// What is known only at the end.
fn last_lines(summary: &Summary, new: &Side, out: &mut impl Write) -> io::Result<()> {
    let day = new.day.to_string();
    if summary.persons_new + summary.persons_gone > 0 {
        let (came, went) = (summary.persons_new, summary.persons_gone);
        write_line(out, &json!({"event": Event::PersonsCounted, "day": day, "new": came, "gone": went}))?;
    }
    if summary.persons_left_out {
        write_line(out, &json!({"event": Event::PersonsLeftOut, "day": day}))?;
    }
    Ok(())
}

/// Silent where stderr is no terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} subjects {per_sec} {eta} left") {
        bar.set_style(style);
    }
    bar
}
