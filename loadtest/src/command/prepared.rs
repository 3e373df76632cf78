//! Command line and scenario put together: from it any number of runs can be made.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::background::{Commands, Demo, DemoError, Mark, SlowClients, SlowCounts};
use crate::cli::{AboutArgs, RunArgs};
use crate::error::LoadError;
use crate::pace::{Arrival, Plan, Recorded, Shape};
use crate::report::{Meant, Report, ServerProcess};
use crate::scenario::Scenario;
use crate::session::{self, Manner, Session, Stop};
use crate::verify::Verifier;
use crate::view;
use crate::wire::{Protocol, Target, TlsSetup, Token};
use crate::workload::{Ingredients, Keyed, Lines, Mix, Random, Subjects, Workload};

const DURATION: Duration = Duration::from_secs(20);
const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 16;
/// Requests at a time on a connection of HTTP/2.
const STREAMS: usize = 16;
/// Organisations that commands beside the load speak of.
const NAMED: u64 = 1000;

/// What runs are made from.
pub(super) struct Prepared {
    args: RunArgs,
    scenario: Option<Scenario>,
    demo: Option<Demo>,
    subjects: Option<Arc<Subjects>>,
    token: Option<Token>,
    /// The server.
    pub(super) target: Target,
}

/// What goes on beside a run.
pub(super) struct Beside {
    commands: Option<Commands>,
    slow: Option<SlowClients>,
    /// Files that commands make, until the run is over.
    _work: Option<TempDir>,
}

impl Beside {
    /// Ends it, and tells what happened.
    pub(super) fn finish(self) -> (Vec<Mark>, Option<SlowCounts>) {
        let slow = self.slow.map(SlowClients::finish);
        (self.commands.map(Commands::finish).unwrap_or_default(), slow)
    }
}

impl Prepared {
    /// Reads everything that the options name.
    pub(super) fn read(args: &RunArgs) -> Result<Self, LoadError> {
        if args.verify.verify.is_some() && args.ids.is_none() && args.scenario.is_none() {
            return Err(LoadError::Usage(
                "--verify compares answers to checks: give them with --ids or --scenario",
            ));
        }
        let token = token(args.ids.as_deref(), args.token.as_deref())?;
        let scenario = args.scenario.as_deref().map(Scenario::read).transpose()?;
        let target = args.target.as_ref().or(scenario.as_ref().map(Scenario::target)).cloned();
        let target = target.ok_or(LoadError::Usage("give --target URL or --scenario FILE"))?;
        let mut prepared = Self { args: args.clone(), scenario, demo: None, subjects: None, token, target };
        prepared.check_keyed(&prepared.target)?;
        if args.ids.is_none() {
            prepared.find_subjects()?;
        }
        Ok(prepared)
    }

    /// A target that is asked by key needs keys, and what it says is no answer to a check.
    fn check_keyed(&self, target: &Target) -> Result<(), LoadError> {
        if !target.is_keyed() {
            return Ok(());
        }
        if self.args.verify.verify.is_some() {
            return Err(LoadError::Usage(
                "--verify compares answers to checks, and this target is asked by key: leave it out",
            ));
        }
        if self.args.ids.is_none() && self.scenario.is_none() {
            return Err(LoadError::Usage("this target is asked by key: give --ids FILE or --scenario FILE"));
        }
        let checks = self.scenario.as_ref().is_none_or(|scenario| scenario.portions().weights[0] > 0.0);
        if self.args.ids.is_none() && !checks {
            return Err(LoadError::Usage(
                "this scenario has no checks, and a target that is asked by key answers nothing else: give another",
            ));
        }
        Ok(())
    }

    fn find_subjects(&mut self) -> Result<(), LoadError> {
        let Some(scenario) = &self.scenario else { return Ok(()) };
        let (demo, subjects) = asked_about(scenario, &self.args.about, self.seed())?;
        (self.demo, self.subjects) = (demo, Some(Arc::new(subjects)));
        Ok(())
    }

    /// The demo that is asked about.
    pub(super) fn demo(&self) -> Option<&Demo> {
        self.demo.as_ref()
    }

    fn seed(&self) -> u64 {
        self.args.seed.or(self.scenario.as_ref().map(|scenario| scenario.seed)).unwrap_or(1)
    }

