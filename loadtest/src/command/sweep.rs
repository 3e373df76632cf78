//! `xinhe-load sweep`: the highest rate at which a stated p99.9 holds.
//!
//! Rates double until one fails; then the stretch between the highest that held and the lowest that failed is halved. A
//! rate holds if it holds in most of its repeats, so that one hiccup of the machine decides nothing.

use serde::Serialize;

use super::prepared::Prepared;
use super::tell;
use crate::cli::SweepArgs;
use crate::error::LoadError;
use crate::report::Report;
use crate::session::Stop;
use crate::view::say;

/// Less than this part of what was offered is not held.
const ACHIEVED_MIN: f64 = 0.98;

/// What came of one run of a step.
#[derive(Debug, Clone, Serialize)]
struct Try {
    achieved_rate: f64,
    p99_us: f64,
    p999_us: f64,
    answered: u64,
    errors: u64,
    timeouts: u64,
    dropped: u64,
    /// Answers that say something wrong: keys without a value too.
    wrong: u64,
    own_lateness_p999_us: f64,
    generator_at_its_limit: bool,
    holds: bool,
}

/// A rate that was tried.
#[derive(Debug, Clone, Serialize)]
struct Step {
    rate: f64,
    holds: bool,
    tries: Vec<Try>,
}

#[derive(Debug, Serialize)]
struct Sweep {
    target: String,
    /// HTTP, Redis or PostgreSQL.
    target_kind: &'static str,
    p999_limit_us: f64,
    /// The highest rate that held; 0 if none did.
    highest_rate: f64,
    /// The lowest rate above it that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_rate: Option<f64>,
    /// The generator was at its limit where it failed: the server may hold more.
    bounded_by_generator: bool,
    interrupted: bool,
    repeats: u32,
    seconds_each: f64,
    connections: usize,
    steps: Vec<Step>,
    notes: Vec<String>,
}

/// Where a search stands.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Search {
    held: f64,
    failed: Option<f64>,
    next: f64,
}

impl Search {
    fn new(first: f64) -> Self {
        Self { held: 0.0, failed: None, next: first }
    }

    /// Takes in what came of the next rate.
    fn learn(&mut self, holds: bool, most: f64) {
        if holds {
            self.held = self.next;
        } else {
            self.failed = Some(self.next);
        }
        self.next = match self.failed {
            Some(failed) => f64::midpoint(self.held, failed),
            None => (self.held * 2.0).min(most),
        };
    }

    /// Whether what is left to learn is finer than wanted.
    fn is_over(&self, precision: f64, most: f64) -> bool {
        match self.failed {
            // Without any that held, there is a rate so low that it says nothing.
            Some(failed) => failed - self.held <= precision * failed || failed < 1.0,
            None => self.held >= most,
        }
    }
}

/// The stages: try rates until the answer is fine enough, tell.
pub(super) fn run(args: &SweepArgs) -> Result<(), LoadError> {
    let prepared = Prepared::read(&args.run)?;
    let stop = Stop::listen()?;
    let limit_us = args.p999.as_secs_f64() * 1e6;
    let mut search = Search::new(args.from.min(args.to));
    let mut sweep = Sweep {
        target: prepared.target.to_string(),
        target_kind: prepared.target.kind(),
        p999_limit_us: limit_us,
        highest_rate: 0.0,
        failed_rate: None,
        bounded_by_generator: false,
        interrupted: false,
        repeats: args.repeats,
        seconds_each: 0.0,
        connections: 0,
        steps: Vec::new(),
        notes: Vec::new(),
    };
    while !search.is_over(args.precision / 100.0, args.to) && !stop.is_wanted() {
        let step = step(&prepared, search.next, args.repeats, limit_us, &stop, &mut sweep)?;
        if stop.is_wanted() {
            break;
        }
        search.learn(step.holds, args.to);
        sweep.steps.push(step);
    }
    sweep.highest_rate = search.held;
    sweep.failed_rate = search.failed;
    sweep.interrupted = stop.is_wanted();
    let failed = sweep.steps.iter().filter(|step| Some(step.rate) == search.failed);
    sweep.bounded_by_generator = failed.flat_map(|step| &step.tries).any(|one| one.generator_at_its_limit);
    tell(&sweep, args.run.json, words)
}

