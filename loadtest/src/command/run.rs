//! `xinhe-load run`: one run, told in words or as JSON.

use super::prepared::Prepared;
use super::tell;
use crate::cli::RunArgs;
use crate::error::LoadError;
use crate::measure::MISSING;
use crate::report::{self, Report};
use crate::session::{self, Stop};
use crate::verify::{self, Verifying};
use crate::view;
use crate::wire::Target;

/// The stages of one run: read, connect and send, report.
pub(super) fn run(args: &RunArgs) -> Result<(), LoadError> {
    let prepared = Prepared::read(args)?;
    let (verifier, verifying) = verify::start(&args.verify, prepared.demo())?.unzip();
    let session = prepared.session(None, None, verifier)?;
    let meant = prepared.meant(&session);
    let stop = Stop::listen()?;
    let mut view = view::new(session.plan.duration_ns());
    let server = report::ServerProcess::find(&session.target);
    let beside = prepared.beside()?;
    let outcome = session::run(session, &stop, view.as_mut());
    let (marks, slow) = beside.finish();
    let outcome = outcome?;
    let verified = verifying.map(Verifying::finish).transpose()?;
    let report = Report::of(meant, &outcome, verified).with(marks, slow, server);
    if let Some(folder) = &args.out {
        report::write(folder, &report, &outcome)?;
    }
    tell(&report, args.json, Report::words)?;
    verdict(&report, &prepared.target)
}

/// A run that nothing answered has failed, unless someone cut it short; so has one with wrong answers.
fn verdict(report: &Report, target: &Target) -> Result<(), LoadError> {
    if let Some(verified) = report.verified.as_ref().filter(|verified| verified.wrong > 0) {
        let (wrong, compared) = (verified.wrong, verified.compared);
        let first = verified.told.first().cloned().unwrap_or_default();
        return Err(LoadError::Wrong { wrong, compared, first });
    }
    if report.wrong > 0 && target.is_keyed() {
        let reason = MISSING.to_owned();
        return Err(LoadError::Missing { wrong: report.wrong, answered: report.answered, reason });
    }
    if report.answered > 0 || report.counts.warm > 0 || report.interrupted {
        return Ok(());
    }
    let first = report.reasons.keys().next();
    Err(LoadError::NothingAnswered {
        authority: target.authority.clone(),
        kind: target.kind(),
        timeouts: report.timeouts,
        errors: report.errors,
        first: first.map(|reason| format!(": {reason}")).unwrap_or_default(),
    })
}