    /// The schedule, at another rate if one is given.
    fn plan(&self, rate: Option<f64>) -> Result<Plan, LoadError> {
        let args = &self.args;
        if let Some(file) = &args.recorded {
            let failed = |source| LoadError::Recorded { file: file.display().to_string(), source };
            return Ok(Plan::Recorded(Arc::new(Recorded::read(file, args.speed).map_err(failed)?)));
        }
        let scenario = self.scenario.as_ref().map(Scenario::plan).transpose()?;
        let lasts = scenario.as_ref().map(|plan| Duration::from_nanos(plan.duration_ns()));
        let duration = args.duration.or(lasts).unwrap_or(DURATION);
        let arrival = args.arrival.unwrap_or(Arrival::Uniform);
        let seconds = duration.as_secs_f64();
        Ok(match (rate, scenario) {
            (Some(rate), _) => Plan::Shaped(Shape::even(rate, seconds), arrival),
            (None, Some(plan)) => plan.lasting(seconds),
            (None, None) => Plan::Closed(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)),
        })
    }

    /// A run: at another rate or of another server, if one is given.
    pub(super) fn session(
        &self,
        rate: Option<f64>,
        target: Option<&Target>,
        verifier: Option<Verifier>,
    ) -> Result<Session, LoadError> {
        let (args, scenario) = (&self.args, self.scenario.as_ref());
        let target = target.unwrap_or(&self.target).clone();
        self.check_keyed(&target)?;
        let plan = self.plan(rate.or(args.rate))?;
        let warmup = args.warmup.or(scenario.map(Scenario::warmup)).unwrap_or(Duration::ZERO);
        if warmup.as_nanos() >= u128::from(plan.duration_ns()) {
            return Err(LoadError::Usage(
                "the warm-up is as long as the run: give a longer --duration or a shorter --warmup",
            ));
        }
        let streams = self.streams(&target)?;
        let workload = self.workload(&target, plan.duration_ns(), streams > 0, verifier)?;
        let tls = target.tls.then(|| TlsSetup::read(&args.tls, &target.host, streams > 0)).transpose()?;
        let manner = Manner {
            connections: args
                .connections
                .map(|count| count as usize)
                .or(scenario.map(Scenario::connections))
                .unwrap_or(CONNECTIONS),
            streams,
            requests_per_connection: scenario.and_then(Scenario::requests_per_connection),
            timeout: args.timeout.or(scenario.and_then(Scenario::timeout)).unwrap_or(TIMEOUT),
            patience: scenario.and_then(Scenario::patience),
            warmup,
            pin: args.pin,
            tls,
            protocol: Protocol::of(&target, self.token.as_ref()),
        };
        Ok(Session { target, plan, workload, seed: self.seed(), manner })
    }

    /// Requests at a time on each connection of HTTP/2; 0 without it.
    fn streams(&self, target: &Target) -> Result<usize, LoadError> {
        let (wanted, written) = self.scenario.as_ref().map(Scenario::http2).unwrap_or_default();
        let given = self.args.streams.map(|count| count as usize);
        match (self.args.http2 || wanted, target.store.is_some()) {
            (true, true) => {
                Err(LoadError::Usage("a store does not speak HTTP/2: leave it out, or give an HTTP server"))
            }
            (true, false) => Ok(given.or(written).unwrap_or(STREAMS)),
            (false, _) if given.is_some() => {
                Err(LoadError::Usage("--streams are of HTTP/2: give --http2 too"))
            }
            (false, _) => Ok(0),
        }
    }

    /// One run that nothing goes on beside and nobody watches, at another rate or of another server if one is given.
    pub(super) fn alone(
        &self,
        rate: Option<f64>,
        target: Option<&Target>,
        stop: &Stop,
    ) -> Result<Report, LoadError> {
        let session = self.session(rate, target, None)?;
        let meant = self.meant(&session);
        let server = ServerProcess::find(&session.target);
        let outcome = session::run(session, stop, &mut view::Silent)?;
        Ok(Report::of(meant, &outcome, None).with(Vec::new(), None, server))
    }

    fn workload(
        &self,
        target: &Target,
        duration_ns: u64,
        http2: bool,
        verifier: Option<Verifier>,
    ) -> Result<Box<dyn Workload>, LoadError> {
        let token = self.token.as_ref();
        if let Some(file) = self.args.ids.as_ref().filter(|_| target.is_keyed()) {
            return Ok(Box::new(Keyed::read(target, token, file)?));
        }
        if let Some(file) = &self.args.ids {
            return Ok(Box::new(Lines::post(target, token, file, verifier)?));
        }
        let (Some(scenario), Some(subjects)) = (&self.scenario, &self.subjects) else {
            return Ok(Box::new(Lines::get(target, token)));
        };
        Ok(Box::new(Mix::new(Ingredients {
            target: target.clone(),
            http2,
            token: token.cloned(),
            portions: scenario.portions(),
            subjects: Arc::clone(subjects),
            matters: scenario.matters.clone(),
            random: Random::new(self.seed()),
            duration_ns,
            verifier,
        })))
    }

    /// Begins what goes on beside a run.
    pub(super) fn beside(&self) -> Result<Beside, LoadError> {
        // What a scenario does beside its requests is about a server of checks too.
        let Some(scenario) = self.scenario.as_ref().filter(|_| !self.target.is_keyed()) else {
            return Ok(Beside { commands: None, slow: None, _work: None });
        };
        let (mut commands, mut made) = (None, None);
        if let (false, Some(demo), Some(subjects)) =
            (scenario.background.is_empty(), &self.demo, &self.subjects)
        {
            let failed = |error| LoadError::Demo(DemoError::Work(error));
            let work = tempfile::Builder::new().prefix("xinhe-load-work-").tempdir().map_err(failed)?;
            demo.lay_out(work.path()).map_err(failed)?;
            let named = (0..NAMED.min(subjects.organisations())).map(|place| subjects.organisation(place));
            let organisations = named.map(|(code, name)| (code.to_owned(), name.to_owned())).collect();
            let words = demo.words(work.path());
            commands = Some(Commands::start(&scenario.background, &words, &Arc::new(organisations))?);
            made = Some(work);
        } else if !scenario.background.is_empty() {
            return Err(LoadError::Usage(
                "this scenario runs commands against a demo: start one with `cargo demo`, or name its folder with --demo",
            ));
        }
        let slow = scenario.slow.as_ref().map(|slow| SlowClients::start(slow, &self.target)).transpose()?;
        Ok(Beside { commands, slow, _work: made })
    }

    /// What a run is meant to be.
    pub(super) fn meant(&self, session: &Session) -> Meant {
        let plan = &session.plan;
        let ends_ns = plan.duration_ns();
        let warm_ns = u64::try_from(session.manner.warmup.as_nanos()).unwrap_or(u64::MAX).min(ends_ns);
        let seconds = (ends_ns - warm_ns) as f64 / 1e9;
        let average = || (plan.reach(ends_ns) - plan.reach(warm_ns)) / seconds.max(1e-9);
        Meant {
            target: session.target.to_string(),
            target_kind: session.target.kind(),
            streams: Some(session.manner.streams).filter(|streams| *streams > 0),
            scenario: self.scenario.as_ref().map(|scenario| scenario.name.clone()),
            about: self.scenario.as_ref().map(|scenario| scenario.about.clone()),
            schedule: plan.word(),
            rate: plan.is_open().then(average),
            duration_s: ends_ns as f64 / 1e9,
            warmup_s: warm_ns as f64 / 1e9,
            workload: session.workload.words(),
            seed: session.seed,
            connections: session.manner.connections,
            requests_per_connection: session.manner.requests_per_connection,
            timeout_s: session.manner.timeout.as_secs_f64(),
            pinned_to: session.manner.pin,
        }
    }
}

/// The token; a file of subjects and it cannot both come from standard input.
pub(super) fn token(ids: Option<&str>, token: Option<&str>) -> Result<Option<Token>, LoadError> {
    match (ids, token) {
        (Some("-"), Some("-")) => Err(LoadError::TwoFromStdin),
        (_, token) => token.map(Token::read).transpose(),
    }
}

/// Whom a scenario asks about: the register of a dataset, or of a demo that runs.
pub(super) fn asked_about(
    scenario: &Scenario,
    about: &AboutArgs,
    seed: u64,
) -> Result<(Option<Demo>, Subjects), LoadError> {
    let named = about.dataset.as_ref().or(scenario.subjects.dataset.as_ref()).cloned();
    let (demo, dataset) = match named {
        Some(dataset) if about.demo.is_none() => (None, dataset),
        named => {
            let demo = Demo::find(about.demo.as_deref())?;
            let dataset = named.unwrap_or_else(|| demo.dataset());
            (Some(demo), dataset)
        }
    };
    Ok((demo, Subjects::read(&dataset, &mut Random::new(seed))?))
}