fn step(
    prepared: &Prepared,
    rate: f64,
    repeats: u32,
    limit_us: f64,
    stop: &Stop,
    sweep: &mut Sweep,
) -> Result<Step, LoadError> {
    let mut tries = Vec::new();
    for repeat in 0..repeats {
        let report = prepared.alone(Some(rate), None, stop)?;
        (sweep.seconds_each, sweep.connections) = (report.meant.duration_s, report.connections);
        let one = judge(&report, rate, limit_us);
        say(&format!(
            "{rate:>9.0}/s, run {} of {repeats}: {:.0}/s, p99.9 {:.0} µs of {limit_us:.0} µs: {}",
            repeat + 1,
            one.achieved_rate,
            one.p999_us,
            if one.holds { "holds" } else { "fails" }
        ));
        sweep.notes = report.notes;
        tries.push(one);
        // What most repeats say is settled, or nobody waits for it any more.
        let held = tries.iter().filter(|one| one.holds).count() as u32;
        let lost = tries.len() as u32 - held;
        if held * 2 > repeats || lost * 2 >= repeats || stop.is_wanted() {
            break;
        }
    }
    let held = tries.iter().filter(|one| one.holds).count() as u32;
    Ok(Step { rate, holds: held * 2 > repeats, tries })
}

fn judge(report: &Report, rate: f64, limit_us: f64) -> Try {
    let p999_us = report.response_time_us.p999;
    let is_clean = report.errors + report.timeouts + report.wrong == 0;
    Try {
        achieved_rate: report.achieved_rate,
        p99_us: report.response_time_us.p99,
        p999_us,
        answered: report.answered,
        errors: report.errors,
        timeouts: report.timeouts,
        dropped: report.dropped,
        wrong: report.wrong,
        own_lateness_p999_us: report.generator.own_lateness_us.p999,
        generator_at_its_limit: report.generator.at_its_limit,
        holds: is_clean && p999_us <= limit_us && report.achieved_rate >= ACHIEVED_MIN * rate,
    }
}

fn words(sweep: &Sweep) -> String {
    let mut text =
        format!("{:>10}  {:>10}  {:>12}  {:>12}  {}\n", "rate", "achieved", "p99 µs", "p99.9 µs", "");
    for step in &sweep.steps {
        for one in &step.tries {
            let told = if one.holds { "holds" } else { "fails" };
            let wrong = if one.wrong > 0 { format!(", {} answers wrong", one.wrong) } else { String::new() };
            let own = if one.generator_at_its_limit { ", generator at its limit" } else { "" };
            text += &format!(
                "{:>10.0}  {:>10.0}  {:>12.1}  {:>12.1}  {told}{wrong}{own}\n",
                step.rate, one.achieved_rate, one.p99_us, one.p999_us
            );
        }
    }
    text += &format!(
        "highest rate that holds a p99.9 of {:.0} µs: {:.0}/s",
        sweep.p999_limit_us, sweep.highest_rate
    );
    if let Some(failed) = sweep.failed_rate {
        text += &format!(" ({failed:.0}/s failed)");
    }
    text += &format!(
        "; at most {} runs of {:.1} s each a rate, {} connections",
        sweep.repeats, sweep.seconds_each, sweep.connections
    );
    if sweep.bounded_by_generator {
        text += "\nThe generator was at its limit where it failed: the server may hold more.";
    }
    if sweep.interrupted {
        text += "\nInterrupted: the search was not over.";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that holds 3,300/s, found to 2 %.
    #[test]
    fn rates_double_and_are_then_halved() {
        let mut search = Search::new(500.0);
        let mut tried = Vec::new();
        while !search.is_over(0.02, 100_000.0) {
            tried.push(search.next);
            search.learn(search.next <= 3300.0, 100_000.0);
        }
        assert_eq!(tried[..6], [500.0, 1000.0, 2000.0, 4000.0, 3000.0, 3500.0]);
        assert!(search.held <= 3300.0 && search.failed.unwrap() > 3300.0);
        assert!(search.failed.unwrap() - search.held <= 0.02 * 3400.0, "{search:?}");
    }

    #[test]
    fn a_search_ends_at_the_most_and_where_nothing_holds() {
        let mut search = Search::new(500.0);
        while !search.is_over(0.02, 3000.0) {
            search.learn(true, 3000.0);
        }
        assert_eq!((search.held, search.failed), (3000.0, None));
        let mut search = Search::new(500.0);
        while !search.is_over(0.02, 3000.0) {
            search.learn(false, 3000.0);
        }
        assert_eq!(search.held, 0.0);
    }
}
