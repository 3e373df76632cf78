//! `xinhe-load run`: one run, told in words or as JSON.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use crate::cli::RunArgs;
use crate::error::LoadError;
use crate::pace::{Arrival, Plan, Recorded, Shape};
use crate::report::{self, Meant, Report};
use crate::session::{self, Manner, Session, Stop};
use crate::verify::{self, Verifier, Verifying};
use crate::view;
use crate::wire::TlsSetup;
use crate::workload::{Bearer, Lines, Workload};

/// The stages of one run: read, connect and send, report.
pub(super) fn run(args: &RunArgs) -> Result<(), LoadError> {
    let (verifier, verifying) = verify::start(&args.verify)?.unzip();
    let session = session(args, verifier)?;
    let meant = meant(&session, args.rate);
    let connections = session.manner.connections;
    let authority = session.target.authority.clone();
    let stop = Stop::listen()?;
    let outcome = session::run(session, &stop, view::new(args.duration).as_mut())?;
    let verified = verifying.map(Verifying::finish).transpose()?;
    let report = Report::of(meant, connections, &outcome, verified);
    if let Some(folder) = &args.out {
        report::write(folder, &report, &outcome)?;
    }
    print(&report, args.json)?;
    verdict(&report, authority)
}

fn session(args: &RunArgs, verifier: Option<Verifier>) -> Result<Session, LoadError> {
    if args.ids.as_deref() == Some("-") && args.token.as_deref() == Some("-") {
        return Err(LoadError::TwoFromStdin);
    }
    if verifier.is_some() && args.ids.is_none() {
        return Err(LoadError::Usage("--verify compares answers to checks: give them with --ids"));
    }
    let bearer = args.token.as_deref().map(Bearer::read).transpose()?;
    let target = args.target.clone();
    let workload: Box<dyn Workload> = match &args.ids {
        Some(file) => Box::new(Lines::post(&target, bearer.as_ref(), file, verifier)?),
        None => Box::new(Lines::get(&target, bearer.as_ref())),
    };
    let seconds = args.duration.as_secs_f64();
    let plan = match (args.rate, &args.recorded) {
        (_, Some(file)) => {
            let failed = |source| LoadError::Recorded { file: file.display().to_string(), source };
            Plan::Recorded(Arc::new(Recorded::read(file, args.speed).map_err(failed)?))
        }
        (Some(rate), None) => {
            Plan::Shaped(Shape::even(rate, seconds), args.arrival.unwrap_or(Arrival::Uniform))
        }
        (None, None) => Plan::Closed(u64::try_from(args.duration.as_nanos()).unwrap_or(u64::MAX)),
    };
    let tls = target.tls.then(|| TlsSetup::read(&args.tls, &target.host)).transpose()?;
    let manner = Manner {
        connections: args.connections as usize,
        requests_per_connection: None,
        timeout: args.timeout,
        patience: None,
        warmup: args.warmup.unwrap_or(Duration::ZERO),
        pin: args.pin,
        tls,
    };
    Ok(Session { target, plan, workload, seed: args.seed, manner })
}

/// What the run is meant to be.
fn meant(session: &Session, rate: Option<f64>) -> Meant {
    let plan = &session.plan;
    let (ends_ns, warm_ns) = (plan.duration_ns(), session.manner.warmup.as_nanos() as u64);
    let counted = plan.reach(ends_ns) - plan.reach(warm_ns);
    let seconds = (ends_ns.saturating_sub(warm_ns)) as f64 / 1e9;
    let rate = rate.or(plan.is_open().then(|| counted / seconds.max(1e-9)));
    Meant {
        target: session.target.to_string(),
        scenario: None,
        schedule: plan.word(),
        rate,
        duration_s: plan.duration_ns() as f64 / 1e9,
        warmup_s: session.manner.warmup.as_secs_f64(),
        workload: session.workload.words(),
        seed: session.seed,
        timeout_s: session.manner.timeout.as_secs_f64(),
        pinned_to: session.manner.pin,
    }
}

/// The result on standard output.
fn print(report: &Report, json: bool) -> Result<(), LoadError> {
    let text = if json {
        serde_json::to_string(report).map_err(|error| LoadError::Output(error.into()))?
    } else {
        report.words()
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(LoadError::Output)
}

/// A run that nothing answered has failed, unless someone cut it short.
fn verdict(report: &Report, authority: String) -> Result<(), LoadError> {
    if let Some(verified) = report.verified.as_ref().filter(|verified| verified.wrong > 0) {
        let (wrong, compared) = (verified.wrong, verified.compared);
        let first = verified.told.first().cloned().unwrap_or_default();
        return Err(LoadError::Wrong { wrong, compared, first });
    }
    if report.answered > 0 || report.counts.warm > 0 || report.interrupted {
        return Ok(());
    }
    let first = report.reasons.keys().next();
    Err(LoadError::NothingAnswered {
        authority,
        timeouts: report.timeouts,
        errors: report.errors,
        first: first.map(|reason| format!(": {reason}")).unwrap_or_default(),
    })
}
